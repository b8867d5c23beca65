-- What became of treatments: the present outcome of each, and the whole path to it. The types are resources like others; those that
-- are built in are made here. outcome_apply_many() is the only thing that writes a path.

INSERT INTO resource (kind, channel, name, etag, spec, created, updated)
SELECT 'OutcomeType', '', t.name, substr(encode(sha256(convert_to(t.spec::text, 'UTF8')), 'hex'), 1, 32), t.spec, now(), now()
FROM (
	SELECT name, jsonb_strip_nulls(jsonb_build_object('name', name, 'description', said, 'parent', parent,
		'next', CASE WHEN next <> '{}' THEN to_jsonb(next) END, 'countsAs', 'OUTCOME_COUNT_' || counts,
		'terminal', CASE WHEN terminal THEN true END)) AS spec
	FROM (VALUES
		('sent', 'It left for the visitor', NULL, '{bounced,unsubscribed,clicked,accept,reject}'::text[], 'NONE', false),
		('opened', 'The visitor opened it', 'sent', '{}', 'NONE', false),
		('unopened', 'Nobody has opened it so far', 'sent', '{opened}', 'NONE', false),
		('not-sent', 'It did not leave', NULL, '{}', 'NONE', false),
		('malformed', 'The address or the message was malformed', 'not-sent', '{resubmitted-malformed}', 'NONE', false),
		('do-not-contact', 'The visitor must not be contacted', 'not-sent', '{}', 'NONE', true),
		('other', 'It did not leave for another reason', 'not-sent', '{sent}', 'NONE', false),
		('resubmitted-malformed', 'What was malformed was mended and handed in again', NULL, '{sent,not-sent,bounced}', 'NONE', false),
		('bounced', 'It came back', NULL, '{}', 'NONE', false),
		('unsubscribed', 'The visitor wants no more of these', NULL, '{}', 'NONE', false),
		('clicked', 'The visitor followed the offer''s link', NULL, '{accept,reject,unsubscribed}', 'NONE', false),
		('accept', 'The visitor accepted the offer', NULL, '{reject}', 'ACCEPT', false),
		('reject', 'The visitor rejected the offer', NULL, '{accept}', 'REJECT', false)
	) AS built_in (name, said, parent, next, counts, terminal)
) AS t
ON CONFLICT DO NOTHING;
INSERT INTO resource_reference (kind, channel, name, field, to_kind, to_channel, to_name)
SELECT 'OutcomeType', '', r.name, f.field, 'OutcomeType', '', f.target FROM resource r
CROSS JOIN LATERAL (
	SELECT 'parent' AS field, r.spec ->> 'parent' AS target WHERE r.spec ? 'parent'
	UNION ALL
	SELECT format('next[%s]', n.place - 1), n.target
	FROM jsonb_array_elements_text(r.spec -> 'next') WITH ORDINALITY AS n (target, place)
) AS f
WHERE r.kind = 'OutcomeType'
ON CONFLICT DO NOTHING;

CREATE TABLE outcome (
	since timestamptz NOT NULL,
	updated timestamptz NOT NULL,
	changes bigint NOT NULL,
	environment text COLLATE "C" NOT NULL,
	treatment_code text COLLATE "C" NOT NULL,
	outcome text COLLATE "C" NOT NULL,
	channel text COLLATE "C" NOT NULL,
	audience_level text COLLATE "C" NOT NULL,
	audience_id text COLLATE "C" NOT NULL,
	offer_code text COLLATE "C" NOT NULL,
	campaign text COLLATE "C" NOT NULL,
	cell text COLLATE "C" NOT NULL,
	PRIMARY KEY (environment, treatment_code)
);
CREATE INDEX outcome_since ON outcome (since, treatment_code);
CREATE INDEX outcome_audience ON outcome (audience_id);
CREATE INDEX outcome_outcome ON outcome (outcome);
COMMENT ON TABLE outcome IS 'What has become of each treatment: its present outcome';
COMMENT ON COLUMN outcome.since IS 'When it became so';
COMMENT ON COLUMN outcome.updated IS 'When this row was last written';
COMMENT ON COLUMN outcome.changes IS 'How long its path is, in outcome_change';
COMMENT ON COLUMN outcome.environment IS 'The environment, such as production';
COMMENT ON COLUMN outcome.treatment_code IS 'The presentation';
COMMENT ON COLUMN outcome.outcome IS 'The present outcome: the name of an outcome type';
COMMENT ON COLUMN outcome.channel IS 'The interactive channel';
COMMENT ON COLUMN outcome.audience_level IS 'The audience level of the visitor whom it was presented to';
COMMENT ON COLUMN outcome.audience_id IS 'The visitor';
COMMENT ON COLUMN outcome.offer_code IS 'The treatment''s offer';
COMMENT ON COLUMN outcome.campaign IS 'The code of its campaign; empty if there is none';
COMMENT ON COLUMN outcome.cell IS 'The code of its cell; empty if there is none';

