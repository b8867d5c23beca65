-- Evidence, and what else gates and safeguards look at.

-- name: evidence_add
INSERT INTO evidence (channel, digest, environment, kind, passed, report, report_digest, author, created)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) ON CONFLICT DO NOTHING RETURNING id

-- name: evidence_same
SELECT * FROM evidence WHERE channel = $1 AND digest = $2 AND environment = $3 AND kind = $4 AND report_digest = $5 AND author = $6

-- name: evidence_get
SELECT * FROM evidence WHERE id = ANY ($1) ORDER BY report_digest

-- name: evidence_newest
SELECT * FROM evidence WHERE channel = $1 AND digest = $2 AND environment = $3 AND kind = $4 ORDER BY id DESC LIMIT 1

-- name: evidence_page
SELECT * FROM evidence WHERE channel = $1 AND (length($2::bytea) = 0 OR digest = $2) AND id < $3 ORDER BY id DESC LIMIT $4

-- Whether a snapshot was ever one of the channel's.
-- name: evidence_known
SELECT EXISTS (SELECT FROM deployment WHERE channel = $1 AND blob = $2 AND released IS NOT NULL)

-- name: channel_last_call
SELECT max(time) FROM (
	SELECT max(time) AS time FROM recommendation WHERE environment = $1 AND channel = $2 AND time > $3
	UNION ALL SELECT max(time) FROM contact_history WHERE environment = $1 AND channel = $2 AND time > $3
	UNION ALL SELECT max(time) FROM session_history WHERE environment = $1 AND channel = $2 AND time > $3) AS calls

-- How many decisions with a receipt, as far as $5: of the environment $1, the channel $2, from $3 on and before $4.
-- name: decision_count
SELECT count(*) FROM (SELECT FROM recommendation
	WHERE environment = $1 AND channel = $2 AND receipt IS NOT NULL AND time >= $3 AND time < $4 LIMIT $5) AS found
