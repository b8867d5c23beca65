-- What visitors did that runtime servers have not heard of: accepts, rejects and contacts that came by files, as outcomes, or to a server
-- that did not know the treatment. They are brought to every runtime server of the environment, so that what suppresses after an
-- accept does so whichever way the accept came.
CREATE TABLE visitor_effect (
	id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
	environment text COLLATE "C" NOT NULL,
	channel text COLLATE "C" NOT NULL,
	audience_level text COLLATE "C" NOT NULL,
	audience_id text COLLATE "C" NOT NULL,
	offer_code text COLLATE "C" NOT NULL,
	kind text COLLATE "C" NOT NULL CHECK (kind IN ('contact', 'accept', 'reject')),
	time timestamptz NOT NULL,
	event_id text COLLATE "C" NOT NULL,
	added timestamptz NOT NULL
);
CREATE INDEX visitor_effect_environment ON visitor_effect (environment, id);
COMMENT ON TABLE visitor_effect IS 'What visitors did that runtime servers have to be told; kept for those that are away';
COMMENT ON COLUMN visitor_effect.id IS 'Ascending in the order of commits: whoever adds rows holds a lock until then';
COMMENT ON COLUMN visitor_effect.environment IS 'The environment';
COMMENT ON COLUMN visitor_effect.channel IS 'The interactive channel';
COMMENT ON COLUMN visitor_effect.audience_level IS 'The visitor''s audience level';
COMMENT ON COLUMN visitor_effect.audience_id IS 'The visitor';
COMMENT ON COLUMN visitor_effect.offer_code IS 'The offer';
COMMENT ON COLUMN visitor_effect.kind IS 'contact, accept or reject';
COMMENT ON COLUMN visitor_effect.time IS 'When the visitor did so';
COMMENT ON COLUMN visitor_effect.event_id IS 'The ID of the response or outcome that told of it';
COMMENT ON COLUMN visitor_effect.added IS 'When it was put here';

CREATE TABLE visitor_effect_place (
	environment text COLLATE "C" NOT NULL,
	server text COLLATE "C" NOT NULL,
	place bigint NOT NULL,
	changed timestamptz NOT NULL,
	PRIMARY KEY (environment, server)
);
COMMENT ON TABLE visitor_effect_place IS 'How far each runtime server has been told';
COMMENT ON COLUMN visitor_effect_place.environment IS 'The environment';
COMMENT ON COLUMN visitor_effect_place.server IS 'The runtime server, as the deploy profile names it';
COMMENT ON COLUMN visitor_effect_place.place IS 'The last visitor_effect that it has on disk';
COMMENT ON COLUMN visitor_effect_place.changed IS 'When it got there';

GRANT SELECT ON visitor_effect TO parley_design;
GRANT SELECT, INSERT, UPDATE ON visitor_effect_place TO parley_design;
GRANT SELECT, INSERT, DELETE ON visitor_effect TO parley_ingest;
