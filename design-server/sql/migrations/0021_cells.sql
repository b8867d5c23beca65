-- Who came into which cell of a campaign, treated or held out, so that those who were offered something can be compared with those
-- who were not. A visitor has a row each time that a runtime server tells its cells: at the start of every session, and when they
-- have changed in one.

CREATE TABLE cell_history (
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
	snapshot_digest bytea NOT NULL,
	campaign text COLLATE "C" NOT NULL,
	cell text COLLATE "C" NOT NULL,
	control_cell text COLLATE "C" NOT NULL,
	held_out boolean NOT NULL,
	PRIMARY KEY (time, incarnation, sequence, position, runtime_id)
) PARTITION BY RANGE (time);
CREATE INDEX cell_history_audience ON cell_history (audience_id, time);
COMMENT ON TABLE cell_history IS 'Visitors in cells that have a control group: those whom the cell''s rules are for, as far as segments and dates say, whether they were offered anything or not';
COMMENT ON COLUMN cell_history.time IS 'When it was so, by the runtime server''s clock';
COMMENT ON COLUMN cell_history.incarnation IS 'The life of the runtime server''s journal that recorded it';
COMMENT ON COLUMN cell_history.sequence IS 'The record''s number in that life';
COMMENT ON COLUMN cell_history.position IS 'Which of the facts of that record: 0, 1, 2 …';
COMMENT ON COLUMN cell_history.snapshot_version IS 'Version of the deployment that served';
COMMENT ON COLUMN cell_history.environment IS 'The environment, such as production';
COMMENT ON COLUMN cell_history.runtime_id IS 'The runtime server that recorded it';
COMMENT ON COLUMN cell_history.channel IS 'The interactive channel';
COMMENT ON COLUMN cell_history.session_id IS 'The visitor''s session';
COMMENT ON COLUMN cell_history.audience_level IS 'The audience level, such as Customer';
COMMENT ON COLUMN cell_history.audience_id IS 'The visitor: the ID''s keys in canonical text, joined by |';
COMMENT ON COLUMN cell_history.snapshot_digest IS 'SHA-256 of the snapshot that served';
COMMENT ON COLUMN cell_history.campaign IS 'The campaign''s code';
COMMENT ON COLUMN cell_history.cell IS 'The cell''s code';
COMMENT ON COLUMN cell_history.control_cell IS 'The code of the cell that stands for those held out; empty if there is none';
COMMENT ON COLUMN cell_history.held_out IS 'The visitor is in the cell''s control group: its rules offer nothing; false: they may';
INSERT INTO history_retention (name, months, monthly) VALUES ('cell_history', 13, true);
GRANT INSERT ON cell_history TO parley_ingest;
GRANT SELECT ON cell_history TO parley_design, parley_reader;

-- --- statistics ---

-- The complementary error function of |z| / sqrt(2): below 2 by the series of erf whose terms are all positive, beyond by the continued
-- fraction; both to some twelve digits.
CREATE FUNCTION report_two_sided_p(z double precision) RETURNS double precision LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE STRICT AS $$
DECLARE
	x double precision := abs(z) / sqrt(2.0);
	term double precision := x;
	total double precision := x;
BEGIN
	IF x > 26 THEN -- less than the least number there is
		RETURN 0;
	ELSIF x < 2 THEN
		FOR n IN 1 .. 60 LOOP
			term := term * 2 * x * x / (2 * n + 1);
			total := total + term;
			EXIT WHEN term < total * 1e-17;
		END LOOP;
		RETURN 1 - 2 / sqrt(pi()) * exp(-x * x) * total;
	END IF;
	FOR n IN REVERSE 80 .. 1 LOOP
		total := x + n / 2.0 / total;
	END LOOP;
	RETURN exp(-x * x) / (sqrt(pi()) * total);
END
$$;
COMMENT ON FUNCTION report_two_sided_p(double precision) IS 'How probable a standard normal number is that lies as far from 0 as z or farther, on either side';

