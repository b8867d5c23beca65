// Forgetting one visitor. Each shard that knows him is told by a record of its own, under its own lock, so
// that it sees it in the journal's order like any other; a record names what the shard finds him by, a hash
// or treatment codes, and never his ID.
#include "visitor/keeper.h"

#include "base/cleanup.h"
#include "wire/wire.h"

typedef Parley__Journal__V1__Context Context;
typedef Parley__Journal__V1__Entry Entry;
typedef Parley__Journal__V1__VisitorErased VisitorErased;

enum { SCRATCH = 64 << 10, CODES_AT_ONCE = 1000 };

typedef struct Erasing {
	Visitors *visitors;
	Str erasure, level, audience_id;
	int64_t now_us;
	Arena *arena; // of one record
	VisitorsErased *ret;
} Erasing;

static Err no_memory(void)
{
	return err_retry(ERR_NO_MEMORY, 100, "no memory to forget a visitor");
}

static Err tell(const Erasing *erasing, Str channel, VisitorErased *erased)
{
	Context context = PARLEY__JOURNAL__V1__CONTEXT__INIT;
	Entry entry = PARLEY__JOURNAL__V1__ENTRY__INIT;
	Str payload = {0};
	context.channel = arena_cstr(erasing->arena, channel);
	context.audience_level = arena_cstr(erasing->arena, channel.len > 0 ? erasing->level : STR(""));
	context.time_us = erasing->now_us;
	erased->erasure = arena_cstr(erasing->arena, erasing->erasure);
	if (context.channel == NULL || context.audience_level == NULL || erased->erasure == NULL)
		return no_memory();
	entry.context = &context;
	entry.what_case = PARLEY__JOURNAL__V1__ENTRY__WHAT_VISITOR_ERASED;
	entry.visitor_erased = erased;
	TRY(wire_pack(&entry.base, erasing->arena, &payload));
	return journal_append(erasing->visitors->options.journal, STR(""), payload, NULL, NULL);
}

// --- what is remembered ---

static Known *find_by_hash(const Shard *shard, const Name *place, uint64_t seed, uint64_t hash)
{
	for (Known *known = shard->oldest; known != NULL; known = known->newer)
		if (known->place == place->id &&
		        visitor_hash_with(seed, place, str_n(known->id, known->id_len)) == hash)
			return known;
	return NULL;
}

bool shard_erase(Shard *shard, const Name *place, uint64_t seed, uint64_t hash)
{
	Known *known = find_by_hash(shard, place, seed, hash);
	if (known != NULL)
		shard_forget(shard, known);
	return known != NULL;
}

static Err erase_state(const Erasing *erasing, const Name *place)
{
	Visitors *visitors = erasing->visitors;
	VisitorErased erased = PARLEY__JOURNAL__V1__VISITOR_ERASED__INIT;
	erased.hash_seed = visitors->seed;
	erased.hash = visitor_hash(visitors, place, erasing->audience_id);
	Shard *shard = shard_of(visitors, erased.hash);
	LOCKED(&shard->lock);
	Known *known = shard_find(shard, erased.hash, place->id, erasing->audience_id);
	if (known == NULL)
		return OK;
	TRY(tell(erasing, name_channel(place), &erased));
	shard_forget(shard, known);
	erasing->ret->states++;
	return OK;
}

static Err erase_states(Erasing *erasing)
{
	const Names *places = erasing->visitors->places;
	for (uint32_t i = 0; i < names_count(places); i++) {
		arena_reset(erasing->arena);
		if (str_eq(name_text(names_at(places, i)), erasing->level))
			TRY(erase_state(erasing, names_at(places, i)));
	}
	return OK;
}

// --- what was recommended ---

typedef struct Hits {
	const Erasing *erasing;
	Arena *scratch;
	char **codes; // the first of each record
	size_t count;
	bool failed;
} Hits;

static bool is_theirs(const Entry *entry, const Erasing *erasing)
{
	return entry->what_case == PARLEY__JOURNAL__V1__ENTRY__WHAT_RECOMMENDATION &&
	       entry->context != NULL && entry->recommendation->n_offers > 0 &&
	       str_eq(str(entry->context->audience_level), erasing->level) &&
	       str_eq(str(entry->context->audience_id), erasing->audience_id);
}

