-- What the decision engine tells of a treatment beyond its rule: campaign, cell and what made it a candidate. And of an event: the
-- event that it follows from, and whose treatment it is when that is not the session's visitor.
ALTER TABLE recommendation
	ADD COLUMN campaign text COLLATE "C" NOT NULL DEFAULT '',
	ADD COLUMN cell text COLLATE "C" NOT NULL DEFAULT '',
	ADD COLUMN origin text COLLATE "C" NOT NULL DEFAULT '';
ALTER TABLE contact_history
	ADD COLUMN campaign text COLLATE "C" NOT NULL DEFAULT '',
	ADD COLUMN cell text COLLATE "C" NOT NULL DEFAULT '',
	ADD COLUMN cause_event_id text COLLATE "C" NOT NULL DEFAULT '',
	ADD COLUMN treatment_audience_level text COLLATE "C" NOT NULL DEFAULT '',
	ADD COLUMN treatment_audience_id text COLLATE "C" NOT NULL DEFAULT '';
ALTER TABLE response_history
	ADD COLUMN campaign text COLLATE "C" NOT NULL DEFAULT '',
	ADD COLUMN cell text COLLATE "C" NOT NULL DEFAULT '',
	ADD COLUMN cause_event_id text COLLATE "C" NOT NULL DEFAULT '',
	ADD COLUMN treatment_audience_level text COLLATE "C" NOT NULL DEFAULT '',
	ADD COLUMN treatment_audience_id text COLLATE "C" NOT NULL DEFAULT '';
ALTER TABLE event_history
	ADD COLUMN campaign text COLLATE "C" NOT NULL DEFAULT '',
	ADD COLUMN cell text COLLATE "C" NOT NULL DEFAULT '',
	ADD COLUMN cause_event_id text COLLATE "C" NOT NULL DEFAULT '',
	ADD COLUMN treatment_audience_level text COLLATE "C" NOT NULL DEFAULT '',
	ADD COLUMN treatment_audience_id text COLLATE "C" NOT NULL DEFAULT '';

-- The default is what older rows have; who writes says it all.
DO $$
DECLARE
	place record;
	said text;
BEGIN
	FOR place IN
		SELECT c.relname AS name, a.attname AS attribute, a.atthasdef AS has_default
		FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid
		WHERE c.relnamespace = current_schema()::regnamespace AND c.relkind IN ('r', 'p')
			AND c.relname ~ '^(recommendation|contact_history|response_history|event_history)(_[0-9]+_[0-9]+)?$'
			AND a.attname IN ('campaign', 'cell', 'origin', 'cause_event_id', 'treatment_audience_level', 'treatment_audience_id')
	LOOP
		IF place.has_default THEN
			EXECUTE format('ALTER TABLE %I ALTER COLUMN %I DROP DEFAULT', place.name, place.attribute);
		END IF;
		said := CASE place.attribute
			WHEN 'campaign' THEN 'The code of the treatment''s campaign; empty if there is none'
			WHEN 'cell' THEN 'The code of its cell; empty if there is none'
			WHEN 'origin' THEN 'What made the offer a candidate: RULE, GLOBAL, INDIVIDUAL, QUALIFIED, DEFAULT; empty at rank 0'
			WHEN 'cause_event_id' THEN 'The event whose action this is, by its ID; empty if a touchpoint posted it'
			WHEN 'treatment_audience_level' THEN 'Whose treatment it is, if that is another visitor than audience_id; else empty'
			WHEN 'treatment_audience_id' THEN 'The same visitor''s ID: it is this one that was shown the offer or answered'
		END;
		EXECUTE format('COMMENT ON COLUMN %I.%I IS %L', place.name, place.attribute, said);
	END LOOP;
END
$$;
