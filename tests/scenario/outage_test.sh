#!/usr/bin/env bash
# The design server and its database die, and then the runtime does. It comes back on its own, from its own disk, goes on
# deciding and taking events; when the others are back, each event is in the history once.
set -euo pipefail
# shellcheck source=../lib/story.sh
. "$(dirname "$0")/../lib/story.sh"

stack_up --durable test >/dev/null
stack_sample >/dev/null
where="test"
count()
{
	parley history --env test --kind "$1" --limit 100 -o json | grep -c '"event_id"' || true
}

tell "an event before the outage"
visit 1002
best home-hero
is "customer 1002's offer" "$offer" HOME-LOAN
expect "" parley event "$session" offer-shown --treatment "$treatment" --id first --env test
eventually HOME-LOAN parley history --env test --kind contact

tell "design server and database are killed; the runtime takes an event"
stack_kill design
stack_kill postgres
expect "" parley event "$session" offer-accepted --treatment "$treatment" --id second --env test

tell "the runtime is killed too, and serves from its disk"
stack_kill test
stack_restart test
visit 1003 --set topic=mortgage
best home-hero
is "the offer by what the session alone tells" "$offer" HOME-LOAN
expect "" parley event "$session" offer-shown --treatment "$treatment" --id third --env test
expect "" parley event "$session" offer-shown --treatment "$treatment" --id third --env test

tell "all are back: every event has arrived, once"
stack_restart postgres
stack_restart design
eventually second parley history --env test --kind accept -o json
eventually third parley history --env test --kind contact -o json
is "contacts in the history" "$(count contact)" 2
is "accepts in the history" "$(count accept)" 1
tell "ok"
