-- name: ship_cursor_get
SELECT sequence FROM ship_cursor WHERE environment = $1 AND runtime_id = $2 AND incarnation = $3

-- name: ship_cursor_lock
INSERT INTO ship_cursor AS c (environment, runtime_id, incarnation, sequence, updated) VALUES ($1, $2, $3, 0, $4)
ON CONFLICT (environment, runtime_id, incarnation) DO UPDATE SET updated = c.updated
RETURNING sequence

-- name: ship_cursor_move
UPDATE ship_cursor SET sequence = $4, updated = $5 WHERE environment = $1 AND runtime_id = $2 AND incarnation = $3

-- name: history_month_make
SELECT history_month_make($1)

-- name: event_dedupe_copy
COPY event_dedupe (environment, event_id, taken) FROM STDIN BINARY

-- name: event_dedupe_add
INSERT INTO event_dedupe (environment, event_id, taken)
SELECT $1, e.id, $3 FROM unnest($2::text[]) AS e (id)
ON CONFLICT DO NOTHING
RETURNING event_id

-- name: recommendation_copy
COPY recommendation (time, incarnation, sequence, position, snapshot_version, environment, runtime_id, channel, session_id,
	audience_level, audience_id, snapshot_digest, rank, score, seed, interaction_point, zone, treatment_code, offer_code,
	treatment_rule, segment, campaign, cell, origin, receipt) FROM STDIN BINARY

-- name: contact_history_copy
COPY contact_history (time, incarnation, sequence, position, snapshot_version, environment, runtime_id, channel, session_id,
	audience_level, audience_id, snapshot_digest, event_id, event, category, interaction_point, zone, treatment_code,
	offer_code, treatment_rule, segment, campaign, cell, cause_event_id, treatment_audience_level,
	treatment_audience_id, effects) FROM STDIN BINARY

-- name: response_history_copy
COPY response_history (time, incarnation, sequence, position, snapshot_version, environment, runtime_id, channel, session_id,
	audience_level, audience_id, snapshot_digest, event_id, event, category, interaction_point, zone, treatment_code,
	offer_code, treatment_rule, segment, campaign, cell, cause_event_id, treatment_audience_level,
	treatment_audience_id, effects, response) FROM STDIN BINARY

-- name: event_history_copy
COPY event_history (time, incarnation, sequence, position, snapshot_version, environment, runtime_id, channel, session_id,
	audience_level, audience_id, snapshot_digest, event_id, event, category, interaction_point, zone, treatment_code,
	offer_code, treatment_rule, segment, campaign, cell, cause_event_id, treatment_audience_level,
	treatment_audience_id, effects) FROM STDIN BINARY

-- name: session_history_copy
COPY session_history (time, incarnation, sequence, position, snapshot_version, environment, runtime_id, channel, session_id,
	audience_level, audience_id, snapshot_digest, what, profile, cause, segments) FROM STDIN BINARY

-- name: cell_history_copy
COPY cell_history (time, incarnation, sequence, position, snapshot_version, environment, runtime_id, channel, session_id,
	audience_level, audience_id, snapshot_digest, campaign, cell, control_cell, held_out) FROM STDIN BINARY

-- name: effect_history_copy
COPY effect_history (time, incarnation, sequence, position, environment, runtime_id, channel, audience_level, audience_id,
	event_id, what, effects) FROM STDIN BINARY

-- name: ingest_reject_copy
COPY ingest_reject (received, environment, runtime_id, incarnation, first_sequence, last_sequence, reason, record)
FROM STDIN BINARY

