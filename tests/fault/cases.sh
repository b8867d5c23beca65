# shellcheck shell=bash
# The cases, each a function case_NAME on a bed that is as it should be. It puts what is wrong into problems (problem TEXT) and what
# there is to tell into `told`. `rounds` is how many faults there are to be. Sourced, never run.

CASES="checker runtime-kill unsynced design-kill postgres-stop commit-cut design-cut two-processes old-image clock disk-full short-writes sync-fails write-fails quota steady"

pause_some()
{
	draw "${1:-1500}"
	load_grow $((drawn + 50))
}

# Nothing fails, but somebody spoils the history afterwards: what the checker cannot see it cannot prove to be absent.
case_checker()
{
	local right found
	load_start
	load_grow 2000
	load_end
	right=$verdict
	design_sql <"$fault_here/plant.sql"
	found=$(design_sql -At -F ' ' -c "SELECT lost, duplicated, unknown, changed, gaps, offers_lost FROM fault_check.verdict")
	[ "$found" = "1 1 1 1 1 1" ] || problem "one mistake of each of six kinds was made; found: $found"
	verdict=$right
	told="six mistakes made by hand are found"
}

case_runtime_kill()
{
	local i
	load_start
	for ((i = 1; i <= rounds; i++)); do
		pause_some
		stack_kill "$where"
		stack_restart "$where"
	done
	load_end offers
	told="$rounds times kill -9 of the runtime"
}

# The disk loses what was not synced, and syncs are slow enough to be hit.
case_unsynced()
{
	local i
	shim FAULT_HOLD=1
	stack_kill "$where"
	stack_restart "$where"
	fault_set sync 4000
	load_start
	for ((i = 1; i <= rounds; i++)); do
		pause_some
		stack_kill "$where"
		stack_restart "$where"
	done
	load_end offers
	told="$rounds times kill -9 with unsynced writes dropped"
}

case_design_kill()
{
	local i
	load_start
	for ((i = 1; i <= rounds; i++)); do
		pause_some
		stack_kill design
		stack_restart design
	done
	load_end
	told="$rounds times kill -9 of the design server"
}

case_postgres_stop()
{
	local i
	load_start
	for ((i = 1; i <= (rounds + 1) / 2; i++)); do
		pause_some
		stack_kill postgres
		pause_some 100
		stack_restart postgres
	done
	load_end
	told="$(((rounds + 1) / 2)) hard stops of PostgreSQL"
}

# The design server's way to the database goes through the proxy.
database_proxy()
{
	mkdir -p "$STACK/fault/pg"
	rm -f "$STACK/fault/pg/.s.PGSQL.5432"
	proxy_start "$STACK/fault/pg/.s.PGSQL.5432" "$STACK_POSTGRES/.s.PGSQL.5432" --commits "$1"
	sed "s#host=$STACK_POSTGRES#host=$STACK/fault/pg#" "$STACK/fault/design.yaml" >"$STACK/etc/design.yaml"
	stack_kill design
	stack_restart design
}

# With the proxy there: rounds connections more are cut.
commits_cut()
{
	local before
	cuts
	before=$cut
	load_start
	while [ $((cut - before)) -lt "$rounds" ]; do
		load_grow 100
		cuts
	done
	load_end
	cuts
	cut=$((cut - before))
	told="$cut connections cut after COMMIT"
}

case_commit_cut()
{
	database_proxy 2
	commits_cut
}

case_design_cut()
{
	local door
	port_free door
	proxy_start "$door" "$STACK_DESIGN" --bytes 200000
	sed "s/address: 127.0.0.1:$STACK_DESIGN/address: 127.0.0.1:$door/" "$STACK/fault/runtime.yaml" >"$runtime_config"
	stack_kill "$where"
	stack_restart "$where"
	load_start
	cuts
	while [ "$cut" -lt $(((rounds + 1) / 2)) ]; do
		load_grow 100
		cuts
	done
	load_end
	cuts
	told="$cut connections cut between runtime and design server"
}

# The second one has a port of its own, and must not come as far as using it.
case_two_processes()
{
	local door status=0 output
	port_free door
	load_start
	sed "s/^listen: .*/listen: 127.0.0.1:$door/" "$runtime_config" >"$STACK/fault/second.yaml"
	output=$(timeout 20 "$STACK_PROGRAMS/parley-runtime" --config "$STACK/fault/second.yaml" 2>&1) || status=$?
	[ "$status" = 1 ] || problem "a second runtime on the same journal ended with $status, not 1"
	[[ $output == *"another process has"* ]] || problem "a second runtime does not say why it refuses: $output"
	load_grow 300
	load_end
	told="a second runtime on the journal is refused"
}

# An image of the disk, and life goes on; what that life recorded is in the history when the image comes back.
case_old_image()
{
	local i
	told="old disk images put back"
	for ((i = 1; i <= 2; i++)); do
		load_start
		stack_kill "$where"
		rm -rf "$STACK/fault/image"
		cp -a "$state" "$STACK/fault/image"
		stack_restart "$where"
		pause_some
		load_end offers
		stack_kill "$where"
		rm -rf "$state"
		cp -a "$STACK/fault/image" "$state"
		stack_restart "$where"
		load_start
		pause_some
		load_end offers
	done
}

