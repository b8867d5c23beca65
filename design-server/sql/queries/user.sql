-- Users, what they were granted, and their tokens.

-- name: user_get
SELECT name, password_hash, created FROM app_user WHERE name = $1

-- name: user_get_for_update
SELECT name, password_hash, created FROM app_user WHERE name = $1 FOR UPDATE

-- name: user_insert
INSERT INTO app_user (name, password_hash, created) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING

-- name: user_update
UPDATE app_user SET password_hash = $2 WHERE name = $1

-- name: user_delete
DELETE FROM app_user WHERE name = $1

-- name: user_page
SELECT name, password_hash, created FROM app_user WHERE name > $1 ORDER BY name LIMIT $2

-- name: user_lock_administrators
SELECT user_name FROM app_grant WHERE role = 4 AND environment = '*' ORDER BY user_name FOR UPDATE

-- name: grant_of_users
SELECT user_name, environment, role, granted_by, granted FROM app_grant WHERE user_name = ANY ($1::text[])
ORDER BY user_name, environment, role

-- name: grant_page
-- $1: environment, or empty. $2 to $4: the last row of the page before. $5: rows.
SELECT user_name, environment, role, granted_by, granted FROM app_grant
WHERE ($1 = '' OR environment IN ($1, '*')) AND (user_name, environment, role) > ($2, $3, $4::bigint)
ORDER BY user_name, environment, role LIMIT $5

-- name: grant_add
INSERT INTO app_grant (user_name, environment, role, granted_by, granted) VALUES ($1, $2, $3, $4, $5) ON CONFLICT DO NOTHING

-- name: grant_remove
DELETE FROM app_grant WHERE user_name = $1 AND environment = $2 AND role = $3

-- name: grant_remove_everywhere
DELETE FROM app_grant WHERE user_name = $1 AND environment = '*' AND role <> $2

-- name: token_get
SELECT u.name, t.expires,
	ARRAY(SELECT environment FROM app_grant WHERE user_name = u.name ORDER BY environment, role),
	ARRAY(SELECT role::text FROM app_grant WHERE user_name = u.name ORDER BY environment, role)
FROM app_token t JOIN app_user u ON u.name = t.user_name WHERE t.hash = $1

-- name: token_insert
INSERT INTO app_token (hash, user_name, created, expires) VALUES ($1, $2, $3, $4)

-- name: token_delete
DELETE FROM app_token WHERE hash = $1

-- name: token_delete_of_user
DELETE FROM app_token WHERE user_name = $1

-- name: token_expire
DELETE FROM app_token WHERE hash IN (SELECT hash FROM app_token WHERE expires < $1 LIMIT 100 FOR UPDATE SKIP LOCKED)
