-- Deployments as a machine (design-server/rollout/state.c): a state of their own, approvals, evidence, roots.
DROP VIEW deployment_listed;
ALTER TABLE deployment
	ALTER blob DROP NOT NULL,
	ADD state smallint CHECK (state BETWEEN 1 AND 10),
	ADD rollback_of bigint NOT NULL DEFAULT 0,
	ADD undeploy boolean NOT NULL DEFAULT false,
	ADD approvals_needed integer NOT NULL DEFAULT 0,
	ADD changes text NOT NULL DEFAULT '',
	ADD acknowledged text[] NOT NULL DEFAULT '{}',
	ADD evidence bigint[] NOT NULL DEFAULT '{}',
	ADD reason text NOT NULL DEFAULT '',
	ADD build bigint REFERENCES build,
	ADD released timestamptz,
	ADD completed timestamptz,
	ADD ended timestamptz,
	ADD CHECK (undeploy = (blob IS NULL));
-- What was deployed before there were states: the newest goes on, all others were followed.
UPDATE deployment d SET released = d.created, completed = d.finished, ended = d.finished, state = CASE
	WHEN EXISTS (SELECT FROM deployment later WHERE later.environment = d.environment AND later.channel = d.channel
		AND (later.epoch, later.version) > (d.epoch, d.version)) THEN 4
	WHEN d.finished IS NULL THEN 1
	ELSE 3 END;
ALTER TABLE deployment
	ALTER state SET NOT NULL,
	DROP finished,
	DROP CONSTRAINT deployment_environment_channel_epoch_version_key;
-- A version is used up once it was approved; those that were given up before had never all their signatures.
CREATE UNIQUE INDEX deployment_version ON deployment (environment, channel, epoch, version) WHERE state <> 8;
CREATE UNIQUE INDEX deployment_waiting ON deployment (environment, channel) WHERE state = 5;
CREATE INDEX deployment_place ON deployment (environment, channel, id);
COMMENT ON TABLE deployment IS 'Every manifest that the builder signed, and how it stands';
COMMENT ON COLUMN deployment.state IS 'parley.design.v1.DeploymentState; moved by design-server/rollout/state.c and by nothing else';
COMMENT ON COLUMN deployment.rollback_of IS 'The version whose content it brought back; 0 if it is no rollback';
COMMENT ON COLUMN deployment.undeploy IS 'Whether it switches the channel off: then there is no blob';
COMMENT ON COLUMN deployment.approvals_needed IS 'How many distinct approvers the root asked for when it was made, or released';
COMMENT ON COLUMN deployment.changes IS 'What changed against the one before, in words; empty if that is not known';
COMMENT ON COLUMN deployment.acknowledged IS 'Warnings of the analysis that its author accepted, as CODE:kind/name';
COMMENT ON COLUMN deployment.evidence IS 'IDs of the evidence that its gates were passed by: its manifest names the reports'' digests';
COMMENT ON COLUMN deployment.reason IS 'Why it stands as it does, if somebody or something said so';
COMMENT ON COLUMN deployment.released IS 'When it had its signatures and began to roll out; null if it never did';
COMMENT ON COLUMN deployment.build IS 'What its snapshot was built from; null if that is not known';
COMMENT ON COLUMN deployment.completed IS 'When every server ran it for the first time; null if they never did';
COMMENT ON COLUMN deployment.ended IS 'When it was complete, returned, cancelled or superseded; null while it moves';
COMMENT ON COLUMN deployment.envelope IS 'The manifest with the builder''s signature, from its release on with the approvers'' too, byte for byte';
COMMENT ON COLUMN deployment.version IS 'The manifest''s version: one more than the one that was released before in the same epoch';
COMMENT ON COLUMN deployment.blob IS 'SHA-256 of the snapshot; null if it switches the channel off';

CREATE VIEW deployment_listed AS
SELECT id, environment, channel, epoch, version, fleet, blob, length, manifest, author, comment, promoted_from, created, expires,
	state, rollback_of, undeploy, approvals_needed, changes, acknowledged, evidence, reason, released, ended, coalesce(build, 0) AS build
