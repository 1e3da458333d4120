# SPDX-License-Identifier: Apache-2.0
# A fixed amount of work for the interpreter; prints the milliseconds of CPU time that it took.
import json, re, time

for n in range(6):
    data = {"%06x" % (i * 2654435761 & 0xFFFFFF): [i, str(i), {"k": i}] for i in range(30000)}
    text = json.dumps(json.loads(json.dumps(data)), sort_keys=True)
    re.sub(r"\d+", lambda m: m.group()[::-1], text[:200000])
print(time.process_time() * 1000)
