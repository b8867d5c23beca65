# shellcheck shell=bash
# What the fault suite stands on: a Parley of its own (../lib/stack.sh), the load client, the shim in the runtime, the proxies and
# the checker. Sourced, never run.
#
#   bed_up                     servers, the channel deployed, the checker's tables
#   load_start [OPTION…]       the client begins; load_grow makes sure of it; load_end brings it to its end and judges
#   load_grow BYTES            waits until its log of acknowledgements has grown by so much: faults follow events, not the clock
#   load_tries BYTES           the same of what it asked: it goes on asking when nothing is acknowledged
#   shim VARIABLE=VALUE…       what the next runtime is started with; nothing: as it is
#   fault_set clock|disk|sync VALUE   how the running one's clock or disk is from now on
#   draw N                     sets `drawn` to one of 0 … N − 1, from the seed

fault_here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
# shellcheck source=../lib/stack.sh
. "$fault_here/../lib/stack.sh"

where="test"
fault_tools=$(cd "${FAULT_TOOLS:-$repository/build/release/tests}" 2>/dev/null && pwd) || fault_tools=
run_number=0 problems="" load_pid="" damaged=0

design_sql()
{
	sql "$STACK_POSTGRES" parley_design "$@"
}

draw()
{
	drawn=$(((RANDOM * 32768 + RANDOM) % $1))
}

# --- servers ---

# The runtime comes through here, so that a case can start it with the shim.
bed_wrap()
{
	local name real
	real=$(cd "$STACK_PROGRAMS" && pwd)
	mkdir "$STACK/bin" "$STACK/fault"
	for name in "$real"/parley*; do
		[ -d "$name" ] || ln -s "$name" "$STACK/bin/"
	done
	rm "$STACK/bin/parley-runtime"
	cat >"$STACK/bin/parley-runtime" <<-SH
		#!$BASH
		. "$STACK/fault/environment"
		exec "$real/parley-runtime" "\$@"
	SH
	chmod +x "$STACK/bin/parley-runtime"
	: >"$STACK/fault/environment"
	STACK_PROGRAMS=$STACK/bin
}

shim()
{
	local setting
	: >"$STACK/fault/environment"
	[ $# != 0 ] || return 0
	for setting in "LD_PRELOAD=$fault_tools/fault_shim.so" "FAULT_CONTROL=$STACK/fault/control" "FAULT_FOLDER=$(readlink -f "$journal")" "$@"; do
		printf 'export %q\n' "$setting" >>"$STACK/fault/environment"
	done
	# A sanitizer's runtime would insist on being first in the process.
	echo "export ASAN_OPTIONS=\${ASAN_OPTIONS:-}:verify_asan_link_order=0" >>"$STACK/fault/environment"
	# Beside and renamed: a runtime that still has the old one mapped would die of a file that is short for a moment.
	printf '%-32s%-32s%-32s' 0 none 0 >"$STACK/fault/control.new"
	mv "$STACK/fault/control.new" "$STACK/fault/control"
}

fault_set()
{
	local field=0
	case $1 in disk) field=1 ;; sync) field=2 ;; esac
	printf '%-32s' "$2" | dd of="$STACK/fault/control" bs=32 seek="$field" conv=notrunc status=none
}

# Deployments that a clock set forth by a year does not end. Short checkpoints, so that the journal forgets what it may; the smallest quota that there is.
bed_configure()
{
	runtime_config=$STACK/etc/environments/$where/runtime.yaml
	state=$STACK/runtime/$where journal=$STACK/runtime/$where/journal
	printf 'visitors:\n  checkpoint: 2s\n  treatments: 8MiB\njournal:\n  quota: 256MiB\n' >>"$runtime_config"
	echo 'manifest_lifetime: 3650d' >>"$STACK/etc/environments/$where/environment.yaml"
	cp "$runtime_config" "$STACK/fault/runtime.yaml"
	cp "$STACK/etc/design.yaml" "$STACK/fault/design.yaml"
}

