# SPDX-License-Identifier: Apache-2.0
# Ten workers of tests/programs/load/load.py, forked from a parent that has warmed up.
import os, signal, sys

source = open(sys.argv[1]).read().split("class Handler")[0]
exec(source)
work()
for _ in range(10):
    if os.fork() == 0:
        work()
        os.write(1, b"ready\n")
        signal.pause()
signal.pause()
