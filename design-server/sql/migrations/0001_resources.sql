-- Resources of every kind in one table; what a kind's fields are is in the .proto, and here it is one document.
CREATE TABLE resource (
	kind text COLLATE "C" NOT NULL,
	channel text COLLATE "C" NOT NULL,
	name text COLLATE "C" NOT NULL,
	etag text NOT NULL,
	spec jsonb NOT NULL,
	created timestamptz NOT NULL,
	updated timestamptz NOT NULL,
	PRIMARY KEY (kind, channel, name)
);
COMMENT ON TABLE resource IS 'Configuration: one row a resource of any kind';
COMMENT ON COLUMN resource.kind IS 'The message''s name, such as Offer';
COMMENT ON COLUMN resource.channel IS 'The interactive channel; empty for kinds that are global';
COMMENT ON COLUMN resource.name IS 'The resource''s name, unique in kind and channel';
COMMENT ON COLUMN resource.etag IS 'Hash of the spec; changes with it';
COMMENT ON COLUMN resource.spec IS 'The message in proto3 JSON, without etag and times';
COMMENT ON COLUMN resource.created IS 'When it was made';
COMMENT ON COLUMN resource.updated IS 'When it was last changed';

CREATE TABLE resource_reference (
	kind text COLLATE "C" NOT NULL,
	channel text COLLATE "C" NOT NULL,
	name text COLLATE "C" NOT NULL,
	field text COLLATE "C" NOT NULL,
	to_kind text COLLATE "C" NOT NULL,
	to_channel text COLLATE "C" NOT NULL,
	to_name text COLLATE "C" NOT NULL,
	PRIMARY KEY (kind, channel, name, field),
	FOREIGN KEY (kind, channel, name) REFERENCES resource ON DELETE CASCADE,
	FOREIGN KEY (to_kind, to_channel, to_name) REFERENCES resource ON DELETE NO ACTION
);
CREATE INDEX resource_reference_to ON resource_reference (to_kind, to_channel, to_name);
COMMENT ON TABLE resource_reference IS 'Which resource names which other one; keeps references from dangling';
COMMENT ON COLUMN resource_reference.kind IS 'Kind of the resource that refers';
COMMENT ON COLUMN resource_reference.channel IS 'Its channel';
COMMENT ON COLUMN resource_reference.name IS 'Its name';
COMMENT ON COLUMN resource_reference.field IS 'Its field that holds the reference';
COMMENT ON COLUMN resource_reference.to_kind IS 'Kind of the resource that is referred to';
COMMENT ON COLUMN resource_reference.to_channel IS 'Its channel';
COMMENT ON COLUMN resource_reference.to_name IS 'Its name';

CREATE TABLE resource_unique (
	kind text COLLATE "C" NOT NULL,
	field text COLLATE "C" NOT NULL,
	value text COLLATE "C" NOT NULL,
	channel text COLLATE "C" NOT NULL,
	name text COLLATE "C" NOT NULL,
	PRIMARY KEY (kind, field, value),
	UNIQUE (kind, channel, name, field),
	FOREIGN KEY (kind, channel, name) REFERENCES resource ON DELETE CASCADE
);
COMMENT ON TABLE resource_unique IS 'Values that no two resources of a kind may share, such as offer codes';
COMMENT ON COLUMN resource_unique.kind IS 'The kind';
COMMENT ON COLUMN resource_unique.field IS 'The field, such as code';
COMMENT ON COLUMN resource_unique.value IS 'Its value';
COMMENT ON COLUMN resource_unique.channel IS 'Channel of the resource that has it';
COMMENT ON COLUMN resource_unique.name IS 'Name of the resource that has it';

GRANT SELECT, INSERT, UPDATE, DELETE ON resource, resource_reference, resource_unique TO parley_design;