bed_up()
{
	local name
	[ -x "$fault_tools/fault_load" ] || die "$EXIT_BUILD" "there is no fault_load in ${FAULT_TOOLS:-build/release/tests}" \
		"Build it: cmake --build --preset release --target fault_load fault_proxy fault_shim"
	# A sanitizer keeps what was freed for a while; memory is to be flat all the same.
	export ASAN_OPTIONS=${ASAN_OPTIONS:-}:quarantine_size_mb=8
	stack_up "$where" >/dev/null
	bed_wrap
	bed_configure
	for name in design "$where"; do
		stack_kill "$name"
		stack_restart "$name"
	done
	parley apply -f "$fault_here/channel.yaml" >"$STACK/fault/apply.log" || stack_fail "the channel cannot be applied"
	parley deploy fault --to "$where" >"$STACK/fault/deploy.log" 2>&1 || stack_fail "the channel cannot be deployed"
	design_sql <"$fault_here/check.sql"
}

# Everything as it was, whatever the case before has left.
bed_reset()
{
	local name
	: >"$STACK/fault/environment"
	proxy_end
	cp "$STACK/fault/runtime.yaml" "$runtime_config"
	cp "$STACK/fault/design.yaml" "$STACK/etc/design.yaml"
	postgres_alive "$STACK_POSTGRES" || stack_restart postgres
	for name in design "$where"; do
		stack_restart "$name"
	done
}

# A runtime whose exit code this shell can wait for.
runtime_child()
{
	local tenths=300
	"$STACK_PROGRAMS/parley-runtime" --config "$runtime_config" >>"$STACK/log/$where.log" 2>&1 </dev/null &
	runtime_pid=$!
	echo "$runtime_pid $(process_birth "$runtime_pid")" >"$STACK/run/$where.pid"
	until [ -n "$(port_inodes "${STACK_PORT[$where]}")" ]; do
		[ $((tenths -= 1)) != 0 ] || stack_fail "the runtime does not start"
		sleep 0.1
	done
}

# runtime_ended STATUS: it must, within ten seconds, and with that status; if it goes on it is killed.
runtime_ended()
{
	local status=0 tenths=100
	while [ -n "$(process_birth "$runtime_pid")" ] && [ $((tenths -= 1)) != 0 ]; do
		sleep 0.1
	done
	if [ $tenths = 0 ]; then
		problem "the runtime goes on, and should have ended with $1"
		kill -KILL "$runtime_pid"
	fi
	wait "$runtime_pid" || status=$?
	[ $tenths = 0 ] || [ "$status" = "$1" ] || problem "the runtime ended with $status, not $1"
}

# proxy_start LISTEN TO OPTION…: between two servers. cuts sets `cut` to how many connections it has cut, `cut_ingest` to how many
# of those were at work as --role.
proxy_pid="" proxy_report=""
proxy_start()
{
	proxy_report=$STACK/fault/proxy.$run_number
	"$fault_tools/fault_proxy" --listen "$1" --to "$2" --report "$proxy_report" --seed "$seed" "${@:3}" 2>>"$STACK/log/proxy.log" &
	proxy_pid=$!
	disown "$proxy_pid"
	until [ -s "$proxy_report" ]; do
		kill -0 "$proxy_pid" 2>/dev/null || stack_fail "the proxy does not start: $(tail -n 1 "$STACK/log/proxy.log")"
		sleep 0.02
	done
}

proxy_end()
{
	[ -n "$proxy_pid" ] || return 0
	kill -KILL "$proxy_pid" 2>/dev/null || true
	proxy_pid=
}

cuts()
{
	cut_ingest=
	until [ -n "$cut_ingest" ]; do
		read -r cut cut_ingest <<<"$(sed -n 's/.*cuts \([0-9]*\) of_role /\1 /p' "$proxy_report")"
	done
}

# --- the load ---

# A nap without a process, and a size with one: waiting with several at every look takes all process IDs there are in a minute or
# two, and now and then bash waited for ever for a child whose ID an earlier one had had.
nap()
{
	[ -n "${nap_pipe:-}" ] || exec {nap_pipe}<> <(:)
	read -r -t "$1" -u "$nap_pipe" || true
}

log_size()
{
	local each
	size=0
	for each in $(stat -c %s "$run/$1".*.csv 2>/dev/null); do
		size=$((size + each))
	done
}

