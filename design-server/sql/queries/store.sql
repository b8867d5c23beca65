-- name: migration_list
SELECT name, checksum FROM schema_migration ORDER BY name

-- name: migration_record
INSERT INTO schema_migration (name, checksum) VALUES ($1, $2)

-- name: audit_append
INSERT INTO audit (time, actor, action, kind, channel, name, before, after) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
