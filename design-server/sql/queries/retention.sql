-- How long what grows is kept, and removing what is older (retention/).

-- name: retention_lock
-- One design server at a time: the others let it be.
SELECT pg_try_advisory_xact_lock(hashtextextended('parley/retention', 0))

-- name: retention_configure
-- $1, $2: tables and their months; $3: whether months are put aside instead of dropped.
UPDATE history_retention r SET months = c.months, detach = $3 AND r.monthly, changed_by = $4, changed = now()
FROM unnest($1::text[], $2::bigint[]) AS c (name, months) JOIN history_retention old ON old.name = c.name COLLATE "C"
WHERE r.name = old.name AND (r.months, r.detach) IS DISTINCT FROM (c.months::integer, $3 AND r.monthly)
RETURNING r.name, old.months, old.detach, r.months, r.detach

-- name: retention_list
SELECT r.name, r.months, r.monthly, r.detach, history_kept_from(r.name), r.applied,
	r.applied IS NULL OR r.applied < r.changed OR r.applied < date_trunc('month', now() AT TIME ZONE 'UTC') AT TIME ZONE 'UTC',
	coalesce(m.rows, t.rows, 0)::bigint, coalesce(m.bytes, t.bytes, 0)::bigint, coalesce(m.months, 0),
	coalesce(m.gone, '{}'), coalesce(m.gone_rows, 0)::bigint, coalesce(m.gone_bytes, 0)::bigint
FROM history_retention r
LEFT JOIN LATERAL (
	SELECT count(*) AS months, sum(h.rows) AS rows, sum(h.bytes) AS bytes, sum(h.rows) FILTER (WHERE h.expired) AS gone_rows,
		sum(h.bytes) FILTER (WHERE h.expired) AS gone_bytes,
		array_agg(to_char(h.month, 'YYYY-MM') ORDER BY h.month) FILTER (WHERE h.expired) AS gone
	FROM history_month h WHERE h.name = r.name) AS m ON r.monthly
LEFT JOIN LATERAL (
	SELECT sum(greatest(c.reltuples, 0)) FILTER (WHERE c.relname = r.name) AS rows, sum(pg_total_relation_size(c.oid)) AS bytes
	FROM pg_class c WHERE c.oid = ANY (CASE r.name
		WHEN 'build' THEN ARRAY['build', 'blob', 'resource_version']
		WHEN 'outcome' THEN ARRAY['outcome', 'outcome_change', 'outcome_refusal']
		ELSE ARRAY[r.name::text] END::regclass[]::oid[])) AS t ON NOT r.monthly
ORDER BY r.name

-- name: retention_month_remove
-- About how many rows it had, the name of the table that it became, or empty, and how many bytes it took. Nothing if there is no such month
-- any more.
WITH month AS MATERIALIZED (
	SELECT name, month, rows, bytes FROM history_month WHERE name = $1 AND to_char(month, 'YYYY-MM') = $2 AND expired
)
SELECT rows, history_month_remove(name, month), bytes FROM month

-- name: retention_forget_events
-- $1: the first page; $2: how many.
SELECT forgotten, next_page FROM history_dedupe_forget($1, $2, $3)

-- name: retention_prune_outcomes
SELECT outcome_prune($1, $2)

-- name: retention_prune_rejects
SELECT ingest_reject_prune($1, $2)

-- name: retention_prune_checkpoints
SELECT audit_checkpoint_prune($1, $2)

-- name: retention_prune_builds
SELECT build_prune($1, $2)

-- name: retention_applied
SELECT history_retention_applied($1)

-- name: retention_behind
-- A server ($1: its environment, $2: its name) that may still have records from before the events that are forgotten: one that was
-- heard of, and of which it is not known that it has shipped everything since.
SELECT w.environment, w.server, s.shipped FROM unnest($1::text[], $2::text[]) AS w (environment, server)
CROSS JOIN LATERAL (
	SELECT max(f.seen) AS seen, max(f.shipped) AS shipped FROM deployment_server f JOIN deployment d ON d.id = f.deployment
	WHERE d.environment = w.environment AND f.server = w.server) AS s
WHERE s.seen IS NOT NULL AND (s.shipped IS NULL OR s.shipped < history_kept_from('event_dedupe'))
ORDER BY s.shipped NULLS FIRST, w.environment, w.server LIMIT 1
