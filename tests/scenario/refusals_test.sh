#!/usr/bin/env bash
# What people get wrong: each mistake has its stable reason and a message that names it.
set -euo pipefail
# shellcheck source=../lib/story.sh
. "$(dirname "$0")/../lib/story.sh"

stack_up test >/dev/null
stack_sample >/dev/null

# apply YAML: from standard input, as a change to the sample.
apply()
{
	parley apply -f - <<<"$1"
}

tell "expressions"
segment="kind: Segment
channel: retail-bank
name: wrong
audience_level: customer
expression: "
refused EXPR_SYNTAX apply "${segment}age <"
refused "savings" apply "${segment}savigns > 1.0"
refused EXPR_TYPE apply "${segment}age + 1"

tell "names and codes"
refused REFERENCE_DANGLING apply "{kind: TreatmentRule, channel: retail-bank, name: wrong, segment: nobody, offer: gold-card}"
refused CODE_DUPLICATE apply "{kind: Offer, name: second-gold, code: GOLD-CARD, template: banner, attributes: [{name: headline, value: x}]}"
refused "display_name" apply "{kind: Zone, channel: retail-bank, name: wrong, displayname: x}"
refused RESOURCE_IN_USE parley delete segment young --channel retail-bank

tell "stale etags"
refused ETAG_STALE apply "{kind: Zone, channel: retail-bank, name: service, display_name: Changed, etag: something-old}"

tell "who may"
parley user create vera --role viewer --password-file <(echo a-long-enough-password) >/dev/null
vera()
{
	PARLEY_CONFIG=$STACK/vera/config.yaml parley "$@"
}
mkdir "$STACK/vera"
vera context set local --design "127.0.0.1:$STACK_DESIGN" --ca "$STACK/authority/ca.crt" >/dev/null
refused UNAUTHENTICATED vera get channels
refused LOGIN_FAILED vera login vera --password-file <(echo not-this-one-please)
vera login vera --password-file <(echo a-long-enough-password) >/dev/null
refused PERMISSION_DENIED vera deploy retail-bank --to test
vera login vera --password-file <(echo a-long-enough-password) --lifetime 1s >/dev/null
eventually TOKEN_EXPIRED vera get channels

tell "runtimes"
refused SESSION_UNKNOWN parley offers no-such-session home-hero --env test
refused ENVIRONMENT_UNKNOWN parley deploy retail-bank --to moon
stack_kill test
parley export retail-bank | sed 's/^score: 80$/score: 81/' >"$STACK/changed.yaml"
parley apply -f "$STACK/changed.yaml" >/dev/null
refused "test-1" parley deploy retail-bank --to test
stack_restart test
eventually 2 parley rollout status
tell "ok"
