#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""An OCI archive that holds busybox, dynamic-cat and dynamic-sleep, and static programs of the caller's.

image.py FILE NAME [PROGRAM...]
"""
import hashlib
import io
import json
import os
import re
import subprocess
import sys
import tarfile

blobs = {}


def blob(media, data):
    digest = hashlib.sha256(data).hexdigest()
    blobs["blobs/sha256/" + digest] = data
    return {
        "mediaType": "application/vnd.oci.image." + media,
        "digest": "sha256:" + digest,
        "size": len(data),
    }


def packed(files, links=()):
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as tar:
        for name, data in files.items():
            info = tarfile.TarInfo(name)
            info.size, info.mode = len(data), 0o755
            tar.addfile(info, io.BytesIO(data))
        for name in links:
            info = tarfile.TarInfo(name)
            info.type, info.linkname = tarfile.SYMTYPE, "busybox"
            tar.addfile(info)
    return out.getvalue()


def dump(value):
    return json.dumps(value).encode()


def with_libraries(names):
    """Programs of this machine, which are linked dynamically, and what they need."""
    files = dict(names)
    for path in names.values():
        said = subprocess.run(["ldd", path], stdout=subprocess.PIPE, check=True, text=True).stdout
        files.update((name[1:], name) for name in re.findall("/[^ ]+", said))
    return {name: open(path, "rb").read() for name, path in files.items()}


files = with_libraries({"bin/dynamic-cat": "/bin/cat", "bin/dynamic-sleep": "/bin/sleep"})
for own in sys.argv[3:]:
    with open(own, "rb") as program:
        files["bin/" + os.path.basename(own)] = program.read()
with open("/bin/busybox", "rb") as program:
    layer = blob("layer.v1.tar", packed(dict(files, **{"bin/busybox": program.read()}), ["bin/cat", "bin/sleep"]))
config = blob("config.v1+json", dump({
    "architecture": {"x86_64": "amd64", "aarch64": "arm64"}[os.uname().machine],
    "os": "linux",
    "config": {"Cmd": ["/bin/sleep", "600"]},
    "rootfs": {"type": "layers", "diff_ids": [layer["digest"]]},
}))
manifest = blob("manifest.v1+json", dump({"schemaVersion": 2, "config": config, "layers": [layer]}))
blobs["oci-layout"] = dump({"imageLayoutVersion": "1.0.0"})
blobs["index.json"] = dump({"schemaVersion": 2, "manifests": [
    dict(manifest, annotations={"io.containerd.image.name": sys.argv[2]})
]})
with open(sys.argv[1], "wb") as archive:
    archive.write(packed(blobs))
