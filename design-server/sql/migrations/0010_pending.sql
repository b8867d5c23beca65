-- What is marked for deployment, what every snapshot was built from, and which build runs where.
CREATE TABLE mark (
	id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
	channel text COLLATE "C" NOT NULL,
	kind text COLLATE "C" NOT NULL,
	name text COLLATE "C" NOT NULL,
	author text COLLATE "C" NOT NULL,
	comment text NOT NULL,
	created timestamptz NOT NULL,
	UNIQUE (channel, kind, name),
	CHECK ((kind = '') = (name = ''))
);
CREATE INDEX mark_thing ON mark (kind, name);
COMMENT ON TABLE mark IS 'Resources marked for deployment; nobody may change them until they are deployed or unmarked';
COMMENT ON COLUMN mark.id IS 'Of this marking: a resource that is marked again gets another';
COMMENT ON COLUMN mark.channel IS 'The channel with whose next deployment it goes';
COMMENT ON COLUMN mark.kind IS 'Kind of the resource; empty for the whole channel';
COMMENT ON COLUMN mark.name IS 'Its name; empty for the whole channel. It need not exist: then its removal is marked';
COMMENT ON COLUMN mark.author IS 'Who marked it';
COMMENT ON COLUMN mark.comment IS 'Why';
COMMENT ON COLUMN mark.created IS 'Since when';

CREATE TABLE resource_version (
	id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
	hash bytea NOT NULL UNIQUE CHECK (length(hash) = 32),
	kind text COLLATE "C" NOT NULL,
	channel text COLLATE "C" NOT NULL,
	name text COLLATE "C" NOT NULL,
	spec jsonb NOT NULL
);
CREATE INDEX resource_version_thing ON resource_version (kind, channel, name);
COMMENT ON TABLE resource_version IS 'Resources as they were when a snapshot was built of them, each content once; never changed';
COMMENT ON COLUMN resource_version.id IS 'What builds name';
COMMENT ON COLUMN resource_version.hash IS 'SHA-256 of kind, channel, name and spec';
COMMENT ON COLUMN resource_version.kind IS 'The resource''s kind';
COMMENT ON COLUMN resource_version.channel IS 'Its channel; empty for kinds that are global';
COMMENT ON COLUMN resource_version.name IS 'Its name';
COMMENT ON COLUMN resource_version.spec IS 'The message in proto3 JSON, as the resource had it';

CREATE TABLE build (
	id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
	channel text COLLATE "C" NOT NULL,
	digest bytea NOT NULL CHECK (length(digest) = 32),
	items bigint[] NOT NULL,
	marks bigint[] NOT NULL,
	author text NOT NULL,
	created timestamptz NOT NULL
);
CREATE INDEX build_digest ON build (digest);
COMMENT ON TABLE build IS 'What snapshots were built from; rows are only ever added';
COMMENT ON COLUMN build.id IS 'Ascending in the order of time';
COMMENT ON COLUMN build.channel IS 'The interactive channel';
COMMENT ON COLUMN build.digest IS 'SHA-256 of the snapshot that came of it';
COMMENT ON COLUMN build.items IS 'Every resource that it was built from: ids of resource_version, by kind and name';
COMMENT ON COLUMN build.marks IS 'The marks that chose them; empty if it was the whole working configuration';
COMMENT ON COLUMN build.author IS 'Who built it';
COMMENT ON COLUMN build.created IS 'When';

CREATE TABLE environment_build (
	environment text COLLATE "C" NOT NULL,
	channel text COLLATE "C" NOT NULL,
	build bigint NOT NULL REFERENCES build,
	since timestamptz NOT NULL,
	PRIMARY KEY (environment, channel)
);
COMMENT ON TABLE environment_build IS 'What each environment runs, as configuration';
COMMENT ON COLUMN environment_build.environment IS 'The environment';
COMMENT ON COLUMN environment_build.channel IS 'The interactive channel';
COMMENT ON COLUMN environment_build.build IS 'What its snapshot was built from';
COMMENT ON COLUMN environment_build.since IS 'When its deployment was recorded';

GRANT SELECT, INSERT, DELETE ON mark TO parley_design;
GRANT SELECT, INSERT ON resource_version, build TO parley_design;
GRANT SELECT, INSERT, UPDATE, DELETE ON environment_build TO parley_design;