CREATE TABLE outcome_change (
	time timestamptz NOT NULL,
	recorded timestamptz NOT NULL,
	place bigint NOT NULL,
	environment text COLLATE "C" NOT NULL,
	treatment_code text COLLATE "C" NOT NULL,
	from_outcome text COLLATE "C" NOT NULL,
	to_outcome text COLLATE "C" NOT NULL,
	source text COLLATE "C" NOT NULL,
	event_id text COLLATE "C" NOT NULL,
	PRIMARY KEY (environment, treatment_code, place),
	FOREIGN KEY (environment, treatment_code) REFERENCES outcome ON DELETE CASCADE
);
COMMENT ON TABLE outcome_change IS 'The whole path of each treatment''s outcomes, in the order of their times';
COMMENT ON COLUMN outcome_change.time IS 'When it became so, by whoever reported it';
COMMENT ON COLUMN outcome_change.recorded IS 'When it was learnt';
COMMENT ON COLUMN outcome_change.place IS 'Its place in the path: 1, 2, 3 …';
COMMENT ON COLUMN outcome_change.environment IS 'The environment';
COMMENT ON COLUMN outcome_change.treatment_code IS 'The presentation';
COMMENT ON COLUMN outcome_change.from_outcome IS 'The outcome before; empty for the first';
COMMENT ON COLUMN outcome_change.to_outcome IS 'The outcome from then on';
COMMENT ON COLUMN outcome_change.source IS 'Who said so, such as event, import, click, response';
COMMENT ON COLUMN outcome_change.event_id IS 'Its ID there, by which it is known again';

CREATE TABLE outcome_refusal (
	time timestamptz NOT NULL,
	recorded timestamptz NOT NULL,
	environment text COLLATE "C" NOT NULL,
	treatment_code text COLLATE "C" NOT NULL,
	outcome text COLLATE "C" NOT NULL,
	source text COLLATE "C" NOT NULL,
	event_id text COLLATE "C" NOT NULL,
	PRIMARY KEY (environment, treatment_code, event_id, outcome)
);
COMMENT ON TABLE outcome_refusal IS 'Outcomes that were reported and do not fit the treatment''s path: they changed nothing';
COMMENT ON COLUMN outcome_refusal.time IS 'When it is said to have become so';
COMMENT ON COLUMN outcome_refusal.recorded IS 'When it was refused first';
COMMENT ON COLUMN outcome_refusal.environment IS 'The environment';
COMMENT ON COLUMN outcome_refusal.treatment_code IS 'The presentation';
COMMENT ON COLUMN outcome_refusal.outcome IS 'The outcome that was reported';
COMMENT ON COLUMN outcome_refusal.source IS 'Who said so';
COMMENT ON COLUMN outcome_refusal.event_id IS 'Its ID there';

CREATE VIEW outcome_type AS
SELECT name, coalesce(spec ->> 'parent', '') AS parent,
	ARRAY(SELECT jsonb_array_elements_text(spec -> 'next')) AS next,
	lower(replace(coalesce(nullif(spec ->> 'countsAs', 'OUTCOME_COUNT_UNSPECIFIED'), 'OUTCOME_COUNT_NONE'), 'OUTCOME_COUNT_', '')) AS counts_as,
	coalesce((spec ->> 'terminal')::boolean, false) AS terminal
FROM resource WHERE kind = 'OutcomeType';
COMMENT ON VIEW outcome_type IS 'The outcome types as they are configured now';
COMMENT ON COLUMN outcome_type.name IS 'What imports, responses and events call it';
COMMENT ON COLUMN outcome_type.parent IS 'The type that it is within; empty: none';
COMMENT ON COLUMN outcome_type.next IS 'Types that may follow it, and with each all those within';
COMMENT ON COLUMN outcome_type.counts_as IS 'none, contact, accept or reject';
COMMENT ON COLUMN outcome_type.terminal IS 'Nothing follows it';

