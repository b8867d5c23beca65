// Timestamps: what was current at a moment not long ago. They name manifests and bring none, so the worst
// that a stolen timestamp key can do is to call a place current for a day.
#include "snapshot/internal.h"

#include "base/clock.h"

static Err check_entry(const Timestamp *timestamp, size_t index)
{
	const CurrentManifest *entry = timestamp->current[index];
	if (!name_is_plain(str(entry->channel)) || !name_is_plain(str(entry->fleet)))
		return err(ERR_TIMESTAMP_INVALID, "entry %zu is for channel '%.80s' and fleet '%.80s'", index,
		        entry->channel, entry->fleet);
	if (entry->epoch == 0 || entry->version == 0)
		return err(ERR_TIMESTAMP_INVALID, "entry %zu: epochs and versions start at 1", index);
	if (entry->manifest.len != sizeof(Digest))
		return err(ERR_TIMESTAMP_INVALID, "entry %zu: the manifest's SHA-256 has %zu bytes, not 32",
		        index, entry->manifest.len);
	if (index == 0)
		return OK;
	const CurrentManifest *before = timestamp->current[index - 1];
	int order = strcmp(before->channel, entry->channel);
	if (order > 0 || (order == 0 && strcmp(before->fleet, entry->fleet) >= 0))
		return err(ERR_TIMESTAMP_INVALID,
		        "entry %zu: entries ascend by channel and fleet, and none is there twice", index);
	return OK;
}

Err timestamp_form(const Timestamp *timestamp)
{
	if (timestamp->format != TIMESTAMP_FORMAT)
		return err(ERR_TIMESTAMP_INVALID, "the timestamp has format %u, this program knows %d",
		        timestamp->format, TIMESTAMP_FORMAT);
	if (!name_is_plain(str(timestamp->environment)))
		return err(ERR_TIMESTAMP_INVALID, "the timestamp's environment '%.80s' is not a name",
		        timestamp->environment);
	if (timestamp->version == 0 || timestamp->root_version == 0)
		return err(ERR_TIMESTAMP_INVALID, "versions start at 1");
	if (timestamp->created_us <= 0 || timestamp->expires_us <= timestamp->created_us ||
	        timestamp->expires_us - timestamp->created_us > TIMESTAMP_LIFE_S * US_PER_S)
		return err(ERR_TIMESTAMP_INVALID,
		        "the timestamp does not expire within %d s after it is made", TIMESTAMP_LIFE_S);
	if (timestamp->n_current > TIMESTAMP_CURRENT_MAX)
		return err(ERR_TIMESTAMP_INVALID, "%zu entries, at most %d are allowed", timestamp->n_current,
		        TIMESTAMP_CURRENT_MAX);
	for (size_t i = 0; i < timestamp->n_current; i++)
		TRY(check_entry(timestamp, i));
	if (!timestamp->audit || timestamp->audit->hash.len != sizeof(Digest))
		return err(ERR_TIMESTAMP_INVALID, "the timestamp has no audit head of 32 bytes");
	return OK;
}

Err timestamp_pack(const Timestamp *timestamp, Arena *arena, Str *ret)
{
	TRY(timestamp_form(timestamp));
	return payload_pack(&timestamp->base, ERR_TIMESTAMP_INVALID, arena, ret);
}

static Err check_signed(Str envelope, const TrustRoot *root, Arena *arena, Str *ret_payload)
{
	Opened opened;
	Signers signers;
	TRY(root_present(root));
	TRY(envelope_take(envelope, STR(TIMESTAMP_PAYLOAD_TYPE), arena, &opened));
	TRY(signers_check(root->message, &opened, ROLE_BIT(KEY_TIMESTAMP), &signers));
	if (signers.count < root_threshold(root, KEY_TIMESTAMP))
		return err(ERR_SIGNATURE_INVALID, "%zu timestamp keys have signed, %zu must", signers.count,
		        root_threshold(root, KEY_TIMESTAMP));
	*ret_payload = opened.payload;
	return OK;
}

static Err check_time(const Timestamp *timestamp, int64_t now_us)
{
	char text[TIME_TEXT_SIZE];
	if (timestamp->created_us - CLOCK_SKEW_S * US_PER_S > now_us) {
		time_format(timestamp->created_us, text);
		return err(ERR_TIMESTAMP_INVALID, "the timestamp is from the future (%s): check the clocks",
		        text);
	}
	if (now_us >= timestamp->expires_us) {
		time_format(timestamp->expires_us, text);
		return err(ERR_TIMESTAMP_EXPIRED,
		        "the timestamp expired at %s: see that the design server is up and reaches this "
		        "place",
		        text);
	}
	return OK;
}

Err timestamp_verify(
        Str envelope, const TrustRoot *root, uint64_t seen, int64_t now_us, Arena *arena, Timestamp **ret)
{
	Str payload;
	ProtobufCMessage *message = NULL;
	TRY(check_signed(envelope, root, arena, &payload));
	TRY(payload_parse(&parley__snapshot__v1__timestamp__descriptor, payload, ERR_TIMESTAMP_INVALID, arena,
	        &message));
	Timestamp *timestamp = (Timestamp *)message;
	TRY(timestamp_form(timestamp));
	if (!str_eq(str(timestamp->environment), root->environment))
		return err(ERR_MANIFEST_PLACE, "the timestamp is for environment '%s', this is '" STR_FMT "'",
		        timestamp->environment, STR_ARG(root->environment));
	if (timestamp->version < seen)
		return err(ERR_TIMESTAMP_VERSION, "timestamp %llu is older than %llu, which is known",
		        (unsigned long long)timestamp->version, (unsigned long long)seen);
	TRY(check_time(timestamp, now_us));
	TRY(root_check_time(root, now_us));
	*ret = timestamp;
	return OK;
}
