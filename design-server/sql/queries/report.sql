-- Reports. All take the same: $1 environment, $2 channel, $3 zone, $4 campaign, $5 offer, $6 segment (empty: any), $7 version (0:
-- any), $8 since, $9 until, $10 dimensions, $11 rows. All give the same: what the row is (0 one of the report, 1 a day, 2 the total),
-- how many of those there are, the dimensions (empty where they were not asked for), and figures, whose names are the columns'.

-- part: dimensions
		CASE WHEN 'environment' = ANY ($10::text[]) THEN environment ELSE '' END AS environment,
		CASE WHEN 'channel' = ANY ($10) THEN channel ELSE '' END AS channel,
		CASE WHEN 'zone' = ANY ($10) THEN zone ELSE '' END AS zone,
		CASE WHEN 'point' = ANY ($10) THEN interaction_point ELSE '' END AS point,
		CASE WHEN 'campaign' = ANY ($10) THEN campaign ELSE '' END AS campaign,
		CASE WHEN 'cell' = ANY ($10) THEN cell ELSE '' END AS cell,
		CASE WHEN 'segment' = ANY ($10) THEN segment ELSE '' END AS segment,
		CASE WHEN 'offer' = ANY ($10) THEN offer_code ELSE '' END AS offer,
		CASE WHEN 'version' = ANY ($10) THEN snapshot_version::text ELSE '' END AS version,

-- part: filter
	WHERE ($1 = '' OR environment = $1) AND ($2 = '' OR channel = $2) AND ($3 = '' OR zone = $3) AND ($4 = '' OR campaign = $4)
		AND ($5 = '' OR offer_code = $5) AND ($6 = '' OR segment = $6) AND ($7 = 0 OR snapshot_version = $7)

-- name: report_funnel
WITH part AS MATERIALIZED (
	SELECT
	-- use: dimensions
		(time AT TIME ZONE 'UTC')::date AS on_day,
		count(*) AS recommended, count(*) FILTER (WHERE shown) AS shown,
		count(*) FILTER (WHERE shown AND accepted) AS accepted, count(*) FILTER (WHERE shown AND rejected) AS rejected,
		count(*) FILTER (WHERE answered AND NOT shown) AS unshown
	FROM report_treatments($8, $9)
	-- use: filter
	GROUP BY 1, 2, 3, 4, 5, 6, 7, 8, 9, 10),
line AS (
	SELECT CASE WHEN GROUPING(environment) = 0 THEN 0 WHEN GROUPING(on_day) = 0 THEN 1 ELSE 2 END AS what,
		environment, channel, zone, point, campaign, cell, segment, offer, version, coalesce(day, on_day::text, '') AS day,
		coalesce(sum(recommended), 0)::bigint AS recommended, coalesce(sum(shown), 0)::bigint AS shown, coalesce(sum(accepted), 0)::bigint AS accepted,
		coalesce(sum(rejected), 0)::bigint AS rejected, coalesce(sum(unshown), 0)::bigint AS unshown
	FROM (SELECT *, CASE WHEN 'day' = ANY ($10) THEN on_day::text ELSE '' END AS day FROM part) p
	GROUP BY GROUPING SETS ((environment, channel, zone, point, campaign, cell, segment, offer, version, day), (on_day), ())),
placed AS (
	SELECT *, count(*) OVER (PARTITION BY what) AS there_are, row_number() OVER (PARTITION BY what ORDER BY recommended DESC,
		environment, channel, zone, point, campaign, cell, segment, offer, version, day) AS place
	FROM line)
SELECT what, there_are, environment, channel, zone, point, campaign, cell, segment, offer, version, day, recommended, shown,
	report_rate(shown, recommended) AS shown_rate, accepted, report_rate(accepted, shown) AS acceptance,
	report_wilson_low(accepted, shown) AS acceptance_low, report_wilson_high(accepted, shown) AS acceptance_high, rejected,
	report_rate(rejected, shown) AS rejection, unshown
FROM placed WHERE what > 0 OR place <= $11
ORDER BY what, day, place

