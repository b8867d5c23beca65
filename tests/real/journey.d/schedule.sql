-- Every mailer in the first week of its campaign, and every redemption on its day; several of a household a day come one after
-- the other.
INSERT INTO journey.errand
WITH wanted AS (
	SELECT t.household, 'mailer' AS kind, t.campaign, '' AS upc, c.starts + (t.household % least(7, c.ends - c.starts + 1))::int AS on_day, .1 AS share
	FROM journey.target t JOIN journey.campaign c USING (campaign)
	UNION ALL
	SELECT household, 'redeem', campaign, upc, day,
		.5 + .4 * (row_number() OVER one_day) / (1 + count(*) OVER (PARTITION BY household, day))
	FROM journey.redemption WINDOW one_day AS (PARTITION BY household, day ORDER BY campaign, upc)
), placed AS (
	SELECT row_number() OVER (ORDER BY on_day, share, household, campaign, upc) AS line, *,
		epoch + (on_day - (SELECT min(starts) FROM journey.campaign)) * day + share * day AS at
	FROM wanted, journey.run
)
SELECT line, at, household, kind, campaign, upc,
	coalesce((SELECT m.line FROM placed m WHERE m.kind = 'mailer' AND m.household = p.household AND m.campaign = p.campaign AND p.kind = 'redeem'), 0)
FROM placed p;
