-- What grows is kept as long as history_retention says, and design-server/retention applies it. Here is what the job may remove, as
-- functions of the owner's: whoever calls them, they remove nothing that is kept.

INSERT INTO history_retention (name, months, monthly) VALUES
	('outcome', 37, false), ('ingest_reject', 13, false), ('audit_checkpoint', 3, false), ('build', 3, false);
COMMENT ON TABLE history_retention IS 'How long what grows is kept: the tables of the history and others';
COMMENT ON COLUMN history_retention.name IS 'The table; build stands for snapshots that were given up before they were released, with what they were built from';
COMMENT ON COLUMN history_retention.applied IS 'When everything that was too old had last been removed from it; null if never';

DROP FUNCTION history_retention_applied();
CREATE FUNCTION history_retention_applied(name text) RETURNS void LANGUAGE sql SECURITY DEFINER SET search_path FROM CURRENT AS $$
	UPDATE history_retention r SET applied = now() WHERE r.name = history_retention_applied.name
$$;
COMMENT ON FUNCTION history_retention_applied(text) IS 'Keeps that everything too old has been removed from a table';

-- --- outcomes and rejects ---

DROP FUNCTION outcome_prune(timestamptz);
CREATE FUNCTION outcome_prune(most bigint, rehearse boolean) RETURNS bigint
	LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
DECLARE
	kept timestamptz := history_kept_from('outcome');
	gone bigint;
BEGIN
	IF rehearse THEN
		RETURN (SELECT count(*) FROM outcome o WHERE o.since < kept);
	END IF;
	DELETE FROM outcome_refusal r WHERE r.ctid = ANY (ARRAY(SELECT f.ctid FROM outcome_refusal f WHERE f.recorded < kept LIMIT most));
	DELETE FROM outcome o WHERE (o.environment, o.treatment_code) IN (
		SELECT old.environment, old.treatment_code FROM outcome old WHERE old.since < kept ORDER BY old.since LIMIT most FOR UPDATE SKIP LOCKED);
	GET DIAGNOSTICS gone = ROW_COUNT;
	RETURN gone;
END
$$;
COMMENT ON FUNCTION outcome_prune(bigint, boolean) IS 'Removes at most so many treatments whose outcome has been the same since before what outcome keeps, each with its whole path, and refusals of that age; or only counts them';

CREATE FUNCTION ingest_reject_prune(most bigint, rehearse boolean) RETURNS bigint
	LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
DECLARE
	kept timestamptz := history_kept_from('ingest_reject');
	gone bigint;
BEGIN
	IF rehearse THEN
		RETURN (SELECT count(*) FROM ingest_reject r WHERE r.received < kept);
	END IF;
	DELETE FROM ingest_reject r WHERE r.id IN (SELECT old.id FROM ingest_reject old WHERE old.received < kept ORDER BY old.id LIMIT most);
	GET DIAGNOSTICS gone = ROW_COUNT;
	RETURN gone;
END
$$;
COMMENT ON FUNCTION ingest_reject_prune(bigint, boolean) IS 'Removes at most so many rejected records that are older than what ingest_reject keeps, or only counts them';

-- --- checkpoints ---

-- A checkpoint vouches for all entries before it, so of those of a day the last one is enough. That rule holds for the owner too.
CREATE FUNCTION audit_checkpoint_keep() RETURNS trigger LANGUAGE plpgsql SET search_path FROM CURRENT SET TimeZone = 'UTC' AS $$
BEGIN
	IF OLD.signed >= history_kept_from('audit_checkpoint') OR NOT EXISTS (
		SELECT FROM audit_checkpoint later WHERE later.environment = OLD.environment AND later.sequence > OLD.sequence
			AND later.signed::date = OLD.signed::date)
	THEN
		RAISE EXCEPTION 'the checkpoint %/% is kept: % is refused', OLD.environment, OLD.sequence, TG_OP USING ERRCODE = 'insufficient_privilege';
	END IF;
	RETURN OLD;
END
$$;
COMMENT ON FUNCTION audit_checkpoint_keep() IS 'Refuses to remove a checkpoint that is young or the last of its day, whoever asks';
DROP TRIGGER audit_checkpoint_append_only ON audit_checkpoint;
CREATE TRIGGER audit_checkpoint_append_only BEFORE UPDATE OR TRUNCATE ON audit_checkpoint
	FOR EACH STATEMENT EXECUTE FUNCTION audit_refuse();
CREATE TRIGGER audit_checkpoint_daily BEFORE DELETE ON audit_checkpoint
	FOR EACH ROW EXECUTE FUNCTION audit_checkpoint_keep();

CREATE FUNCTION audit_checkpoint_prune(most bigint, rehearse boolean) RETURNS bigint
	LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT SET TimeZone = 'UTC' AS $$
DECLARE
	kept timestamptz := history_kept_from('audit_checkpoint');
	gone bigint;
BEGIN
	IF rehearse THEN
		RETURN (SELECT count(*) FROM (SELECT lead(c.sequence) OVER (PARTITION BY c.environment, c.signed::date ORDER BY c.sequence) AS later
			FROM audit_checkpoint c WHERE c.signed < kept) old WHERE old.later IS NOT NULL);
	END IF;
	DELETE FROM audit_checkpoint c WHERE (c.environment, c.sequence) IN (
		SELECT old.environment, old.sequence FROM (
			SELECT d.environment, d.sequence, lead(d.sequence) OVER (PARTITION BY d.environment, d.signed::date ORDER BY d.sequence) AS later
			FROM audit_checkpoint d WHERE d.signed < kept) old
		WHERE old.later IS NOT NULL LIMIT most);
	GET DIAGNOSTICS gone = ROW_COUNT;
	RETURN gone;
