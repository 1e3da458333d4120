# SPDX-License-Identifier: Apache-2.0
"""NRI as a container runtime speaks it, for stand-ins: messages are those of pkg/api/api.proto, by
their numbers."""
import socket
import struct
import time

PLUGIN = "nri.pkg.api.v1alpha1.Plugin"
START_CONTAINER, REMOVE_CONTAINER, CREATED, RUNNING = 6, 11, 1, 3
REQUEST, RESPONSE = 1, 2


def varint(n):
    out = b""
    while n > 127:
        out += bytes([n & 127 | 128])
        n >>= 7
    return out + bytes([n])


def field(number, value):
    if isinstance(value, int):
        return varint(number << 3) + varint(value)
    data = value.encode() if isinstance(value, str) else value
    return varint(number << 3 | 2) + varint(len(data)) + data


def fields(data):
    """{number: value} of a message without repeated fields."""
    return {number: values[-1] for number, values in all_fields(data).items()}


def all_fields(data):
    """{number: [value...]}"""
    out, at = {}, 0

    def number():
        nonlocal at
        n, shift = 0, 0
        while True:
            byte = data[at]
            at += 1
            n |= (byte & 127) << shift
            shift += 7
            if byte < 128:
                return n

    while at < len(data):
        key = number()
        if key & 7 == 0:
            out.setdefault(key >> 3, []).append(number())
        else:
            size = number()
            out.setdefault(key >> 3, []).append(data[at:at + size])
            at += size
    return out


def pod_of(name, namespace, annotations):
    pairs = [field(6, field(1, key) + field(2, value)) for key, value in annotations.items()]
    return field(1, name) + field(2, name) + field(3, "uid") + field(4, namespace) + b"".join(pairs)


def container_of(pod, container, state=CREATED):
    return (field(1, container[0]) + field(2, pod) + field(3, "main") + field(4, state)
            + field(7, "/bin/sleep") + field(8, "PATH=/bin") + field(12, container[1]))


def listen(path):
    listener = socket.socket(socket.AF_UNIX)
    listener.settimeout(60)
    listener.bind(path)
    listener.listen()
    return listener


class Plugin:
    """A connection of the agent's."""

    def __init__(self, listener):
        self.socket, _ = listener.accept()
        self.socket.settimeout(30)
        self.data = {1: b"", 2: b""}
        self.stream = -1

    def read(self, size):
        out = b""
        while len(out) < size:
            more = self.socket.recv(size - len(out))
            if not more:
                raise EOFError
            out += more
        return out

    def message(self, connection):
        """The next one on that connection: stream, type, body."""
        data = self.data[connection]
        while len(data) < 10 or len(data) < 10 + struct.unpack(">I", data[:4])[0]:
            number, size = struct.unpack(">II", self.read(8))
            assert size <= 4096, "a frame of %d bytes" % size
            self.data[number] += self.read(size)
            data = self.data[connection]
        size, stream, kind = struct.unpack(">IIB", data[:9])
        self.data[connection] = data[10 + size:]
        return stream, kind, data[10:10 + size]

    def send(self, connection, stream, kind, body, cut=4096):
        data = struct.pack(">IIBB", len(body), stream, kind, 0) + body
        frames = b""
        for at in range(0, len(data), cut):
            piece = data[at:at + cut]
            frames += struct.pack(">II", connection, len(piece)) + piece
        self.socket.sendall(frames)

    def call(self, method, payload, service=PLUGIN, **how):
        """Its answer: the status' code and message, and the payload."""
        self.stream += 2
        self.send(1, self.stream, REQUEST, field(1, service) + field(2, method) + field(3, payload), **how)
        stream, kind, body = self.message(1)
        assert stream == self.stream and kind == RESPONSE
        answer = fields(body)
        status = fields(answer.get(1, b""))
        return status.get(1, 0), status.get(2, b"").decode(), answer.get(2, b"")

    def start(self, name, container, annotations, namespace="default", **how):
        pod = pod_of(name, namespace, annotations)
        return self.call("StartContainer", field(1, pod) + field(2, container_of(name, container)), **how)

    def register(self, nri="0.12.0"):
        stream, kind, body = self.message(2)
        request = fields(body)
        assert kind == REQUEST and request[2] == b"RegisterPlugin"
        us = fields(request[3])
        self.send(2, stream, RESPONSE, b"")
        _, _, events = self.call("Configure", field(2, "containerd") + field(3, "v2.0.0") + field(6, nri))
        return "%s-%s events=%d" % (us[2].decode(), us[1].decode(), fields(events)[2])


def mergeable(pid):
    with open("/proc/%d/ksm_stat" % pid) as stat:
        return [line.split()[1] for line in stat if line.startswith("ksm_merge_any:")][0]


def say(key, *value):
    print(key + ":", *value, flush=True)


def await_mergeable(pid, nap=0.1):
    end = time.monotonic() + 30
    while mergeable(pid) != "yes" and time.monotonic() < end:
        time.sleep(nap)
    return mergeable(pid)
