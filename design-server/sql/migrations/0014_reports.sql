-- What analysts ask of the history, as functions and views, and how long the history is kept.
--
-- Everything is counted by treatment: one offer presented to one visitor at one point. A treatment belongs to the moment of the
-- first fact that is known of it, normally its recommendation; what followed counts for that moment whenever it came. So the
-- counts of a period never say that more was accepted than shown. Days are UTC days.

-- --- statistics ---

CREATE FUNCTION report_wilson_low(successes bigint, trials bigint, z double precision DEFAULT 1.959963984540054)
	RETURNS double precision LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
	SELECT CASE WHEN trials > 0 THEN greatest(0, (successes + z * z / 2
		- z * sqrt(successes * (trials - successes)::double precision / trials + z * z / 4)) / (trials + z * z)) END
$$;
COMMENT ON FUNCTION report_wilson_low(bigint, bigint, double precision) IS 'Lower end of Wilson''s score interval of a proportion, 95 % by default (E. B. Wilson, Probable inference, the law of succession, and statistical inference, J. Am. Stat. Assoc. 22, 1927, 209-212); NULL without trials';

CREATE FUNCTION report_wilson_high(successes bigint, trials bigint, z double precision DEFAULT 1.959963984540054)
	RETURNS double precision LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
	SELECT CASE WHEN trials > 0 THEN least(1, (successes + z * z / 2
		+ z * sqrt(successes * (trials - successes)::double precision / trials + z * z / 4)) / (trials + z * z)) END
$$;
COMMENT ON FUNCTION report_wilson_high(bigint, bigint, double precision) IS 'Upper end of the same interval as report_wilson_low';

CREATE FUNCTION report_rate(successes bigint, trials bigint) RETURNS double precision LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
	SELECT CASE WHEN trials > 0 THEN successes::double precision / trials END
$$;
COMMENT ON FUNCTION report_rate(bigint, bigint) IS 'successes / trials; NULL without trials';

CREATE FUNCTION report_difference_low(s1 bigint, n1 bigint, s2 bigint, n2 bigint, z double precision DEFAULT 1.959963984540054)
	RETURNS double precision LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
	SELECT report_rate(s1, n1) - report_rate(s2, n2)
		- sqrt((report_rate(s1, n1) - report_wilson_low(s1, n1, z)) ^ 2 + (report_wilson_high(s2, n2, z) - report_rate(s2, n2)) ^ 2)
$$;
COMMENT ON FUNCTION report_difference_low(bigint, bigint, bigint, bigint, double precision) IS 'Lower end of the interval of s1/n1 - s2/n2, 95 % by default: the hybrid of two Wilson intervals (R. G. Newcombe, Interval estimation for the difference between independent proportions, Statistics in Medicine 17, 1998, 873-890, method 10); NULL without trials';

CREATE FUNCTION report_difference_high(s1 bigint, n1 bigint, s2 bigint, n2 bigint, z double precision DEFAULT 1.959963984540054)
	RETURNS double precision LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
	SELECT report_rate(s1, n1) - report_rate(s2, n2)
		+ sqrt((report_wilson_high(s1, n1, z) - report_rate(s1, n1)) ^ 2 + (report_rate(s2, n2) - report_wilson_low(s2, n2, z)) ^ 2)
$$;
COMMENT ON FUNCTION report_difference_high(bigint, bigint, bigint, bigint, double precision) IS 'Upper end of the same interval as report_difference_low';

CREATE FUNCTION report_difference_z(s1 bigint, n1 bigint, s2 bigint, n2 bigint) RETURNS double precision
	LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
	SELECT CASE WHEN n1 > 0 AND n2 > 0 AND s1 + s2 > 0 AND s1 + s2 < n1 + n2 THEN
		(s1::double precision / n1 - s2::double precision / n2)
		/ sqrt((s1 + s2)::double precision / (n1 + n2) * (1 - (s1 + s2)::double precision / (n1 + n2)) * (1.0 / n1 + 1.0 / n2)) END
$$;
COMMENT ON FUNCTION report_difference_z(bigint, bigint, bigint, bigint) IS 'The statistic of the two-proportion test with the pooled proportion: beyond 1.96 on either side the two differ at the level of 5 %; NULL if it cannot be computed';

-- --- treatments ---

