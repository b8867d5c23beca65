#!/usr/bin/env bash
# A runtime server's journal from outside: what it holds, whether it is sound, what is written just now; and visitor state folded
# again from it, which is what the server has, byte for byte, also after it was killed.
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
stack_sample >/dev/null
cat >"$STACK/more.yaml" <<'YAML'
kind: Event
channel: retail-bank
name: not-now
category: response
actions: [LOG_REJECT, {kind: SUPPRESS_OFFERS, scope: DAYS, days: 30}]
---
kind: Event
channel: retail-bank
name: asked-about-loans
category: browsing
actions: [{kind: QUALIFY_OFFERS, offers: [home-loan], scope: FOR_EVER, score: 70}]
---
kind: Constraint
channel: retail-bank
name: a-thousand-a-day
offer_lists: [with-a-rate]
scope: OVERALL
period: DAY
counted: CONTACTS
limit: 1000
YAML
parley apply -f "$STACK/more.yaml" >/dev/null
stack_deploy retail-bank test >/dev/null
journal=$STACK/runtime/test/journal

tell "whoever follows the journal sees what happens as it happens"
parley journal tail "$journal" --follow -o json >"$STACK/followed" &
follower=$!
day()
{
	visit "$1"
	best home-hero
	parley event "$session" offer-shown --treatment "$treatment" --id "shown-$1" >/dev/null
	[ "$2" = shown ] || parley event "$session" "$2" --treatment "$treatment" --id "$2-$1" >/dev/null
}
day 1001 offer-accepted
day 1002 offer-declined
day 1003 shown
day 1006 not-now
parley event "$session" asked-about-loans --id asked-1006 >/dev/null
day 1007 offer-accepted
eventually offer-accepted-1007 cat "$STACK/followed"
for id in shown-1001 offer-accepted-1001 offer-declined-1002; do
	is "followed $id" "$(grep -c "\"event_id\": *\"$id\"" "$STACK/followed")" 1
done

tell "a journal that is written can be read, and is sound"
expect "being written" parley journal inspect "$journal"
expect "event_posted" parley journal inspect "$STACK/runtime/test"
expect '"in_use": true' parley journal inspect "$journal" -o json
expect "nothing wrong" parley journal verify "$journal"
expect offer-accepted parley journal tail "$journal" --visitor 1001 --kind event
is "events of 1001" "$(parley journal tail "$journal" --visitor 1001 --kind event -o json | wc -l)" 2
is "accepts" "$(parley journal tail "$journal" --event offer-accepted -o json | wc -l)" 2
is "the last" "$(parley journal tail "$journal" -n 1 -o json | wc -l)" 1
exits 2 parley journal inspect "$STACK/nowhere"

tell "visitor state folded again from the journal is what the server has"
expect "equal, byte for byte" parley journal replay "$STACK/runtime/test" --check --now
expect "equal, byte for byte" parley journal replay "$journal" --check --from-start
day 1005 offer-declined

tell "a kill loses nothing that was acknowledged, and the follower goes on with the next life"
stack_kill test
expect "in use    no" parley journal inspect "$journal"
exits 0 parley journal verify "$journal"
stack_restart test
day 1004 offer-accepted
eventually offer-accepted-1004 cat "$STACK/followed"
expect "equal, byte for byte" parley journal replay "$STACK/runtime/test" --check --now
expect '"equal": true' parley journal replay "$STACK/runtime/test" --check -o json
from_history()
{
	parley journal replay "$STACK/runtime/test" --check --from-history --env test --server "$server" \
		--database "host=$STACK_POSTGRES dbname=parley_design user=parley_reader"
}
server=$(parley journal inspect "$journal" -o json | sed -n 's/.*"runtime": "\(.*\)".*/\1/p')
eventually "equal, byte for byte" from_history
kill "$follower"
wait "$follower" 2>/dev/null || true

tell "damage in the middle is told with the file and the place; a torn tail is ordinary"
copy=$STACK/copy
cp -r "$journal" "$copy"
segment=$(parley journal inspect "$copy" -o json | sed -n 's/.*"file": "\(.*\)".*/\1/p' | head -n 1)
printf 'X' | dd of="$copy/$segment" bs=1 seek=40 conv=notrunc status=none
expect "$segment, byte 0" bash -c "! parley journal verify '$copy'"
exits 1 parley journal verify "$copy"
expect DAMAGED bash -c "parley journal verify '$copy' || true"
expect damaged parley journal inspect "$copy"

tell "a changed byte in a checkpoint is found, and the place told"
checkpoint=$STACK/checkpoint
cp "$STACK/runtime/test/visitors/newest" "$checkpoint"
at=$(grep -obUa 1001 "$checkpoint" | head -n 1 | cut -d : -f 1)
printf '9' | dd of="$checkpoint" bs=1 seek="$at" conv=notrunc status=none
changed()
{
	parley journal replay "$STACK/runtime/test" --check --checkpoint "$checkpoint"
}
exits 1 changed
expect "of visitor 1001 (retail-bank/customer)" bash -c "parley journal replay '$STACK/runtime/test' --check \
	--checkpoint '$checkpoint' || [ \$? = 1 ]"
exits 2 parley journal replay "$copy" --check
exits 3 parley journal replay "$STACK/runtime/test" --check --checkpoint "$STACK/nothing"
