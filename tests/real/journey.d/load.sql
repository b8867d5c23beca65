-- What follows from the data set once it is there, for as many households as take part.
DELETE FROM journey.target WHERE household NOT IN (
	SELECT household FROM (SELECT DISTINCT household FROM journey.target) h ORDER BY household LIMIT :households);
DELETE FROM journey.redemption r WHERE NOT EXISTS (
	SELECT FROM journey.target t WHERE (t.campaign, t.household) = (r.campaign, r.household));
CREATE TABLE journey.campaign_coupon AS SELECT DISTINCT campaign, upc COLLATE "C" AS upc FROM journey.coupon_product;
CREATE TABLE journey.coupon AS SELECT DISTINCT upc FROM journey.campaign_coupon;
