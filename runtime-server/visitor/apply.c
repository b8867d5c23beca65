// visitors_record, and what an entry means: recording and folding share it, so that they cannot differ.
#include "visitor/internal.h"

#include "base/cleanup.h"
#include "wire/wire.h"
#include "wire/write.h"

#include <xxhash.h>

typedef Parley__Journal__V1__Context Context;
typedef Parley__Journal__V1__Effect Effect;
typedef Parley__Journal__V1__Entry Entry;
typedef Parley__Journal__V1__EventPosted EventPosted;
typedef struct Change_effect ChangeEffect;

#define EFFECT(name) PARLEY__JOURNAL__V1__EFFECT_KIND__EFFECT_KIND_##name
#define WHAT(name)   PARLEY__JOURNAL__V1__ENTRY__WHAT_##name

static bool kind_of(const Effect *effect, FactKind *ret)
{
	switch (effect->kind) {
	case EFFECT(CONTACT):
		*ret = FACT_CONTACT;
		return true;
	case EFFECT(ACCEPT):
		*ret = FACT_ACCEPT;
		return true;
	case EFFECT(REJECT):
		*ret = FACT_REJECT;
		return true;
	case EFFECT(SUPPRESS):
		*ret = FACT_SUPPRESS;
		return true;
	case EFFECT(QUALIFY):
		*ret = FACT_QUALIFY;
		return true;
	default: // of a newer runtime server
		return false;
	}
}

static Err no_memory(void)
{
	return err_retry(ERR_NO_MEMORY, 100, "no memory to remember what happened to a visitor");
}

static Err effect_of(Visitors *visitors, const char *channel, const Effect *effect, int64_t time_us,
        FactKind kind, ChangeEffect *ret)
{
	bool counted = kind == FACT_CONTACT || kind == FACT_ACCEPT;
	TRY(names_add(visitors->offers, str(channel), str(effect->offer_code), &ret->offer));
	ret->counts = counted ? name_counts(ret->offer) : NULL;
	if (counted && ret->counts == NULL)
		return no_memory();
	ret->fact = (Fact){
	        .offer = ret->offer->id,
	        .count = 1,
	        .kind = kind,
	        .time_us = time_us,
	        .until_us = effect->until_us != 0 ? effect->until_us : INT64_MAX,
	        .score = effect->score,
	};
	return OK;
}

Err change_of(Visitors *visitors, const EventPosted *event, const Context *context, Str event_id,
        Arena *arena, Change *ret)
{
	bool other = event->treatment_audience_level[0] != '\0';
	const char *level = other ? event->treatment_audience_level : context->audience_level;
	*ret = (Change){
	        .audience_id = str(other ? event->treatment_audience_id : context->audience_id),
	        .event = event_id.len > 0 ? XXH3_64bits(event_id.ptr, event_id.len) : 0,
	        .time_us = context->time_us,
	        .effects = ARENA_ARRAY(arena, ChangeEffect, event->n_effects + 1),
	};
	if (ret->effects == NULL)
		return no_memory();
	if (ret->audience_id.len > AUDIENCE_ID_MAX)
		return err(ERR_LIMIT, "an audience ID has at most %d bytes", AUDIENCE_ID_MAX);
	for (size_t i = 0; i < event->n_effects; i++) {
		FactKind kind;
		if (!kind_of(event->effects[i], &kind))
			continue;
		TRY(effect_of(visitors, context->channel, event->effects[i], context->time_us, kind,
		        &ret->effects[ret->count++]));
	}
	TRY(names_add(visitors->places, str(context->channel), str(level), &ret->place));
	ret->hash = visitor_hash(visitors, ret->place, ret->audience_id);
	return OK;
}

const EventPosted *entry_event(const Entry *entry, EventPosted *scratch)
{
	if (entry->what_case == WHAT(EVENT_POSTED) && entry->event_posted->n_effects > 0)
		return entry->event_posted;
	bool brought = entry->what_case == WHAT(EFFECTS_APPLIED);
	if (!brought && (entry->what_case != WHAT(RESPONSE_POSTED) || entry->response_posted->n_effects == 0))
		return NULL;
	parley__journal__v1__event_posted__init(scratch);
	scratch->effects = brought ? entry->effects_applied->effects : entry->response_posted->effects;
	scratch->n_effects = brought ? entry->effects_applied->n_effects : entry->response_posted->n_effects;
	return scratch;
}

Str entry_treatment(const Entry *entry, size_t *ret_count)
{
	if (entry->what_case != WHAT(RECOMMENDATION) || entry->recommendation->n_offers == 0)
		return (Str){0};
	*ret_count = entry->recommendation->n_offers;
	return str(entry->recommendation->offers[0]->treatment_code);
}

size_t entry_behind(const Entry *entry, Str payload)
{
	enum { TAG = 7 << 3 | 2 }; // field 7, bytes
	size_t len = entry->receipt.len, size = len > 0 ? 1 + wire_varint_size(len) + len : 0;
	bool last = size > 0 && size < payload.len && (uint8_t)payload.ptr[payload.len - size] == TAG &&
	            memcmp(payload.ptr + payload.len - len, entry->receipt.data, len) == 0;
	return last ? size : 0;
}

// --- recording ---

// What goes along with an append.
typedef struct Append {
	Str event_id, payload;
	size_t behind; // bytes at the payload's end that are not remembered
	JournalDone done;
	void *context;
} Append;

static Err append(Visitors *visitors, const Append *what)
{
	return journal_append(
	        visitors->options.journal, what->event_id, what->payload, what->done, what->context);
}

static Err record_change(Visitors *visitors, const Change *change, const Append *what)
{
	Shard *shard = shard_of(visitors, change->hash);
	LOCKED(&shard->lock);
	if (shard_event_known(shard, change->event))
		return append(visitors, what);
	Known *known = shard_reserve(visitors, shard, change);
	if (known == NULL)
		return no_memory();
	Err e = append(visitors, what);
	if (e == OK)
		shard_apply(visitors, shard, change, known);
	else
		known_discard(shard, known);
	return e;
}

static Err record_treatments(Visitors *visitors, Str code, size_t count, const Append *what)
{
	uint64_t key = 0;
	TreatmentShard *shard = treatment_shard_of(visitors, code, &key);
	if (shard == NULL)
		return append(visitors, what);
	LOCKED(&shard->lock);
	TRY(treatments_reserve(visitors, shard));
	TRY(append(visitors, what));
	treatments_put(
	        visitors, shard, key, count, str_n(what->payload.ptr, what->payload.len - what->behind));
	return OK;
}

Err visitors_record_recommendation(Visitors *visitors, Str entry, size_t behind, Str code, size_t count)
{
	const Append what = {.payload = entry, .behind = behind};
	return count > 0 && !visitors->options.no_treatments ? record_treatments(visitors, code, count, &what)
	                                                     : append(visitors, &what);
}

Err visitors_record(
        Visitors *visitors, const Entry *entry, Str event_id, Arena *arena, JournalDone done, void *context)
{
	Append what = {.event_id = event_id, .done = done, .context = context};
	TRY(wire_pack(&entry->base, arena, &what.payload));
	what.behind = entry_behind(entry, what.payload);
	size_t count = 0;
	Str code = entry_treatment(entry, &count);
	if (code.len > 0)
		return record_treatments(visitors, code, count, &what);
	EventPosted scratch;
	const EventPosted *event = entry_event(entry, &scratch);
	if (event == NULL)
		return append(visitors, &what);
	Change change;
	TRY(change_of(visitors, event, entry->context, event_id, arena, &change));
	return change.count > 0 ? record_change(visitors, &change, &what) : append(visitors, &what);
}
