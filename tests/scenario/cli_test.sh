#!/usr/bin/env bash
# What a designer does with `parley` on a design server of the test's own: apply, export and apply again, get, diff, delete;
# who may do what; and which exit code each refusal has.
set -eu
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
# shellcheck source=../lib/stack.sh
. "$here/../lib/stack.sh"

STACK_ENVIRONMENTS="test"
stack_place
work=$STACK/work
mkdir "$work"

# expect CODE WORDS COMMAND…: the command exits with the code and says the words, on whichever output.
expect()
{
	local code=$1 words=$2 status=0
	shift 2
	"$@" >"$work/said" 2>&1 </dev/null || status=$?
	[ "$status" = "$code" ] || { cat "$work/said"; stack_fail "exit $status instead of $code: $*"; }
	[ -z "$words" ] || grep -qF -- "$words" "$work/said" || { cat "$work/said"; stack_fail "does not say '$words': $*"; }
}

# An option that is taken and never read would look as if it did something.
for option in $(grep -oE 'OPTION_ROW\($|OPTION_ROW\([A-Z_]+|^ +[A-Z_]+, "' "$repository/cli/option_table.h" | grep -oE '[A-Z_]{2,}' | grep -vx OPTION_ROW); do
	grep -rqw --include='*.c' --include='*.h' "OPT_$option" "$repository/cli" || stack_fail "nobody reads OPT_$option"
done

start()
{
	STACK_POSTGRES=$("$test_lib/postgres.sh" start --owner $$)
	stack_folders
	stack_credentials 2>/dev/null
	databases_make "$STACK_POSTGRES" test
	stack_configure
	stack_administrator
	stack_restart design
}

sign_in()
{
	parley context set local --design "127.0.0.1:$STACK_DESIGN" --ca "$STACK/authority/ca.crt"
	expect 5 "parley login" parley get offers
	echo "not the password" >"$work/wrong"
	expect 5 LOGIN_FAILED parley login administrator --password-file "$work/wrong"
	expect 0 "signed in as administrator (ADMINISTRATOR)" parley login administrator --password-file "$STACK/cli/administrator.password"
	[ "$(stat -c %a "$STACK/cli/tokens/local")" = 600 ] || stack_fail "the token can be read by others"
	! grep -q "$(cat "$STACK/cli/tokens/local")" "$PARLEY_CONFIG" || stack_fail "the token stands in the configuration"
	expect 0 "administrator (ADMINISTRATOR)" parley whoami
}

ask_for_help()
{
	expect 0 "parley load: " parley help load
	expect 0 "parley load mix: " parley help load mix # not load's, which is a verb as well
	expect 0 "Usage: parley plan VERB" parley help plan
	expect 2 "there is no verb 'nonsense'" parley help nonsense
}

apply_and_export()
{
	local bank=$repository/deploy-profiles/sample/retail-bank.yaml count
	count=$(grep -c '^kind:' "$bank")
	expect 0 "dry run, nothing was changed" parley apply -f "$bank" --dry-run
	expect 0 "nothing found" parley get channels
	expect 1 "is not on the server" parley diff -f "$bank"
	expect 0 "$count created, 0 configured, 0 unchanged" parley apply -f "$bank"
	expect 0 "0 created, 0 configured, $count unchanged" parley apply -f "$bank"
	parley export retail-bank >"$work/exported.yaml"
	expect 0 "0 created, 0 configured" parley apply -f "$work/exported.yaml"
	expect 0 "" parley diff -f "$work/exported.yaml"
	parley export retail-bank | cmp - "$work/exported.yaml" || stack_fail "two exports differ"
	! grep -qE '^(etag|create_time|update_time):' "$work/exported.yaml" || stack_fail "the export has what the server sets"
	mkdir "$work/folder"
	parley export --all >"$work/folder/all.yaml"
	local built_in
	built_in=$(($(parley get outcome-types -o json | jq length) - $(grep -c '^kind: OutcomeType' "$bank")))
	expect 0 "0 created, 0 configured, $((count + built_in)) unchanged" parley apply -f "$work/folder"
}

