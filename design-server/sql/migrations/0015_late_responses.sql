-- Responses that came without a session. Ingest (or an import) puts them here once; the matcher finds the treatment, writes the
-- response to the history and says here how it went.
CREATE TABLE late_response (
	id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
	environment text COLLATE "C" NOT NULL,
	source text COLLATE "C" NOT NULL CHECK (source IN ('runtime', 'import')),
	runtime_id text COLLATE "C" NOT NULL DEFAULT '',
	incarnation bigint NOT NULL DEFAULT 0,
	sequence bigint NOT NULL DEFAULT 0,
	event_id text COLLATE "C" NOT NULL,
	channel text COLLATE "C" NOT NULL,
	code_kind text COLLATE "C" NOT NULL CHECK (code_kind IN ('treatment', 'offer', 'custom')),
	code text COLLATE "C" NOT NULL,
	audience_level text COLLATE "C" NOT NULL DEFAULT '',
	audience_id text COLLATE "C" NOT NULL DEFAULT '',
	response text COLLATE "C" NOT NULL,
	time timestamptz NOT NULL,
	received timestamptz NOT NULL,
	known boolean NOT NULL DEFAULT false,
	recommended timestamptz,
	snapshot_version bigint NOT NULL DEFAULT 0,
	snapshot_digest bytea NOT NULL DEFAULT '',
	offer_code text COLLATE "C" NOT NULL DEFAULT '',
	treatment_rule text COLLATE "C" NOT NULL DEFAULT '',
	segment text COLLATE "C" NOT NULL DEFAULT '',
	interaction_point text COLLATE "C" NOT NULL DEFAULT '',
	zone text COLLATE "C" NOT NULL DEFAULT '',
	campaign text COLLATE "C" NOT NULL DEFAULT '',
	cell text COLLATE "C" NOT NULL DEFAULT '',
	state text COLLATE "C" NOT NULL DEFAULT 'waiting' CHECK (state IN ('waiting', 'matched', 'orphan', 'discarded')),
	reason text COLLATE "C" NOT NULL DEFAULT '',
	try_at timestamptz NOT NULL DEFAULT '-infinity',
	changed timestamptz NOT NULL DEFAULT now(),
	changed_by text COLLATE "C" NOT NULL DEFAULT '',
	given_code text COLLATE "C" NOT NULL DEFAULT '',
	treatment_code text COLLATE "C" NOT NULL DEFAULT ''
);
CREATE INDEX late_response_event ON late_response (environment, event_id);
CREATE INDEX late_response_waiting ON late_response (try_at, id) WHERE state = 'waiting';
CREATE INDEX late_response_done ON late_response (changed) WHERE state <> 'waiting';
CREATE INDEX late_response_orphan ON late_response (environment, reason, id) WHERE state = 'orphan';
COMMENT ON TABLE late_response IS 'Responses that came without a session, and whether they could be matched; finished ones are deleted after a time';
COMMENT ON COLUMN late_response.id IS 'Ascending as they come';
COMMENT ON COLUMN late_response.environment IS 'The environment';
COMMENT ON COLUMN late_response.source IS 'runtime: a runtime server took it; import: it came with a file or by the API';
COMMENT ON COLUMN late_response.runtime_id IS 'The runtime server that took it; else empty';
COMMENT ON COLUMN late_response.incarnation IS 'The life of its journal; 0 if imported';
COMMENT ON COLUMN late_response.sequence IS 'The record''s number in that life; 0 if imported';
COMMENT ON COLUMN late_response.event_id IS 'The caller''s ID; unique in the environment, also among events: event_dedupe sees to it';
COMMENT ON COLUMN late_response.channel IS 'The interactive channel; empty in imports that do not say';
COMMENT ON COLUMN late_response.code_kind IS 'What the code names: a treatment, an offer (of the visitor), or a custom (source) code';
COMMENT ON COLUMN late_response.code IS 'The code';
COMMENT ON COLUMN late_response.audience_level IS 'The visitor''s audience level; empty if not said';
COMMENT ON COLUMN late_response.audience_id IS 'The visitor; empty if not said';
COMMENT ON COLUMN late_response.response IS 'accept, reject, or the name of an outcome type';
COMMENT ON COLUMN late_response.time IS 'When the visitor responded';
COMMENT ON COLUMN late_response.received IS 'When it was put here';
COMMENT ON COLUMN late_response.known IS 'The runtime server knew the treatment: the following columns have its facts, and need no history';
COMMENT ON COLUMN late_response.recommended IS 'When the treatment was recommended; null unless known';
COMMENT ON COLUMN late_response.snapshot_version IS 'The treatment''s version of the deployment; 0 unless known';
COMMENT ON COLUMN late_response.snapshot_digest IS 'Its snapshot; empty unless known';
COMMENT ON COLUMN late_response.offer_code IS 'Its offer; empty unless known';
COMMENT ON COLUMN late_response.treatment_rule IS 'Its rule; empty unless known';
COMMENT ON COLUMN late_response.segment IS 'Its segment; may be empty';
COMMENT ON COLUMN late_response.interaction_point IS 'Its point; empty unless known';
COMMENT ON COLUMN late_response.zone IS 'Its zone; empty unless known';
COMMENT ON COLUMN late_response.campaign IS 'Its campaign; may be empty';
COMMENT ON COLUMN late_response.cell IS 'Its cell; may be empty';
COMMENT ON COLUMN late_response.state IS 'waiting, matched, orphan, discarded';
COMMENT ON COLUMN late_response.reason IS 'Why it waits or is an orphan; what was said when it was discarded; empty if matched or new';
COMMENT ON COLUMN late_response.try_at IS 'When the matcher looks at it next, while it waits';
COMMENT ON COLUMN late_response.changed IS 'When its state became what it is';
COMMENT ON COLUMN late_response.changed_by IS 'The user who matched or discarded it by hand; else empty';
COMMENT ON COLUMN late_response.given_code IS 'The treatment that a user matched it to; else empty';
COMMENT ON COLUMN late_response.treatment_code IS 'The treatment that it was matched to; empty if none, or if its source code has none';

