# SPDX-License-Identifier: Apache-2.0
# client.py SOCKET WARM N: WARM requests, then N, one after the other; prints requests a second
# and the 50th and 99th percentile of a request in milliseconds.
import socket, sys, time


def request(path, text):
    """Sends text and reads the answer to its end; seconds."""
    start = time.perf_counter()
    with socket.socket(socket.AF_UNIX) as s:
        s.settimeout(60)
        s.connect(path)
        s.sendall(text)
        answer = b""
        while True:
            part = s.recv(65536)
            if not part:
                break
            answer += part
    if b"6a7b5c" not in answer:
        sys.exit("wrong answer: %r" % answer[:300])
    return time.perf_counter() - start


def measure(path, text, warm, n):
    """Requests a second, and what each took, in order."""
    for _ in range(warm):
        request(path, text)
    start = time.perf_counter()
    took = sorted(request(path, text) for _ in range(n))
    return n / (time.perf_counter() - start), took


if __name__ == "__main__":
    n = int(sys.argv[3])
    rate, took = measure(sys.argv[1], b"GET / HTTP/1.0\r\n\r\n", int(sys.argv[2]), n)
    print("%.1f %.3f %.3f" % (rate, took[n // 2] * 1e3, took[n * 99 // 100] * 1e3))
