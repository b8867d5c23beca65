// PendingService: its methods, and marking and unmarking. Both have the lock that all changes share to
// themselves, so that what was looked at is what is marked.
#include "pending/pending.h"

#include "pending/internal.h"
#include "store/page.h"
#include "wire/json.h"

enum { COMMENT_MAX = 1000 };

typedef struct MarkCall {
	Pending *pending;
	Arena *arena;
	const Principal *who;
	int64_t now_us;
	Str channel, name, comment;
	const Kind *kind; // NULL: all of the channel
	Mark mark;        // as it is, or was
	bool unchanged, removal;
} MarkCall;

// --- what both ask ---

static Err check_request(MarkCall *call, const char *kind)
{
	if (!call->channel.len)
		return err_at(ERR_FIELD_MISSING, "channel", "name the channel");
	if (!*kind != !call->name.len)
		return err_at(ERR_FIELD_MISSING, *kind ? "name" : "kind",
		        "name kind and resource, or neither for all of the channel");
	call->kind = *kind ? kind_by_name(str(kind)) : NULL;
	if (*kind && !call->kind)
		return err_at(
		        ERR_FIELD_INVALID, "kind", "there is no kind '%s': it is one such as Offer", kind);
	if (call->kind && strcmp(kind, "Channel") == 0 && !str_eq(call->name, call->channel))
		return err_at(ERR_FIELD_INVALID, "name", "it is another channel: name " STR_FMT,
		        STR_ARG(call->channel));
	if (call->comment.len > COMMENT_MAX)
		return err_at(ERR_FIELD_INVALID, "comment", "it has %zu bytes, at most %d are allowed",
		        call->comment.len, COMMENT_MAX);
	return OK;
}

static Str channel_of(const MarkCall *call)
{
	return kind_has_channel(call->kind) ? call->channel : (Str){0};
}

static const char *title(const MarkCall *call)
{
	if (!call->kind)
		return arena_printf(call->arena, "all of channel " STR_FMT, STR_ARG(call->channel));
	return resource_title(call->kind, channel_of(call), call->name, call->arena);
}

static Err find_mark(Pg *pg, MarkCall *call, bool *ret_found)
{
	CLEANUP(pg_result_freep) PgResult *rows = NULL;
	Mark *found;
	size_t count;
	TRY(SQL_RUN(pg, &rows, mark_get, P_TEXT(call->channel), P_CTEXT(call->kind ? call->kind->name : ""),
	        P_TEXT(call->name)));
	TRY(marks_read(rows, call->arena, &found, &count));
	*ret_found = count;
	if (count)
		call->mark = *found;
	return OK;
}

static Err write_audit(Pg *pg, const MarkCall *call, const char *action)
{
	Str comment = call->mark.comment, text;
	CLEANUP(json_decrefp_)
	json_t *json = json_pack("{s:s%, s:b}", "comment", comment.ptr ? comment.ptr : "", comment.len,
	        "removal", call->removal);
	if (!json)
		return pending_no_memory();
	TRY(json_text(json, false, call->arena, &text));
	bool gone = strcmp(action, "unmark") == 0;
	return audit_write(pg, &(Audit){
	                               .time_us = call->now_us,
	                               .actor = call->who->user,
	                               .action = str(action),
	                               .kind = str(call->kind ? call->kind->name : "Channel"),
	                               .channel = call->channel,
	                               .name = call->kind ? call->name : call->channel,
	                               .before = gone ? text : (Str){0},
	                               .after = gone ? (Str){0} : text,
	                       });
}

// --- Mark ---

static Err refuse_others(const MarkCall *call, const Mark *mark)
{
	char since[TIME_TEXT_SIZE];
	time_format(mark->created_us, since);
	return err(ERR_RESOURCE_MARKED,
	        "%s is marked by " STR_FMT
	        " since %s already: it goes with the next deployment; only " STR_FMT
	        " or an administrator can take the mark back (%s)",
	        mark->kind ? title(call)
	                   : arena_printf(call->arena, "all of channel " STR_FMT, STR_ARG(mark->channel)),
	        STR_ARG(mark->author), since, STR_ARG(mark->author),
	        mark_command("unmark", mark->channel, mark->kind, mark->name, call->arena));
}

