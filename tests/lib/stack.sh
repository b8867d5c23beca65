# shellcheck shell=bash
# A whole Parley of a test's own, made by the functions that quickstart uses: a private folder, free ports, its own
# PostgreSQL, a design server, runtimes. All of it goes when the test does, however it ends. Source it, then:
#
#   stack_up [--durable] [ENVIRONMENT…]  everything started, `parley` logged in; without environments all three
#   stack_sample                         the sample bank imported, applied, and deployed to the stack's environments
#   stack_kill NAME                      kill -9 of design, postgres, or an environment's runtime
#   stack_restart NAME                   starts it again on the same state
#   stack_end                            stops all; happens by itself at the end of the script
#   stack_fail MESSAGE                   ends the test, showing the ends of the servers' logs
#
# PARLEY_BIN says where the programs are (default: build/release/bin); KEEP=1 keeps the folder.

test_lib=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
repository=$(cd "$test_lib/../.." && pwd)
# shellcheck source=../../deploy-profiles/local/stack.sh
. "$repository/deploy-profiles/local/stack.sh"
# shellcheck source=ports.sh
. "$test_lib/ports.sh"

# The folder, its ports and what ends it all with the script.
stack_place()
{
	local environment
	STACK=$(mktemp -d "${TMPDIR:-/tmp}/parley-stack-XXXXXX")
	STACK_PROGRAMS=${PARLEY_BIN:-$repository/build/release/bin}
	[ -x "$STACK_PROGRAMS/parley-runtime" ] || die "$EXIT_BUILD" "$STACK_PROGRAMS has no parley-runtime" \
		"Build first: cmake --preset release && cmake --build --preset release"
	export PARLEY_CONFIG=$STACK/cli/config.yaml
	unset PARLEY_CONTEXT PARLEY_TOKEN
	PATH=$STACK_PROGRAMS:$PATH
	service_user_set ""
	port_free STACK_DESIGN
	port_free STACK_HTTP
	for environment in $STACK_ENVIRONMENTS; do
		port_free "STACK_PORT[$environment]"
		port_free "STACK_SIDE[$environment]"
	done
	trap stack_end EXIT
	trap 'exit 130' INT TERM
	# A test that is killed hard leaves no servers behind either.
	# shellcheck disable=SC2016 # the inner shell's variables
	setsid "$BASH" -c 'tail --pid="$1" -s 0.5 -f /dev/null
		for file in "$2"/run/*.pid; do read -r pid birth <"$file" && kill -9 "$pid"; done
		[ "$3" = 1 ] || rm -rf "$2"' - $$ "$STACK" "${KEEP:-0}" </dev/null >/dev/null 2>&1 &
	disown
}

stack_up()
{
	local durable=
	if [ "${1:-}" = --durable ]; then
		durable=--durable
		shift
	fi
	[ $# = 0 ] || STACK_ENVIRONMENTS=$*
	stack_place
	# shellcheck disable=SC2086 # an option or nothing
	STACK_POSTGRES=$("$test_lib/postgres.sh" start $durable --owner $$)
	stack_folders
	stack_credentials 2>/dev/null
	# shellcheck disable=SC2086 # a list of names
	databases_make "$STACK_POSTGRES" $STACK_ENVIRONMENTS
	stack_configure
	stack_administrator
	stack_restart design
	for environment in $STACK_ENVIRONMENTS; do
		stack_restart "$environment"
	done
	stack_login
}

stack_sample()
{
	local environment
	parley apply -f "$stack_profiles/sample/retail-bank.yaml"
	for environment in $STACK_ENVIRONMENTS; do
		stack_import "$environment" retail-bank customer "$stack_profiles/sample/customers.csv"
		stack_deploy retail-bank "$environment"
	done
}

stack_kill()
{
	local pid
	if [ "$1" = postgres ]; then
		"$test_lib/postgres.sh" halt "$STACK_POSTGRES"
		return
	fi
	pid=$(process_pid "$STACK/run/$1.pid")
	kill -KILL "$pid"
	# A large process takes a while to die, and until then a restart would find it running.
	while [ -n "$(process_birth "$pid")" ]; do
		sleep 0.02
	done
}

stack_restart()
{
	case $1 in
	postgres) "$test_lib/postgres.sh" resume "$STACK_POSTGRES" ;;
	design) stack_design_start || stack_fail "the design server does not start" ;;
	*) stack_runtime_start "$1" || stack_fail "the runtime $1 does not start" ;;
	esac
}

stack_end()
{
	local status=$? name stopping=()
	trap - EXIT
	for name in design $STACK_ENVIRONMENTS; do
		process_stop "$STACK/run/$name.pid" 15 &
		stopping+=($!)
	done
	wait "${stopping[@]}"
	[ -z "${STACK_POSTGRES:-}" ] || "$test_lib/postgres.sh" stop "$STACK_POSTGRES"
	if grep -E 'Sanitizer|runtime error:' -A 12 "$STACK"/log/*.log >&2; then
		echo "failed: a sanitizer complained in a server" >&2
		status=1
	fi
	if [ "${KEEP:-0}" = 1 ]; then
		echo "kept: $STACK"
	else
		rm -rf "$STACK"
	fi
	exit "$status"
}

stack_fail()
{
	local file
	for file in "$STACK"/log/*.log; do
		printf '%s:\n' "${file##*/}" >&2
		tail -n 15 "$file" | sed 's/^/    | /' >&2
	done
	printf 'failed: %s\n' "$1" >&2
	exit 1
}
