-- name: late_response_copy
COPY late_response (environment, source, runtime_id, incarnation, sequence, event_id, channel, code_kind, code, audience_level,
	audience_id, response, time, received, known, recommended, snapshot_version, snapshot_digest, offer_code, treatment_rule,
	segment, interaction_point, zone, campaign, cell) FROM STDIN BINARY

-- name: late_take
-- What is due in these environments; another matcher's are left to it.
SELECT id, time FROM late_response WHERE state = 'waiting' AND try_at <= $1 AND environment = ANY ($2::text[])
ORDER BY try_at, id LIMIT $3 FOR UPDATE SKIP LOCKED

-- name: late_judge
-- Finds what each of $1 answers to, and says so in its row; $2: now; $3 to $5: environments with window and patience in
-- microseconds; $6: microseconds that clocks may differ. What it finds of the treatment, the row has from then on.
WITH taken AS MATERIALIZED (
	SELECT r.*, make_interval(secs => s.window_us / 1e6) AS window_, make_interval(secs => s.patience_us / 1e6) AS patience,
		CASE WHEN r.given_code <> '' THEN 'treatment' ELSE r.code_kind END AS kind
	FROM late_response r
	JOIN unnest($3::text[], $4::bigint[], $5::bigint[]) AS s (environment, window_us, patience_us) ON s.environment = r.environment
	WHERE r.id = ANY ($1::bigint[])
), coded AS MATERIALIZED (
	SELECT t.id, count(*) AS codes, min(s.id) AS source FROM taken t
	JOIN source_code s ON s.environment = t.environment AND s.code = t.code AND (t.channel = '' OR s.channel = t.channel)
		AND t.time >= s.valid_from AND t.time < s.valid_until
	WHERE t.kind = 'custom' GROUP BY t.id
), wanted AS MATERIALIZED (
	SELECT t.*, coalesce(c.codes, 0) AS codes, s.channel AS source_channel, s.offer_code AS source_offer, s.campaign AS source_campaign,
		s.cell AS source_cell,
		CASE WHEN t.given_code <> '' THEN t.given_code WHEN t.kind = 'treatment' THEN t.code
			ELSE coalesce(s.treatment_code, '') END AS treatment,
		CASE WHEN t.kind = 'offer' THEN t.code
			WHEN coalesce(s.treatment_code, '') = '' AND t.audience_id <> '' THEN coalesce(s.offer_code, '') ELSE '' END AS offer
	FROM taken t LEFT JOIN coded c ON c.id = t.id LEFT JOIN source_code s ON s.id = c.source AND c.codes = 1
), found AS MATERIALIZED (
	SELECT w.id, f.* FROM wanted w CROSS JOIN LATERAL (
		(SELECT 1 AS place, c.time, c.time - make_interval(secs => $6::bigint / 1e6) AS earliest, c.snapshot_version, c.snapshot_digest, c.channel,
			CASE WHEN c.treatment_audience_id = '' THEN c.audience_level ELSE c.treatment_audience_level END AS audience_level,
			CASE WHEN c.treatment_audience_id = '' THEN c.audience_id ELSE c.treatment_audience_id END AS audience_id,
			c.interaction_point, c.zone, c.treatment_code, c.offer_code, c.treatment_rule, c.segment, c.campaign, c.cell
		FROM contact_history c WHERE w.treatment <> '' AND c.treatment_code = w.treatment AND c.environment = w.environment
		ORDER BY c.time LIMIT 1)
		UNION ALL
		(SELECT 2, r.time, r.time - make_interval(secs => $6::bigint / 1e6), r.snapshot_version, r.snapshot_digest, r.channel, r.audience_level, r.audience_id,
			r.interaction_point, r.zone, r.treatment_code, r.offer_code, r.treatment_rule, r.segment, r.campaign, r.cell
		FROM recommendation r WHERE w.treatment <> '' AND r.treatment_code <> '' AND r.treatment_code = w.treatment AND r.environment = w.environment
		LIMIT 1)
		UNION ALL
		(SELECT 3, w.recommended, w.recommended - make_interval(secs => $6::bigint / 1e6), w.snapshot_version, w.snapshot_digest, w.channel,
			w.audience_level, w.audience_id, w.interaction_point, w.zone, w.code, w.offer_code, w.treatment_rule, w.segment,
			w.campaign, w.cell
		WHERE w.known AND w.treatment = w.code)
		UNION ALL
		(SELECT 4, c.time, c.time, c.snapshot_version, c.snapshot_digest, c.channel, c.audience_level, c.audience_id,
			c.interaction_point, c.zone, c.treatment_code, c.offer_code, c.treatment_rule, c.segment, c.campaign, c.cell
		FROM contact_history c
		WHERE w.offer <> '' AND c.audience_id = w.audience_id AND c.time <= w.time AND c.offer_code = w.offer
			AND c.audience_level = w.audience_level AND c.environment = w.environment AND (w.channel = '' OR c.channel = w.channel)
			AND c.treatment_audience_id = ''
		ORDER BY c.time DESC LIMIT 1)
		UNION ALL
		(SELECT 5, r.time, r.time, r.snapshot_version, r.snapshot_digest, r.channel, r.audience_level, r.audience_id,
			r.interaction_point, r.zone, r.treatment_code, r.offer_code, r.treatment_rule, r.segment, r.campaign, r.cell
		FROM recommendation r
		WHERE w.offer <> '' AND r.audience_id = w.audience_id AND r.time <= w.time AND r.offer_code = w.offer
			AND r.audience_level = w.audience_level AND r.environment = w.environment AND (w.channel = '' OR r.channel = w.channel)
		ORDER BY r.time DESC LIMIT 1)
		UNION ALL
		(SELECT 6, c.time, c.time, c.snapshot_version, c.snapshot_digest, c.channel, c.audience_level, c.audience_id,
			c.interaction_point, c.zone, c.treatment_code, c.offer_code, c.treatment_rule, c.segment, c.campaign, c.cell
		FROM contact_history c
		WHERE w.offer <> '' AND c.audience_id = w.audience_id AND c.time > w.time AND c.offer_code = w.offer
			AND c.audience_level = w.audience_level AND c.environment = w.environment AND (w.channel = '' OR c.channel = w.channel)
			AND c.treatment_audience_id = ''
		ORDER BY c.time LIMIT 1)
		ORDER BY 1 LIMIT 1
	) AS f
), judged AS MATERIALIZED (
	SELECT w.id, w.patience, CASE
		WHEN w.kind = 'custom' AND w.codes = 0 THEN 'no_such_code'
		WHEN w.codes > 1 THEN 'ambiguous'
		WHEN f.id IS NULL AND w.codes = 1 AND w.treatment = '' AND w.response IN ('accept', 'reject') THEN ''
		WHEN f.id IS NULL THEN 'no_such_treatment'
		WHEN w.source = 'event' THEN ''
		WHEN w.time < f.earliest THEN 'before_contact'
		WHEN w.time > f.time + w.window_ AND w.given_code = '' THEN 'outside_window'
		ELSE '' END AS verdict,
		f.id IS NOT NULL AS is_found, f.snapshot_version, f.snapshot_digest, coalesce(f.channel, w.source_channel) AS channel,
		f.audience_level, f.audience_id, f.interaction_point, f.zone, f.treatment_code, coalesce(f.offer_code, w.source_offer) AS offer_code,
		f.treatment_rule, f.segment, coalesce(f.campaign, w.source_campaign) AS campaign, coalesce(f.cell, w.source_cell) AS cell
	FROM wanted w LEFT JOIN found f ON f.id = w.id
), standing AS (
	SELECT j.*, CASE WHEN j.verdict = '' THEN 'matched'
		WHEN j.verdict IN ('no_such_code', 'no_such_treatment') AND r.given_code = '' AND $2 < r.received + j.patience THEN 'waiting'
		ELSE 'orphan' END AS state
	FROM judged j JOIN late_response r ON r.id = j.id
)
UPDATE late_response r SET state = s.state, reason = s.verdict, changed = CASE WHEN s.state = 'waiting' THEN r.changed ELSE $2 END,
	try_at = $2::timestamptz + least(greatest(($2 - r.received) / 2, interval '1 second'), interval '1 hour'),
	treatment_code = CASE WHEN s.state = 'matched' AND s.is_found THEN s.treatment_code ELSE '' END,
	channel = CASE WHEN s.state = 'matched' THEN s.channel ELSE r.channel END,
	audience_level = CASE WHEN s.state = 'matched' AND s.is_found THEN s.audience_level ELSE r.audience_level END,
	audience_id = CASE WHEN s.state = 'matched' AND s.is_found THEN s.audience_id ELSE r.audience_id END,
	snapshot_version = CASE WHEN s.state = 'matched' AND s.is_found THEN s.snapshot_version ELSE r.snapshot_version END,
	snapshot_digest = CASE WHEN s.state = 'matched' AND s.is_found THEN s.snapshot_digest ELSE r.snapshot_digest END,
	interaction_point = CASE WHEN s.state = 'matched' AND s.is_found THEN s.interaction_point ELSE r.interaction_point END,
	zone = CASE WHEN s.state = 'matched' AND s.is_found THEN s.zone ELSE r.zone END,
	offer_code = CASE WHEN s.state = 'matched' THEN s.offer_code ELSE r.offer_code END,
	treatment_rule = CASE WHEN s.state = 'matched' AND s.is_found THEN s.treatment_rule ELSE r.treatment_rule END,
	segment = CASE WHEN s.state = 'matched' AND s.is_found THEN s.segment ELSE r.segment END,
	campaign = CASE WHEN s.state = 'matched' THEN s.campaign ELSE r.campaign END,
	cell = CASE WHEN s.state = 'matched' THEN s.cell ELSE r.cell END
