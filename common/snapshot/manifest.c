// The manifest: its own form, and its one spelling.
#include "snapshot/internal.h"

static Err check_blobs(const Manifest *manifest)
{
	if (manifest->undeploy)
		return manifest->n_blobs == 0 && manifest->rollback_of == 0
		               ? OK
		               : err(ERR_MANIFEST_INVALID,
		                         "the manifest switches the channel off: it names no blob and brings "
		                         "nothing back");
	if (manifest->n_blobs != 1)
		return err(ERR_MANIFEST_INVALID, "the manifest names %zu blobs, it must name one",
		        manifest->n_blobs);
	const BlobReference *blob = manifest->blobs[0];
	if (blob->sha256.len != sizeof(Digest))
		return err(
		        ERR_MANIFEST_INVALID, "the blob's SHA-256 has %zu bytes, not 32", blob->sha256.len);
	if (blob->length == 0 || blob->length > SNAPSHOT_MAX)
		return err(ERR_MANIFEST_INVALID, "the blob's length is %llu, 1 to %d are allowed",
		        (unsigned long long)blob->length, SNAPSHOT_MAX);
	return OK;
}

static Err check_evidence(const Manifest *manifest)
{
	if (manifest->n_evidence > MANIFEST_EVIDENCE_MAX)
		return err(ERR_MANIFEST_INVALID, "the manifest names %zu reports, at most %d are allowed",
		        manifest->n_evidence, MANIFEST_EVIDENCE_MAX);
	for (size_t i = 0; i < manifest->n_evidence; i++) {
		if (manifest->evidence[i].len != sizeof(Digest))
			return err(ERR_MANIFEST_INVALID, "evidence %zu has %zu bytes, a SHA-256 has 32", i,
			        manifest->evidence[i].len);
		if (i > 0 && memcmp(manifest->evidence[i - 1].data, manifest->evidence[i].data,
		                     sizeof(Digest)) >= 0)
			return err(ERR_MANIFEST_INVALID, "evidence %zu is not above the one before it", i);
	}
	return OK;
}

static Err check_names(const Manifest *manifest)
{
	const struct {
		const char *field, *value;
	} names[] = {{"environment", manifest->environment}, {"channel", manifest->channel},
	        {"fleet", manifest->fleet}};
	for (size_t i = 0; i < ARRAY_COUNT(names); i++) {
		if (!name_is_plain(str(names[i].value)))
			return err(ERR_MANIFEST_INVALID, "the manifest's %s '%.80s' is not a name",
			        names[i].field, names[i].value);
	}
	if (!*manifest->author)
		return err(ERR_MANIFEST_INVALID, "the manifest has no author");
	return OK;
}

Err manifest_form(const Manifest *manifest)
{
	if (manifest->format != MANIFEST_FORMAT)
		return err(ERR_MANIFEST_INVALID, "the manifest has format %u, this program knows %d",
		        manifest->format, MANIFEST_FORMAT);
	TRY(check_names(manifest));
	TRY(check_blobs(manifest));
	TRY(check_evidence(manifest));
	if (manifest->epoch == 0 || manifest->version == 0)
		return err(ERR_MANIFEST_INVALID, "epochs and versions start at 1");
	if (manifest->previous.len != (manifest->version == 1 ? 0 : sizeof(Digest)))
		return err(ERR_MANIFEST_INVALID,
		        "version %llu has a previous digest of %zu bytes: version 1 has none, others 32",
		        (unsigned long long)manifest->version, manifest->previous.len);
	if (manifest->rollback_of >= manifest->version)
		return err(ERR_MANIFEST_INVALID, "rollback_of %llu is not below version %llu",
		        (unsigned long long)manifest->rollback_of, (unsigned long long)manifest->version);
	if (manifest->not_before_us >= manifest->expires_us)
		return err(ERR_MANIFEST_INVALID, "the manifest expires before it is valid");
	return OK;
}

Err manifest_pack(const Manifest *manifest, Arena *arena, Str *ret)
{
	TRY(manifest_form(manifest));
	return payload_pack(&manifest->base, ERR_MANIFEST_INVALID, arena, ret);
}

Err manifest_parse(Str payload, Arena *arena, Manifest **ret)
{
	ProtobufCMessage *message = NULL;
	TRY(payload_parse(
	        &parley__snapshot__v1__manifest__descriptor, payload, ERR_MANIFEST_INVALID, arena, &message));
	TRY(manifest_form((const Manifest *)message));
	*ret = (Manifest *)message;
	return OK;
}
