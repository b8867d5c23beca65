-- The checker: the client's log against the history. A run of the load client has a name, which begins all of its IDs; its log
-- is copied into `ledger`. `base` is how far each journal had been taken in when the run began: what is older was judged before.
SET client_min_messages = warning;
CREATE SCHEMA fault_check;
CREATE TABLE fault_check.run (name text);
CREATE TABLE fault_check.ledger (what text, id text, kind text, visitor bigint, treatment text, offer text);
CREATE TABLE fault_check.base (environment text, runtime_id text, incarnation bigint, sequence bigint);

-- What the history says of events, whatever it means by them. A response that came without a session is judged in the queue that
-- ingest puts it into, where visitor and offer may still be open; the matcher's row must not be there twice either.
CREATE VIEW fault_check.event AS
SELECT * FROM (
	SELECT session_id, event_id, 'contact' AS kind, audience_id, treatment_code, offer_code, time FROM contact_history
	UNION ALL
	SELECT session_id, event_id, response, audience_id, treatment_code, offer_code, time FROM response_history r
	WHERE NOT EXISTS (SELECT FROM late_response l WHERE (l.environment, l.event_id) = (r.environment, r.event_id))
	UNION ALL
	SELECT session_id, event_id, 'event', audience_id, treatment_code, offer_code, time FROM event_history
	UNION ALL
	SELECT '', event_id, 'late', NULL, code, NULL, time FROM late_response) e
WHERE starts_with(session_id, (SELECT name || '-' FROM fault_check.run)) OR starts_with(event_id, (SELECT name || '-' FROM fault_check.run));

CREATE VIEW fault_check.offered AS
SELECT session_id, treatment_code, audience_id, offer_code FROM recommendation
WHERE rank > 0 AND starts_with(session_id, (SELECT name || '-' FROM fault_check.run));

CREATE VIEW fault_check.acked AS SELECT * FROM fault_check.ledger WHERE what = 'acked';

-- Every journal sequence that became something since the run began, with how far its journal has been taken in.
CREATE VIEW fault_check.sequence AS
WITH rows AS (
	SELECT environment, runtime_id, incarnation, sequence FROM recommendation
	UNION SELECT environment, runtime_id, incarnation, sequence FROM contact_history
	UNION SELECT environment, runtime_id, incarnation, sequence FROM response_history
	UNION SELECT environment, runtime_id, incarnation, sequence FROM event_history
	UNION SELECT environment, runtime_id, incarnation, sequence FROM session_history
	UNION SELECT environment, runtime_id, incarnation, sequence FROM late_response WHERE source = 'runtime'
	UNION SELECT environment, runtime_id, incarnation, s FROM ingest_reject, generate_series(first_sequence, last_sequence) s)
SELECT c.environment, c.runtime_id, c.incarnation, coalesce(b.sequence, 0) AS base, c.sequence AS cursor,
	count(r.sequence) FILTER (WHERE r.sequence <= c.sequence) AS present,
	count(r.sequence) FILTER (WHERE r.sequence > c.sequence) AS beyond
FROM ship_cursor c LEFT JOIN fault_check.base b USING (environment, runtime_id, incarnation)
	LEFT JOIN rows r ON (r.environment, r.runtime_id, r.incarnation) = (c.environment, c.runtime_id, c.incarnation)
		AND r.sequence > coalesce(b.sequence, 0)
WHERE c.sequence > coalesce(b.sequence, 0)
GROUP BY 1, 2, 3, 4, 5;

-- The verdict. Everything but `acked`, `offers_lost` and `skipped` must be 0.
CREATE VIEW fault_check.verdict AS
SELECT
	(SELECT count(*) FROM fault_check.acked) AS acked,
	-- acknowledged and not there
	(SELECT count(*) FROM fault_check.acked a WHERE NOT EXISTS (SELECT FROM fault_check.event e WHERE e.event_id = a.id)) AS lost,
	-- there more than once
	(SELECT count(*) FROM (SELECT FROM fault_check.event GROUP BY event_id HAVING count(*) > 1) twice)
	+ (SELECT count(*) FROM (SELECT FROM response_history GROUP BY environment, event_id, response HAVING count(*) > 1) twice)
	+ (SELECT count(*) FROM (SELECT FROM fault_check.offered GROUP BY treatment_code HAVING count(*) > 1) twice) AS duplicated,
	-- there, and nobody sent it
	(SELECT count(*) FROM fault_check.event e
		WHERE NOT EXISTS (SELECT FROM fault_check.ledger l WHERE l.what = 'sent' AND l.id = e.event_id))
	+ (SELECT count(*) FROM fault_check.offered o
		WHERE NOT EXISTS (SELECT FROM fault_check.ledger l WHERE l.what = 'opened' AND l.id = o.session_id)) AS unknown,
	-- there with other facts than were sent
	(SELECT count(*) FROM fault_check.event e JOIN fault_check.ledger l ON l.what = 'sent' AND l.id = e.event_id
		WHERE (e.kind, coalesce(e.audience_id, l.visitor::text), e.treatment_code, coalesce(e.offer_code, l.offer, '')) IS DISTINCT FROM
			(l.kind, l.visitor::text, coalesce(l.treatment, ''), coalesce(l.offer, '')))
	+ (SELECT count(*) FROM fault_check.offered o JOIN fault_check.ledger l ON l.what = 'offered' AND l.id = o.treatment_code
		WHERE (o.audience_id, o.offer_code) IS DISTINCT FROM (l.visitor::text, l.offer)) AS changed,
	-- sequences up to the cursor that became nothing, beyond those that may have been skipped: an event that was sent again
	-- stands in the journal twice, and the second time ingest skips it
	(SELECT greatest(0, coalesce(sum(cursor - base - present), 0)
		- (SELECT count(*) FROM fault_check.ledger WHERE what = 'again')) FROM fault_check.sequence) AS gaps,
	-- rows that the cursor does not know of: they would be taken in again
	(SELECT coalesce(sum(beyond), 0) FROM fault_check.sequence) AS beyond,
	-- what could not become history, or the journal says it lost
	(SELECT count(*) FROM ingest_reject) AS rejected,
	-- answers of getOffers that no record tells of: the journal does not make anybody wait for these
	(SELECT count(*) FROM fault_check.ledger l WHERE l.what = 'offered'
		AND NOT EXISTS (SELECT FROM fault_check.offered o WHERE o.treatment_code = l.id)) AS offers_lost,
	(SELECT coalesce(sum(cursor - base - present), 0) FROM fault_check.sequence) AS skipped;

-- The one figure that is waited for.
CREATE VIEW fault_check.quick AS
SELECT count(*) AS lost FROM fault_check.acked a WHERE NOT EXISTS (SELECT FROM fault_check.event e WHERE e.event_id = a.id);