CREATE FUNCTION report_difference_p(s1 bigint, n1 bigint, s2 bigint, n2 bigint) RETURNS double precision LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
	SELECT CASE WHEN n1 > 0 AND n2 > 0 AND least(n1, n2)::double precision * least(s1 + s2, n1 + n2 - s1 - s2) >= 5 * (n1 + n2)
		THEN report_two_sided_p(report_difference_z(s1, n1, s2, n2)) END
$$;
COMMENT ON FUNCTION report_difference_p(bigint, bigint, bigint, bigint) IS 'The p-value of the two-sided two-proportion test with the pooled proportion (report_difference_z): how probable a difference of s1/n1 and s2/n2 as large as this would be if there were none. NULL where fewer than 5 successes or failures would be expected on a side: the test is no good there; the interval (report_difference_low, report_difference_high) is';

-- --- control against target ---

-- A visitor stands where it first came into the cell in the period, whatever becomes of the share later; and what it accepted counts
-- whichever way the offer reached it. So both sides are counted alike, and nothing that the treatment itself changes decides who is
-- counted.
CREATE FUNCTION report_cell_visitors(since timestamptz, until timestamptz, of_environment text DEFAULT '', of_channel text DEFAULT '',
	of_campaign text DEFAULT '', of_offer text DEFAULT '', of_version bigint DEFAULT 0) RETURNS TABLE (
	environment text, campaign text, cell text, control_cell text, audience_level text, audience_id text, "time" timestamptz, held_out boolean,
	moved boolean, accepted boolean)
	LANGUAGE sql STABLE PARALLEL SAFE ROWS 100000 AS $$
	WITH came AS MATERIALIZED (
		SELECT h.environment, h.campaign, h.cell, h.audience_level, h.audience_id, max(h.control_cell) AS control_cell, min(h."time") AS "time",
			min(h."time") FILTER (WHERE h.held_out) AS held, min(h."time") FILTER (WHERE NOT h.held_out) AS treated
		FROM cell_history h
		WHERE h."time" >= since AND h."time" < until AND (of_environment = '' OR h.environment = of_environment)
			AND (of_channel = '' OR h.channel = of_channel) AND (of_campaign = '' OR h.campaign = of_campaign)
			AND (of_version = 0 OR h.snapshot_version = of_version)
		GROUP BY h.environment, h.campaign, h.cell, h.audience_level, h.audience_id),
	offered AS (
		SELECT r.environment, r.campaign, r.cell, r.offer_code FROM recommendation r
		WHERE r."time" >= since AND r."time" < until AND r.cell <> '' AND (of_campaign = '' OR r.campaign = of_campaign)
			AND (of_offer = '' OR r.offer_code = of_offer)
		UNION
		SELECT c.environment, c.campaign, c.cell, c.offer_code FROM contact_history c
		WHERE c."time" >= since AND c."time" < until AND c.cell <> '' AND (of_campaign = '' OR c.campaign = of_campaign)
			AND (of_offer = '' OR c.offer_code = of_offer)),
	accepts AS (
		SELECT a.environment, a.offer_code,
			CASE a.treatment_audience_level WHEN '' THEN a.audience_level ELSE a.treatment_audience_level END AS audience_level,
			CASE a.treatment_audience_level WHEN '' THEN a.audience_id ELSE a.treatment_audience_id END AS audience_id,
			max(a."time") AS "time"
		FROM response_history a
		WHERE a."time" >= since AND a."time" < until AND a.response = 'accept' AND (of_offer = '' OR a.offer_code = of_offer)
		GROUP BY 1, 2, 3, 4),
	took AS (
		SELECT DISTINCT c.environment, c.campaign, c.cell, c.audience_level, c.audience_id
		FROM accepts a JOIN offered o ON o.environment = a.environment AND o.offer_code = a.offer_code
			JOIN came c ON c.environment = a.environment AND c.campaign = o.campaign AND c.cell = o.cell
				AND c.audience_level = a.audience_level AND c.audience_id = a.audience_id
		WHERE a."time" >= c."time")
	SELECT c.environment, c.campaign, c.cell, c.control_cell, c.audience_level, c.audience_id, c."time",
		coalesce(c.held < c.treated, c.treated IS NULL), c.held IS NOT NULL AND c.treated IS NOT NULL, t.audience_id IS NOT NULL
	FROM came c LEFT JOIN took t ON t.environment = c.environment AND t.campaign = c.campaign AND t.cell = c.cell
		AND t.audience_level = c.audience_level AND t.audience_id = c.audience_id
