-- Environments: what is published of them. Their profiles are files.

-- name: environment_roots
SELECT envelope FROM root_envelope WHERE environment = $1 AND version > $2 ORDER BY version LIMIT 1000
