#!/usr/bin/env bash
# What an environment lacks is shown as a person would tell it; what is marked goes alone, is locked until then, and must be whole.
set -euo pipefail
# shellcheck source=../lib/story.sh
. "$(dirname "$0")/../lib/story.sh"

# change KIND NAME SED: edits a resource and applies it.
change()
{
	parley get "$1" "$2" --channel retail-bank -o yaml | sed -e '/^etag:/d' -e "$3" >"$STACK/changed.yaml"
	parley apply -f "$STACK/changed.yaml" >/dev/null
}

# pending ARGUMENT…: sets `said` and `status`.
pending()
{
	status=0
	said=$(parley pending retail-bank "$@") || status=$?
}

says()
{
	[[ $said == *"$1"* ]] || stack_fail "it should say '$1', but says: $said"
}

says_not()
{
	[[ $said != *"$1"* ]] || stack_fail "it should not say '$1', but says: $said"
}

deploy()
{
	stack_deploy retail-bank "$1" >/dev/null
}

stack_up test staging >/dev/null
parley apply -f "$stack_profiles/sample/retail-bank.yaml" >/dev/null
echo "correct horse battery" >"$STACK/password"
as()
{
	PARLEY_CONFIG=$STACK/$1.yaml parley "${@:2}"
}
for user in ann bob; do
	parley user create $user --role designer --password-file "$STACK/password" >/dev/null
	as $user context set $user --design "127.0.0.1:$STACK_DESIGN" --ca "$STACK/authority/ca.crt" >/dev/null
	as $user login $user --password-file "$STACK/password" >/dev/null
done

tell "before the first deployment everything is pending, and afterwards nothing"
pending
is "the exit code" "$status" 1
says "nothing is known to run in test"
says "0 changed, 0 removed"
deploy test
pending
is "the exit code" "$status" 0
says "nothing is pending"

tell "a change is told field by field, with what depends on it"
change rule retired-get-estate-talk 's/^score: 72$/score: 5/'
change segment retired 's/^display_name: .*/display_name: Old hands/'
change offer gold-card 's/^display_name: .*/display_name: Gold/'
pending
is "the exit code" "$status" 1
says "~ treatment-rule/retail-bank/retired-get-estate-talk"
says "score: 72 → 5"
says "display_name: "
says "→ Old hands"
says "2 depend on it: treatment-rule/retail-bank/retired-at-desk, treatment-rule/retail-bank/retired-get-estate-talk"
says "0 added, 3 changed, 0 removed"
pending --env staging
says "nothing is known to run in staging"
pending -o json
says '"before": 72'

tell "what is marked is locked for everybody"
as ann mark rule retired-get-estate-talk --channel retail-bank -m "spring" >/dev/null
expect "was marked already" as ann mark rule retired-get-estate-talk --channel retail-bank
refused "is marked by ann since" as bob mark rule retired-get-estate-talk --channel retail-bank
parley get rule retired-get-estate-talk --channel retail-bank -o yaml | sed -e '/^etag:/d' -e 's/^score: 5$/score: 6/' >"$STACK/changed.yaml"
refused RESOURCE_MARKED parley apply -f "$STACK/changed.yaml"
refused "parley unmark treatment_rule retired-get-estate-talk --channel retail-bank" as ann apply -f "$STACK/changed.yaml"
refused RESOURCE_MARKED as bob delete rule retired-get-estate-talk --channel retail-bank
refused PERMISSION_DENIED as bob unmark rule retired-get-estate-talk --channel retail-bank
expect "spring" parley get marks
pending
says "(marked by ann since"
says "1 marked"
pending --next
says "0 added, 1 changed, 0 removed"

tell "a deployment brings what is marked, and nothing else"
deploy test
expect "nothing found" parley marks
pending
says_not "retired-get-estate-talk:"
says_not "~ treatment-rule/"
says "0 added, 2 changed, 0 removed"
parley apply -f "$STACK/changed.yaml" >/dev/null
pending
says "score: 5 → 6"

