-- The contact and response history: one table a question that an analyst asks, each partitioned by month (UTC) so that old
-- months can be detached. Rows are written by ingest only, exactly once; (runtime_id, incarnation, sequence, position) is
-- where a row comes from, and unique.

-- What every table of the history begins with; the tables below are made like it.
CREATE TABLE history_common (
	time timestamptz NOT NULL,
	incarnation bigint NOT NULL,
	sequence bigint NOT NULL,
	position bigint NOT NULL,
	snapshot_version bigint NOT NULL,
	environment text COLLATE "C" NOT NULL,
	runtime_id text COLLATE "C" NOT NULL,
	channel text COLLATE "C" NOT NULL,
	session_id text COLLATE "C" NOT NULL,
	audience_level text COLLATE "C" NOT NULL,
	audience_id text COLLATE "C" NOT NULL,
	snapshot_digest bytea NOT NULL
);
COMMENT ON COLUMN history_common.time IS 'When it happened, by the runtime server''s clock';
COMMENT ON COLUMN history_common.incarnation IS 'The life of the runtime server''s journal that recorded it';
COMMENT ON COLUMN history_common.sequence IS 'The record''s number in that life';
COMMENT ON COLUMN history_common.position IS 'Which of the facts of that record: 0, 1, 2 …';
COMMENT ON COLUMN history_common.snapshot_version IS 'Version of the deployment that decided';
COMMENT ON COLUMN history_common.environment IS 'The environment, such as production';
COMMENT ON COLUMN history_common.runtime_id IS 'The runtime server that recorded it';
COMMENT ON COLUMN history_common.channel IS 'The interactive channel';
COMMENT ON COLUMN history_common.session_id IS 'The visitor''s session';
COMMENT ON COLUMN history_common.audience_level IS 'The audience level, such as Customer';
COMMENT ON COLUMN history_common.audience_id IS 'The visitor: the ID''s keys in canonical text, joined by |';
COMMENT ON COLUMN history_common.snapshot_digest IS 'SHA-256 of the snapshot that decided';

CREATE TABLE recommendation (
	LIKE history_common INCLUDING COMMENTS,
	rank bigint NOT NULL,
	score double precision NOT NULL,
	seed bigint NOT NULL,
	interaction_point text COLLATE "C" NOT NULL,
	zone text COLLATE "C" NOT NULL,
	treatment_code text COLLATE "C" NOT NULL,
	offer_code text COLLATE "C" NOT NULL,
	treatment_rule text COLLATE "C" NOT NULL,
	segment text COLLATE "C" NOT NULL,
	PRIMARY KEY (time, incarnation, sequence, position, runtime_id)
) PARTITION BY RANGE (time);
CREATE INDEX recommendation_audience ON recommendation (audience_id, time);
COMMENT ON TABLE recommendation IS 'Offers that getOffers returned, one row an offer; whether one was shown, contact_history says';
COMMENT ON COLUMN recommendation.rank IS '1 for the best; 0 if there was no offer and the point''s default content was returned';
COMMENT ON COLUMN recommendation.score IS 'The final score';
COMMENT ON COLUMN recommendation.seed IS 'The decision''s seed, as a signed number';
COMMENT ON COLUMN recommendation.interaction_point IS 'Where';
COMMENT ON COLUMN recommendation.zone IS 'The point''s zone';
COMMENT ON COLUMN recommendation.treatment_code IS 'What later events about this presentation quote; empty at rank 0';
COMMENT ON COLUMN recommendation.offer_code IS 'The offer; empty at rank 0';
COMMENT ON COLUMN recommendation.treatment_rule IS 'The rule that won; empty at rank 0';
COMMENT ON COLUMN recommendation.segment IS 'The rule''s segment; empty for everyone';

CREATE TABLE contact_history (
	LIKE history_common INCLUDING COMMENTS,
	event_id text COLLATE "C" NOT NULL,
	event text COLLATE "C" NOT NULL,
	category text COLLATE "C" NOT NULL,
	interaction_point text COLLATE "C" NOT NULL,
	zone text COLLATE "C" NOT NULL,
	treatment_code text COLLATE "C" NOT NULL,
	offer_code text COLLATE "C" NOT NULL,
	treatment_rule text COLLATE "C" NOT NULL,
	segment text COLLATE "C" NOT NULL,
	PRIMARY KEY (time, incarnation, sequence, position, runtime_id)
) PARTITION BY RANGE (time);
CREATE INDEX contact_history_audience ON contact_history (audience_id, time);
CREATE INDEX contact_history_treatment ON contact_history (treatment_code);
COMMENT ON TABLE contact_history IS 'Offers that were shown: touchpoints said so by an event that logs a contact';
COMMENT ON COLUMN contact_history.event_id IS 'The caller''s ID of the event; unique in the environment';
COMMENT ON COLUMN contact_history.event IS 'The event''s name';
COMMENT ON COLUMN contact_history.category IS 'Its category';
COMMENT ON COLUMN contact_history.interaction_point IS 'Where the offer was recommended';
COMMENT ON COLUMN contact_history.zone IS 'The point''s zone';
COMMENT ON COLUMN contact_history.treatment_code IS 'The presentation';
COMMENT ON COLUMN contact_history.offer_code IS 'Its offer';
COMMENT ON COLUMN contact_history.treatment_rule IS 'The rule that had won';
COMMENT ON COLUMN contact_history.segment IS 'The rule''s segment; empty for everyone';

