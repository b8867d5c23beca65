#!/usr/bin/env bash
# Somebody approves, and her key is taken away before the other approval comes: what she signed no longer counts, whoever signs next.
# Who came for her signs, and it goes on.
set -euo pipefail
# shellcheck source=../lib/story.sh
. "$(dirname "$0")/../lib/story.sh"

state()
{
	parley deployment get retail-bank --env production -o json | sed -n 's/^ *"state": *"\([A-Z_]*\)".*/\1/p' | head -n 1
}

approve()
{
	parley --context "$1" approve retail-bank --env production --yes --key "$2" --passphrase-file "$STACK/cli/$1.passphrase"
}

stack_up >/dev/null
parley apply -f "$stack_profiles/sample/retail-bank.yaml" >/dev/null
for environment in $STACK_ENVIRONMENTS; do
	stack_import "$environment" retail-bank customer "$stack_profiles/sample/customers.csv" >/dev/null
done
stack_deploy retail-bank test >/dev/null
stack_deploy retail-bank staging >/dev/null
stack_evidence retail-bank >/dev/null
for name in anna ben; do
	stack_person $name >/dev/null
done

tell "anna approves, one more is needed"
parley promote retail-bank --to production >/dev/null
expect "1 of 2 are there" approve anna "$STACK/cli/anna.key"

tell "her key is revoked while it waits, and carl comes for her"
make_file "$STACK/cli/carl.passphrase" random_text 18
signing_key_make "$STACK/cli/carl.key" "$STACK/cli/carl.passphrase"
parley root change "$STACK/keys/production.root" "$STACK/2.root" --remove anna --approver carl="$STACK/cli/carl.pub" \
	--key "$STACK/root/rita.key" --key "$STACK/root/rolf.key" >/dev/null
expect "root 2 of production" parley root publish "$STACK/2.root" --env production
is "the state" "$(state)" AWAITING_APPROVAL
said=$(parley deployment get retail-bank --env production -o json)
[[ $said != *'"approver"'* ]] || stack_fail "her approval is still told of: $said"

tell "ben's approval would have been the second"
expect "1 of 2 are there" approve ben "$STACK/cli/ben.key"
is "the state" "$(state)" AWAITING_APPROVAL
refused CHANNEL_NOT_DEPLOYED parley session start --env production --channel retail-bank --audience customer:customer_id=1003
refused "does not list" approve anna "$STACK/cli/anna.key"

tell "carl's is, and all signatures are good by the root that holds"
stack_person carl >/dev/null
expect "is signed for production" approve carl "$STACK/cli/carl.key"
is "the state" "$(state)" COMPLETE
expect "production" parley snapshot verify --channel retail-bank --env production --root "$STACK/keys/production.root"
where=production
visit 1003
tell "ok"