FROM standing s WHERE s.id = r.id

-- name: late_outcome
-- What was matched moves its treatment's outcome on; $2: now. What does not fit the path is an orphan, and what says nothing new is
-- matched without counting again. An accept or a reject counts in any case: the path only tells how it came to it.
WITH applied AS (
	SELECT e.ids[r.place] AS id, r.result
	FROM (
		SELECT environment, array_agg(id ORDER BY id) AS ids, array_agg(treatment_code ORDER BY id) AS treatments,
			array_agg(response ORDER BY id) AS responses, array_agg(time ORDER BY id) AS times,
			array_agg(source ORDER BY id) AS sources, array_agg(event_id ORDER BY id) AS event_ids,
			array_agg(channel ORDER BY id) AS channels, array_agg(audience_level ORDER BY id) AS levels,
			array_agg(audience_id ORDER BY id) AS audiences, array_agg(offer_code ORDER BY id) AS offers,
			array_agg(campaign ORDER BY id) AS campaigns, array_agg(cell ORDER BY id) AS cells
		FROM late_response WHERE id = ANY ($1::bigint[]) AND state = 'matched' AND treatment_code <> ''
		GROUP BY environment
	) AS e
	CROSS JOIN LATERAL outcome_apply_many(e.environment, $2, e.treatments, e.responses, e.times, e.sources, e.event_ids, e.channels,
		e.levels, e.audiences, e.offers, e.campaigns, e.cells) AS r
)
UPDATE late_response l SET reason = a.result, state = CASE a.result WHEN 'repeated' THEN 'matched' ELSE 'orphan' END
FROM applied a WHERE a.id = l.id AND a.result <> 'applied' AND l.response NOT IN ('accept', 'reject')

