# SPDX-License-Identifier: Apache-2.0
# A WSGI application with a working set, for uwsgi.
import decimal, email, html, json, logging, sqlite3, urllib.request, xml.dom.minidom

data = {i: ("%06x" % i, [i, str(i)], {"k": i}) for i in range(15000)}


def application(env, start_response):
    text = json.dumps({k: data[k] for k in range(2000)})
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [b"6a7b5c:%d" % len(text)]