-- A fact in the period may be about a treatment from before it. Those few that lack their recommendation in the period are looked up
-- one by one: the two inequalities say = in a form that the planner cannot turn into a hash of the whole history.
CREATE FUNCTION report_treatments(since timestamptz, until timestamptz) RETURNS TABLE (
	environment text, channel text, zone text, interaction_point text, campaign text, cell text, segment text, treatment_rule text,
	offer_code text, treatment_code text, audience_level text, audience_id text, snapshot_version bigint, "time" timestamptz, recommended boolean,
	shown boolean, accepted boolean, rejected boolean, answered boolean)
	LANGUAGE sql STABLE PARALLEL SAFE ROWS 100000 AS $$
	SELECT t.environment, t.channel, t.zone, t.interaction_point, t.campaign, t.cell, t.segment, t.treatment_rule, t.offer_code,
		t.treatment_code, t.audience_level, t.audience_id, t.snapshot_version, t."time", t.recommended, t.shown, t.accepted,
		t.rejected, t.answered
	FROM (
		SELECT f.environment, f.channel, f.zone, f.interaction_point, f.campaign, f.cell, f.segment, f.treatment_rule, f.offer_code,
			f.treatment_code, f.audience_level, f.audience_id, min(f.snapshot_version) AS snapshot_version, min(f."time") AS "time",
			bool_or(f.response = '-') AS recommended, bool_or(f.response = '+') AS shown,
			bool_or(f.response = 'accept') AS accepted, bool_or(f.response = 'reject') AS rejected,
			bool_or(f.response NOT IN ('-', '+')) AS answered
		FROM (
			SELECT r.environment, r.channel, r.zone, r.interaction_point, r.campaign, r.cell, r.segment, r.treatment_rule, r.offer_code,
				r.treatment_code, r.audience_level, r.audience_id, r.snapshot_version, r."time", '-' AS response
			FROM recommendation r WHERE r."time" >= since AND r."time" < until AND r.treatment_code <> ''
			UNION ALL
			SELECT c.environment, c.channel, c.zone, c.interaction_point, c.campaign, c.cell, c.segment, c.treatment_rule, c.offer_code,
				c.treatment_code, CASE c.treatment_audience_level WHEN '' THEN c.audience_level ELSE c.treatment_audience_level END,
				CASE c.treatment_audience_level WHEN '' THEN c.audience_id ELSE c.treatment_audience_id END,
				c.snapshot_version, c."time", '+'
			FROM contact_history c WHERE c."time" >= since AND c.treatment_code <> ''
			UNION ALL
			SELECT a.environment, a.channel, a.zone, a.interaction_point, a.campaign, a.cell, a.segment, a.treatment_rule, a.offer_code,
				a.treatment_code, CASE a.treatment_audience_level WHEN '' THEN a.audience_level ELSE a.treatment_audience_level END,
				CASE a.treatment_audience_level WHEN '' THEN a.audience_id ELSE a.treatment_audience_id END,
				a.snapshot_version, a."time", a.response
			FROM response_history a WHERE a."time" >= since AND a.treatment_code <> '') f
		GROUP BY f.treatment_code, f.offer_code, f.environment, f.channel, f.zone, f.interaction_point, f.campaign, f.cell, f.segment,
			f.treatment_rule, f.audience_level, f.audience_id) t
	WHERE t."time" < until AND (t.recommended OR (
		NOT EXISTS (
			SELECT FROM recommendation r WHERE r."time" < since AND r.audience_id >= t.audience_id AND r.audience_id <= t.audience_id
				AND r.treatment_code >= t.treatment_code AND r.treatment_code <= t.treatment_code)
		AND NOT EXISTS (
			SELECT FROM contact_history c WHERE c."time" < since
				AND c.treatment_code >= t.treatment_code AND c.treatment_code <= t.treatment_code)))
$$;
COMMENT ON FUNCTION report_treatments(timestamptz, timestamptz) IS 'Treatments first heard of at since or later and before until, one row each, with what became of them to this day: recommended (false: the recommendation was lost in a crash), shown (a contact was logged), accepted, rejected, answered (any response, of whatever type). audience_level and audience_id are whose treatment it is; snapshot_version is the version that decided. Conditions on the columns before treatment_code are applied while reading';

