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
	split("estate-talk gold-card green-fund term-deposit young-account", offers, " ")
	print "time,customer_id,event,points,age,savings,topic,shown,reward,propensity"
	for (i = 0; i < 1200; i++) {
		shown = offers[1 + int(rand() * 5)]
		printf "%d,%d,%s,\"home-hero:2,account-tile\",%d,%d,%s,%s,%d,0.2\n", 1780000000 + int(rand() * 7776000), 1 + int(rand() * 300),
			rand() < .3 ? "topic-opened" : "", 18 + int(rand() * 70), int(rand() * 100000), rand() < .5 ? "cards" : "loans",
			toupper(shown), rand() < (shown == "green-fund" ? .5 : .1)
	}
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

tell "who would get something else, and why: the estate talk is still possible, but it has 1 now"
expect "0 of them (0.00 %)" parley plan compare as-it-is again
status=0
said=$(parley plan compare as-it-is bolder --limit 3) || status=$?
is "the exit code of plans that differ" $status 1
[[ $said == *"over retired-get-estate-talk"* && $said == *"has 1, before 72"* ]] || stack_fail "no reason is told: $said"
parley plan compare as-it-is bolder --limit 3 -o json >"$STACK/compared.json" || [ $? -eq 1 ]
python3 - "$STACK/compared.json" <<'PYTHON'
import json, sys
whole = json.load(open(sys.argv[1]))
c = whole["comparisons"][0]
times = sum(n for row in c["matrix"].values() for n in row.values())
moved = sum(n for before, row in c["matrix"].items() for after, n in row.items() if before != after)
assert times == c["questions"] == 2400, c
assert moved == c["changed"] == sum(row["changed"] for row in c["reasons"].values()) > 0, c
assert moved == sum(row["changed"] for row in c["causes"]) == c["explained"] == whole["differing"][0][1], c
assert all(before == "ESTATE-TALK" for before, row in c["matrix"].items() for after in row if before != after), c["matrix"]
assert len(c["examples"]) == 3 and all(e["before"]["offer"] == "ESTATE-TALK" for e in c["examples"]), c["examples"]
PYTHON
place=$(python3 -c 'import json, sys; print(json.load(open(sys.argv[1]))["comparisons"][0]["examples"][0]["place"])' "$STACK/compared.json")

tell "an example is opened: what the event is, all that it would do, and why"
said=$(parley plan show bolder --place "$place")
[[ $said == *"was shown"* && $said == *"Why, at home-hero in marketing"* && $said == *"OUTRANKED"* ]] || stack_fail "place $place says: $said"
refused "no event at place" parley plan show bolder --place 999999999

tell "what the plans are worth: the log was drawn with chances of a fifth, and green-fund earns the most"
parley plan compare as-it-is bolder -o json >"$STACK/compared.json" || [ $? -eq 1 ]
python3 - "$STACK/compared.json" "$STACK/visits.csv" <<'PYTHON'
import csv, json, sys
values = json.load(open(sys.argv[1]))["values"]
rows = list(csv.DictReader(open(sys.argv[2])))
earned = sum(float(row["reward"]) for row in rows) / len(rows)
for value in values:
    e = {row["estimate"]: row for row in value["estimates"]}
    assert value["outcomes"] == value["rows"] == len(rows) and value["support"] in ("good", "weak"), value
    assert abs(e["logged"]["value"] - earned) < 1e-9 and 100 < value["effective_rows"] < len(rows), value
    assert e["dr"]["low"] < e["dr"]["value"] < e["dr"]["high"] and abs(e["dr"]["value"] - e["snipw"]["value"]) < .1, value
PYTHON

tell "a report is one file that any browser reads: nothing is loaded, nothing runs"
parley plan report as-it-is bolder again --html "$STACK/report.html"
python3 - "$STACK/report.html" "$(value bolder digest)" <<'PYTHON'
import html.parser, sys
text = open(sys.argv[1], encoding="utf-8").read()
void, opened, seen = {"meta", "br"}, [], set()
class Reader(html.parser.HTMLParser):
    def handle_starttag(self, tag, attributes):
        if tag not in void:
            opened.append(tag)
        self.handle_startendtag(tag, attributes)
    def handle_startendtag(self, tag, attributes):
        seen.add(tag)
        for name, value in attributes:
            assert name not in ("src", "srcset", "background", "action") and not name.startswith("on"), (tag, name)
            assert name != "href" or value.startswith("#"), value
    def handle_endtag(self, tag):
        assert opened and opened.pop() == tag, (tag, opened, self.getpos())
Reader(convert_charrefs=True).feed(text)
assert not opened, opened
assert {"main", "nav", "h1", "h2", "caption", "svg"} <= seen and not {"script", "link", "img", "iframe"} & seen, seen
assert sys.argv[2] in text and "Doubly robust" in text and "retired-get-estate-talk" in text
assert "What differs in the configuration" in text
PYTHON
expect "would be answered otherwise" parley plan report as-it-is bolder
expect "$(value bolder digest)" parley plan show bolder

tell "nothing happened: no history, no audit; names and sets are kept apart"
is "the world" "$(world)" "$before"
refused RESOURCE_EXISTS parley plan run quarter --snapshot test:retail-bank@1 --name bolder
refused "no event set" parley plan run nothing --snapshot test:retail-bank@1 --name other
head -50 "$STACK/visits.csv" | sed "1s/shown/seen/" >"$STACK/few.csv"
expect "49" parley events import "$STACK/few.csv" --name few --audience customer:customer_id
expect "planned" parley plan run few --snapshot test:retail-bank@1 --name few
refused "different event sets" parley plan compare few bolder
expect "no expected value: no event says" parley plan show few
expect "" parley plan remove few
refused "no plan" parley plan show few
tell ok