-- name: history_list
-- Newest first. $1 to $4 empty: any. $5: kinds. $6 to $10: the last row of the page before. $11: rows.
-- $12 to $14, offer, treatment, event: empty: any. $15: since; until is in $6. $16: a plan's source, empty: any.
SELECT * FROM (
	(SELECT time, 1 AS kind, environment, channel, session_id, audience_level, audience_id,
		interaction_point, offer_code, treatment_rule, segment, treatment_code, '', '', score::float8,
		snapshot_version, runtime_id, incarnation, sequence, position, campaign, cell, origin, '', '', '', '', seed
	FROM recommendation
	WHERE 1 = ANY ($5::bigint[]) AND ($1 = '' OR environment = $1) AND ($2 = '' OR channel = $2)
		AND ($3 = '' OR session_id = $3) AND ($4 = '' OR audience_id = $4)
		AND (time, incarnation, sequence, position, runtime_id) < ($6, $7, $8, $9, $10)
		AND ($12 = '' OR offer_code = $12) AND ($13 = '' OR treatment_code = $13) AND $14 = '' AND time >= $15 AND ($16 = '' OR runtime_id = $16)
	ORDER BY time DESC, incarnation DESC, sequence DESC, position DESC, runtime_id DESC LIMIT $11)
	UNION ALL
	(SELECT time, 2 AS kind, environment, channel, session_id, audience_level, audience_id,
		interaction_point, offer_code, treatment_rule, segment, treatment_code, event, event_id, 0::float8,
		snapshot_version, runtime_id, incarnation, sequence, position, campaign, cell, '', cause_event_id,
		treatment_audience_level, treatment_audience_id, '', 0::bigint
	FROM contact_history
	WHERE 2 = ANY ($5::bigint[]) AND ($1 = '' OR environment = $1) AND ($2 = '' OR channel = $2)
		AND ($3 = '' OR session_id = $3) AND ($4 = '' OR audience_id = $4)
		AND (time, incarnation, sequence, position, runtime_id) < ($6, $7, $8, $9, $10)
		AND ($12 = '' OR offer_code = $12) AND ($13 = '' OR treatment_code = $13) AND ($14 = '' OR event = $14) AND time >= $15 AND ($16 = '' OR runtime_id = $16)
	ORDER BY time DESC, incarnation DESC, sequence DESC, position DESC, runtime_id DESC LIMIT $11)
	UNION ALL
	(SELECT time, CASE response WHEN 'accept' THEN 3 WHEN 'reject' THEN 4 ELSE 8 END AS kind, environment, channel, session_id, audience_level, audience_id,
		interaction_point, offer_code, treatment_rule, segment, treatment_code,
		CASE WHEN response IN ('accept', 'reject') THEN event ELSE response END, event_id, 0::float8,
		snapshot_version, runtime_id, incarnation, sequence, position, campaign, cell, '', cause_event_id,
		treatment_audience_level, treatment_audience_id, response, 0::bigint
	FROM response_history
	WHERE CASE response WHEN 'accept' THEN 3 WHEN 'reject' THEN 4 ELSE 8 END = ANY ($5::bigint[]) AND ($1 = '' OR environment = $1) AND ($2 = '' OR channel = $2)
		AND ($3 = '' OR session_id = $3) AND ($4 = '' OR audience_id = $4)
		AND (time, incarnation, sequence, position, runtime_id) < ($6, $7, $8, $9, $10)
		AND ($12 = '' OR offer_code = $12) AND ($13 = '' OR treatment_code = $13) AND ($14 = '' OR event = $14) AND time >= $15 AND ($16 = '' OR runtime_id = $16)
	ORDER BY time DESC, incarnation DESC, sequence DESC, position DESC, runtime_id DESC LIMIT $11)
	UNION ALL
	(SELECT time, 5 AS kind, environment, channel, session_id, audience_level, audience_id,
		interaction_point, offer_code, treatment_rule, segment, treatment_code, event, event_id, 0::float8,
		snapshot_version, runtime_id, incarnation, sequence, position, campaign, cell, '', cause_event_id,
		treatment_audience_level, treatment_audience_id, '', 0::bigint
	FROM event_history
	WHERE 5 = ANY ($5::bigint[]) AND ($1 = '' OR environment = $1) AND ($2 = '' OR channel = $2)
		AND ($3 = '' OR session_id = $3) AND ($4 = '' OR audience_id = $4)
		AND (time, incarnation, sequence, position, runtime_id) < ($6, $7, $8, $9, $10)
		AND ($12 = '' OR offer_code = $12) AND ($13 = '' OR treatment_code = $13) AND ($14 = '' OR event = $14) AND time >= $15 AND ($16 = '' OR runtime_id = $16)
	ORDER BY time DESC, incarnation DESC, sequence DESC, position DESC, runtime_id DESC LIMIT $11)
	UNION ALL
	(SELECT time, CASE what WHEN 'start' THEN 6 ELSE 7 END AS kind, environment, channel, session_id, audience_level, audience_id,
		'', '', '', '', '', '', '', 0::float8,
		snapshot_version, runtime_id, incarnation, sequence, position, '', '', '', '', '', '', '', 0::bigint
	FROM session_history
	WHERE CASE what WHEN 'start' THEN 6 ELSE 7 END = ANY ($5::bigint[]) AND ($1 = '' OR environment = $1) AND ($2 = '' OR channel = $2)
		AND ($3 = '' OR session_id = $3) AND ($4 = '' OR audience_id = $4)
		AND (time, incarnation, sequence, position, runtime_id) < ($6, $7, $8, $9, $10)
		AND $12 = '' AND $13 = '' AND $14 = '' AND time >= $15 AND ($16 = '' OR runtime_id = $16)
	ORDER BY time DESC, incarnation DESC, sequence DESC, position DESC, runtime_id DESC LIMIT $11)
) AS h
ORDER BY time DESC, incarnation DESC, sequence DESC, position DESC, runtime_id DESC LIMIT $11

