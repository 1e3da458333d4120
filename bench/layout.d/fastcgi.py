# SPDX-License-Identifier: Apache-2.0
# fastcgi.py SOCKET SCRIPT WARM N: WARM requests for a PHP script, then N, one after the other;
# prints requests a second and the median of a request in milliseconds.
import socket, struct, sys, time


def record(kind, body):
    return struct.pack(">BBHHBB", 1, kind, 1, len(body), 0, 0) + body


def request(path, script):
    params = b""
    for name, value in ((b"SCRIPT_FILENAME", script.encode()), (b"REQUEST_METHOD", b"GET")):
        params += bytes((len(name), len(value))) + name + value
    start = time.perf_counter()
    with socket.socket(socket.AF_UNIX) as s:
        s.settimeout(60)
        s.connect(path)
        s.sendall(record(1, b"\0\1\0\0\0\0\0\0") + record(4, params) + record(4, b"") + record(5, b""))
        answer = b""
        while True:
            part = s.recv(65536)
            if not part:
                break
            answer += part
    if b"6a7b5c" not in answer:
        sys.exit("wrong answer: %r" % answer[:300])
    return time.perf_counter() - start


path, script, warm, n = sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4])
for _ in range(warm):
    request(path, script)
start = time.perf_counter()
took = sorted(request(path, script) for _ in range(n))
print("%.0f %.2f" % (n / (time.perf_counter() - start), took[n // 2] * 1e3))
