#!/usr/bin/env bash
# A plan is submitted, approved by two persons and executed once: the history names it, the runtime server knows what happened, the design
# server is killed in the middle; done again it changes nothing, and what no longer fits the world is refused.
set -euo pipefail
# shellcheck source=../lib/story.sh
. "$(dirname "$0")/../lib/story.sh"

STACK_APPROVALS[test]=2
stack_up "test" >/dev/null
stack_kill design
sed -i 's/^approvals: 0/approvals: 2/' "$STACK/etc/environments/test/environment.yaml"
stack_restart design
export PARLEY_WORKBENCH=$STACK/bench
where=test
seed=20261123
# The quarter begins so long ago that it is over, and not so long that anything of it is too old to be kept.
begin=$((EPOCHSECONDS / 86400 * 86400 - 120 * 86400))
echo "seed $seed, from $begin on"

database()
{
	sql "$STACK_POSTGRES" parley_design -At -c "$1"
}
# state PLAN FIELD: how it stands on test.
state()
{
	parley plan show "$1" --env test -o json | jq -r ".submission.$2"
}
# sign NAME PLAN: an approver does, with his own key.
sign()
{
	stack_person "$1" >/dev/null
	parley --context "$1" plan approve "$2" --env test --yes --root "$STACK/root/test.root" --key "$STACK/cli/$1.key" \
		--passphrase-file "$STACK/cli/$1.passphrase"
}
# visits FIRST COUNT [SECONDS]: visits of so many customers from number FIRST on, from this moment on, as CSV.
visits()
{
	awk -v seed=$seed -v first="$1" -v count="$2" -v begin="${3:-$begin}" 'BEGIN {
		srand(seed)
		print "time,customer_id,event,offer,points,age,savings"
		for (i = 0; i < 4 * count; i++) {
			accepts = rand() < .1
			printf "%d,%d,%s,%s,home-hero,%d,%d\n", begin + 300 * i, first + int(rand() * count), accepts ? "offer-accepted" : "",
				accepts ? "ESTATE-TALK" : "", 66 + int(rand() * 20), 60000 + int(rand() * 1000)
		}
	}'
}
# plan SET NAME [OPTION…]: the set, planned with what runs.
plan()
{
	[ -e "$PARLEY_WORKBENCH/sets/$1" ] ||
		expect "" parley events import "$STACK/$1.csv" --name "$1" --audience customer:customer_id --attribute age --attribute savings
	expect "planned" parley plan run "$1" --snapshot test:retail-bank --name "$2" --contact offer-shown "${@:3}"
}
# What the history has of plans.
caused()
{
	database "SELECT (SELECT count(*) FROM recommendation WHERE runtime_id ~ '^plan:'), (SELECT count(*) FROM contact_history WHERE runtime_id ~ '^plan:'),
		(SELECT count(*) FROM response_history WHERE runtime_id ~ '^plan:'), (SELECT count(*) FROM session_history WHERE runtime_id ~ '^plan:'),
		(SELECT count(*) FROM visitor_effect)"
}

tell "a channel in which nobody hears of estates a second time is approved and runs"
parley apply -f "$stack_profiles/sample/retail-bank.yaml" >/dev/null
cat >"$STACK/once.yaml" <<'YAML'
kind: SuppressionRule
channel: retail-bank
name: estate-once
offers: [estate-talk]
trigger: PRESENTATIONS
times: 1
scope: FOR_EVER
YAML
parley apply -f "$STACK/once.yaml" >/dev/null
stack_import test retail-bank customer "$stack_profiles/sample/customers.csv" >/dev/null
stack_deploy retail-bank test >/dev/null 2>&1

tell "visits of 600 customers are planned; a plan is nothing until it is submitted and signed by two others"
visits 20001 600 >"$STACK/quarter.csv"
plan quarter quarter --seed 1
refused PLAN_UNKNOWN sign anna quarter
refused PLAN_UNKNOWN parley plan execute quarter --env test
expect "waits for 2 of 2 approvals" parley plan submit quarter --env test -m "a quarter, once more"
expect "submitted already" parley plan submit quarter --env test
plan quarter glance --seed 1 --brief
expect "0 of them (0.00 %) would be answered otherwise" parley plan compare quarter glance
expect "ESTATE-TALK by" parley plan show glance --place 3
refused FIELD_INVALID parley plan submit glance --env test
refused APPROVALS_MISSING parley plan execute quarter --env test
expect "plan quarter is signed for test" sign anna quarter
expect "1 of 2" parley plan submitted --env test
refused APPROVALS_MISSING parley plan execute quarter --env test
expect "" sign anna quarter
is "approvals of one person who signed twice" "$(state quarter approved)" "1 of 2"
expect "ESTATE-TALK" sign ben quarter
is "approvals" "$(state quarter approved)" "2 of 2"
is "what has happened so far" "$(caused)" "0|0|0|0|0"

