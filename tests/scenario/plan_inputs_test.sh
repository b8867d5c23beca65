#!/usr/bin/env bash
# A plan over what really happened: recorded history becomes an event set, and told to what runs, with the state of before and the
# profiles of the database, it gives what was given then. And a plan with what is only configured; nothing in the world is touched.
set -euo pipefail
# shellcheck source=../lib/story.sh
. "$(dirname "$0")/../lib/story.sh"

where="test"
stack_up "$where" >/dev/null
stack_sample >/dev/null
export PARLEY_WORKBENCH=$STACK/bench
history="host=$STACK_POSTGRES dbname=parley_design user=parley_reader"
profiles="host=$STACK_POSTGRES dbname=profiles_test user=profile_reader"
design_sql() { sql "$STACK_POSTGRES" parley_design -tA "$@"; }
value() { parley plan show "$1" -o json | python3 -c 'import json, sys; print(json.load(sys.stdin)[sys.argv[1]])' "$2"; }
set_value() { parley events show "$1" -o json | python3 -c 'import json, sys; print(json.load(sys.stdin)[sys.argv[1]])' "$2"; }
# What was recommended, by offer.
given() { design_sql -c "SELECT offer_code, count(*) FROM recommendation WHERE time >= '$moment' AND rank > 0 GROUP BY 1 ORDER BY offer_code COLLATE \"C\""; }
planned()
{
	parley plan show "$1" -o json | python3 -c '
import json, sys
for t in json.load(sys.stdin)["totals"]:
	if t["dimension"] == "offer" and t["recommended"]:
		print("%s|%d" % (t["name"], t["recommended"]))'
}
# Everything that was ever acknowledged is in the history.
shipped() { design_sql -c "SELECT count(*) FROM event_history WHERE event_id = '$1'"; }
mark()
{
	visit 1010
	parley event "$session" topic-opened --id "$1" >/dev/null
	eventually 1 shipped "$1"
}
day()
{
	visit "$@"
	best home-hero
	parley event "$session" offer-shown --treatment "$treatment" --id "shown-$1" >/dev/null
	parley offers "$session" account-tile --max 3 --env "$where" >/dev/null
	[ $(($1 % 2)) = 0 ] || parley event "$session" offer-accepted --treatment "$treatment" --id "accepted-$1" >/dev/null
	parley offers "$session" home-hero --max 2 --env "$where" >/dev/null
}

tell "some customers come, and after a while they come again, with others"
for customer in 1001 1004; do day $customer; done
mark before
moment=$(date -u +%Y-%m-%dT%H:%M:%S.%6NZ)
for customer in 1001 1004 1007; do
	visit $customer --set topic=mortgage
	parley offers "$session" home-hero --max 2 --env "$where" >/dev/null
	best account-tile
	parley event "$session" offer-shown --treatment "$treatment" --id "again-$customer" >/dev/null
	parley event "$session" offer-declined --treatment "$treatment" --id "declined-$customer" >/dev/null
	parley offers "$session" account-tile --max 3 --env "$where" >/dev/null
done
mark after

tell "what the second day recorded becomes an event set, the same one whenever it is made"
expect "questions" parley events collect --name second --env "$where" --channel retail-bank --since "$moment"
is "questions and events" "$(set_value second events)" "$(design_sql -c "SELECT (SELECT count(DISTINCT seed) FROM recommendation WHERE time >= '$moment')
	+ (SELECT count(DISTINCT event_id) FROM (SELECT event_id, time FROM contact_history UNION ALL SELECT event_id, time FROM response_history
		UNION ALL SELECT event_id, time FROM event_history) h WHERE time >= '$moment')")"
expect "" parley events collect --name again --env "$where" --channel retail-bank --since "$moment"
is "the set made again" "$(set_value again digest)" "$(set_value second digest)"
refused "RESOURCE_EXISTS" parley events collect --name again --env "$where" --channel retail-bank --since 1h
refused "from where" parley plan state before

tell "visitor state as of that moment, folded from the history, and profiles from the database: a plan gives what was given"
expect "as_of" parley plan state before --from-history --env "$where" --until "$moment" --database "$history"
expect "found" parley plan run second --snapshot "$where:retail-bank" --name as-it-was --state-file before --database "$profiles"
is "what the plan recommends" "$(planned as-it-was)" "$(given)"
expect "planned" parley plan run second --snapshot "$where:retail-bank" --name from-nothing
[ "$(value from-nothing digest)" != "$(value as-it-was digest)" ] || stack_fail "it does not matter what was before"
expect "planned" parley plan run second --snapshot "$where:retail-bank" --name once-more --state-file before --database "$profiles"
is "the plan made again" "$(value once-more digest)" "$(value as-it-was digest)"
refused "not from both" parley plan run second --snapshot "$where:retail-bank" --name x --database "$profiles" --profiles "$STACK/none"
refused "could not be read" parley plan run second --snapshot "$where:retail-bank" --name x --database "host=$STACK_POSTGRES dbname=nowhere user=profile_reader"

