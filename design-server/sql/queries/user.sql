-- Users and their tokens.

-- name: user_get
SELECT name, role, password_hash, created FROM app_user WHERE name = $1

-- name: user_get_for_update
SELECT name, role, password_hash, created FROM app_user WHERE name = $1 FOR UPDATE

-- name: user_insert
INSERT INTO app_user (name, role, password_hash, created) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING

-- name: user_update
UPDATE app_user SET role = $2, password_hash = $3 WHERE name = $1

-- name: user_delete
DELETE FROM app_user WHERE name = $1

-- name: user_page
SELECT name, role, password_hash, created FROM app_user WHERE name > $1 ORDER BY name LIMIT $2

-- name: user_lock_administrators
SELECT name FROM app_user WHERE role = 4 ORDER BY name FOR UPDATE

-- name: token_get
SELECT u.name, u.role, u.created, t.expires FROM app_token t JOIN app_user u ON u.name = t.user_name WHERE t.hash = $1

-- name: token_insert
INSERT INTO app_token (hash, user_name, created, expires) VALUES ($1, $2, $3, $4)

-- name: token_delete
DELETE FROM app_token WHERE hash = $1

-- name: token_delete_of_user
DELETE FROM app_token WHERE user_name = $1

-- name: token_expire
DELETE FROM app_token WHERE hash IN (SELECT hash FROM app_token WHERE expires < $1 LIMIT 100 FOR UPDATE SKIP LOCKED)
