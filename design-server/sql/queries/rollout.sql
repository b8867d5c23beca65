-- The roll-out controller (rollout/).

-- name: rollout_lead
SELECT pg_try_advisory_lock(hashtextextended('parley/rollouts', 0))

-- name: rollout_led
SELECT 1

-- name: rollout_unlead
SELECT pg_advisory_unlock(hashtextextended('parley/rollouts', 0))

-- name: rollout_subject
SELECT environment, channel, epoch, version, rollback_of, undeploy FROM deployment WHERE id = $1

-- name: rollout_before
SELECT d.undeploy FROM deployment d JOIN rollout r ON r.deployment = d.id
WHERE d.environment = $1 AND d.channel = $2 AND (d.epoch, d.version) < ($3, $4) AND r.kept IS NOT NULL
ORDER BY d.epoch DESC, d.version DESC LIMIT 1

-- name: rollout_add
INSERT INTO rollout (deployment, steps, step, begun, reached, kept)
VALUES ($1, $2, least($2, 1), $3, CASE WHEN $2 = 0 THEN $3 END, CASE WHEN $2 = 0 THEN $3 END) ON CONFLICT DO NOTHING

-- name: rollout_newest
SELECT DISTINCT ON (d.channel) d.channel, d.id, d.epoch, d.version, d.manifest, d.blob, d.length, d.undeploy, d.fleet, d.state,
	r.steps, r.step, r.begun, r.reached, r.kept IS NOT NULL, r.waiting
FROM deployment d JOIN rollout r ON r.deployment = d.id
WHERE d.environment = $1 AND d.released IS NOT NULL AND ($2 = '' OR d.channel = $2) ORDER BY d.channel, d.epoch DESC, d.version DESC

-- name: rollout_stable
SELECT DISTINCT ON (d.channel) d.channel, d.id, d.epoch, d.version, d.manifest, d.blob, d.length, d.undeploy, d.fleet, d.state,
	r.steps, r.step, r.begun, r.reached, r.kept IS NOT NULL, r.waiting
FROM deployment d JOIN rollout r ON r.deployment = d.id
WHERE d.environment = $1 AND d.released IS NOT NULL AND r.kept IS NOT NULL ORDER BY d.channel, d.epoch DESC, d.version DESC

-- name: rollout_chain
SELECT id, epoch, version, manifest, blob, length, undeploy, envelope, trace FROM deployment
WHERE environment = $1 AND channel = $2 AND released IS NOT NULL AND (epoch, version) >= ($3, $4) AND (epoch, version) <= ($5, $6)
ORDER BY epoch, version LIMIT 64

-- name: rollout_reach
UPDATE rollout SET reached = $3, waiting = '' WHERE deployment = $1 AND step = $2 AND reached IS NULL AND kept IS NULL

-- name: rollout_step
UPDATE rollout SET step = $2 + 1, begun = $3, reached = NULL, waiting = '', candidate = '{}', stable = '{}'
WHERE deployment = $1 AND step = $2 AND kept IS NULL

-- name: rollout_keep
UPDATE rollout SET kept = $2, waiting = '' WHERE deployment = $1 AND kept IS NULL

-- name: rollout_wait
UPDATE rollout SET waiting = $2 WHERE deployment = $1 AND waiting <> $2

-- name: rollout_measure
UPDATE rollout SET candidate = $2, stable = $3 WHERE deployment = $1

-- name: rollout_baseline_clear
DELETE FROM rollout_baseline WHERE deployment = $1

-- name: rollout_baseline_add
INSERT INTO rollout_baseline (deployment, server, version, figures) VALUES ($1, $2, $3, $4)

-- name: rollout_baseline_list
SELECT server, version, figures FROM rollout_baseline WHERE deployment = $1

-- name: rollout_get
SELECT steps, step, begun, reached, kept, waiting, candidate, stable FROM rollout WHERE deployment = $1

-- name: rollout_server_put
INSERT INTO deployment_server AS old (deployment, server, address, version, digest, seen, error, runs, desired, since, candidate,
	candidate_permille, sessions, journal_lag, degraded, root_version, timestamp_version, shipped)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $19)
ON CONFLICT (deployment, server) DO UPDATE SET address = excluded.address, version = excluded.version, digest = excluded.digest,
	seen = excluded.seen, error = excluded.error, runs = excluded.runs, desired = excluded.desired, since = excluded.since,
	candidate = excluded.candidate, candidate_permille = excluded.candidate_permille, sessions = excluded.sessions,
	journal_lag = excluded.journal_lag, degraded = excluded.degraded, root_version = excluded.root_version,
	timestamp_version = excluded.timestamp_version, shipped = coalesce(excluded.shipped, old.shipped), quiet = NULL
WHERE $18 OR old.seen IS NULL OR old.quiet IS NOT NULL OR excluded.seen > old.seen + interval '5 seconds'
	OR (old.address, old.version, old.digest, old.error, old.runs, old.desired, old.candidate, old.candidate_permille, old.degraded)
	IS DISTINCT FROM (excluded.address, excluded.version, excluded.digest, excluded.error, excluded.runs, excluded.desired,
		excluded.candidate, excluded.candidate_permille, excluded.degraded)

-- name: rollout_server_away
INSERT INTO deployment_server AS old (deployment, server, address, version, digest, error, desired)
VALUES ($1, $2, $3, 0, '', $4, $5)
ON CONFLICT (deployment, server) DO UPDATE SET address = excluded.address, error = excluded.error, desired = excluded.desired,
	quiet = coalesce(old.quiet, old.seen)
WHERE (old.address, old.error, old.desired) IS DISTINCT FROM (excluded.address, excluded.error, excluded.desired)
	OR old.quiet IS NULL AND old.seen IS NOT NULL

-- name: rollout_running
SELECT count(*) FROM deployment_server WHERE deployment = $1 AND runs AND server = ANY ($2)

-- name: rollout_servers
-- One that has not answered since this deployment has been quiet since it last did.
SELECT s.server, s.address, s.desired, s.version, s.digest, s.seen, s.error, s.journal_lag, s.sessions, s.since, s.candidate,
	s.candidate_permille, s.degraded, s.root_version, s.timestamp_version, s.shipped, CASE WHEN s.seen IS NOT NULL THEN s.quiet ELSE (
		SELECT max(f.seen) FROM deployment_server f JOIN deployment o ON o.id = f.deployment
		WHERE o.environment = d.environment AND f.server = s.server) END
FROM deployment_server s JOIN deployment d ON d.id = s.deployment WHERE s.deployment = $1 ORDER BY s.server

-- name: rollout_deployment
SELECT channel, environment, epoch, version, blob, length, state, author, comment, created, promoted_from, rollback_of, undeploy,
	manifest, approvals_needed, reason, ended
FROM deployment WHERE id = $1

-- name: timestamp_get
SELECT version, envelope, subject, audit_sequence, created FROM timestamp_envelope WHERE environment = $1

-- name: timestamp_put
INSERT INTO timestamp_envelope AS old (environment, version, envelope, subject, audit_sequence, created)
VALUES ($1, $2, $3, $4, $5, $6)
ON CONFLICT (environment) DO UPDATE SET version = excluded.version, envelope = excluded.envelope, subject = excluded.subject,
	audit_sequence = excluded.audit_sequence, created = excluded.created
WHERE old.version < excluded.version
