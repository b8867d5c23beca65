#!/usr/bin/env bash
# The design server's own life: what it refuses at start, how it waits for its database and comes back, how it ends.
set -euo pipefail
# shellcheck source=../lib/story.sh
. "$(dirname "$0")/../lib/story.sh"

stack_up test >/dev/null
config=$STACK/etc/design.yaml

database()
{
	psql -X -q -At -v ON_ERROR_STOP=1 -h "$STACK_POSTGRES" -d parley_design "$@"
}

tell "it is alive and ready"
expect "200 OK" get "$STACK_HTTP" /livez
expect "200 OK" get "$STACK_HTTP" /readyz
expect "configuration is fine" parley-design --config "$config" check-config

tell "wrong configurations are refused with line, column and remedy"
sed 's/^builder_key/builder_kee/' "$config" >"$STACK/etc/wrong.yaml"
refused "builder_key" parley-design --config "$STACK/etc/wrong.yaml" check-config
sed "s/127.0.0.1:$STACK_HTTP/0.0.0.0:$STACK_HTTP/; s/:$STACK_DESIGN/:0/" "$config" >"$STACK/etc/wrong.yaml"
refused "loopback" timeout 30 parley-design --config "$STACK/etc/wrong.yaml"
refused "port" timeout 30 parley-design --config "$config"

sed '/ingest_conninfo/d' "$config" >"$STACK/etc/wrong.yaml"
refused "ingest_conninfo must be a login that is, or may become, parley_ingest" \
	timeout 30 parley-design --config "$STACK/etc/wrong.yaml"

tell "the server works as roles that own nothing, and the audit stays as it is"
eventually "<parley_design parley_ingest>" database -U parley -c "SELECT '<' || string_agg(DISTINCT usename, ' ') || '>' FROM pg_stat_activity
	WHERE datname = 'parley_design' AND pid <> pg_backend_pid() AND state IS NOT NULL AND usename <> 'parley'"
is "tables they own" "$(database -U parley -c "SELECT count(*) FROM pg_tables WHERE tableowner IN ('parley_design', 'parley_ingest')")" 0
refused "permission denied" database -U parley_design -c "DELETE FROM audit"
refused "append-only" database -U parley_owner -c "UPDATE audit SET actor = 'nobody'"

tell "the database goes away and comes back; so does the server's readiness"
stack_kill postgres
eventually "503" get "$STACK_HTTP" /readyz
expect "200 OK" get "$STACK_HTTP" /livez
refused "UNAVAILABLE" parley get channels
stack_restart postgres
eventually "200 OK" get "$STACK_HTTP" /readyz
expect "" parley get channels

tell "without a database it starts and waits"
stack_kill design
stack_kill postgres
stack_restart design
eventually "503" get "$STACK_HTTP" /readyz
stack_restart postgres
eventually "200 OK" get "$STACK_HTTP" /readyz
expect "" parley get channels

tell "on SIGTERM it drains and ends well"
process_stop "$STACK/run/design.pid"
grep -q '"event":"stopped","drained":true' "$STACK/log/design.log" || stack_fail "it did not drain"

tell "a schema that was tampered with is refused"
database -U parley -c "UPDATE schema_migration SET checksum = '' WHERE name LIKE '0001%'"
refused "0001_resources.sql was changed after it ran here" timeout 30 parley-design --config "$config"

tell "passed"