# The clock is set while the runtime serves, and is still wrong when it starts anew.
case_clock()
{
	local seconds hours
	told="clock set by 1 h and 1 year, forth and back"
	shim FAULT_CLOCK=1
	stack_kill "$where"
	stack_restart "$where"
	load_start
	for seconds in 3600 -3600 31536000 -31536000 0; do
		fault_set clock "$seconds"
		pause_some 600
		stack_kill "$where"
		stack_restart "$where"
		pause_some 600
	done
	load_end offers
	hours=$(design_sql -At -c "SELECT count(DISTINCT round(extract(epoch FROM time - now()) / 3600)) FROM fault_check.event")
	[ "$hours" -ge 5 ] || problem "the history knows $hours different times, not 5: the clock was not set"
}

# A full disk refuses events by code and takes them again when there is room; nothing has to be started anew.
case_disk_full()
{
	told="a full disk, and room again"
	shim FAULT_DISK=1
	stack_kill "$where"
	stack_restart "$where"
	load_start
	fault_set disk enospc
	load_tries 5000
	fault_set disk none
	load_grow 500
	load_end
	[ "$(load_figure full)" -gt 0 ] || problem "no event was refused with JOURNAL_FULL"
	told+=": $(load_figure full) calls refused meanwhile"
}

case_short_writes()
{
	shim FAULT_DISK=1
	stack_kill "$where"
	stack_restart "$where"
	load_start
	fault_set disk short
	load_grow 2000
	load_end
	told="short and interrupted writes"
}

# disk_fails WORD: the runtime must stop by itself with exit code 3, and what it has acknowledged is there in its next life.
disk_fails()
{
	local status=0 i
	for ((i = 1; i <= 2; i++)); do
		shim FAULT_HOLD=1
		stack_kill "$where"
		runtime_child
		[ $i != 1 ] || load_start
		pause_some 500
		fault_set disk "$1"
		status=0
		wait "$runtime_pid" || status=$?
		[ "$status" = 3 ] || problem "the runtime ended with $status, not 3"
		rm -f "$STACK/run/$where.pid"
		shim
		stack_restart "$where"
	done
	pause_some 300
	load_end offers
}

case_sync_fails()
{
	disk_fails eio-sync
	told="EIO on fdatasync: exit 3"
}

case_write_fails()
{
	disk_fails eio-write
	told="EIO on write: exit 3"
}

# The design server is away until the journal is 70 % full: events are refused with a time to come back, offers go on and say that
# they are not recorded. When it is back the journal empties by itself.
case_quota()
{
	load_start --threads 2
	stack_kill design
	client_words --fill --threads 6 --name "fill$run_number"
	"${client[@]}" >"$run/fill.out" 2>"$run/fill.err" ||
		problem "the filling client failed: $(tail -n 1 "$run/fill.err")"
	[ "$(sed -n 's/.*paused \([0-9]*\).*/\1/p' "$run/fill.out")" -gt 0 ] || problem "no getOffers said HISTORY_PAUSED"
	stack_restart design
	load_grow 300
	load_end
	[ "$(load_figure full)" -gt 0 ] || problem "no event was refused with JOURNAL_FULL"
	[ "$(load_figure no_pushback)" = 0 ] || problem "$(load_figure no_pushback) refusals did not say when to try again"
	told="journal at its quota: $(load_figure full) events refused, offers went on"
}

# measure: sets rss_runtime, rss_design (KiB), fds_runtime, fds_design and disk (KiB of the journal).
measure()
{
	local pid name
	for name in "$where" design; do
		pid=$(process_pid "$STACK/run/$name.pid")
		printf -v "rss_${name/$where/runtime}" '%s' "$(awk '/^VmRSS/ { print $2 }' "/proc/$pid/status")"
		printf -v "fds_${name/$where/runtime}" '%s' "$(find "/proc/$pid/fd" -mindepth 1 | wc -l)"
	done
	disk=$(du -sk "$journal" | cut -f 1)
}

# Nothing is wrong, and nothing grows: after a warm-up memory, descriptors and journal stay where they are.
case_steady()
{
	local rss_runtime rss_design fds_runtime fds_design disk before
	load_start
	load_grow 40000
	measure
	before=("$rss_runtime" "$rss_design" "$fds_runtime" "$fds_design")
	load_grow $((rounds * 5000))
	measure
	load_end
	[ "$rss_runtime" -lt $((before[0] + 16384)) ] || problem "the runtime grew from ${before[0]} to $rss_runtime KiB"
	[ "$rss_design" -lt $((before[1] + 16384)) ] || problem "the design server grew from ${before[1]} to $rss_design KiB"
	[ "$fds_runtime" -le $((before[2] + 4)) ] || problem "the runtime's files grew from ${before[2]} to $fds_runtime"
	[ "$fds_design" -le $((before[3] + 4)) ] || problem "the design server's files grew from ${before[3]} to $fds_design"
	[ "$disk" -le $((3 * 65536)) ] || problem "the journal has $disk KiB"
	told="runtime ${before[0]} -> $rss_runtime KiB, ${before[2]} -> $fds_runtime files; design server ${before[1]} -> $rss_design KiB, ${before[3]} -> $fds_design files; journal $disk KiB"
}
