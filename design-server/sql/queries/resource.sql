-- Resources of every kind.

-- name: resource_get
SELECT etag, spec, created, updated FROM resource WHERE kind = $1 AND channel = $2 AND name = $3

-- name: resource_get_for_share
SELECT etag, spec, created, updated FROM resource WHERE kind = $1 AND channel = $2 AND name = $3 FOR SHARE

-- name: resource_get_for_update
SELECT etag, spec, created, updated FROM resource WHERE kind = $1 AND channel = $2 AND name = $3 FOR UPDATE

-- name: resource_insert
INSERT INTO resource (kind, channel, name, etag, spec, created, updated) VALUES ($1, $2, $3, $4, $5, $6, $6)
ON CONFLICT DO NOTHING

-- name: resource_update
UPDATE resource SET etag = $4, spec = $5, updated = $6 WHERE kind = $1 AND channel = $2 AND name = $3

-- name: resource_delete
DELETE FROM resource WHERE kind = $1 AND channel = $2 AND name = $3

-- name: resource_page
SELECT channel, name, etag, spec, created, updated FROM resource
WHERE kind = $1 AND ($2 = '' OR channel = $2) AND (channel, name) > ($3, $4)
ORDER BY channel, name LIMIT $5

-- name: resource_lock_names
SELECT name FROM resource WHERE kind = $1 AND channel = $2 AND name = ANY ($3::text[]) ORDER BY name FOR SHARE

-- name: resource_names
SELECT name FROM resource WHERE kind = $1 AND channel = $2 ORDER BY name LIMIT $3

-- name: reference_clear
DELETE FROM resource_reference WHERE kind = $1 AND channel = $2 AND name = $3

-- name: reference_add
INSERT INTO resource_reference (kind, channel, name, field, to_kind, to_channel, to_name)
SELECT $1, $2, $3, r.* FROM unnest($4::text[], $5::text[], $6::text[], $7::text[]) AS r

-- name: referrer_list
SELECT kind, channel, name, field FROM resource_reference
WHERE to_kind = $1 AND to_channel = $2 AND to_name = $3 ORDER BY kind, channel, name, field LIMIT $4

-- name: unique_clear
DELETE FROM resource_unique WHERE kind = $1 AND channel = $2 AND name = $3

-- name: unique_add
INSERT INTO resource_unique (kind, field, value, channel, name) VALUES ($1, $2, $3, $4, $5) ON CONFLICT DO NOTHING

-- name: unique_holder
SELECT channel, name FROM resource_unique WHERE kind = $1 AND field = $2 AND value = $3

-- name: request_lock
SELECT pg_advisory_xact_lock(hashtextextended($1::text || E'\n' || $2::text, 0))

-- name: request_get
SELECT body_hash, response FROM request WHERE actor = $1 AND request_id = $2 AND created > $3

-- name: request_keep
INSERT INTO request AS old (actor, request_id, body_hash, response, created) VALUES ($1, $2, $3, $4, $5)
ON CONFLICT (actor, request_id) DO UPDATE
SET body_hash = excluded.body_hash, response = excluded.response, created = excluded.created WHERE old.created <= $6

-- name: request_expire
DELETE FROM request WHERE (actor, request_id) IN
	(SELECT actor, request_id FROM request WHERE created <= $1 LIMIT 100 FOR UPDATE SKIP LOCKED)

-- name: audit_page
SELECT id, time, actor, action, kind, channel, name, before, after, sequence, hash FROM audit
WHERE ($1 = '' OR kind = $1) AND ($2 = '' OR channel = $2) AND ($3 = '' OR name = $3) AND id < $4
ORDER BY id DESC LIMIT $5

-- name: audit_knows_kind
-- Whether it has entries of such things; of which it has.
SELECT EXISTS (SELECT FROM audit WHERE kind = $1), (SELECT string_agg(DISTINCT kind, ', ' ORDER BY kind) FROM audit)

-- name: audit_knows_channel
SELECT EXISTS (SELECT FROM audit WHERE kind = 'Channel' AND channel = '' AND name = $1) OR EXISTS (SELECT FROM audit WHERE channel = $1)
