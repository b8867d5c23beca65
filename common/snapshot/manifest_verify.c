// A manifest that is signed well still has to be meant for here, next, and now.
#include "snapshot/internal.h"

#include "base/clock.h"

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

static bool is_serving(const Manifest *manifest, const Digest *digest, const PlaceState *state)
{
	return state->known && manifest->epoch == state->epoch && manifest->version == state->version &&
	       digest_eq(digest, &state->manifest);
}

static Err check_meant(
        const Manifest *manifest, const Digest *digest, const Place *place, const PlaceState *state)
{
	if (manifest->least_engine > SNAPSHOT_ENGINE)
		return err(ERR_SNAPSHOT_ENGINE,
		        "the snapshot needs engine %u, this program has %d: update it first",
		        manifest->least_engine, SNAPSHOT_ENGINE);
	TRY(check_place(manifest, place));
	TRY(check_version(manifest, digest, state));
	return check_time(manifest, place, state);
}

static Err check_thresholds(const TrustRoot *root, const Signers *signers)
{
	size_t builders = signers_of(signers, KEY_BUILDER),
	       approvers = signers_holders(signers, KEY_APPROVER);
	if (builders < root_threshold(root, KEY_BUILDER))
		return err(ERR_SIGNATURE_INVALID, "%zu builder keys have signed, %zu must", builders,
		        root_threshold(root, KEY_BUILDER));
	if (approvers < root_threshold(root, KEY_APPROVER))
		return err(ERR_APPROVALS_MISSING, "%zu persons have approved, %zu must: approve it first",
		        approvers, root_threshold(root, KEY_APPROVER));
	return OK;
}

Err manifest_verify(Str envelope, const TrustRoot *root, const Place *place, const PlaceState *state,
        Arena *arena, Manifest **ret, Digest *ret_digest)
{
	Opened opened;
	Signers signers;
	Manifest *manifest;
	TRY(root_present(root));
	TRY(envelope_take(envelope, STR(SNAPSHOT_PAYLOAD_TYPE), arena, &opened));
	TRY(signers_check(root->message, &opened, ROLE_BIT(KEY_BUILDER) | ROLE_BIT(KEY_APPROVER), &signers));
	TRY(check_thresholds(root, &signers));
	TRY(manifest_parse(opened.payload, arena, &manifest));
	if (signers_include(&signers, KEY_APPROVER, str(manifest->author)))
		return err(ERR_APPROVER_IS_AUTHOR, "%s deployed this and approved it: somebody else must",
		        manifest->author);
	Digest digest = digest_of(opened.payload);
	TRY(check_meant(manifest, &digest, place, state));
	// What serves goes on when the root has expired; only what is new is refused.
	if (!is_serving(manifest, &digest, state))
		TRY(root_check_time(root, place->now_us));
	*ret = manifest;
	*ret_digest = digest;
	return OK;
}
