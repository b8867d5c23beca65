-- Marks, stored configurations, and what runs where. A change of a resource shares one lock and marking has it alone, so that neither
-- can slip past the other's look, whatever is marked: a resource, one that is not there, or all of a channel.

-- name: mark_lock_shared
SELECT pg_advisory_xact_lock_shared(7105118270)

-- name: mark_lock
SELECT pg_advisory_xact_lock(7105118270)

-- name: mark_holding
SELECT channel, kind, name, author, comment, created FROM mark
WHERE kind = $1 AND name = $3 AND ($2 = '' OR channel = $2)
	OR kind = '' AND channel = CASE WHEN $1 = 'Channel' THEN $3 ELSE $2 END
ORDER BY kind = '', id LIMIT 1

-- name: mark_any_whole
SELECT EXISTS (SELECT FROM mark WHERE kind = '')

-- A channel that is marked as a whole holds also what it reaches outside itself. A list that is an expression reaches every offer.
-- name: mark_whole_holding
WITH RECURSIVE up (kind, channel, name) AS (
	(SELECT $1::text COLLATE "C", ''::text COLLATE "C", $2::text COLLATE "C"
	UNION ALL
	SELECT kind, channel, name FROM resource
	WHERE $1::text IN ('Offer', 'OfferTemplate') AND kind = 'OfferList' AND channel = '' AND spec ? 'expression')
	UNION
	SELECT r.kind, r.channel, r.name FROM up
	JOIN resource_reference r ON r.to_kind = up.kind AND r.to_channel = '' AND r.to_name = up.name
	WHERE up.channel = '')
SELECT channel, kind, name, author, comment, created FROM mark
WHERE kind = '' AND channel IN (SELECT channel FROM up) ORDER BY id LIMIT 1

-- name: mark_get
SELECT id, channel, kind, name, author, comment, created FROM mark WHERE channel = $1 AND kind = $2 AND name = $3

-- name: mark_channel
SELECT id, channel, kind, name, author, comment, created FROM mark WHERE channel = $1 ORDER BY id

-- name: mark_page
SELECT id, channel, kind, name, author, comment, created FROM mark
WHERE ($1 = '' OR channel = $1) AND id > $2 ORDER BY id LIMIT $3

-- name: mark_add
INSERT INTO mark (channel, kind, name, author, comment, created) VALUES ($1, $2, $3, $4, $5, $6)

-- name: mark_remove
DELETE FROM mark WHERE id = $1

-- name: mark_deployed
DELETE FROM mark WHERE channel = $1 AND id = ANY ((SELECT marks FROM build WHERE id = $2)::bigint[])
RETURNING kind, name, author

-- name: mark_removable
SELECT EXISTS (SELECT FROM environment_build e JOIN build b ON b.id = e.build
	WHERE e.channel = $1 AND b.items && (SELECT array_agg(id) FROM resource_version
		WHERE kind = $2 AND channel = $3 AND name = $4))

-- What follows in the transaction is planned for what it is given and for the tables as they are. A plan that was kept from when there
-- was next to nothing would read all of resource_version once a row.
-- name: plan_anew
SELECT set_config('plan_cache_mode', 'force_custom_plan', true)

-- name: version_find
SELECT v.id FROM unnest($1::text[]) WITH ORDINALITY AS wanted (hash, place)
LEFT JOIN resource_version v ON v.hash = decode(wanted.hash, 'hex') ORDER BY wanted.place

-- name: version_add
INSERT INTO resource_version (hash, kind, channel, name, spec)
SELECT decode(v.hash, 'hex'), v.kind, v.channel, v.name, v.spec::jsonb
FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[]) AS v (hash, kind, channel, name, spec)
ORDER BY v.hash ON CONFLICT (hash) DO NOTHING

-- name: build_find
SELECT id FROM build WHERE digest = $2 AND channel = $1 AND items = $3 AND marks = $4 ORDER BY id LIMIT 1

-- name: build_add
INSERT INTO build (channel, digest, items, marks, author, created) VALUES ($1, $2, $3, $4, $5, $6) RETURNING id

-- name: build_get
SELECT channel, digest, author, created, cardinality(items) FROM build WHERE id = $1

-- name: build_items
SELECT v.kind, v.channel, v.name, v.spec
FROM unnest((SELECT items[$2:$3] FROM build WHERE id = $1)) WITH ORDINALITY AS item (version, place)
JOIN resource_version v ON v.id = item.version ORDER BY item.place

-- name: environment_build_put
INSERT INTO environment_build (environment, channel, build, since) VALUES ($1, $2, $3, $4)
ON CONFLICT (environment, channel) DO UPDATE SET build = excluded.build, since = excluded.since

-- name: environment_build_remove
DELETE FROM environment_build WHERE environment = $1 AND channel = $2

-- name: environment_build_get
SELECT build FROM environment_build WHERE environment = $1 AND channel = $2

-- What every server of a deployment's environment served before it: the newest before that was brought to all.
-- name: environment_build_before
SELECT d.environment, d.channel, coalesce(before.build, 0) FROM deployment d LEFT JOIN LATERAL (
	SELECT s.build FROM deployment s JOIN rollout r ON r.deployment = s.id AND r.kept IS NOT NULL
	WHERE s.environment = d.environment AND s.channel = d.channel AND (s.epoch, s.version) < (d.epoch, d.version)
	ORDER BY s.epoch DESC, s.version DESC LIMIT 1) AS before ON true
WHERE d.id = $1