tell "what the server has by now, and what the history makes of all of it, is the same to a plan"
kill -USR1 "$(process_pid "$STACK/run/$where.pid")"
eventually newest ls "$STACK/runtime/$where/visitors"
expect "equal" parley journal replay "$STACK/runtime/$where" --check --now
expect "digest" parley plan state live --state "$STACK/runtime/$where"
expect "digest" parley plan state folded --from-history --env "$where" --database "$history"
for state in live folded; do
	expect "planned" parley plan run second --snapshot "$where:retail-bank" --name "$state" --state-file "$state" --database "$profiles"
done
is "the plan from the folded state" "$(value folded digest)" "$(value live digest)"
[ "$(value live digest)" != "$(value as-it-was digest)" ] || stack_fail "it does not matter what was since"

tell "what is only configured can be planned with, and nothing is recorded for it"
# But for what the servers themselves keep, such as when a token was used last.
world()
{
	design_sql <<'SQL'
SELECT format('SELECT %L, count(*), md5(string_agg(t::text, '','' ORDER BY t::text COLLATE "C")) FROM %I.%I t', relname, nspname, relname)
FROM pg_class c JOIN pg_namespace n ON n.oid = relnamespace
WHERE relkind = 'r' AND nspname = 'public'
	AND relname ~ '^((approval|audit|blob|build|deployment|environment_build|evidence|mark|request)$|build_|resource|recommendation_|.*_history_2)'
ORDER BY 1 \gexec
SQL
}
cat >"$STACK/bolder.yaml" <<'YAML'
kind: TreatmentRule
channel: retail-bank
name: retired-get-estate-talk
segment: retired
zone: marketing
offer: estate-talk
score: 1
eligibility: savings >= 50000.0
YAML
expect "" parley apply -f "$STACK/bolder.yaml"
before=$(world)
expect "planned" parley plan run second --snapshot working:retail-bank --name edited
world | diff - <(printf "%s\n" "$before") || stack_fail "something was written"
[ "$(value edited snapshot)" != "$(value from-nothing snapshot)" ] || stack_fail "it was planned with what runs"
refused RESOURCE_NOT_FOUND parley plan run second --snapshot working:nothing --name other
stack_deploy retail-bank "$where" >/dev/null
expect "planned" parley plan run second --snapshot "$where:retail-bank@2" --name deployed
is "the snapshot that was deployed then" "$(value deployed snapshot)" "$(value edited snapshot)"
design_sql -c "UPDATE resource SET spec = jsonb_set(spec, '{segment}', '\"nobody\"') WHERE kind = 'TreatmentRule' AND name = 'retired-get-estate-talk'" >/dev/null
refused FINDINGS_ERROR parley plan run second --snapshot working:retail-bank --name broken

tell "an import of history that is killed goes on where it was"
design_sql -c "SELECT history_month_make('2026-01-01')" -c "INSERT INTO event_history (time, incarnation, sequence, position, snapshot_version, environment,
		runtime_id, channel, session_id, audience_level, audience_id, snapshot_digest, event_id, event, category, interaction_point, zone, treatment_code,
		offer_code, treatment_rule, segment, campaign, cell, cause_event_id, treatment_audience_level, treatment_audience_id)
	SELECT '2026-01-05'::timestamptz + (i / 3) * interval '1 s', 1, i, 0, 1, 'test', 'made-up', 'retail-bank', 's' || i % 900, 'customer', (1000 + i % 900)::text,
		'\\x00', 'e' || i, 'topic-opened', '', '', '', '', '', '', '', '', '', CASE WHEN i % 10 = 0 THEN 'e1' ELSE '' END, '', ''
	FROM generate_series(1, 12000) i" >/dev/null
collect=(parley events collect --env "$where" --channel retail-bank --since 2026-01-01 --until 2026-02-01)
expect "1200" "${collect[@]}" --name january
is "events of January" "$(set_value january events)" 10800
"${collect[@]}" --name killed >/dev/null 2>&1 &
importer=$!
while kill -0 $importer 2>/dev/null && ! grep -qs '^runs 1$' "$PARLEY_WORKBENCH/sets/killed.importing/state"; do :; done
kill -9 $importer 2>/dev/null && kills=1 || kills=0
wait $importer 2>/dev/null || true
if [ -e "$PARLEY_WORKBENCH/sets/killed.importing/state" ]; then
	refused "--restart" parley events collect --env "$where" --channel retail-bank --since 2025-01-01 --until 2026-02-01 --name killed
	expect "going on" "${collect[@]}" --name killed
fi
is "the set, killed $kills times," "$(set_value killed digest)" "$(set_value january digest)"
tell ok
