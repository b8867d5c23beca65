// A decision in 64 bits. All of it is laid out first and hashed in one go, which is faster than hashing it
// piece by piece.
#include "decide/receipt_form.h"

#include <xxhash.h>

enum { OFFER_BYTES = 64 }; // of an offer, before its attributes

static inline uint8_t *store(uint8_t *at, const void *bytes, size_t size)
{
	memcpy(at, bytes, size);
	return at + size;
}

// Numbers as they are in memory: programs are little-endian too.
static void put_offer(ReceiptWriter *writer, const DecidedOffer *offer)
{
	uint8_t origin = (uint8_t)offer->id.origin, overridden = offer->score.overridden;
	double override = overridden ? offer->score.override : 0;
	uint32_t attributes = (uint32_t)offer->attribute_count;
	if (!writer_has(writer, OFFER_BYTES))
		return;
	uint8_t *at = writer->at;
	at = store(at, &origin, sizeof origin);
	at = store(at, &offer->id.source, sizeof offer->id.source);
	at = store(at, &offer->id.offer, sizeof offer->id.offer);
	at = store(at, &offer->score.marketer, sizeof offer->score.marketer);
	at = store(at, &overridden, sizeof overridden);
	at = store(at, &override, sizeof override);
	at = store(at, &offer->score.final, sizeof offer->score.final);
	at = store(at, offer->treatment_code, TREATMENT_CODE_SIZE - 1);
	at = store(at, &attributes, sizeof attributes);
	writer->at = at;
	for (size_t i = 0; i < offer->attribute_count; i++) {
		put_number(writer, offer->attributes[i].attribute);
		put_value(writer, offer->attributes[i].value);
	}
}

Err decision_digest(const Decision *decision, Arena *arena, uint64_t *ret)
{
	size_t offers = 0;
	for (size_t p = 0; p < decision->count; p++)
		offers += decision->points[p].offer_count;
	ReceiptWriter writer = {.arena = arena};
	if (!writer_has(&writer, (offers + decision->count) * OFFER_BYTES))
		return err(ERR_NO_MEMORY, "no memory for a decision's digest");
	put_number(&writer, decision->count);
	for (size_t p = 0; p < decision->count; p++) {
		const PointDecision *point = &decision->points[p];
		put_number(&writer, (uint64_t)(point->point + 1));
		put_number(&writer, point->offer_count);
		for (size_t i = 0; i < point->offer_count; i++)
			put_offer(&writer, &point->offers[i]);
	}
	if (writer.failed)
		return err(ERR_NO_MEMORY, "no memory for a decision's digest");
	*ret = XXH3_64bits(writer.start, (size_t)(writer.at - writer.start));
	return OK;
}
