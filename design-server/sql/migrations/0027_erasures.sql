-- Erasing visitors: who asked for it, which places have done it, and by what an erased visitor is known again when something about
-- him from before arrives late. The plain ID stands here only until every place has done it.
CREATE TABLE erasure_key (
	single boolean PRIMARY KEY DEFAULT true CHECK (single),
	key bytea NOT NULL CHECK (length(key) = 32)
);
COMMENT ON TABLE erasure_key IS 'What digests of erased visitors are made with: without it nobody can try IDs until one fits';
COMMENT ON COLUMN erasure_key.single IS 'There is one row';
COMMENT ON COLUMN erasure_key.key IS 'Drawn when the table was made';
INSERT INTO erasure_key (key)
SELECT sha256(convert_to(string_agg(gen_random_uuid()::text, ''), 'UTF8')) FROM generate_series(1, 4);

CREATE TABLE erasure (
	id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
	environment text COLLATE "C" NOT NULL,
	audience_level text COLLATE "C" NOT NULL,
	audience_id text COLLATE "C",
	digest bytea NOT NULL CHECK (length(digest) = 32),
	reason text NOT NULL,
	requested_by text COLLATE "C" NOT NULL,
	requested timestamptz NOT NULL,
	completed timestamptz,
	CHECK ((audience_id IS NULL) = (completed IS NOT NULL))
);
CREATE INDEX erasure_environment ON erasure (environment, requested);
CREATE INDEX erasure_digest ON erasure (environment, digest);
CREATE INDEX erasure_open ON erasure (id) WHERE completed IS NULL;
COMMENT ON TABLE erasure IS 'Visitors who are, or have been, erased';
COMMENT ON COLUMN erasure.id IS 'Ascending as they are asked for';
COMMENT ON COLUMN erasure.environment IS 'The environment';
COMMENT ON COLUMN erasure.audience_level IS 'The visitor''s audience level';
COMMENT ON COLUMN erasure.audience_id IS 'The visitor; null once every place has done it';
COMMENT ON COLUMN erasure.digest IS 'What stands for the visitor in the audit and afterwards: visitor_digest()';
COMMENT ON COLUMN erasure.reason IS 'Why, in the words of who asked';
COMMENT ON COLUMN erasure.requested_by IS 'The user who asked';
COMMENT ON COLUMN erasure.requested IS 'When: what happened before this moment is not taken in any more';
COMMENT ON COLUMN erasure.completed IS 'When every place had done it; null: not yet';

CREATE TABLE erasure_place (
	erasure bigint NOT NULL REFERENCES erasure,
	place text COLLATE "C" NOT NULL,
	state text COLLATE "C" NOT NULL DEFAULT 'waiting' CHECK (state IN ('waiting', 'shipping', 'done')),
	runtime_id text COLLATE "C" NOT NULL DEFAULT '',
	incarnation bigint NOT NULL DEFAULT 0,
	sequence bigint NOT NULL DEFAULT 0,
	found jsonb NOT NULL DEFAULT '{}',
	why text NOT NULL DEFAULT '',
	tries integer NOT NULL DEFAULT 0,
	try_at timestamptz NOT NULL DEFAULT '-infinity',
	changed timestamptz NOT NULL,
	PRIMARY KEY (erasure, place)
);
CREATE INDEX erasure_place_due ON erasure_place (try_at) WHERE state <> 'done';
COMMENT ON TABLE erasure_place IS 'Where a visitor is erased, and how far that is';
COMMENT ON COLUMN erasure_place.erasure IS 'The erasure';
COMMENT ON COLUMN erasure_place.place IS 'Empty: this database; else a runtime server, by its name in the deploy profile';
COMMENT ON COLUMN erasure_place.state IS 'waiting; shipping: the server has forgotten the visitor, and its journal is not rid of it yet; done';
COMMENT ON COLUMN erasure_place.runtime_id IS 'Who the server said it is; empty while it has not';
COMMENT ON COLUMN erasure_place.incarnation IS 'The life of its journal in which it forgot the visitor';
COMMENT ON COLUMN erasure_place.sequence IS 'Everything that it recorded of the visitor before is up to this record';
COMMENT ON COLUMN erasure_place.found IS 'How much was found there and erased';
COMMENT ON COLUMN erasure_place.why IS 'Why it is not done yet; empty if nothing is known to keep it';
COMMENT ON COLUMN erasure_place.tries IS 'How often in a row that was found';
COMMENT ON COLUMN erasure_place.try_at IS 'When it is tried next; while somebody is at it, when another may be';
COMMENT ON COLUMN erasure_place.changed IS 'When its state became what it is';