FROM deployment;
COMMENT ON VIEW deployment_listed IS 'Deployments as they are listed: without the envelope';

CREATE TABLE approval (
	deployment bigint NOT NULL REFERENCES deployment,
	approver text COLLATE "C" NOT NULL,
	keyid text NOT NULL,
	signature bytea NOT NULL CHECK (length(signature) = 64),
	comment text NOT NULL,
	created timestamptz NOT NULL,
	PRIMARY KEY (deployment, approver)
);
COMMENT ON TABLE approval IS 'Signatures of persons over manifests; believed only when they verify under the environment''s newest root';
COMMENT ON COLUMN approval.deployment IS 'The deployment';
COMMENT ON COLUMN approval.approver IS 'The holder of the key, by the root of that time';
COMMENT ON COLUMN approval.keyid IS 'The key''s ID, a hint';
COMMENT ON COLUMN approval.signature IS 'Ed25519 over the envelope''s pre-authentication encoding';
COMMENT ON COLUMN approval.comment IS 'What the approver remarked';
COMMENT ON COLUMN approval.created IS 'When it arrived';

CREATE TABLE evidence (
	id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
	channel text COLLATE "C" NOT NULL,
	digest bytea NOT NULL REFERENCES blob,
	environment text COLLATE "C" NOT NULL,
	kind text COLLATE "C" NOT NULL,
	passed boolean NOT NULL,
	report text NOT NULL,
	report_digest bytea NOT NULL CHECK (length(report_digest) = 32),
	author text NOT NULL,
	created timestamptz NOT NULL,
	UNIQUE (channel, digest, environment, kind, author, report_digest)
);
CREATE INDEX evidence_about ON evidence (channel, digest, kind, id);
COMMENT ON TABLE evidence IS 'Reports about snapshots: what gates judge by';
COMMENT ON COLUMN evidence.id IS 'Ascending';
COMMENT ON COLUMN evidence.channel IS 'The channel';
COMMENT ON COLUMN evidence.digest IS 'SHA-256 of the snapshot that it is about';
COMMENT ON COLUMN evidence.environment IS 'Where it was measured';
COMMENT ON COLUMN evidence.kind IS 'scenarios or load';
COMMENT ON COLUMN evidence.passed IS 'Whether the tool that made it called it good; gates look at the numbers too';
COMMENT ON COLUMN evidence.report IS 'The report, JSON, byte for byte as it came';
COMMENT ON COLUMN evidence.report_digest IS 'SHA-256 of the report: what manifests name';
COMMENT ON COLUMN evidence.author IS 'Who handed it in';
COMMENT ON COLUMN evidence.created IS 'When';

CREATE TABLE root_envelope (
	environment text COLLATE "C" NOT NULL,
	version bigint NOT NULL CHECK (version > 0),
	envelope bytea NOT NULL,
	author text NOT NULL,
	created timestamptz NOT NULL,
	PRIMARY KEY (environment, version)
);
COMMENT ON TABLE root_envelope IS 'Roots that followed the configured one; each is verified against the one before whenever it is read';
COMMENT ON COLUMN root_envelope.environment IS 'The environment';
COMMENT ON COLUMN root_envelope.version IS 'The root''s version';
COMMENT ON COLUMN root_envelope.envelope IS 'DSSE envelope of a parley.snapshot.v1.Root';
COMMENT ON COLUMN root_envelope.author IS 'Who published it';
COMMENT ON COLUMN root_envelope.created IS 'When';

REVOKE UPDATE ON deployment FROM parley_design;
GRANT UPDATE (state, envelope, approvals_needed, reason, released, completed, ended) ON deployment TO parley_design;
GRANT SELECT ON deployment_listed TO parley_design;
GRANT SELECT, INSERT, UPDATE, DELETE ON approval TO parley_design;
GRANT SELECT, INSERT ON evidence, root_envelope TO parley_design;
