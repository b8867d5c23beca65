// Floors: how a place that lost its state begins again. It fails closed without one, for it can no longer
// tell an old deployment from a new one; so those who hold the root keys have to say from where on it may go.
#include "snapshot/internal.h"

#include "base/clock.h"

enum { RUNTIME_ID_MAX = 64 };

Err floor_form(const Floor *place_floor)
{
	if (place_floor->format != FLOOR_FORMAT)
		return err(ERR_FLOOR_INVALID, "the floor has format %u, this program knows %d",
		        place_floor->format, FLOOR_FORMAT);
	if (!name_is_plain(str(place_floor->environment)) || !name_is_plain(str(place_floor->channel)))
		return err(ERR_FLOOR_INVALID,
		        "the floor's environment '%.80s' or its channel '%.80s' is not a name",
		        place_floor->environment, place_floor->channel);
	if (!*place_floor->runtime_id || strlen(place_floor->runtime_id) > RUNTIME_ID_MAX)
		return err(ERR_FLOOR_INVALID, "the floor's runtime ID has %zu bytes, 1 to %d are allowed",
		        strlen(place_floor->runtime_id), RUNTIME_ID_MAX);
	if (place_floor->epoch == 0 || place_floor->version == 0)
		return err(ERR_FLOOR_INVALID, "epochs and versions start at 1");
	if (place_floor->created_us <= 0 || place_floor->expires_us <= place_floor->created_us ||
	        place_floor->expires_us - place_floor->created_us > FLOOR_LIFE_S * US_PER_S)
		return err(ERR_FLOOR_INVALID, "the floor does not expire within %d s after it is made",
		        FLOOR_LIFE_S);
	return OK;
}

Err floor_pack(const Floor *place_floor, Arena *arena, Str *ret)
{
	TRY(floor_form(place_floor));
	return payload_pack(&place_floor->base, ERR_FLOOR_INVALID, arena, ret);
}

Err floor_parse(Str payload, Arena *arena, Floor **ret)
{
	ProtobufCMessage *message = NULL;
	TRY(payload_parse(
	        &parley__snapshot__v1__floor__descriptor, payload, ERR_FLOOR_INVALID, arena, &message));
	TRY(floor_form((const Floor *)message));
	*ret = (Floor *)message;
	return OK;
}

static Err check_signed(Str envelope, const TrustRoot *root, Arena *arena, Str *ret_payload)
{
	Opened opened;
	Signers signers;
	TRY(root_present(root));
	TRY(envelope_take(envelope, STR(FLOOR_PAYLOAD_TYPE), arena, &opened));
	TRY(signers_check(root->message, &opened, ROLE_BIT(KEY_ROOT), &signers));
	if (signers.count < root_threshold(root, KEY_ROOT))
		return err(ERR_SIGNATURE_INVALID, "%zu root keys have signed, %zu must", signers.count,
		        root_threshold(root, KEY_ROOT));
	*ret_payload = opened.payload;
	return OK;
}

static Err check_place(const Floor *place_floor, const TrustRoot *root, Str runtime_id, int64_t now_us)
{
	char text[TIME_TEXT_SIZE];
	if (!str_eq(str(place_floor->environment), root->environment))
		return err(ERR_MANIFEST_PLACE, "the floor is for environment '%s', this is '" STR_FMT "'",
		        place_floor->environment, STR_ARG(root->environment));
	if (!str_eq(str(place_floor->runtime_id), runtime_id))
		return err(ERR_FLOOR_INVALID, "the floor is for runtime '%s', this is '" STR_FMT "'",
		        place_floor->runtime_id, STR_ARG(runtime_id));
	if (place_floor->created_us - CLOCK_SKEW_S * US_PER_S > now_us) {
		time_format(place_floor->created_us, text);
		return err(ERR_FLOOR_INVALID, "the floor is from the future (%s): check the clocks", text);
	}
	if (now_us >= place_floor->expires_us) {
		time_format(place_floor->expires_us, text);
		return err(ERR_FLOOR_INVALID,
		        "the floor expired at %s: let the root's holders sign a new one", text);
	}
	return OK;
}

Err floor_verify(
        Str envelope, const TrustRoot *root, Str runtime_id, int64_t now_us, Arena *arena, Floor **ret)
{
	Str payload;
	Floor *place_floor;
	TRY(check_signed(envelope, root, arena, &payload));
	TRY(floor_parse(payload, arena, &place_floor));
	TRY(check_place(place_floor, root, runtime_id, now_us));
	TRY(root_check_time(root, now_us));
	*ret = place_floor;
	return OK;
}
