# SPDX-License-Identifier: Apache-2.0
# For suites that run one script ($guest/run.test) on many kernels and look at what it says.

# ask_all VERSION...: on Debian's kernels, or on those of $KERNELS, and on the built one
ask_all() {
	# shellcheck disable=SC2086 # a list, or nothing
	"$top/tests/kernels/fetch" "$BUILD/kernels" ${KERNELS:-$*} >"$work/list"
	mkdir -p "$work/out"
	while read -r k; do
		ask "$(basename "$(dirname "$k")")" "$k"
	done <"$work/list"
	ask as-6.4 "$BUILD/kernels/exec-6.12/vmlinuz" -a ksm_exec_as=4
	ask as-6.7 "$BUILD/kernels/exec-6.12/vmlinuz" -a ksm_exec_as=7
}

# ask NAME KERNEL OPTION...: the answer goes to $work/out/NAME
ask() {
	_name=$1 _kernel=$2
	shift 2
	"$top/tests/kernels/boot" "$@" "$_kernel" "$guest" >"$work/out/$_name" 2>"$work/$_name.err"
	_rc=$?
	[ $_rc -eq 0 ] || { echo "$_name: boot ended with $_rc"; tail -n 5 "$work/$_name.err"; }
}

# says PATTERN LINE...: every kernel that fits, one at least, says each line
says() {
	_pattern=$1 _n=0
	shift
	for _file in "$work"/out/$_pattern; do
		[ -s "$_file" ] || continue
		_n=$((_n + 1))
		for _line; do
			grep -qx "$_line" "$_file"
			_ended=$?
			assertTrue "$(basename "$_file") lacks '$_line': $(paste -sd';' "$_file")" $_ended
		done
	done
	assertNotEquals "kernels that fit $_pattern" 0 $_n
}
