#!/usr/bin/env bash
# What the sample bank must answer is tried offline, by the bytes that an environment runs, and on its own server; what fails says
# why, and what no scenario reaches is told.
set -euo pipefail
# shellcheck source=../lib/story.sh
. "$(dirname "$0")/../lib/story.sh"

stack_up "test" >/dev/null
stack_sample >/dev/null
sample=$stack_profiles/sample/scenarios.yaml

tell "the sample's scenarios pass and reach all of it; the bytes are a file's, what an environment runs or what is configured"
expect " 0 failed" parley test "$sample" --snapshot working:retail-bank
expect "100.0 % of the channel is covered" parley test "$sample" --env test --channel retail-bank --coverage
blob=$(find "$STACK/runtime/test" -path '*blobs*' -type f)
expect " 0 failed" parley test "$sample" --snapshot "$blob" --min-coverage 100 --design 127.0.0.1:1

tell "what fails says what was expected, what came, and why; other tools read it, too"
cat >"$STACK/wrong.yaml" <<'YAML'
channel: retail-bank
at: 2026-06-01T09:00:00Z
scenarios:
- name: missed payments do not matter
  audience: customer:customer_id=1002
  profile: {age: 36, income: 58000, missed_payments: 2}
  point: home-hero
  expect: {offers: [HOME-LOAN]}
- name: a card for <who>
  audience: customer:customer_id=<who>
  profile: {income: 50000}
  point: account-tile
  max: 9
  expect: {contains: [GOLD-CARD]}
  cases: [[who], [1], [2]]
YAML
refused "got       none" parley test "$STACK/wrong.yaml" --snapshot "$blob"
refused "wrong.yaml:8: offers at home-hero" parley test "$STACK/wrong.yaml" --snapshot "$blob"
refused "HOME-LOAN: NOT_ELIGIBLE by seekers-get-home-loan: missed_payments < 2" parley test "$STACK/wrong.yaml" --snapshot "$blob"
refused "2 passed, 1 failed" parley test "$STACK/wrong.yaml" --snapshot "$blob" --junit "$STACK/junit.xml"
refused "90 % are asked for" parley test "$STACK/wrong.yaml" --snapshot "$blob" --min-coverage 90
refused "segment       young" parley test "$STACK/wrong.yaml" --snapshot "$blob" --coverage
parley test "$STACK/wrong.yaml" --snapshot "$blob" -o json >"$STACK/wrong.json" || is "the exit code" $? 1
python3 - "$STACK/wrong.json" "$STACK/junit.xml" <<'PYTHON'
import json, sys, xml.etree.ElementTree as tree
told = json.load(open(sys.argv[1]))
assert (told["passed"], told["failed"]) == (2, 1), told
assert told["scenarios"][0]["failures"][0]["line"] == 8, told["scenarios"][0]
assert [k["kind"] for k in told["coverage"]["kinds"]][0] == "rule", told["coverage"]
assert {"kind": "event", "name": "topic-opened", "note": "not reached"} in told["coverage"]["missing"], told["coverage"]
suite = tree.parse(sys.argv[2]).getroot().find("testsuite")
assert (suite.get("tests"), suite.get("failures")) == ("3", "1"), suite.attrib
assert suite.find("testcase/failure").get("message").startswith("offers at home-hero: expected HOME-LOAN"), suite
PYTHON

tell "hundreds take seconds"
{
	echo "channel: retail-bank"
	echo "scenarios:"
	for i in $(seq 300); do
		echo "- {name: number $i, audience: 'customer:customer_id=$i', profile: {age: 20}, point: home-hero, expect: {offers: [YOUNG-ACCOUNT]}}"
	done
} >"$STACK/many.yaml"
expect "300 passed, 0 failed" parley test "$STACK/many.yaml" --snapshot "$blob"

tell "its own server answers the same, and nothing is recorded there; what would leave traces is skipped"
before=$(parley history --env test -o json)
expect " 0 failed" parley test "$sample" --env test --channel retail-bank --live
expect "would leave traces there" parley test "$sample" --env test --channel retail-bank --live
is "the history" "$(parley history --env test -o json)" "$before"

tell "a real visit becomes a scenario that passes at once, and fails where the channel is another"
where="test"
visit 1002
parley offers "$session" home-hero call-centre-desk --max 2 --env test >/dev/null
best home-hero
parley event "$session" offer-shown --treatment "$treatment" --env test >/dev/null
parley event "$session" topic-opened --set topic=cards --set device=phone --env test >/dev/null
parley event "$session" offer-accepted --treatment "$treatment" --env test >/dev/null
parley offers "$session" account-tile --max 9 --filter 'yearly_rate<9' --env test >/dev/null
parley session end "$session" --env test
eventually SESSION_END parley history --env test --session "$session" -o json
is "all who are in the history" "$(parley history --env test --limit 1000 -o json | jq -r '[.[].session_id] | unique | join(" ")')" "$session"
parley test --record --session "$session" --env test >"$STACK/recorded.yaml"
expect "1 passed, 0 failed" parley test "$STACK/recorded.yaml" --snapshot "$blob"
grep -q "event: offer-accepted" "$STACK/recorded.yaml" || stack_fail "$(cat "$STACK/recorded.yaml")"
grep -q SUPPRESSED_ACCEPTED "$STACK/recorded.yaml" || stack_fail "$(cat "$STACK/recorded.yaml")"
sed 's/SUPPRESSED_ACCEPTED/OUTRANKED/' "$STACK/recorded.yaml" >"$STACK/untrue.yaml"
refused "SUPPRESSED_ACCEPTED" parley test "$STACK/untrue.yaml" --snapshot "$blob"
visit 1002
parley offers "$session" home-hero --max 3 --env test >/dev/null
eventually RECOMMENDATION parley history --env test --session "$session" -o json
parley test --record --session "$session" --env test >"$STACK/later.yaml"
grep -q "kind: accept" "$STACK/later.yaml" || stack_fail "what happened before is not in $(cat "$STACK/later.yaml")"
expect "1 passed, 0 failed" parley test "$STACK/later.yaml" --snapshot "$blob"
refused "knows nothing of session 'nobody'" parley test --record --session nobody --env test
tell ok
