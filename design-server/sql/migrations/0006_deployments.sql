-- Sealed snapshots and where they were deployed. Rows are only ever added; what a rollout met is kept beside.
CREATE TABLE blob (
	digest bytea PRIMARY KEY CHECK (length(digest) = 32),
	content bytea NOT NULL,
	created timestamptz NOT NULL
);
COMMENT ON TABLE blob IS 'Snapshots, by what they contain';
COMMENT ON COLUMN blob.digest IS 'SHA-256 of the content';
COMMENT ON COLUMN blob.content IS 'parley.snapshot.v1.Snapshot, byte for byte as it was sealed';
COMMENT ON COLUMN blob.created IS 'When it was first built';

CREATE TABLE deployment (
	id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
	environment text COLLATE "C" NOT NULL,
	channel text COLLATE "C" NOT NULL,
	epoch bigint NOT NULL CHECK (epoch > 0),
	version bigint NOT NULL CHECK (version > 0),
	fleet text COLLATE "C" NOT NULL,
	blob bytea NOT NULL REFERENCES blob,
	length bigint NOT NULL,
	manifest bytea NOT NULL CHECK (length(manifest) = 32),
	envelope bytea NOT NULL,
	author text NOT NULL,
	comment text NOT NULL,
	promoted_from text COLLATE "C" NOT NULL,
	request_id text COLLATE "C" NOT NULL,
	created timestamptz NOT NULL,
	expires timestamptz NOT NULL,
	finished timestamptz,
	UNIQUE (environment, channel, epoch, version)
);
CREATE INDEX deployment_channel ON deployment (channel, id);
CREATE UNIQUE INDEX deployment_request ON deployment (author, request_id) WHERE request_id <> '';
COMMENT ON TABLE deployment IS 'Every manifest that was signed';
COMMENT ON COLUMN deployment.id IS 'Ascending in the order of time';
COMMENT ON COLUMN deployment.environment IS 'The environment';
COMMENT ON COLUMN deployment.channel IS 'The interactive channel';
COMMENT ON COLUMN deployment.epoch IS 'The manifest''s epoch';
COMMENT ON COLUMN deployment.version IS 'The manifest''s version: one more than the one before in the same epoch';
COMMENT ON COLUMN deployment.fleet IS 'The server group that it is for';
COMMENT ON COLUMN deployment.blob IS 'SHA-256 of the snapshot';
COMMENT ON COLUMN deployment.length IS 'The snapshot''s length in bytes';
COMMENT ON COLUMN deployment.manifest IS 'SHA-256 of the manifest: what the next one names as its previous';
COMMENT ON COLUMN deployment.envelope IS 'What is sent to the servers, byte for byte as signed';
COMMENT ON COLUMN deployment.author IS 'Who deployed it';
COMMENT ON COLUMN deployment.comment IS 'Why';
COMMENT ON COLUMN deployment.promoted_from IS 'The environment whose bytes these are; empty if they were built here';
COMMENT ON COLUMN deployment.request_id IS 'The caller''s ID of the request; empty if it gave none';
COMMENT ON COLUMN deployment.created IS 'When it was signed';
COMMENT ON COLUMN deployment.expires IS 'From when on servers refuse it';
COMMENT ON COLUMN deployment.finished IS 'When every server had been told; null while they are';

CREATE TABLE deployment_server (
	deployment bigint NOT NULL REFERENCES deployment,
	server text COLLATE "C" NOT NULL,
	address text NOT NULL,
	version bigint NOT NULL,
	digest text NOT NULL,
	seen timestamptz,
	error text NOT NULL,
	PRIMARY KEY (deployment, server)
);
COMMENT ON TABLE deployment_server IS 'What the last rollout of a deployment met at each server';
COMMENT ON COLUMN deployment_server.deployment IS 'The deployment';
COMMENT ON COLUMN deployment_server.server IS 'The server''s name in the deploy profile';
COMMENT ON COLUMN deployment_server.address IS 'Its address at that time';
COMMENT ON COLUMN deployment_server.version IS 'The version that it ran; 0 if none or not known';
COMMENT ON COLUMN deployment_server.digest IS 'The snapshot that it ran, in hex';
COMMENT ON COLUMN deployment_server.seen IS 'When it last answered; null if never';
COMMENT ON COLUMN deployment_server.error IS 'Why it does not run the deployment; empty if it does';

CREATE VIEW deployment_listed AS
SELECT d.id, d.environment, d.channel, d.epoch, d.version, d.fleet, d.blob, d.length, d.manifest, d.author, d.comment,
	d.promoted_from, d.created, d.expires, d.finished IS NOT NULL AS finished,
	EXISTS (SELECT FROM deployment later WHERE later.environment = d.environment AND later.channel = d.channel
		AND (later.epoch, later.version) > (d.epoch, d.version)) AS superseded
FROM deployment d;
COMMENT ON VIEW deployment_listed IS 'Deployments as they are listed: without the envelope, and whether a later one took their place';

GRANT SELECT, INSERT ON blob TO parley_design;
GRANT SELECT, INSERT, UPDATE (finished) ON deployment TO parley_design;
GRANT SELECT, INSERT, UPDATE ON deployment_server TO parley_design;
GRANT SELECT ON deployment_listed TO parley_design;
