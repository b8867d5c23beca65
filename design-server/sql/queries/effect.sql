-- What visitors did that runtime servers have to be told.

-- name: visitor_effects_add
-- Of what was matched, what no runtime server has applied: accepts and rejects whose treatment the server knew it has applied itself, and
-- so has the server whose event logged an outcome. $2: now. Rows are numbered in the order of commits, for readers go by the number.
WITH turn AS MATERIALIZED (SELECT pg_advisory_xact_lock(7105118271) AS mine)
INSERT INTO visitor_effect (environment, channel, audience_level, audience_id, offer_code, kind, time, event_id, added)
SELECT e.environment, e.channel, e.audience_level, e.audience_id, e.offer_code, e.kind, e.time, e.event_id, $2 FROM (
	SELECT l.*, CASE WHEN l.response IN ('accept', 'reject') THEN l.response ELSE t.counts_as END AS kind
	FROM late_response l LEFT JOIN outcome_type t ON t.name = l.response
	WHERE l.id = ANY ($1::bigint[]) AND l.state = 'matched' AND l.reason = '' AND l.source <> 'event'
		AND NOT (l.source = 'runtime' AND l.known AND l.response IN ('accept', 'reject'))
		AND l.channel <> '' AND l.audience_id <> '' AND l.offer_code <> ''
) AS e, turn
WHERE e.kind IN ('contact', 'accept', 'reject')

-- name: visitor_effects_due
SELECT id, channel, audience_level, audience_id, offer_code, kind, time, until, score FROM visitor_effect
WHERE environment = $1 AND id > coalesce((SELECT place FROM visitor_effect_place WHERE environment = $1 AND server = $2), 0)
ORDER BY id LIMIT $3

-- name: visitor_effects_place
INSERT INTO visitor_effect_place AS p (environment, server, place, changed) VALUES ($1, $2, $3, $4)
ON CONFLICT (environment, server) DO UPDATE SET place = greatest(p.place, excluded.place), changed = excluded.changed

-- name: visitor_effects_forget
-- $1: environment; $2: what was put there before this; $3: at most so many.
DELETE FROM visitor_effect WHERE id IN (
	SELECT id FROM visitor_effect WHERE environment = $1 AND added < $2 ORDER BY id LIMIT $3)