-- An event may be about another visitor's treatment; few are.
CREATE INDEX contact_history_treatment_audience ON contact_history (treatment_audience_id) WHERE treatment_audience_id <> '';
CREATE INDEX response_history_treatment_audience ON response_history (treatment_audience_id) WHERE treatment_audience_id <> '';
CREATE INDEX event_history_treatment_audience ON event_history (treatment_audience_id) WHERE treatment_audience_id <> '';

CREATE FUNCTION visitor_digest(in_environment text, in_level text, in_id text) RETURNS bytea
	LANGUAGE sql STABLE SECURITY DEFINER SET search_path FROM CURRENT AS $$
	SELECT sha256(key || sha256(key || convert_to(format('%s:%s %s:%s %s', length(in_environment), in_environment, length(in_level), in_level,
		in_id), 'UTF8'))) FROM erasure_key
$$;
COMMENT ON FUNCTION visitor_digest(text, text, text) IS 'Stands for a visitor and tells nobody who it is: a hash with the key of erasure_key';

CREATE FUNCTION erased_until(in_environment text) RETURNS timestamptz
	LANGUAGE sql STABLE SECURITY DEFINER SET search_path FROM CURRENT AS $$
	SELECT max(requested) FROM erasure WHERE environment = in_environment
$$;
COMMENT ON FUNCTION erased_until(text) IS 'When the newest erasure was asked for: what happened later is of nobody who was erased; null: none was';

CREATE FUNCTION erased_among(in_environment text, in_levels text[], in_ids text[], in_times bigint[]) RETURNS SETOF bigint
	LANGUAGE sql STABLE SECURITY DEFINER SET search_path FROM CURRENT AS $$
	SELECT DISTINCT u.place FROM unnest(in_levels, in_ids, in_times) WITH ORDINALITY AS u (level, id, time_us, place)
	JOIN erasure e ON e.environment = in_environment AND e.digest = visitor_digest(in_environment, u.level, u.id)
		AND e.requested > 'epoch'::timestamptz + make_interval(secs => u.time_us / 1e6)
$$;
COMMENT ON FUNCTION erased_among(text, text[], text[], bigint[]) IS 'Which of these, from 1 on, are about visitors who were erased after it happened (microseconds since 1970)';

-- Every table that has rows of visitors by time and place in a journal, with the months that were set aside.
CREATE FUNCTION visitor_tables(in_name text) RETURNS SETOF text
	LANGUAGE sql STABLE SECURITY DEFINER SET search_path FROM CURRENT AS $$
	SELECT relname::text FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p')
		AND (relname = in_name OR relname ~ ('^' || in_name || '_[0-9]{4}_[0-9]{2}_detached_'))
	ORDER BY 1
$$;
COMMENT ON FUNCTION visitor_tables(text) IS 'A table of the history and the months of it that were detached';

-- A length-delimited field of a protobuf message.
CREATE FUNCTION visitor_field(in_tag bytea, in_text text) RETURNS bytea LANGUAGE sql IMMUTABLE SET search_path FROM CURRENT AS $$
	SELECT in_tag || CASE WHEN octet_length(in_text) < 128 THEN set_byte(decode('00', 'hex'), 0, octet_length(in_text))
		ELSE set_byte(decode('00', 'hex'), 0, octet_length(in_text) % 128 + 128) || set_byte(decode('00', 'hex'), 0, octet_length(in_text) / 128 % 128) END
		|| convert_to(in_text, 'UTF8')
