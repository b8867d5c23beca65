-- Deployments. The columns of deployment_listed are read in the order in which the view has them.

-- name: deployment_lock
SELECT pg_advisory_xact_lock(hashtextextended($1::text || '/' || $2::text, 0))

-- name: deployment_latest
SELECT * FROM deployment_listed WHERE environment = $1 AND channel = $2 AND released IS NOT NULL
ORDER BY epoch DESC, version DESC LIMIT 1

-- What the environment runs or is brought to: what was undone does not count.
-- name: deployment_in_force
SELECT * FROM deployment_listed WHERE environment = $1 AND channel = $2 AND released IS NOT NULL AND state <> 7
ORDER BY epoch DESC, version DESC LIMIT 1

-- name: deployment_waiting
SELECT * FROM deployment_listed WHERE environment = $1 AND channel = $2 AND state = 5

-- name: deployment_waiting_all
SELECT * FROM deployment_listed WHERE environment = $1 AND state = 5 ORDER BY id

-- A version that was given up may have been made again.
-- name: deployment_version
SELECT * FROM deployment_listed WHERE environment = $1 AND channel = $2 AND ($3 = 0 OR version = $3)
ORDER BY ($3 <> 0 AND state = 8), id DESC LIMIT 1

-- The last one before $3 that every server ran, that was not itself taken back, and that is something else.
-- name: deployment_to_return_to
SELECT * FROM deployment_listed WHERE environment = $1 AND channel = $2 AND (epoch, version) < ($3, $4)
	AND NOT undeploy AND blob IS DISTINCT FROM $5 AND state <> 9 AND state <> 7
	AND id IN (SELECT id FROM deployment WHERE completed IS NOT NULL)
ORDER BY epoch DESC, version DESC LIMIT 1

-- name: deployment_by_id
SELECT * FROM deployment_listed WHERE id = $1

-- name: deployment_envelope
SELECT envelope FROM deployment WHERE id = $1

-- name: deployment_sign
UPDATE deployment SET envelope = $2, approvals_needed = $3 WHERE id = $1

-- name: deployment_needs
UPDATE deployment SET approvals_needed = $2 WHERE id = $1 AND approvals_needed <> $2

-- name: deployment_changes
WITH a AS (SELECT kind, channel, name, hash FROM resource_version WHERE id = ANY ((SELECT items FROM build WHERE id = $1)::bigint[])),
	b AS (SELECT kind, channel, name, hash FROM resource_version WHERE id = ANY ((SELECT items FROM build WHERE id = $2)::bigint[]))
SELECT count(*) FILTER (WHERE a.hash IS NULL), count(*) FILTER (WHERE a.hash <> b.hash), count(*) FILTER (WHERE b.hash IS NULL),
	EXISTS (SELECT FROM a) AND EXISTS (SELECT FROM b)
FROM a FULL JOIN b USING (kind, channel, name)

-- name: approval_put
INSERT INTO approval AS old (deployment, approver, keyid, signature, comment, created) VALUES ($1, $2, $3, $4, $5, $6)
ON CONFLICT (deployment, approver) DO UPDATE SET keyid = excluded.keyid, signature = excluded.signature,
	comment = excluded.comment, created = excluded.created
WHERE old.signature <> excluded.signature

-- name: approval_list
SELECT deployment, approver, keyid, signature, comment, created FROM approval WHERE deployment = ANY ($1)
ORDER BY deployment, created, approver

-- name: deployment_by_manifest
SELECT * FROM deployment_listed WHERE environment = $1 AND channel = $2 AND manifest = $3 ORDER BY id DESC LIMIT 1

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
	promoted_from, request_id, created, expires, state, rollback_of, undeploy, approvals_needed, changes, acknowledged, evidence, build,
	trace)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, 5, $16, $17, $18, $19, $20, $21, nullif($22, 0), $23) RETURNING id

-- name: build_lock
-- What is being kept is not removed meanwhile (build_prune).
SELECT pg_advisory_xact_lock_shared(hashtextextended('parley/builds', 0))

-- name: blob_add
SELECT blob_put($1, $2, $3)

-- name: blob_get
SELECT content FROM blob WHERE digest = $1 AND content IS NOT NULL

-- name: blob_piece
SELECT octet_length(content), substring(content FROM $2::int + 1 FOR $3::int) FROM blob WHERE digest = $1 AND content IS NOT NULL

-- name: root_add
INSERT INTO root_envelope (environment, version, envelope, author, created) VALUES ($1, $2, $3, $4, $5)

-- name: trust_timestamp
SELECT envelope FROM timestamp_envelope WHERE environment = $1
