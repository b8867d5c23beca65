// The record of what getOffers answered. One is made for every answer, so it is written straight
// (wire/write.h) in the order of journal.proto's fields, from the last to the first.
#include "service/record.h"

#include "wire/write.h"

enum { ROOM = 2048 }; // enough for a handful of offers

// The fields of journal.proto.
enum { ENTRY_CONTEXT = 1, ENTRY_RECOMMENDATION = 4 };
enum {
	CONTEXT_CHANNEL = 1,
	CONTEXT_SESSION = 2,
	CONTEXT_LEVEL = 3,
	CONTEXT_AUDIENCE = 4,
	CONTEXT_VERSION = 5,
	CONTEXT_DIGEST = 6,
	CONTEXT_TIME = 7,
};
enum {
	RECOMMENDATION_POINT = 1,
	RECOMMENDATION_ZONE = 2,
	RECOMMENDATION_OFFERS = 3,
	RECOMMENDATION_SEED = 4
};
enum {
	OFFER_TREATMENT = 1,
	OFFER_CODE = 2,
	OFFER_RULE = 3,
	OFFER_SEGMENT = 4,
	OFFER_SCORE = 5,
	OFFER_RANK = 6,
	OFFER_CAMPAIGN = 7,
	OFFER_CELL = 8,
	OFFER_ORIGIN = 9,
};

static void write_context(WireWriter *writer, const Session *session, int64_t time_us)
{
	const Deployed *deployed = session->pin;
	const Snapshot *snapshot = plan_snapshot(session->plan);
	const Digest *digest = deployed_digest(deployed);
	size_t before = wire_written(writer);
	wire_uint(writer, CONTEXT_TIME, (uint64_t)time_us);
	wire_text(writer, CONTEXT_DIGEST, str_n((const char *)digest->bytes, sizeof digest->bytes));
	wire_uint(writer, CONTEXT_VERSION, deployed_version(deployed));
	wire_text(writer, CONTEXT_AUDIENCE, session->audience_id);
	wire_text(writer, CONTEXT_LEVEL, str(snapshot->audience_levels[session->level]->name));
	wire_text(writer, CONTEXT_SESSION, session_id(session));
	wire_text(writer, CONTEXT_CHANNEL, str(snapshot->channel));
	wire_message(writer, ENTRY_CONTEXT, before);
}

static void write_offer(
        WireWriter *writer, const DecidedOffer *decided, const TreatmentFacts *facts, size_t rank)
{
	size_t before = wire_written(writer);
	wire_text(writer, OFFER_ORIGIN, str(origin_name(decided->id.origin)));
	wire_text(writer, OFFER_CELL, facts->cell);
	wire_text(writer, OFFER_CAMPAIGN, facts->campaign);
	wire_uint(writer, OFFER_RANK, rank);
	wire_double(writer, OFFER_SCORE, decided->score.final);
	wire_text(writer, OFFER_SEGMENT, facts->segment);
	wire_text(writer, OFFER_RULE, facts->rule);
	wire_text(writer, OFFER_CODE, facts->offer_code);
	wire_text(writer, OFFER_TREATMENT, str_n(decided->treatment_code, TREATMENT_CODE_SIZE - 1));
	wire_message(writer, RECOMMENDATION_OFFERS, before);
}

static void write_point(WireWriter *writer, const Plan *plan, const PointDecision *decision, uint64_t seed)
{
	const Snapshot *snapshot = plan_snapshot(plan);
	const Parley__Snapshot__V1__InteractionPoint *point = snapshot->points[decision->point];
	size_t before = wire_written(writer);
	wire_uint(writer, RECOMMENDATION_SEED, seed);
	for (size_t i = decision->offer_count; i > 0; i--) {
		const DecidedOffer *decided = &decision->offers[i - 1];
		TreatmentFacts facts = treatment_facts(plan, decided->id, (uint32_t)decision->point);
		write_offer(writer, decided, &facts, i);
	}
	wire_text(writer, RECOMMENDATION_ZONE, str(snapshot->zones[point->zone]->name));
	wire_text(writer, RECOMMENDATION_POINT, str(point->name));
	wire_message(writer, ENTRY_RECOMMENDATION, before);
}

static Err record_point(Service *service, const Session *session, int64_t now_us,
        const PointDecision *decision, uint64_t seed, Arena *arena)
{
	WireWriter writer;
	wire_begin(&writer, arena, ROOM);
	write_point(&writer, session->plan, decision, seed);
	write_context(&writer, session, now_us);
	Str entry = wire_done(&writer);
	if (entry.ptr == NULL)
		return err_retry(ERR_NO_MEMORY, 100, "no memory for a journal record");
	Str code = decision->offer_count > 0
	                   ? str_n(decision->offers[0].treatment_code, TREATMENT_CODE_SIZE - 1)
	                   : STR("");
	return visitors_record_recommendation(service->options.visitors, entry, code, decision->offer_count);
}

Err record_decision(Service *service, const Session *session, int64_t now_us, const Decision *decision,
        uint64_t seed, Arena *arena)
{
	for (size_t p = 0; p < decision->count; p++)
		if (decision->points[p].point >= 0)
			TRY(record_point(service, session, now_us, &decision->points[p], seed, arena));
	return OK;
}