-- name: report_responses
WITH response AS MATERIALIZED (
	SELECT *, (time AT TIME ZONE 'UTC')::date AS on_day, extract(epoch FROM delay)::double precision AS seconds
	FROM report_response
	-- use: filter
		AND time >= $8 AND time < $9),
part AS (
	SELECT response AS kind, on_day, treatment_code, audience_level, audience_id, later, seconds,
	-- use: dimensions
		CASE WHEN 'day' = ANY ($10) THEN on_day::text ELSE '' END AS day
	FROM response),
line AS (
	SELECT CASE WHEN GROUPING(environment) = 0 THEN 0 WHEN GROUPING(on_day) = 0 THEN 1 ELSE 2 END AS what,
		environment, channel, zone, point, campaign, cell, segment, offer, version, coalesce(day, on_day::text, '') AS day, kind AS response,
		count(*) AS responses, count(DISTINCT treatment_code) AS treatments, count(DISTINCT (audience_level, audience_id)) AS visitors,
		count(*) FILTER (WHERE later) AS later, percentile_cont(0.5) WITHIN GROUP (ORDER BY seconds) AS median_delay_s,
		percentile_cont(0.95) WITHIN GROUP (ORDER BY seconds) AS p95_delay_s
	FROM part
	GROUP BY GROUPING SETS ((environment, channel, zone, point, campaign, cell, segment, offer, version, day, kind), (on_day), ())),
placed AS (
	SELECT *, count(*) OVER (PARTITION BY what) AS there_are, row_number() OVER (PARTITION BY what ORDER BY responses DESC,
		environment, channel, zone, point, campaign, cell, segment, offer, version, day, response) AS place
	FROM line)
SELECT what, there_are, environment, channel, zone, point, campaign, cell, segment, offer, version, day, response, responses,
	treatments, visitors, later, median_delay_s, p95_delay_s
FROM placed WHERE what > 0 OR place <= $11
ORDER BY what, day, place

-- name: report_activity
WITH part AS MATERIALIZED (
	SELECT
	-- use: dimensions
		(time AT TIME ZONE 'UTC')::date AS on_day, count(*) AS facts,
		count(*) FILTER (WHERE kind = 'start') AS sessions, count(*) FILTER (WHERE kind IN ('default', 'first')) AS answers,
		count(*) FILTER (WHERE kind = 'default') AS defaults, count(*) FILTER (WHERE kind IN ('first', 'offer')) AS offers,
		count(*) FILTER (WHERE kind = 'contact') AS contacts, count(*) FILTER (WHERE kind = 'accept') AS accepts,
		count(*) FILTER (WHERE kind = 'reject') AS rejects, count(*) FILTER (WHERE kind = 'response') AS responses,
		count(*) FILTER (WHERE kind = 'event') AS events
	FROM report_facts($8, $9)
	-- use: filter
	GROUP BY 1, 2, 3, 4, 5, 6, 7, 8, 9, 10),
line AS (
	SELECT CASE WHEN GROUPING(environment) = 0 THEN 0 WHEN GROUPING(on_day) = 0 THEN 1 ELSE 2 END AS what,
		environment, channel, zone, point, campaign, cell, segment, offer, version, coalesce(day, on_day::text, '') AS day, sum(facts) AS facts,
		coalesce(sum(sessions), 0)::bigint AS sessions, coalesce(sum(answers), 0)::bigint AS answers, coalesce(sum(defaults), 0)::bigint AS defaults,
		coalesce(sum(offers), 0)::bigint AS offers, coalesce(sum(contacts), 0)::bigint AS contacts, coalesce(sum(accepts), 0)::bigint AS accepts,
		coalesce(sum(rejects), 0)::bigint AS rejects, coalesce(sum(responses), 0)::bigint AS responses, coalesce(sum(events), 0)::bigint AS events
	FROM (SELECT *, CASE WHEN 'day' = ANY ($10) THEN on_day::text ELSE '' END AS day FROM part) p
	GROUP BY GROUPING SETS ((environment, channel, zone, point, campaign, cell, segment, offer, version, day), (on_day), ())),
