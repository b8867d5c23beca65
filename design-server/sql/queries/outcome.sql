-- name: outcome_type_used
SELECT EXISTS (SELECT FROM outcome WHERE outcome = $1) OR EXISTS (SELECT FROM outcome_change WHERE to_outcome = $1)

-- name: outcome_type_names
SELECT name FROM outcome_type ORDER BY name

-- name: outcome_known
-- Which of the event IDs are known already.
SELECT event_id FROM event_dedupe WHERE environment = $1 AND event_id = ANY ($2::text[]) ORDER BY event_id

-- name: outcome_import
-- Takes reports into the queue of the matcher, those whose event IDs nobody has sent before; answers with these. They belong to
-- the import $11; 0: to a new one, whose number is drawn once, with the first row.
WITH given AS (
	SELECT * FROM unnest($3::text[], $4::text[], $5::text[], $6::text[], $7::text[], $8::text[], $9::text[], $10::bigint[])
		AS g (event_id, channel, code_kind, code, audience_level, audience_id, response, time_us)
), fresh AS (
	INSERT INTO event_dedupe (environment, event_id, taken) SELECT $1, event_id, $2 FROM given ORDER BY event_id
	ON CONFLICT DO NOTHING
	RETURNING event_id
)
INSERT INTO late_response (environment, source, event_id, channel, code_kind, code, audience_level, audience_id, response, time, received, import_number)
SELECT $1, 'import', event_id, channel, code_kind, code, audience_level, audience_id, response,
	to_timestamp(0) + time_us * interval '1 microsecond', $2, coalesce(nullif($11, 0), (SELECT nextval('late_response_import_number')))
FROM given JOIN fresh USING (event_id) ORDER BY time_us, event_id
ON CONFLICT DO NOTHING
RETURNING event_id, import_number

-- name: outcome_get
SELECT environment, treatment_code, outcome, since, changes, channel, audience_level, audience_id, offer_code, campaign, cell
FROM outcome WHERE environment = $1 AND treatment_code = $2

-- name: outcome_path
SELECT time, from_outcome, to_outcome, source, event_id, recorded, false FROM outcome_change
WHERE environment = $1 AND treatment_code = $2 ORDER BY place

-- name: outcome_refused
SELECT time, '', outcome, source, event_id, recorded, true FROM outcome_refusal
WHERE environment = $1 AND treatment_code = $2 ORDER BY time, event_id LIMIT 100

-- name: outcome_list
-- Newest first. $1 to $6 empty: any. $7, $8: the last row of the page before. $9: rows.
WITH RECURSIVE wanted (name) AS (
	SELECT $2::text COLLATE "C"
	UNION
	SELECT t.name FROM wanted w JOIN outcome_type t ON t.parent = w.name WHERE w.name <> ''
)
SELECT environment, treatment_code, outcome, since, changes, channel, audience_level, audience_id, offer_code, campaign, cell
FROM outcome
WHERE ($1 = '' OR environment = $1) AND ($2::text = '' OR outcome IN (SELECT name FROM wanted)) AND ($3 = '' OR channel = $3)
	AND ($4 = '' OR audience_id = $4) AND ($5 = '' OR offer_code = $5) AND ($6 = '' OR campaign = $6)
	AND (since, treatment_code) < ($7, $8)
ORDER BY since DESC, treatment_code DESC LIMIT $9
