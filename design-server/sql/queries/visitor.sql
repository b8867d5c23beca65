-- name: visitor_levels
-- The keys of an audience level, in each channel that has one of the name.
SELECT r.channel, array_agg(k.key ->> 'name' ORDER BY k.place), array_agg(k.key ->> 'type' ORDER BY k.place)
FROM resource r CROSS JOIN LATERAL jsonb_array_elements(r.spec -> 'keys') WITH ORDINALITY AS k (key, place)
WHERE r.kind = 'AudienceLevel' AND r.name = $1 GROUP BY r.channel ORDER BY r.channel

-- name: visitor_page
-- $4, $5: the place and key of the last row before; $6: rows.
SELECT name, key, data::text FROM visitor_data($1, $2, $3)
WHERE (name COLLATE "C", key COLLATE "C") > ($4, $5) ORDER BY name COLLATE "C", key COLLATE "C" LIMIT $6

-- name: visitor_configuration
SELECT key FROM visitor_data($1, $2, $3) WHERE name = 'configuration' ORDER BY key

-- name: visitor_erase
-- How many rows of which table. $5 to $7: a place in a runtime server's journal, or nulls.
SELECT coalesce(jsonb_object_agg(name, erased) FILTER (WHERE erased > 0), '{}')::text FROM visitor_erase($1, $2, $3, $4, $5, $6, $7)

-- name: visitor_digest
SELECT visitor_digest($1, $2, $3)

-- name: erased_among
SELECT * FROM erased_among($1, $2, $3, $4)

-- name: erased_until
SELECT erased_until($1)

-- name: erasure_open
SELECT id FROM erasure WHERE environment = $1 AND digest = $2 AND completed IS NULL ORDER BY id DESC LIMIT 1

-- name: erasure_lock
-- One at a time asks for an erasure of this visitor.
SELECT pg_advisory_xact_lock(hashtextextended('erasure ' || $1 || encode($2::bytea, 'hex'), 0))

-- name: erasure_add
INSERT INTO erasure (environment, audience_level, audience_id, digest, reason, requested_by, requested)
VALUES ($1, $2, $3, $4, $5, $6, $7) RETURNING id

-- name: erasure_place_add
INSERT INTO erasure_place (erasure, place, changed) SELECT $1, p.place, $3 FROM unnest($2::text[]) AS p (place)

-- name: erasure_list
-- $1 empty: any environment. $2: only before this number; $3: rows; $4: this one, 0: any.
SELECT e.id, e.environment, e.audience_level, encode(e.digest, 'hex'), e.reason, e.requested_by, e.requested, e.completed,
	p.place, p.state, p.found::text, p.why, p.changed
FROM (
	SELECT * FROM erasure WHERE ($1 = '' OR environment = $1) AND id < $2 AND ($4::bigint = 0 OR id = $4) ORDER BY id DESC LIMIT $3
) AS e JOIN erasure_place p ON p.erasure = e.id ORDER BY e.id DESC, p.place

-- name: erasure_take
-- The next place that is due, of one of these environments ($2); nobody else is given it before $3. The database comes first.
UPDATE erasure_place t SET try_at = $3 FROM (
	SELECT p.erasure, p.place FROM erasure_place p JOIN erasure e ON e.id = p.erasure
	WHERE p.state <> 'done' AND p.try_at <= $1 AND e.environment = ANY ($2::text[])
	ORDER BY p.place <> '', p.try_at, p.erasure LIMIT 1 FOR UPDATE OF p SKIP LOCKED
) AS n JOIN erasure e ON e.id = n.erasure
WHERE t.erasure = n.erasure AND t.place = n.place
RETURNING t.erasure, t.place, t.state, t.runtime_id, t.incarnation, t.sequence, t.tries, e.environment, e.audience_level, e.audience_id,
	e.requested, encode(e.digest, 'hex')

-- name: erasure_forgot
-- The server has forgotten the visitor; its journal is to be rid of him up to there.
UPDATE erasure_place SET state = 'shipping', runtime_id = $3, incarnation = $4, sequence = $5, found = $6, why = '', tries = 0, try_at = $7,
	changed = $7
WHERE erasure = $1 AND place = $2 AND state = 'waiting'

-- name: erasure_wait
-- $4: when it is tried next.
UPDATE erasure_place SET why = $3, tries = tries + 1, try_at = $4 WHERE erasure = $1 AND place = $2 AND state <> 'done'

-- name: erasure_done
-- What the sweep found counts with what was found before. No row: somebody else did it.
UPDATE erasure_place p SET state = 'done', why = '', tries = 0, changed = $4, found = (
	SELECT coalesce(jsonb_object_agg(f.name, f.count), '{}') FROM (
		SELECT key AS name, sum(value::bigint) AS count
		FROM (SELECT * FROM jsonb_each_text(p.found) UNION ALL SELECT * FROM jsonb_each_text($3)) AS b GROUP BY key
	) AS f)
WHERE erasure = $1 AND place = $2 AND state <> 'done' RETURNING found::text

-- name: erasure_complete
-- If it was the last place: the plain ID goes.
UPDATE erasure SET completed = $2, audience_id = NULL
WHERE id = $1 AND completed IS NULL AND NOT EXISTS (SELECT FROM erasure_place WHERE erasure = $1 AND state <> 'done')
RETURNING id

-- name: erasure_shipped
SELECT EXISTS (SELECT FROM ship_cursor WHERE environment = $1 AND runtime_id = $2 AND incarnation = $3 AND sequence >= $4)
