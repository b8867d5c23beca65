#!/usr/bin/env bash
# Responses without a session, on two runtimes of one environment: after the session and the server's life, on the other server, by
# offer, by a code on paper; twice; too early; of a code that nobody knows. And what people do with what is left over. At the end
# visitor state is rebuilt from the history.
set -euo pipefail
# shellcheck source=../lib/fleet.sh
. "$(dirname "$0")/../lib/fleet.sh"

settings=$(mktemp)
printf 'responses: {window: 30d, patience: 2s}\n' >"$settings"
fleet_up 2 "$settings" >/dev/null
rm "$settings"
parley deploy retail-bank --to test >/dev/null
where="test"

here()
{
	parley respond "$@" --channel retail-bank --env test
}
there()
{
	parley respond "$@" --channel retail-bank --env test --runtime "127.0.0.1:${STACK_PORT[test-2]}"
}
database()
{
	sql "$STACK_POSTGRES" parley_design -At -c "$1"
}
# counted ID: how often the response is in the history.
counted()
{
	database "SELECT 'times ' || count(*) FROM response_history WHERE event_id = '$1'"
}
# late ID COLUMN: of the queue.
late()
{
	database "SELECT $2 FROM late_response WHERE event_id = '$1'"
}

visit 1001
best home-hero
mine=$treatment mine_offer=$offer
parley event "$session" offer-shown --treatment "$mine" --id shown-1 --env test >/dev/null
parley session end "$session" --env test >/dev/null

tell "a response comes after the session is over and the server that made the offer was killed"
stack_kill test
stack_restart test
expect "taken, ID late-1" here "$mine" accept --id late-1
eventually "times 1" counted late-1
is "the offer" "$(database "SELECT offer_code FROM response_history WHERE event_id = 'late-1'")" "$mine_offer"
is "the visitor" "$(database "SELECT audience_id FROM response_history WHERE event_id = 'late-1'")" 1001

tell "sent again it changes nothing, here or there, also as an event"
expect "was taken before" here "$mine" accept --id late-1
expect "taken, ID late-1" there "$mine" accept --id late-1
visit 1001
parley event "$session" offer-shown --treatment "$mine" --id late-1 --env test >/dev/null
parley event "$session" offer-shown --treatment "$mine" --id shown-2 --env test >/dev/null
eventually shown-2 parley history --env test --kind contact -o json
expect "taken, ID after" there "$mine" reject --id after
eventually "times 1" counted after
is "late-1 counts" "$(counted late-1)" "times 1"

tell "the server that does not know the treatment says so, and the response counts all the same"
expect RESPONSE_LATE there "$mine" accept --id late-2
eventually "times 1" counted late-2

tell "what the server that took it could not tell reaches the visitor state of both servers"
applied()
{
	local n
	for n in "" -2; do
		parley journal inspect "$STACK/runtime/test$n" -o json | jq -r '.kinds.effects_applied // 0'
	done | paste -sd ' '
}
eventually "test-1 test-2" database "SELECT string_agg(server, ' ' ORDER BY server) FROM visitor_effect_place
	WHERE place >= (SELECT max(id) FROM visitor_effect WHERE event_id = 'late-2' AND kind = 'accept')"
before=$(applied)
[ "${before%% *}" -gt 0 ] && [ "${before##* }" = "${before%% *}" ] || stack_fail "the journals have $before effects"

tell "an offer and its visitor are enough; an offer that was not shown to him is not"
expect "taken" there "$mine_offer" accept --offer --audience customer:customer_id=1001 --id late-3
eventually "times 1" counted late-3
is "its treatment" "$(late late-3 treatment_code)" "$mine"
here "$mine_offer" accept --offer --audience customer:customer_id=1009 --id late-4 2>/dev/null
refused "say who responds" here "$mine_offer" accept --offer

tell "a code on paper stands for an offer"
database "INSERT INTO source_code (environment, channel, code, offer_code, campaign) VALUES ('test', 'retail-bank', 'FLYER-7', 'GOLD', 'PRINT')"
here FLYER-7 accept --custom --id late-5 2>/dev/null
eventually "times 1" counted late-5
is "its campaign" "$(database "SELECT campaign FROM response_history WHERE event_id = 'late-5'")" PRINT

tell "one that is wrong is refused at once, or becomes an orphan with a reason"
refused FIELD_INVALID here "$mine" accept --time 2090-01-01T00:00:00Z
refused FIELD_INVALID here "$mine" accept --time 1999-12-31T23:59:59Z
refused CHANNEL_NOT_DEPLOYED parley respond "$mine" accept --channel nowhere --env test
here "$mine" accept --time 2020-01-01T00:00:00Z --id early >/dev/null
here 0000000000000000000 accept --id unknown 2>/dev/null
here NO-SUCH-FLYER accept --custom --id paper 2>/dev/null
eventually before_contact parley orphans list --env test
eventually no_such_code parley orphans list --env test --reason no_such_code
eventually unknown parley orphans list --env test --reason no_such_treatment -o json
eventually late-4 parley orphans list --env test --reason no_such_treatment -o json

