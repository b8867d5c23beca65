-- What /metrics tells of the database (exposition.c): read every half a minute, whoever asks.

-- name: metrics_cursors
SELECT DISTINCT ON (environment, runtime_id) environment, runtime_id, sequence, updated FROM ship_cursor
ORDER BY environment, runtime_id, incarnation DESC LIMIT 1000

-- name: metrics_audit
SELECT id, time FROM audit ORDER BY id DESC LIMIT 1

-- name: metrics_deployments
SELECT environment, state, count(*) FROM (
	SELECT DISTINCT ON (environment, channel) environment, channel, state FROM deployment
	WHERE state <> 8 ORDER BY environment, channel, epoch DESC, version DESC) newest
GROUP BY environment, state ORDER BY environment, state LIMIT 1000

-- name: metrics_late_responses
SELECT environment, state, count(*), min(received) FROM late_response
WHERE state IN ('waiting', 'orphan') GROUP BY environment, state ORDER BY environment, state LIMIT 1000
