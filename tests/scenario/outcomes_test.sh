#!/usr/bin/env bash
# What a mailer reports is imported from files, matched to what was shown, and told step by step.
set -euo pipefail
# shellcheck source=../lib/story.sh
. "$(dirname "$0")/../lib/story.sh"

stack_up test >/dev/null
work=$STACK/work
mkdir "$work"

# history TREATMENT NUMBER: a recommendation, as ingest would have written it.
history()
{
	sql "$STACK_POSTGRES" parley_design -q -o /dev/null -c "SET ROLE parley_ingest; SELECT history_month_make(now()), history_month_make(now() - interval '1 day');
		INSERT INTO recommendation SELECT now() - interval '1 day', 1, n, 0, 1, 'test', 'r1', 'bank', 's' || n, 'customer', n::text,
			'', 1, 1, 1, 'hero', 'home', '$1' || n, 'GOLD', 'rule', '', 'spring', 'A', 'RULE' FROM generate_series(1, $2) AS n"
}

# at MINUTES: a time in the last day.
at()
{
	date -u -d "-20 hours +$1 minutes" +%Y-%m-%dT%H:%M:00Z
}

# matched: waits until nothing waits in the queue.
matched()
{
	local waiting
	for _ in {1..600}; do
		waiting=$(sql "$STACK_POSTGRES" parley_design -tAc "SELECT count(*) FROM late_response WHERE state = 'waiting'")
		[ "$waiting" != 0 ] || return 0
		sql "$STACK_POSTGRES" parley_design -tAqc "SELECT pg_sleep(0.1)" >/dev/null
	done
	stack_fail "$waiting responses still wait"
}

history T 2000

tell "a letter's life comes from a mailer's file, in any order"
{
	echo "Tag;Event;When"
	echo "T1;clicked;$(at 30)"
	echo "T1;sent;$(at 10)"
	echo "T1;opened;$(at 20)"
	echo "T2;sent;$(at 10)"
	echo "T2;bounced;$(at 11)"
	echo "T2;opened;$(at 12)"
	echo "T1;accept;$(at 40)"
} >"$work/mail.csv"
mail=(outcomes import "$work/mail.csv" --env test --delimiter ';' --mapping treatment_code=Tag --mapping outcome=Event --mapping time=When)
said=$(parley "${mail[@]}" --dry-run)
[[ $said == "7 rows: 7 taken, 0 known already, 0 refused"*"nothing was changed" ]] || stack_fail "the dry run says: $said"
said=$(parley "${mail[@]}")
[[ $said == "7 rows: 7 taken, 0 known already, 0 refused"* ]] || stack_fail "the import says: $said"
[[ $said == *"of those taken: 6 matched, 0 waiting, 1 orphan"*"parley orphans list --env test"* ]] ||
	stack_fail "what became of the rows should be told, but the import says: $said"
matched
is "T1's path" "$(parley outcomes show T1 --env test -o json | jq -r '[.changes[].to] | join(" ")')" "sent opened clicked accept"
is "T1's outcome" "$(parley outcomes show T1 --env test -o json | jq -r '.outcome | .outcome + " " + .offer_code + " " + .audience_id')" \
	"accept GOLD 1"
is "T2's outcome" "$(parley outcomes show T2 --env test -o json | jq -r .outcome.outcome)" bounced
is "what T2's path refused" "$(parley outcomes show T2 --env test -o json | jq -r '[.changes[] | select(.refused).to] | join(" ")')" opened

tell "importing it again changes nothing"
said=$(parley "${mail[@]}")
[[ $said != *"of those taken"* ]] || stack_fail "nothing was taken, but the import says: $said"
[[ $said == "7 rows: 0 taken, 7 known already, 0 refused"* ]] || stack_fail "the second import says: $said"

tell "rows that cannot be taken are told with line and reason, and the others are taken"
{
	echo "{\"treatment_code\": \"T3\", \"outcome\": \"sent\", \"time\": \"$(at 5)\", \"event_id\": \"m-1\"}"
	echo "{\"treatment_code\": \"T3\", \"outcome\": \"yawned\", \"time\": \"$(at 5)\"}"
	echo "{\"treatment_code\": \"T3\", \"outcome\": \"opened\", \"time\": \"yesterday\"}"
	echo "nonsense"
} >"$work/mail.jsonl"
status=0
said=$(parley outcomes import "$work/mail.jsonl" --env test 2>/dev/null) || status=$?
is "the exit code" "$status" 1
[[ $said == "4 rows: 1 taken, 0 known already, 3 refused"* ]] || stack_fail "the import says: $said"
is "the refused lines" "$(tail -n +2 "$work/mail.jsonl.rejects" | grep -oE ',[234],' | sort | tr -d ',\n')" 234
grep -q 'yawned.*is no outcome type' "$work/mail.jsonl.rejects" || stack_fail "the rejects file does not say why"