tell "the design server is killed between two batches of the execution"
# Whoever holds this lock holds up the end of a batch: the first is let go, the second is not.
lock="SELECT pg_advisory_lock(7105118271)"
hold()
{
	sql "$STACK_POSTGRES" parley_design -c "SET application_name = '$1'" -c "$lock" -c "SELECT pg_sleep(600)" >/dev/null 2>&1 &
}
let_go()
{
	database "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = '$1'" >/dev/null
}
waiting()
{
	database "SELECT 'waiting ' || count(*) FROM pg_locks WHERE locktype = 'advisory' AND objid::bigint + (classid::bigint << 32) = 7105118271 AND NOT granted"
}
hold first
eventually "t" database "SELECT EXISTS (SELECT FROM pg_stat_activity WHERE application_name = 'first' AND query LIKE '%pg_sleep%')"
expect "" parley plan execute quarter --env test --no-wait
eventually "waiting 1" waiting
hold second
eventually "waiting 2" waiting
let_go first
eventually "waiting 1" waiting
stack_kill design
let_go second
wait
done=$(database "SELECT done FROM plan")
all=$(database "SELECT effects FROM plan")
[ "$done" -gt 0 ] && [ "$done" -lt "$all" ] || stack_fail "$done of $all effects are done: it should be in the middle"
stack_restart design

tell "it goes on by itself, and ends with each row once"
expect "executed" parley plan execute quarter --env test
is "effects done" "$(state quarter done)" "$all"
totals=$(parley plan show quarter -o json | jq '[.totals[] | select(.dimension == "offer")] | map(.contacts) | add')
shown=$(database "SELECT count(*) FROM contact_history WHERE runtime_id ~ '^plan:'")
is "contacts" "$shown" "$totals"
is "contacts that are there twice" "$(database "SELECT count(*) - count(DISTINCT event_id) FROM contact_history")" 0
is "records" "$(database "SELECT count(DISTINCT sequence) FROM (SELECT sequence FROM recommendation UNION ALL SELECT sequence FROM contact_history
	UNION ALL SELECT sequence FROM response_history UNION ALL SELECT sequence FROM event_history UNION ALL SELECT sequence FROM session_history) AS h")" \
	"$(state quarter records)"
accepts=$(parley plan show quarter -o json | jq '[.totals[] | select(.dimension == "offer")] | map(.accepts) | add')
is "accepts" "$(database "SELECT count(*) FROM response_history WHERE response = 'accept'")" "$accepts"
[ "$accepts" -gt 0 ] || stack_fail "nobody accepted anything"
is "the version that rows name" "$(database "SELECT DISTINCT snapshot_version FROM contact_history")" 1

tell "the history names the plan, and so do reports count it"
source=$(state quarter plan)
parley history --env test --plan quarter --kind contact --limit 5 -o json >"$STACK/history.json"
is "the plan of these rows" "$(jq -r '[.[].plan] | unique | .[]' "$STACK/history.json")" "$source"
is "the number of rows by digits" "$(parley history --env test --plan "$source" --limit 100000 --kind contact -o json | jq length)" "$shown"
is "the funnel's contacts" "$(database "SELECT sum(shown) FROM report_funnel")" "$shown"

tell "what the plan caused can be collected and planned again, as what touchpoints told"
expect "events" parley events collect --name once-more --env test --channel retail-bank --since "$(date -u -d "@$begin" +%Y-%m-%d)"
expect "planned" parley plan run once-more --snapshot test:retail-bank --name once-more
is "problems with its events" "$(parley plan show once-more -o json | jq '[.problems_by_reason[] | select(.reason == "FIELD_INVALID")] | length')" 0

