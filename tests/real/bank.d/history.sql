-- The client's log of acknowledged events against the history. `lost` was acknowledged and is not there; `duplicated` is
-- there more than once; `unknown` is there and was never acknowledged; `changed` is there with other facts.
SET client_min_messages = warning;
DROP SCHEMA IF EXISTS bank_check CASCADE;
CREATE SCHEMA bank_check;
CREATE TABLE bank_check.acknowledged (event_id text PRIMARY KEY, kind text, customer_id bigint, point text, offer_code text);
CREATE VIEW bank_check.history AS
SELECT event_id, 'contact' AS kind, audience_id, interaction_point AS point, offer_code FROM contact_history WHERE channel = 'bank'
UNION ALL
SELECT event_id, response, audience_id, interaction_point, offer_code FROM response_history WHERE channel = 'bank';
CREATE VIEW bank_check.result AS
SELECT
	(SELECT count(*) FROM bank_check.acknowledged WHERE kind = 'contact') AS contacts,
	(SELECT count(*) FROM bank_check.acknowledged WHERE kind = 'accept') AS accepts,
	(SELECT count(*) FROM bank_check.acknowledged a
		WHERE NOT EXISTS (SELECT FROM bank_check.history h WHERE h.event_id = a.event_id)) AS lost,
	(SELECT count(*) FROM (SELECT FROM bank_check.history GROUP BY event_id HAVING count(*) > 1) twice) AS duplicated,
	(SELECT count(*) FROM bank_check.history h
		WHERE NOT EXISTS (SELECT FROM bank_check.acknowledged a WHERE a.event_id = h.event_id)) AS unknown,
	(SELECT count(*) FROM bank_check.history h JOIN bank_check.acknowledged a USING (event_id)
		WHERE (h.kind, h.audience_id, h.point, h.offer_code) IS DISTINCT FROM (a.kind, a.customer_id::text, a.point, a.offer_code)) AS changed;
