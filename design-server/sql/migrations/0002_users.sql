-- Who may work here, with which token, and what everybody did.
CREATE TABLE app_user (
	name text COLLATE "C" PRIMARY KEY,
	role smallint NOT NULL CHECK (role BETWEEN 1 AND 4),
	password_hash text NOT NULL,
	created timestamptz NOT NULL
);
COMMENT ON TABLE app_user IS 'Persons and programs that may call the design server';
COMMENT ON COLUMN app_user.name IS 'The login name';
COMMENT ON COLUMN app_user.role IS '1 viewer, 2 designer, 3 approver, 4 administrator';
COMMENT ON COLUMN app_user.password_hash IS 'Argon2id, as libsodium writes it';
COMMENT ON COLUMN app_user.created IS 'When the user was made';

CREATE TABLE app_token (
	hash bytea PRIMARY KEY CHECK (length(hash) = 32),
	user_name text COLLATE "C" NOT NULL REFERENCES app_user ON DELETE CASCADE,
	created timestamptz NOT NULL,
	expires timestamptz NOT NULL
);
CREATE INDEX app_token_user ON app_token (user_name);
CREATE INDEX app_token_expires ON app_token (expires);
COMMENT ON TABLE app_token IS 'Tokens that Login issued and that have not ended';
COMMENT ON COLUMN app_token.hash IS 'SHA-256 of the token; the token itself is not kept';
COMMENT ON COLUMN app_token.user_name IS 'Whose it is';
COMMENT ON COLUMN app_token.created IS 'When it was issued';
COMMENT ON COLUMN app_token.expires IS 'When it ends';

CREATE TABLE audit (
	id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
	time timestamptz NOT NULL,
	actor text NOT NULL,
	action text NOT NULL,
	kind text COLLATE "C" NOT NULL,
	channel text COLLATE "C" NOT NULL,
	name text COLLATE "C" NOT NULL,
	before text NOT NULL,
	after text NOT NULL
);
CREATE INDEX audit_thing ON audit (kind, channel, name, id);
COMMENT ON TABLE audit IS 'Every change, append-only: a trigger refuses to edit it';
COMMENT ON COLUMN audit.id IS 'Ascending';
COMMENT ON COLUMN audit.time IS 'When';
COMMENT ON COLUMN audit.actor IS 'Who: the login name, or runtime/ENVIRONMENT/ID, or console for the parley-design program';
COMMENT ON COLUMN audit.action IS 'create, update, delete, deploy, login …';
COMMENT ON COLUMN audit.kind IS 'Kind of the thing';
COMMENT ON COLUMN audit.channel IS 'Its channel; empty if it has none';
COMMENT ON COLUMN audit.name IS 'Its name';
COMMENT ON COLUMN audit.before IS 'What it was, as JSON; empty if it was not';
COMMENT ON COLUMN audit.after IS 'What it became, as JSON; empty if it is gone';

CREATE FUNCTION audit_refuse() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	RAISE EXCEPTION 'the audit is append-only: % is refused', TG_OP USING ERRCODE = 'insufficient_privilege';
END
$$;
COMMENT ON FUNCTION audit_refuse() IS 'Refuses whatever would edit the audit, whoever asks';
CREATE TRIGGER audit_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON audit
	FOR EACH STATEMENT EXECUTE FUNCTION audit_refuse();

GRANT SELECT, INSERT, UPDATE, DELETE ON app_user, app_token TO parley_design;
GRANT SELECT, INSERT ON audit TO parley_design;
