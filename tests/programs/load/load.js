// SPDX-License-Identifier: Apache-2.0
// An HTTP server on a socket that allocates a working set per request.
'use strict';
const crypto = require('crypto');
const zlib = require('zlib');
const data = new Map();

function work() {
	for (let i = 0; i < 30000; i++)
		data.set(i, { k: i, s: 'x'.repeat(20) + i, a: [i, i + 1] });
	const s = JSON.stringify([...data]);
	crypto.createHash('sha256').update(s).digest();
	if (zlib.gunzipSync(zlib.gzipSync(s)).length !== s.length)
		return 'wrong';
	return '6a7b5c:' + data.size;
}

require('http').createServer((req, res) => res.end(work())).listen(process.argv[2]);
