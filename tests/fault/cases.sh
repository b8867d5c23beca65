# shellcheck shell=bash
# The cases, each a function case_NAME on a bed that is as it should be. It puts what is wrong into problems (problem TEXT) and what
# there is to tell into `told`. `rounds` is how many faults there are to be. Sourced, never run.

CASES="checker calm runtime-kill unsynced design-kill design-away postgres-stop commit-cut design-cut two-processes old-image damage clock disk-full
	clicks short-writes sync-fails write-fails quota steady"
CASES=${CASES//[[:space:]]/ }

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

# Nothing fails. Where this does not pass there is no use in making anything fail.
case_calm()
{
	load_start
	load_grow 3000
	load_end
	told="nothing fails"
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

# checkpoints_made N: until the runtime has written so many. What they cover, and was shipped, may be deleted.
checkpoints_made()
{
	local made=0 polls=3000 last="" now
	while [ "$made" -lt "$1" ]; do
		now=$(stat -c '%i %y' "$state/visitors/newest" 2>/dev/null || true)
		[ "$now" = "$last" ] || made=$((made + 1))
		last=$now
		nap 0.01
		[ $((polls -= 1)) != 0 ] || stack_fail "the runtime writes no checkpoints"
	done
}

# What the design server does not have outlives a restart of the runtime, and its checkpoints.
case_design_away()
{
	load_start
	stack_kill design
	pause_some
	stack_kill "$where"
	stack_restart "$where"
	checkpoints_made 4
	stack_restart design
	load_end offers
	told="the runtime restarts while the design server is away"
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
	proxy_start "$STACK/fault/pg/.s.PGSQL.5432" "$STACK_POSTGRES/.s.PGSQL.5432" --commits "$1" --role parley_ingest
	sed "s#host=$STACK_POSTGRES#host=$STACK/fault/pg#" "$STACK/fault/design.yaml" >"$STACK/etc/design.yaml"
	stack_kill design
	stack_restart design
}

# cut_until N M: the proxy has cut so many in all, and so many of ingest's, or finds nothing more to cut because nothing gets on
# behind it.
cut_until()
{
	local last=-1 still=0
	cuts
	while [ "$cut" -lt "$1" ] || [ "$cut_ingest" -lt "$2" ]; do
		still=$((cut == last ? still + 1 : 0)) last=$cut
		[ $still -lt 1500 ] || { problem "nothing more comes to be cut" && return; }
		load_grow 100
		cuts
	done
}

# With the proxy there: rounds connections more are cut. Others commit as well, so half of them must have been ingest's: what breaks
# between two of its commits is hit many times over, whatever the machine is busy with.
commits_cut()
{
	local before before_ingest
	cuts
	before=$cut before_ingest=$cut_ingest
	load_start
	cut_until $((before + rounds)) $((before_ingest + (rounds + 1) / 2))
	# Who sends again waits longer each time; what is there is judged when nothing is cut any more.
	kill -USR1 "$proxy_pid"
	load_end
	cuts
	cut=$((cut - before))
	told="$cut connections cut after COMMIT, $((cut_ingest - before_ingest)) of them ingest's"
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
	cut_until $(((rounds + 1) / 2)) 0
	# What has piled up meanwhile is more than ever gets through before the next cut.
	kill -USR1 "$proxy_pid"
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

# shellcheck source=disk_cases.sh
. "$(dirname "${BASH_SOURCE[0]}")/disk_cases.sh"
