#!/usr/bin/env bash
# Three runtimes of one environment get what is deployed step by step. A roll-out is paused, resumed and undone; a snapshot that
# visitors do not like returns by itself; a server that was away, and a design server that dies between any two steps, hold nothing up
# for good.
set -euo pipefail
# shellcheck source=../lib/fleet.sh
. "$(dirname "$0")/../lib/fleet.sh"

# change SCORE: another configuration, so that there is something to deploy.
change()
{
	parley export retail-bank | sed "s/^score: $score\$/score: $1/" >"$STACK/changed.yaml"
	parley apply -f "$STACK/changed.yaml" >/dev/null
	score=$1
}

status()
{
	parley rollout status retail-bank --env test "$@"
}

# The version that a server serves to all, by the design server.
runs()
{
	status -o json | tr -d ' \n' | sed "s/{\"server\":/\n&/g" | sed -n "s/.*\"server\":\"$1\".*\"running_version\":\\([0-9]*\\).*/\\1/p"
}

# beyond_first: whether the newest roll-out has its first step behind it, for good: what the log says may not be committed yet.
beyond_first()
{
	status -o json | jq -r '.deployments[0] | if .state == "COMPLETE" or .rollout.step == 2 then "beyond" else .rollout.step end'
}

# passed VERSION: the steps that its roll-out has behind it, by the design server's log.
passed()
{
	sed -n "s/.*\"roll-out passed a step\".*\"version\":$1,\"step\":\([0-9]*\).*/step \1/p" "$STACK/log/design.log"
}

history_has()
{
	parley rollout history retail-bank --env test --limit 1 -o json
}

# Longer than any machine needs to look at a step; what is waited for in the end gets a short one, further down.
profile=$(mktemp)
cat >"$profile" <<'PROFILE'
timestamp_lifetime: 6s
rollout:
  strategy: steps
  steps:
    - {servers: [test-1], share: 30%, bake: 600s}
    - {share: 50%, bake: 600s}
  return_on: {error_rate: 0%, p99_ratio: 0%, acceptance_drop: 30%, min_calls: 50}
PROFILE
fleet_up 3 "$profile" >/dev/null
rm -f "$profile"
score=72

tell "the first deployment has nothing beside it and goes to all at once"
expect "on 3 of 3 servers" parley deploy retail-bank --to test
expect "1" runs test-3

tell "the next one goes in steps, first a share of one server's sessions; undone, all serve what they served before"
change 71
parley deploy retail-bank --to test --no-wait >/dev/null
eventually "step 1 of 2: test-1, 30 % of sessions" status
eventually "2 for 30.0 %" status
is "what test-1 serves to the others" "$(runs test-1)" 1
expect "RETURNED" parley rollout undo retail-bank --env test -m 'a slip'
is "what test-1 runs" "$(runs test-1)" 1
refused "it was undone" parley rollout resume retail-bank --env test

tell "visitors do not like version 3: it returns by itself"
fleet_load threads=6 pace=2 dislike=3
change 70
refused "acceptance:" parley deploy retail-bank --to test
fleet_load_end
expect " failed 0 " echo "$load"
expect '"state": "RETURNED"' history_has
is "what test-1 runs" "$(runs test-1)" 1
expect "roll-out" parley audit Deployment -o json

tell "paused, it stays where it is, with another design server too"
change 69
parley deploy retail-bank --to test --no-wait >/dev/null
eventually "4 for 30.0 %" status
expect "PAUSED" parley rollout pause retail-bank --env test -m 'over lunch'
stack_kill design
sed -i 's/bake: 600s/bake: 1s/' "$STACK/etc/environments/test/environment.yaml"
stack_restart design
expect '"state": "PAUSED"' status -o json
expect '"step": 1' status -o json

tell "resumed, it goes on; what is complete is not undone but rolled back"
expect "4" parley rollout resume retail-bank --env test
eventually '"state": "COMPLETE"' status -o json
for server in test-1 test-2 test-3; do
	is "what $server runs" "$(runs $server)" 4
done
is "what is behind it" "$(passed 4 | paste -sd ' ')" "step 1 step 2"
refused "parley rollback retail-bank --env test" parley rollout undo retail-bank --env test
is "what test-3 runs" "$(runs test-3)" 4

tell "a server is away when its step comes; back, it is brought up by itself"
stack_kill test-3
change 68
parley deploy retail-bank --to test --no-wait >/dev/null
eventually "waits for test-3, which is away" status
refused "does not get on: waits for test-3" parley deploy retail-bank --to test
stack_restart test-3
eventually '"state": "COMPLETE"' status -o json
is "what test-3 runs" "$(runs test-3)" 5

tell "the design server dies at every step, and goes on where it was"
change 67
parley deploy retail-bank --to test --no-wait >/dev/null
stack_kill design
stack_restart design
eventually beyond beyond_first
stack_kill design
stack_restart design
eventually '"state": "COMPLETE"' status -o json
for server in test-1 test-2 test-3; do
	is "what $server runs" "$(runs $server)" 6
done
# One that dies between its log and its commit is at the same step again.
is "what is behind it" "$(passed 6 | uniq | paste -sd ' ')" "step 1 step 2"

tell "without the design server timestamps run out: servers say so, and serve"
stack_kill design
where="test"
told=$(wc -l <"$STACK/log/test-2.log")
eventually "TIMESTAMP_EXPIRED" tail -n "+$told" "$STACK/log/test-2.log"
visit 1003
best home-hero
[ -n "$offer" ] || stack_fail "nothing is offered while the timestamp has run out"
told=$(wc -l <"$STACK/log/test-2.log")
stack_restart design
eventually "degraded no longer" tail -n "+$told" "$STACK/log/test-2.log"
