#!/usr/bin/env bash
# What staging's visitors asked for is asked of the next snapshot too. A change of who wins that goes beyond the profile's limit stops the
# promotion and is named with its zone; one that is meant is acknowledged by that name, and the approver sees the figures.
set -euo pipefail
# shellcheck source=../lib/story.sh
. "$(dirname "$0")/../lib/story.sh"

stack_up test staging >/dev/null
where=staging
profile=$STACK/etc/environments/staging/environment.yaml
restart_design()
{
	stack_kill design
	stack_restart design
	stack_login >/dev/null
}
# gate FIELDS: the behavioural gate in front of staging.
gate()
{
	sed -i '/^gates:/d' "$profile"
	printf 'gates: [{kind: behaviour, min_questions: 5, %s}]\n' "$1" >>"$profile"
	restart_design
}
# change FIELD-OF-A-RULE VALUE: in the configuration, and in service on test.
change()
{
	parley export retail-bank | sed "s/^$1\$/$2/" | parley apply -f - >/dev/null
	parley deploy retail-bank --to test >/dev/null
}

gate 'max_changed_zone: 10%, min_decisions: 12, acknowledge: true'
expect "winners that may change: 10 % of each zone's; or acknowledged by name" parley environments staging
tell "the first deployment has nothing to change"
stack_sample >/dev/null

tell "fewer decisions than are asked for"
change 'score: 90' 'score: 91'
refused "0 recorded decisions, 12 are asked for" parley promote retail-bank --to staging

tell "twelve customers ask, at two places"
for customer in {1001..1012}; do
	visit "$customer"
	parley offers "$session" home-hero call-centre-desk --max 2 --env staging >/dev/null
done
eventually '"decisions": 12' parley decision replay --all --env staging -o json
refused "parley behaviour retail-bank --env staging" parley promote retail-bank --to staging

tell "a change that no winner notices passes"
expect "gate of staging lets pass: 0 % of 24 winners changed in 12 decisions" parley behaviour retail-bank --env staging
stack_deploy retail-bank staging >/dev/null

tell "one that makes another offer win at marketing stops, and says where"
change 'score: 20' 'score: 99'
expect "TERM-DEPOSIT" parley behaviour retail-bank --env staging --snapshot working:retail-bank
refused "were not compared" parley promote retail-bank --to staging
status=0
said=$(parley behaviour retail-bank --env staging) || status=$?
is "the exit status" $status 1
for part in "zone marketing" "zone service" "segment savers" "does not let pass: zone marketing: "; do
	[[ $said == *"$part"* ]] || stack_fail "the comparison should say '$part', but says: $said"
done
example=$(parley behaviour retail-bank --env staging --no-evidence -o json | sed -n 's/.*"decision_id": "\(.*\)".*/\1/p' | head -n 1)
expect "home-hero" parley decision show "$example"
refused "at most 10 % may" parley promote retail-bank --to staging
expect "--acknowledge WINNERS_CHANGED:zone/marketing" parley promotion retail-bank

tell "another name does not acknowledge it; its own does, and the approver sees what changes"
refused GATE_FAILED parley promote retail-bank --to staging --acknowledge WINNERS_CHANGED:zone/service
parley promote retail-bank --to staging --acknowledge WINNERS_CHANGED:zone/marketing --no-wait >/dev/null
said=$(stack_approve retail-bank staging 2>&1)
for part in "How winners change in staging" "zone marketing" "WINNERS_CHANGED:zone/marketing"; do
	[[ $said == *"$part"* ]] || stack_fail "approve should say '$part', but says: $said"
done

tell "a limit of its own for the zone, and receipts that somebody changed"
gate 'max_changed_zone: 10%, min_decisions: 12, limits: [{zone: marketing, max_changed: 100%}]'
change 'score: 99' 'score: 1'
expect "lets pass" parley behaviour retail-bank --env staging
sql "$STACK_POSTGRES" parley_design -At -U parley_owner -c \
	"UPDATE recommendation SET receipt = set_byte(receipt, 18, 255 - get_byte(receipt, 18)) WHERE treatment_code LIKE '$example%' AND receipt IS NOT NULL" >/dev/null
refused "1 recorded decisions do not come out again" parley behaviour retail-bank --env staging
refused "did not come out as they were recorded" parley promote retail-bank --to staging
tell "ok"