CREATE VIEW report_funnel AS
	SELECT environment, channel, zone, interaction_point, campaign, cell, segment, offer_code, snapshot_version,
		("time" AT TIME ZONE 'UTC')::date AS day, count(*) AS recommended, count(*) FILTER (WHERE shown) AS shown,
		count(*) FILTER (WHERE shown AND accepted) AS accepted, count(*) FILTER (WHERE shown AND rejected) AS rejected,
		count(*) FILTER (WHERE answered AND NOT shown) AS unshown,
		report_rate(count(*) FILTER (WHERE shown AND accepted), count(*) FILTER (WHERE shown)) AS acceptance,
		report_wilson_low(count(*) FILTER (WHERE shown AND accepted), count(*) FILTER (WHERE shown)) AS acceptance_low,
		report_wilson_high(count(*) FILTER (WHERE shown AND accepted), count(*) FILTER (WHERE shown)) AS acceptance_high
	FROM report_treatments('-infinity', 'infinity')
	GROUP BY environment, channel, zone, interaction_point, campaign, cell, segment, offer_code, snapshot_version, 10;
COMMENT ON VIEW report_funnel IS 'The funnel over the whole history; reads all of it: for a period ask report_treatments(since, until) and group as this view does';
COMMENT ON COLUMN report_funnel.environment IS 'The environment';
COMMENT ON COLUMN report_funnel.channel IS 'The interactive channel';
COMMENT ON COLUMN report_funnel.zone IS 'The zone';
COMMENT ON COLUMN report_funnel.interaction_point IS 'The point';
COMMENT ON COLUMN report_funnel.campaign IS 'The campaign''s code; empty if there is none';
COMMENT ON COLUMN report_funnel.cell IS 'The cell''s code; empty if there is none';
COMMENT ON COLUMN report_funnel.segment IS 'The rule''s segment; empty for everyone';
COMMENT ON COLUMN report_funnel.offer_code IS 'The offer';
COMMENT ON COLUMN report_funnel.snapshot_version IS 'The deployment''s version that decided';
COMMENT ON COLUMN report_funnel.day IS 'The UTC day of the treatment''s first fact';
COMMENT ON COLUMN report_funnel.recommended IS 'Treatments';
COMMENT ON COLUMN report_funnel.shown IS 'Those of them that were shown: a contact was logged';
COMMENT ON COLUMN report_funnel.accepted IS 'Those that were shown and accepted';
COMMENT ON COLUMN report_funnel.rejected IS 'Those that were shown and rejected';
COMMENT ON COLUMN report_funnel.unshown IS 'Those that were answered although no contact was logged: many of them are a touchpoint that forgets to log';
COMMENT ON COLUMN report_funnel.acceptance IS 'accepted / shown';
COMMENT ON COLUMN report_funnel.acceptance_low IS 'Lower end of its 95 % interval (report_wilson_low)';
COMMENT ON COLUMN report_funnel.acceptance_high IS 'Upper end of its 95 % interval';

CREATE VIEW report_response AS
	SELECT r."time", r.environment, r.channel, r.zone, r.interaction_point, r.campaign, r.cell, r.segment, r.offer_code, r.treatment_code,
		r.response, CASE r.treatment_audience_level WHEN '' THEN r.audience_level ELSE r.treatment_audience_level END AS audience_level,
		CASE r.treatment_audience_level WHEN '' THEN r.audience_id ELSE r.treatment_audience_id END AS audience_id,
		r.snapshot_version, r.event_id, c."time" AS shown, r."time" - c."time" AS delay, r.session_id IS DISTINCT FROM c.session_id AS later
	FROM response_history r LEFT JOIN LATERAL (
		SELECT h."time", h.session_id FROM contact_history h
		WHERE h.treatment_code = r.treatment_code AND h.environment = r.environment AND r.treatment_code <> '' AND h."time" <= r."time"
		ORDER BY h."time" LIMIT 1) c ON true;
COMMENT ON VIEW report_response IS 'Every response with the first contact of its treatment';
COMMENT ON COLUMN report_response."time" IS 'When the visitor answered';
COMMENT ON COLUMN report_response.response IS 'accept, reject, or a type of one''s own';
COMMENT ON COLUMN report_response.shown IS 'When the offer was first shown; NULL if no contact was logged before';
COMMENT ON COLUMN report_response.delay IS 'From then to the answer';
COMMENT ON COLUMN report_response.later IS 'The answer came in another session than the contact, or without a contact';

