-- Environments: what is published of them. Their profiles are files.

-- name: environment_roots
SELECT envelope FROM root_envelope WHERE environment = $1 AND version > $2 ORDER BY version LIMIT 1000

-- name: channel_known
-- Whether there is one of that name; the first of those that there are.
SELECT EXISTS (SELECT FROM resource WHERE kind = 'Channel' AND name = $1),
	(SELECT string_agg(name, ', ' ORDER BY name) FROM (SELECT name FROM resource WHERE kind = 'Channel' ORDER BY name LIMIT 20) AS c)
