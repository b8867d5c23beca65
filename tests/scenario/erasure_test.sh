#!/usr/bin/env bash
# A visitor of two servers wants to know what is kept of him, and then to be forgotten. One of the servers is down when he asks, with
# records that it has not shipped, a second visitor asks at the same time, and the design server is killed meanwhile. In the end their IDs
# are nowhere: in no column of any table, in no file of any server. The audit proves it, and another visitor lost nothing.
set -euo pipefail
# shellcheck source=../lib/fleet.sh
. "$(dirname "$0")/../lib/fleet.sh"

who=987650123
second=987650456
other=1002
fleet_up 2 >/dev/null
{
	head -n 1 "$stack_profiles/sample/customers.csv"
	for customer in $who $second; do
		grep "^$other," "$stack_profiles/sample/customers.csv" | sed "s/^$other/$customer/"
	done
} >"$STACK/customer.csv"
stack_import test retail-bank customer "$STACK/customer.csv" >/dev/null
parley deploy retail-bank --to test >/dev/null
where="test"
profiles="host=$STACK_POSTGRES dbname=profiles_test user=$profile_owner"
audience="customer:customer_id=$who"

database()
{
	sql "$STACK_POSTGRES" parley_design -At -c "$1"
}
# on SERVER COMMAND…: the command against that server.
on()
{
	local port=${STACK_PORT[$1]}
	shift
	"$@" --env test --runtime "127.0.0.1:$port"
}
# lives CUSTOMER SERVER NAME: a session with a contact; sets `session`, `treatment` and `offer`.
lives()
{
	local answer
	session=$(on "$2" parley session start --channel retail-bank --audience "customer:customer_id=$1" 2>/dev/null)
	answer=$(on "$2" parley offers "$session" home-hero -o json)
	offer=$(sed -n 's/.*"offer_code": *"\([^"]*\)".*/\1/p' <<<"$answer" | head -n 1)
	treatment=$(sed -n 's/.*"treatment_code": *"\([^"]*\)".*/\1/p' <<<"$answer" | head -n 1)
	on "$2" parley event "$session" offer-shown --treatment "$treatment" --id "$3-$1" >/dev/null
}
# columns_with TEXT: every column of every table that has the text in it.
columns_with()
{
	local database
	for database in parley_design profiles_test; do
		sql "$STACK_POSTGRES" "$database" -At -v ON_ERROR_STOP=1 -c "
			CREATE TEMPORARY TABLE hits (place text);
			DO \$\$ DECLARE c record; hit boolean; BEGIN
				FOR c IN SELECT table_name AS t, column_name AS c FROM information_schema.columns
					WHERE table_schema = 'public' AND data_type IN ('text', 'bytea', 'jsonb', 'ARRAY', 'bigint', 'character varying') LOOP
					EXECUTE format('SELECT EXISTS (SELECT FROM %I WHERE position(%L IN %s) > 0)', c.t, '$1',
						CASE WHEN (SELECT data_type FROM information_schema.columns WHERE table_name = c.t AND column_name = c.c LIMIT 1) = 'bytea'
							THEN format('encode(%I, ''escape'')', c.c) ELSE format('%I::text', c.c) END) INTO hit;
					IF hit THEN INSERT INTO hits VALUES (c.t || '.' || c.c); END IF;
				END LOOP;
			END \$\$;
			SELECT string_agg(place, ' ' ORDER BY place) FROM hits" | tail -n 1
	done | tr '\n' ' ' | sed 's/^ *//; s/ *$//'
}
# rows_of CUSTOMER: how many rows of history there are of him.
rows_of()
{
	database "SELECT sum(n) FROM (
		SELECT count(*) AS n FROM recommendation WHERE audience_id = '$1' UNION ALL
		SELECT count(*) FROM contact_history WHERE audience_id = '$1' UNION ALL
		SELECT count(*) FROM response_history WHERE audience_id = '$1' UNION ALL
		SELECT count(*) FROM session_history WHERE audience_id = '$1' UNION ALL
		SELECT count(*) FROM outcome WHERE audience_id = '$1') AS u"
}

# erasures TEXT: in how many lines of the list it stands.
erasures()
{
	parley visitor erasures --env test | grep -c "$1"
}

tell "two customers on two servers: contacts, a late response, outcomes"
for customer in $who $other; do
	lives "$customer" test first
	printf 'treatment_code,outcome,event_id,time\n%s,opened,opened-%s,%s\n' "$treatment" "$customer" \
		"$(date -u +%Y-%m-%dT%H:%M:%SZ)" >"$STACK/outcomes.csv"
	expect "1 taken" parley outcomes import "$STACK/outcomes.csv" --env test
	eventually opened database "SELECT to_outcome FROM outcome_change WHERE event_id = 'opened-$customer'"
	on test-2 parley respond "$treatment" accept --channel retail-bank --id "late-$customer" >/dev/null 2>&1
	eventually "late-$customer" database "SELECT event_id FROM response_history"
	eventually 2 database "SELECT count(DISTINCT runtime_id) FROM effect_history WHERE what = 'brought' AND audience_id = '$customer'"
	lives "$customer" test-2 second
	eventually "second-$customer" parley history --env test --visitor "$customer" --kind contact -o json
