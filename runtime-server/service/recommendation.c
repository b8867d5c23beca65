// One record is made for every answer, so it is written straight (wire/write.h) in the order of
// journal.proto's fields, from the last to the first; and what it says of rules and offers has been packed
// when the snapshot was loaded, so that nothing of the snapshot itself has to be fetched from memory.
#include "service/recommendation.h"

#include "wire/write.h"

enum { ROOM = 4096 }; // enough for a handful of offers, or a rule

// The fields of journal.proto.
enum { ENTRY_CONTEXT = 1, ENTRY_RECOMMENDATION = 4, ENTRY_RECEIPT = 7 };
enum {
	CONTEXT_CHANNEL = 1,
	CONTEXT_SESSION = 2,
	CONTEXT_LEVEL = 3,
	CONTEXT_AUDIENCE = 4,
	CONTEXT_VERSION = 5,
	CONTEXT_DIGEST = 6,
	CONTEXT_TIME = 7,
	CONTEXT_TRACE = 8,
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
enum {
	CODE_BYTES = TREATMENT_CODE_SIZE - 1,
	RANK_BYTES = 2,      // of a field with a small number
	RANK_SMALL = 0x80,   // from here on it takes more
	SCORE_BYTES = 1 + 8, // of a field with a score
};

typedef Parley__Snapshot__V1__TreatmentRule Rule;

static Err no_memory(void)
{
	return err_retry(ERR_NO_MEMORY, 100, "no memory for a journal record");
}

static void begin(WireWriter *writer, Arena *arena)
{
	static _Thread_local uint8_t space[ROOM];
	wire_begin_in(writer, space, sizeof space, arena);
}

// --- once a snapshot ---

static Err prepare_source(
        const Snapshot *snapshot, Origin origin, const Rule *rule, Arena *arena, PreparedSource *out)
{
	TreatmentFacts facts = {0};
	WireWriter writer;
	rule_facts(snapshot, rule, &facts);
	begin(&writer, arena);
	wire_text(&writer, OFFER_ORIGIN, str(origin_name(origin)));
	wire_text(&writer, OFFER_CELL, facts.cell);
	wire_text(&writer, OFFER_CAMPAIGN, facts.campaign);
	size_t behind = wire_written(&writer);
	wire_uint(&writer, OFFER_RANK, 1);
	wire_double(&writer, OFFER_SCORE, 1);
	size_t scored = wire_written(&writer);
	wire_text(&writer, OFFER_SEGMENT, facts.segment);
	wire_text(&writer, OFFER_RULE, facts.rule);
	size_t before = wire_written(&writer) - scored;
	wire_text(&writer, OFFER_CODE, str(snapshot->offers[rule->offer]->code));
	size_t coded = wire_written(&writer);
	wire_text(&writer, OFFER_TREATMENT, str_n((const char[TREATMENT_CODE_SIZE]){0}, CODE_BYTES));
	wire_message(&writer, RECOMMENDATION_OFFERS, 0);
	Str bytes = arena_str(arena, wire_done(&writer));
	if (wire_full(&writer) || bytes.ptr == NULL)
		return no_memory();
	*out = (PreparedSource){.bytes = bytes.ptr,
	        .offer = rule->offer,
	        .len = (uint32_t)bytes.len,
	        .treatment = (uint32_t)(bytes.len - coded - CODE_BYTES),
	        .before = (uint32_t)before,
	        .behind = (uint32_t)behind};
	return OK;
}

static Err prepare_sources(const Snapshot *snapshot, Origin origin, Rule *const *rules, size_t count,
        Arena *arena, Prepared *prepared)
{
	PreparedSource *sources = ARENA_ARRAY(arena, PreparedSource, count + 1);
	if (sources == NULL)
		return no_memory();
	prepared->sources[origin] = sources;
	for (size_t i = 0; i < count; i++)
		TRY(prepare_source(snapshot, origin, rules[i], arena, &sources[i]));
	return OK;
}

Err recommendation_prepare(const Snapshot *snapshot, Arena *arena, Prepared *prepared)
{
	TRY(prepare_sources(snapshot, ORIGIN_RULE, snapshot->rules, snapshot->n_rules, arena, prepared));
	return prepare_sources(
	        snapshot, ORIGIN_GLOBAL, snapshot->global_offers, snapshot->n_global_offers, arena, prepared);
}

// --- each time ---

static void write_context(WireWriter *writer, const Session *session, int64_t time_us)
{
	const Deployed *deployed = session->pin;
	const Snapshot *snapshot = plan_snapshot(session->plan);
	const Digest *digest = deployed_digest(deployed);
	size_t before = wire_written(writer);
	wire_text(writer, CONTEXT_TRACE, trace_span_ids(session->span));
	wire_uint(writer, CONTEXT_TIME, (uint64_t)time_us);
	wire_text(writer, CONTEXT_DIGEST, str_n((const char *)digest->bytes, sizeof digest->bytes));
	wire_uint(writer, CONTEXT_VERSION, deployed_version(deployed));
	wire_text(writer, CONTEXT_AUDIENCE, session->audience_id);
	wire_text(writer, CONTEXT_LEVEL, str(snapshot->audience_levels[session->level]->name));
	wire_text(writer, CONTEXT_SESSION, session_id(session));
	wire_text(writer, CONTEXT_CHANNEL, str(snapshot->channel));
	wire_message(writer, ENTRY_CONTEXT, before);
}

// NULL: an origin that there is nothing to tell of.
static const PreparedSource *source_of(const Prepared *prepared, const CandidateId *id)
{
	return (size_t)id->origin < ARRAY_COUNT(prepared->sources)
	               ? &prepared->sources[id->origin][id->source]
	               : NULL;
}

// As nearly all are: prepared to the last byte but for what is this one's own.
static bool stamp_offer(
        WireWriter *writer, const PreparedSource *source, const DecidedOffer *decided, size_t rank)
{
	if (source == NULL || source->offer != decided->id.offer || decided->score.final == 0 ||
	        rank >= RANK_SMALL)
		return false;
	uint8_t *at = wire_room(writer, source->len);
	if (at == NULL)
		return true; // it is full, and told so in the end
	uint8_t *behind = at + source->len - source->behind;
	memcpy(at, source->bytes, source->len);
	memcpy(at + source->treatment, decided->treatment_code, CODE_BYTES);
	memcpy(behind - RANK_BYTES - sizeof(double), &decided->score.final, sizeof(double)); // little-endian
	behind[-1] = (uint8_t)rank;
	return true;
}

static void write_offer(
        WireWriter *writer, const Prepared *prepared, const DecidedOffer *decided, size_t rank)
{
	const PreparedSource *source = source_of(prepared, &decided->id);
	if (stamp_offer(writer, source, decided, rank))
		return;
	Str code = prepared->offers[decided->id.offer].code;
	size_t before = wire_written(writer);
	if (source != NULL)
		wire_raw(writer, source->bytes + source->len - source->behind, source->behind);
	else
		wire_text(writer, OFFER_ORIGIN, str(origin_name(decided->id.origin)));
	wire_uint(writer, OFFER_RANK, rank);
	wire_double(writer, OFFER_SCORE, decided->score.final);
	if (source != NULL)
		wire_raw(writer,
		        source->bytes + source->len - source->behind - RANK_BYTES - SCORE_BYTES -
		                source->before,
		        source->before);
	wire_raw(writer, code.ptr, code.len);
	wire_text(writer, OFFER_TREATMENT, str_n(decided->treatment_code, CODE_BYTES));
	wire_message(writer, RECOMMENDATION_OFFERS, before);
}

static void write_point(
        WireWriter *writer, const Session *session, const PointDecision *decision, uint64_t seed)
{
	const Snapshot *snapshot = plan_snapshot(session->plan);
	const Parley__Snapshot__V1__InteractionPoint *point = snapshot->points[decision->point];
	size_t before = wire_written(writer);
	wire_uint(writer, RECOMMENDATION_SEED, seed);
	for (size_t i = decision->offer_count; i > 0; i--)
		write_offer(writer, deployed_prepared(session->pin), &decision->offers[i - 1], i);
	wire_text(writer, RECOMMENDATION_ZONE, str(snapshot->zones[point->zone]->name));
	wire_text(writer, RECOMMENDATION_POINT, str(point->name));
	wire_message(writer, ENTRY_RECOMMENDATION, before);
}

// Returns how many bytes at the record's end are the receipt's.
static size_t write_record(WireWriter *writer, const Session *session, const PointDecision *decision,
        const DecideRequest *request, Str receipt)
{
	wire_text(writer, ENTRY_RECEIPT, receipt);
	size_t behind = wire_written(writer);
	write_point(writer, session, decision, request->seed);
	write_context(writer, session, request->as_of_us);
	return behind;
}

static Err record_point(Service *service, const Session *session, const PointDecision *decision,
        const DecideRequest *request, Str receipt, Arena *arena)
{
	WireWriter writer;
	begin(&writer, arena);
	size_t behind = write_record(&writer, session, decision, request, receipt);
	if (wire_written(&writer) > JOURNAL_PAYLOAD_MAX && receipt.len > receipt_too_long().len) {
		begin(&writer, arena); // rather no receipt than no record
		behind = write_record(&writer, session, decision, request, receipt_too_long());
	}
	if (wire_full(&writer))
		return no_memory();
	Str code =
	        decision->offer_count > 0 ? str_n(decision->offers[0].treatment_code, CODE_BYTES) : STR("");
	return visitors_record_recommendation(
	        service->options.visitors, wire_done(&writer), behind, code, decision->offer_count);
}

// The point whose record has the receipt: it is found by the decision's first treatment code, if it has any.
static size_t telling_point(const Decision *decision)
{
	size_t first = decision->count;
	for (size_t p = decision->count; p-- > 0;)
		if (decision->points[p].point >= 0 &&
		        (decision->points[p].offer_count > 0 || first == decision->count ||
		                decision->points[first].offer_count == 0))
			first = p;
	return first;
}

Err record_decision(
        Service *service, const Session *session, const Decision *decision, Receipt *receipt, Arena *arena)
{
	size_t telling = telling_point(decision);
	Str bytes = {0};
	TRY(decision_digest(decision, arena, &receipt->digest));
	TRY(receipt_write(session->plan, receipt, arena, &bytes));
	for (size_t p = 0; p < decision->count; p++)
		if (decision->points[p].point >= 0)
			TRY(record_point(service, session, &decision->points[p], &receipt->request,
			        p == telling ? bytes : (Str){0}, arena));
	return OK;
}
