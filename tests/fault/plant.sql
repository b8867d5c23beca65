-- One of each mistake that the checker is to find, made by hand in a history that is right: an event gone, one twice, one that nobody
-- sent, one about another offer, a recommendation gone.
SET client_min_messages = warning;
DELETE FROM event_history WHERE event_id = (SELECT min(id) FROM fault_check.acked WHERE kind = 'event');
CREATE TEMP TABLE twice AS SELECT * FROM contact_history
WHERE event_id = (SELECT min(id) FROM fault_check.acked WHERE kind = 'contact');
UPDATE twice SET position = position + 1;
INSERT INTO contact_history SELECT * FROM twice;
CREATE TEMP TABLE unsent AS SELECT * FROM event_history
WHERE event_id = (SELECT max(id) FROM fault_check.acked WHERE kind = 'event');
UPDATE unsent SET position = position + 1, event_id = 'nobody-sent-this';
INSERT INTO event_history SELECT * FROM unsent;
UPDATE response_history SET offer_code = 'ANOTHER'
WHERE event_id = (SELECT min(id) FROM fault_check.acked WHERE kind = 'accept');
DELETE FROM recommendation WHERE treatment_code = (SELECT min(id) FROM fault_check.ledger WHERE what = 'offered');