// Nearly all records do not have the ID in them at all.
static void look(void *context, uint64_t key, size_t count, Str payload)
{
	Hits *found = context;
	ProtobufCMessage *message = NULL;
	Str id = found->erasing->audience_id;
	(void)key;
	(void)count;
	if (found->count == CODES_AT_ONCE || memmem(payload.ptr, payload.len, id.ptr, id.len) == NULL)
		return;
	arena_reset(found->scratch);
	if (wire_unpack(&parley__journal__v1__entry__descriptor, payload, 0, found->scratch, &message) != OK)
		return;
	const Entry *entry = (const Entry *)message;
	if (!is_theirs(entry, found->erasing))
		return;
	char *code = arena_cstr(found->erasing->arena, str(entry->recommendation->offers[0]->treatment_code));
	found->failed |= code == NULL;
	if (code != NULL)
		found->codes[found->count++] = code;
}

static void blank_all(const Erasing *erasing, TreatmentShard *shard, const Hits *found)
{
	for (size_t i = 0; i < found->count; i++) {
		uint64_t key = 0;
		Str code = str(found->codes[i]);
		if (treatment_shard_of(erasing->visitors, code, &key) == shard)
			erasing->ret->recommendations +=
			        treatments_blank(erasing->visitors, shard, key, code);
	}
}

// At most so many; sets whether there may be more.
static Err erase_some(const Erasing *erasing, TreatmentShard *shard, Arena *scratch, bool *ret_more)
{
	Hits found = {.erasing = erasing, .scratch = scratch};
	VisitorErased erased = PARLEY__JOURNAL__V1__VISITOR_ERASED__INIT;
	uint64_t place = 0;
	found.codes = ARENA_ARRAY(erasing->arena, char *, CODES_AT_ONCE);
	if (found.codes == NULL)
		return no_memory();
	LOCKED(&shard->lock);
	while (treatments_visit(erasing->visitors, shard, &place, shard->head, look, &found))
		continue;
	*ret_more = found.count == CODES_AT_ONCE;
	if (found.failed)
		return no_memory();
	if (found.count == 0)
		return OK;
	erased.treatment_codes = found.codes;
	erased.n_treatment_codes = found.count;
	TRY(tell(erasing, STR(""), &erased));
	blank_all(erasing, shard, &found);
	return OK;
}

static Err erase_treatments(Erasing *erasing, Arena *scratch)
{
	for (size_t i = 0; i < TREATMENT_SHARDS; i++)
		for (bool more = true; more;) {
			arena_reset(erasing->arena);
			TRY(erase_some(erasing, &erasing->visitors->treatments[i], scratch, &more));
		}
	return OK;
}

// --- all of it ---

Err visitors_erase(
        Visitors *visitors, Str erasure, Str level, Str audience_id, int64_t now_us, VisitorsErased *ret)
{
	CLEANUP(arena_freep) Arena *arena = arena_new(SCRATCH, 0);
	CLEANUP(arena_freep) Arena *scratch = arena_new(SCRATCH, 0);
	Erasing erasing = {visitors, erasure, level, audience_id, now_us, arena, ret};
	*ret = (VisitorsErased){0};
	if (arena == NULL || scratch == NULL)
		return no_memory();
	TRY(erase_states(&erasing));
	return erase_treatments(&erasing, scratch);
}

Err visitors_note_erased(Visitors *visitors, Str erasure, int64_t now_us)
{
	CLEANUP(arena_freep) Arena *arena = arena_new(1024, 0);
	const Erasing erasing = {.visitors = visitors, .erasure = erasure, .now_us = now_us, .arena = arena};
	VisitorErased erased = PARLEY__JOURNAL__V1__VISITOR_ERASED__INIT;
	return arena != NULL ? tell(&erasing, STR(""), &erased) : no_memory();
}

Err visitors_rewrite(Visitors *visitors, uint64_t *ret_files)
{
	bool damaged = false;
	TRY(keeper_checkpoint(visitors->keeper));
	TRY(keeper_checkpoint(visitors->keeper));
	TRY(keeper_drop_damaged(visitors, &damaged));
	*ret_files = damaged;
	return OK;
}
