#!/bin/bash
# A private PostgreSQL for tests: socket only, in a 0700 folder of its own; as root it runs under a service user, because
# initdb refuses root. Several may run side by side.
#
#   postgres.sh start [--durable] [--owner PID]   makes and starts one, prints its folder; it ends with process PID
#   postgres.sh conninfo DIR                      prints how to connect (superuser "parley", database "parley")
#   postgres.sh halt DIR                          stops it at once, as a crash would; keeps the data
#   postgres.sh resume DIR                        starts it again
#   postgres.sh stop DIR                          stops it and removes the folder
set -euo pipefail

die() {
	echo "postgres.sh: $*" >&2
	exit 1
}

bin=/usr/lib/postgresql/15/bin
[ -x "$bin/initdb" ] || bin=$(pg_config --bindir 2>/dev/null) || true
[ -x "$bin/initdb" ] || die "PostgreSQL's server programs are missing: apt-get install postgresql-15"

as_service() {
	if [ "$(id -u)" != 0 ]; then
		"$@"
		return
	fi
	local user=postgres
	id -u $user >/dev/null 2>&1 || user=nobody
	setpriv --reuid=$user --regid="$(id -g $user)" --clear-groups "$@"
}

make_folder() {
	local parent=${TMPDIR:-/tmp}
	# A socket's path must stay under 107 bytes, and the service user must get there.
	if [ ${#parent} -gt 70 ] || ! as_service test -w "$parent"; then
		parent=/tmp
	fi
	as_service mktemp -d "$parent/parley-pg-XXXXXX"
}

launch() {
	local dir=$1
	as_service "$bin/pg_ctl" -D "$dir/data" -w -t 60 -l "$dir/log" -s start >"$dir/start.out" 2>&1 </dev/null ||
		die "PostgreSQL does not start: $(tail -n 5 "$dir/log" 2>/dev/null)"
}

# When the owner dies, however it dies, so does the cluster.
# shellcheck disable=SC2016 # the inner shell's variables
watch_owner() {
	setsid "$BASH" -c 'tail --pid="$2" -s 0.5 -f /dev/null; exec "$1" stop "$3"' - "$self" "$1" "$2" \
		</dev/null >/dev/null 2>&1 &
}

start() {
	local fsync=off owner='' dir
	while [ $# -gt 0 ]; do
		case $1 in
		--durable) fsync=on ;;
		--owner) shift; owner=${1:?--owner needs a process ID} ;;
		*) die "unknown option $1" ;;
		esac
		shift
	done
	dir=$(make_folder)
	as_service chmod 700 "$dir"
	as_service "$bin/initdb" -D "$dir/data" -U parley -A trust --no-sync --locale=C.UTF-8 -E UTF8 --no-instructions \
		>"$dir/initdb.out" 2>&1 || die "initdb failed: $(tail -n 5 "$dir/initdb.out")"
	cat >>"$dir/data/postgresql.conf" <<-CONF
		listen_addresses = ''
		unix_socket_directories = '$dir'
		unix_socket_permissions = 0700
		shared_buffers = 16MB
		max_connections = 60
		fsync = $fsync
	CONF
	launch "$dir"
	as_service "$bin/createdb" -h "$dir" -U parley parley
	[ -z "$owner" ] || watch_owner "$owner" "$dir"
	echo "$dir"
}

stop() {
	[ -d "$1/data" ] || return 0
	as_service "$bin/pg_ctl" -D "$1/data" -w -s -m immediate stop >/dev/null 2>&1 || true
	rm -rf "$1"
}

self=$(readlink -f "${BASH_SOURCE[0]}")
cd /
command=${1:-}
shift || true
case $command in
start) start "$@" ;;
conninfo) echo "host=${1:?which folder?} user=parley dbname=parley" ;;
halt) as_service "$bin/pg_ctl" -D "${1:?which folder?}/data" -w -s -m immediate stop ;;
resume) launch "${1:?which folder?}" ;;
stop) stop "${1:?which folder?}" ;;
*) sed -n '2,/^set/{/^#/s/^# \{0,1\}//p}' "$0" >&2; exit 2 ;;
esac
