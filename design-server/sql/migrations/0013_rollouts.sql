-- How roll-outs stand, what every server runs, and the newest timestamps.
CREATE TABLE rollout (
	deployment bigint PRIMARY KEY REFERENCES deployment,
	steps integer NOT NULL CHECK (steps >= 0),
	step integer NOT NULL CHECK (step BETWEEN 0 AND steps),
	begun timestamptz NOT NULL,
	reached timestamptz,
	kept timestamptz,
	waiting text NOT NULL DEFAULT '',
	candidate bigint[] NOT NULL DEFAULT '{}',
	stable bigint[] NOT NULL DEFAULT '{}'
);
COMMENT ON TABLE rollout IS 'How the roll-out of each released deployment stands';
COMMENT ON COLUMN rollout.deployment IS 'The deployment';
COMMENT ON COLUMN rollout.steps IS 'How many steps it takes; 0: all servers at once';
COMMENT ON COLUMN rollout.step IS 'The step that it is at, from 1; 0 if there are none';
COMMENT ON COLUMN rollout.begun IS 'When that step began';
COMMENT ON COLUMN rollout.reached IS 'When every server of that step had its share; null while one has not';
COMMENT ON COLUMN rollout.kept IS 'Since when every server should serve it to all; null: it is on its way in steps, or was returned';
COMMENT ON COLUMN rollout.waiting IS 'What keeps it, in words; empty if nothing does';
COMMENT ON COLUMN rollout.candidate IS 'What was last measured in this step where it serves: calls, errors per million, p99 in microseconds, contacts, accepts per million contacts';
COMMENT ON COLUMN rollout.stable IS 'The same where the one before serves';
-- What was deployed before there were steps went to all at once.
INSERT INTO rollout (deployment, steps, step, begun, reached, kept)
SELECT id, 0, 0, released, released, released FROM deployment WHERE released IS NOT NULL;

CREATE TABLE rollout_baseline (
	deployment bigint NOT NULL REFERENCES rollout,
	server text COLLATE "C" NOT NULL,
	version bigint NOT NULL,
	figures bigint[] NOT NULL,
	PRIMARY KEY (deployment, server, version)
);
COMMENT ON TABLE rollout_baseline IS 'What servers had counted when the present step was reached: what came later is what is judged';
COMMENT ON COLUMN rollout_baseline.deployment IS 'The deployment that rolls out';
COMMENT ON COLUMN rollout_baseline.server IS 'The server';
COMMENT ON COLUMN rollout_baseline.version IS 'The version of the channel''s snapshot';
COMMENT ON COLUMN rollout_baseline.figures IS 'Its calls, errors, contacts, accepts, and calls by their latency';

ALTER TABLE deployment_server
	ADD runs boolean NOT NULL DEFAULT false,
	ADD desired bigint NOT NULL DEFAULT 0,
	ADD since timestamptz,
	ADD candidate bigint NOT NULL DEFAULT 0,
	ADD candidate_permille integer NOT NULL DEFAULT 0,
	ADD sessions bigint NOT NULL DEFAULT 0,
	ADD journal_lag bigint NOT NULL DEFAULT 0,
	ADD degraded text[] NOT NULL DEFAULT '{}',
	ADD root_version bigint NOT NULL DEFAULT 0,
	ADD timestamp_version bigint NOT NULL DEFAULT 0;
UPDATE deployment_server s SET runs = s.error = '' AND s.version = d.version, desired = d.version
FROM deployment d WHERE d.id = s.deployment;
COMMENT ON TABLE deployment_server IS 'How each server stood to a deployment while that was its channel''s newest';
COMMENT ON COLUMN deployment_server.runs IS 'It serves what the deployment made, to all';
COMMENT ON COLUMN deployment_server.desired IS 'The version that it should serve to all; 0 if none';
COMMENT ON COLUMN deployment_server.since IS 'Since when it runs what it runs';
COMMENT ON COLUMN deployment_server.candidate IS 'The version that serves a share of its sessions beside that; 0 if none does';
COMMENT ON COLUMN deployment_server.candidate_permille IS 'That share, in thousandths';
COMMENT ON COLUMN deployment_server.sessions IS 'Its open sessions';
COMMENT ON COLUMN deployment_server.journal_lag IS 'Journal records durable there and not yet committed here';
COMMENT ON COLUMN deployment_server.degraded IS 'Why it calls itself degraded, as REASON: text';
COMMENT ON COLUMN deployment_server.root_version IS 'Its newest root';
COMMENT ON COLUMN deployment_server.timestamp_version IS 'Its newest timestamp';

CREATE TABLE timestamp_envelope (
	environment text COLLATE "C" PRIMARY KEY,
	version bigint NOT NULL CHECK (version > 0),
	envelope bytea NOT NULL,
	subject bytea NOT NULL CHECK (length(subject) = 32),
	audit_sequence bigint NOT NULL,
	created timestamptz NOT NULL
);
COMMENT ON TABLE timestamp_envelope IS 'The newest timestamp of each environment';
COMMENT ON COLUMN timestamp_envelope.environment IS 'The environment';
COMMENT ON COLUMN timestamp_envelope.version IS 'The timestamp''s version: rises with each';
COMMENT ON COLUMN timestamp_envelope.envelope IS 'DSSE envelope of a parley.snapshot.v1.Timestamp';
COMMENT ON COLUMN timestamp_envelope.subject IS 'SHA-256 of what it says is current: another one is due when that changes';
COMMENT ON COLUMN timestamp_envelope.audit_sequence IS 'The newest audit entry that it covers; 0 if none';
COMMENT ON COLUMN timestamp_envelope.created IS 'When it was signed';

GRANT SELECT, INSERT, UPDATE ON rollout, timestamp_envelope TO parley_design;
GRANT SELECT, INSERT, DELETE ON rollout_baseline TO parley_design;