tell "what is marked must be whole: the refusal says what to mark"
cat >"$STACK/new.yaml" <<-'END'
	kind: Offer
	name: platinum
	code: PLATINUM
	template: banner
	attributes:
	- {name: headline, value: More than gold}
	state: PUBLISHED
	---
	kind: TreatmentRule
	channel: retail-bank
	name: platinum-for-reliable
	segment: reliable
	zone: marketing
	offer: platinum
END
parley apply -f "$STACK/new.yaml" >/dev/null
as ann mark rule platinum-for-reliable --channel retail-bank >/dev/null
pending
says "What is marked cannot be deployed yet"
refused "parley mark offer platinum --channel retail-bank" parley deploy retail-bank --to test
as ann mark offer platinum --channel retail-bank >/dev/null
deploy test
pending
says_not platinum
says "0 added, 3 changed, 0 removed"

parley get audience-level customer --channel retail-bank -o yaml | sed -e '/^etag:/d' -e 's/^attributes:/&\n- {name: shoe_size, type: INT, not_in_table: true, session_settable: true}/' >"$STACK/level.yaml"
parley apply -f "$STACK/level.yaml" >/dev/null
change segment young 's/^expression: \(.*\)/expression: (\1) || shoe_size > 45/'
as ann mark segment young --channel retail-bank >/dev/null
refused "with only what is marked laid over it" parley deploy retail-bank --to test
as ann mark audience-level customer --channel retail-bank >/dev/null
deploy test

tell "what is gone can be marked to be removed"
as bob delete rule platinum-for-reliable --channel retail-bank >/dev/null
as bob delete offer platinum >/dev/null
pending
says "− treatment-rule/retail-bank/platinum-for-reliable"
says "− offer/platinum"
says "1 depends on it: treatment-rule/retail-bank/platinum-for-reliable"
expect "will be removed there" as bob mark offer platinum --channel retail-bank
refused "parley mark treatment_rule platinum-for-reliable --channel retail-bank" parley deploy retail-bank --to test
refused RESOURCE_MARKED as ann apply -f "$STACK/new.yaml"
as bob mark rule platinum-for-reliable --channel retail-bank >/dev/null
deploy test
pending
says_not platinum
refused RESOURCE_NOT_FOUND as bob mark offer platinum --channel retail-bank

tell "what nothing uses any more is told from what is gone"
parley get constraint two-rates-a-session --channel retail-bank -o yaml | sed '/^etag:/d' >"$STACK/constraint.yaml"
parley delete constraint two-rates-a-session --channel retail-bank >/dev/null
pending
says "− constraint/retail-bank/two-rates-a-session"
says "− offer-list/with-a-rate  (still there, but nothing in the channel uses it)"
parley apply -f "$STACK/constraint.yaml" >/dev/null
pending
says_not "with-a-rate"

tell "all of a channel is marked: nothing in it, or that it reaches, can be changed, and nothing added"
as ann mark --all --channel retail-bank >/dev/null
refused "parley unmark --all --channel retail-bank" as bob delete constraint two-rates-a-session --channel retail-bank
refused RESOURCE_MARKED as bob apply -f "$STACK/new.yaml"
parley get offer gold-card -o yaml | sed -e '/^etag:/d' -e 's/^display_name: .*/display_name: Golden/' >"$STACK/offer.yaml"
refused RESOURCE_MARKED as bob apply -f "$STACK/offer.yaml"
parley unmark --all --channel retail-bank >/dev/null
as bob apply -f "$STACK/offer.yaml" >/dev/null

tell "what one environment runs and the next does not"
deploy staging
pending --from test --env staging
is "the exit code" "$status" 0
deploy test
pending --from test --env staging
is "the exit code" "$status" 1
says "what test runs against what staging runs"
says "score: 5 → 6"
says "→ Golden"
deploy staging
pending --env staging
is "the exit code" "$status" 0
expect '"action": "mark"' parley audit --limit 200 -o json
expect '"action": "marks-deployed"' parley audit --limit 200 -o json
tell "ok"