-- A type may move on to those within it; to what it or a type that it is within names as next, and to those within that.
CREATE VIEW outcome_transition AS
WITH RECURSIVE within (name, above, depth) AS (
	SELECT name, name, 0 FROM outcome_type
	UNION ALL
	SELECT w.name, t.parent, w.depth + 1 FROM within w JOIN outcome_type t ON t.name = w.above
	WHERE t.parent <> '' AND w.depth < 8
)
SELECT f.name AS from_outcome, d.name AS to_outcome FROM outcome_type f
JOIN within d ON d.above = f.name AND d.name <> f.name
WHERE NOT f.terminal
UNION
SELECT f.name, d.name FROM outcome_type f
JOIN within u ON u.name = f.name
JOIN outcome_type a ON a.name = u.above
CROSS JOIN LATERAL unnest(a.next) AS n (target)
JOIN within d ON d.above = n.target AND d.name <> f.name
WHERE NOT f.terminal;
COMMENT ON VIEW outcome_transition IS 'Which outcome may follow which, with all that nesting brings along';
COMMENT ON COLUMN outcome_transition.from_outcome IS 'The outcome before';
COMMENT ON COLUMN outcome_transition.to_outcome IS 'The outcome after';

-- Applies outcomes to treatments, in the order of their times whatever order they are given in; `place` is which one, from 1.
--   applied             it is on the path now: at its end, or, if it happened before others that are known, between them
--   repeated            it says nothing new: its event ID is on the path, or the outcome is there already where it would stand
--   transition_refused  what comes before it may not move on to it, or it not to what comes after; kept in outcome_refusal
--   unknown_type        there is no such outcome type
-- An outcome that is on the path before and may not come again says nothing new either: who clicks and then opens once more is repeated.
-- Any outcome may be the first. Of equal times the one given later comes later, or earlier if only that is allowed.
--
-- A plan that was kept from when the tables were empty would read them whole ever after, so every look-up is by key, one treatment
-- after the other (LATERAL), whatever the planner knows of the tables.
CREATE FUNCTION outcome_apply_many(in_environment text, in_now timestamptz, in_treatments text[], in_outcomes text[],
	in_times timestamptz[], in_sources text[], in_event_ids text[], in_channels text[], in_audience_levels text[],
	in_audience_ids text[], in_offer_codes text[], in_campaigns text[], in_cells text[])
	RETURNS TABLE (place bigint, result text, counts_as text)
	LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT
	SET enable_seqscan = off SET enable_hashjoin = off SET enable_mergejoin = off AS $$
#variable_conflict use_column
DECLARE
	path_max CONSTANT integer := 256;
	transitions jsonb;
	counts jsonb;
	item record;
	last_treatment text;
	p_to text[];
	p_time timestamptz[];
	p_event text[];
	p_source text[];
	p_recorded timestamptz[];
	known integer; -- how many of the path are stored as they stand
	latest integer; -- after how many of the path the item would come at the latest
	at integer;
	verdict text;
	r_place bigint[] := '{}';
	r_result text[] := '{}';
	r_counts text[] := '{}';
	w_treatment text[] := '{}';
	w_place bigint[] := '{}';
	w_from text[] := '{}';
	w_to text[] := '{}';
	w_time timestamptz[] := '{}';
	w_event text[] := '{}';
	w_source text[] := '{}';
	w_recorded timestamptz[] := '{}';
	f_place bigint[] := '{}';