// A resource that is gone can still be marked if some environment runs it: its removal is what goes.
static Err check_thing(Pg *pg, MarkCall *call)
{
	CLEANUP(pg_result_freep) PgResult *rows = NULL;
	Resource resource;
	TRY(resource_get(pg, kind_by_name(STR("Channel")), (Str){0}, call->channel, RESOURCE_READ,
	        call->arena, &resource));
	if (!call->kind)
		return OK;
	Err found = resource_get(
	        pg, call->kind, channel_of(call), call->name, RESOURCE_READ, call->arena, &resource);
	if (found != ERR_RESOURCE_NOT_FOUND)
		return found;
	TRY(SQL_RUN(pg, &rows, mark_removable, P_TEXT(call->channel), P_CTEXT(call->kind->name),
	        P_TEXT(channel_of(call)), P_TEXT(call->name)));
	call->removal = pg_bool(rows, 0, 0);
	if (call->removal)
		return OK;
	return err(ERR_RESOURCE_NOT_FOUND,
	        "there is no %s, and no environment runs it: nothing is there to be marked", title(call));
}

static Err refuse_held(Pg *pg, const MarkCall *call)
{
	Mark *marks;
	size_t count;
	TRY(marks_of_channel(pg, call->channel, call->arena, &marks, &count));
	for (size_t i = 0; i < count; i++)
		if (!marks[i].kind && !str_eq(marks[i].author, call->who->user))
			return refuse_others(call, &marks[i]);
	return OK;
}

static Err mark(Pg *pg, void *context)
{
	MarkCall *call = context;
	call->removal = false;
	TRY(pg_query(pg, STORE_TIMEOUT_MS, sql_mark_lock, NULL, 0, NULL));
	TRY(find_mark(pg, call, &call->unchanged));
	if (call->unchanged && !str_eq(call->mark.author, call->who->user))
		return refuse_others(call, &call->mark);
	TRY(refuse_held(pg, call));
	TRY(check_thing(pg, call));
	if (call->unchanged)
		return OK;
	call->mark = (Mark){.channel = call->channel,
	        .kind = call->kind,
	        .name = call->name,
	        .author = call->who->user,
	        .comment = call->comment,
	        .created_us = call->now_us};
	TRY(SQL_RUN(pg, NULL, mark_add, P_TEXT(call->channel), P_CTEXT(call->kind ? call->kind->name : ""),
	        P_TEXT(call->name), P_TEXT(call->who->user), P_TEXT(call->comment), P_TIME(call->now_us)));
	return write_audit(pg, call, "mark");
}

static void handle_mark(void *context, RpcCall *rpc, const ProtobufCMessage *request)
{
	Pending *pending = context;
	const Parley__Design__V1__MarkRequest *in = (const void *)request;
	Parley__Design__V1__MarkResponse out = PARLEY__DESIGN__V1__MARK_RESPONSE__INIT;
	MarkCall call = {.pending = pending,
	        .arena = rpc_arena(rpc),
	        .who = rpc_principal(rpc),
	        .now_us = clock_now_us(pending->services->clock),
	        .channel = str(in->channel),
	        .name = str(in->name),
	        .comment = str(in->comment)};
	Err e = check_request(&call, in->kind);
	if (!e)
		e = store_transact(pending->services->store, mark, &call);
	out.mark = e ? NULL : map_mark(&call.mark, call.arena);
	e = e || out.mark ? e : pending_no_memory();
	out.unchanged = call.unchanged;
	out.removal = call.removal;
	rpc_answer(rpc, e, &out.base);
}

// --- Unmark ---

static Err unmark(Pg *pg, void *context)
{
	MarkCall *call = context;
	bool found;
	TRY(pg_query(pg, STORE_TIMEOUT_MS, sql_mark_lock, NULL, 0, NULL));
	TRY(find_mark(pg, call, &found));
	if (!found)
		return err(
		        ERR_RESOURCE_NOT_FOUND, "%s is not marked: parley marks lists what is", title(call));
	if (!str_eq(call->mark.author, call->who->user) &&
	        !access_has(call->who, CALLER_ADMINISTRATOR, (Str){0}))
		return err(ERR_PERMISSION_DENIED,
		        "%s was marked by " STR_FMT ", who can take that back, and so can an administrator",
		        title(call), STR_ARG(call->mark.author));
	TRY(SQL_RUN(pg, NULL, mark_remove, P_I64(call->mark.id)));
	return write_audit(pg, call, "unmark");
}

