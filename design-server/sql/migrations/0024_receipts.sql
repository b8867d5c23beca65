-- What a decision came from, so that it can be made again: with the row of its call that is found by the call's first treatment
-- code, so it goes when that row goes, and no index is needed but for calls that gave nothing at any point.
ALTER TABLE recommendation ADD COLUMN receipt bytea;
CREATE INDEX recommendation_receipt ON recommendation (seed) WHERE rank = 0 AND receipt IS NOT NULL;

DO $$
DECLARE
	place record;
BEGIN
	FOR place IN
		SELECT c.relname AS name FROM pg_class c
		WHERE c.relnamespace = current_schema()::regnamespace AND c.relkind IN ('r', 'p')
			AND c.relname ~ '^recommendation(_[0-9]+_[0-9]+)?$'
	LOOP
		EXECUTE format('COMMENT ON COLUMN %I.receipt IS %L', place.name, 'Everything that the decision of the call came from, in '
			'binary (common/decide/README.md, Receipts): once a call, with its first treatment or, if it has none, with its first '
			'row; NULL in the others, and in rows of servers that wrote none yet');
	END LOOP;
END
$$;