-- What happened, by the moment at which it did.
CREATE FUNCTION report_facts(since timestamptz, until timestamptz) RETURNS TABLE (
	environment text, channel text, zone text, interaction_point text, campaign text, cell text, segment text, offer_code text,
	snapshot_version bigint, "time" timestamptz, kind text)
	LANGUAGE sql STABLE PARALLEL SAFE ROWS 100000 AS $$
	SELECT s.environment, s.channel, '', '', '', '', '', '', s.snapshot_version, s."time", s.what
	FROM session_history s WHERE s."time" >= since AND s."time" < until
	UNION ALL
	SELECT r.environment, r.channel, r.zone, r.interaction_point, r.campaign, r.cell, r.segment, r.offer_code, r.snapshot_version, r."time",
		CASE WHEN r.rank = 0 THEN 'default' WHEN r.rank = 1 THEN 'first' ELSE 'offer' END
	FROM recommendation r WHERE r."time" >= since AND r."time" < until
	UNION ALL
	SELECT c.environment, c.channel, c.zone, c.interaction_point, c.campaign, c.cell, c.segment, c.offer_code, c.snapshot_version, c."time",
		'contact'
	FROM contact_history c WHERE c."time" >= since AND c."time" < until
	UNION ALL
	SELECT a.environment, a.channel, a.zone, a.interaction_point, a.campaign, a.cell, a.segment, a.offer_code, a.snapshot_version, a."time",
		CASE WHEN a.response IN ('accept', 'reject') THEN a.response ELSE 'response' END
	FROM response_history a WHERE a."time" >= since AND a."time" < until
	UNION ALL
	SELECT e.environment, e.channel, e.zone, e.interaction_point, e.campaign, e.cell, e.segment, e.offer_code, e.snapshot_version, e."time",
		'event'
	FROM event_history e WHERE e."time" >= since AND e."time" < until
$$;
COMMENT ON FUNCTION report_facts(timestamptz, timestamptz) IS 'Every fact at since or later and before until, as one kind: start, end (sessions); default (a point answered with its default content), first (its best offer), offer (its further ones); contact; accept, reject, response (any other type); event';

CREATE VIEW report_activity AS
	SELECT environment, channel, ("time" AT TIME ZONE 'UTC')::date AS day, count(*) FILTER (WHERE kind = 'start') AS sessions,
		count(*) FILTER (WHERE kind IN ('default', 'first')) AS answers, count(*) FILTER (WHERE kind = 'default') AS defaults,
		count(*) FILTER (WHERE kind IN ('first', 'offer')) AS offers, count(*) FILTER (WHERE kind = 'contact') AS contacts,
		count(*) FILTER (WHERE kind = 'accept') AS accepts, count(*) FILTER (WHERE kind = 'reject') AS rejects,
		count(*) FILTER (WHERE kind = 'response') AS responses, count(*) FILTER (WHERE kind = 'event') AS events
	FROM report_facts('-infinity', 'infinity') GROUP BY environment, channel, 3;
COMMENT ON VIEW report_activity IS 'What happened on which UTC day; every event counts, even where several are about one treatment';
COMMENT ON COLUMN report_activity.environment IS 'The environment';
COMMENT ON COLUMN report_activity.channel IS 'The interactive channel';
COMMENT ON COLUMN report_activity.day IS 'The UTC day on which it happened';
COMMENT ON COLUMN report_activity.sessions IS 'Sessions begun; a session that goes on under another visitor counts once more';
COMMENT ON COLUMN report_activity.answers IS 'Points that getOffers answered for';
COMMENT ON COLUMN report_activity.defaults IS 'Those of them that got their default content, as there was no offer';
COMMENT ON COLUMN report_activity.offers IS 'Offers recommended';
COMMENT ON COLUMN report_activity.contacts IS 'Contacts';
COMMENT ON COLUMN report_activity.accepts IS 'Accepts';
COMMENT ON COLUMN report_activity.rejects IS 'Rejects';
COMMENT ON COLUMN report_activity.responses IS 'Responses of other types';
COMMENT ON COLUMN report_activity.events IS 'Events that were neither';

DO $$
DECLARE
	made text;