change()
{
	local offer
	offer=$(parley get offers -o json | sed -n 's/^ *"name": "\(.*\)",$/\1/p' | head -n 1)
	expect 0 "kind: Offer" parley get offer "$offer" -o yaml
	expect 0 "NAME" parley get of
	expect 0 "marketing" parley get zones --channel retail-bank --filter 'name == "marketing"'
	parley get zone marketing --channel retail-bank -o yaml >"$work/zone.yaml"
	sed -i 's/^display_name: .*/display_name: Changed/' "$work/zone.yaml"
	expect 1 '~ display_name: "Marketing places" -> "Changed"' parley diff -f "$work/zone.yaml"
	expect 0 "zone/retail-bank/marketing configured" parley apply -f "$work/zone.yaml"
	# the etag in the file is the one before the change
	sed -i 's/^display_name: .*/display_name: Again/' "$work/zone.yaml"
	expect 4 ETAG_STALE parley apply -f "$work/zone.yaml"
	expect 0 "update" parley audit zone marketing
}

# One of every kind, in an order that asks for sorting; its two events trigger each other.
every_kind()
{
	local count
	cat >"$work/every.yaml" <<'YAML'
kind: Event
channel: shop
name: reminded
actions: [LOG_CONTACT, {kind: TRIGGER_EVENT, event: forgotten, delay_s: 86400}]
---
kind: Event
channel: shop
name: forgotten
actions:
- {kind: SUPPRESS_OFFERS, offer_lists: [drinks], scope: DAYS, days: 3, condition: visits > 2}
- {kind: TRIGGER_EVENT, event: reminded}
---
kind: Constraint
channel: shop
name: stock
offer_lists: [drinks]
scope: OVERALL
limit: 100
---
kind: SuppressionRule
channel: shop
name: enough
offers: [tea]
trigger: PRESENTATIONS
times: 3
scope: SESSION
---
kind: Blacklist
channel: shop
name: never
audience_level: guest
entries:
- {audience_id: '7|north', offer: tea}
---
kind: ScoreOverride
channel: shop
name: likes
audience_level: guest
entries:
- {audience_id: '8|north', offer_list: drinks, score: 90, adds: true}
---
kind: GlobalOffer
channel: shop
name: for-all
offer_list: drinks
campaign: spring
cell: A
---
kind: TreatmentRule
channel: shop
name: tea-for-regulars
segment: regulars
offer: tea
---
kind: SegmentationFlow
channel: shop
name: sorting
audience_level: guest
steps:
- name: often
  kind: DECISION
  branches:
  - {name: regular, condition: visits > 5, next: regular}
- {name: regular, kind: SEGMENT, segment: regulars}
---
kind: Segment
channel: shop
name: regulars
audience_level: guest
lists: [vips]
---
kind: AudienceList
channel: shop
name: vips
audience_level: guest
ids: ['1|north', '2|south']
---
kind: InteractionPoint
channel: shop
name: counter
zone: front
default_content: welcome
---
kind: Zone
channel: shop
name: front
inclusion:
- {expression: visits > 0}
offer_inclusion:
- {attribute: price, comparison: LESS, value: 5}
default_offers: [tea]
---
kind: AudienceLevel
channel: shop
name: guest
keys:
- {name: number, type: INT}
- {name: branch, type: STRING}
attributes:
- {name: visits, type: INT, default: 0, session_settable: true}
---
kind: Campaign
name: spring
code: SPRING
attributes: {owner: Anna}
cells:
- {code: A, control_percent: 12.5}
---
kind: OfferList
name: drinks
offers: [tea]
---
kind: Offer
name: tea
code: TEA
template: drink
attributes:
- {name: price, value: 2.5, expression: 'visits > 10 ? 2.0 : 2.5'}
---
kind: OfferTemplate
name: drink
attributes:
- {name: price, type: DOUBLE}
---
kind: Channel
name: shop
YAML
	count=$(grep -c '^kind:' "$work/every.yaml")
	expect 0 "$count created, 0 configured, 0 unchanged" parley apply -f "$work/every.yaml"
	expect 0 "0 created, 0 configured, $count unchanged" parley apply -f "$work/every.yaml"
	parley export shop >"$work/shop.yaml"
	[ "$(grep -c '^kind:' "$work/shop.yaml")" = "$count" ] || stack_fail "the export has not what the channel reaches"
	expect 0 "0 created, 0 configured, $count unchanged" parley apply -f "$work/shop.yaml"
	expect 0 "└─ otherwise → the end" parley flow draw shop sorting
	expect 0 "LOG_CONTACT,TRIGGER_EVENT" parley get events -c shop
	for kind in ch ot of ol ca al z ip ev li seg flow rule go so bl sup con; do
		expect 0 NAME parley get "$kind"
	done
	expect 0 "0 errors, 0 warnings" parley validate shop
	expect 0 "" parley deploy shop --to test --dry-run
	parley apply -f <(sed 's/^- {expression: visits > 0}/- {expression: visits > 0 \&\& visits < 1}/' "$work/every.yaml") >/dev/null
	expect 9 "no value of visits is left" parley validate shop
	expect 7 "ZONE_NEVER:Zone/front" parley deploy shop --to test --dry-run
	expect 0 "1 acknowledged" parley validate shop --acknowledge ZONE_NEVER:Zone/front
	expect 0 "" parley deploy shop --to test --dry-run --acknowledge ZONE_NEVER:Zone/front
	parley apply -f "$work/every.yaml" >/dev/null
	expect 7 "campaign spring has no cell" parley apply -f <(sed 's/^cell: A/cell: B/' "$work/every.yaml")
}