-- name: decision_list
-- Oldest first, a row for each of a decision's, the receipt with one of them. $1 to $3, environment, channel, visitor: empty: any.
-- $4: since; until is in $5. $6 to $10: the key behind which the page begins. $11: decisions. $12: one in so many; at least 1.
WITH page AS (
	SELECT time, incarnation, sequence, position, runtime_id, environment, channel, session_id, audience_level, audience_id,
		snapshot_version, snapshot_digest, seed, receipt
	FROM recommendation
	WHERE receipt IS NOT NULL AND ($1 = '' OR environment = $1) AND ($2 = '' OR channel = $2) AND ($3 = '' OR audience_id = $3)
		AND time >= $4 AND time < $5 AND (time, incarnation, sequence, position, runtime_id) > ($6, $7, $8, $9, $10)
		AND hashint8extended(seed, 0) % $12 = 0
	ORDER BY time, incarnation, sequence, position, runtime_id LIMIT $11)
SELECT p.time, p.incarnation, p.sequence, p.position, p.runtime_id, p.environment, p.channel, p.session_id, p.audience_level,
	p.audience_id, p.snapshot_version, p.snapshot_digest, p.seed,
	CASE WHEN r.sequence = p.sequence AND r.position = p.position THEN p.receipt END,
	r.interaction_point, r.zone, r.rank, r.score, r.treatment_code, r.offer_code, r.treatment_rule, r.segment, r.campaign, r.cell,
	r.origin, (r.environment, r.channel, r.session_id, r.audience_level, r.audience_id, r.snapshot_version, r.snapshot_digest)
		IS DISTINCT FROM
		(p.environment, p.channel, p.session_id, p.audience_level, p.audience_id, p.snapshot_version, p.snapshot_digest)
FROM page p JOIN recommendation r ON r.time = p.time AND r.incarnation = p.incarnation AND r.runtime_id = p.runtime_id
	AND r.seed = p.seed
ORDER BY p.time, p.incarnation, p.sequence, p.position, p.runtime_id, r.sequence, r.position

-- name: decision_get
-- As decision_list; $1: environment, empty: any. $2: the decision's first treatment code, $3: its seed, where it has none.
WITH page AS (
	(SELECT time, incarnation, sequence, position, runtime_id, environment, channel, session_id, audience_level, audience_id,
		snapshot_version, snapshot_digest, seed, receipt
	FROM recommendation
	WHERE treatment_code = $2 AND treatment_code <> '' AND receipt IS NOT NULL AND ($1 = '' OR environment = $1))
	UNION ALL
	(SELECT time, incarnation, sequence, position, runtime_id, environment, channel, session_id, audience_level, audience_id,
		snapshot_version, snapshot_digest, seed, receipt
	FROM recommendation
	WHERE seed = $3 AND rank = 0 AND receipt IS NOT NULL AND ($1 = '' OR environment = $1)) LIMIT 1)
SELECT p.time, p.incarnation, p.sequence, p.position, p.runtime_id, p.environment, p.channel, p.session_id, p.audience_level,
	p.audience_id, p.snapshot_version, p.snapshot_digest, p.seed,
	CASE WHEN r.sequence = p.sequence AND r.position = p.position THEN p.receipt END,
	r.interaction_point, r.zone, r.rank, r.score, r.treatment_code, r.offer_code, r.treatment_rule, r.segment, r.campaign, r.cell,
	r.origin, (r.environment, r.channel, r.session_id, r.audience_level, r.audience_id, r.snapshot_version, r.snapshot_digest)
		IS DISTINCT FROM
		(p.environment, p.channel, p.session_id, p.audience_level, p.audience_id, p.snapshot_version, p.snapshot_digest)
FROM page p JOIN recommendation r ON r.time = p.time AND r.incarnation = p.incarnation AND r.runtime_id = p.runtime_id
	AND r.seed = p.seed
ORDER BY r.sequence, r.position