END
$$;
COMMENT ON FUNCTION audit_checkpoint_prune(bigint, boolean) IS 'Of the checkpoints that are older than what audit_checkpoint keeps removes at most so many that are not the last of their day (UTC), or only counts them';

-- --- snapshots that never were ---

-- The row of a snapshot stays, for deployments and evidence name it; its content may go if it was never released anywhere.
ALTER TABLE blob ALTER content DROP NOT NULL, ADD COLUMN removed timestamptz, ADD CHECK ((content IS NULL) = (removed IS NOT NULL));
COMMENT ON COLUMN blob.content IS 'parley.snapshot.v1.Snapshot, byte for byte as it was sealed; null once it was removed';
COMMENT ON COLUMN blob.removed IS 'When the content was removed, because no deployment of it had ever been released; else null';
COMMENT ON TABLE build IS 'What snapshots were built from; never changed';

CREATE FUNCTION blob_put(in_digest bytea, in_content bytea, in_created timestamptz) RETURNS void
	LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
BEGIN
	IF sha256(in_content) <> in_digest THEN
		RAISE EXCEPTION 'a snapshot is not what its digest says' USING ERRCODE = 'invalid_parameter_value';
	END IF;
	INSERT INTO blob (digest, content, created) VALUES (in_digest, in_content, in_created)
	ON CONFLICT (digest) DO UPDATE SET content = excluded.content, created = excluded.created, removed = NULL WHERE blob.content IS NULL;
END
$$;
COMMENT ON FUNCTION blob_put(bytea, bytea, timestamptz) IS 'Keeps a snapshot, also one whose content had been removed';

-- Builds that are being kept share a lock; whoever removes some has it alone, or lets it be for now.
CREATE FUNCTION build_prune(most bigint, rehearse boolean) RETURNS bigint
	LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
DECLARE
	kept timestamptz := history_kept_from('build');
	blobs bytea[];
	builds bigint[];
	items bigint[];
BEGIN
	IF NOT rehearse AND NOT pg_try_advisory_xact_lock(hashtextextended('parley/builds', 0)) THEN
		RETURN NULL;
	END IF;
	blobs := ARRAY(
		SELECT b.digest FROM blob b WHERE b.content IS NOT NULL AND b.created < kept AND NOT EXISTS (
			SELECT FROM deployment d WHERE d.blob = b.digest
				AND (d.released IS NOT NULL OR d.state <> 8 OR coalesce(d.ended, d.created) >= kept))
		ORDER BY b.created LIMIT CASE WHEN NOT rehearse THEN most END);
	builds := ARRAY(
		SELECT b.id FROM build b WHERE b.created < kept
			AND NOT EXISTS (SELECT FROM environment_build e WHERE e.build = b.id)
			AND NOT EXISTS (SELECT FROM deployment d WHERE d.build = b.id
				AND (d.released IS NOT NULL OR d.state <> 8 OR coalesce(d.ended, d.created) >= kept))
		ORDER BY b.id LIMIT CASE WHEN NOT rehearse THEN most END);
	IF NOT rehearse AND cardinality(blobs) + cardinality(builds) > 0 THEN
		items := ARRAY(SELECT DISTINCT unnest(b.items) FROM build b WHERE b.id = ANY (builds));
		UPDATE blob b SET content = NULL, removed = now() WHERE b.digest = ANY (blobs);
		UPDATE deployment d SET build = NULL WHERE d.build = ANY (builds);
		DELETE FROM build b WHERE b.id = ANY (builds);
		DELETE FROM resource_version v WHERE v.id IN (SELECT unnest(items) EXCEPT SELECT unnest(b.items) FROM build b);
	END IF;
	RETURN cardinality(blobs) + cardinality(builds);
END
$$;
COMMENT ON FUNCTION build_prune(bigint, boolean) IS 'Of what is older than build keeps removes at most so many snapshots that were given up everywhere before they were released, and so many builds that no other deployment and no environment names, with resources as only they had them; how many snapshots and builds those are, or would be; null if a build is being kept at this moment';

-- --- how far servers have shipped ---

ALTER TABLE deployment_server ADD COLUMN shipped timestamptz, ADD COLUMN quiet timestamptz;
COMMENT ON COLUMN deployment_server.shipped IS 'All that the server recorded before this is committed here; null if that is not known';
COMMENT ON COLUMN deployment_server.quiet IS 'Since when it has not answered; null while it answers';

REVOKE ALL ON FUNCTION history_retention_applied(text), outcome_prune(bigint, boolean), ingest_reject_prune(bigint, boolean),
	audit_checkpoint_prune(bigint, boolean), build_prune(bigint, boolean), blob_put(bytea, bytea, timestamptz) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION history_retention_applied(text), outcome_prune(bigint, boolean), ingest_reject_prune(bigint, boolean),
	audit_checkpoint_prune(bigint, boolean), build_prune(bigint, boolean), blob_put(bytea, bytea, timestamptz) TO parley_design;
REVOKE INSERT ON blob FROM parley_design;