static void handle_unmark(void *context, RpcCall *rpc, const ProtobufCMessage *request)
{
	Pending *pending = context;
	const Parley__Design__V1__UnmarkRequest *in = (const void *)request;
	Parley__Design__V1__UnmarkResponse out = PARLEY__DESIGN__V1__UNMARK_RESPONSE__INIT;
	MarkCall call = {.pending = pending,
	        .arena = rpc_arena(rpc),
	        .who = rpc_principal(rpc),
	        .now_us = clock_now_us(pending->services->clock),
	        .channel = str(in->channel),
	        .name = str(in->name)};
	Err e = check_request(&call, in->kind);
	if (!e)
		e = store_transact(pending->services->store, unmark, &call);
	out.mark = e ? NULL : map_mark(&call.mark, call.arena);
	e = e || out.mark ? e : pending_no_memory();
	rpc_answer(rpc, e, &out.base);
}

// --- ListMarks ---

typedef struct MarkList {
	Arena *arena;
	const Parley__Design__V1__ListMarksRequest *in;
	int64_t after;
	size_t limit;
	Mark *marks;
	size_t count;
} MarkList;

static Err read_marks(Pg *pg, void *context)
{
	MarkList *list = context;
	CLEANUP(pg_result_freep) PgResult *rows = NULL;
	TRY(SQL_RUN(pg, &rows, mark_page, P_CTEXT(list->in->channel), P_I64(list->after),
	        P_I64((int64_t)list->limit + 1)));
	return marks_read(rows, list->arena, &list->marks, &list->count);
}

static Err list_marks(Pending *pending, MarkList *list, Parley__Design__V1__ListMarksResponse *out)
{
	Str position, query = str(arena_printf(list->arena, "marks/%s", list->in->channel));
	TRY(page_token_read(str(list->in->page_token), query, list->arena, &position));
	if (position.len && !str_to_i64(position, &list->after))
		return err_at(ERR_PAGE_TOKEN_INVALID, "page_token",
		        "it says no position: start again without a token");
	TRY(page_size(list->in->page_size, &list->limit));
	TRY(store_run(pending->services->store, read_marks, list));
	size_t count = list->count < list->limit ? list->count : list->limit;
	out->marks = ARENA_ARRAY(list->arena, Parley__Design__V1__DeploymentMark *, count);
	for (size_t i = 0; out->marks && i < count; i++) {
		out->marks[i] = map_mark(&list->marks[i], list->arena);
		if (!out->marks[i])
			return pending_no_memory();
	}
	out->n_marks = count;
	if (count < list->count) {
		position = str(arena_printf(list->arena, "%lld", (long long)list->marks[count - 1].id));
		out->next_page_token = arena_cstr(list->arena, page_token_make(query, position, list->arena));
	}
	return out->marks && out->next_page_token ? OK : pending_no_memory();
}

static void handle_list_marks(void *pending, RpcCall *rpc, const ProtobufCMessage *request)
{
	Parley__Design__V1__ListMarksResponse out = PARLEY__DESIGN__V1__LIST_MARKS_RESPONSE__INIT;
	MarkList list = {.arena = rpc_arena(rpc), .in = (const void *)request};
	Err e = list_marks(pending, &list, &out);
	rpc_answer(rpc, e, &out.base);
}

// --- all of them ---

Err pending_register(Services *services, const Environments *environments, Arena *arena, RpcServer *server)
{
	static const RpcMethod methods[] = {
	        {.name = "Mark", .handler = handle_mark, .blocking = true},
	        {.name = "Unmark", .handler = handle_unmark, .blocking = true},
	        {.name = "ListMarks", .handler = handle_list_marks, .blocking = true},
	        {.name = "ListPendingChanges", .handler = handle_list_pending_changes, .blocking = true},
	};
	Pending *pending = ARENA_NEW(arena, Pending);
	if (!pending)
		return pending_no_memory();
	*pending = (Pending){services, environments};
	return rpc_server_add(server, &parley__design__v1__pending_service__descriptor, methods,
	        ARRAY_COUNT(methods), pending);
}
