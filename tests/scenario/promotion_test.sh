#!/usr/bin/env bash
# A channel goes from test to staging to production: everywhere the very same bytes, each environment with its own versions, and
# nothing reaches production but through staging.
set -euo pipefail
# shellcheck source=../lib/story.sh
. "$(dirname "$0")/../lib/story.sh"

running()
{
	parley version --env "$1" -o json | sed -n "s/.*\"$2\": *\"\{0,1\}\([0-9a-f]*\).*/\1/p" | head -n 1
}

stack_up >/dev/null
where=production
parley apply -f "$stack_profiles/sample/retail-bank.yaml" >/dev/null
for environment in $STACK_ENVIRONMENTS; do
	stack_import "$environment" retail-bank customer "$stack_profiles/sample/customers.csv" >/dev/null
done

tell "production cannot get what staging does not run"
refused PROMOTION_SOURCE parley deploy retail-bank --to production
refused CHANNEL_NOT_DEPLOYED parley session start --env production --channel retail-bank --audience customer:customer_id=1003

tell "the first deployment goes down the line"
for environment in $STACK_ENVIRONMENTS; do
	stack_deploy retail-bank "$environment" >/dev/null
done
first=$(running test digest)
is "the digest's length" ${#first} 64
eventually "$first" running staging digest
eventually "$first" running production digest
visit 1003
best home-hero
is "customer 1003's offer" "$offer" ESTATE-TALK

tell "the same again changes nothing"
parley deploy retail-bank --to test >/dev/null
is "test's version" "$(running test version)" 1

tell "a change is on test alone until it is promoted, with scenarios that no longer ask for what was; an open session goes on under it"
parley export retail-bank | sed 's/^score: 72$/score: 5/' >"$STACK/changed.yaml"
parley apply -f "$STACK/changed.yaml" >/dev/null
parley deploy retail-bank --to test >/dev/null
second=$(running test digest)
[ "$second" != "$first" ] || stack_fail "the change is not in the snapshot"
is "production's digest" "$(running production digest)" "$first"
stack_deploy retail-bank staging >/dev/null
refused "expected  ESTATE-TALK" parley evidence scenarios retail-bank "$stack_profiles/sample/scenarios.yaml" --env staging
sed '/^- name: one place shows one offer/,/^$/d; /^- name: with <savings> at rest/,/OFFERED\]$/d' \
	"$stack_profiles/sample/scenarios.yaml" >"$STACK/scenarios.yaml"
STACK_SCENARIOS=$STACK/scenarios.yaml stack_deploy retail-bank production >/dev/null
eventually "$second" running production digest
is "production's version" "$(running production version)" 2
is "test's version" "$(running test version)" 2
best home-hero
is "customer 1003's offer, in the same session" "$offer" TERM-DEPOSIT

tell "what was exported is what was applied"
parley export retail-bank >"$STACK/again.yaml"
expect "" parley diff -f "$STACK/again.yaml"
tell "ok"
