// What stands under single visitors' names: their lists, their own scores, what they must never see. Entries
// stay where the snapshot has them; a hash finds the first of a visitor's.
#include "decide/build.h"

#include <xxhash.h>

static uint64_t visitor_hash(uint32_t level, Str id)
{
	return XXH3_64bits_withSeed(id.ptr ? id.ptr : "", id.len, level);
}

// Overrides and blacklist entries are looked at alike; they differ in where the fields are.
typedef struct Entry {
	uint32_t level;
	Str id;
} Entry;

static Entry override_at(const Snapshot *snapshot, size_t index)
{
	const SnapOverride *entry = snapshot->score_overrides[index];
	return (Entry){entry->audience_level, str(entry->audience_id)};
}

static Entry blacklist_at(const Snapshot *snapshot, size_t index)
{
	const SnapBlacklistEntry *entry = snapshot->blacklist[index];
	return (Entry){entry->audience_level, str(entry->audience_id)};
}

typedef Entry (*EntryAt)(const Snapshot *snapshot, size_t index);

static bool same_visitor(Entry a, Entry b)
{
	return a.level == b.level && str_eq(a.id, b.id);
}

static bool begins_visitor(const Snapshot *snapshot, EntryAt at, size_t index)
{
	return index == 0 || !same_visitor(at(snapshot, index), at(snapshot, index - 1));
}

static Err build_entries(const Snapshot *snapshot, EntryAt at, size_t count, Arena *arena, Probe *ret)
{
	size_t visitors = 0;
	for (size_t i = 0; i < count; i++)
		visitors += begins_visitor(snapshot, at, i);
	TRY(probe_init(visitors, arena, ret));
	for (uint32_t i = 0; i < count; i++) {
		Entry entry = at(snapshot, i);
		if (begins_visitor(snapshot, at, i))
			probe_put(ret, visitor_hash(entry.level, entry.id), i);
	}
	return OK;
}

static VisitorRange find_entries(
        const Snapshot *snapshot, EntryAt at, size_t count, const Probe *probe, Entry visitor)
{
	if (!count)
		return (VisitorRange){0};
	uint32_t slot = (uint32_t)visitor_hash(visitor.level, visitor.id);
	for (uint32_t first; probe_next(probe, &slot, &first);) {
		if (!same_visitor(at(snapshot, first), visitor))
			continue;
		VisitorRange range = {first, 1};
		while (first + range.count < count &&
		        same_visitor(at(snapshot, first + range.count), visitor))
			range.count++;
		return range;
	}
	return (VisitorRange){0};
}

VisitorRange plan_overrides(const Plan *plan, int level, Str audience_id)
{
	return find_entries(plan->snapshot, override_at, plan->snapshot->n_score_overrides, &plan->overrides,
	        (Entry){(uint32_t)level, audience_id});
}

VisitorRange plan_blacklist(const Plan *plan, int level, Str audience_id)
{
	return find_entries(plan->snapshot, blacklist_at, plan->snapshot->n_blacklist, &plan->blacklist,
	        (Entry){(uint32_t)level, audience_id});
}

// --- audience lists ---

bool plan_on_list(const Plan *plan, uint32_t list, Str audience_id)
{
	const SnapList *ids = plan->snapshot->audience_lists[list];
	uint32_t slot = (uint32_t)visitor_hash(ids->audience_level, audience_id);
	for (uint32_t i; probe_next(&plan->audience_lists[list], &slot, &i);) {
		if (str_eq(str(ids->ids[i]), audience_id))
			return true;
	}
	return false;
}

static Err build_list(const SnapList *list, Arena *arena, Probe *ret)
{
	TRY(probe_init(list->n_ids, arena, ret));
	for (uint32_t i = 0; i < list->n_ids; i++)
		probe_put(ret, visitor_hash(list->audience_level, str(list->ids[i])), i);
	return OK;
}

Err build_visitors(Builder *builder)
{
	const Snapshot *snapshot = builder->snapshot;
	Plan *plan = builder->plan;
	TRY(build_entries(
	        snapshot, override_at, snapshot->n_score_overrides, builder->arena, &plan->overrides));
	TRY(build_entries(snapshot, blacklist_at, snapshot->n_blacklist, builder->arena, &plan->blacklist));
	Probe *lists = ARENA_ARRAY(builder->arena, Probe, snapshot->n_audience_lists);
	if (!lists)
		return err(ERR_NO_MEMORY, "no memory for %zu audience lists", snapshot->n_audience_lists);
	for (size_t i = 0; i < snapshot->n_audience_lists; i++)
		TRY(build_list(snapshot->audience_lists[i], builder->arena, &lists[i]));
	plan->audience_lists = lists;
	return OK;
}
