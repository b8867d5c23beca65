#!/usr/bin/env bash
# The line of a release: gates, approvals by persons, an edit that makes them void, going back, switching off; and a design server
# that dies wherever it likes.
set -euo pipefail
# shellcheck source=../lib/story.sh
. "$(dirname "$0")/../lib/story.sh"

# change N: the score of one rule, so that the channel's snapshot is another one.
change()
{
	parley export retail-bank | sed "s/^score: 72$/score: $1/; s/^score: 7[0-9]$/score: $1/" >"$STACK/changed.yaml"
	parley apply -f "$STACK/changed.yaml" >/dev/null
}

# field CHANNEL-ENVIRONMENT-JSON NAME: the first value of that name.
field()
{
	sed -n "s/.*\"$1\": *\"\{0,1\}\([^\",]*\).*/\1/p" | head -n 1
}

state()
{
	parley deployment get retail-bank ${2:-} --env "$1" -o json | field state
}

sign()
{
	parley --context "$1" approve retail-bank --env "$2" --yes --key "$STACK/cli/$1.key" --passphrase-file "$STACK/cli/$1.passphrase"
}

serving()
{
	parley version --env "$1" -o json | field version
}

stack_up >/dev/null
parley apply -f "$stack_profiles/sample/retail-bank.yaml" >/dev/null
for environment in $STACK_ENVIRONMENTS; do
	stack_import "$environment" retail-bank customer "$stack_profiles/sample/customers.csv" >/dev/null
done
for name in $stack_approvers; do
	stack_person "$name" >/dev/null
done
where=staging

tell "test needs nobody; staging waits for one signature"
expect "deployed to test: version 1" parley deploy retail-bank --to test -m "first"
refused "is the first environment" parley promote retail-bank --to test
expect "0 of 1 are there" parley promote retail-bank --to staging -m "first"
expect "waits for 1 approvals" parley promotion retail-bank
refused CHANNEL_NOT_DEPLOYED parley session start --env staging --channel retail-bank --audience customer:customer_id=1003
expect "" sign anna staging
eventually COMPLETE state staging

tell "gates refuse what nobody measured, and say which command mends it"
refused "parley evidence scenarios retail-bank" parley promote retail-bank --to production
refused "parley load retail-bank --env staging" parley promote retail-bank --to production
scenarios=$stack_profiles/sample/scenarios.yaml
sed 's/offers: \[ESTATE-TALK\]/offers: [TERM-DEPOSIT]/' "$scenarios" >"$STACK/wrong.yaml"
# students N: as many cases of one scenario.
students()
{
	echo "- {name: a student of <age>, audience: 'customer:customer_id=1', profile: {age: <age>}, point: home-hero, expect: {offers: [YOUNG-ACCOUNT]},"
	echo "  cases: [[age]$(seq -s '' -f ', [%g]' "$1")]}"
}
students 19 >"$STACK/few.yaml"
expect "19 passed, 0 failed" parley evidence scenarios retail-bank "$STACK/few.yaml" --env staging
refused "19 scenarios were tried, at least 20 are asked for" parley promote retail-bank --to production
students 20 >"$STACK/few.yaml"
expect "20 passed, 0 failed" parley evidence scenarios retail-bank "$STACK/few.yaml" --env staging
refused "80 % are asked for" parley promote retail-bank --to production
expect "passed, 0 failed" parley evidence scenarios retail-bank "$scenarios" --env staging
! parley evidence scenarios retail-bank "$STACK/wrong.yaml" --env staging >/dev/null || stack_fail "a wrong scenario should exit 1"
refused "scenarios failed: correct them" parley promote retail-bank --to production
expect "0 failed" parley evidence scenarios retail-bank "$scenarios" --env staging
expect "P99_MS" parley load retail-bank --env staging --rate 200 --seconds 2 --connections 4 --audience customer:customer_id=1003