BEGIN
	FOR made IN SELECT p.oid::regprocedure::text FROM pg_proc p
		WHERE p.pronamespace = current_schema()::regnamespace AND starts_with(p.proname, 'report_') LOOP
		EXECUTE format('REVOKE ALL ON FUNCTION %s FROM PUBLIC', made);
		EXECUTE format('GRANT EXECUTE ON FUNCTION %s TO parley_design, parley_reader', made);
	END LOOP;
END
$$;
GRANT SELECT ON report_funnel, report_response, report_activity TO parley_design, parley_reader;

-- --- how long the history is kept ---

CREATE TABLE history_retention (
	name text COLLATE "C" PRIMARY KEY,
	months integer NOT NULL CHECK (months BETWEEN 1 AND 1200),
	detach boolean NOT NULL DEFAULT false,
	monthly boolean NOT NULL,
	changed_by text NOT NULL DEFAULT '',
	changed timestamptz NOT NULL DEFAULT now(),
	applied timestamptz
);
COMMENT ON TABLE history_retention IS 'How long each table of the history is kept';
COMMENT ON COLUMN history_retention.name IS 'The table';
COMMENT ON COLUMN history_retention.months IS 'How many whole months before the present one (UTC) are kept';
COMMENT ON COLUMN history_retention.detach IS 'Older months become tables of their own, named …_detached_…, instead of being dropped';
COMMENT ON COLUMN history_retention.monthly IS 'It is partitioned by month; else its old rows are deleted';
COMMENT ON COLUMN history_retention.changed_by IS 'Who last changed it; empty: as delivered';
COMMENT ON COLUMN history_retention.changed IS 'When';
COMMENT ON COLUMN history_retention.applied IS 'When everything that was too old had last been removed';
INSERT INTO history_retention (name, months, monthly) VALUES
	('recommendation', 13, true), ('contact_history', 37, true), ('response_history', 37, true), ('event_history', 13, true),
	('session_history', 13, true), ('event_dedupe', 3, false);
GRANT SELECT ON history_retention TO parley_design;
GRANT UPDATE (months, detach, changed_by, changed) ON history_retention TO parley_design;

-- Each table has its own months now: what is missing is made, whatever the others have.
CREATE OR REPLACE FUNCTION history_month_make(month timestamptz) RETURNS void
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
	IF NOT EXISTS (SELECT FROM history_retention WHERE monthly AND to_regclass(name || suffix) IS NULL) THEN
		RETURN;
	END IF;
	PERFORM pg_advisory_xact_lock(hashtext('history_month_make'));
	FOR parent IN SELECT name FROM history_retention WHERE monthly AND to_regclass(name || suffix) IS NULL ORDER BY name LOOP
		EXECUTE format('CREATE TABLE %I (LIKE %I INCLUDING CONSTRAINTS INCLUDING COMMENTS)', parent || suffix, parent);
		EXECUTE format('COMMENT ON TABLE %I IS %L', parent || suffix, format('%s of %s', parent, to_char(first, 'YYYY-MM')));
		EXECUTE format('ALTER TABLE %I ATTACH PARTITION %I FOR VALUES FROM (%L) TO (%L)', parent, parent || suffix, first, beyond);
	END LOOP;
END
$$;

CREATE FUNCTION history_kept_from(name text) RETURNS timestamptz
	LANGUAGE sql STABLE SECURITY DEFINER SET search_path FROM CURRENT SET TimeZone = 'UTC' AS $$
	SELECT date_trunc('month', now()) - make_interval(months => r.months) FROM history_retention r WHERE r.name = history_kept_from.name
$$;
COMMENT ON FUNCTION history_kept_from(text) IS 'The first moment of the oldest month that the table keeps, by the clock of PostgreSQL: no caller can move it';

CREATE VIEW history_month AS
	SELECT r.name, to_timestamp(right(c.relname, 7), 'YYYY_MM')::date AS month, greatest(c.reltuples, 0)::bigint AS rows,
		pg_total_relation_size(c.oid) AS bytes,
		(to_timestamp(right(c.relname, 7), 'YYYY_MM')::timestamp AT TIME ZONE 'UTC') + interval '1 month' <= history_kept_from(r.name) AS expired
	FROM history_retention r JOIN pg_class p ON p.relname = r.name AND p.relkind = 'p'
		JOIN pg_inherits i ON i.inhparent = p.oid JOIN pg_class c ON c.oid = i.inhrelid
	WHERE r.monthly AND p.relnamespace = 'public'::regnamespace;