CREATE TABLE response_history (
	LIKE contact_history INCLUDING COMMENTS,
	response text COLLATE "C" NOT NULL CHECK (response IN ('accept', 'reject')),
	PRIMARY KEY (time, incarnation, sequence, position, runtime_id)
) PARTITION BY RANGE (time);
CREATE INDEX response_history_audience ON response_history (audience_id, time);
CREATE INDEX response_history_treatment ON response_history (treatment_code);
COMMENT ON TABLE response_history IS 'What visitors answered to offers: events that log an accept or a reject';
COMMENT ON COLUMN response_history.response IS 'accept or reject';

CREATE TABLE event_history (
	LIKE contact_history INCLUDING COMMENTS,
	PRIMARY KEY (time, incarnation, sequence, position, runtime_id)
) PARTITION BY RANGE (time);
CREATE INDEX event_history_audience ON event_history (audience_id, time);
COMMENT ON TABLE event_history IS 'Events that log neither a contact nor a response; their treatment columns may be empty';

CREATE TABLE session_history (
	LIKE history_common INCLUDING COMMENTS,
	what text COLLATE "C" NOT NULL CHECK (what IN ('start', 'end')),
	profile text COLLATE "C" NOT NULL,
	cause text COLLATE "C" NOT NULL,
	segments text[] NOT NULL,
	PRIMARY KEY (time, incarnation, sequence, position, runtime_id)
) PARTITION BY RANGE (time);
CREATE INDEX session_history_audience ON session_history (audience_id, time);
COMMENT ON TABLE session_history IS 'Sessions: a row when one starts and a row when it ends';
COMMENT ON COLUMN session_history.what IS 'start or end';
COMMENT ON COLUMN session_history.profile IS 'At the start: whether the visitor''s profile was loaded, not found, unavailable or none; else empty';
COMMENT ON COLUMN session_history.cause IS 'At the end: ended, expired or replaced; else empty';
COMMENT ON COLUMN session_history.segments IS 'At the start: the visitor''s segments; else empty';

DROP TABLE history_common;

-- Ingest works as a role that owns nothing, and partitions belong to the owner; so this function makes them for it.
-- Attaching (instead of creating in place) lets readers and writers of other months go on.
CREATE FUNCTION history_month_make(month timestamptz) RETURNS void
	LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT SET TimeZone = 'UTC' AS $$
DECLARE
	first timestamptz := date_trunc('month', month);
	beyond timestamptz := first + interval '1 month';
	suffix text := to_char(first, '_YYYY_MM');
	parent text;
BEGIN
	IF first < '2000-01-01' OR first >= '2200-01-01' THEN
		RAISE EXCEPTION 'no history is kept for %', month USING ERRCODE = 'datetime_field_overflow';
	END IF;
	IF to_regclass('session_history' || suffix) IS NOT NULL THEN
		RETURN;
	END IF;
	PERFORM pg_advisory_xact_lock(hashtext('history_month_make'));
	IF to_regclass('session_history' || suffix) IS NOT NULL THEN
		RETURN;
	END IF;
	FOREACH parent IN ARRAY ARRAY['recommendation', 'contact_history', 'response_history', 'event_history', 'session_history'] LOOP
		EXECUTE format('CREATE TABLE %I (LIKE %I INCLUDING CONSTRAINTS INCLUDING COMMENTS)', parent || suffix, parent);
		EXECUTE format('COMMENT ON TABLE %I IS %L', parent || suffix, format('%s of %s', parent, to_char(first, 'YYYY-MM')));
		EXECUTE format('ALTER TABLE %I ATTACH PARTITION %I FOR VALUES FROM (%L) TO (%L)', parent, parent || suffix, first, beyond);
	END LOOP;
END
$$;
COMMENT ON FUNCTION history_month_make(timestamptz) IS 'Makes the partitions of the month (UTC) that the time is in, if they are not there';
REVOKE ALL ON FUNCTION history_month_make(timestamptz) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION history_month_make(timestamptz) TO parley_design;
GRANT SELECT, INSERT ON recommendation, contact_history, response_history, event_history, session_history TO parley_design;
