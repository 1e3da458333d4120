#!/usr/bin/env -S python3 -B
# SPDX-License-Identifier: Apache-2.0
"""Start many containers at once and compare hooks, run by run: bench/many-starts."""

import os
import random
import statistics
import subprocess
import sys
import time

FLOOR = "no-op"
FLOORS = (FLOOR, "least", "apart")
KINDS = (*FLOORS, "not-asked", "asked")
NAMES = {FLOOR: "static no-op hook (the floor)", "least": "the call, and nothing around it",
         "apart": "  by processes kept apart",
         "not-asked": "ksm-hook, container did not ask",
         "asked": "ksm-hook, io.ksm.merge=true"}
RESAMPLES = 2000


def start_all(work, kind, n):
    """How many a second; milliseconds of a start: the 99th percentile, the median, and of processor time."""
    begun, ends, failed, children = {}, {}, 0, []
    said = open(f"{work}/said", "w", encoding="utf-8")
    spent, first = os.times(), time.monotonic()
    for i in range(n):
        name = f"bench-{os.getpid()}-{i}"
        begun_at = time.monotonic()
        child = subprocess.Popen(
            ["crun", "--cgroup-manager=disabled", "run", "-b", f"{work}/{kind}", name],
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=said)
        children.append(child)
        begun[child.pid] = begun_at
    while len(ends) < n:
        pid, status = os.wait()
        ends[pid] = time.monotonic()
        failed += status != 0
    said.close()
    if failed:
        with open(said.name, encoding="utf-8") as text:
            sys.exit(f"{NAMES[kind]}: {failed} of {n} starts failed: {text.readlines()[-1]}")
    used = os.times()
    used = used.children_user + used.children_system - spent.children_user - spent.children_system
    took = sorted((ends[pid] - begun[pid]) * 1000 for pid in ends)
    return n / (max(ends.values()) - first), took[int(len(took) * 0.99)], statistics.median(took), used * 1000 / n


def interval(ratios):
    """Where the median lies in 95 of 100 cases, by taking runs again and again."""
    draw = random.Random(1)
    medians = sorted(statistics.median(draw.choices(ratios, k=len(ratios)))
                     for _ in range(RESAMPLES))
    return medians[RESAMPLES // 40], medians[-RESAMPLES // 40]


def row(kind, i, seen, ratio):
    """For the table that `make bench` ends with: of a start's throughput or its 99th percentile."""
    if os.environ.get("BENCH_ROWS") and kind not in FLOORS:
        what, unit = (("throughput", " a second"), ("p99", " ms"))[i]
        ours, floor, apart = (f"{statistics.median(r[i] for r in seen[k]):.0f}{unit}" for k in (kind, FLOOR, "apart"))
        floors = f"{floor} (no-op hook)" + (f", {apart} (the call, by processes kept apart)" if kind == "asked" else "")
        with open(os.environ["BENCH_ROWS"], "a", encoding="utf-8") as rows:
            print(f"many at once, {NAMES[kind]}: {what}", ours, floors, "-",
                  f"{ratio[0]:.3f}", f"{ratio[1]:.3f} to {ratio[2]:.3f}", sep="\t", file=rows)


def main():
    work, runs, n = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
    seen = {kind: [] for kind in KINDS}
    draw = random.Random(2)
    start_all(work, FLOOR, n)
    for _ in range(runs):
        for kind in draw.sample(KINDS, len(KINDS)):
            seen[kind].append(start_all(work, kind, n))
    print(f"{n} containers of crun at once, {runs} runs by turns")
    print(f"{'':34}{'a second':>9}{'p99':>9}{'median':>9}{'CPU':>9}   of the floor's: throughput, p99")
    for kind in KINDS:
        line = f"{NAMES[kind]:34}" + "".join(
            f"{statistics.median(r[i] for r in seen[kind]):{width}.{digits}f}{unit}"
            for i, width, digits, unit in ((0, 9, 1, ""), (1, 6, 0, " ms"), (2, 6, 0, " ms"), (3, 6, 2, " ms")))
        if kind != FLOOR:
            for i in (0, 1):
                ratios = [mine[i] / its[i] for mine, its in zip(seen[kind], seen[FLOOR])]
                low, high = interval(ratios)
                line += f"   {statistics.median(ratios):.3f} ({low:.3f} to {high:.3f})"
                row(kind, i, seen, (statistics.median(ratios), low, high))
        print(line)


main()