tell "people match an orphan by hand, or give it up; the audit tells"
id=$(late unknown id)
expect no_such_treatment parley orphans show "$id" --env test
refused TREATMENT_UNKNOWN parley orphans match "$id" --treatment nonsense --env test
expect MATCHED parley orphans match "$id" --treatment "$mine" --env test
is "it counts" "$(counted unknown)" "times 1"
refused RESPONSE_STATE parley orphans match "$id" --treatment "$mine" --env test
refused RESPONSE_STATE parley orphans discard "$id" --env test
expect "discarded 1" parley orphans discard "$(late early id)" --env test -m "a wrong clock"
expect "discarded 1" parley orphans discard --all --reason no_such_code --env test
expect "discarded 0" parley orphans discard --all --reason no_such_code --env test
expect "a wrong clock" parley orphans list --env test --kind discarded
expect LateResponse parley audit
is "what is left" "$(parley orphans list --env test -o json | grep -c '"event_id"')" 1

tell "with the design server killed in between nothing is lost and nothing counts twice"
stack_kill design
for n in {1..40}; do
	here "$mine" accept --id "burst-$n" >/dev/null 2>&1
done
stack_restart design
eventually "40" database "SELECT count(*) FROM response_history WHERE event_id LIKE 'burst-%'"
is "different ones" "$(database "SELECT count(DISTINCT event_id) FROM response_history WHERE event_id LIKE 'burst-%'")" 40

tell "an accept that comes by a file is brought to both servers too"
brought()
{
	database "SELECT count(DISTINCT runtime_id) FROM effect_history WHERE what = 'brought' AND event_id IN (
		SELECT '~effect:' || id FROM visitor_effect WHERE event_id = 'by-file')"
}
printf 'treatment_code,outcome,event_id,time\n%s,accept,by-file,%s\n' "$mine" "$(date -u +%Y-%m-%dT%H:%M:%SZ)" >"$STACK/outcomes.csv"
expect "1 taken" parley outcomes import "$STACK/outcomes.csv" --env test
eventually 2 brought

tell "visitor state rebuilt from the history is what each server has, with all that came without a session"
# rebuilt SERVER ID: what the comparison says; nothing may be left out.
rebuilt()
{
	kill -USR1 "$(process_pid "$STACK/run/$1.pid")"
	parley journal replay "$STACK/runtime/$1" --check --from-history --env test --server "$2" \
		--database "host=$STACK_POSTGRES dbname=parley_design user=parley_reader" 2>&1
}
for n in 1 2; do
	server=test && [ $n = 1 ] || server=test-2
	expect "equal, byte for byte" parley journal replay "$STACK/runtime/$server" --check --now
	eventually "equal, byte for byte" rebuilt $server test-$n
	! rebuilt $server test-$n | grep -q note || stack_fail "nothing should be left out: $(rebuilt $server test-$n)"
	eventually "$(parley journal inspect "$STACK/runtime/$server" -o json | jq -r '.kinds.effects_applied') brought" \
		database "SELECT count(*) || ' brought' FROM effect_history WHERE what = 'brought' AND runtime_id = 'test-$n'"
done
[ "$(database "SELECT count(*) FROM effect_history WHERE what = 'response'")" -gt 40 ] || stack_fail "the responses' effects should be in the history"

tell "with one of these effects missing in the history that is told"
database "DELETE FROM effect_history WHERE runtime_id = 'test-2' AND what = 'brought' AND sequence = (
	SELECT max(sequence) FROM effect_history WHERE runtime_id = 'test-2' AND what = 'brought')"
! rebuilt test-2 test-2 >/dev/null || stack_fail "the difference should be found"

tell "and of a server that is older than what the history has, from when on all is there"
# applied_after TIME: the history is complete since so long after the second in which test-1 began; says what it lacks then.
applied_after()
{
	database "UPDATE schema_migration SET applied = interval '$1' + (SELECT to_timestamp(min(incarnation) >> 31) FROM ship_cursor WHERE runtime_id = 'test-1')
		WHERE name IN ('0020_effects_in_history.sql', '0028_effect_history.sql')" >/dev/null
	database "SELECT string_agg(lacks, ' ' ORDER BY lacks) FROM history_incomplete WHERE runtime_id = 'test-1'"
}
is "what is lacking since the second in which the server began" "$(applied_after 999ms)" ""
is "what is lacking since the second after" "$(applied_after 1s)" "effect_history effects"
database "INSERT INTO ship_cursor VALUES ('test', 'test-1', (extract(epoch FROM timestamptz '2020-02-01')::bigint << 31) + 1, 7, now())" >/dev/null
kept=$(database "SELECT to_char(applied AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI') FROM schema_migration WHERE name = '0028_effect_history.sql'")
expect "equal, byte for byte" rebuilt test test-1
expect "note: the history has all that changed visitors only from $kept" rebuilt test test-1
expect "the journal of test-1 at 2020-02-01" rebuilt test test-1
is "months that retention has removed" "$(database "SELECT string_agg(lacks, ' ' ORDER BY lacks) FROM history_incomplete
	WHERE runtime_id = 'test-1' AND since = date_trunc('month', now(), 'UTC') - interval '37 months'")" "contact_history effect_history response_history"