-- name: late_counts
-- How those of import $2 of environment $1 stand. What is said of a discarded one is not why it was one.
SELECT state, CASE state WHEN 'discarded' THEN '' ELSE reason END AS why, count(*) FROM late_response
WHERE import_number = $2 AND import_number <> 0 AND environment = $1 GROUP BY state, why ORDER BY count(*) DESC, state, why

-- name: late_write
-- What was matched counts. An imported one has no journal, and the record of an event's outcome may have told of a response already:
-- their number takes the place of the record's.
INSERT INTO response_history (time, incarnation, sequence, position, snapshot_version, environment, runtime_id, channel, session_id,
	audience_level, audience_id, snapshot_digest, event_id, event, category, interaction_point, zone, treatment_code, offer_code,
	treatment_rule, segment, campaign, cell, cause_event_id, treatment_audience_level, treatment_audience_id, response)
SELECT l.time, CASE l.source WHEN 'runtime' THEN l.incarnation ELSE 0 END, CASE l.source WHEN 'runtime' THEN l.sequence ELSE l.id END, 0, l.snapshot_version, l.environment, l.runtime_id,
	l.channel, '', l.audience_level, l.audience_id, l.snapshot_digest, l.event_id, '', '', l.interaction_point, l.zone, l.treatment_code,
	l.offer_code, l.treatment_rule, l.segment, l.campaign, l.cell, '', '', '',
	CASE WHEN l.response NOT IN ('accept', 'reject') AND t.counts_as IN ('accept', 'reject') THEN t.counts_as ELSE l.response END
