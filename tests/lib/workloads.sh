# shellcheck shell=sh disable=SC2154 # top, work and preload_env are the caller's
# SPDX-License-Identifier: Apache-2.0
# Real programs under the library, for tests/preload/preload-matrix.sh and bench/preload-*.
#
#   workload_start NAME     python3, perl, redis-server, nginx, mariadbd, node or java,
#                           in $work, with $preload_env in its environment only
#   workload_load           some work for it; fails if an answer is wrong
#   workload_pids           its processes
#   workload_stop
#
# They listen on sockets in $work, so that nothing else on the machine is met.

# run COMMAND... in the background under the library, output in $dir/log
_spawn() {
	# shellcheck disable=SC2086 # a list of assignments
	env $preload_env "$@" >"$dir/log" 2>&1 </dev/null &
	main_pid=$!
}

workload_start() {
	workload=$1
	dir=$work/$1.$$
	rm -rf "$dir"
	mkdir -p "$dir" && chmod 755 "$dir" || return 1
	case $1 in
	python3) _spawn /usr/bin/python3 "$top/tests/programs/load/load.py" "$dir/sock" ;;
	perl) _spawn /usr/bin/perl "$top/tests/programs/load/load.pl" "$dir/sock" ;;
	node) _spawn node "$top/tests/programs/load/load.js" "$dir/sock" ;;
	java) _spawn java -Xmx128m "$top/tests/programs/load/Load.java" "$dir/sock" ;;
	redis-server)
		_spawn redis-server --port 0 --unixsocket "$dir/sock" --save '' --enable-debug-command yes --dir "$dir"
		;;
	nginx)
		mkdir "$dir/html"
		head -c 20000 /dev/zero | tr '\0' x >"$dir/html/index.html"
		cat >"$dir/conf" <<-E
			daemon off; pid $dir/pid; worker_processes 2; error_log $dir/error;
			events { }
			http { access_log off; client_body_temp_path $dir/t1; proxy_temp_path $dir/t2;
			fastcgi_temp_path $dir/t3; uwsgi_temp_path $dir/t4; scgi_temp_path $dir/t5;
			gzip on; gzip_types *;
			server { listen unix:$dir/sock; root $dir/html; } }
		E
		_spawn nginx -c "$dir/conf" -e "$dir/error"
		;;
	mariadbd)
		mkdir "$dir/data"
		mariadb-install-db --no-defaults --user=root --datadir="$dir/data" --skip-test-db \
			--auth-root-authentication-method=normal >"$dir/install" 2>&1 || return 1
		_spawn mariadbd --no-defaults --user=root --datadir="$dir/data" --skip-networking \
			--socket="$dir/sock" --pid-file="$dir/pid" --innodb-buffer-pool-size=64M
		;;
	esac
	wait_for 60 test -S "$dir/sock"
}

# a socket is there some time before it is listened on
_http() {
	wait_for 30 curl -sf -o /dev/null --unix-socket "$dir/sock" http://x/ || return 1
	for _i in 1 2 3 4 5 6 7 8 9 10; do
		curl -sf --compressed --unix-socket "$dir/sock" http://x/ >"$dir/answer" || return 1
	done
}

workload_load() {
	case $workload in
	python3 | perl | node | java)
		_http && [ "$(cat "$dir/answer")" = "6a7b5c:30000" ]
		;;
	nginx)
		_http && cmp -s "$dir/answer" "$dir/html/index.html"
		;;
	redis-server)
		wait_for 20 redis-cli -s "$dir/sock" ping >/dev/null &&
			redis-cli -s "$dir/sock" debug populate 100000 key 100 >"$dir/answer" &&
			redis-benchmark -s "$dir/sock" -q -n 20000 -r 5000 -t set,get,lpush,hset \
				>"$dir/bench" &&
			[ "$(redis-cli -s "$dir/sock" get key:7 | head -c 7)" = value:7 ]
		;;
	mariadbd)
		wait_for 30 mariadb --no-defaults -S "$dir/sock" -e 'select 1' >/dev/null 2>&1 &&
			mariadb --no-defaults -S "$dir/sock" -N >"$dir/answer" <<-E &&
				create database d; use d;
				create table t (a int primary key, b varchar(200)) engine=innodb;
				insert into t select seq, repeat('x', 200) from seq_1_to_30000;
				select sum(length(b)) + sum(a mod 7) from t;
			E
			mariadb-slap --no-defaults -S "$dir/sock" --create-schema=d --concurrency=4 \
				--number-of-queries=2000 --query='select sum(a) from t where a < 100' \
				>"$dir/bench" 2>&1 &&
			[ "$(cat "$dir/answer")" = 6090000 ]
		;;
	esac
}

workload_pids() {
	echo "$main_pid"
	ps -o pid= --ppid "$main_pid"
}

workload_stop() {
	kill "$main_pid" 2>/dev/null
	wait "$main_pid" 2>/dev/null
	rm -rf "$dir"
}