tell "what visitors did in staging is a mix that load plays again; a mix with a mistake says where it is"
mixed() { parley load mix retail-bank --env staging >"$STACK/mix.yaml" && grep "event: " "$STACK/mix.yaml"; }
eventually "event: " mixed
expect "offers" parley load retail-bank --env staging --mix "$STACK/mix.yaml" --rate 50 --seconds 2 --connections 2 --seed 7 --no-evidence
sed 's/steps:/stops:/' "$STACK/mix.yaml" >"$STACK/wrong-mix.yaml"
refused "visit 1: it has no member 'stops'" parley load retail-bank --env staging --mix "$STACK/wrong-mix.yaml"

tell "production wants two persons, none of them the author"
expect "0 of 2 are there" parley promote retail-bank --to production -m "first"
expect "" sign anna production
is "the state after one" "$(state production)" AWAITING_APPROVAL
expect "" sign anna production
is "the state after the same once more" "$(state production)" AWAITING_APPROVAL

tell "other words are another manifest: the approval is void, and the answer says so"
expect "its approvals are void" parley promote retail-bank --to production -m "second thoughts"
is "approvals" "$(parley deployment get retail-bank --env production -o json | grep -c '"approver"' || true)" 0
expect "" sign ben production
stack_kill design
stack_restart design
is "the state, after the design server died between two signatures" "$(state production)" AWAITING_APPROVAL
expect "" sign anna production
eventually COMPLETE state production
is "production's version" "$(serving production)" 1
expect "anna" parley rollout history retail-bank --env production
expect "scenarios" parley rollout history retail-bank --env production

tell "what waits can be given up; what was released cannot"
change 71
parley deploy retail-bank --to test >/dev/null
parley promote retail-bank --to staging --no-wait >/dev/null
expect "is cancelled" parley deployment cancel retail-bank 2 --env staging -m "not now"
refused DEPLOYMENT_STATE sign anna staging
refused "parley rollback" parley deployment cancel retail-bank 1 --env staging
parley promote retail-bank --to staging >/dev/null
is "the version is used again" "$(parley deployment get retail-bank --env staging -o json | field version)" 2

tell "the design server dies right after the last signature, and the roll-out goes on when it is back"
sign anna staging >/dev/null &
signing=$!
stack_kill design
wait "$signing" || true
stack_restart design
sign anna staging >/dev/null || true
eventually COMPLETE state staging
is "staging's version" "$(serving staging)" 2

tell "back to the version before, with one command and the same approvals"
parley rollback retail-bank --env staging -m "worse" >/dev/null
is "the state" "$(state staging)" AWAITING_APPROVAL
sign ben staging >/dev/null
eventually COMPLETE state staging
is "staging's version" "$(serving staging)" 3
is "the version before" "$(state staging 2)" ROLLED_BACK
is "what it brought back" "$(parley deployment get retail-bank --env staging -o json | field rollback_of)" 1

tell "a release goes to where no network reaches, and nowhere else"
parley release export retail-bank "$STACK/bank.release" --env production
expect "all signatures are good" parley release show "$STACK/bank.release" --root "$STACK/keys/production.root"
refused "" parley release import "$STACK/bank.release" --dry-run --root "$STACK/keys/staging.root"
certificate_make "$STACK/authority" "$STACK/cli" operator spiffe://parley/operator/production/olga
stack_kill production
rm -rf "$STACK/runtime/production"
mkdir -p "$STACK/runtime/production"
stack_kill design
stack_restart production
expect "version 1 serves" parley release import "$STACK/bank.release" --runtime "127.0.0.1:${STACK_PORT[production]}" --server-name localhost \
	--ca "$STACK/authority/ca.crt" --certificate "$STACK/cli/operator.crt" --key "$STACK/cli/operator.key"
is "production's version" "$(serving production)" 1
stack_restart design

tell "switching off wants the name once more, and nobody calling"
refused "given once more" parley undeploy retail-bank --env test
where=test
visit 1003
best home-hero
eventually RECOMMENDATION parley history --env test --session "$session" -o json
refused IN_USE parley undeploy retail-bank --env test --confirm retail-bank
expect "switched off in test" parley undeploy retail-bank --env test --confirm retail-bank --in-use
refused CHANNEL_NOT_DEPLOYED parley session start --env test --channel retail-bank --audience customer:customer_id=1003
refused "switched off in test" parley promote retail-bank --to staging
expect "rolled back in test" parley rollback retail-bank --env test
visit 1003
tell "ok"
