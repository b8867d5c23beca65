-- Submitted plans (execution/).

-- part: COLUMNS
id, environment, digest, source, channel, snapshot, begins, inputs, effects, bytes, statement, author, comment, created, state, reason, moved::text,
	executed_by, version, position, entry, done, sequence, last_effect, begun, executed

-- name: plan_get
SELECT
-- use: COLUMNS
FROM plan WHERE environment = $1 AND digest = $2

-- name: plan_lock
SELECT
-- use: COLUMNS
FROM plan WHERE environment = $1 AND digest = $2 FOR UPDATE

-- name: plan_page
-- $1: environment. $2: only before this number. $3: rows.
SELECT
-- use: COLUMNS
FROM plan WHERE environment = $1 AND id < $2 ORDER BY id DESC LIMIT $3

-- name: plan_waiting
SELECT count(*) FROM plan WHERE environment = $1 AND state IN ('submitting', 'submitted', 'refused')

-- name: plan_submit
-- One that was withdrawn is submitted anew.
INSERT INTO plan AS p (environment, digest, channel, snapshot, begins, inputs, effects, author, comment, created, state, changed, seed)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, 'submitting', $10, $11)
ON CONFLICT (environment, digest) DO UPDATE SET channel = excluded.channel, snapshot = excluded.snapshot, begins = excluded.begins,
	inputs = excluded.inputs, seed = excluded.seed, effects = excluded.effects, author = excluded.author, comment = excluded.comment, created = excluded.created,
	state = 'submitting', reason = '', moved = '[]', bytes = 0, statement = '', changed = excluded.changed
WHERE p.state = 'withdrawn'

-- name: plan_piece_add
INSERT INTO plan_piece (plan, start, content) VALUES ($1, $2, $3)

-- name: plan_received
UPDATE plan SET bytes = $2 WHERE id = $1

-- name: plan_complete
UPDATE plan SET state = 'submitted', statement = $2, changed = $3 WHERE id = $1

-- name: plan_pieces_forget
DELETE FROM plan_piece WHERE plan = $1

-- name: plan_approvals_forget
DELETE FROM plan_approval WHERE plan = $1

-- name: plan_approval_put
INSERT INTO plan_approval AS old (plan, approver, keyid, signature, comment, created) VALUES ($1, $2, $3, $4, $5, $6)
ON CONFLICT (plan, approver) DO UPDATE SET keyid = excluded.keyid, signature = excluded.signature, comment = excluded.comment,
	created = excluded.created
WHERE old.signature <> excluded.signature

-- name: plan_approval_list
SELECT keyid, signature, comment, created FROM plan_approval WHERE plan = $1 ORDER BY created, approver

-- name: plan_move
-- $3: why. $4: now.
UPDATE plan SET state = $2, reason = $3, changed = $4, moved = '[]' WHERE id = $1

-- name: plan_check
-- $2: by whom. $3: now.
UPDATE plan SET state = 'checking', reason = '', moved = '[]', executed_by = $2, changed = $3 WHERE id = $1

-- name: plan_refuse
-- $3: what has moved.
UPDATE plan SET state = 'refused', reason = $2, moved = $3, changed = $4 WHERE id = $1 AND state = 'checking'

-- name: plan_begin
-- $2: the snapshot's version there. $3: now.
UPDATE plan SET state = 'executing', version = $2, begun = $3, changed = $3 WHERE id = $1 AND state = 'checking'

-- name: plan_finish
UPDATE plan SET state = 'executed', executed = $2, changed = $2 WHERE id = $1 AND state = 'executing' AND done = effects

-- name: plan_take_unchecked
-- One of these environments that is to be checked, if no other is being executed in its channel. Whoever has it has it until the transaction
-- ends.
SELECT
-- use: COLUMNS
FROM plan AS p WHERE state = 'checking' AND environment = ANY ($1::text[]) AND NOT EXISTS (
	SELECT FROM plan o WHERE o.environment = p.environment AND o.channel = p.channel AND o.state = 'executing')
ORDER BY id LIMIT 1 FOR NO KEY UPDATE SKIP LOCKED

-- name: plan_turn
-- One plan of a channel is checked at a time.
SELECT pg_advisory_xact_lock(hashtextextended('plan/' || $1::text || '/' || $2::text, 0))

-- name: plan_executing
SELECT EXISTS (SELECT FROM plan WHERE environment = $1 AND channel = $2 AND state = 'executing')

-- name: plan_take
-- One of these environments that is being executed: $2: with effects that are left; else without, which is to be told.
SELECT
-- use: COLUMNS
FROM plan WHERE state = 'executing' AND environment = ANY ($1::text[]) AND (done < effects) = $2
ORDER BY id LIMIT 1 FOR NO KEY UPDATE SKIP LOCKED

