// ListPendingChanges. Every page reads both sides anew and goes on behind the last resource of the page
// before: what changes between two pages neither repeats nor skips what stays.
#include "pending/internal.h"
#include "store/page.h"
#include "wire/timestamp.h"

enum { ARENA_BLOCK = 256 * 1024, PAGE_BYTES_MAX = 1024 * 1024 };

typedef Parley__Design__V1__PendingChange PendingChange;
typedef Parley__Design__V1__ListPendingChangesResponse Response;

typedef struct Side {
	Collected configuration;
	Parley__Design__V1__ComparedBuild *build; // NULL: none
} Side;

typedef struct List {
	const Pending *pending;
	Arena *arena;
	const Parley__Design__V1__ListPendingChangesRequest *in;
	const Environment *environment, *first, *from; // first of the line; from may be NULL
	Str after_kind, after_name;
	size_t limit;
	Side before, after;
	Collected all; // what there is, also what the channel does not reach; if that is compared
	Graph before_graph, after_graph;
	Mark *marks;
	size_t mark_count;
	const Mark *whole; // the mark on all of the channel, or NULL
	Response *out;
} List;

// --- the request ---

static Str query_of(const List *list)
{
	return str(arena_printf(list->arena, "pending/%s/" STR_FMT "/%s/%d", list->in->channel,
	        STR_ARG(list->environment->name), list->in->from, list->in->next_deployment));
}

// "KIND/NAME"; names have no '/'.
static Err read_position(List *list)
{
	Str position;
	TRY(page_token_read(str(list->in->page_token), query_of(list), list->arena, &position));
	const char *slash = position.len ? memchr(position.ptr, '/', position.len) : NULL;
	if (!position.len)
		return OK;
	if (!slash)
		return err_at(ERR_PAGE_TOKEN_INVALID, "page_token",
		        "it says no position: start again without a token");
	list->after_kind = str_n(position.ptr, (size_t)(slash - position.ptr));
	list->after_name = str_n(slash + 1, position.len - list->after_kind.len - 1);
	return OK;
}

static Err find_environments(List *list)
{
	const Environments *all = list->pending->environments;
	if (!all->count)
		return err_at(ERR_ENVIRONMENT_UNKNOWN, "environment", "no environment is declared");
	list->environment = &all->items[0];
	if (*list->in->environment)
		TRY(environment_find(all, str(list->in->environment), &list->environment));
	if (*list->in->from)
		TRY(environment_find(all, str(list->in->from), &list->from));
	list->first = list->environment;
	while (list->first->promotes_from.len)
		TRY(environment_find(all, list->first->promotes_from, &list->first));
	return OK;
}

static Err check_request(List *list)
{
	if (!*list->in->channel)
		return err_at(ERR_FIELD_MISSING, "channel", "name the channel");
	if (*list->in->from && list->in->next_deployment)
		return err_at(ERR_FIELD_INVALID, "from",
		        "the next deployment is built from the working configuration: leave one of the two "
		        "out");
	TRY(find_environments(list));
	TRY(read_position(list));
	return page_size(list->in->page_size, &list->limit);
}

// --- the two sides ---

static Err read_build(Pg *pg, int64_t id, Arena *arena, Side *ret)
{
	CLEANUP(pg_result_freep) PgResult *rows = NULL;
	char hex[65];
	TRY(configuration_of_build(pg, id, arena, &ret->configuration));
	TRY(SQL_RUN(pg, &rows, build_get, P_I64(id)));
	Str digest = pg_bytes(rows, 0, 1, arena);
	ret->build = ARENA_NEW(arena, Parley__Design__V1__ComparedBuild);
	if (!ret->build || digest.len != 32)
		return pending_no_memory();
	hex_encode((const uint8_t *)digest.ptr, digest.len, hex);
	*ret->build = (Parley__Design__V1__ComparedBuild)PARLEY__DESIGN__V1__COMPARED_BUILD__INIT;
	ret->build->digest = arena_cstr(arena, str(hex));
	ret->build->author = arena_cstr(arena, pg_text(rows, 0, 2));
	ret->build->create_time = wire_timestamp(pg_time(rows, 0, 3), arena);
	return OK;
}

static Err read_environment(Pg *pg, const List *list, const Environment *environment, Side *ret)
{
	int64_t build;
	*ret = (Side){0};
	TRY(configuration_running(pg, environment->name, str(list->in->channel), &build));
	return build ? read_build(pg, build, list->arena, ret) : OK;
}

static Err read_marks(Pg *pg, List *list)
{
	TRY(marks_of_channel(pg, str(list->in->channel), list->arena, &list->marks, &list->mark_count));
	list->whole = NULL;
	for (size_t i = 0; i < list->mark_count; i++)
		if (!list->marks[i].kind)
			list->whole = &list->marks[i];
	return OK;
}

static Err read_after(Pg *pg, List *list)
{
	Str channel = str(list->in->channel);
	if (list->from)
		return read_environment(pg, list, list->from, &list->after);
	list->after = (Side){0};
	if (list->in->next_deployment)
		return configuration_collect(
		        pg, channel, list->first->name, list->arena, &list->after.configuration);
	TRY(configuration_all(pg, channel, list->arena, &list->all));
	list->after.configuration = list->all;
	TRY(resources_reach(&list->after.configuration, list->arena, NULL));
	if (!list->mark_count)
		return OK;
	Collected ignored;
	Err e = configuration_collect(pg, channel, list->first->name, list->arena, &ignored);
	if (e == ERR_MARKS_INCOMPLETE) {
		list->out->marks_error = arena_cstr(list->arena, str(err_detail()->message));
		return list->out->marks_error ? OK : pending_no_memory();
	}
	return e;
}

