# SPDX-License-Identifier: Apache-2.0
# client.py SOCKET WARM N: WARM requests, then N, one after the other; prints requests a second
# and the 50th and 99th percentile of a request in milliseconds.
import socket, sys, time


def request(path):
    start = time.perf_counter()
    with socket.socket(socket.AF_UNIX) as s:
        s.settimeout(30)
        s.connect(path)
        s.sendall(b"GET / HTTP/1.0\r\n\r\n")
        answer = b""
        while True:
            part = s.recv(65536)
            if not part:
                break
            answer += part
    if b"6a7b5c" not in answer:
        sys.exit("wrong answer")
    return time.perf_counter() - start


path, warm, n = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
for _ in range(warm):
    request(path)
start = time.perf_counter()
took = sorted(request(path) for _ in range(n))
print("%.1f %.3f %.3f" % (n / (time.perf_counter() - start), took[n // 2] * 1e3, took[n * 99 // 100] * 1e3))
