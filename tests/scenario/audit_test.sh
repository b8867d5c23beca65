#!/usr/bin/env bash
# Somebody may everything in the design database and changes what the audit says. Nobody can stop him, and everybody can find out:
# by the chain, and, when he makes that anew, by the checkpoints that the runtime server keeps.
set -euo pipefail
# shellcheck source=../lib/story.sh
. "$(dirname "$0")/../lib/story.sh"

stack_up test >/dev/null
root=$STACK/root/test.root

# superuser SQL: as who may everything, with the triggers taken away.
superuser()
{
	sql "$STACK_POSTGRES" parley_design -At -c "SET session_replication_role = replica; $1"
}

# verify [OPTION…]: sets `said` and `status`.
verify()
{
	status=0
	said=$(parley audit verify --root "$root" "$@" 2>&1) || status=$?
}

# found STATUS TEXT [OPTION…]
found()
{
	verify "${@:3}"
	[ "$status" = "$1" ] || stack_fail "audit verify should exit $1, but exits $status: $said"
	[[ $said == *"$2"* ]] || stack_fail "audit verify should say '$2', but says: $said"
}

# The chain from entry $1 on made to fit what the entries say.
chain_anew="DO \$\$
DECLARE
	entry record;
	last bytea := (SELECT hash FROM audit WHERE sequence = @FROM@ - 1);
BEGIN
	FOR entry IN SELECT * FROM audit WHERE sequence >= @FROM@ ORDER BY sequence LOOP
		last := audit_entry_hash(last, entry.sequence, entry.time, entry.actor, entry.action, entry.kind, entry.channel, entry.name,
			entry.before, entry.after);
		UPDATE audit SET hash = last WHERE sequence = entry.sequence;
	END LOOP;
END \$\$"

# change SQL: the superuser does it, on the audit as it was written.
change()
{
	superuser "BEGIN; DELETE FROM audit; INSERT INTO audit OVERRIDING SYSTEM VALUE SELECT * FROM kept.audit; $1; COMMIT" >/dev/null
}

tell "what is done is written down, and a runtime server keeps a signed checkpoint of it"
parley apply -f "$stack_profiles/sample/retail-bank.yaml" >/dev/null
last=$(superuser "SELECT max(sequence) FROM audit")
until verify && grep -q "test's runtime server keeps [0-9]*, the newest of entry $last\$" <<<"$said"; do
	[ $((tries = ${tries:-300} - 1)) -gt 0 ] || stack_fail "no timestamp vouches for entry $last: $said"
	sleep 0.2
done
found 0 "the audit is what was written"
is "nobody is believed on hearsay" "$(grep -c "only the servers told" <<<"$said")" 0
superuser "CREATE SCHEMA kept; CREATE TABLE kept.audit AS TABLE audit" >/dev/null

tell "an entry is edited"
change "UPDATE audit SET actor = 'somebody-else' WHERE sequence = 9"
found 1 "the first wrong entry is 9"

tell "an entry is deleted"
change "DELETE FROM audit WHERE sequence = 9"
found 1 "entry 9 is missing"

tell "two entries change places"
change "UPDATE audit SET sequence = 1000017 - sequence WHERE sequence IN (8, 9);
	UPDATE audit SET sequence = sequence - 1000000 WHERE sequence > 1000000"
found 1 "the first wrong entry is 8"

tell "an entry is edited and the whole chain after it is made anew"
change "UPDATE audit SET actor = 'somebody-else' WHERE sequence = 9; ${chain_anew//@FROM@/9}"
found 1 "fit together, but"

tell "the same, with all checkpoints of the design server gone: the runtime server's remain"
change "UPDATE audit SET actor = 'somebody-else' WHERE sequence = 9; ${chain_anew//@FROM@/9};
	CREATE TABLE kept.audit_checkpoint AS TABLE audit_checkpoint; DELETE FROM audit_checkpoint"
found 1 "test's runtime server keeps a signed checkpoint"

tell "and with checkpoints put in their place that nobody signed"
superuser "INSERT INTO audit_checkpoint SELECT 'test', sequence, hash, '\x0a03616263', now() FROM audit WHERE sequence = 9" >/dev/null
found 1 "refused      the design server: "
superuser "DELETE FROM audit_checkpoint; INSERT INTO audit_checkpoint SELECT * FROM kept.audit_checkpoint" >/dev/null

tell "the end is cut off"
change "DELETE FROM audit WHERE sequence > 9"
found 1 "the end is missing, entries 10 to $last at least"

tell "all is as it was: an export is verified without any server, and shows a change too"
change "SELECT 1"
found 0 "the audit is what was written"
parley audit export "$STACK/audit.jsonl"
found 0 "the audit is what was written" --file "$STACK/audit.jsonl" --design nowhere:1
sed '/"sequence":"9"/s/"actor":"administrator"/"actor":"somebody"/' "$STACK/audit.jsonl" >"$STACK/changed.jsonl"
found 1 "the first wrong entry is 9" --file "$STACK/changed.jsonl"
grep -v '"sequence":"9"' "$STACK/audit.jsonl" >"$STACK/changed.jsonl"
found 1 "entry 9 is missing" --file "$STACK/changed.jsonl"

tell "a root of strangers makes no checkpoint good"
cp "$root" "$STACK/right.root"
found 0 "the audit is what was written"
root=$STACK/authority/ca.crt
verify
is "a file that is no root: the exit status" "$status" 7
root=$STACK/right.root

tell "without the runtime server it says what it could not look at"
stack_kill test
found 6 "not asked    test's runtime server"

tell "an entry is deleted and the chain made anew: then there is one too few"
stack_restart test
change "DELETE FROM audit WHERE sequence = 9; UPDATE audit SET sequence = sequence + 1000000 WHERE sequence > 9;
	UPDATE audit SET sequence = sequence - 1000001 WHERE sequence > 9; ${chain_anew//@FROM@/9}"
found 1 "the end is missing, entries $last to $last at least"
