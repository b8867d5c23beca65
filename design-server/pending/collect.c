// What a build is made of. With marks it begins from what runs and not from what is there now: what nobody
// marked stays out, however it was changed meanwhile.
#include "pending/internal.h"

enum { PAGE = 1000, BUILD_PAGE = 10000, KIND_MAX = 1 << 20, NEEDS_MAX = 4 };

// --- the working configuration ---

static Err read_kind(Pg *pg, const Kind *kind, Str channel, Arena *arena, Pile *pile)
{
	Str after_channel = {0}, after_name = {0};
	size_t count, total = 0;
	do {
		Resource *page;
		TRY(resource_list(pg, kind, channel, after_channel, after_name, PAGE, arena, &page, &count));
		if ((total += count) > KIND_MAX)
			return err(ERR_LIMIT, "more than %d resources of kind %s: split the channel",
			        KIND_MAX, kind->name);
		for (size_t i = 0; i < count; i++)
			TRY(pile_add(pile, &page[i], arena));
		if (count) {
			after_channel = page[count - 1].channel;
			after_name = page[count - 1].name;
		}
	} while (count == PAGE);
	return OK;
}

Err configuration_all(Pg *pg, Str channel, Arena *arena, Collected *ret)
{
	const Kind *channel_kind = kind_by_name(STR("Channel"));
	Pile pile = {0};
	Resource itself;
	TRY(resource_get(pg, channel_kind, (Str){0}, channel, RESOURCE_READ, arena, &itself));
	TRY(pile_add(&pile, &itself, arena));
	for (size_t i = 0; i < KIND_COUNT; i++) {
		if (&kinds[i] != channel_kind)
			TRY(read_kind(pg, &kinds[i], kind_has_channel(&kinds[i]) ? channel : (Str){0}, arena,
			        &pile));
	}
	resources_sort(pile.items, pile.count);
	*ret = (Collected){.channel = channel, .items = pile.items, .count = pile.count};
	return OK;
}

Err configuration_working(Pg *pg, Str channel, Arena *arena, Collected *ret)
{
	TRY(configuration_all(pg, channel, arena, ret));
	return resources_reach(ret, arena, NULL);
}

// --- what was built ---

static Err read_item(const PgResult *rows, size_t row, Arena *arena, Pile *pile)
{
	const Kind *kind = kind_by_name(pg_text(rows, row, 0));
	Resource item;
	if (!kind)
		return err(ERR_INTERNAL, "a build has a kind " STR_FMT " that this program does not know",
		        STR_ARG(pg_text(rows, row, 0)));
	TRY(resource_of_spec(kind, arena_str(arena, pg_text(rows, row, 1)),
	        arena_str(arena, pg_text(rows, row, 2)), arena_str(arena, pg_text(rows, row, 3)), arena,
	        &item));
	return pile_add(pile, &item, arena);
}

Err configuration_of_build(Pg *pg, int64_t build, Arena *arena, Collected *ret)
{
	CLEANUP(pg_result_freep) PgResult *found = NULL;
	Pile pile = {0};
	TRY(SQL_RUN(pg, &found, build_get, P_I64(build)));
	if (!pg_rows(found))
		return err(ERR_RESOURCE_NOT_FOUND, "there is no build %lld", (long long)build);
	TRY(pg_query(pg, STORE_TIMEOUT_MS, sql_plan_anew, NULL, 0, NULL));
	int64_t count = pg_i64(found, 0, 4);
	for (int64_t first = 1; first <= count; first += BUILD_PAGE) {
		CLEANUP(pg_result_freep) PgResult *rows = NULL;
		TRY(SQL_RUN(
		        pg, &rows, build_items, P_I64(build), P_I64(first), P_I64(first + BUILD_PAGE - 1)));
		for (size_t i = 0; i < pg_rows(rows); i++)
			TRY(read_item(rows, i, arena, &pile));
	}
	resources_sort(pile.items, pile.count);
	*ret = (Collected){
	        .channel = arena_str(arena, pg_text(found, 0, 0)), .items = pile.items, .count = pile.count};
	return OK;
}

