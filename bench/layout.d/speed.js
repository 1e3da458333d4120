// SPDX-License-Identifier: Apache-2.0
// A fixed amount of work for the interpreter; prints the milliseconds of CPU time that it took.
'use strict';
for (let n = 0; n < 12; n++) {
	const data = {};
	for (let i = 0; i < 30000; i++)
		data[((i * 2654435761) & 0xffffff).toString(16)] = [i, String(i), { k: i }];
	const text = JSON.stringify(JSON.parse(JSON.stringify(data)));
	text.slice(0, 200000).replace(/\d+/g, (s) => [...s].reverse().join(''));
}
const cpu = process.cpuUsage();
console.log((cpu.user + cpu.system) / 1000);
