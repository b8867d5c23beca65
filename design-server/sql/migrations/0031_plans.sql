-- Plans that were submitted for an environment: what they would do, who approved it, and how far its execution is. Rows of the history
-- that a plan caused have its `source` as their runtime_id, so they need no column of their own.
CREATE TABLE plan (
	id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
	environment text COLLATE "C" NOT NULL,
	digest bytea NOT NULL CHECK (length(digest) = 32),
	source text COLLATE "C" NOT NULL GENERATED ALWAYS AS ('plan:' || left(encode(digest, 'hex'), 16)) STORED,
	channel text COLLATE "C" NOT NULL,
	snapshot bytea NOT NULL CHECK (length(snapshot) = 32),
	begins timestamptz,
	seed bigint NOT NULL,
	inputs bytea NOT NULL,
	effects bigint NOT NULL CHECK (effects > 0),
	bytes bigint NOT NULL DEFAULT 0,
	statement bytea NOT NULL DEFAULT '',
	author text COLLATE "C" NOT NULL,
	comment text NOT NULL,
	created timestamptz NOT NULL,
	state text COLLATE "C" NOT NULL CHECK (state IN ('submitting', 'submitted', 'checking', 'executing', 'executed', 'refused', 'withdrawn')),
	reason text NOT NULL DEFAULT '',
	moved jsonb NOT NULL DEFAULT '[]',
	executed_by text COLLATE "C" NOT NULL DEFAULT '',
	version bigint NOT NULL DEFAULT 0,
	position bigint NOT NULL DEFAULT 0,
	entry bigint NOT NULL DEFAULT 0,
	done bigint NOT NULL DEFAULT 0,
	sequence bigint NOT NULL DEFAULT 0,
	last_effect bigint NOT NULL DEFAULT 0,
	begun timestamptz,
	executed timestamptz,
	changed timestamptz NOT NULL,
	UNIQUE (environment, digest)
);
CREATE INDEX plan_under_way ON plan (id) WHERE state IN ('checking', 'executing');
COMMENT ON TABLE plan IS 'Plans that were submitted, each once in an environment';
COMMENT ON COLUMN plan.id IS 'Ascending as they were first submitted';
COMMENT ON COLUMN plan.environment IS 'Where it is to be executed';
COMMENT ON COLUMN plan.digest IS 'SHA-256 of its effects: what is approved';
COMMENT ON COLUMN plan.source IS 'What rows of the history that it caused have as their runtime_id';
COMMENT ON COLUMN plan.channel IS 'The interactive channel';
COMMENT ON COLUMN plan.snapshot IS 'SHA-256 of the snapshot that it was made with';
COMMENT ON COLUMN plan.begins IS 'The moment of the visitor state that it begins with; null: it begins with nothing';
COMMENT ON COLUMN plan.seed IS 'What its treatment codes follow from, as a signed number: two plans of one seed cannot both be executed';
COMMENT ON COLUMN plan.inputs IS 'What it was made of: parley.plan.v1.PlanInputs';
COMMENT ON COLUMN plan.effects IS 'How many effects it has';
COMMENT ON COLUMN plan.bytes IS 'Bytes of its effects that are here, or were until they were executed';
COMMENT ON COLUMN plan.statement IS 'parley.plan.v1.PlanStatement, byte for byte as approvers sign it; empty until all effects are here';
COMMENT ON COLUMN plan.author IS 'Who submitted it';
COMMENT ON COLUMN plan.comment IS 'Why';
COMMENT ON COLUMN plan.created IS 'When that began';
COMMENT ON COLUMN plan.state IS 'submitting: effects are missing; submitted; checking: whether the world is as it began with; executing; executed; refused: it is not, or the effects are not those of the digest; withdrawn';
COMMENT ON COLUMN plan.reason IS 'Why it was refused or withdrawn';
COMMENT ON COLUMN plan.moved IS 'If it was refused: what is otherwise than the plan took it to be, the first of each kind';
COMMENT ON COLUMN plan.executed_by IS 'Who had it executed last';
COMMENT ON COLUMN plan.version IS 'What the environment called the snapshot when the execution began';
COMMENT ON COLUMN plan.position IS 'How far it is executed: bytes of effects before the next one';
COMMENT ON COLUMN plan.entry IS 'Entries of that one that are done';
COMMENT ON COLUMN plan.done IS 'Effects that are done';
COMMENT ON COLUMN plan.sequence IS 'The last record that it wrote: the `sequence` of its rows in the history';
COMMENT ON COLUMN plan.last_effect IS 'The last visitor_effect that it caused; 0: none';
COMMENT ON COLUMN plan.begun IS 'When its execution began: from then on nothing stops it';
COMMENT ON COLUMN plan.executed IS 'When the history had all of it';
COMMENT ON COLUMN plan.changed IS 'When its state became what it is';

CREATE TABLE plan_piece (
	plan bigint NOT NULL REFERENCES plan,
	start bigint NOT NULL,
	content bytea NOT NULL,
	PRIMARY KEY (plan, start)
);
COMMENT ON TABLE plan_piece IS 'Effects of plans, in pieces; gone once the plan is executed or withdrawn';
COMMENT ON COLUMN plan_piece.plan IS 'The plan';
COMMENT ON COLUMN plan_piece.start IS 'Bytes before it';
COMMENT ON COLUMN plan_piece.content IS 'Packed parley.plan.v1.EventEffects, each behind its length (32 bits, the least byte first)';

CREATE TABLE plan_approval (
	plan bigint NOT NULL REFERENCES plan,
	approver text COLLATE "C" NOT NULL,
	keyid text NOT NULL,
	signature bytea NOT NULL CHECK (length(signature) = 64),
	comment text NOT NULL,
	created timestamptz NOT NULL,
	PRIMARY KEY (plan, approver)
);
COMMENT ON TABLE plan_approval IS 'Signatures of persons over plans'' statements; believed only when they verify under the environment''s newest root';
COMMENT ON COLUMN plan_approval.plan IS 'The plan';
COMMENT ON COLUMN plan_approval.approver IS 'The holder of the key, by the root of that time';
COMMENT ON COLUMN plan_approval.keyid IS 'The key''s ID, a hint';
COMMENT ON COLUMN plan_approval.signature IS 'Ed25519';
COMMENT ON COLUMN plan_approval.comment IS 'What the approver said';
COMMENT ON COLUMN plan_approval.created IS 'When';

GRANT SELECT, INSERT, UPDATE ON plan TO parley_design;
GRANT SELECT, INSERT, DELETE ON plan_piece TO parley_design;
GRANT SELECT, INSERT, UPDATE, DELETE ON plan_approval TO parley_design;
GRANT SELECT, UPDATE (position, entry, done, sequence, last_effect) ON plan TO parley_ingest;
GRANT SELECT ON plan_piece TO parley_ingest;
GRANT SELECT ON plan TO parley_reader;

-- Runtime servers are told all that a plan does to a visitor.
ALTER TABLE visitor_effect
	DROP CONSTRAINT visitor_effect_kind_check,
	ADD CONSTRAINT visitor_effect_kind_check CHECK (kind IN ('contact', 'accept', 'reject', 'suppress', 'qualify')),
	ADD until timestamptz,
	ADD score double precision NOT NULL DEFAULT 0;
COMMENT ON COLUMN visitor_effect.kind IS 'contact, accept or reject; by plans also suppress and qualify';
COMMENT ON COLUMN visitor_effect.until IS 'suppress, qualify: it holds before this moment; null: for ever';
COMMENT ON COLUMN visitor_effect.score IS 'qualify: the candidate''s score';
