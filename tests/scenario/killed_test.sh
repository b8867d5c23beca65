#!/usr/bin/env bash
# The design server is killed at one write after the other of a deployment in steps, of a promotion with its approval, and of a
# rollback. Started again and asked the same again, it ends where it would have ended: one version more, everywhere, and an audit
# without a gap.
#
# How: a trigger on every table of the release work counts the writes and holds the one whose turn it is; there the process dies, with
# the write's transaction open. Nothing of it is in the programs. KILL_EVERY=1 takes every write, 11 (the default) every eleventh.
set -euo pipefail
# shellcheck source=../lib/story.sh
. "$(dirname "$0")/../lib/story.sh"
every=${KILL_EVERY:-11}

database()
{
	psql -X -q -At -v ON_ERROR_STOP=1 -h "$STACK_POSTGRES" -U parley -d parley_design "$@"
}

faults_make()
{
	database <<'SQL'
CREATE SCHEMA fault;
CREATE SEQUENCE fault.writes;
CREATE TABLE fault.turn (write bigint);
INSERT INTO fault.turn VALUES (0);
CREATE FUNCTION fault.hold() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS $$
BEGIN
	IF nextval('fault.writes') = (SELECT write FROM fault.turn) THEN
		PERFORM pg_sleep(600);
	END IF;
	RETURN NULL;
END $$;
DO $$
DECLARE name text;
BEGIN
	FOR name IN SELECT tablename FROM pg_tables WHERE schemaname = 'public'
		AND tablename ~ '^(deployment|approval|build|environment_build|blob|audit|rollout|resource_version|mark|evidence|timestamp_envelope)' LOOP
		EXECUTE format('CREATE TRIGGER hold BEFORE INSERT OR UPDATE OR DELETE ON %I FOR EACH STATEMENT EXECUTE FUNCTION fault.hold()', name);
	END LOOP;
END $$;
SQL
}

# The writes begin anew; the one with that number is held. 0: none.
turn()
{
	database -c "UPDATE fault.turn SET write = $1; SELECT setval('fault.writes', 1, false)" >/dev/null
}

held()
{
	[ -n "$(database -c "SELECT 1 FROM pg_stat_activity WHERE wait_event = 'PgSleep'")" ]
}

field()
{
	parley deployment get retail-bank --env "$1" -o json | sed -n "s/^ *\"$2\": *\"\{0,1\}\([^\",]*\).*/\1/p" | head -n 1
}

# killed_at N COMMAND…: runs it, and kills the design server at the Nth write. Fails if there are not so many.
killed_at()
{
	local n=$1 child
	shift
	turn "$n"
	"$@" >"$STACK/said" 2>&1 &
	child=$!
	until held; do
		if ! kill -0 "$child" 2>/dev/null; then
			wait "$child" || stack_fail "$* fails without having been killed: $(cat "$STACK/said")"
			turn 0
			return 1
		fi
		sleep 0.02
	done
	stack_kill design
	wait "$child" || true
	database -c "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE wait_event = 'PgSleep'" >/dev/null
	turn 0
	stack_restart design
}

# at_every_write ENVIRONMENT BEFORE COMMAND…: BEFORE makes something to do; COMMAND does it and is killed at a write.
at_every_write()
{
	local environment=$1 before=$2 n=1 kills=0 version going=1
	shift 2
	while [ "$going" = 1 ]; do
		$before
		version=$(field "$environment" version)
		killed_at "$n" "$@" || going=0
		[ "$going" = 0 ] || "$@" >"$STACK/said" 2>&1 || stack_fail "asked again after it died at write $n: $(cat "$STACK/said")"
		eventually '"state": "COMPLETE"' parley deployment get retail-bank --env "$environment" -o json
		is "the version after write $n" "$(field "$environment" version)" $((version + 1))
		expect "" parley rollout status retail-bank --env "$environment"
		kills=$((kills + going))
		n=$((n + every))
	done
	[ "$kills" -gt 1 ] || stack_fail "$*: only $kills writes were held"
	tell "    killed $kills times"
}

stack_up test staging >/dev/null
parley apply -f "$stack_profiles/sample/retail-bank.yaml" >/dev/null
for environment in test staging; do
	stack_deploy retail-bank "$environment" >/dev/null
done
stack_kill design
cat >>"$STACK/etc/environments/test/environment.yaml" <<'YAML'
rollout:
  strategy: steps
  steps:
    - {share: 50%, bake: 100ms}
YAML
faults_make
stack_restart design
parley export retail-bank >"$STACK/bank.yaml"
grep -q '^score: 72$' "$STACK/bank.yaml" || stack_fail "the sample has no rule to change"
score=0

# A configuration that was never deployed: what an environment runs already it would not deploy again.
change()
{
	score=$((score + 1))
	sed "s/^score: 72\$/score: $score/" "$STACK/bank.yaml" | parley apply -f - >/dev/null
}

changed_on_test()
{
	change
	parley deploy retail-bank --to test >/dev/null
}

# Back to what ran before: the version before the newest.
to_return_to()
{
	target=$(($(field test version) - 1))
	back=(parley rollback retail-bank --env test --to "$target")
}

roll_back()
{
	"${back[@]}"
}

tell "a deployment in steps"
at_every_write test change parley deploy retail-bank --to test
tell "a promotion, and the approval that releases it"
at_every_write staging changed_on_test stack_deploy retail-bank staging
tell "a rollback"
at_every_write test to_return_to roll_back
tell "and the audit tells of all of it, without a gap"
expect "" parley audit verify
tell "ok"