COMMENT ON VIEW history_month IS 'The months that there are';
COMMENT ON COLUMN history_month.name IS 'The table';
COMMENT ON COLUMN history_month.month IS 'Its first day';
COMMENT ON COLUMN history_month.rows IS 'About how many rows it has, as PostgreSQL last looked';
COMMENT ON COLUMN history_month.bytes IS 'What it takes on disk, with its indexes';
COMMENT ON COLUMN history_month.expired IS 'It is older than what is kept';
GRANT SELECT ON history_month TO parley_design;

-- Dropping a month needs its table to itself for a moment. Who holds it longer than that has precedence: the month goes next time.
CREATE FUNCTION history_month_remove(name text, month date) RETURNS text
	LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT SET TimeZone = 'UTC' SET lock_timeout = '2s' AS $$
DECLARE
	kept history_retention;
	partition text := name || to_char(month, '_YYYY_MM');
	aside text := name || to_char(month, '_YYYY_MM') || '_detached_' || to_char(clock_timestamp(), 'YYYYMMDDHH24MISS');
BEGIN
	SELECT * INTO kept FROM history_retention r WHERE r.name = history_month_remove.name AND r.monthly;
	IF NOT FOUND OR NOT EXISTS (SELECT FROM history_month m WHERE m.name = kept.name AND m.month = history_month_remove.month AND m.expired) THEN
		RAISE EXCEPTION 'no month % of % may be removed', month, name USING ERRCODE = 'invalid_parameter_value';
	END IF;
	EXECUTE format('LOCK TABLE %I IN ACCESS EXCLUSIVE MODE', kept.name);
	EXECUTE format('ALTER TABLE %I DETACH PARTITION %I', kept.name, partition);
	IF kept.detach THEN
		EXECUTE format('ALTER TABLE %I RENAME TO %I', partition, aside);
		RETURN aside;
	END IF;
	EXECUTE format('DROP TABLE %I', partition);
	RETURN '';
END
$$;
COMMENT ON FUNCTION history_month_remove(text, date) IS 'Drops or detaches a month that is older than what its table keeps, and no other; the name of the detached table, or empty';

-- Old IDs are found by reading the table from its begin to its end, some pages a transaction: an index over the time would cost every
-- event that is taken in.
CREATE FUNCTION history_dedupe_forget(first_page bigint, pages bigint, rehearse boolean, OUT forgotten bigint, OUT next_page bigint, OUT all_pages bigint)
	LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT SET TimeZone = 'UTC' AS $$
DECLARE
	first tid := format('(%s,0)', first_page)::tid;
	beyond tid := format('(%s,0)', first_page + pages)::tid;
	kept timestamptz := history_kept_from('event_dedupe');
BEGIN
	all_pages := pg_relation_size('event_dedupe') / current_setting('block_size')::bigint;
	IF rehearse THEN
		SELECT count(*) INTO forgotten FROM event_dedupe d WHERE d.ctid >= first AND d.ctid < beyond AND d.taken < kept;
	ELSE
		DELETE FROM event_dedupe d WHERE d.ctid >= first AND d.ctid < beyond AND d.taken < kept;
		GET DIAGNOSTICS forgotten = ROW_COUNT;
	END IF;
	next_page := CASE WHEN first_page + pages < all_pages THEN first_page + pages END;
END
$$;
COMMENT ON FUNCTION history_dedupe_forget(bigint, bigint, boolean) IS 'Deletes the IDs of events that are older than what event_dedupe keeps among some of its pages, or only counts them; next_page is where to go on, NULL at the end';

CREATE FUNCTION history_retention_applied() RETURNS void LANGUAGE sql SECURITY DEFINER SET search_path FROM CURRENT AS $$
	UPDATE history_retention SET applied = now()
$$;
COMMENT ON FUNCTION history_retention_applied() IS 'Keeps that everything too old has been removed';
REVOKE ALL ON FUNCTION history_kept_from(text), history_month_remove(text, date), history_dedupe_forget(bigint, bigint, boolean),
	history_retention_applied() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION history_kept_from(text), history_month_remove(text, date), history_dedupe_forget(bigint, bigint, boolean),
	history_retention_applied() TO parley_design;
