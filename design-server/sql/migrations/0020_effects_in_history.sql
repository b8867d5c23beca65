-- What visitor state is a fold over, where the other columns do not say it: so it can be rebuilt from the history as from the
-- journal.
ALTER TABLE contact_history ADD COLUMN effects bytea;
ALTER TABLE response_history ADD COLUMN effects bytea;
ALTER TABLE event_history ADD COLUMN effects bytea;

DO $$
DECLARE
	place record;
BEGIN
	FOR place IN
		SELECT c.relname AS name
		FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid
		WHERE c.relnamespace = current_schema()::regnamespace AND c.relkind IN ('r', 'p') AND a.attname = 'effects'
			AND c.relname ~ '^(contact_history|response_history|event_history)(_[0-9]+_[0-9]+)?$'
	LOOP
		EXECUTE format('COMMENT ON COLUMN %I.effects IS %L', place.name, 'At position 0: what the event did to the visitor '
			'(suppressed, qualified, other offers), the effects of a parley.journal.v1.EventPosted; null: a contact or response '
			'with the row''s own offer for each row of the record, and nothing else');
	END LOOP;
END
$$;
