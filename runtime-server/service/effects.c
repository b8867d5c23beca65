// ApplyEffects: what became known elsewhere reaches visitors' state here: an accept that a file told of, a
// response that another server took. Each visitor's effects are a record of their own, so that the fold over
// the journal has them as it has those of events. The call is answered when all of it is on disk; whoever
// cannot tell whether it was sends it again, and what a shard remembers the ID of is applied once.
#include "service/check.h"
#include "service/internal.h"

#include <stdio.h>

enum { VISITORS_MAX = 256 }; // of a call: as many as a shard remembers the IDs of, if they were all of one

typedef Parley__Journal__V1__Context Context;
typedef Parley__Journal__V1__Effect Effect;
typedef Parley__Journal__V1__EffectsApplied EffectsApplied;
typedef Parley__Journal__V1__Entry Entry;
typedef Parley__Runtime__V1__VisitorEffects VisitorEffects;

typedef struct Applying {
	RpcCall *call;
	ApplyEffectsResponse out;
} Applying;

// --- what it may hold ---

static Err check_text(size_t i, const char *field, const char *text)
{
	char path[64];
	snprintf(path, sizeof path, "visitors[%zu].%s", i, field);
	if (!*text)
		return err_at(ERR_FIELD_MISSING, path, "it is empty");
	return strlen(text) <= AUDIENCE_ID_MAX ? OK : err_at(ERR_FIELD_INVALID, path, "it is too long");
}

static Err check_effects(size_t i, const VisitorEffects *in)
{
	char path[64];
	snprintf(path, sizeof path, "visitors[%zu].effects", i);
	if (in->n_effects == 0)
		return err_at(ERR_FIELD_MISSING, path, "name what happened");
	for (size_t e = 0; e < in->n_effects; e++)
		if (in->effects[e]->kind <= 0 ||
		        in->effects[e]->kind > PARLEY__JOURNAL__V1__EFFECT_KIND__EFFECT_KIND_QUALIFY ||
		        !*in->effects[e]->offer_code)
			return err_at(ERR_FIELD_INVALID, path,
			        "effect %zu is of no known kind or names no offer", e);
	return OK;
}

static Err check(const ApplyEffectsRequest *in)
{
	if (in->n_visitors == 0 || in->n_visitors > VISITORS_MAX)
		return err_at(ERR_FIELD_INVALID, "visitors", "there are %zu; send 1 to %d in a call",
		        in->n_visitors, VISITORS_MAX);
	for (size_t i = 0; i < in->n_visitors; i++) {
		const VisitorEffects *visitor = in->visitors[i];
		TRY(check_text(i, "effect_id", visitor->effect_id));
		TRY(check_text(i, "channel", visitor->channel));
		TRY(check_text(i, "audience_level", visitor->audience_level));
		TRY(check_text(i, "audience_id", visitor->audience_id));
		TRY(check_effects(i, visitor));
	}
	return OK;
}

// --- taking it ---

static void on_disk(void *context, Err result)
{
	Applying *applying = context;
	if (result == OK)
		rpc_reply(applying->call, &applying->out.base);
	else
		rpc_fail(applying->call, result);
}

static Err record(Service *service, const VisitorEffects *in, int64_t now_us, Arena *arena, JournalDone done,
        void *context)
{
	Context shared = PARLEY__JOURNAL__V1__CONTEXT__INIT;
	EffectsApplied applied = PARLEY__JOURNAL__V1__EFFECTS_APPLIED__INIT;
	Entry entry = PARLEY__JOURNAL__V1__ENTRY__INIT;
	shared.channel = in->channel;
	shared.audience_level = in->audience_level;
	shared.audience_id = in->audience_id;
	shared.time_us = now_us; // one clock for the state of all visitors
	applied.effect_id = in->effect_id;
	applied.happened_us = in->happened_us;
	applied.effects = in->effects;
	applied.n_effects = in->n_effects;
	entry.context = &shared;
	entry.what_case = PARLEY__JOURNAL__V1__ENTRY__WHAT_EFFECTS_APPLIED;
	entry.effects_applied = &applied;
	return visitors_record(service->options.visitors, &entry, str(in->effect_id), arena, done, context);
}

// The journal writes in order: when the last is on disk, all are.
static Err apply(Service *service, const ApplyEffectsRequest *in, Applying *applying)
{
	int64_t now_us = wall_now(service);
	TRY(check(in));
	for (size_t i = 0; i < in->n_visitors; i++) {
		bool last = i + 1 == in->n_visitors;
		TRY(record(service, in->visitors[i], now_us, rpc_arena(applying->call), last ? on_disk : NULL,
		        last ? applying : NULL));
	}
	return OK;
}

void handle_apply_effects(void *service, RpcCall *call, const ProtobufCMessage *request)
{
	Applying *applying = ARENA_NEW(rpc_arena(call), Applying);
	Err e = applying != NULL ? OK : err(ERR_NO_MEMORY, "no memory for the call; try again later");
	if (e == OK) {
		*applying = (Applying){call, PARLEY__RUNTIME__V1__APPLY_EFFECTS_RESPONSE__INIT};
		e = apply(service, (const ApplyEffectsRequest *)request, applying);
	}
	if (e != OK)
		rpc_fail(call, e);
}
