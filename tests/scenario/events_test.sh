#!/usr/bin/env bash
# A file of a year's events becomes an event set: what is wrong in it is told, a set is the same whatever happened on the way, and
# an import that was killed goes on where it was.
set -euo pipefail
repository=$(cd "$(dirname "$0")/../.." && pwd)
PARLEY_BIN=${PARLEY_BIN:-$repository/build/debug/bin}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
export PARLEY_WORKBENCH=$work/bench
seed=20261123
echo "seed $seed"

parley() { "$PARLEY_BIN/parley" "$@"; }
digest() { parley events list -o json | python3 -c 'import json, sys; print({s["name"]: s["digest"] for s in json.load(sys.stdin)}[sys.argv[1]])' "$1"; }
fail() { echo "FAILED: $*" >&2 && exit 1; }

# --- a file that somebody sent ---

cat >"$work/sent.csv" <<'CSV'
When,who,points,income
2026-03-01T10:00:00+01:00,17,home:2,40000
yesterday,18,home,1
1772352000,19,"home,basket:3",
2026-02-28,,home,2
2026-02-28,20,home:none,3
2026-02-28,21,,4
CSV
status=0
said=$(parley events import "$work/sent.csv" --name sent --audience customer:customer_id=who --attribute income --mapping time=When 2>&1) || status=$?
[ $status -eq 1 ] || fail "an import with bad rows exits with $status: $said"
grep -q '^events *2$' <<<"$said" && grep -q '^refused *4$' <<<"$said" || fail "2 events and 4 refused rows expected: $said"
[ "$(wc -l <"$work/sent.csv.rejects")" -eq 5 ] || fail "the refused rows are not in the file"
for reason in ',3,".*yesterday' ',5,a key of the visitor' ',6,.*points must be' ',7,it neither posts'; do
	grep -q "$reason" "$work/sent.csv.rejects" || fail "no refused row says $reason"
done
parley events show sent -o json | python3 -c '
import json, sys
first, second = json.load(sys.stdin)["first_events"]
assert first["keys"] == [{"name": "customer_id", "value": "19"}] and [q["interaction_point"] for q in first["questions"]] == ["home", "basket"], first
assert second["attributes"] == [{"name": "income", "value": "40000"}] and second["time_us"] == 1772355600000000, second'
parley events verify sent >/dev/null

# --- the same again ---

! parley events import "$work/sent.csv" --name sent --audience customer:customer_id=who 2>"$work/said" || fail "a name was taken twice"
grep -q 'RESOURCE_EXISTS' "$work/said" && grep -q 'parley events remove sent' "$work/said" || fail "$(cat "$work/said")"
! parley events import "$work/sent.csv" --name again --audience customer:nobody --mapping time=When 2>"$work/said" || fail "a column that is not there was found"
grep -q 'no column "nobody"' "$work/said" || fail "$(cat "$work/said")"

# --- a year, in any order, killed again and again ---

awk -v seed=$seed 'BEGIN {
	srand(seed)
	print "time,customer_id,points,income"
	for (i = 0; i < 60000; i++)
		printf "%d,%d,home:3,%d\n", 1700000000 + int(rand() * 31536000), int(rand() * 5000), int(rand() * 90000)
	print "never,1,home,1"
}' >"$work/year.csv"
import=(events import "$work/year.csv" --audience customer:customer_id --attribute income --memory 1)
parley "${import[@]}" --name whole >/dev/null 2>&1 || [ $? -eq 1 ]
shuf --random-source=<(yes $seed) <(tail -n +2 "$work/year.csv") | cat <(head -1 "$work/year.csv") - >"$work/other.csv"

kills=0
for runs in 1 2 3; do
	"$PARLEY_BIN/parley" "${import[@]}" --name killed >/dev/null 2>&1 &
	importer=$!
	# Killed once it has noted this many runs; that it may be done before is no failure.
	while kill -0 $importer 2>/dev/null && ! grep -qs "^runs $runs\$" "$work/bench/sets/killed.importing/state"; do :; done
	kill -9 $importer 2>/dev/null && kills=$((kills + 1))
	wait $importer 2>/dev/null || true
done
[ $kills -gt 0 ] || fail "the importer was never caught"
[ -e "$work/bench/sets/killed.importing/state" ] && {
	! parley events import "$work/other.csv" --name killed --audience customer:customer_id 2>"$work/said" || fail "another file went on with it"
	grep -q -- '--restart' "$work/said" || fail "$(cat "$work/said")"
	parley events list >/dev/null 2>"$work/said"
	grep -q '"killed" is not whole' "$work/said" || fail "nobody hears of what was broken off"
	parley "${import[@]}" --name killed >"$work/said" 2>&1 || [ $? -eq 1 ]
	grep -q 'going on at line' "$work/said" || fail "it did not go on: $(cat "$work/said")"
	grep -q '^refused *1$' "$work/said" || fail "refused rows were lost or doubled: $(cat "$work/said")"
}
[ "$(digest whole)" = "$(digest killed)" ] || fail "killed $kills times it is another set"
cmp "$work/bench/sets/whole" "$work/bench/sets/killed"
parley events verify killed >/dev/null
parley events list >/dev/null 2>"$work/said"
[ ! -s "$work/said" ] || fail "something is told of that is whole"
mkdir "$work/bench/sets/cut.importing"
echo content >"$work/bench/sets/cut.importing/run"
parley events list >/dev/null 2>"$work/said"
grep -q '"cut" is not whole, and takes 8 bytes' "$work/said" || fail "it should tell how large it is"
parley events remove cut
[ ! -e "$work/bench/sets/cut.importing" ] || fail "what was broken off is not removed"
! parley events remove cut 2>/dev/null || fail "it is removed twice"
echo "killed $kills times; the same set"
