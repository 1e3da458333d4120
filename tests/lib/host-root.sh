# shellcheck shell=sh disable=SC2154 # work, top and BUILD are the caller's
# SPDX-License-Identifier: Apache-2.0
# Containers of runc that have the host's programs in one read-only root, and real workloads
# in them, for tests/commands/estimate.sh and bench/efficiency. After tests/lib/bundle.sh.
#
#   host_root_make               mounts the root below $work
#   host_root_remove             ends the containers, unmounts
#   host_container NAME HOOKS ANNOTATIONS COMMAND...
#                                its writable directory /mnt is $work/c/NAME
#   workload_run KIND NAME HOOKS ANNOTATIONS
#                                python, perl, redis, php (with nginx), mariadb, node or java
#   workload_work KIND NAME      waits for it and gives it some work; fails if an answer is wrong
#   host_pids                    of all containers
#
# $host_runtime is a command and its words in place of runc.
# The names have $host_prefix in front, so that runc knows no other of the same name.

host_prefix=ksm$$-
host_names=

# An overlay without an upper layer: nothing in it can be written or removed by mistake.
host_root_make() {
	mkdir -p "$work/t" "$work/c" &&
		mount -t tmpfs -o mode=755 ksm-hook-test "$work/t" &&
		mkdir "$work/t/empty" "$work/t/root" &&
		mount -t overlay -o "ro,lowerdir=$work/t/empty:/" ksm-hook-test "$work/t/root"
}

host_root_remove() {
	# shellcheck disable=SC2086 # a list of words
	for _n in $host_names; do ${host_runtime:-runc} delete -f "$host_prefix$_n" 2>/dev/null; done
	host_names=
	mountpoint -q "$work/t/root" && umount "$work/t/root"
	mountpoint -q "$work/t" && umount "$work/t"
	rm -rf "${work:?}/c"
}

# the capabilities that servers use to change their user and to own their files
host_container() {
	_name=$1 _hooks=$2 _annotations=$3
	shift 3
	host_names="$host_names $_name"
	mkdir -p "$work/c/$_name"
	bundle_make "$work/c/$_name.bundle" "$work/t/root" "$_hooks" "$_annotations" "$@" || return 1
	_b=$work/c/$_name.bundle/config.json
	jq --arg scratch "$work/c/$_name" --arg top "$top" \
		'.root.readonly = true | .process.env += ["HOME=/mnt"] |
		 .process.capabilities[] = ["CAP_SETUID", "CAP_SETGID", "CAP_CHOWN", "CAP_FOWNER",
			"CAP_DAC_OVERRIDE", "CAP_KILL"] |
		 .mounts += [
			{destination: "/tmp", type: "tmpfs", source: "tmpfs", options: ["mode=1777"]},
			{destination: "/run", type: "tmpfs", source: "tmpfs", options: ["mode=755"]},
			{destination: "/mnt", type: "bind", source: $scratch, options: ["bind", "rw"]},
			{destination: "/srv", type: "bind", source: $top, options: ["bind", "ro"]}]' \
		"$_b" >"$_b.new" && mv "$_b.new" "$_b" || return 1
	# shellcheck disable=SC2086 # a list of words
	${host_runtime:-runc} run -d -b "$work/c/$_name.bundle" "$host_prefix$_name" </dev/null \
		>"$work/c/$_name/log" 2>&1
}

host_pids() {
	for _n in $host_names; do runc ps -f json "$host_prefix$_n" | jq -r '.[]'; done
}

_php_conf() {
	cat >"$1/fpm.conf" <<-E
		[global]
		error_log = /mnt/fpm.log
		[www]
		user = root
		group = root
		listen = /mnt/fpm.sock
		pm = static
		pm.max_children = ${PHP_CHILDREN:-4}
	E
	cat >"$1/nginx.conf" <<-E
		user root; daemon off; pid /mnt/pid; worker_processes 2; error_log /mnt/error;
		events { }
		http { access_log off; client_body_temp_path /mnt/t1; proxy_temp_path /mnt/t2;
		fastcgi_temp_path /mnt/t3; uwsgi_temp_path /mnt/t4; scgi_temp_path /mnt/t5;
		server { listen unix:/mnt/sock; location / { fastcgi_pass unix:/mnt/fpm.sock;
		fastcgi_param SCRIPT_FILENAME /srv/tests/programs/load/load.php;
		fastcgi_param REQUEST_METHOD GET; } } }
	E
}