refusals()
{
	expect 3 RESOURCE_NOT_FOUND parley get offer nowhere
	expect 3 RESOURCE_NOT_FOUND parley delete offer nowhere
	expect 0 "deleted" parley delete offer nowhere --allow-missing
	expect 7 RESOURCE_IN_USE parley delete zone marketing --channel retail-bank
	expect 2 "give --channel" parley delete zone marketing
	expect 2 "is no kind" parley get ofers-and-more
	expect 2 "did you mean 'apply'" parley aply
	expect 0 "list(map(string, int))" parley expr check --env 'tags:list(string)' 'tags.map(t, {t: size(t)})'
	expect 7 EXPR_NAME_UNKNOWN parley expr check --env age:int 'agee * 2'
	expect 7 FILTER_INVALID parley get offers --filter 'nmae == "x"'
	expect 6 UNAVAILABLE parley --design 127.0.0.1:1 --timeout 2s get offers
	expect 7 "parley get KIND NAME -o yaml" parley apply -f <(printf 'kind: Zone\nchannel: retail-bank\nname: z\ntie_brake: NONE\n')
	printf 'kind: Zone\nchannel: retail-bank\nname: fresh\n---\n\nkind: Segment\nchannel: retail-bank\nname: bad\naudience_level: customer\nexpression: agee > 3\n' \
		>"$work/bad.yaml"
	expect 7 "bad.yaml:10:1: Segment 'bad'" parley apply -f "$work/bad.yaml"
	expect 7 "1 of 2 documents were applied before this one (0 created, 0 configured, 1 unchanged)" parley apply -f "$work/bad.yaml"
	expect 0 "deleted" parley delete zone fresh --channel retail-bank
}

people()
{
	echo "a long enough password" >"$work/password"
	expect 7 "" parley user create anna --role designr --password-file "$work/password"
	expect 0 "user anna created (viewer)" parley user create anna --role viewer --password-file "$work/password"
	expect 0 anna parley user list
	parley login anna --password-file "$work/password" >"$work/said"
	expect 0 "NAME" parley get channels
	expect 5 PERMISSION_DENIED parley delete channel retail-bank
	expect 5 PERMISSION_DENIED parley user list
	expect 0 "signed out" parley logout
	expect 5 UNAUTHENTICATED parley whoami
}

start
sign_in
ask_for_help
apply_and_export
change
every_kind
refusals
people
echo "cli: apply, export, get, diff, delete, audit, users and refusals are as told"
