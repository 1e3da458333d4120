# SPDX-License-Identifier: Apache-2.0
# A fixed amount of work for the interpreter.
import json, re

for n in range(6):
    data = {"%06x" % (i * 2654435761 & 0xFFFFFF): [i, str(i), {"k": i}] for i in range(30000)}
    text = json.dumps(json.loads(json.dumps(data)), sort_keys=True)
    re.sub(r"\d+", lambda m: m.group()[::-1], text[:200000])
