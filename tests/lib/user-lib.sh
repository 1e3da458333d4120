# shellcheck shell=sh disable=SC2034,SC2154 # variables of suites, of common.sh
# SPDX-License-Identifier: Apache-2.0
# An ordinary user, who is made for a suite and removed at its end.

user=ksm-test-$$

# user_make: with the directories that engines ask for
user_make() {
	useradd -M -d "$work/home" -s /bin/sh $user || return
	grep -q "^$user:" /etc/subuid || usermod -v 200000-265535 -w 200000-265535 $user
	uid=$(id -u $user) gid=$(id -g $user)
	mkdir -p "$work/home" "$work/xdg"
	chmod 700 "$work/xdg"
	chown $user:$user "$work/home" "$work/xdg"
}

# as_user COMMAND...: with nothing of root's environment
as_user() {
	setpriv --reuid $user --regid $user --init-groups \
		env -i HOME="$work/home" PATH="$PATH" XDG_RUNTIME_DIR="$work/xdg" "$@"
}

# user_remove: what he runs ends first, for rootless podman leaves its pause process and conmon
user_remove() {
	id $user >/dev/null 2>&1 || return 0
	pkill -KILL -u $user
	poll 10 user_is_idle || echo "processes of $user do not end"
	userdel $user 2>/dev/null
}

user_is_idle() {
	! pgrep -u $user >/dev/null
}
