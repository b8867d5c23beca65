#!/usr/bin/env bash
# Two versions that nobody should have, given to the visitors of one server of two. The answers of one outgrow a call's memory, so
# calls fail; the rules of the other take so long to score that calls are late. Each is caught beside the version that serves,
# and returns by itself; touchpoints that repeat what may be repeated lose nothing.
set -euo pipefail
# shellcheck source=../lib/fleet.sh
. "$(dirname "$0")/../lib/fleet.sh"

newest()
{
	parley deployment get retail-bank --env test
}

# The version that a server serves to all, by itself.
serves()
{
	parley version --runtime "127.0.0.1:${STACK_PORT[$1]}" --env test -o json | sed -n 's/^ *"version": *"\{0,1\}\([0-9]*\).*/\1/p' | head -n 1
}

# Every offer brings its small print: four thousand lines, each of which is one sentence four thousand times.
small_print()
{
	local eight='x + x + x + x + x + x + x + x' text="region + ': read this with care'" i
	for i in 1 2 3 4; do
		text="cel.bind(x, $text, $eight)"
	done
	text="[$text]"
	for i in 1 2 3 4; do
		text="cel.bind(x, $text, $eight)"
	done
	sed "s/^  - {name: headline, value: .*/&\n  - {name: small_print, value: [], expression: \"$text\"}/" "$STACK/bank.yaml"
}

# Forty rules more, each with a score that takes all the work that an expression may have and comes to nothing: what is offered is
# the same, only later. So much later that a machine with other work, which delays the calls of both versions, cannot hide it.
slow_rules()
{
	local tens='[0, 1, 2, 3, 4, 5, 6, 7, 8, 9]' i
	cat "$STACK/bank.yaml"
	for i in {1..40}; do
		printf -- '---\nkind: TreatmentRule\nchannel: retail-bank\nname: slow-%s\nzone: marketing\noffer: term-deposit\n' "$i"
		printf 'score_expression: "%s.all(a, %s.all(b, %s.all(c, %s.all(d, a + b + c + d + age < 1%03d)))) ? 1 : 0"\n' \
			"$tens" "$tens" "$tens" "$tens" "$i"
	done
}

# A roll-out that is found wanting ends at once: the bake time is only for one that nobody finds, and has to be longer than any
# machine needs for the calls that are asked for.
profile=$(mktemp)
cat >"$profile" <<'PROFILE'
rollout:
  strategy: steps
  steps: [{servers: [test-1], share: 100%, bake: 600s}]
  return_on: {error_rate: 1%, p99_ratio: 200%, acceptance_drop: 0%, min_calls: 150}
PROFILE
fleet_up 2 "$profile" >/dev/null
rm -f "$profile"
sed 's/^  - {name: headline, type: STRING}/&\n  - {name: small_print, type: STRING_LIST, default: []}/' \
	"$stack_profiles/sample/retail-bank.yaml" >"$STACK/bank.yaml"
parley apply -f "$STACK/bank.yaml" >/dev/null
parley deploy retail-bank --to test >/dev/null
fleet_load threads=4 pace=5

tell "calls of version 2 fail: it returns by itself, and says why"
small_print | parley apply -f - >/dev/null
refused "errors:" parley deploy retail-bank --to test
expect "calls failed, against 0.00 %" newest
is "what test-1 serves" "$(serves test)" 1

tell "version 3 is slow: it returns too"
slow_rules | parley apply -f - >/dev/null
refused "latency:" parley deploy retail-bank --to test
expect "where the one before serves" newest
is "what test-1 serves" "$(serves test)" 1

tell "no touchpoint lost anything by them, and the audit tells of both"
fleet_load_end
expect " failed 0 " echo "$load"
is "returns in the audit" "$(parley audit Deployment -o json | grep -c '"action": "undo"')" 2
tell "ok"
