-- What was answered to which request ID, so that a request that is sent again changes nothing.
CREATE TABLE request (
	actor text COLLATE "C" NOT NULL,
	request_id text COLLATE "C" NOT NULL,
	body_hash bytea NOT NULL CHECK (length(body_hash) = 32),
	response bytea NOT NULL,
	created timestamptz NOT NULL,
	PRIMARY KEY (actor, request_id)
);
CREATE INDEX request_created ON request (created);
COMMENT ON TABLE request IS 'Answers to requests that had an ID; kept for a day';
COMMENT ON COLUMN request.actor IS 'Who asked: IDs of different callers are different';
COMMENT ON COLUMN request.request_id IS 'The caller''s ID';
COMMENT ON COLUMN request.body_hash IS 'SHA-256 of method and request: the same ID for another request is refused';
COMMENT ON COLUMN request.response IS 'The packed response';
COMMENT ON COLUMN request.created IS 'When it was answered';

GRANT SELECT, INSERT, UPDATE, DELETE ON request TO parley_design;