// --- marks over what runs ---

typedef struct Overlay {
	const Collected *working; // with all global resources
	const Mark *marks;
	size_t mark_count;
	Arena *arena;
} Overlay;

// What is new has to be marked with what uses it, and what is gone with what used it.
static const char *need(const Overlay *overlay, Str channel, const Missing *missing)
{
	bool is_new = configuration_find(overlay->working, missing->kind, missing->name);
	const Kind *kind = is_new ? missing->kind : missing->from->kind;
	Str name = is_new ? missing->name : missing->from->name;
	return arena_printf(overlay->arena, "%s needs %s, which %s: %s",
	        resource_title(
	                missing->from->kind, missing->from->channel, missing->from->name, overlay->arena),
	        resource_title(missing->kind, (Str){0}, missing->name, overlay->arena),
	        is_new ? "is not marked and does not run there yet" : "is marked to be removed",
	        mark_command("mark", channel, kind, name, overlay->arena));
}

static Err incomplete(const Overlay *overlay, Str channel, const MissingList *missing)
{
	const char *text = "";
	size_t shown = missing->count < NEEDS_MAX ? missing->count : NEEDS_MAX;
	for (size_t i = 0; i < shown; i++)
		text = arena_printf(overlay->arena, "%s%s%s", text, i ? "; " : "",
		        need(overlay, channel, &missing->items[i]));
	return err(ERR_MARKS_INCOMPLETE, "what is marked of " STR_FMT " is not whole: %s%s", STR_ARG(channel),
	        text, missing->count > shown ? "; and more" : "");
}

static Err lay_over(const Overlay *overlay, Collected *ret)
{
	Pile pile = {0};
	bool *replaced = ARENA_ARRAY(overlay->arena, bool, ret->count);
	if (!replaced)
		return pending_no_memory();
	for (size_t i = 0; i < overlay->mark_count; i++) {
		const Mark *mark = &overlay->marks[i];
		const Resource *now = configuration_find(overlay->working, mark->kind, mark->name);
		const Resource *before = configuration_find(ret, mark->kind, mark->name);
		if (before)
			replaced[before - ret->items] = true;
		if (now)
			TRY(pile_add(&pile, now, overlay->arena));
	}
	for (size_t i = 0; i < ret->count; i++)
		if (!replaced[i])
			TRY(pile_add(&pile, &ret->items[i], overlay->arena));
	resources_sort(pile.items, pile.count);
	ret->items = pile.items;
	ret->count = pile.count;
	return OK;
}

static Err overlay_marks(const Overlay *overlay, Str channel, Collected *ret)
{
	MissingList missing = {0};
	TRY(lay_over(overlay, ret));
	TRY(resources_reach(ret, overlay->arena, &missing));
	return missing.count ? incomplete(overlay, channel, &missing) : OK;
}

static Err note_marks(const Mark *marks, size_t count, Arena *arena, Collected *ret)
{
	ret->marks = ARENA_ARRAY(arena, int64_t, count);
	ret->mark_count = count;
	if (!ret->marks)
		return pending_no_memory();
	for (size_t i = 0; i < count; i++)
		ret->marks[i] = marks[i].id;
	return OK;
}

Err configuration_collect(Pg *pg, Str channel, Str environment, Arena *arena, Collected *ret)
{
	Collected working;
	Mark *marks;
	size_t count;
	int64_t running;
	bool whole = false;
	TRY(configuration_all(pg, channel, arena, &working));
	TRY(marks_of_channel(pg, channel, arena, &marks, &count));
	TRY(configuration_running(pg, environment, channel, &running));
	for (size_t i = 0; i < count; i++)
		whole |= !marks[i].kind;
	*ret = working;
	if (!count || whole || !running) {
		TRY(resources_reach(ret, arena, NULL));
	} else {
		const Overlay overlay = {&working, marks, count, arena};
		TRY(configuration_of_build(pg, running, arena, ret));
		TRY(overlay_marks(&overlay, channel, ret));
	}
	ret->channel = channel;
	return note_marks(marks, count, arena, ret);
}