tell "the runtime server knows: who was shown the estate talk in the plan is not offered it now"
customer=$(database "SELECT audience_id FROM contact_history WHERE offer_code = 'ESTATE-TALK' LIMIT 1")
is "servers that were told" "$(state quarter told)" 1
stack_import test retail-bank customer <(printf 'customer_id,age,income,balance,savings,has_mortgage,has_credit_card,missed_payments,customer_since,region
%s,70,20000,100,60500,false,false,0,2014-01-01T00:00:00Z,north
29999,70,20000,100,60500,false,false,0,2014-01-01T00:00:00Z,north\n' "$customer") >/dev/null
visit 29999
best home-hero
is "what a customer gets who was not in the plan" "$offer" ESTATE-TALK
visit "$customer"
best home-hero
[ "$offer" != ESTATE-TALK ] || stack_fail "customer $customer gets the estate talk again"
expect SUPPRESSED parley offers "$session" home-hero --env test --explain

tell "executed again, nothing changes, and it says so"
before=$(caused)
expect "executed already, by administrator: nothing changed" parley plan execute quarter --env test
expect "submitted already" parley plan submit quarter --env test
refused PLAN_STATE parley plan withdraw quarter --env test
is "what the plan caused" "$(caused)" "$before"

tell "another plan over these visitors, made as if nothing had happened, is refused and says who"
plan quarter rival --seed 2
expect "" parley plan submit rival --env test
sign anna rival >/dev/null 2>&1
sign ben rival >/dev/null 2>&1
refused PLAN_MOVED parley plan execute rival --env test
refused "of its visitors are not as it took them to be" parley plan execute rival --env test
is "its state" "$(state rival state)" refused
[ "$(parley plan show rival --env test -o json | jq '.submission.moved | length')" = 100 ] || stack_fail "100 visitors should be told"
is "what plans caused" "$(caused)" "$before"
expect "withdrawn" parley plan withdraw rival --env test -m "too late"

tell "a plan for a snapshot that no longer runs is refused, until it runs again"
visits 40001 20 >"$STACK/others.csv"
plan others others
[[ $(parley plan submit others --env test 2>&1) != *warning* ]] || stack_fail "there is nothing to warn of yet"
sign anna others >/dev/null 2>&1
sign ben others >/dev/null 2>&1
sed -i 's/^times: 1/times: 2/' "$STACK/once.yaml"
parley apply -f "$STACK/once.yaml" >/dev/null
stack_deploy retail-bank test >/dev/null 2>&1
expect "made with version 1 of retail-bank" parley plan submit others --env test
expect "test runs version 2" parley plan submit others --env test
refused "another snapshot than the plan's" parley plan execute others --env test
is "what plans caused" "$(caused)" "$before"
parley rollback retail-bank --env test -m "as it was" >/dev/null 2>&1 || true
stack_approve retail-bank test >/dev/null 2>&1
expect "executed" parley plan execute others --env test
is "plans in the history" "$(database "SELECT count(DISTINCT runtime_id) FROM contact_history WHERE runtime_id ~ '^plan:'")" 2

tell "a plan that begins with visitor state of an hour ago is refused once one of its visitors has been there since"
moment=$(date -u -d '1 hour ago' +%Y-%m-%dT%H:%M:%SZ)
history="host=$STACK_POSTGRES dbname=parley_design user=parley_reader"
expect "as_of" parley plan state then --from-history --env test --until "$moment" --database "$history"
expect "history of test" parley plan state list
visits 29999 3 "$(date -d "$moment" +%s)" >"$STACK/late.csv"
plan late late --seed 3 --state-file then
expect "" parley plan submit late --env test
sign anna late >/dev/null 2>&1
expect "begins with  $moment" sign ben late
before=$(caused)
visit 29999
best home-hero
parley event "$session" offer-shown --treatment "$treatment" --id since >/dev/null
eventually 1 database "SELECT count(*) FROM contact_history WHERE event_id = 'since'"
refused "1 of its visitors are not as it took them to be at $moment" parley plan execute late --env test
moved=$(parley plan show late --env test -o json | jq -r '.submission.moved[] | "\(.what) \(.subject): \(.detail)"')
[[ $moved == "visitor customer 29999: a contact at "*", by test-1" ]] || stack_fail "what has moved is '$moved'"
is "what plans caused" "$(caused)" "$before"

tell "made again with the state of now it is executed"
expect "digest" parley plan state now --from-history --env test --database "$history"
plan late later --seed 3 --state-file now
expect "" parley plan submit later --env test
sign anna later >/dev/null 2>&1
sign ben later >/dev/null 2>&1
expect "executed" parley plan execute later --env test
refused PLAN_MOVED parley plan execute late --env test
expect "" parley plan state remove then
refused "no visitor state" parley plan state remove then

tell "who did what is in the audit"
is "the plan's entries" "$(parley audit Plan --limit 100 -o json | jq -r '[.[] | .action] | sort | unique | join(" ")')" \
	"begin execute executed refuse sign submit withdraw"
tell ok
