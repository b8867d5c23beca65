-- How deployments move (rollout/state.c).

-- name: deployment_move_lock
SELECT channel, environment, version, state FROM deployment WHERE id = $1 FOR UPDATE

-- name: deployment_move
UPDATE deployment SET state = $2, reason = $3, ended = $4, released = CASE WHEN $2 = 1 THEN coalesce(released, $5) ELSE released END,
	completed = CASE WHEN $2 = 2 THEN coalesce(completed, $5) ELSE completed END
WHERE id = $1