done
lives $who test open
open=$session
lives $second test seen
eventually "seen-$second" parley history --env test --visitor $second --kind contact -o json
eventually "open-$who" parley history --env test --visitor $who --kind contact -o json

tell "he is handed out what is known"
parley visitor export --env test --audience $audience --channel retail-bank --database "$profiles" -o json >"$STACK/export.json"
for piece in recommendation contact_history response_history session_history effect_history outcome profile first-$who late-$who second-$who opened; do
	grep -q "$piece" "$STACK/export.json" || stack_fail "the export should have $piece"
done
expect "contact_history" parley visitor export --env test --audience $audience
! grep -qE "(^|[^0-9a-zA-Z])$other([^0-9a-zA-Z]|\$)" "$STACK/export.json" || # not within a time or bytes
	stack_fail "the export should have nothing of anybody else"

tell "the second server records something that it cannot ship, and goes down"
stack_kill design
lives $who test-2 unshipped
on test-2 parley respond "$treatment" accept --channel retail-bank --id "unshipped-late-$who" >/dev/null 2>&1
stack_kill test-2
stack_restart design
before=$(rows_of $other)

tell "what would go is shown; who does not say why, or cannot be asked, erases nothing"
expect "contact_history" parley visitor erase --env test --audience $audience --dry-run
refused "reason" parley visitor erase --env test --audience $audience --yes
refused "nobody can be asked" parley visitor erase --env test --audience $audience --reason "case 7" </dev/null
refused "the reason has the visitor's ID" parley visitor erase --env test --audience $audience --reason "for $who" --yes
refused "give all of them" parley visitor erase --env test --audience customer:name=x --reason "case 7" --yes
[ "$(rows_of $who)" -gt 0 ] || stack_fail "nothing should be erased yet"

tell "he is erased where that is possible; the other server is waited for"
parley visitor erase --env test --audience $audience --reason "case 7" --channel retail-bank --database "$profiles" --yes --no-wait >/dev/null
tell "  somebody else has another one erased meanwhile: neither waits for the other, and to ask twice is to ask once"
for n in 1 2; do
	parley visitor erase --env test --audience "customer:customer_id=$second" --reason "case 9" --channel retail-bank --database "$profiles" --yes \
		--no-wait >/dev/null
done
eventually 2 erasures "2 of 3"
is "erasures" "$(database "SELECT count(*) FROM erasure")" 2
is "what is left of the second" "$(columns_with $second)" "erasure.audience_id"
refused "SESSION_UNKNOWN" on test parley event "$open" offer-shown --id x
is "what is left" "$(columns_with $who)" "erasure.audience_id"
for visitor in $who $second; do
	! grep -arl $visitor "$STACK/runtime/test" || stack_fail "the first server's folder should not have the ID $visitor any more"
done

tell "the design server is killed, the other server comes back: it goes on by itself"
stack_kill design
stack_restart test-2
stack_restart design
eventually 2 erasures "3 of 3"
for visitor in $who $second; do
	is "what is left" "$(columns_with $visitor)" ""
	! grep -arl $visitor "$STACK"/runtime || stack_fail "no server's folder should have the ID $visitor any more"
done
is "the other's rows" "$(rows_of $other)" "$before"
database "SELECT string_agg(DISTINCT runtime_id || ' ' || incarnation, ',') FROM ship_cursor" >/dev/null

tell "the audit proves it, and says nothing of who it was"
digest=$(database "SELECT encode(digest, 'hex') FROM erasure ORDER BY id LIMIT 1")
expect complete parley audit Visitor "$digest" -o json
expect "" parley audit verify
! parley audit -o json --limit 1000 | grep -q $who || stack_fail "the audit should not have the ID"

tell "state is still the fold over the journal"
for server in test test-2; do
	kill -USR1 "$(process_pid "$STACK/run/$server.pid")"
	lives $other "$server" after
	expect "" parley journal replay "$STACK/runtime/$server" --check --now
done

tell "reports about before are not taken in; he may come again as a new one, and be erased again"
printf 'offer_code,audience_level,audience_id,outcome,event_id,time\n%s,customer,%s,opened,again-1,%s\n' "$offer" $who \
	"$(date -u -d '-1 hour' +%Y-%m-%dT%H:%M:%SZ)" >"$STACK/outcomes.csv"
refused "1 refused" parley outcomes import "$STACK/outcomes.csv" --env test
is "what is left" "$(columns_with $who)" ""
stack_import test retail-bank customer "$STACK/customer.csv" >/dev/null
lives $who test new
eventually "new-$who" parley history --env test --visitor $who --kind contact -o json
is "contacts" "$(database "SELECT count(*) FROM contact_history WHERE audience_id = '$who'")" 1
expect "is complete" parley visitor erase --env test --audience $audience --reason "case 8" --channel retail-bank --database "$profiles" --yes
is "what is left" "$(columns_with $who)" ""
! grep -arl $who "$STACK"/runtime || stack_fail "no server's folder should have the ID any more"
expect "" parley audit verify
tell "done"
