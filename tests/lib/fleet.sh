# shellcheck shell=bash
# Several runtimes of one environment, alike but for their names: on top of story.sh. Sourced, never run.
#
#   fleet_up COUNT [FILE]   test-1 to test-COUNT of the environment test, which stack_kill and stack_restart know as test, test-2 …;
#                           FILE: what goes at the end of environment.yaml
#   fleet_load [ARGUMENT…]  starts a touchpoint before all of them; fleet_load_end sets `load` to what it prints

# shellcheck source=story.sh
. "$(dirname "${BASH_SOURCE[0]}")/story.sh"

# fleet_name N: the name under which stack.sh knows the server test-N.
fleet_name()
{
	[ "$1" = 1 ] && echo test || echo "test-$1"
}

# One server more: what test-1 has, under another name.
fleet_add()
{
	local n=$1 etc=$STACK/etc/environments
	port_free "STACK_PORT[test-$n]"
	port_free "STACK_SIDE[test-$n]"
	certificate_make "$STACK/authority" "$STACK/keys" "test-$n" "spiffe://parley/runtime/test/test-$n" 2>/dev/null
	mkdir -p "$etc/test-$n" "$STACK/runtime/test-$n"
	sed -e "s/test-1/test-$n/g" -e "s/:${STACK_PORT[test]}\$/:${STACK_PORT[test-$n]}/" -e "s/:${STACK_SIDE[test]}\$/:${STACK_SIDE[test-$n]}/" \
		-e "s#$STACK/runtime/test\"#$STACK/runtime/test-$n\"#" \
		"$etc/test/runtime.yaml" >"$etc/test-$n/runtime.yaml"
	printf '  - name: test-%s\n    address: 127.0.0.1:%s\n' "$n" "${STACK_PORT[test-$n]}" >>"$etc/test/environment.yaml"
}

fleet_up()
{
	local count=$1 file=${2:-} n
	STACK_ENVIRONMENTS=test
	stack_place
	STACK_POSTGRES=$("$test_lib/postgres.sh" start --owner $$)
	stack_folders
	stack_credentials 2>/dev/null
	databases_make "$STACK_POSTGRES" test
	stack_configure
	for ((n = 2; n <= count; n++)); do
		fleet_add "$n"
	done
	[ -z "$file" ] || cat "$file" >>"$STACK/etc/environments/test/environment.yaml"
	stack_administrator
	stack_restart design
	stack_restart test
	stack_login
	for ((n = 2; n <= count; n++)); do
		STACK_ENVIRONMENTS+=" test-$n"
		stack_restart "test-$n"
	done
	parley apply -f "$stack_profiles/sample/retail-bank.yaml"
	stack_import test retail-bank customer "$stack_profiles/sample/customers.csv"
}

fleet_load()
{
	local folder=$STACK/touchpoint/test name targets=()
	for name in $STACK_ENVIRONMENTS; do
		targets+=("127.0.0.1:${STACK_PORT[$name]}")
	done
	"$STACK_PROGRAMS/../tests/rolling_client" retail-bank "$folder/touchpoint.crt" "$folder/touchpoint.key" "$folder/ca.crt" \
		"${targets[@]}" "$@" >"$STACK/load.out" 2>"$STACK/load.err" &
	load_pid=$!
}

fleet_load_end()
{
	kill -TERM "$load_pid"
	wait "$load_pid" || true
	load=$(cat "$STACK/load.out" "$STACK/load.err")
}