_mariadb_data() {
	[ -d "$work/mariadb" ] || mariadb-install-db --no-defaults --user=root \
		--datadir="$work/mariadb" --skip-test-db --auth-root-authentication-method=normal \
		>"$work/mariadb.log" 2>&1 || return 1
	mkdir -p "$1" && cp -a "$work/mariadb" "$1/data"
}

workload_run() {
	_kind=$1 _w=$2
	_dir=$work/c/$2
	mkdir -p "$_dir"
	shift
	case $_kind in
	python) host_container "$@" /usr/bin/python3 /srv/tests/programs/load/load.py /mnt/sock ;;
	perl) host_container "$@" /usr/bin/perl /srv/tests/programs/load/load.pl /mnt/sock ;;
	node) host_container "$@" /usr/bin/node /srv/tests/programs/load/load.js /mnt/sock ;;
	java) host_container "$@" /usr/bin/java -Xmx128m /srv/tests/programs/load/Load.java /mnt/sock ;;
	redis)
		host_container "$@" /usr/bin/redis-server --port 0 --unixsocket /mnt/sock --save '' \
			--enable-debug-command yes --dir /mnt
		;;
	php)
		_php_conf "$_dir"
		host_container "$@" /bin/sh -c 'PATH=/usr/sbin:/usr/bin:/sbin:/bin
			$(ls /usr/sbin/php-fpm* | head -n 1) -R -F -y /mnt/fpm.conf & exec nginx -c /mnt/nginx.conf -e /mnt/error'
		;;
	mariadb)
		_mariadb_data "$_dir" && host_container "$@" /usr/sbin/mariadbd --no-defaults --user=root \
			--datadir=/mnt/data --skip-networking --socket=/mnt/sock --pid-file=/mnt/pid \
			--innodb-buffer-pool-size=64M
		;;
	esac
}

# a socket is there some time before it is listened on
_http_ready() {
	wait_for 30 curl -sf -o /dev/null --unix-socket "$1/sock" http://x/
}

_answers() {
	for _i in 1 2 3 4 5 6 7 8; do
		[ "$(curl -sf --unix-socket "$1/sock" http://x/)" = 6a7b5c:30000 ] || return 1
	done
}

# Until each worker has served, whichever of them the kernel wakes: one that has not holds no working set.
_answers_php() {
	_n=0
	: >"$1/served"
	while [ $_n -lt 8 ] || [ "$(sort -u "$1/served" | wc -l)" -lt "${PHP_CHILDREN:-4}" ]; do
		[ $_n -lt 400 ] && curl -sf -o "$1/answer" -w '%header{x-worker}\n' --unix-socket "$1/sock" http://x/ >>"$1/served" &&
			[ "$(cat "$1/answer")" = 6a7b5c:30000 ] || return 1
		_n=$((_n + 1))
	done
}

# python counts characters of JSON
_answers_python() {
	for _i in 1 2 3; do
		curl -sf --unix-socket "$1/sock" http://x/ | grep -q '^6a7b5c:' || return 1
	done
}

workload_work() {
	_s=$work/c/$2/sock
	wait_for 60 test -S "$_s" || return 1
	case $1 in
	python) _http_ready "$work/c/$2" && _answers_python "$work/c/$2" ;;
	perl | node | java) _http_ready "$work/c/$2" && _answers "$work/c/$2" ;;
	php)
		wait_for 10 test -S "$work/c/$2/fpm.sock" && _http_ready "$work/c/$2" &&
			_answers_php "$work/c/$2"
		;;
	redis)
		wait_for 20 redis-cli -s "$_s" ping >/dev/null &&
			[ "$(redis-cli -s "$_s" debug populate 100000 key 100)" = OK ]
		;;
	mariadb)
		wait_for 30 mariadb --no-defaults -S "$_s" -e 'select 1' >/dev/null 2>&1 &&
			[ "$(
				mariadb --no-defaults -S "$_s" -N <<-E
					create database d; use d;
					create table t (a int primary key, b varchar(200)) engine=innodb;
					insert into t select seq, repeat('x', 200) from seq_1_to_30000;
					select sum(length(b)) + sum(a mod 7) from t;
				E
			)" = 6090000 ]
		;;
	esac
}
