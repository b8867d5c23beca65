-- Deployments. The columns of deployment_listed are read in the order in which the view has them.

-- name: deployment_lock
SELECT pg_advisory_xact_lock(hashtextextended($1::text || '/' || $2::text, 0))

-- name: deployment_latest
SELECT * FROM deployment_listed WHERE environment = $1 AND channel = $2 AND released IS NOT NULL
ORDER BY epoch DESC, version DESC LIMIT 1

-- name: deployment_by_request
SELECT * FROM deployment_listed WHERE id = (SELECT id FROM deployment WHERE author = $1 AND request_id = $2)

-- name: deployment_current
SELECT * FROM deployment_listed
WHERE id IN (SELECT DISTINCT ON (environment, channel) id FROM deployment
	WHERE ($1 = '' OR channel = $1) AND ($2 = '' OR environment = $2) AND released IS NOT NULL
	ORDER BY environment, channel, epoch DESC, version DESC)
ORDER BY channel, id LIMIT $3

-- name: deployment_page
SELECT * FROM deployment_listed
WHERE ($1 = '' OR channel = $1) AND ($2 = '' OR environment = $2) AND id < $3 ORDER BY id DESC LIMIT $4

-- name: deployment_add
INSERT INTO deployment (environment, channel, epoch, version, fleet, blob, length, manifest, envelope, author, comment,
	promoted_from, request_id, created, expires, state, rollback_of, undeploy, approvals_needed, changes, acknowledged, evidence)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, 5, $16, $17, $18, $19, $20, $21) RETURNING id

-- name: deployment_chain
SELECT version, blob, length, envelope FROM deployment
WHERE environment = $1 AND channel = $2 AND epoch = $3 AND version BETWEEN $4 AND $5 AND released IS NOT NULL ORDER BY version LIMIT 1000

-- name: blob_add
INSERT INTO blob (digest, content, created) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING

-- name: blob_get
SELECT content FROM blob WHERE digest = $1

-- name: deployment_server_put
INSERT INTO deployment_server AS old (deployment, server, address, version, digest, seen, error)
VALUES ($1, $2, $3, $4, $5, $6, $7)
ON CONFLICT (deployment, server) DO UPDATE SET address = excluded.address, version = excluded.version,
	digest = excluded.digest, seen = coalesce(excluded.seen, old.seen), error = excluded.error

-- name: deployment_servers
SELECT deployment, server, address, version, digest, seen, error FROM deployment_server
WHERE deployment = ANY ($1) ORDER BY deployment, server
