-- What makes ingest exactly once: how far each journal has been taken in, and which events are known. Both are written in
-- the transaction that writes the history.
CREATE TABLE ship_cursor (
	environment text COLLATE "C" NOT NULL,
	runtime_id text COLLATE "C" NOT NULL,
	incarnation bigint NOT NULL,
	sequence bigint NOT NULL,
	updated timestamptz NOT NULL,
	PRIMARY KEY (environment, runtime_id, incarnation)
);
COMMENT ON TABLE ship_cursor IS 'How far each life of each runtime server''s journal has been taken in';
COMMENT ON COLUMN ship_cursor.environment IS 'The runtime server''s environment, from its certificate';
COMMENT ON COLUMN ship_cursor.runtime_id IS 'Its ID, from its certificate';
COMMENT ON COLUMN ship_cursor.incarnation IS 'The life of its journal';
COMMENT ON COLUMN ship_cursor.sequence IS 'The last record that was taken in; all before it were too';
COMMENT ON COLUMN ship_cursor.updated IS 'When it last moved';

CREATE TABLE event_dedupe (
	environment text COLLATE "C" NOT NULL,
	event_id text COLLATE "C" NOT NULL,
	taken timestamptz NOT NULL,
	PRIMARY KEY (environment, event_id)
);
COMMENT ON TABLE event_dedupe IS 'IDs of the events in the history: one that comes again, from whichever server, is not counted again';
COMMENT ON COLUMN event_dedupe.environment IS 'The environment; IDs are unique in it';
COMMENT ON COLUMN event_dedupe.event_id IS 'The caller''s ID of the event';
COMMENT ON COLUMN event_dedupe.taken IS 'When the event was taken in; old ones may be deleted once no caller sends them again';

CREATE TABLE ingest_reject (
	id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
	received timestamptz NOT NULL,
	environment text COLLATE "C" NOT NULL,
	runtime_id text COLLATE "C" NOT NULL,
	incarnation bigint NOT NULL,
	first_sequence bigint NOT NULL,
	last_sequence bigint NOT NULL,
	reason text NOT NULL,
	record bytea NOT NULL
);
COMMENT ON TABLE ingest_reject IS 'Records that could not become history: kept whole, to be looked at; they never hold up what follows';
COMMENT ON COLUMN ingest_reject.id IS 'Ascending';
COMMENT ON COLUMN ingest_reject.received IS 'When it arrived';
COMMENT ON COLUMN ingest_reject.environment IS 'The runtime server''s environment';
COMMENT ON COLUMN ingest_reject.runtime_id IS 'The runtime server';
COMMENT ON COLUMN ingest_reject.incarnation IS 'The life of its journal';
COMMENT ON COLUMN ingest_reject.first_sequence IS 'The record''s number in it';
COMMENT ON COLUMN ingest_reject.last_sequence IS 'The same; or, if the runtime server lost records, the last lost one';
COMMENT ON COLUMN ingest_reject.reason IS 'What is wrong with it';
COMMENT ON COLUMN ingest_reject.record IS 'The journal record as it was shipped';

GRANT SELECT, INSERT, UPDATE ON ship_cursor TO parley_design;
GRANT SELECT, INSERT ON event_dedupe, ingest_reject TO parley_design;
