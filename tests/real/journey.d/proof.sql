-- What the history says, against the data set and against what the client saw. Nothing here asks the runtime.
SET client_min_messages = warning;
CREATE VIEW journey.history AS
SELECT event_id, 'contact' AS kind, audience_id, campaign, interaction_point, offer_code, time FROM contact_history WHERE channel = 'grocer'
UNION ALL
SELECT event_id, response, audience_id, campaign, interaction_point, offer_code, time FROM response_history WHERE channel = 'grocer';
CREATE VIEW journey.faults AS
SELECT
	(SELECT count(*) FROM journey.acknowledged a WHERE NOT EXISTS (SELECT FROM journey.history h WHERE h.event_id = a.event_id)) AS lost,
	(SELECT count(*) FROM (SELECT FROM journey.history GROUP BY event_id HAVING count(*) > 1) twice) AS duplicated,
	(SELECT count(*) FROM journey.history h WHERE NOT EXISTS (SELECT FROM journey.acknowledged a WHERE a.event_id = h.event_id)) AS unknown,
	(SELECT count(*) FROM journey.history h JOIN journey.acknowledged a USING (event_id)
		WHERE (h.kind, h.audience_id, h.campaign, h.interaction_point, h.offer_code)
			IS DISTINCT FROM (a.kind, a.household::text, a.campaign, 'mailer-' || a.campaign, a.offer_code)) AS changed;

-- Every answer, as the history has it, with its errand.
CREATE TABLE journey.answer AS
SELECT e.line, e.kind, e.household, e.campaign, e.upc, min(r.time) AS time,
	coalesce(array_agg(r.offer_code ORDER BY r.rank) FILTER (WHERE r.rank > 0), '{}') AS offers
FROM recommendation r JOIN journey.errand e ON r.session_id = e.kind || '-' || e.line
WHERE r.channel = 'grocer'
GROUP BY e.line;
CREATE TABLE journey.accepted AS
SELECT audience_id::bigint AS household, offer_code, min(time) AS time FROM response_history WHERE channel = 'grocer' AND response = 'accept' GROUP BY 1, 2;
CREATE INDEX ON journey.accepted (household);
-- What it should have been: the first coupons by code of a campaign that runs, but for those that the household has redeemed.
CREATE TABLE journey.verdict AS
SELECT a.*, should.offers AS should
FROM journey.answer a
	JOIN journey.campaign c USING (campaign),
	journey.run,
	LATERAL (SELECT coalesce(array_agg(upc ORDER BY upc), '{}') AS offers FROM (
		SELECT upc FROM journey.campaign_coupon cc
		WHERE cc.campaign = a.campaign AND (a.kind = 'mailer' OR cc.upc = a.upc)
			AND a.time >= epoch + (c.starts - (SELECT min(starts) FROM journey.campaign)) * day
			AND a.time < epoch + (c.ends + 1 - (SELECT min(starts) FROM journey.campaign)) * day
			AND NOT EXISTS (SELECT FROM journey.accepted x WHERE x.household = a.household AND x.offer_code = cc.upc AND x.time < a.time)
		ORDER BY upc LIMIT CASE a.kind WHEN 'mailer' THEN 5 ELSE 1 END) first) should;

CREATE VIEW journey.report AS
SELECT c.campaign, c.type, c.starts, c.ends,
	(SELECT count(*) FROM journey.target t WHERE t.campaign = c.campaign) AS households,
	(SELECT count(*) FROM recommendation r WHERE r.channel = 'grocer' AND r.campaign = c.campaign AND rank > 0) AS offers,
	(SELECT count(*) FROM journey.history h WHERE h.campaign = c.campaign AND kind = 'contact') AS contacts,
	(SELECT count(*) FROM journey.history h WHERE h.campaign = c.campaign AND kind = 'accept') AS accepts,
	(SELECT count(*) FROM journey.acknowledged a WHERE a.campaign = c.campaign AND kind = 'accept' AND across = 1) AS across_sessions,
	(SELECT count(*) FROM journey.redemption r WHERE r.campaign = c.campaign) AS redemptions,
	(SELECT count(*) FROM journey.verdict v WHERE v.campaign = c.campaign AND v.kind = 'redeem' AND v.offers = '{}') AS redeemed_before
FROM journey.campaign c;
CREATE VIEW journey.agreement AS
SELECT r.*,
	offers = (SELECT count(*) FROM journey.offered o WHERE o.campaign = r.campaign AND rank > 0)
		AND contacts = (SELECT count(*) FROM journey.acknowledged a WHERE a.campaign = r.campaign AND kind = 'contact')
		AND accepts = (SELECT count(*) FROM journey.acknowledged a WHERE a.campaign = r.campaign AND kind = 'accept')
		AND redemptions = accepts + redeemed_before
		AND (SELECT count(*) FROM journey.answer a WHERE a.campaign = r.campaign) + across_sessions =
			(SELECT count(*) FROM journey.errand e WHERE e.campaign = r.campaign)
		AND NOT EXISTS (SELECT FROM journey.verdict v WHERE v.campaign = r.campaign AND v.offers <> v.should) AS agrees
FROM journey.report r;