# log_grow WHICH BYTES: until the client's log of that name has grown by so much.
log_grow()
{
	local wanted polls=2000 before
	log_size "$1"
	wanted=$((size + $2))
	while [ "$size" -lt "$wanted" ]; do
		nap 0.02
		before=$size
		log_size "$1"
		[ "$size" = "$before" ] || polls=2000
		kill -0 "$load_pid" 2>/dev/null || stack_fail "the load client ended: $(cat "$run/load.err")"
		[ $((polls -= 1)) != 0 ] || stack_fail "the load client gets nowhere"
	done
}

load_grow()
{
	log_grow acked "$1"
}

load_tries()
{
	log_grow asked "$1"
}

# Sets `client` to the command.
client_words()
{
	local folder=$STACK/touchpoint/$where
	client=("$fault_tools/fault_load" --target "127.0.0.1:${STACK_PORT[$where]}" --ca "$folder/ca.crt" --certificate "$folder/touchpoint.crt" \
		--key "$folder/touchpoint.key" --channel fault --out "$run" --name "r$run_number" --seed "$((seed + run_number))" "$@")
}

load_start()
{
	run_number=$((run_number + 1)) damaged=0
	run=$STACK/fault/run.$run_number
	mkdir "$run"
	design_sql >/dev/null <<-SQL
		TRUNCATE fault_check.run, fault_check.ledger, fault_check.base;
		INSERT INTO fault_check.run VALUES ('r$run_number');
		INSERT INTO fault_check.base SELECT environment, runtime_id, incarnation, sequence FROM ship_cursor;
	SQL
	client_words "$@"
	"${client[@]}" >"$run/load.out" 2>"$run/load.err" &
	load_pid=$!
	load_grow 300
}

# load_figure NAME: of the summary.
load_figure()
{
	sed -n "s/.*\\<$1 \\([0-9]*\\).*/\\1/p" "$run/load.out"
}

load_stop()
{
	local status=0
	kill -TERM "$load_pid" 2>/dev/null || true
	wait "$load_pid" || status=$?
	load_pid=
	[ "$status" = 0 ] || problem "the load client failed: $(tail -n 1 "$run/load.err")"
}

problem()
{
	problems+="        $1"$'\n'
}

# --- the verdict ---

# The client's last event is the last in the journal: when it is in the history, all is that will ever be. Or nothing has
# moved for longer than the runtime ever pauses.
await_history()
{
	local lost moved last=-1 still=0
	cat "$run"/*.csv | design_sql -c "COPY fault_check.ledger FROM STDIN (FORMAT csv)"
	while [ $still -lt 75 ]; do
		IFS='|' read -r lost moved <<<"$(design_sql -At -c "SELECT lost, (SELECT sum(sequence) FROM ship_cursor) FROM fault_check.quick")"
		[ "$lost" != "$damaged" ] || return 0
		still=$((moved == last ? still + 1 : 0))
		last=$moved
		sleep 0.2
	done
}

# load_judge [offers]: with `offers`, answers of getOffers may be missing, because a runtime was killed. Of acknowledged events
# those may be that a case has damaged on the disk, `damaged` of them.
load_judge()
{
	local lost duplicated unknown changed gaps beyond rejected
	await_history
	IFS='|' read -r acked lost duplicated unknown changed gaps beyond rejected offers_lost skipped <<<"$(design_sql -At -c "SELECT * FROM fault_check.verdict")"
	verdict="acknowledged $acked: lost $lost, duplicated $duplicated, unknown $unknown, changed $changed, gaps $gaps"
	[ "$lost $duplicated$unknown$changed$gaps" = "$damaged 0000" ] || problem "$verdict"
	[ "$beyond" = 0 ] || problem "$beyond rows are beyond their journal's cursor"
	[ "$rejected" -le "$damaged" ] || problem "$rejected records could not become history"
	[ "$acked" -gt 0 ] || problem "nothing was acknowledged"
	[ "$offers_lost" = 0 ] || [ "${1:-}" = offers ] || problem "$offers_lost recommendations are lost, and no runtime was killed"
}

load_end()
{
	load_stop
	load_judge "$@"
}

# Whether history has been judged and can go: the next run need not read it again.
history_forget()
{
	design_sql -c "TRUNCATE recommendation, contact_history, response_history, event_history, session_history, cell_history, effect_history"
}