-- name: plan_advance
UPDATE plan SET position = $2, entry = $3, done = $4, sequence = $5, last_effect = greatest(last_effect, $6) WHERE id = $1

-- name: plan_pieces
-- From the one that has byte $2 on, at most $3.
SELECT start, content FROM plan_piece
WHERE plan = $1 AND start >= (SELECT max(start) FROM plan_piece WHERE plan = $1 AND start <= $2) ORDER BY start LIMIT $3

-- name: plan_snapshot
-- What the environment runs: the version and digest of what was released last and not undone, whether that switches the channel off, and
-- whether every server runs it.
SELECT version, blob, undeploy, completed IS NOT NULL FROM deployment
WHERE environment = $1 AND channel = $2 AND released IS NOT NULL AND state <> 7
ORDER BY epoch DESC, version DESC LIMIT 1

-- name: plan_seed_used
-- By a plan whose execution has begun.
SELECT o.source FROM plan p JOIN plan o ON o.environment = p.environment AND o.seed = p.seed AND o.id <> p.id
WHERE p.id = $1 AND o.begun IS NOT NULL LIMIT 1

-- name: plan_moved
-- Which of these visitors ($3: levels, $4: IDs) did something in the environment ($1) and channel ($2) that visitor state knows of and that is
-- not before $5, or was caused by one of these plans ($6): one fact of each.
SELECT v.level, v.id, m.what, m.time, m.source
FROM unnest($3::text[], $4::text[]) AS v (level, id) CROSS JOIN LATERAL (
	(SELECT 'contact' AS what, h.time, h.runtime_id AS source FROM contact_history h
	WHERE h.audience_id = v.id AND h.audience_level = v.level AND h.environment = $1 AND h.channel = $2
		AND (h.time >= $5 OR h.runtime_id = ANY ($6::text[])) LIMIT 1)
	UNION ALL
	(SELECT h.response, h.time, h.runtime_id FROM response_history h
	WHERE h.audience_id = v.id AND h.audience_level = v.level AND h.environment = $1 AND h.channel = $2
		AND (h.time >= $5 OR h.runtime_id = ANY ($6::text[])) AND h.response IN ('accept', 'reject') LIMIT 1)
	UNION ALL
	(SELECT 'event', h.time, h.runtime_id FROM event_history h
	WHERE h.audience_id = v.id AND h.audience_level = v.level AND h.environment = $1 AND h.channel = $2
		AND (h.time >= $5 OR h.runtime_id = ANY ($6::text[])) AND h.effects IS NOT NULL LIMIT 1)
	UNION ALL
	(SELECT h.what, h.time, h.runtime_id FROM effect_history h
	WHERE h.audience_id = v.id AND h.audience_level = v.level AND h.environment = $1 AND h.channel = $2 AND h.time >= $5
		AND h.what IN ('brought', 'response') LIMIT 1)
	LIMIT 1) AS m

-- name: plan_executed_since
-- Plans whose effects visitor state of the moment $3 may lack: rows of theirs are as old as their events.
SELECT source FROM plan WHERE environment = $1 AND channel = $2 AND begun IS NOT NULL AND (executed IS NULL OR executed >= $3)

-- name: plan_known_events
SELECT event_id FROM event_dedupe WHERE environment = $1 AND event_id = ANY ($2::text[])

-- name: plan_effects_add
-- Rows are numbered in the order of commits, for readers go by the number. $2: channel. $11: now.
WITH turn AS MATERIALIZED (SELECT pg_advisory_xact_lock(7105118271) AS mine),
added AS (
	INSERT INTO visitor_effect (environment, channel, audience_level, audience_id, offer_code, kind, until, score, time, event_id, added)
	SELECT $1, $2, e.level, e.id, e.offer, e.kind,
		CASE WHEN e.until_us > 0 THEN 'epoch'::timestamptz + e.until_us * interval '1 microsecond' END, e.score,
		'epoch'::timestamptz + e.time_us * interval '1 microsecond', e.event_id, $11
	FROM unnest($3::text[], $4::text[], $5::text[], $6::text[], $7::bigint[], $8::text[]::float8[], $9::bigint[], $10::text[])
		WITH ORDINALITY AS e (level, id, offer, kind, until_us, score, time_us, event_id, place), turn
	ORDER BY e.place RETURNING id)
SELECT coalesce(max(id), 0) FROM added

-- name: plan_told
-- How many of these servers ($2) have been told all up to $3.
SELECT count(*) FROM visitor_effect_place WHERE environment = $1 AND server = ANY ($2::text[]) AND place >= $3
