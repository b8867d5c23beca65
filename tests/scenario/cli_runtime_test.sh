#!/usr/bin/env bash
# What one does with `parley` on running servers: import customers with faults among them, deploy, play a touchpoint, read the
# history; and what the exit codes say when a runtime server is gone.
set -euo pipefail
# shellcheck source=../lib/story.sh
. "$(dirname "$0")/../lib/story.sh"

# exits CODE COMMAND…: it exits with the code.
exits()
{
	local code=$1 status=0 said
	shift
	said=$("$@" 2>&1) || status=$?
	[ "$status" = "$code" ] || stack_fail "$* should exit $code, but exits $status and says: $said"
}

stack_up test >/dev/null
where="test"

tell "bad rows are kept, counted and told by the exit code; mended, they are taken"
parley apply -f "$stack_profiles/sample/retail-bank.yaml" >/dev/null
file=$STACK/customers.csv
{ cat "$stack_profiles/sample/customers.csv"; printf 'not-a-number\n'; } >"$file"
profiles="host=$STACK_POSTGRES dbname=profiles_test user=profile_owner"
import()
{
	parley profile import "$1" --database "$profiles" --channel retail-bank --level customer --create
}
exits 1 import "$file"
grep -q "customer_id: 'not-a-number' is not a whole number" "$file.rejects" || stack_fail "the rejects file gives no reason"
exits 0 import "$stack_profiles/sample/customers.csv"
exits 2 parley profile import "$file" --database "$profiles" --channel retail-bank --level customer --table nowhere
exits 6 parley profile import "$file" --database "host=/nowhere" --channel retail-bank --level customer

tell "deploying says what it did, and does nothing twice"
expect "(dry run)" parley deploy retail-bank --to test --dry-run
exits 3 parley deploy retail-bank --to moon
expect "deployed to test: version 1" parley deploy retail-bank --to test -m "the first"
expect "was already deployed to test: version 1" parley deploy retail-bank --to test
expect "the first" parley rollout history retail-bank --env test
exits 0 parley rollout status
expect test parley environments
expect '"digest"' parley version --env test -o json

tell "what runs can be looked into where it runs"
exits 2 parley snapshot inspect
exits 3 parley snapshot inspect --channel retail-bank --env moon
expect "channel     retail-bank" parley snapshot inspect --channel retail-bank --env test
digest=$(parley version --env test -o json | sed -n 's/.*"digest": *"\([0-9a-f]*\)".*/\1/p')
expect "channel     retail-bank" parley snapshot inspect "$STACK/runtime/test/blobs/$digest"

tell "a touchpoint's day by hand"
visit 1001
expect OFFERED parley offers "$session" home-hero --max 3 --explain
expect "POINT_UNKNOWN" parley offers "$session" nowhere
treatment=$(parley offers "$session" home-hero -o json | sed -n 's/.*"treatment_code": "\(.*\)".*/\1/p')
expect "taken, ID once" parley event "$session" offer-shown --treatment "$treatment" --id once
expect "was taken before" parley event "$session" offer-shown --treatment "$treatment" --id once
exits 3 parley event "$session" nothing-of-the-kind
exits 2 parley session start --env test --channel retail-bank --audience customer
expect PROFILE parley session profile "$session"
exits 2 parley session debug "$session" maybe
expect "explains every answer" parley session debug "$session" on
expect OFFERED parley offers "$session" home-hero
expect "explains when asked to" parley session debug "$session" off
expect "segments:" parley session audience "$session" --audience customer:customer_id=1002
expect "customer 1002; segments:" parley session profile "$session"
expect "home-hero" parley offers "$session" home-hero --sequence 5
refused SEQUENCE_PASSED parley offers "$session" home-hero --sequence 5
expect SEQUENCE_GAP parley offers "$session" home-hero --sequence 7
printf '[{"get_profile": {}}, {"post_event": {"event": "nothing", "event_id": "b"}}, {"set_debug": {}}]' >"$STACK/batch.json"
exits 7 parley session batch "$session" "$STACK/batch.json"
refused EVENT_UNKNOWN parley session batch "$session" "$STACK/batch.json" --stop-on-error
refused CANCELLED parley session batch "$session" - --stop-on-error -o json <"$STACK/batch.json"
expect DONE parley session batch "$session" - <<<'[{"get_profile": {}}]'
exits 2 parley session batch "$session" - <<<'{}'
exits 0 parley session end "$session" --sequence 8
exits 3 parley offers "$session" home-hero
eventually once parley history --session "$session" --kind contact -o yaml
[ "$(parley history --session "$session" --kind contact -o json | grep -c '"event_id": "once"')" = 1 ] ||
	stack_fail "the contact is not in the history exactly once"
eventually SESSION_END parley history --session "$session" --visitor 1001 --kind session_end -o yaml
eventually SESSION_END parley history --session "$session" --visitor 1002 --kind session_end -o yaml
exits 7 parley history --kind nonsense

tell "whoever gets nothing hears why, and what would have to be different"
visit 1010
why=$(parley offers "$session" home-hero --explain --env test)
for word in "(default)" OFFER_NOT_PUBLISHED "held out of the cell INVITED" "the campaign JUBILEE is not running" BLACKLISTED "!has_credit_card" \
	'device == "phone": ATTRIBUTE_MISSING: device' "not in young: age < 26" telephones-get-mobile-pay GLOBAL NEW-HOMES/INVITED; do
	[[ $why == *"$word"* ]] || stack_fail "parley offers --explain should say '$word', but says: $why"
done
expect MOBILE-PAY parley offers "$session" home-hero --set device=phone
expect "nothing of it was recorded" parley offers "$session" home-hero --set device=phone
expect BUDGET-COACH parley offers "$session" home-hero --as-of 2090-06-15T12:00:00Z
expect "ATTRIBUTE_MISSING: has_credit_card" parley offers "$session" home-hero --unset has_credit_card --explain
refused "is set twice" parley offers "$session" home-hero --set device=phone --unset device
expect "(default)" parley offers "$session" home-hero --set device=phone --filter 'yearly_rate>1'
expect MOBILE-PAY parley offers "$session" home-hero --set device=phone --filter 'yearly_rate<1'
exits 2 parley offers "$session" home-hero --as-of soon
exits 2 parley offers "$session" home-hero --filter yearly_rate
exits 7 parley offers "$session" home-hero --set shoe_size=44
expect BRANCH-TALK parley offers "$session" call-centre-desk
visit 1003
expect DUPLICATE_ACROSS_POINTS parley offers "$session" home-hero account-tile --across --explain
why=$(parley session profile "$session" --explain)
for word in "takes the branch yes" "not in home-seekers" "in retired" gold-trial draw; do
	[[ $why == *"$word"* ]] || stack_fail "parley session profile --explain should say '$word', but says: $why"
done
expect '"trace"' parley session profile "$session" --explain -o json
expect '"score_parts"' parley offers "$session" home-hero --explain -o json
expect 3.4 parley offers "$session" call-centre-desk -o json

tell "a server that is gone is told by exit codes"
stack_kill test
exits 1 parley rollout status
exits 6 parley version --env test
parley export retail-bank | sed 's/^score: 80$/score: 81/' | parley apply -f - >/dev/null
exits 6 parley deploy retail-bank --to test
stack_restart test
eventually "was already deployed" parley deploy retail-bank --to test
exits 0 parley rollout status
tell "done: import, deploy, session, offers, event, history and rollout are as told"
