// A manifest that is signed well still has to be meant for here, next, and now.
#include "snapshot/internal.h"

#include "base/clock.h"

static Err check_blobs(const Manifest *manifest)
{
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

static Err check_place(const Manifest *manifest, const Place *place)
{
	const struct {
		const char *what, *value;
		Str wanted;
	} parts[] = {
	        {"environment", manifest->environment, place->environment},
	        {"fleet", manifest->fleet, place->fleet},
	        {"channel", manifest->channel, place->channel.len ? place->channel : str(manifest->channel)},
	};
	for (size_t i = 0; i < ARRAY_COUNT(parts); i++) {
		if (!str_eq(str(parts[i].value), parts[i].wanted))
			return err(ERR_MANIFEST_PLACE,
			        "the manifest is for %s '%s', this is '" STR_FMT "': deploy to the right one",
			        parts[i].what, parts[i].value, STR_ARG(parts[i].wanted));
	}
	return OK;
}

static Err check_version(const Manifest *manifest, const Digest *digest, const PlaceState *state)
{
	unsigned long long version = manifest->version, epoch = manifest->epoch, serving = state->version;
	if (!state->known)
		return OK;
	if (epoch < state->epoch)
		return err(ERR_MANIFEST_VERSION, "epoch %llu is lower than %llu, which serves", epoch,
		        (unsigned long long)state->epoch);
	if (epoch > state->epoch)
		return version == 1 ? OK
		                    : err(ERR_MANIFEST_VERSION, "a new epoch starts with version 1, not %llu",
		                              version);
	if (version == state->version)
		return digest_eq(digest, &state->manifest)
		               ? OK
		               : err(ERR_MANIFEST_VERSION, "another manifest of version %llu serves already",
		                         version);
	if (version != state->version + 1)
		return err(ERR_MANIFEST_VERSION,
		        "version %llu does not follow %llu, which serves: %llu must come next", version,
		        serving, serving + 1);
	if (memcmp(manifest->previous.data, state->manifest.bytes, sizeof(Digest)) != 0)
		return err(ERR_MANIFEST_VERSION,
		        "version %llu follows another manifest of version %llu than the one that serves",
		        version, serving);
	return OK;
}

static Err check_time(const Manifest *manifest, const Place *place, const PlaceState *state)
{
	char text[TIME_TEXT_SIZE], now_text[TIME_TEXT_SIZE];
	int64_t now_us = place->now_us;
	if (state->known && now_us < state->highest_time_us)
		now_us = state->highest_time_us;
	time_format(now_us, now_text);
	if (now_us < manifest->not_before_us) {
		time_format(manifest->not_before_us, text);
		return err(ERR_MANIFEST_NOT_YET,
		        "the manifest is valid from %s on, it is %s: wait, or check the clocks", text,
		        now_text);
	}
	if (now_us >= manifest->expires_us) {
		time_format(manifest->expires_us, text);
		return err(ERR_MANIFEST_EXPIRED, "the manifest expired at %s, it is %s: deploy again", text,
		        now_text);
	}
	return OK;
}

Err manifest_verify(Str envelope, const TrustSet *trust, const Place *place, const PlaceState *state,
        Arena *arena, Manifest **ret, Digest *ret_digest)
{
	Str payload;
	TRY(envelope_verify(envelope, trust, arena, &payload));
	if (payload.len == 0 || payload.len > MANIFEST_MAX)
		return err(ERR_MANIFEST_INVALID, "the manifest has %zu bytes, 1 to %d are allowed",
		        payload.len, MANIFEST_MAX);
	ProtobufCMessage *message = NULL;
	TRY(strict_unpack(&parley__snapshot__v1__manifest__descriptor, payload, 0, ERR_MANIFEST_INVALID,
	        arena, &message));
	Manifest *manifest = (Manifest *)message;
	TRY(manifest_form(manifest));
	if (manifest->least_engine > SNAPSHOT_ENGINE)
		return err(ERR_SNAPSHOT_ENGINE,
		        "the snapshot needs engine %u, this program has %d: update it first",
		        manifest->least_engine, SNAPSHOT_ENGINE);
	Digest digest = digest_of(payload);
	TRY(check_place(manifest, place));
	TRY(check_version(manifest, &digest, state));
	TRY(check_time(manifest, place, state));
	*ret = manifest;
	*ret_digest = digest;
	return OK;
}
