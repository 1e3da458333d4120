#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# many.sh with 100,000 processes, or MANY, which take some 40 KiB of the kernel's memory each (fewer where there is
# not that much, and it says so), 2,744 nested ones, 20 of 64,000 mappings, and 5 x 800 nested cgroups.
# needs: machine ksmd

: "${MANY:=100000}"
# 4 GiB are for all else, and numbers of processes too
memory=$((($(sed -n 's/^MemAvailable: *\([0-9]*\).*/\1/p' /proc/meminfo) - 4000000) / 40))
threads=$(($(cat /proc/sys/kernel/threads-max) - 20000))
for most in "$memory" "$threads"; do
	[ "$most" -ge 20000 ] || most=20000
	if [ "$MANY" -gt "$most" ]; then
		MANY=$most
		echo "not enough memory or threads for more: $MANY processes"
	fi
done
export MANY AMONG="$MANY" CHAIN=2744 MAPPINGS=64000 DEPTH=800 CGROUPS=20000 LIMIT=300
exec "$(dirname "$0")/many.sh"
