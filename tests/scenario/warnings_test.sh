#!/usr/bin/env bash
# What the analysis warns of stops a deployment until each warning is acknowledged by its name; who did so stands in the history. An
# acknowledgement is for what it names and for nothing else, and errors cannot be acknowledged.
set -euo pipefail
# shellcheck source=../lib/story.sh
. "$(dirname "$0")/../lib/story.sh"
sample=$repository/deploy-profiles/sample/retail-bank.yaml
twin=RULE_DUPLICATE:TreatmentRule/young-get-account
over=RULE_OVER:TreatmentRule/last-spring

# rule NAME OFFER [FIELD…]: a treatment rule of the sample's young customers.
rule()
{
	printf -- '---\nkind: TreatmentRule\nchannel: retail-bank\nname: %s\nsegment: young\nzone: marketing\noffer: %s\nscore: 80\n' "$1" "$2"
	[ $# = 2 ] || printf '%s\n' "${@:3}"
}

deploy()
{
	parley deploy retail-bank --to test "$@"
}

stack_up test >/dev/null
parley apply -f "$sample" >/dev/null
{
	rule twin young-account
	rule last-spring mobile-pay 'effective_time: "2024-03-01T00:00:00Z"' 'expire_time: "2024-06-01T00:00:00Z"'
} | parley apply -f - >/dev/null

tell "two warnings stop it, each told by its name"
refused "2 warnings" deploy
refused "$twin" deploy
refused "$over" deploy
status=0
parley validate retail-bank >/dev/null || status=$?
is "the exit code of validate" $status 9

tell "one acknowledged is not the other, and not one of another object"
refused "1 warnings that nobody has acknowledged: $over" deploy --acknowledge "$twin"
refused "1 warnings" deploy --acknowledge "$twin" --acknowledge RULE_OVER:TreatmentRule/twin
refused "2 warnings" deploy --acknowledge RULE_OVER --acknowledge last-spring
refused DEPLOYMENT_NOT_FOUND parley deployment get retail-bank --env test
expect "acknowledged" parley validate retail-bank --acknowledge "$twin" --acknowledge "$over"

tell "both acknowledged, it goes, and the history keeps who did so"
expect "version 1" deploy --acknowledge "$twin" --acknowledge "$over" -m 'both are meant so'
said=$(parley deployment get retail-bank --env test)
for part in "author: administrator" "acknowledged: $twin" "acknowledged: $over"; do
	[[ $said == *"$part"* ]] || stack_fail "the deployment should say '$part', but says: $said"
done

tell "the next deployment asks anew"
parley export retail-bank | sed 's/^score: 72$/score: 5/' | parley apply -f - >/dev/null
refused "2 warnings" deploy

tell "errors are not acknowledged away"
{
	printf 'kind: Segment\nchannel: retail-bank\nname: nobody\naudience_level: customer\n'
	rule for-nobody mobile-pay | sed 's/^segment: young$/segment: nobody/'
} | parley apply -f - >/dev/null
unfilled=SEGMENT_UNFILLED:Segment/nobody
refused "FINDINGS_ERROR: 1 errors: $unfilled" deploy --acknowledge "$twin" --acknowledge "$over" --acknowledge "$unfilled"
tell "ok"
