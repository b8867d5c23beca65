// A snapshot's view: names' IDs ↔ the snapshot's indexes, and the volumes that its constraints look at,
// counted along from its making on. Shards know the views by a list that is replaced, shard by shard; once
// all have the new one, nobody uses the old one.
#include "visitor/internal.h"

#include "base/cleanup.h"

#include <stdlib.h>

typedef Parley__Snapshot__V1__Constraint Constraint;
typedef Parley__Snapshot__V1__Snapshot Snapshot;

#define OVERALL  PARLEY__SNAPSHOT__V1__CONSTRAINT_SCOPE__CONSTRAINT_SCOPE_OVERALL
#define CONTACTS PARLEY__SNAPSHOT__V1__COUNTED__COUNTED_CONTACTS

enum { ARENA_BLOCK = 16 * 1024, NOT_HERE = -1 };

// --- making one ---

static Err no_memory(void)
{
	return err(ERR_NO_MEMORY, "no memory for visitor state's view of a snapshot");
}

static Err name_levels(VisitorView *view, const Snapshot *snapshot)
{
	view->levels = ARENA_ARRAY(view->arena, const Name *, snapshot->n_audience_levels + 1);
	if (view->levels == NULL)
		return no_memory();
	for (size_t i = 0; i < snapshot->n_audience_levels; i++) {
		Name *name = NULL;
		TRY(names_add(view->visitors->places, str(snapshot->channel),
		        str(snapshot->audience_levels[i]->name), &name));
		view->levels[i] = name;
	}
	return OK;
}

static Err name_offers(VisitorView *view, const Snapshot *snapshot)
{
	view->offer_count = snapshot->n_offers;
	view->offers = ARENA_ARRAY(view->arena, Name *, view->offer_count + 1);
	if (view->offers == NULL)
		return no_memory();
	for (size_t i = 0; i < view->offer_count; i++) {
		Name *name = NULL;
		TRY(names_add(view->visitors->offers, str(snapshot->channel), str(snapshot->offers[i]->code),
		        &name));
		view->offers[i] = name;
		view->name_count = name->id >= view->name_count ? name->id + 1 : view->name_count;
	}
	view->indexes = ARENA_ARRAY(view->arena, int32_t, (size_t)view->name_count + 1);
	if (view->indexes == NULL)
		return no_memory();
	for (uint32_t i = 0; i < view->name_count; i++)
		view->indexes[i] = NOT_HERE;
	for (size_t i = 0; i < view->offer_count; i++)
		view->indexes[view->offers[i]->id] = (int32_t)i;
	return OK;
}

static Err list_volumes(VisitorView *view, const Snapshot *snapshot)
{
	view->constraint_count = snapshot->n_constraints;
	view->volumes = ARENA_ARRAY(view->arena, Volume, snapshot->n_constraints + 1);
	view->first_volume = ARENA_ARRAY(view->arena, uint32_t, view->offer_count + 2);
	if (view->volumes == NULL || view->first_volume == NULL)
		return no_memory();
	for (size_t c = 0; c < snapshot->n_constraints; c++) {
		const Constraint *constraint = snapshot->constraints[c];
		if (constraint->scope != OVERALL)
			continue;
		Volume *volume = &view->volumes[view->volume_count++];
		volume->constraint = c;
		volume->period = constraint->period;
		volume->kind = constraint->counted == CONTACTS ? FACT_CONTACT : FACT_ACCEPT;
		for (size_t i = 0; i < constraint->n_offers; i++)
			view->first_volume[constraint->offers[i] + 2]++;
	}
	return OK;
}

// Counting sort of (offer, volume) by offer.
static Err index_volumes(VisitorView *view, const Snapshot *snapshot)
{
	uint32_t *first = view->first_volume;
	for (size_t i = 0; i <= view->offer_count; i++)
		first[i + 1] += first[i];
	view->volumes_of = ARENA_ARRAY(view->arena, uint32_t, (size_t)first[view->offer_count + 1] + 1);
	if (view->volumes_of == NULL)
		return no_memory();
	for (size_t v = 0; v < view->volume_count; v++) {
		const Constraint *constraint = snapshot->constraints[view->volumes[v].constraint];
		for (size_t i = 0; i < constraint->n_offers; i++)
			view->volumes_of[first[constraint->offers[i] + 1]++] = (uint32_t)v;
	}
	return OK;
}

static Err fill(VisitorView *view, const Snapshot *snapshot)
{
	TRY(name_levels(view, snapshot));
	TRY(name_offers(view, snapshot));
	TRY(list_volumes(view, snapshot));
	return index_volumes(view, snapshot);
}

// --- cuts ---

