#include "service/map.h"

#include "service/advisory.h"
#include "service/value.h"
#include "wire/write.h"

// The fields of interaction.proto that are written straight.
enum { POINT_OFFERS = 2, OFFER_TREATMENT = 1, OFFER_SCORE = 4, OFFER_LINK = 6 };
enum { OFFERS_ROOM = 1024 };

static Err no_memory(void)
{
	return err_retry(ERR_NO_MEMORY, 100, "the answer is too large for a call's memory; ask for less");
}

static Err make_version(Str channel, uint64_t version, char *hex, Arena *arena, SnapshotVersion **ret)
{
	*ret = message_new(arena, MESSAGE_OF(snapshot_version));
	if (*ret == NULL || hex == NULL)
		return no_memory();
	(*ret)->channel = (char *)channel.ptr;
	(*ret)->version = version;
	(*ret)->digest = hex;
	return OK;
}

Err map_version(const Deployed *deployed, Arena *arena, SnapshotVersion **ret)
{
	return make_version(deployed_channel(deployed), deployed_version(deployed),
	        arena_cstr(arena, deployed_digest_hex(deployed)), arena, ret);
}

Err map_current_version(Str channel, const CurrentVersion *version, Arena *arena, SnapshotVersion **ret)
{
	char *hex = arena_alloc(arena, 2 * sizeof version->digest.bytes + 1);
	if (hex != NULL)
		digest_hex(&version->digest, hex);
	return make_version(channel, version->version, hex, arena, ret);
}

Err map_segments(const Session *session, Arena *arena, char ***ret, size_t *ret_count)
{
	const Snapshot *snapshot = plan_snapshot(session->plan);
	const uint64_t *segments = session_segments(session);
	*ret_count = 0;
	*ret = ARENA_ARRAY(arena, char *, snapshot->n_segments + 1);
	if (*ret == NULL)
		return no_memory();
	for (size_t s = 0; s < snapshot->n_segments; s++)
		if ((segments[s / 64] >> (s % 64) & 1) != 0)
			(*ret)[(*ret_count)++] = snapshot->segments[s]->name;
	return OK;
}

// --- offers ---

// The attributes with what is personalised in its place; what has no value is left out.
static Err map_attributes(
        const DecidedOffer *decided, const PreparedOffer *prepared, size_t count, Arena *arena, Offer *out)
{
	size_t next = 0;
	out->attributes = ARENA_ARRAY(arena, NamedValue *, count);
	NamedValue *own = ARENA_ARRAY(arena, NamedValue, decided->attribute_count);
	if (out->attributes == NULL || own == NULL)
		return no_memory();
	for (size_t i = 0; i < count; i++) {
		NamedValue *attribute = prepared->attributes[i];
		if (next < decided->attribute_count && decided->attributes[next].attribute == i) {
			own[next] = *attribute;
			TRY(value_map(&decided->attributes[next].value, arena, &own[next].value));
			attribute = &own[next++];
		}
		if (attribute->value != NULL)
			out->attributes[out->n_attributes++] = attribute;
	}
	return OK;
}

static Err map_link(const DecidedOffer *decided, const PreparedOffer *fixed, const Linking *linking,
        Arena *arena, Offer *out)
{
	char space[LINK_URL_MAX];
	Str link = links_write(linking, fixed, decided->treatment_code, space);
	if (link.len == 0)
		return OK;
	out->link = arena_cstr(arena, link);
	return out->link != NULL ? OK : no_memory();
}

static Err map_offer(
        const Session *session, const DecidedOffer *decided, const Linking *linking, Arena *arena, Offer *out)
{
	const Prepared *prepared = deployed_prepared(session->pin);
	const PreparedOffer *fixed = &prepared->offers[decided->id.offer];
	out->treatment_code = linking == NULL ? (char *)"" : (char *)decided->treatment_code;
	if (linking != NULL)
		TRY(map_link(decided, fixed, linking, arena, out));
	out->score = decided->score.final;
	const Parley__Snapshot__V1__Offer *offer = plan_snapshot(session->plan)->offers[decided->id.offer];
	out->offer_code = offer->code;
	out->offer_name = offer->name;
	return map_attributes(decided, fixed, offer->n_attributes, arena, out);
}

static void write_offer(
        WireWriter *writer, const PreparedOffer *fixed, const DecidedOffer *decided, const Linking *linking)
{
	char space[LINK_URL_MAX];
	size_t before = wire_written(writer);
	if (linking != NULL)
		wire_text(writer, OFFER_LINK, links_write(linking, fixed, decided->treatment_code, space));
	wire_double(writer, OFFER_SCORE, decided->score.final);
	wire_raw(writer, fixed->packed.ptr, fixed->packed.len);
	if (linking != NULL) // else nobody could quote it
		wire_text(writer, OFFER_TREATMENT, str_n(decided->treatment_code, TREATMENT_CODE_SIZE - 1));
	wire_message(writer, POINT_OFFERS, before);
}

// Offers without anything personalised go into the answer as bytes: protobuf-c writes the tag of what it does
// not know, which is the first offer's, and then the rest of them.
static Err write_offers(const Session *session, const PointDecision *point, const Linking *linking,
        Arena *arena, PointOffers *out)
{
	const Prepared *prepared = deployed_prepared(session->pin);
	ProtobufCMessageUnknownField *offers = ARENA_NEW(arena, ProtobufCMessageUnknownField);
	WireWriter writer;
	wire_begin(&writer, arena, OFFERS_ROOM);
	for (size_t i = point->offer_count; i > 0; i--) {
		const DecidedOffer *decided = &point->offers[i - 1];
		write_offer(&writer, &prepared->offers[decided->id.offer], decided, linking);
	}
	if (offers == NULL || wire_full(&writer))
		return no_memory();
	Str written = wire_done(&writer);
	*offers = (ProtobufCMessageUnknownField){
	        .tag = POINT_OFFERS,
	        .wire_type = PROTOBUF_C_WIRE_TYPE_LENGTH_PREFIXED,
	        .len = written.len - 1,
	        .data = (uint8_t *)(uintptr_t)written.ptr + 1,
	};
	out->base.n_unknown_fields = 1;
	out->base.unknown_fields = offers;
	return OK;
}

