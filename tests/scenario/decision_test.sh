#!/usr/bin/env bash
# Decisions looked into and made again: with filters and across points, after suppressions and volumes, with personalised
# attributes and what flows set, before and after another snapshot, by visitors of whom nothing is known. And rows of the history
# that somebody changed are found, whichever it was.
set -euo pipefail
# shellcheck source=../lib/story.sh
. "$(dirname "$0")/../lib/story.sh"

stack_up "test" >/dev/null
stack_sample >/dev/null
where="test"
cat >"$STACK/more.yaml" <<'YAML'
kind: Constraint
channel: retail-bank
name: three-cards-a-day
offers: [gold-card]
scope: OVERALL
period: DAY
counted: CONTACTS
limit: 3
---
kind: SegmentationFlow
channel: retail-bank
name: guess-the-device
audience_level: customer
steps:
  - name: looks
    kind: DECISION
    branches: [{name: browsing, condition: 'topic == "cards"', next: guess}]
  - {name: guess, kind: SET_ATTRIBUTE, attribute: device, value: '"phone"'}
YAML
parley apply -f "$STACK/more.yaml" >/dev/null
parley deploy retail-bank --to test >/dev/null

database()
{
	sql "$STACK_POSTGRES" parley_design -At -c "$1"
}
owner()
{
	sql "$STACK_POSTGRES" parley_design -At -U parley_owner -c "$1"
}
# of FIELD: a number of the last JSON report.
of()
{
	sed -n 's/.*"'"$1"'": *\([0-9]*\).*/\1/p' <<<"$report" | head -n 1
}
replay_all()
{
	report=$(parley decision replay --all -o json) || true
}
# Offers at both places, remembered by the decision's name.
ask()
{
	local answer
	answer=$(parley offers "$session" "$@" --env test -o json) || stack_fail "no answer about $*"
	decision=$(sed -n 's/.*"decision_id": *"\([^"]*\)".*/\1/p' <<<"$answer")
	treatment=$(sed -n 's/.*"treatment_code": *"\([^"]*\)".*/\1/p' <<<"$answer" | head -n 1)
}
shown()
{
	parley event "$session" offer-shown --treatment "$treatment" --env test >/dev/null
}

tell "visitors of every kind are asked for offers"
for customer in 1001 1004 1006 1010 9999; do
	visit "$customer"
	ask home-hero account-tile call-centre-desk --max 3 --across
	[ -z "$treatment" ] || shown
	ask home-hero --filter 'yearly_rate<4' --max 2
	parley event "$session" topic-opened --set topic=cards --env test >/dev/null
	ask home-hero account-tile nowhere --max 2
	[ -z "$treatment" ] || parley event "$session" offer-declined --treatment "$treatment" --env test >/dev/null
	ask account-tile home-hero
	[ "$customer" != 1001 ] || mine=$decision of_treatment=$treatment
done
ask home-hero --filter 'yearly_rate>100'
bare=$decision
is "a decision without offers has a name" "${#bare}" 13
parley offers "$session" home-hero --set income=1.0 --env test >/dev/null # what if: nothing is recorded
eventually "$bare" parley history --env test --kind recommendation -o json

tell "each is made again, to the last bit"
replay_all
is "decisions" "$(of decisions)" 21
is "those that are identical" "$(of identical)" 21
is "those that differ" "$(of different)" 0
is "receipts" "$(database "SELECT count(receipt) FROM recommendation")" 21
[ "$(database "SELECT max(length(receipt)) FROM recommendation")" -lt 400 ] || stack_fail "receipts are long"
expect "0 differ" parley decision replay --since 1h --channel retail-bank --env test
expect "0 decisions replayed" parley decision replay --visitor nobody
expect "0 decisions replayed" parley decision replay --until 2020-01-01
refused USAGE parley decision replay
refused USAGE parley decision replay "$mine" --all

tell "one is shown and explained, by its name or a treatment code"
expect '"phone"' parley decision show "$mine"
expect "home-hero" parley decision show "$of_treatment"
expect yearly_rate parley decision show "$bare" -o json
expect identical parley decision replay "$mine"
expect identical parley decision replay "$bare"
expect REQUEST_FILTERED parley decision replay "$bare" --explain
refused DECISION_UNKNOWN parley decision show 0000000000000
refused FIELD_INVALID parley decision show nonsense
refused ENVIRONMENT_UNKNOWN parley decision show "$mine" --env staging

tell "another snapshot serves; sessions go on under it, and older decisions keep theirs"
sed 's/limit: 3/limit: 100/' "$STACK/more.yaml" | parley apply -f - >/dev/null
parley deploy retail-bank --to test >/dev/null
ask home-hero account-tile --max 2
eventually "$decision" parley history --env test --kind recommendation -o json
replay_all
is "decisions" "$(of decisions)" 22
is "snapshots" "$(of snapshots)" 2
is "those that differ" "$(of different)" 0

tell "a row that was changed is found, whatever was changed"
owner "CREATE TABLE kept AS TABLE recommendation" >/dev/null
tampered()
{
	local rows=${3:-"treatment_code = '$of_treatment'"}
	owner "UPDATE recommendation SET $1 WHERE $rows" >/dev/null
	replay_all
	is "those that differ after $1" "$(of different)" "${2:-1}"
	owner "TRUNCATE recommendation; INSERT INTO recommendation TABLE kept" >/dev/null
}
tampered "score = score + 1e-9"
tampered "offer_code = 'GREEN-FUND'"
tampered "treatment_rule = 'somebody'"
tampered "campaign = 'SPRING'"
tampered "interaction_point = 'home-tile'"
tampered "audience_id = '1009'"
tampered "audience_id = '1009'" 1 "treatment_code LIKE '$mine%' AND receipt IS NULL"
tampered "snapshot_digest = sha256('another')"
tampered "receipt = set_byte(receipt, 18, 255 - get_byte(receipt, 18))"
tampered "receipt = substr(receipt, 1, length(receipt) - 1)"
tampered "receipt = '\\x00'" 0
is "that one is not replayed" "$(of without_receipt)" 1
owner "UPDATE recommendation SET rank = 7 WHERE treatment_code = '$of_treatment'" >/dev/null
refused "rank 7" parley decision replay "$of_treatment"
status=0
parley decision replay --all >/dev/null || status=$?
is "the exit status" "$status" 1

echo "every decision was made again, and every change found"
