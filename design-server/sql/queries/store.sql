-- name: migration_list
SELECT name, checksum FROM schema_migration ORDER BY name

-- name: migration_record
INSERT INTO schema_migration (name, checksum) VALUES ($1, $2)

-- name: audit_lock
-- Any number of our own.
SELECT pg_advisory_xact_lock(7105118265)

-- name: audit_newest
SELECT sequence, hash FROM audit ORDER BY sequence DESC LIMIT 1

-- name: audit_append
INSERT INTO audit (time, actor, action, kind, channel, name, before, after, sequence, hash)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)

-- name: audit_chain_page
SELECT id, time, actor, action, kind, channel, name, before, after, sequence, hash FROM audit WHERE sequence > $1
ORDER BY sequence LIMIT $2

-- name: audit_checkpoint_add
INSERT INTO audit_checkpoint (environment, sequence, hash, envelope, signed) VALUES ($1, $2, $3, $4, $5) ON CONFLICT DO NOTHING

-- name: audit_checkpoint_page
SELECT environment, sequence, envelope FROM audit_checkpoint WHERE (environment, sequence) > ($1, $2::bigint)
ORDER BY environment, sequence LIMIT $3