BEGIN
	SELECT coalesce(jsonb_object_agg(from_outcome || '>' || to_outcome, true), '{}') INTO transitions FROM outcome_transition;
	SELECT coalesce(jsonb_object_agg(name, t.counts_as), '{}') INTO counts FROM outcome_type t;

	-- A row for each treatment, locked: who applies to the same treatments at the same time waits here, always in the same order.
	INSERT INTO outcome (since, updated, changes, environment, treatment_code, outcome, channel, audience_level, audience_id,
		offer_code, campaign, cell)
	SELECT DISTINCT ON (u.treatment) u.time, in_now, 0, in_environment, u.treatment, '', u.channel, u.level, u.audience, u.offer,
		u.campaign, u.cell
	FROM unnest(in_treatments, in_outcomes, in_times, in_channels, in_audience_levels, in_audience_ids, in_offer_codes, in_campaigns, in_cells)
		AS u (treatment, outcome, time, channel, level, audience, offer, campaign, cell)
	WHERE counts ? u.outcome
	ORDER BY u.treatment
	ON CONFLICT DO NOTHING;
	PERFORM FROM (SELECT DISTINCT treatment COLLATE "C" AS treatment FROM unnest(in_treatments) AS u (treatment) ORDER BY 1) AS u
	CROSS JOIN LATERAL (
		SELECT FROM outcome WHERE environment = in_environment AND treatment_code = u.treatment FOR UPDATE
	) AS o;

	FOR item IN
		SELECT * FROM (
			SELECT u.*, c.tos, c.times, c.events, c.sources, c.recorded
			FROM unnest(in_treatments, in_outcomes, in_times, in_sources, in_event_ids) WITH ORDINALITY
				AS u (treatment, outcome, time, source, event_id, place)
			CROSS JOIN LATERAL (
				SELECT array_agg(to_outcome ORDER BY place) AS tos, array_agg(time ORDER BY place) AS times,
					array_agg(event_id ORDER BY place) AS events, array_agg(source ORDER BY place) AS sources,
					array_agg(recorded ORDER BY place) AS recorded
				FROM outcome_change WHERE environment = in_environment AND treatment_code = u.treatment
			) AS c
			UNION ALL
			SELECT NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL -- the end
		) AS items
		ORDER BY treatment COLLATE "C" NULLS LAST, time, place
	LOOP
		IF item.treatment IS DISTINCT FROM last_treatment THEN
			-- What the treatment before has got is to be written, from the first place that changed.
			IF last_treatment IS NOT NULL THEN
				FOR i IN known + 1 .. cardinality(p_to) LOOP
					w_treatment := array_append(w_treatment, last_treatment);
					w_place := array_append(w_place, i::bigint);
					w_from := array_append(w_from, CASE WHEN i > 1 THEN p_to[i - 1] ELSE '' END);
					w_to := array_append(w_to, p_to[i]);
					w_time := array_append(w_time, p_time[i]);
					w_event := array_append(w_event, p_event[i]);
					w_source := array_append(w_source, p_source[i]);
					w_recorded := array_append(w_recorded, p_recorded[i]);
				END LOOP;
			END IF;
			EXIT WHEN item.treatment IS NULL;
			last_treatment := item.treatment;
			p_to := coalesce(item.tos, '{}');
			p_time := coalesce(item.times, '{}');
			p_event := coalesce(item.events, '{}');
			p_source := coalesce(item.sources, '{}');
			p_recorded := coalesce(item.recorded, '{}');
			known := cardinality(p_to);
		END IF;

		IF NOT counts ? item.outcome THEN
			verdict := 'unknown_type';
		ELSIF item.event_id <> '' AND item.event_id = ANY (p_event) THEN
			verdict := 'repeated';
		ELSE
			latest := cardinality(p_to);
			WHILE latest > 0 AND p_time[latest] > item.time LOOP
				latest := latest - 1;
			END LOOP;
			at := latest;
			LOOP
				IF (at > 0 AND p_to[at] = item.outcome) OR (at < cardinality(p_to) AND p_to[at + 1] = item.outcome) THEN
					verdict := 'repeated';
				ELSIF (at = 0 OR transitions ? (p_to[at] || '>' || item.outcome))
					AND (at = cardinality(p_to) OR transitions ? (item.outcome || '>' || p_to[at + 1]))
					AND cardinality(p_to) < path_max
				THEN
					verdict := 'applied';
				ELSE
					verdict := 'transition_refused';
				END IF;
				EXIT WHEN verdict <> 'transition_refused' OR at = 0 OR p_time[at] < item.time;
				at := at - 1;
			END LOOP;
			IF verdict = 'transition_refused' AND item.outcome = ANY (p_to[1:latest]) THEN
				verdict := 'repeated';
			END IF;
			IF verdict = 'applied' THEN
				p_to := p_to[1:at] || item.outcome || p_to[at + 1:];
				p_time := p_time[1:at] || item.time || p_time[at + 1:];
				p_event := p_event[1:at] || item.event_id || p_event[at + 1:];
				p_source := p_source[1:at] || item.source || p_source[at + 1:];
				p_recorded := p_recorded[1:at] || in_now || p_recorded[at + 1:];
				IF at < known THEN
					DELETE FROM outcome_change d WHERE d.environment = in_environment
						AND d.treatment_code = item.treatment AND d.place > at;
					known := at;
				END IF;
			ELSIF verdict = 'transition_refused' THEN
				f_place := array_append(f_place, item.place);
			END IF;
		END IF;
		r_place := array_append(r_place, item.place);
		r_result := array_append(r_result, verdict);
		r_counts := array_append(r_counts, coalesce(counts ->> item.outcome, 'none'));
	END LOOP;

	INSERT INTO outcome_change (time, recorded, place, environment, treatment_code, from_outcome, to_outcome, source, event_id)
	SELECT w.time, w.recorded, w.place, in_environment, w.treatment, w.from_outcome, w.to_outcome, w.source, w.event_id
	FROM unnest(w_time, w_recorded, w_place, w_treatment, w_from, w_to, w_source, w_event)
		AS w (time, recorded, place, treatment, from_outcome, to_outcome, source, event_id);
	UPDATE outcome o SET outcome = l.outcome, since = l.time, changes = l.place, updated = in_now
	FROM (
		SELECT DISTINCT ON (w.treatment) w.treatment, w.outcome, w.time, w.place
		FROM unnest(w_treatment, w_to, w_time, w_place) AS w (treatment, outcome, time, place)
		ORDER BY w.treatment, w.place DESC
	) AS l
	CROSS JOIN LATERAL (
		SELECT r.ctid AS row FROM outcome r WHERE r.environment = in_environment AND r.treatment_code = l.treatment OFFSET 0
	) AS at
	WHERE o.ctid = at.row;
	INSERT INTO outcome_refusal (time, recorded, environment, treatment_code, outcome, source, event_id)
	SELECT in_times[p], in_now, in_environment, in_treatments[p], in_outcomes[p], in_sources[p], in_event_ids[p]
	FROM unnest(f_place) AS f (p)
	ORDER BY in_treatments[p], in_event_ids[p], in_outcomes[p]
	ON CONFLICT DO NOTHING;
	RETURN QUERY SELECT * FROM unnest(r_place, r_result, r_counts);