static bool is_personalised(const PointDecision *point)
{
	for (size_t i = 0; i < point->offer_count; i++)
		if (point->offers[i].attribute_count > 0)
			return true;
	return false;
}

static Err map_offers(const Session *session, const PointDecision *point, const Linking *linking,
        Arena *arena, PointOffers *out)
{
	if (point->offer_count == 0)
		return OK;
	if (!is_personalised(point))
		return write_offers(session, point, linking, arena, out);
	out->offers = message_list(arena, MESSAGE_OF(offer), point->offer_count);
	if (out->offers == NULL)
		return no_memory();
	out->n_offers = point->offer_count;
	for (size_t i = 0; i < point->offer_count; i++)
		TRY(map_offer(session, &point->offers[i], linking, arena, out->offers[i]));
	return OK;
}

// --- candidates ---

#define ORIGIN(name) [ORIGIN_##name] = PARLEY__RUNTIME__V1__CANDIDATE_ORIGIN__CANDIDATE_ORIGIN_##name
static const Parley__Runtime__V1__CandidateOrigin origins[] = {
        ORIGIN(RULE), ORIGIN(GLOBAL), ORIGIN(INDIVIDUAL), ORIGIN(QUALIFIED), ORIGIN(DEFAULT)};
#undef ORIGIN

// What was struck before its score has none.
static bool is_scored(Reason reason)
{
	return reason == REASON_OFFERED || reason == REASON_OUTRANKED || reason == REASON_DUPLICATE_OFFER ||
	       reason == REASON_DUPLICATE_ACROSS_POINTS;
}

static Err map_score(const ScoreParts *in, Arena *arena, Candidate *out)
{
	out->score = in->final;
	out->score_parts = message_new(arena, MESSAGE_OF(score_parts));
	if (out->score_parts == NULL)
		return no_memory();
	out->score_parts->marketer_score = in->marketer;
	out->score_parts->overridden = in->overridden;
	out->score_parts->override_score = in->override;
	out->score_parts->final_score = in->final;
	return OK;
}

static Err map_candidate(
        const Plan *plan, uint32_t point, const DecidedCandidate *decided, Arena *arena, Candidate *out)
{
	TreatmentFacts facts = treatment_facts(plan, decided->id, point);
	out->offer_code = (char *)facts.offer_code.ptr;
	out->treatment_rule = (char *)facts.rule.ptr;
	out->segment = (char *)facts.segment.ptr;
	out->campaign = (char *)facts.campaign.ptr;
	out->cell = (char *)facts.cell.ptr;
	out->origin = origins[decided->id.origin];
	out->reason = (char *)reason_name(decided->reason);
	out->predicate = arena_cstr(arena, decided->predicate);
	out->detail = arena_cstr(arena, decided->detail);
	if (out->predicate == NULL || out->detail == NULL)
		return no_memory();
	return is_scored(decided->reason) ? map_score(&decided->score, arena, out) : OK;
}

static Err map_candidates(const Plan *plan, const PointDecision *point, Arena *arena, PointOffers *out)
{
	if (point->candidate_count == 0)
		return OK;
	out->candidates = message_list(arena, MESSAGE_OF(candidate), point->candidate_count);
	if (out->candidates == NULL)
		return no_memory();
	out->n_candidates = point->candidate_count;
	for (size_t i = 0; i < point->candidate_count; i++)
		TRY(map_candidate(
		        plan, (uint32_t)point->point, &point->candidates[i], arena, out->candidates[i]));
	return OK;
}

// --- points ---

// What every answer for a point has; false if there is no such point.
static bool map_place(const Snapshot *snapshot, int point, const char *name, Arena *arena, PointOffers *out)
{
	Advisories advisories = {0};
	out->interaction_point = (char *)name;
	if (point >= 0) {
		out->default_content = snapshot->points[point]->default_content;
		return true;
	}
	advise(&advisories, ADVISORY_POINT_UNKNOWN, str(name));
	out->n_advisories = advisories_map(&advisories, arena, &out->advisories);
	return false;
}

Err map_points(const Session *session, PointRequest **in, const Decision *decision, const Linking *linking,
        Arena *arena, PointOffers ***ret)
{
	const Plan *plan = session->plan;
	*ret = message_list(arena, MESSAGE_OF(point_offers), decision->count);
	if (*ret == NULL)
		return no_memory();
	for (size_t p = 0; p < decision->count; p++) {
		const PointDecision *point = &decision->points[p];
		PointOffers *out = (*ret)[p];
		if (!map_place(plan_snapshot(plan), point->point, in[p]->interaction_point, arena, out))
			continue;
		TRY(map_offers(session, point, linking, arena, out));
		TRY(map_candidates(plan, point, arena, out));
	}
	return OK;
}

Err map_default_content(const Plan *plan, PointRequest **in, size_t count, Arena *arena, PointOffers ***ret)
{
	*ret = message_list(arena, MESSAGE_OF(point_offers), count);
	if (*ret == NULL)
		return no_memory();
	for (size_t p = 0; p < count; p++) {
		const char *name = in[p]->interaction_point;
		(void)map_place(plan_snapshot(plan), plan_point(plan, str(name)), name, arena, (*ret)[p]);
	}
	return OK;
}