FROM late_response l LEFT JOIN outcome_type t ON t.name = l.response
WHERE l.id = ANY ($1::bigint[]) AND l.state = 'matched' AND l.reason = ''
	AND (l.response IN ('accept', 'reject') OR t.counts_as IS DISTINCT FROM 'contact')

-- name: late_contact
-- And what counts as a contact is one.
INSERT INTO contact_history (time, incarnation, sequence, position, snapshot_version, environment, runtime_id, channel, session_id,
	audience_level, audience_id, snapshot_digest, event_id, event, category, interaction_point, zone, treatment_code, offer_code,
	treatment_rule, segment, campaign, cell, cause_event_id, treatment_audience_level, treatment_audience_id)
SELECT l.time, CASE l.source WHEN 'runtime' THEN l.incarnation ELSE 0 END, CASE l.source WHEN 'runtime' THEN l.sequence ELSE l.id END, 0, l.snapshot_version, l.environment, l.runtime_id,
	l.channel, '', l.audience_level, l.audience_id, l.snapshot_digest, l.event_id, '', '', l.interaction_point, l.zone, l.treatment_code,
	l.offer_code, l.treatment_rule, l.segment, l.campaign, l.cell, '', '', ''
FROM late_response l JOIN outcome_type t ON t.name = l.response
WHERE l.id = ANY ($1::bigint[]) AND l.state = 'matched' AND l.reason = '' AND t.counts_as = 'contact'
	AND l.response NOT IN ('accept', 'reject')

-- name: late_count
SELECT count(*) FILTER (WHERE state = 'matched'), count(*) FILTER (WHERE state = 'orphan'), count(*) FILTER (WHERE state = 'waiting')
FROM late_response WHERE id = ANY ($1::bigint[])

-- name: late_forget
-- $1: environment; $2: what came to stand as it does before this; $3: at most so many.
DELETE FROM late_response WHERE id IN (
	SELECT id FROM late_response WHERE state <> 'waiting' AND changed < $2 AND environment = $1 ORDER BY changed LIMIT $3
	FOR UPDATE SKIP LOCKED)

-- name: late_take_one
SELECT id, time FROM late_response WHERE id = $1 AND state = 'waiting' AND environment = ANY ($2::text[]) FOR UPDATE

-- name: late_list
-- $1, $3, $4: empty: any. $2: the state, empty: any. $5: only before this number. $6: rows. $7: this one; 0: any.
SELECT id, environment, channel, source, runtime_id, event_id, code_kind, code, audience_level, audience_id, response, time, received,
	state, reason, changed, treatment_code, offer_code, changed_by
FROM late_response
WHERE ($1 = '' OR environment = $1) AND ($2 = '' OR state = $2) AND ($3 = '' OR reason = $3) AND ($4 = '' OR channel = $4)
	AND id < $5 AND ($7::bigint = 0 OR id = $7)
ORDER BY id DESC LIMIT $6

-- name: late_treatment_exists
SELECT EXISTS (SELECT FROM contact_history WHERE treatment_code = $2 AND environment = $1)
	OR EXISTS (SELECT FROM recommendation WHERE treatment_code <> '' AND treatment_code = $2 AND environment = $1)

-- name: late_give
-- One that waits or is an orphan answers to this treatment, says $4. The matcher does the rest.
UPDATE late_response SET given_code = $3, changed_by = $4, state = 'waiting', try_at = $5, changed = $5
WHERE environment = $1 AND id = $2 AND state IN ('waiting', 'orphan')

-- name: late_discard
-- $2: one, or 0: all orphans with the reason $3.
UPDATE late_response SET state = 'discarded', reason = $4, changed_by = $5, changed = $6
WHERE environment = $1 AND CASE $2::bigint WHEN 0 THEN state = 'orphan' AND reason = $3 ELSE id = $2 AND state IN ('waiting', 'orphan') END
