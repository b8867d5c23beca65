-- A life of a journal is known by the second in which it began, and no closer: what began in the very second since when all is
-- there is not older than that.
CREATE OR REPLACE VIEW history_incomplete AS
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
		ON life.begun < date_trunc('second', what.since);