END
$$;
COMMENT ON FUNCTION outcome_apply_many(text, timestamptz, text[], text[], timestamptz[], text[], text[], text[], text[], text[],
	text[], text[], text[]) IS 'Applies outcomes to treatments; which became what is in the answer';

CREATE FUNCTION outcome_apply(in_environment text, in_now timestamptz, in_treatment text, in_outcome text, in_time timestamptz,
	in_source text, in_event_id text, in_channel text, in_audience_level text, in_audience_id text, in_offer_code text,
	in_campaign text, in_cell text)
	RETURNS TABLE (result text, counts_as text)
	LANGUAGE sql SECURITY DEFINER SET search_path FROM CURRENT AS $$
	SELECT result, counts_as FROM outcome_apply_many(in_environment, in_now, ARRAY[in_treatment], ARRAY[in_outcome], ARRAY[in_time],
		ARRAY[in_source], ARRAY[in_event_id], ARRAY[in_channel], ARRAY[in_audience_level], ARRAY[in_audience_id], ARRAY[in_offer_code],
		ARRAY[in_campaign], ARRAY[in_cell])
$$;
COMMENT ON FUNCTION outcome_apply(text, timestamptz, text, text, timestamptz, text, text, text, text, text, text, text, text)
	IS 'Applies one outcome to one treatment';

-- Retention: a treatment whose outcome has been the same since before goes as a whole, with its path.
CREATE FUNCTION outcome_prune(in_before timestamptz) RETURNS bigint
	LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
DECLARE
	gone bigint;
BEGIN
	DELETE FROM outcome_refusal r WHERE r.recorded < in_before;
	DELETE FROM outcome o WHERE o.since < in_before;
	GET DIAGNOSTICS gone = ROW_COUNT;
	RETURN gone;
END
$$;
COMMENT ON FUNCTION outcome_prune(timestamptz) IS 'Removes what has not changed since; how many treatments that were';

REVOKE ALL ON FUNCTION outcome_apply_many(text, timestamptz, text[], text[], timestamptz[], text[], text[], text[], text[], text[],
	text[], text[], text[]) FROM PUBLIC;
REVOKE ALL ON FUNCTION outcome_apply(text, timestamptz, text, text, timestamptz, text, text, text, text, text, text, text, text) FROM PUBLIC;
REVOKE ALL ON FUNCTION outcome_prune(timestamptz) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION outcome_apply_many(text, timestamptz, text[], text[], timestamptz[], text[], text[], text[], text[], text[],
	text[], text[], text[]) TO parley_design, parley_ingest;
GRANT EXECUTE ON FUNCTION outcome_apply(text, timestamptz, text, text, timestamptz, text, text, text, text, text, text, text, text)
	TO parley_design, parley_ingest;
GRANT EXECUTE ON FUNCTION outcome_prune(timestamptz) TO parley_design;
GRANT SELECT ON outcome, outcome_change, outcome_refusal, outcome_type, outcome_transition TO parley_design, parley_reader;
GRANT SELECT ON outcome_type TO parley_ingest;

-- A response is an accept, a reject, or an outcome type that counts as neither.
ALTER TABLE response_history DROP CONSTRAINT response_history_response_check;
ALTER TABLE response_history ADD CONSTRAINT response_history_response_check CHECK (response <> '');
COMMENT ON COLUMN response_history.response IS 'accept, reject, or the name of an outcome type that counts as neither';