placed AS (
	SELECT *, count(*) OVER (PARTITION BY what) AS there_are, row_number() OVER (PARTITION BY what ORDER BY facts DESC,
		environment, channel, zone, point, campaign, cell, segment, offer, version, day) AS place
	FROM line)
SELECT what, there_are, environment, channel, zone, point, campaign, cell, segment, offer, version, day, sessions, answers, defaults,
	report_rate(defaults, answers) AS default_rate, offers, contacts, accepts, rejects, responses, events
FROM placed WHERE what > 0 OR place <= $11
ORDER BY what, day, place

-- name: report_control
-- Visitors by cell, on both sides. Channel, version and offer are asked of the function; there is nothing else to filter by. Sides of
-- different cells are not compared: their shares may differ.
WITH part AS MATERIALIZED (
	SELECT
	-- use: dimensions
		(time AT TIME ZONE 'UTC')::date AS on_day, max(control_cell) AS control_cell,
		count(*) FILTER (WHERE NOT held_out) AS target, count(*) FILTER (WHERE NOT held_out AND accepted) AS target_accepted,
		count(*) FILTER (WHERE held_out) AS control, count(*) FILTER (WHERE held_out AND accepted) AS control_accepted,
		count(*) FILTER (WHERE moved) AS moved
	FROM (SELECT *, '' AS channel, '' AS zone, '' AS interaction_point, '' AS segment, '' AS offer_code, 0 AS snapshot_version
		FROM report_cell_visitors($8, $9, $1, $2, $4, $5, $7)) v
	WHERE $3 = '' AND $6 = ''
	GROUP BY 1, 2, 3, 4, 5, 6, 7, 8, 9, 10),
line AS (
	SELECT CASE WHEN GROUPING(environment) = 0 THEN 0 WHEN GROUPING(on_day) = 0 THEN 1 ELSE 2 END AS what,
		environment, channel, zone, point, campaign, cell, segment, offer, version, coalesce(day, on_day::text, '') AS day,
		CASE WHEN GROUPING(environment) = 0 THEN max(control_cell) ELSE '' END AS control_cell,
		coalesce(sum(target), 0)::bigint AS target, coalesce(sum(target_accepted), 0)::bigint AS target_accepted,
		coalesce(sum(control), 0)::bigint AS control, coalesce(sum(control_accepted), 0)::bigint AS control_accepted,
		coalesce(sum(moved), 0)::bigint AS moved
	FROM (SELECT *, CASE WHEN 'day' = ANY ($10) THEN on_day::text ELSE '' END AS day FROM part) p
	GROUP BY GROUPING SETS ((environment, channel, zone, point, campaign, cell, segment, offer, version, day), (on_day), ())),
placed AS (
	SELECT *, report_rate(target_accepted, target) AS target_rate, report_rate(control_accepted, control) AS control_rate,
		count(*) OVER (PARTITION BY what) AS there_are, row_number() OVER (PARTITION BY what ORDER BY target + control DESC,
		environment, channel, zone, point, campaign, cell, segment, offer, version, day) AS place
	FROM line)
SELECT what, there_are, environment, channel, zone, point, campaign, cell, segment, offer, version, day, target, target_accepted,
	target_rate, control_cell, control, control_accepted, control_rate,
	CASE WHEN what = 0 THEN target_rate - control_rate END AS difference,
	CASE WHEN what = 0 THEN report_difference_low(target_accepted, target, control_accepted, control) END AS difference_low,
	CASE WHEN what = 0 THEN report_difference_high(target_accepted, target, control_accepted, control) END AS difference_high,
	CASE WHEN what = 0 AND control_rate > 0 THEN (target_rate - control_rate) / control_rate END AS lift,
	CASE WHEN what = 0 THEN report_difference_p(target_accepted, target, control_accepted, control) END AS p_value, moved
FROM placed WHERE what > 0 OR place <= $11
ORDER BY what, day, place
