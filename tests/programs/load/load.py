# SPDX-License-Identifier: Apache-2.0
# An HTTP server on a socket that allocates a working set and checks it per request.
import ctypes, decimal, email, hashlib, http.server, json, re, socketserver, sqlite3, sys
import threading, xml.dom.minidom

data = {}


def work():
    for i in range(30000):
        data[i] = ("%06x" % (i * 2654435761 & 0xFFFFFF), [i, str(i)], {"k": i})
    s = json.loads(json.dumps(data))
    db = sqlite3.connect(":memory:")
    db.execute("create table t(a, b)")
    db.executemany("insert into t values (?, ?)", ((i, data[i][0]) for i in range(5000)))
    assert db.execute("select count(*) from t").fetchone()[0] == 5000
    hashlib.sha256(b"x" * 1000000).hexdigest()
    return "6a7b5c:%d" % len(s)


class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        body = []
        thread = threading.Thread(target=lambda: body.append(work().encode()))
        thread.start()
        thread.join()
        self.send_response(200)
        self.end_headers()
        self.wfile.write(body[0])

    def address_string(self):
        return ""


class Server(socketserver.ThreadingMixIn, socketserver.UnixStreamServer):
    pass


Server(sys.argv[1], Handler).serve_forever()