-- Codes that stand for an offer where no treatment code can be shown: on paper, on the telephone, in a link.
CREATE TABLE source_code (
	id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
	environment text COLLATE "C" NOT NULL,
	channel text COLLATE "C" NOT NULL,
	code text COLLATE "C" NOT NULL,
	offer_code text COLLATE "C" NOT NULL,
	campaign text COLLATE "C" NOT NULL DEFAULT '',
	cell text COLLATE "C" NOT NULL DEFAULT '',
	treatment_code text COLLATE "C",
	valid_from timestamptz NOT NULL DEFAULT '-infinity',
	valid_until timestamptz NOT NULL DEFAULT 'infinity',
	CHECK (valid_from < valid_until)
);
CREATE INDEX source_code_code ON source_code (environment, code);
COMMENT ON TABLE source_code IS 'Codes of touchpoints'' own that late responses may name, and the offer that each stands for';
COMMENT ON COLUMN source_code.id IS 'Ascending';
COMMENT ON COLUMN source_code.environment IS 'The environment that it is good for';
COMMENT ON COLUMN source_code.channel IS 'The interactive channel';
COMMENT ON COLUMN source_code.code IS 'The code; two that are valid at the same time make a response ambiguous';
COMMENT ON COLUMN source_code.offer_code IS 'The offer';
COMMENT ON COLUMN source_code.campaign IS 'The campaign''s code; empty if there is none';
COMMENT ON COLUMN source_code.cell IS 'The cell''s code; empty if there is none';
COMMENT ON COLUMN source_code.treatment_code IS 'The one treatment that it stands for; null if many were shown the offer under it';
COMMENT ON COLUMN source_code.valid_from IS 'Responses from this moment on';
COMMENT ON COLUMN source_code.valid_until IS 'Responses before this moment';

-- Matching by treatment must find recommendations whose contact was never logged.
CREATE INDEX recommendation_treatment ON recommendation USING hash (treatment_code) WHERE treatment_code <> '';

GRANT SELECT, UPDATE (state, reason, try_at, changed, changed_by, given_code) ON late_response TO parley_design;
GRANT SELECT, INSERT, UPDATE, DELETE ON late_response TO parley_ingest;
GRANT SELECT ON recommendation, contact_history, source_code TO parley_ingest;
GRANT SELECT, INSERT, UPDATE, DELETE ON source_code TO parley_design;
GRANT SELECT ON late_response, source_code TO parley_reader;
