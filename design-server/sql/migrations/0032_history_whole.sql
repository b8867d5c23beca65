-- Visitor state can be rebuilt from the history as far as the history has all that changed it. Where it has not, whoever
-- rebuilds must be told so, and from when on it has.
CREATE VIEW history_incomplete AS
SELECT life.environment, life.runtime_id, life.begun, what.lacks, what.since, what.why
FROM (
	SELECT environment, runtime_id, to_timestamp(min(incarnation) >> 31) AS begun FROM ship_cursor WHERE incarnation > 0 GROUP BY 1, 2) life
	JOIN (
		SELECT 'effects' AS lacks, applied AS since, 'the design server did not keep it before' AS why
		FROM schema_migration WHERE name = '0020_effects_in_history.sql'
		UNION ALL
		SELECT 'effect_history', applied, 'the design server did not keep it before'
		FROM schema_migration WHERE name = '0028_effect_history.sql'
		UNION ALL
		SELECT name, (date_trunc('month', now() AT TIME ZONE 'UTC') - make_interval(months => months)) AT TIME ZONE 'UTC',
			'what was older has been removed, as retention says'
		FROM history_retention
		WHERE name IN ('contact_history', 'response_history', 'event_history', 'effect_history') AND applied IS NOT NULL) what
		ON life.begun < what.since;
COMMENT ON VIEW history_incomplete IS 'Runtime servers that are older than a part of the history from which visitor state is rebuilt: a row for each such part; none, if all of it is there';
COMMENT ON COLUMN history_incomplete.environment IS 'The environment, such as production';
COMMENT ON COLUMN history_incomplete.runtime_id IS 'The runtime server';
COMMENT ON COLUMN history_incomplete.begun IS 'When the first life of its journal that was ever shipped began';
COMMENT ON COLUMN history_incomplete.lacks IS 'A table of the history; or effects: what events did beside the contact or response that they were';
COMMENT ON COLUMN history_incomplete.since IS 'From when on it is there';
COMMENT ON COLUMN history_incomplete.why IS 'Why not before';
GRANT SELECT ON history_incomplete TO parley_design, parley_reader;
