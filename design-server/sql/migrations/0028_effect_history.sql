-- What changed a visitor's state on a runtime server and stands nowhere else in the history as it was there: with this, visitor
-- state can be rebuilt from the history whole. Rows of what no other table lacks are not made, so ingest of ordinary events pays nothing.
CREATE TABLE effect_history (
	time timestamptz NOT NULL,
	incarnation bigint NOT NULL,
	sequence bigint NOT NULL,
	position bigint NOT NULL,
	environment text COLLATE "C" NOT NULL,
	runtime_id text COLLATE "C" NOT NULL,
	channel text COLLATE "C" NOT NULL,
	audience_level text COLLATE "C" NOT NULL,
	audience_id text COLLATE "C" NOT NULL,
	event_id text COLLATE "C" NOT NULL,
	what text COLLATE "C" NOT NULL CHECK (what IN ('brought', 'response', 'repeated')),
	effects bytea NOT NULL,
	PRIMARY KEY (time, incarnation, sequence, position, runtime_id)
) PARTITION BY RANGE (time);
CREATE INDEX effect_history_audience ON effect_history (audience_id, time);
COMMENT ON TABLE effect_history IS 'What a runtime server''s visitor state took in beside the events that the other tables have: it counts nowhere, and is here so that the state can be rebuilt';
COMMENT ON COLUMN effect_history.time IS 'When the runtime server took it, by its clock';
COMMENT ON COLUMN effect_history.incarnation IS 'The life of the runtime server''s journal that recorded it';
COMMENT ON COLUMN effect_history.sequence IS 'The record''s number in that life';
COMMENT ON COLUMN effect_history.position IS '0: a record has one row';
COMMENT ON COLUMN effect_history.environment IS 'The environment, such as production';
COMMENT ON COLUMN effect_history.runtime_id IS 'The runtime server that recorded it';
COMMENT ON COLUMN effect_history.channel IS 'The interactive channel';
COMMENT ON COLUMN effect_history.audience_level IS 'The audience level of the visitor whose state it changed';
COMMENT ON COLUMN effect_history.audience_id IS 'That visitor: the ID''s keys in canonical text, joined by |';
COMMENT ON COLUMN effect_history.event_id IS 'The ID of what was taken in';
COMMENT ON COLUMN effect_history.what IS 'brought: what happened elsewhere, as the design server told it; response: one without a session, whose treatment the server knew, and which response_history has by when the visitor responded; repeated: an event or response whose ID the history knew already, so that it is not counted again';
COMMENT ON COLUMN effect_history.effects IS 'What it did to the visitor: the effects of a parley.journal.v1.EventPosted, as the journal has them';

INSERT INTO history_retention (name, months, monthly) VALUES ('effect_history', 37, true);
GRANT INSERT ON effect_history TO parley_ingest;
GRANT SELECT ON effect_history TO parley_design, parley_reader;