unsigned visitors_cut(Visitors *visitors, void (*turn)(void *context, Shard *shard),
        void (*after)(void *context, Shard *shard), void *context)
{
	unsigned half = visitors->shards[0].half;
	for (size_t s = 0; s < VISITOR_SHARDS; s++) {
		Shard *shard = &visitors->shards[s];
		pthread_mutex_lock(&shard->lock);
		turn(context, shard);
		shard->half = !half;
		pthread_mutex_unlock(&shard->lock);
		if (after != NULL)
			after(context, shard);
	}
	return half;
}

static void count_over(Counts halves[2], unsigned half)
{
	counts_merge(&halves[!half], &halves[half]);
	counts_clear(&halves[half]);
}

void visitors_cut_over(Visitors *visitors, unsigned half)
{
	for (uint32_t i = 0, count = names_count(visitors->offers); i < count; i++) {
		OfferCounts *counts = atomic_load(&names_at(visitors->offers, i)->counts);
		if (counts == NULL)
			continue;
		count_over(counts->contacts, half);
		count_over(counts->accepts, half);
	}
}

// --- which views count along ---

static void set_views(void *context, Shard *shard)
{
	shard->views = context;
}

static ViewList *list_with(const ViewList *list, VisitorView *view)
{
	size_t count = list ? list->count : 0;
	ViewList *next = calloc(1, sizeof *next + (count + 1) * sizeof *next->items);
	for (size_t i = 0; i < count && next != NULL; i++) {
		VisitorView *other = atomic_load(&list->items[i]);
		if (other != NULL)
			atomic_store(&next->items[next->count++], other);
	}
	if (next != NULL)
		atomic_store(&next->items[next->count++], view);
	return next;
}

static void begin_volume(VisitorView *view, Volume *volume, const Constraint *constraint, unsigned half)
{
	for (size_t i = 0; i < constraint->n_offers; i++) {
		OfferCounts *counts = atomic_load(&view->offers[constraint->offers[i]]->counts);
		if (counts == NULL)
			continue;
		Counts *halves = volume->kind == FACT_CONTACT ? counts->contacts : counts->accepts;
		count_slots_merge(volume->slots, halves[half].slots[volume->period - PERIOD_FIRST]);
	}
}

// From each shard's turn on, the view counts along; what came before is in the half that stands still then.
static Err join(VisitorView *view, const Snapshot *snapshot)
{
	Visitors *visitors = view->visitors;
	LOCKED(&visitors->cutting);
	pthread_mutex_lock(&visitors->viewing);
	ViewList *former = visitors->views, *list = list_with(former, view);
	unsigned half = list ? visitors_cut(visitors, set_views, NULL, list) : 0;
	if (list != NULL) {
		visitors->views = list;
		free(former);
	}
	pthread_mutex_unlock(&visitors->viewing);
	if (list == NULL)
		return no_memory();
	for (size_t v = 0; v < view->volume_count; v++)
		begin_volume(
		        view, &view->volumes[v], snapshot->constraints[view->volumes[v].constraint], half);
	visitors_cut_over(visitors, half);
	return OK;
}

Err visitor_view_new(Visitors *visitors, const Snapshot *snapshot, VisitorView **ret)
{
	CLEANUP(arena_freep) Arena *arena = arena_new(ARENA_BLOCK, 0);
	VisitorView *view = arena ? ARENA_NEW(arena, VisitorView) : NULL;
	if (view == NULL)
		return no_memory();
	view->visitors = visitors;
	view->arena = arena;
	view->snapshot = snapshot;
	TRY(fill(view, snapshot));
	if (view->volume_count > 0)
		TRY(join(view, snapshot));
	(void)STEAL(arena);
	*ret = view;
	return OK;
}

// The list is not made anew, which could fail: the view's place in it becomes empty, and after a turn through
// the shards nobody has seen it there.
static void leave(VisitorView *view)
{
	Visitors *visitors = view->visitors;
	LOCKED(&visitors->viewing);
	for (size_t i = 0; i < visitors->views->count; i++)
		if (atomic_load(&visitors->views->items[i]) == view)
			atomic_store(&visitors->views->items[i], NULL);
	for (size_t s = 0; s < VISITOR_SHARDS; s++) {
		pthread_mutex_lock(&visitors->shards[s].lock);
		pthread_mutex_unlock(&visitors->shards[s].lock);
	}
}

void visitor_view_free(VisitorView *view)
{
	if (view == NULL)
		return;
	if (view->volume_count > 0)
		leave(view);
	arena_free(view->arena);
}

// --- counting and telling ---

static int32_t index_of(const VisitorView *view, uint32_t offer)
{
	return offer < view->name_count ? view->indexes[offer] : NOT_HERE;
}

