# shellcheck shell=bash
# What a scenario says and checks, on the servers of stack.sh. Sourced, never run.

# shellcheck source=stack.sh
. "$(dirname "${BASH_SOURCE[0]}")/stack.sh"

tell()
{
	printf '%s  %s\n' "$(clock)" "$*"
}

# expect TEXT COMMAND…: it succeeds and says TEXT.
expect()
{
	local text=$1 said
	shift
	said=$("$@" 2>&1) || stack_fail "$* should succeed, but says: $said"
	[[ $said == *"$text"* ]] || stack_fail "$* should say '$text', but says: $said"
}

# refused TEXT COMMAND…: it fails, and says TEXT.
refused()
{
	local text=$1 said
	shift
	! said=$("$@" 2>&1) || stack_fail "$* should be refused, but says: $said"
	[[ $said == *"$text"* ]] || stack_fail "$* should be refused with '$text', but says: $said"
}

# eventually TEXT COMMAND…: it says TEXT within 30 seconds.
eventually()
{
	local text=$1 said tries=150
	shift
	while [ $((tries -= 1)) -gt 0 ]; do
		said=$("$@" 2>&1) || true
		[[ $said != *"$text"* ]] || return 0
		sleep 0.2
	done
	stack_fail "$* should say '$text' in the end, but says: $said"
}

# get PORT PATH: status, headers and body of an HTTP answer.
get()
{
	exec 3<>"/dev/tcp/127.0.0.1/$1" || return
	printf 'GET %s HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n' "$2" >&3
	cat <&3
	exec 3>&-
}

# visit CUSTOMER [OPTION…]: opens a session on the environment $where and sets `session`.
visit()
{
	session=$(parley session start --env "$where" --channel retail-bank --audience "customer:customer_id=$1" "${@:2}" 2>/dev/null) ||
		stack_fail "customer $1 cannot open a session on $where"
}

# best POINT: sets `offer` and `treatment` to the first offer's.
best()
{
	local answer
	answer=$(parley offers "$session" "$1" --env "$where" -o json) || stack_fail "no answer about $1"
	offer=$(sed -n 's/.*"offer_code": *"\([^"]*\)".*/\1/p' <<<"$answer" | head -n 1)
	treatment=$(sed -n 's/.*"treatment_code": *"\([^"]*\)".*/\1/p' <<<"$answer" | head -n 1)
}

# is WHAT VALUE EXPECTED
is()
{
	[ "$2" = "$3" ] || stack_fail "$1 should be '$3', but is '$2'"
}
