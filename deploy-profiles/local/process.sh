# shellcheck shell=bash
# Servers as plain processes: started so that they outlive the script, found again by a pid file, stopped gracefully and
# then hard. A pid file holds the process ID and its start time, because IDs are used again. Needs say.sh. Sourced, never run.

# The words before a command that make it the service user's (SERVICE_USER), if there is one.
service_words=()
service_user_set()
{
	SERVICE_USER=$1
	service_words=()
	[ -z "$1" ] || service_words=(setpriv "--reuid=$1" "--regid=$(id -g "$1")" --clear-groups env HOME=/nonexistent)
}

as_service()
{
	"${service_words[@]}" "$@"
}

# When a process started, in clock ticks since boot; empty if it is gone.
process_birth()
{
	local stat
	stat=$(cat "/proc/$1/stat" 2>/dev/null) || return 0
	# The second field is the program's name in brackets and may hold anything.
	# shellcheck disable=SC2086
	set -- ${stat##*) }
	# A dead one's other threads may still be dying, and hold its ports: it is gone when it is alone (the 20th field).
	[ "$1" = Z ] && [ "${18}" -le 1 ] || echo "${20}"
}

# process_pid PIDFILE: the ID if that very process lives.
process_pid()
{
	local pid birth
	{ read -r pid birth <"$1"; } 2>/dev/null || return 1
	[ -n "$birth" ] && [ "$(process_birth "$pid")" = "$birth" ] && echo "$pid"
}

# process_start PIDFILE LOG COMMAND…: in a session of its own, output to the log.
process_start()
{
	local pidfile=$1 log=$2 pid=
	shift 2
	rm -f "$pidfile"
	as_service touch "$log" || return
	# shellcheck disable=SC2016 # the inner shell's variables
	"${service_words[@]}" setsid "$BASH" -c 'echo $$; log=$1; shift; exec "$@" >>"$log" 2>&1' - "$log" "$@" \
		</dev/null >"$pidfile.new" 2>>"$log" &
	until [ -s "$pidfile.new" ] || ! kill -0 $! 2>/dev/null; do
		sleep 0.02
	done
	disown $! 2>/dev/null || true
	read -r pid <"$pidfile.new" || return 1
	echo "$pid $(process_birth "$pid")" >"$pidfile"
	rm -f "$pidfile.new"
}

# process_stop PIDFILE [SECONDS]: asks, waits, and then insists.
process_stop()
{
	local pid tenths=$((${2:-15} * 10))
	pid=$(process_pid "$1") || {
		rm -f "$1"
		return 0
	}
	kill -TERM "$pid" 2>/dev/null
	while [ $((tenths -= 1)) -gt 0 ] && [ -n "$(process_birth "$pid")" ]; do
		sleep 0.1
	done
	kill -KILL "$pid" 2>/dev/null || true
	rm -f "$1"
}
