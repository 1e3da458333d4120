#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# many.sh with 100,000 processes, which take some 4 GiB of the kernel's memory (a fifth where there is
# not that much, and it says so), 2,744 nested ones, 20 of 64,000 mappings, and 5 x 800 nested cgroups.
# needs: machine

MANY=100000
if [ "$(sed -n 's/^MemAvailable: *\([0-9]*\).*/\1/p' /proc/meminfo)" -lt 8000000 ] ||
	[ "$(cat /proc/sys/kernel/threads-max)" -lt 120000 ]; then
	MANY=20000
	echo "not enough memory for 100,000 processes: $MANY"
fi
MANY=$MANY CHAIN=2744 MAPPINGS=64000 DEPTH=800 CGROUPS=20000 LIMIT=300 exec "$(dirname "$0")/many.sh"
