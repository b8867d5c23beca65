#include "service/map.h"

#include "service/advisory.h"

static Err no_memory(void)
{
	return err_retry(ERR_NO_MEMORY, 100, "the answer is too large for a call's memory; ask for less");
}

static Err make_version(Str name, uint64_t version, const Digest *digest, Arena *arena, SnapshotVersion **ret)
{
	*ret = message_new(arena, MESSAGE_OF(snapshot_version));
	char *channel = arena_cstr(arena, name), *hex = arena_alloc(arena, 2 * sizeof digest->bytes + 1);
	if (*ret == NULL || channel == NULL || hex == NULL)
		return no_memory();
	digest_hex(digest, hex);
	(*ret)->channel = channel;
	(*ret)->version = version;
	(*ret)->digest = hex;
	return OK;
}

Err map_version(const Deployed *deployed, Arena *arena, SnapshotVersion **ret)
{
	return make_version(deployed_channel(deployed), deployed_version(deployed), deployed_digest(deployed),
	        arena, ret);
}

Err map_status_version(const CurrentStatus *status, Arena *arena, SnapshotVersion **ret)
{
	return make_version(status->channel, status->version, &status->digest, arena, ret);
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

static Err map_offers(const Session *session, const PointDecision *point, Arena *arena, PointOffers *out)
{
	const Snapshot *snapshot = plan_snapshot(session->plan);
	const Prepared *prepared = deployed_prepared(session->pin);
	if (point->offer_count == 0)
		return OK;
	out->offers = message_list(arena, MESSAGE_OF(offer), point->offer_count);
	if (out->offers == NULL)
		return no_memory();
	out->n_offers = point->offer_count;
	for (size_t i = 0; i < point->offer_count; i++) {
		const DecidedOffer *decided = &point->offers[i];
		Offer *offer = out->offers[i];
		offer->treatment_code = (char *)decided->treatment_code;
		offer->offer_code = snapshot->offers[decided->id.offer]->code;
		offer->offer_name = snapshot->offers[decided->id.offer]->name;
		offer->score = decided->score.final;
		offer->n_attributes = snapshot->offers[decided->id.offer]->n_attributes;
		offer->attributes = prepared->attributes[decided->id.offer];
	}
	return OK;
}

static Err map_candidates(const Plan *plan, const PointDecision *point, Arena *arena, PointOffers *out)
{
	if (point->candidate_count == 0)
		return OK;
	out->candidates = message_list(arena, MESSAGE_OF(candidate), point->candidate_count);
	if (out->candidates == NULL)
		return no_memory();
	out->n_candidates = point->candidate_count;
	for (size_t i = 0; i < point->candidate_count; i++) {
		const DecidedCandidate *decided = &point->candidates[i];
		Candidate *candidate = out->candidates[i];
		TreatmentFacts facts = treatment_facts(plan, decided->id, (uint32_t)point->point);
		candidate->offer_code = (char *)facts.offer_code.ptr;
		candidate->treatment_rule = (char *)facts.rule.ptr;
		candidate->segment = (char *)facts.segment.ptr;
		candidate->campaign = (char *)facts.campaign.ptr;
		candidate->cell = (char *)facts.cell.ptr;
		candidate->reason = (char *)reason_name(decided->reason);
		candidate->score = decided->score.final;
		candidate->predicate = arena_cstr(arena, decided->predicate);
		if (candidate->predicate == NULL)
			return no_memory();
	}
	return OK;
}

static Err map_point(
        const Session *session, const char *name, const PointDecision *point, Arena *arena, PointOffers *out)
{
	const Snapshot *snapshot = plan_snapshot(session->plan);
	out->interaction_point = (char *)name;
	if (point->point < 0) {
		Advisories advisories = {0};
		advise(&advisories, ADVISORY_POINT_UNKNOWN, str(name));
		out->n_advisories = advisories_map(&advisories, arena, &out->advisories);
		return OK;
	}
	out->default_content = snapshot->points[point->point]->default_content;
	TRY(map_offers(session, point, arena, out));
	return map_candidates(session->plan, point, arena, out);
}

Err map_points(const Session *session, const GetOffersRequest *in, const Decision *decision, Arena *arena,
        GetOffersResponse *out)
{
	out->points = message_list(arena, MESSAGE_OF(point_offers), decision->count);
	if (out->points == NULL)
		return no_memory();
	out->n_points = decision->count;
	for (size_t p = 0; p < decision->count; p++)
		TRY(map_point(session, in->points[p]->interaction_point, &decision->points[p], arena,
		        out->points[p]));
	return OK;
}