static Err read_sides(Pg *pg, void *context)
{
	List *list = context;
	Resource channel;
	TRY(resource_get(pg, kind_by_name(STR("Channel")), (Str){0}, str(list->in->channel), RESOURCE_READ,
	        list->arena, &channel));
	TRY(read_marks(pg, list));
	TRY(read_environment(pg, list, list->environment, &list->before));
	return read_after(pg, list);
}

// --- the answer ---

static const Resource *thing(const Change *change)
{
	return change->after ? change->after : change->before;
}

static const Mark *mark_of(const List *list, const Change *change)
{
	for (size_t i = 0; i < list->mark_count; i++)
		if (list->marks[i].kind == thing(change)->kind &&
		        str_eq(list->marks[i].name, thing(change)->name))
			return &list->marks[i];
	return list->whole;
}

static void count(const List *list, const Change *changes, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		list->out->added += !changes[i].before;
		list->out->removed += !changes[i].after;
		list->out->changed += changes[i].before && changes[i].after;
		list->out->marked += list->mark_count && mark_of(list, &changes[i]);
	}
}

static bool is_behind(const List *list, const Resource *resource)
{
	const Kind *kind = kind_by_name(list->after_kind);
	if (!kind || resource->kind != kind)
		return !kind || resource->kind > kind;
	return str_cmp(resource->name, list->after_name) > 0;
}

static Err map_change(List *list, const Change *change, PendingChange **ret)
{
	PendingChange *out = *ret = ARENA_NEW(list->arena, PendingChange);
	const Mark *mark = mark_of(list, change);
	if (!out)
		return pending_no_memory();
	*out = (PendingChange)PARLEY__DESIGN__V1__PENDING_CHANGE__INIT;
	out->resource = map_resource_name(thing(change), list->arena);
	out->mark = mark ? map_mark(mark, list->arena) : NULL;
	if (!out->resource || (mark && !out->mark))
		return pending_no_memory();
	out->type = !change->before  ? PARLEY__DESIGN__V1__PENDING_CHANGE_TYPE__PENDING_CHANGE_TYPE_ADDED
	            : !change->after ? PARLEY__DESIGN__V1__PENDING_CHANGE_TYPE__PENDING_CHANGE_TYPE_REMOVED
	                             : PARLEY__DESIGN__V1__PENDING_CHANGE_TYPE__PENDING_CHANGE_TYPE_CHANGED;
	out->unused =
	        !change->after && configuration_find(&list->all, thing(change)->kind, thing(change)->name);
	TRY(change_fields(change, list->arena, out));
	// What is removed is asked of what runs: there alone is what named it.
	return graph_dependents(
	        change->after ? &list->after_graph : &list->before_graph, thing(change), list->arena, out);
}

static size_t bytes_of(const PendingChange *change)
{
	size_t bytes = 0;
	for (size_t i = 0; i < change->n_fields; i++)
		bytes += strlen(change->fields[i]->path) + strlen(change->fields[i]->before) +
		         strlen(change->fields[i]->after);
	return bytes;
}

static Err fill_page(List *list, const Change *changes, size_t count)
{
	Response *out = list->out;
	size_t bytes = 0, i = 0;
	const Resource *last = NULL;
	while (i < count && !is_behind(list, thing(&changes[i])))
		i++;
	out->changes = ARENA_ARRAY(list->arena, PendingChange *, list->limit);
	if (!out->changes)
		return pending_no_memory();
	for (; i < count && out->n_changes < list->limit && bytes < PAGE_BYTES_MAX; i++) {
		last = thing(&changes[i]);
		TRY(map_change(list, &changes[i], &out->changes[out->n_changes]));
		bytes += bytes_of(out->changes[out->n_changes++]);
	}
	if (i == count)
		return OK;
	Str position = str(arena_printf(list->arena, "%s/" STR_FMT, last->kind->name, STR_ARG(last->name)));
	out->next_page_token =
	        arena_cstr(list->arena, page_token_make(query_of(list), position, list->arena));
	return out->next_page_token ? OK : pending_no_memory();
}

static Err list_pending(List *list)
{
	Change *changes;
	size_t found;
	TRY(check_request(list));
	TRY(store_read(list->pending->services->store, read_sides, list));
	TRY(changes_between(
	        &list->before.configuration, &list->after.configuration, list->arena, &changes, &found));
	TRY(graph_make(&list->before.configuration, list->arena, &list->before_graph));
	TRY(graph_make(&list->after.configuration, list->arena, &list->after_graph));
	list->out->environment = arena_cstr(list->arena, list->environment->name);
	list->out->before = list->before.build;
	list->out->after = list->after.build;
	count(list, changes, found);
	return fill_page(list, changes, found);
}

void handle_list_pending_changes(void *pending, RpcCall *call, const ProtobufCMessage *request)
{
	Response out = PARLEY__DESIGN__V1__LIST_PENDING_CHANGES_RESPONSE__INIT;
	// Two configurations may be larger than a call's arena allows.
	CLEANUP(arena_freep) Arena *arena = arena_new(ARENA_BLOCK, 0);
	List list = {.pending = pending, .arena = arena, .in = (const void *)request, .out = &out};
	Err e = arena ? list_pending(&list) : pending_no_memory();
	rpc_answer(call, e, &out.base);
}
