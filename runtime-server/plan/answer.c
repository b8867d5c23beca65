// What a brief plan says of a decision: by the engine's own indexes, for all names stand in the snapshot, and
// codes follow from seeds. So a recommendation takes some fifty bytes and not four hundred.
#include "plan/lane.h"

#include "wire/write.h"

enum { ROOM = 64, OFFER_ROOM = 36 }; // an offer takes no more, tags included

// The fields of plan.proto.
enum { EFFECTS_ANSWERS = 7 };
enum { ANSWER_POINT = 1, ANSWER_CALL = 2, ANSWER_OFFERS = 3 };
enum { OFFER_OFFER = 1, OFFER_ORIGIN = 2, OFFER_SOURCE = 3, OFFER_SCORE = 4 };

static void write_offer(WireWriter *writer, const DecidedOffer *offer)
{
	size_t before = wire_written(writer);
	wire_double(writer, OFFER_SCORE, offer->score.final);
	wire_uint(writer, OFFER_SOURCE, offer->id.source);
	wire_uint(writer, OFFER_ORIGIN, (uint64_t)offer->id.origin);
	wire_uint(writer, OFFER_OFFER, offer->id.offer);
	wire_message(writer, ANSWER_OFFERS, before);
}

static Err put_point(Shelf *shelf, const PointDecision *point, uint64_t call)
{
	__attribute__((uninitialized)) uint8_t space[ROOM + DECIDE_OFFERS_MAX * OFFER_ROOM];
	WireWriter writer;
	wire_begin_in(&writer, space, sizeof space, NULL);
	for (size_t i = point->offer_count; i > 0; i--)
		write_offer(&writer, &point->offers[i - 1]);
	wire_uint(&writer, ANSWER_CALL, call);
	wire_uint(&writer, ANSWER_POINT, (uint64_t)point->point);
	wire_message(&writer, EFFECTS_ANSWERS, 0);
	Str packed = wire_done(&writer);
	return shelf_put(shelf, packed.ptr, packed.len);
}

Err answer_put(Shelf *shelf, const Decision *decision, uint64_t call)
{
	for (size_t p = 0; p < decision->count; p++)
		if (decision->points[p].point >= 0)
			TRY(put_point(shelf, &decision->points[p], call));
	return OK;
}
