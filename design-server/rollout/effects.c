// Effects on visitors that a server has not heard of: what the matcher found to be an accept, a reject or a
// contact although no session of that server told of it, and what a plan did that was executed. They are in
// the table visitor_effect in the order of their numbers, and each server has a place in it; so one that was
// away goes on where it was. A call whose outcome is unknown is sent again: the server applies an effect
// once.
#include "rollout/talk.h"

enum { PAGE = 256, PAGES = 16, APPLY_MS = 15000, PAGE_BYTES = 32 * 1024, VISITOR_BYTES = 64 };

typedef Parley__Journal__V1__Effect Effect;
typedef Parley__Runtime__V1__ApplyEffectsRequest Request;
typedef Parley__Runtime__V1__VisitorEffects VisitorEffects;

typedef struct Page {
	const Talk *talk;
	Arena *arena;
	Request request;
	int64_t last; // number of the last one
} Page;

static Parley__Journal__V1__EffectKind kind_of(Str name)
{
	static const char *const names[] = {"", "contact", "accept", "reject", "suppress", "qualify"};
	size_t kind = ARRAY_COUNT(names) - 1;
	while (kind > 0 && !str_eq(name, str(names[kind])))
		kind--;
	return (Parley__Journal__V1__EffectKind)kind;
}

typedef struct Item {
	VisitorEffects visitor;
	Effect effect, *effects[1];
} Item;

static VisitorEffects *item_of(const PgResult *rows, size_t row, Arena *arena)
{
	Item *item = ARENA_NEW(arena, Item);
	if (!item)
		return NULL;
	parley__runtime__v1__visitor_effects__init(&item->visitor);
	parley__journal__v1__effect__init(&item->effect);
	item->visitor.effect_id = arena_printf(arena, "~effect:%lld", (long long)pg_i64(rows, row, 0));
	item->visitor.channel = arena_cstr(arena, pg_text(rows, row, 1));
	item->visitor.audience_level = arena_cstr(arena, pg_text(rows, row, 2));
	item->visitor.audience_id = arena_cstr(arena, pg_text(rows, row, 3));
	item->effect.offer_code = arena_cstr(arena, pg_text(rows, row, 4));
	item->effect.kind = kind_of(pg_text(rows, row, 5));
	item->visitor.happened_us = pg_time(rows, row, 6);
	item->effect.until_us = pg_is_null(rows, row, 7) ? 0 : pg_time(rows, row, 7);
	item->effect.score = pg_f64(rows, row, 8);
	item->effects[0] = &item->effect;
	item->visitor.effects = item->effects;
	item->visitor.n_effects = 1;
	return &item->visitor;
}

static Err read_page(Pg *pg, void *context)
{
	Page *page = context;
	const Worker *worker = page->talk->worker;
	CLEANUP(pg_result_freep) PgResult *rows = NULL;
	TRY(SQL_RUN(pg, &rows, visitor_effects_due, P_TEXT(worker->fleet->environment->name),
	        P_TEXT(worker->server->name), P_I64(PAGE)));
	parley__runtime__v1__apply_effects_request__init(&page->request);
	page->request.visitors = ARENA_ARRAY(page->arena, VisitorEffects *, pg_rows(rows) + 1);
	if (!page->request.visitors)
		return rollout_no_memory();
	for (size_t i = 0, bytes = 0; i < pg_rows(rows) && bytes < PAGE_BYTES; i++) {
		for (size_t column = 1; column <= 4; column++)
			bytes += pg_text(rows, i, column).len + VISITOR_BYTES / 4;
		VisitorEffects *visitor = item_of(rows, i, page->arena);
		if (!visitor)
			return rollout_no_memory();
		page->request.visitors[page->request.n_visitors++] = visitor;
		page->last = pg_i64(rows, i, 0);
	}
	return OK;
}

static Err keep_place(Pg *pg, void *context)
{
	const Page *page = context;
	const Worker *worker = page->talk->worker;
	return SQL_RUN(pg, NULL, visitor_effects_place, P_TEXT(worker->fleet->environment->name),
	        P_TEXT(worker->server->name), P_I64(page->last),
	        P_TIME(clock_now_us(worker->fleet->rollouts->services->clock)));
}

static Err send_page(const Talk *talk, size_t *ret_count)
{
	Store *store = talk->worker->fleet->rollouts->services->store;
	CLEANUP(arena_freep) Arena *arena = arena_new(64 * 1024, 0);
	Page page = {.talk = talk, .arena = arena};
	ProtobufCMessage *response = NULL;
	if (!arena)
		return rollout_no_memory();
	TRY(store_read(store, read_page, &page));
	*ret_count = page.request.n_visitors;
	if (!*ret_count)
		return OK;
	TRY(rpc_call(talk->worker->client, &parley__runtime__v1__control_service__descriptor, "ApplyEffects",
	        &page.request.base, APPLY_MS, arena, &response));
	return store_transact(store, keep_place, &page);
}

Err effects_send(const Talk *talk)
{
	size_t sent = 1;
	for (int i = 0; i < PAGES && sent > 0; i++)
		TRY(send_page(talk, &sent));
	return OK;
}
