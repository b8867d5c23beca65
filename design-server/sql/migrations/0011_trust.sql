-- What makes the design server's own doings trustworthy: roles for single environments, an audit that shows when it was
-- changed, and database logins that can do their own work only.

-- Roles were one a user, for everything.
CREATE TABLE app_grant (
	user_name text COLLATE "C" NOT NULL REFERENCES app_user ON DELETE CASCADE,
	environment text COLLATE "C" NOT NULL CHECK (environment <> ''),
	role smallint NOT NULL CHECK (role BETWEEN 1 AND 5),
	granted_by text NOT NULL,
	granted timestamptz NOT NULL,
	PRIMARY KEY (user_name, environment, role)
);
COMMENT ON TABLE app_grant IS 'Which user has which role in which environment';
COMMENT ON COLUMN app_grant.user_name IS 'Who';
COMMENT ON COLUMN app_grant.environment IS 'Where; * for all environments';
COMMENT ON COLUMN app_grant.role IS '1 viewer, 2 designer, 3 approver, 4 administrator, 5 QA';
COMMENT ON COLUMN app_grant.granted_by IS 'Who granted it';
COMMENT ON COLUMN app_grant.granted IS 'When';
INSERT INTO app_grant SELECT name, '*', role, 'parley-design', created FROM app_user;
ALTER TABLE app_user DROP COLUMN role;
GRANT SELECT, INSERT, DELETE ON app_grant TO parley_design;
GRANT UPDATE (granted) ON app_grant TO parley_design; -- for SELECT … FOR UPDATE

-- An entry's hash covers the entry and the hash before it: common/audit/README.md has the form. The server computes it; this
-- function says the same in SQL, for the entries that are here already and for whoever wants to check without our programs.
CREATE FUNCTION audit_entry_hash(previous bytea, sequence bigint, at timestamptz, VARIADIC texts text[]) RETURNS bytea
	LANGUAGE sql STABLE STRICT AS $$
	SELECT sha256('parley audit entry v1'::bytea || decode('00', 'hex') || previous || int8send(sequence)
		|| int8send((extract(epoch FROM at) * 1000000)::bigint)
		|| (SELECT string_agg(int8send(octet_length(convert_to(t, 'UTF8'))::bigint) || convert_to(t, 'UTF8'), ''::bytea ORDER BY n)
			FROM unnest(texts) WITH ORDINALITY AS u (t, n)))
$$;
COMMENT ON FUNCTION audit_entry_hash(bytea, bigint, timestamptz, text[]) IS
	'The hash of an entry after the previous hash; texts: actor, action, kind, channel, name, before, after';

ALTER TABLE audit ADD COLUMN sequence bigint, ADD COLUMN hash bytea;
ALTER TABLE audit DISABLE TRIGGER audit_append_only;
DO $$
DECLARE
	entry record;
	last bytea := decode(repeat('00', 32), 'hex');
	number bigint := 0;
BEGIN
	FOR entry IN SELECT * FROM audit ORDER BY id LOOP
		number := number + 1;
		last := audit_entry_hash(last, number, entry.time, entry.actor, entry.action, entry.kind, entry.channel, entry.name,
			entry.before, entry.after);
		UPDATE audit SET sequence = number, hash = last WHERE id = entry.id;
	END LOOP;
END
$$;
ALTER TABLE audit ENABLE TRIGGER audit_append_only;
ALTER TABLE audit ALTER COLUMN sequence SET NOT NULL, ALTER COLUMN hash SET NOT NULL,
	ADD CONSTRAINT audit_sequence UNIQUE (sequence), ADD CONSTRAINT audit_hash CHECK (length(hash) = 32 AND sequence > 0);
COMMENT ON COLUMN audit.sequence IS 'The entry''s number, from 1 and without gaps';
COMMENT ON COLUMN audit.hash IS 'SHA-256 over the hash of the entry before and this entry';

CREATE TABLE audit_checkpoint (
	environment text COLLATE "C" NOT NULL,
	sequence bigint NOT NULL CHECK (sequence > 0),
	hash bytea NOT NULL CHECK (length(hash) = 32),
	envelope bytea NOT NULL,
	signed timestamptz NOT NULL,
	PRIMARY KEY (environment, sequence)
);
COMMENT ON TABLE audit_checkpoint IS 'Where the audit stood when a timestamp was signed; the runtime servers keep the same';
COMMENT ON COLUMN audit_checkpoint.environment IS 'Whose timestamp';
COMMENT ON COLUMN audit_checkpoint.sequence IS 'The newest entry then';
COMMENT ON COLUMN audit_checkpoint.hash IS 'Its hash';
COMMENT ON COLUMN audit_checkpoint.envelope IS 'The first timestamp that said so: a DSSE envelope';
COMMENT ON COLUMN audit_checkpoint.signed IS 'When it was signed';
CREATE TRIGGER audit_checkpoint_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON audit_checkpoint
	FOR EACH STATEMENT EXECUTE FUNCTION audit_refuse();
GRANT SELECT, INSERT ON audit_checkpoint TO parley_design;

-- Taking in journals is the work of a login that knows nothing of the configuration; reading the history, of one that can
-- do nothing else.
REVOKE INSERT ON recommendation, contact_history, response_history, event_history, session_history FROM parley_design;
REVOKE ALL ON ship_cursor, event_dedupe, ingest_reject FROM parley_design;
REVOKE EXECUTE ON FUNCTION history_month_make(timestamptz) FROM parley_design;
GRANT SELECT ON schema_migration TO parley_ingest;
GRANT INSERT ON recommendation, contact_history, response_history, event_history, session_history TO parley_ingest;
GRANT SELECT, INSERT, UPDATE ON ship_cursor TO parley_ingest;
GRANT SELECT, INSERT ON event_dedupe TO parley_ingest;
GRANT INSERT ON ingest_reject TO parley_ingest;
GRANT EXECUTE ON FUNCTION history_month_make(timestamptz) TO parley_ingest;
GRANT SELECT ON recommendation, contact_history, response_history, event_history, session_history TO parley_reader;