$$;
COMMENT ON FUNCTION report_cell_visitors(timestamptz, timestamptz, text, text, text, text, bigint) IS 'Visitors in cells with a control group at since or later and before until, a row for each visitor and cell: when it first was there (time), on which side then (held_out), whether it was on the other side too (moved: the share was changed), and whether from then on and before until it accepted one of the offers that the cell offered in the period, whichever way that reached it: under this cell or another one, by a response that came later, or as an outcome. Empty texts and 0: any environment, channel and version of the cell''s rows, campaign, offer';

CREATE VIEW report_control AS
	SELECT *, report_rate(target_accepted, target) AS target_rate, report_rate(control_accepted, control) AS control_rate,
		report_difference_low(target_accepted, target, control_accepted, control) AS difference_low,
		report_difference_high(target_accepted, target, control_accepted, control) AS difference_high,
		report_difference_p(target_accepted, target, control_accepted, control) AS p_value
	FROM (
		SELECT environment, campaign, cell, max(control_cell) AS control_cell, count(*) FILTER (WHERE NOT held_out) AS target,
			count(*) FILTER (WHERE NOT held_out AND accepted) AS target_accepted, count(*) FILTER (WHERE held_out) AS control,
			count(*) FILTER (WHERE held_out AND accepted) AS control_accepted, count(*) FILTER (WHERE moved) AS moved
		FROM report_cell_visitors('-infinity', 'infinity') GROUP BY environment, campaign, cell) c;
COMMENT ON VIEW report_control IS 'Control against target over the whole history; reads all of it: for a period ask report_cell_visitors(since, until) and group as this view does';
COMMENT ON COLUMN report_control.environment IS 'The environment';
COMMENT ON COLUMN report_control.campaign IS 'The campaign''s code';
COMMENT ON COLUMN report_control.cell IS 'The cell''s code';
COMMENT ON COLUMN report_control.control_cell IS 'The code of the cell that stands for those held out; empty if there is none';
COMMENT ON COLUMN report_control.target IS 'Visitors whom the cell''s rules could offer something';
COMMENT ON COLUMN report_control.target_accepted IS 'Those of them who accepted one of the cell''s offers, whichever way it reached them';
COMMENT ON COLUMN report_control.control IS 'Visitors who were held out';
COMMENT ON COLUMN report_control.control_accepted IS 'Those of them who accepted one of the cell''s offers all the same';
COMMENT ON COLUMN report_control.moved IS 'Visitors who were on both sides, as the share was changed; they count where they were first';
COMMENT ON COLUMN report_control.target_rate IS 'target_accepted / target';
COMMENT ON COLUMN report_control.control_rate IS 'control_accepted / control';
COMMENT ON COLUMN report_control.difference_low IS 'Lower end of the 95 % interval of target_rate - control_rate (report_difference_low)';
COMMENT ON COLUMN report_control.difference_high IS 'Upper end of it';
COMMENT ON COLUMN report_control.p_value IS 'How probable so large a difference would be if there were none (report_difference_p); NULL if there are too few to say';

REVOKE ALL ON FUNCTION report_two_sided_p(double precision), report_difference_p(bigint, bigint, bigint, bigint),
	report_cell_visitors(timestamptz, timestamptz, text, text, text, text, bigint) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION report_two_sided_p(double precision), report_difference_p(bigint, bigint, bigint, bigint),
	report_cell_visitors(timestamptz, timestamptz, text, text, text, text, bigint) TO parley_design, parley_reader;
GRANT SELECT ON report_control TO parley_design, parley_reader;