$$;
COMMENT ON FUNCTION visitor_field(bytea, text) IS 'How a text of under 16 KiB stands in a journal record';

-- What happened before in_before, whoever recorded it; and what a runtime server recorded up to a place of its journal.
CREATE FUNCTION visitor_erase(in_environment text, in_level text, in_id text, in_before timestamptz, in_runtime text,
	in_incarnation bigint, in_sequence bigint) RETURNS TABLE (name text, erased bigint)
	LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
DECLARE
	parent text;
	part text;
	whose text;
	old CONSTANT text := '(time < $4 OR (runtime_id = $5 AND (incarnation, sequence) <= ($6, $7)))';
	returned text;
	columns text[];
	batch_codes text[];
	batch_events text[];
	codes text[] := '{}';
	events text[] := '{}';
	gone bigint;
	counted bigint;
BEGIN
	FOR parent IN SELECT r.name FROM history_retention r WHERE r.monthly ORDER BY r.name LOOP
		columns := ARRAY(SELECT attname::text FROM pg_attribute WHERE attrelid = parent::regclass AND attnum > 0 AND NOT attisdropped);
		whose := '(audience_id = $3 AND audience_level = $2)';
		IF 'treatment_audience_id' = ANY (columns) THEN
			whose := whose || ' OR (treatment_audience_id <> '''' AND treatment_audience_id = $3 AND treatment_audience_level = $2)';
		END IF;
		returned := CASE WHEN 'treatment_code' = ANY (columns) THEN 'treatment_code' ELSE quote_literal('') || '::text' END || ' AS code, '
			|| CASE WHEN 'event_id' = ANY (columns) THEN 'event_id' ELSE quote_literal('') || '::text' END || ' AS event';
		counted := 0;
		FOR part IN SELECT * FROM visitor_tables(parent) LOOP
			EXECUTE format('WITH gone AS (DELETE FROM %I WHERE environment = $1 AND (%s) AND %s RETURNING %s)
				SELECT count(*), coalesce(array_agg(DISTINCT code) FILTER (WHERE code <> ''''), ''{}''),
					coalesce(array_agg(DISTINCT event) FILTER (WHERE event <> ''''), ''{}'') FROM gone', part, whose, old, returned)
			INTO gone, batch_codes, batch_events
			USING in_environment, in_level, in_id, in_before, in_runtime, in_incarnation, in_sequence;
			counted := counted + gone;
			codes := codes || batch_codes;
			events := events || batch_events;
		END LOOP;
		RETURN QUERY SELECT parent, counted;
	END LOOP;

	WITH late AS (
		DELETE FROM late_response l WHERE l.environment = in_environment
			AND (l.time < in_before OR (l.runtime_id = in_runtime AND (l.incarnation, l.sequence) <= (in_incarnation, in_sequence)))
			AND ((l.audience_id = in_id AND l.audience_level = in_level) OR l.treatment_code = ANY (codes)
				OR (l.code_kind = 'treatment' AND l.code = ANY (codes)))
		RETURNING l.event_id
	)
	SELECT count(*), events || coalesce(array_agg(event_id), '{}') INTO gone, events FROM late;
	RETURN QUERY SELECT 'late_response', gone;

	-- An outcome goes with its treatment, and if its treatment is not known any more.
	codes := codes || ARRAY(SELECT o.treatment_code FROM outcome o
		WHERE o.environment = in_environment AND o.audience_id = in_id AND o.audience_level = in_level
			AND NOT EXISTS (SELECT FROM contact_history c WHERE c.treatment_code = o.treatment_code AND c.environment = in_environment)
			AND NOT EXISTS (SELECT FROM recommendation r WHERE r.treatment_code <> '' AND r.treatment_code = o.treatment_code
				AND r.environment = in_environment));
	events := events || ARRAY(SELECT c.event_id FROM outcome_change c WHERE c.environment = in_environment AND c.treatment_code = ANY (codes))
		|| ARRAY(SELECT f.event_id FROM outcome_refusal f WHERE f.environment = in_environment AND f.treatment_code = ANY (codes));
	DELETE FROM outcome_refusal f WHERE f.environment = in_environment AND f.treatment_code = ANY (codes);
	GET DIAGNOSTICS gone = ROW_COUNT;
	RETURN QUERY SELECT 'outcome_refusal', gone;
	SELECT count(*) INTO gone FROM outcome_change c WHERE c.environment = in_environment AND c.treatment_code = ANY (codes);
	RETURN QUERY SELECT 'outcome_change', gone;
	DELETE FROM outcome o WHERE o.environment = in_environment AND o.treatment_code = ANY (codes);
	GET DIAGNOSTICS gone = ROW_COUNT;
	RETURN QUERY SELECT 'outcome', gone;

	DELETE FROM visitor_effect v WHERE v.environment = in_environment AND v.audience_id = in_id AND v.audience_level = in_level
		AND v.time < in_before;
	GET DIAGNOSTICS gone = ROW_COUNT;
	RETURN QUERY SELECT 'visitor_effect', gone;

	DELETE FROM event_dedupe d WHERE d.environment = in_environment AND d.event_id = ANY (events);
	GET DIAGNOSTICS gone = ROW_COUNT;
	RETURN QUERY SELECT 'event_dedupe', gone;

	-- Kept whole because they could not be read; so they are looked through for how the visitor stands in a record.
	DELETE FROM ingest_reject r WHERE r.environment = in_environment
		AND (r.received < in_before OR (r.runtime_id = in_runtime AND (r.incarnation, r.first_sequence) <= (in_incarnation, in_sequence)))
		AND (position(visitor_field(decode('1a', 'hex'), in_level) || visitor_field(decode('22', 'hex'), in_id) IN r.record) > 0
			OR position(visitor_field(decode('7a', 'hex'), in_level) || visitor_field(decode('8201', 'hex'), in_id) IN r.record) > 0);
	GET DIAGNOSTICS gone = ROW_COUNT;
	RETURN QUERY SELECT 'ingest_reject', gone;
END
$$;
COMMENT ON FUNCTION visitor_erase(text, text, text, timestamptz, text, bigint, bigint) IS 'Deletes what is known of a visitor (in every monthly table of history_retention, and in what belongs to them) from before a moment, and what a runtime server recorded of him up to a place of its journal; how many rows of which table';

-- Everything, one row a row, in an order that pages can go by.
CREATE FUNCTION visitor_data(in_environment text, in_level text, in_id text) RETURNS TABLE (name text, key text, data jsonb)
	LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path FROM CURRENT AS $$
DECLARE
	parent text;
	part text;
	whose text;
BEGIN
	FOR parent IN SELECT r.name FROM history_retention r WHERE r.monthly ORDER BY r.name LOOP
		whose := '(audience_id = $3 AND audience_level = $2)';
		IF EXISTS (SELECT FROM pg_attribute WHERE attrelid = parent::regclass AND attname = 'treatment_audience_id') THEN
			whose := whose || ' OR (treatment_audience_id <> '''' AND treatment_audience_id = $3 AND treatment_audience_level = $2)';
		END IF;
		FOR part IN SELECT * FROM visitor_tables(parent) LOOP
			RETURN QUERY EXECUTE format('SELECT %L, to_char(time AT TIME ZONE ''UTC'', ''YYYYMMDDHH24MISSUS'')
					|| to_char(incarnation, ''FM0000000000000000000'') || to_char(sequence, ''FM0000000000000000000'')
					|| to_char(position, ''FM000000'') || runtime_id, to_jsonb(t) - ''environment'' FROM %I t
				WHERE environment = $1 AND (%s)', parent, part, whose) USING in_environment, in_level, in_id;
		END LOOP;
	END LOOP;
	RETURN QUERY SELECT 'late_response', to_char(l.id, 'FM0000000000000000000'), to_jsonb(l) - 'environment' FROM late_response l
		WHERE l.environment = in_environment AND l.audience_id = in_id AND l.audience_level = in_level;
	RETURN QUERY SELECT 'outcome', o.treatment_code, to_jsonb(o) - 'environment' || jsonb_build_object('path', (
			SELECT coalesce(jsonb_agg(to_jsonb(c) - 'environment' - 'treatment_code' ORDER BY c.place), '[]') FROM outcome_change c
			WHERE c.environment = o.environment AND c.treatment_code = o.treatment_code), 'refused', (
			SELECT coalesce(jsonb_agg(to_jsonb(f) - 'environment' - 'treatment_code' ORDER BY f.time), '[]') FROM outcome_refusal f
			WHERE f.environment = o.environment AND f.treatment_code = o.treatment_code))
		FROM outcome o WHERE o.environment = in_environment AND o.audience_id = in_id AND o.audience_level = in_level;
	RETURN QUERY SELECT 'visitor_effect', to_char(v.id, 'FM0000000000000000000'), to_jsonb(v) - 'environment' FROM visitor_effect v
		WHERE v.environment = in_environment AND v.audience_id = in_id AND v.audience_level = in_level;
	RETURN QUERY SELECT 'ingest_reject', to_char(r.id, 'FM0000000000000000000'), to_jsonb(r) - 'environment' FROM ingest_reject r
		WHERE r.environment = in_environment
			AND (position(visitor_field(decode('1a', 'hex'), in_level) || visitor_field(decode('22', 'hex'), in_id) IN r.record) > 0
				OR position(visitor_field(decode('7a', 'hex'), in_level) || visitor_field(decode('8201', 'hex'), in_id) IN r.record) > 0);
	RETURN QUERY SELECT 'configuration', format('%s/%s/%s', r.channel, r.kind, r.name), jsonb_strip_nulls(jsonb_build_object(
			'kind', r.kind, 'channel', r.channel, 'name', r.name, 'entries', CASE WHEN r.kind <> 'AudienceList' THEN (
				SELECT jsonb_agg(x.entry) FROM jsonb_array_elements(r.spec -> 'entries') AS x (entry) WHERE x.entry ->> 'audienceId' = in_id) END))
		FROM resource r WHERE r.kind IN ('AudienceList', 'Blacklist', 'ScoreOverride') AND r.spec ->> 'audienceLevel' = in_level
			AND (r.spec -> 'ids' ? in_id OR r.spec -> 'entries' @> jsonb_build_array(jsonb_build_object('audienceId', in_id)));
	RETURN QUERY SELECT DISTINCT 'same_session', format('%s/%s', o.audience_level, o.audience_id),
			jsonb_build_object('audience_level', o.audience_level, 'audience_id', o.audience_id)
		FROM session_history s JOIN session_history o ON o.environment = s.environment AND o.session_id = s.session_id
			AND o.time = s.time
		WHERE s.environment = in_environment AND s.audience_id = in_id AND s.audience_level = in_level
			AND (o.audience_level, o.audience_id) <> (in_level, in_id);
END
$$;
COMMENT ON FUNCTION visitor_data(text, text, text) IS 'What is known of a visitor: table, a key to order by, the row; also which configuration names him, and whom his sessions went on or had begun under';

REVOKE ALL ON FUNCTION visitor_digest(text, text, text), erased_until(text), erased_among(text, text[], text[], bigint[]), visitor_tables(text),
	visitor_field(bytea, text), visitor_erase(text, text, text, timestamptz, text, bigint, bigint), visitor_data(text, text, text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION visitor_digest(text, text, text), visitor_erase(text, text, text, timestamptz, text, bigint, bigint),
	visitor_data(text, text, text) TO parley_design;
GRANT EXECUTE ON FUNCTION erased_until(text), erased_among(text, text[], text[], bigint[]) TO parley_ingest;
GRANT SELECT, INSERT, UPDATE ON erasure, erasure_place TO parley_design;
GRANT SELECT ON ship_cursor TO parley_design;
