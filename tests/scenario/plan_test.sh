#!/usr/bin/env bash
# A quarter's visits are told to what runs and to what would run: two plans, the same bytes whoever makes them again, who would get
# something else, and nothing in the world is touched.
set -euo pipefail
# shellcheck source=../lib/story.sh
. "$(dirname "$0")/../lib/story.sh"

stack_up "test" >/dev/null
stack_sample >/dev/null
export PARLEY_WORKBENCH=$STACK/bench
seed=20261123
echo "seed $seed"

# How much there is of what a plan must not touch.
world()
{
	sql "$STACK_POSTGRES" parley_design -tAc "SELECT (SELECT count(*) FROM recommendation), (SELECT count(*) FROM event_history),
		(SELECT count(*) FROM session_history), (SELECT count(*) FROM audit)"
}
value() { parley plan show "$1" -o json | python3 -c 'import json, sys; print(json.load(sys.stdin)[sys.argv[1]])' "$2"; }

tell "one configuration runs; another, in which the retired are told of estates last, is deployed over it"
expect "version 1" parley deploy retail-bank --to test -m "as it is"
cat >"$STACK/bolder.yaml" <<'YAML'
kind: TreatmentRule
channel: retail-bank
name: retired-get-estate-talk
segment: retired
zone: marketing
offer: estate-talk
score: 1
eligibility: savings >= 50000.0
YAML
expect "" parley apply -f "$STACK/bolder.yaml"
expect "version 2" parley deploy retail-bank --to test -m "bolder"

tell "a file of visits becomes an event set"
awk -v seed=$seed 'BEGIN {
	srand(seed)
	print "time,customer_id,event,points,age,savings,topic"
	for (i = 0; i < 1200; i++)
		printf "%d,%d,%s,\"home-hero:2,account-tile\",%d,%d,%s\n", 1780000000 + int(rand() * 7776000), 1 + int(rand() * 300),
			rand() < .3 ? "topic-opened" : "", 18 + int(rand() * 70), int(rand() * 100000), rand() < .5 ? "cards" : "loans"
}' >"$STACK/visits.csv"
expect "1200" parley events import "$STACK/visits.csv" --name quarter --audience customer:customer_id --attribute age --attribute savings \
	--attribute topic
before=$(world)

tell "two plans over it; made again with other threads a plan is the same"
expect "planned" parley plan run quarter --snapshot test:retail-bank@1 --name as-it-is --contact offer-shown --threads 1
expect "planned" parley plan run quarter --snapshot test:retail-bank@2 --name bolder --contact offer-shown
expect "planned" parley plan run quarter --snapshot test:retail-bank@1 --name again --contact offer-shown --threads 3
is "the plan made again" "$(value again digest)" "$(value as-it-is digest)"
[ "$(value bolder digest)" != "$(value as-it-is digest)" ] || stack_fail "another snapshot made the same plan"
is "questions" "$(value as-it-is questions)" 2400
expect "as-it-is" parley plan list
expect "ESTATE-TALK" parley plan show as-it-is
expect "2400" parley plan verify bolder

tell "who would get something else, and why"
expect "0 of them (0.00 %)" parley plan compare as-it-is again
status=0
said=$(parley plan compare as-it-is bolder --limit 3) || status=$?
is "the exit code of plans that differ" $status 1
[[ $said == *"another segment"* || $said == *"another rule"* || $said == *"now there is none"* ]] || stack_fail "no reason is told: $said"
parley plan compare as-it-is bolder --limit 3 -o json >"$STACK/compared.json" || [ $? -eq 1 ]
python3 - "$STACK/compared.json" <<'PYTHON'
import json, sys
c = json.load(open(sys.argv[1]))
times = sum(n for row in c["matrix"].values() for n in row.values())
moved = sum(n for before, row in c["matrix"].items() for after, n in row.items() if before != after)
assert times == c["questions"] == 2400, c
assert moved == c["changed"] == sum(row["changed"] for row in c["reasons"].values()) > 0, c
assert all(before == "ESTATE-TALK" for before, row in c["matrix"].items() for after in row if before != after), c["matrix"]
assert len(c["examples"]) == 3 and all(e["before"]["offer"] == "ESTATE-TALK" for e in c["examples"]), c["examples"]
PYTHON

tell "nothing happened: no history, no audit; names and sets are kept apart"
is "the world" "$(world)" "$before"
refused RESOURCE_EXISTS parley plan run quarter --snapshot test:retail-bank@1 --name bolder
refused "no event set" parley plan run nothing --snapshot test:retail-bank@1 --name other
head -50 "$STACK/visits.csv" >"$STACK/few.csv"
expect "49" parley events import "$STACK/few.csv" --name few --audience customer:customer_id
expect "planned" parley plan run few --snapshot test:retail-bank@1 --name few
refused "different event sets" parley plan compare few bolder
expect "" parley plan remove few
refused "no plan" parley plan show few
tell ok
