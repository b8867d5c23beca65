// What a brief plan says of a decision: by the engine's own indexes, for all names stand in the snapshot, and
// codes follow from seeds. So a recommendation takes some fifty bytes and not four hundred.
#include "plan/lane.h"

#include "plan/pack.h"

// The fields of plan.proto.
enum { EFFECTS_ANSWERS = 7 };
enum { ANSWER_POINT = 1, ANSWER_CALL = 2, ANSWER_OFFERS = 3 };
enum { OFFER_OFFER = 1, OFFER_ORIGIN = 2, OFFER_SOURCE = 3, OFFER_SCORE = 4 };

enum {
	HEAD = 2, // of a message whose length is below 128
	OFFER_ROOM = HEAD + 3 * PACK_SHORT_ROOM + PACK_DOUBLE_ROOM,
	ROOM = 3 * PACK_NUMBER_ROOM, // and the offers
};
_Static_assert(OFFER_ROOM - HEAD < 0x80, "an offer's length is one byte");

static uint8_t *pack_offer(uint8_t *at, const DecidedOffer *offer)
{
	uint8_t *end = pack_number(at + HEAD, OFFER_OFFER, offer->id.offer);
	end = pack_number(end, OFFER_ORIGIN, (uint64_t)offer->id.origin);
	end = pack_number(end, OFFER_SOURCE, offer->id.source);
	end = pack_double(end, OFFER_SCORE, offer->score.final);
	pack_length(at, ANSWER_OFFERS, (size_t)(end - at - HEAD));
	return end;
}

// Nearly all are short: only a long one moves to make room for its length.
static Err put_point(Shelf *shelf, const PointDecision *point, uint64_t call)
{
	uint8_t length[PACK_NUMBER_ROOM];
	uint8_t *at = shelf_room(shelf, ROOM + point->offer_count * OFFER_ROOM);
	if (at == NULL)
		return ERR_NO_MEMORY;
	uint8_t *end = pack_number(at + HEAD, ANSWER_POINT, (uint64_t)point->point);
	end = pack_number(end, ANSWER_CALL, call);
	for (size_t i = 0; i < point->offer_count; i++)
		end = pack_offer(end, &point->offers[i]);
	size_t len = (size_t)(end - at - HEAD);
	size_t head = (size_t)(pack_length(length, EFFECTS_ANSWERS, len) - length);
	if (head != HEAD)
		memmove(at + head, at + HEAD, len);
	memcpy(at, length, head);
	shelf_wrote(shelf, head + len);
	return OK;
}

Err answer_put(Shelf *shelf, const Decision *decision, uint64_t call)
{
	for (size_t p = 0; p < decision->count; p++)
		if (decision->points[p].point >= 0)
			TRY(put_point(shelf, &decision->points[p], call));
	return OK;
}
