-- Source codes: issuing and listing.

-- Whether there are the channel, the offer, the campaign and, in it, the cell. Empty ones are not looked for.
-- name: source_code_names
SELECT
	EXISTS (SELECT FROM resource WHERE kind = 'Channel' AND channel = '' AND name = $1),
	EXISTS (SELECT FROM resource_unique WHERE kind = 'Offer' AND field = 'code' AND value = $2),
	$3 = '' OR EXISTS (SELECT FROM resource_unique WHERE kind = 'Campaign' AND field = 'code' AND value = $3),
	$4 = '' OR EXISTS (
		SELECT FROM resource_unique u JOIN resource r USING (kind, channel, name), jsonb_array_elements(r.spec -> 'cells') cell
		WHERE u.kind = 'Campaign' AND u.field = 'code' AND u.value = $3 AND cell ->> 'code' = $4)

-- name: source_code_serials
SELECT nextval('source_code_serial') FROM generate_series(1, $1)

-- name: source_code_add
INSERT INTO source_code (environment, channel, code, offer_code, campaign, cell, valid_until, issued, issued_by)
SELECT $1, $2, code, $4, $5, $6, coalesce($7::timestamptz, 'infinity'), $8, $9 FROM unnest($3::text[]) AS code

-- name: source_code_page
SELECT id, code, environment, channel, offer_code, campaign, cell, issued, issued_by,
	CASE WHEN isfinite(valid_until) THEN valid_until END
FROM source_code
WHERE ($1 = '' OR environment = $1) AND ($2 = '' OR channel = $2) AND ($3 = '' OR offer_code = $3)
	AND ($4 = '' OR code = $4) AND id < $5
ORDER BY id DESC LIMIT $6
