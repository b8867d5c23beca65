#!/usr/bin/env bash
# What is too old is shown, counted, removed, and told by the audit; and by itself at the design server's start.
set -euo pipefail
# shellcheck source=../lib/story.sh
. "$(dirname "$0")/../lib/story.sh"

stack_up test >/dev/null

# months AGO: makes the history's tables of that month, with a session in it.
months()
{
	sql "$STACK_POSTGRES" parley_design -q -o /dev/null -c "SET ROLE parley_ingest; SELECT history_month_make(now() - interval '$1 months');
		INSERT INTO session_history SELECT now() - interval '$1 months', 1, 1, 0, 1, 'test', 'r1', 'bank', 's', 'customer', '7', '',
			'start', '', '', '{}'"
}

# month AGO: its name.
month()
{
	sql "$STACK_POSTGRES" parley_design -tAc "SELECT to_char((now() AT TIME ZONE 'UTC') - interval '$1 months', 'YYYY-MM')"
}

# shown FILTER: of what `parley retention show` tells.
shown()
{
	parley retention show -o json | jq -r "$1"
}

tell "what is kept how long is shown"
months 0
months 15
expect "13 months" parley retention show
expect "looked at every 60 min" parley retention show
is "what would go of sessions" "$(shown '.tables[] | select(.name == "session_history").gone_months | join(" ")')" "$(month 15)"
is "what would go of contacts" "$(shown '.tables[] | select(.name == "contact_history") | (.gone_months // []) | length')" 0

tell "a dry run changes nothing"
expect "Nothing was changed" parley retention apply --dry-run
said=$(parley retention apply --dry-run | grep session_history)
[[ $said == *"$(month 15)"*about*iB* ]] || stack_fail "the month that would go should be told with its rows and size, but: $said"
[[ $(parley retention apply --dry-run) != *contact_history* ]] || stack_fail "tables of which nothing goes should be left out"
is "the months of sessions" "$(shown '.tables[] | select(.name == "session_history").month_count')" 2

tell "who may not is refused"
random_text 18 >"$STACK/cli/quentin"
parley user create quentin --role qa --password-file "$STACK/cli/quentin" >/dev/null
quentin=$(PARLEY_CONFIG=$STACK/cli/quentin.yaml; export PARLEY_CONFIG
	parley context set q --design "127.0.0.1:$STACK_DESIGN" --ca "$STACK/authority/ca.crt" >/dev/null
	parley login quentin --password-file "$STACK/cli/quentin" >/dev/null; echo "$PARLEY_CONFIG")
expect "13 months" env PARLEY_CONFIG="$quentin" parley retention show
refused "PERMISSION_DENIED" env PARLEY_CONFIG="$quentin" parley retention apply

tell "it is applied"
expect "$(month 15)" parley retention apply
is "the months of sessions" "$(shown '.tables[] | select(.name == "session_history").month_count')" 1
expect "Nothing is older than what is kept" parley retention apply
is "what would go then" "$(shown '[.tables[] | (.gone_months // []) | length] | add')" 0
expect "session_history" parley audit Retention
is "the audit" "$(parley audit Retention session_history -o json | jq -r '.[0] | .action + " " + (.before | fromjson | .month)')" "remove $(month 15)"

tell "and by itself when the design server starts"
months 15
stack_kill design
stack_restart design
eventually 1 shown '.tables[] | select(.name == "session_history").month_count'
is "the audit" "$(parley audit Retention session_history -o json | jq -r '.[0].actor')" parley-design
eventually 'parley_retention_removed_months_total{table="session_history"} 1' get "$STACK_HTTP" /metrics

tell "how far servers have shipped is told with the roll-out"
parley apply -f "$stack_profiles/sample/retail-bank.yaml" >/dev/null
stack_import test retail-bank customer "$stack_profiles/sample/customers.csv" >/dev/null
stack_deploy retail-bank test >/dev/null
where="test"
visit 1001
# rollout FILTER: of its only server.
rollout()
{
	parley rollout status retail-bank --env test -o json | jq -r ".deployments[0].servers[0] | $1"
}
eventually true rollout '(.journal_lag // 0 | tonumber) == 0 and .shipped_time != null and .quiet_time == null'
seen=$(rollout .seen_time)
stack_kill test
eventually true rollout '.quiet_time != null and .shipped_time != null'
[[ ! $(rollout .quiet_time) < $seen ]] || stack_fail "it is said to be quiet since before it was last seen"
expect "QUIET-SINCE" bash -c 'parley rollout status retail-bank --env test || [ $? = 1 ]'
