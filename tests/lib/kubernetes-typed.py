#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""What Kubernetes' own Python client makes of each resource on standard input (YAML).

For each "KIND ok", or what it says against it: values that its types refuse, and keys that they do not
have, which it drops. Of kinds and keys that are younger than the client it knows nothing. It is the
distribution's client, so of its python3, whatever else is called so.
"""
import json
import sys

import yaml
from kubernetes import client

api = client.ApiClient()


class Answer:
    def __init__(self, one):
        self.data = json.dumps(one)


def type_of(one):
    version = one["apiVersion"].rsplit("/", 1)[-1]
    return getattr(client, version.capitalize() + one["kind"], None)


def dropped(given, taken, at=""):
    if isinstance(given, dict):
        for key, value in given.items():
            if key not in (taken or {}):
                yield at + "/" + key
            else:
                yield from dropped(value, taken[key], at + "/" + key)
    elif isinstance(given, list):
        for n, value in enumerate(given):
            yield from dropped(value, taken[n], "%s/%d" % (at, n))
    elif given != taken:
        yield "%s: %r" % (at, taken)


for one in yaml.safe_load_all(sys.stdin):
    if not one:
        continue
    kind = type_of(one)
    if not kind:
        print(one["kind"], "is no kind that is known")
        continue
    try:
        faults = list(dropped(one, api.sanitize_for_serialization(api.deserialize(Answer(one), kind.__name__))))
    except (ValueError, TypeError) as wrong:
        faults = [str(wrong)]
    print(one["kind"], "; ".join(faults) or "ok")