static void count(VisitorView *view, uint32_t offer, FactKind kind, const PeriodNumbers *numbers)
{
	int32_t index = index_of(view, offer);
	if (index == NOT_HERE)
		return;
	for (uint32_t i = view->first_volume[index]; i < view->first_volume[index + 1]; i++) {
		Volume *volume = &view->volumes[view->volumes_of[i]];
		if (volume->kind != kind)
			continue;
		count_slot_add(volume->slots, numbers->of[volume->period - PERIOD_FIRST], 1);
		if (view->fresh != NULL)
			count_slot_add(view->fresh[view->volumes_of[i]],
			        numbers->of[volume->period - PERIOD_FIRST], 1);
	}
}

void views_count(const ViewList *views, uint32_t offer, FactKind kind, const PeriodNumbers *numbers)
{
	for (size_t i = 0; views != NULL && i < views->count; i++) {
		VisitorView *view = atomic_load_explicit(&views->items[i], memory_order_acquire);
		if (view != NULL)
			count(view, offer, kind, numbers);
	}
}

Err visitor_volumes(const VisitorView *view, int64_t as_of_us, Arena *arena, const uint64_t **ret)
{
	*ret = NULL;
	if (view->volume_count == 0)
		return OK;
	uint64_t *volumes = ARENA_ARRAY(arena, uint64_t, view->constraint_count);
	if (volumes == NULL)
		return err_retry(ERR_NO_MEMORY, 100, "no memory for what was counted; try again later");
	PeriodNumbers numbers = period_numbers(as_of_us);
	for (size_t v = 0; v < view->volume_count; v++) {
		const Volume *volume = &view->volumes[v];
		volumes[volume->constraint] =
		        count_slot_get(volume->slots, numbers.of[volume->period - PERIOD_FIRST]);
	}
	*ret = volumes;
	return OK;
}

static void tell(const FactSlot *slot, int32_t index, Fact *ret)
{
	FactKind kind = fact_kind(slot);
	*ret = (Fact){
	        .offer = (uint32_t)index, .count = fact_count(slot), .kind = kind, .time_us = slot->time_us};
	if (fact_slots(kind) == 1)
		return;
	ret->until_us = slot[1].until_us;
	ret->score = slot[1].score;
}

// Under the shard's lock. Returns how many there are.
static size_t tell_facts(const VisitorView *view, const Known *known, int64_t as_of_us, Fact *facts)
{
	FactRow row = known_row(known);
	int64_t retention_us = view->visitors->options.retention_us;
	size_t count = 0;
	for (size_t at = 0; at < row.count; at += fact_slots(fact_kind(&row.slots[at]))) {
		const FactSlot *slot = &row.slots[at];
		int32_t index = index_of(view, slot->offer);
		bool old = fact_kind(slot) == FACT_CONTACT && slot->time_us < as_of_us &&
		           as_of_us - slot->time_us > retention_us;
		if (index != NOT_HERE && !old)
			tell(slot, index, &facts[count++]);
	}
	return count;
}

static Err known_facts(const VisitorView *view, const Known *known, int64_t as_of_us, Arena *arena,
        const Fact **ret, size_t *ret_count)
{
	*ret = NULL;
	*ret_count = 0;
	if (known == NULL)
		return OK;
	Fact *facts = ARENA_ARRAY(arena, Fact, (size_t)known->slot_count + 1);
	if (facts == NULL)
		return err_retry(ERR_NO_MEMORY, 100, "no memory for a visitor's facts; try again later");
	*ret_count = tell_facts(view, known, as_of_us, facts);
	*ret = facts;
	return OK;
}

uint64_t visitor_place(const VisitorView *view, int level, Str audience_id)
{
	return visitor_hash(view->visitors, view->levels[level], audience_id);
}

Err visitor_facts_at(const VisitorView *view, uint64_t place, int level, Str audience_id, int64_t as_of_us,
        Arena *arena, const Fact **ret, size_t *ret_count)
{
	uint32_t level_id = view->levels[level]->id;
	Shard *shard = shard_of(view->visitors, place);
	if (view->visitors->options.alone)
		return known_facts(view, shard_find(shard, place, level_id, audience_id), as_of_us, arena,
		        ret, ret_count);
	LOCKED(&shard->lock);
	return known_facts(
	        view, shard_find(shard, place, level_id, audience_id), as_of_us, arena, ret, ret_count);
}

Err visitor_facts(const VisitorView *view, int level, Str audience_id, int64_t as_of_us, Arena *arena,
        const Fact **ret, size_t *ret_count)
{
	return visitor_facts_at(view, visitor_place(view, level, audience_id), level, audience_id, as_of_us,
	        arena, ret, ret_count);
}

void visitor_fetch(const VisitorView *view, uint64_t place)
{
	__builtin_prefetch(&shard_of(view->visitors, place)->buckets);
}
