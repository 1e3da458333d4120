# SPDX-License-Identifier: Apache-2.0
# fastcgi.py SOCKET SCRIPT WARM N: WARM requests for a PHP script, then N, one after the other;
# prints requests a second and the median of a request in milliseconds.
import struct, sys

from client import measure


def record(kind, body):
    return struct.pack(">BBHHBB", 1, kind, 1, len(body), 0, 0) + body


params = b""
for name, value in ((b"SCRIPT_FILENAME", sys.argv[2].encode()), (b"REQUEST_METHOD", b"GET")):
    params += bytes((len(name), len(value))) + name + value
text = record(1, b"\0\1\0\0\0\0\0\0") + record(4, params) + record(4, b"") + record(5, b"")
n = int(sys.argv[4])
rate, took = measure(sys.argv[1], text, int(sys.argv[3]), n)
print("%.0f %.2f" % (rate, took[n // 2] * 1e3))