tell "a treatment that nobody knows yet is waited for, and the import says so"
printf 'treatment_code,outcome,time\nX1,sent,%s\n' "$(at 1)" >"$work/early.csv"
expect "0 matched, 1 waiting, 0 orphans" parley outcomes import "$work/early.csv" --env test
is "as JSON" "$(sql "$STACK_POSTGRES" parley_design -qc "DELETE FROM late_response WHERE code = 'X1'"
	sed -i 's/$/,again/; 1s/again/event_id/' "$work/early.csv"
	parley outcomes import "$work/early.csv" --env test -o json | jq -r '.standing[] | .state + " " + .reason')" "WAITING no_such_treatment"
sql "$STACK_POSTGRES" parley_design -qc "DELETE FROM late_response WHERE code = 'X1'"

tell "what became of an import is told without what others import in the same moment"
mkfifo "$work/long"
parley outcomes import "$work/long" --env test >"$work/long.said" &
import=$!
exec 7>"$work/long"
{
	echo "treatment_code,outcome,time"
	printf "Y%s,sent,$(at 1)\n" {1..600}
} >&7
for _ in {1..600}; do
	[ "$(sql "$STACK_POSTGRES" parley_design -tAc "SELECT count(*) FROM late_response WHERE code LIKE 'Y%'")" -lt 500 ] || break
	sleep 0.1
done
printf 'treatment_code,outcome,time\nZ1,sent,%s\n' "$(at 1)" >"$work/short.csv"
expect "0 matched, 1 waiting, 0 orphans" parley outcomes import "$work/short.csv" --env test
exec 7>&-
wait $import || stack_fail "the import fails: $(cat "$work/long.said")"
expect "600 rows: 600 taken" cat "$work/long.said"
expect "0 matched, 600 waiting, 0 orphans" cat "$work/long.said"
sql "$STACK_POSTGRES" parley_design -qc "DELETE FROM late_response WHERE code ~ '^[YZ]'"
rm "$work/long"

tell "a mistyped environment or channel is told, with those that there are"
for words in "history" "report funnel" "orphans list" "orphans show 1" "outcomes list" "outcomes show T1" "outcomes import $work/early.csv" \
	"decision show 1234567890ABC" "decision replay --all --channel bank" "visitor erasures" "source-codes list"; do
	# shellcheck disable=SC2086 # words
	refused "there is no environment 'tset' (there are: test)" parley $words --env tset
done
for words in "history" "report offers" "orphans list" "outcomes list" "source-codes list" "audit"; do
	# shellcheck disable=SC2086 # words
	refused "there is no channel 'bnak' (there are: none)" parley $words --channel bnak
done
for words in "rollout status" "rollout history" "evidence list" "promotion"; do
	# shellcheck disable=SC2086 # words
	refused "there is no channel 'bnak'" parley $words bnak
done
expect GOLD parley history --channel bank --limit 1

tell "a response that is no outcome type is not sent"
refused "there is no outcome type 'yawned'" parley respond T1 yawned --channel bank --env test
refused "bounced" parley respond T1 yawned --channel bank --env test
refused CHANNEL_NOT_DEPLOYED parley respond T1 opened --channel bank --env test

tell "an import that is killed in the middle is done again, and nothing counts twice"
{
	echo "treatment_code,outcome,time"
	for n in {11..2000}; do
		echo "T$n,sent,$(($(date +%s) - 36000))"
	done
} | awk -F, -v time="$(at 60)" 'NR == 1 {print; next} {print $1 "," $2 "," time}' >"$work/many.csv"
mkfifo "$work/pipe"
parley outcomes import "$work/pipe" --env test >/dev/null 2>&1 &
import=$!
exec 7>"$work/pipe"
head -n 1200 "$work/many.csv" >&7
for _ in {1..600}; do
	[ "$(sql "$STACK_POSTGRES" parley_design -tAc "SELECT count(*) FROM late_response WHERE code LIKE 'T%'")" -lt 500 ] || break
	sql "$STACK_POSTGRES" parley_design -tAqc "SELECT pg_sleep(0.1)" >/dev/null
done
kill -9 $import
exec 7>&-
wait $import 2>/dev/null || true
said=$(parley outcomes import "$work/many.csv" --env test -o json)
is "all rows" "$(jq -c '[.rows, .taken + .repeated, .refused, .repeated > 0]' <<<"$said")" "[1990,1990,0,true]"
matched
is "treatments that were sent" "$(parley outcomes list --env test --kind sent --limit 5000 -o json | jq length)" 1991

tell "the types are resources, and what is built in stays"
parley get outcome-types | grep -q resubmitted-malformed || stack_fail "the built-in types are not listed"
! parley delete outcome-type sent 2>/dev/null || stack_fail "sent could be deleted"

echo "outcomes: imported once, in order, and told"
