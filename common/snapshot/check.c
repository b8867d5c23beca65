// Signed does not mean well formed: a runtime trusts nothing in a blob that it has not checked. The lists are
// rows of one table, so that limits, names, order and uniqueness are checked by one loop; what stands in an
// item is the other files' of this name. All names are checked before any item, so that whatever an index
// within its bounds finds is there.
#include "snapshot/internal.h"

#include <stddef.h>

enum {
	LEVELS_MAX = 64,
	TIMEOUT_MAX_S = 30 * 86400,
};

typedef struct List {
	const char *name;
	size_t count_offset, items_offset; // in Snapshot
	size_t name_offset;                // in an item
	size_t max;
	bool (*form)(Str name);
	CheckItem check;
} List;

#define LIST(list, item, key, max, form, check)                                                              \
	{                                                                                                    \
#list, offsetof(Snapshot, n_##list), offsetof(Snapshot, list), offsetof(item, key), (max),   \
		        (form), (check)                                                                      \
	}
static const List lists[] = {
        LIST(audience_levels, SnapLevel, name, LEVELS_MAX, name_is_plain, check_level),
        LIST(zones, SnapZone, name, 4096, name_is_plain, check_zone),
        LIST(points, SnapPoint, name, 65536, name_is_plain, check_point),
        LIST(events, SnapEvent, name, 4096, name_is_plain, check_event),
        LIST(segments, SnapSegment, name, 65536, name_is_plain, check_segment),
        LIST(audience_lists, SnapList, name, 4096, name_is_plain, check_audience_list),
        LIST(flows, SnapFlow, name, 256, name_is_plain, check_flow),
        LIST(offers, SnapOffer, code, 1 << 20, name_is_code, check_offer),
        LIST(offer_lists, SnapOfferList, name, 65536, name_is_plain, check_offer_list),
        LIST(campaigns, SnapCampaign, code, 65536, name_is_code, check_campaign),
        LIST(rules, SnapRule, name, 1 << 20, name_is_plain, check_rule),
        LIST(global_offers, SnapRule, name, 65536, name_is_plain, check_global_offer),
        LIST(suppressions, SnapSuppression, name, 4096, name_is_plain, check_suppression),
        LIST(constraints, SnapConstraint, name, 4096, name_is_plain, check_constraint),
};

static const void *list_item(const Snapshot *snapshot, const List *list, size_t index)
{
	const void *const *items = *(const void *const *const *)((const char *)snapshot + list->items_offset);
	return items[index];
}

static size_t list_count(const Snapshot *snapshot, const List *list)
{
	return *(const size_t *)((const char *)snapshot + list->count_offset);
}

static Err check_list_names(const Snapshot *snapshot, const List *list)
{
	size_t count = list_count(snapshot, list);
	if (count > list->max)
		return INVALID("%zu %s, at most %zu are allowed", count, list->name, list->max);
	Str previous = {0};
	for (size_t i = 0; i < count; i++) {
		const char *item = list_item(snapshot, list, i);
		Str name = str(*(char *const *)(item + list->name_offset));
		if (!list->form(name))
			return INVALID(
			        "%s[%zu]: '%.80s' is not a name of the right form", list->name, i, name.ptr);
		if (i > 0 && str_cmp(previous, name) >= 0)
			return INVALID(
			        "%s[%zu]: '%s' is there twice or out of order", list->name, i, name.ptr);
		previous = name;
	}
	return OK;
}

static Err check_list_items(Check *check, const List *list)
{
	for (size_t i = 0; i < list_count(check->snapshot, list); i++) {
		const char *item = list_item(check->snapshot, list, i);
		Err e = list->check(check, item);
		if (e)
			return err_context(
			        e, "%s '%s'", list->name, *(char *const *)(item + list->name_offset));
	}
	return OK;
}

static Err check_head(const Snapshot *snapshot)
{
	if (snapshot->format != SNAPSHOT_FORMAT)
		return INVALID("the snapshot has format %u, this program knows %d", snapshot->format,
		        SNAPSHOT_FORMAT);
	if (snapshot->least_engine > SNAPSHOT_ENGINE)
		return err(ERR_SNAPSHOT_ENGINE,
		        "the snapshot needs engine %u, this program has %d: update it first",
		        snapshot->least_engine, SNAPSHOT_ENGINE);
	if (!name_is_plain(str(snapshot->channel)))
		return INVALID("the channel '%.80s' is not a name", snapshot->channel);
	if (snapshot->session_timeout_s == 0 || snapshot->session_timeout_s > TIMEOUT_MAX_S)
		return INVALID("the session time-out is %u s, 1 to %d are allowed",
		        snapshot->session_timeout_s, TIMEOUT_MAX_S);
	if (snapshot->n_audience_levels == 0)
		return INVALID("the channel has no audience level: nobody could open a session");
	return OK;
}

static Err make_schemas(const Snapshot *snapshot, Arena *arena, const ExprSchema **ret)
{
	ExprSchema *schemas = ARENA_ARRAY(arena, ExprSchema, snapshot->n_audience_levels);
	if (!schemas)
		return err(ERR_NO_MEMORY, "no memory for the schemas");
	for (size_t i = 0; i < snapshot->n_audience_levels; i++)
		TRY(snapshot_schema(snapshot->audience_levels[i], arena, &schemas[i]));
	*ret = schemas;
	return OK;
}

Err snapshot_check(const Snapshot *snapshot)
{
	TRY(check_head(snapshot));
	for (size_t i = 0; i < ARRAY_COUNT(lists); i++)
		TRY(check_list_names(snapshot, &lists[i]));

	CLEANUP(arena_freep) Arena *arena = arena_new(16 * 1024, 0);
	if (!arena)
		return err(ERR_NO_MEMORY, "no memory for the check");
	Check check = {.snapshot = snapshot, .arena = arena};
	TRY(make_schemas(snapshot, arena, &check.schemas));
	for (size_t i = 0; i < ARRAY_COUNT(lists); i++)
		TRY(check_list_items(&check, &lists[i]));
	TRY(check_visitors(&check));
	return check_triggers(&check);
}
