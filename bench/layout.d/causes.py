# SPDX-License-Identifier: Apache-2.0
# Why pages of equal containers stay apart: for the processes of several containers, given as
# lists of process ids separated by "--", count the anonymous pages whose contents nobody else
# has, by what they are and by how much of them differs.
#
# The n-th process of each container is compared with the n-th of the first, address by
# address. "same": equal to another's and not merged (ksmd has not got there).
import collections, hashlib, os, struct, sys

PAGE = os.sysconf("SC_PAGE_SIZE")
KINDS = ("stack", "heap", "library data", "thread and C library data", "other mappings")


def mappings(pid):
    for line in open("/proc/%s/maps" % pid):
        f = line.split(None, 5)
        start, end = (int(x, 16) for x in f[0].split("-"))
        name = f[5].strip() if len(f) > 5 else ""
        if name in ("[vvar]", "[vdso]", "[vsyscall]", "[vvar_vclock]") or "r" not in f[1]:
            continue
        if name == "[stack]":
            kind = 0
        elif name == "[heap]":
            kind = 1
        elif name.startswith("/"):
            kind = 2
        else:
            # the C library's thread control block is in a small mapping of its own
            kind = 3 if end - start <= 16 * PAGE else 4
        yield start, end, kind


def pages(pid):
    """address -> (kind, content, merged) of the anonymous pages that are present"""
    found = {}
    with open("/proc/%s/pagemap" % pid, "rb") as pagemap, open("/proc/%s/mem" % pid, "rb", 0) as mem:
        for start, end, kind in mappings(pid):
            pagemap.seek(start // PAGE * 8)
            entries = pagemap.read((end - start) // PAGE * 8)
            for i in range(len(entries) // 8):
                entry, = struct.unpack_from("<Q", entries, i * 8)
                if not entry >> 63 or entry >> 61 & 1:
                    continue
                flags.seek((entry & (1 << 55) - 1) * 8)
                bits, = struct.unpack("<Q", flags.read(8))
                if not bits >> 12 & 1 or bits >> 24 & 1:
                    continue
                try:
                    mem.seek(start + i * PAGE)
                    content = mem.read(PAGE)
                except (OSError, ValueError):
                    continue
                found[start + i * PAGE] = (kind, content, bits >> 21 & 1)
    return found


flags = open("/proc/kpageflags", "rb", 0)
containers = [c.split() for c in " ".join(sys.argv[1:]).split(" -- ")]
count = collections.Counter()
owners = collections.Counter()
memory = [[pages(pid) for pid in c] for c in containers]
for container in memory:
    seen = set()
    for process in container:
        for kind, content, merged in process.values():
            seen.add(hashlib.md5(content).digest())
    owners.update(seen)
for container in memory[1:]:
    for n, process in enumerate(container):
        first = memory[0][n] if n < len(memory[0]) else {}
        for address, (kind, content, merged) in process.items():
            if merged:
                count[kind, "merged"] += 1
            elif owners[hashlib.md5(content).digest()] > 1:
                count[kind, "same"] += 1
            elif address not in first:
                count[kind, "not there in the first"] += 1
            else:
                other = first[address][1]
                words = sum(
                    a != b for a, b in zip(struct.unpack("<512Q", content), struct.unpack("<512Q", other))
                )
                count[kind, "to 4 words" if words <= 4 else "to 64" if words <= 64 else "more"] += 1
columns = ("merged", "same", "to 4 words", "to 64", "more", "not there in the first")
print("%-26s" % "pages per container" + "".join("%12s" % c[:12] for c in columns))
for k, name in enumerate(KINDS):
    if any(count[k, c] for c in columns):
        print("%-26s" % name + "".join("%12.1f" % (count[k, c] / (len(memory) - 1)) for c in columns))
