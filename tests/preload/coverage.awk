# SPDX-License-Identifier: Apache-2.0
# smaps of one or more processes: KiB of anonymous memory in mappings that the kernel
# would merge, KiB of it in mergeable ones, and (v=1) the mappings that are not.
/^[0-9a-f]+-[0-9a-f]+ / { map = $0; private = $2 ~ /p$/ }
/^Anonymous:/ { anon = $2 }
/^VmFlags:/ {
	if (!private || / (sh|io|pf|de|mm|ht) /)
		next
	all += anon
	if (/ mg( |$)/)
		mergeable += anon
	else if (v && anon)
		print anon, map >"/dev/stderr"
}
END { printf "%d %d\n", all, mergeable }
