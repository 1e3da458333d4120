// SPDX-License-Identifier: Apache-2.0
// An HTTP server on a socket: data that stays, and an answer made of a part of it.
'use strict';
const text = JSON.stringify([...Array(5000).keys()].map((i) => ({ k: i, s: 'user ' + i })));
const data = JSON.parse(text);
let n = 0;
require('http').createServer((req, res) => {
	const from = n++ % 4900;
	res.setHeader('Content-Type', 'application/json');
	res.end('6a7b5c' + JSON.stringify(data.slice(from, from + 100).map((d) => ({ ...d, n }))));
}).listen(process.argv[2]);
