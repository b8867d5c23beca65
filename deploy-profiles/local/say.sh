# shellcheck shell=bash
# How our scripts speak: one line a step with the time since the start and what the step took; a step's output goes to a
# log, of which only the end is shown, and only if the step failed. Sourced, never run.

# What the exit codes of quickstart and check mean: the README has the same table.
# shellcheck disable=SC2034 # for those who source this
EXIT_FAILED=1 EXIT_USAGE=2 EXIT_PACKAGES=3 EXIT_PORT=4 EXIT_DISK=5 EXIT_BUILD=6 EXIT_SERVER=7

step_status=0 # of the last try_step
step_pid=     # of the running one, which leads a process group

# die CODE MESSAGE [REMEDY…]: ends the script.
die()
{
	local code=$1 line
	shift
	printf '\nerror: %s\n' "$1" >&2
	shift
	for line in "$@"; do
		printf '       %s\n' "$line" >&2
	done
	exit "$code"
}

note()
{
	printf '        %s\n' "$*"
}

clock()
{
	printf '%2d:%02d' $((SECONDS / 60)) $((SECONDS % 60))
}

# Waits for a step's process; on a terminal the line shows what it is doing, elsewhere a line now and then does.
watch_step()
{
	local pid=$1 log=$2 title=$3 since=$SECONDS told=$SECONDS doing
	while kill -0 "$pid" 2>/dev/null; do
		if [ -t 1 ]; then
			doing=$(tail -c 400 "$log" 2>/dev/null | tr '\r' '\n' | grep -v '^ *$' | tail -n 1 | tr -cd '[:print:]' | cut -c1-50) || true
			printf '\r\033[K%s  %s … %d s  %s' "$(clock)" "$title" $((SECONDS - since)) "$doing"
		elif [ $((SECONDS - told)) -ge 30 ]; then
			told=$SECONDS
			printf '\n        … %d s: %s' $((SECONDS - since)) "$(tail -n 1 "$log" 2>/dev/null | cut -c1-90)"
		fi
		sleep 0.2
	done
}

# try_step TITLE LOG COMMAND…: runs it, tells how it went, sets step_status. Call it plainly, never in a condition, so that
# `set -e` works inside the command.
try_step()
{
	local title=$1 log=$2 since=$SECONDS
	shift 2
	printf '%s  %s …' "$(clock)" "$title"
	set -m # a process group of its own, so that interrupted can end all of it
	(
		set +m -e
		"$@"
	) >"$log" 2>&1 </dev/null 9>&- & # 9: quickstart's lock, which servers must not inherit
	step_pid=$!
	set +m
	watch_step "$step_pid" "$log" "$title"
	step_status=0
	wait "$step_pid" || step_status=$?
	step_pid=
	[ ! -t 1 ] || printf '\r\033[K%s  %s …' "$(clock)" "$title"
	if [ "$step_status" = 0 ]; then
		printf ' %d s\n' $((SECONDS - since))
	else
		printf ' FAILED after %d s\n' $((SECONDS - since))
	fi
}

interrupted()
{
	[ -z "$step_pid" ] || kill -TERM -- "-$step_pid" 2>/dev/null
	printf '\ninterrupted\n' >&2
	exit 130
}

# An interrupt ends the running step with the script.
interruptible()
{
	trap interrupted INT TERM
}

# show_log LOG: the end of it, indented.
show_log()
{
	tail -n "${2:-30}" "$1" | sed 's/^/    | /' >&2
}

free_megabytes()
{
	df -Pm "$1" | awk 'NR == 2 { print $4 }'
}

# step CODE TITLE LOG COMMAND…: the same, but a failure ends the script with CODE ("-": the command's own exit code), or as a
# full disk if it was one. A disk that is full may not even have taken the log.
step()
{
	local code=$1 title=$2 log=$3
	shift
	try_step "$@"
	[ "$step_status" != 0 ] || return 0
	show_log "$log"
	if grep -qi 'no space left on device' "$log" || [ "$(free_megabytes "${log%/*}")" -lt 4 ] || [ "$(free_megabytes .)" -lt 4 ]; then
		die "$EXIT_DISK" "the disk is full" "Free some space (df -h shows where) and run this again: it goes on where it stopped."
	fi
	[ "$code" != - ] || code=$step_status
	die "$code" "could not finish: $title" "The whole output is in $log"
}

# need_space FOLDER MEGABYTES WHAT: refuses early what would fail half-way.
need_space()
{
	local folder=$1 free
	until [ -d "$folder" ]; do
		folder=$(dirname "$folder")
	done
	free=$(free_megabytes "$folder")
	[ "$free" -ge "$2" ] || die "$EXIT_DISK" "$3 needs $2 MB in $1, and only $free MB are free there" \
		"Free some space (df -h shows where) and run this again."
}
