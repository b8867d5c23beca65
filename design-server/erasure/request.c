// EraseVisitor: keeps that somebody is to be erased, and leaves the doing to the thread. Checking only is the
// deletion itself, rolled back, so it counts exactly what would go.
#include "erasure/internal.h"

#include "wire/json.h"

typedef Parley__Design__V1__EraseVisitorRequest Request;
typedef Parley__Design__V1__EraseVisitorResponse Response;
typedef Parley__Design__V1__Erasure Erasure;
typedef Parley__Design__V1__ErasurePlace ErasurePlace;

typedef struct Erase {
	const Request *in;
	Response *out;
	Arena *arena;
	const Environment *environment;
	Str user;
	int64_t now_us;
	Visitor visitor;
} Erase;

static Err check_reason(const Erase *erase)
{
	Str reason = str(erase->in->reason);
	if (erase->in->validate_only)
		return OK;
	if (!reason.len)
		return err_at(ERR_FIELD_MISSING, "reason", "say why: it is kept as the proof's ground");
	if (reason.len > REASON_MAX)
		return err_at(ERR_FIELD_INVALID, "reason", "a reason has at most %d bytes", REASON_MAX);
	if (memmem(reason.ptr, reason.len, erase->visitor.id.ptr, erase->visitor.id.len))
		return err_at(ERR_FIELD_INVALID, "reason",
		        "the reason has the visitor's ID in it, which is to be gone afterwards: name your "
		        "case's number "
		        "instead");
	return OK;
}

static Err list_configuration(Pg *pg, Erase *erase)
{
	CLEANUP(pg_result_freep) PgResult *rows = NULL;
	const Visitor *visitor = &erase->visitor;
	Response *out = erase->out;
	TRY(PG_QUERY(pg, EXPORT_TIMEOUT_MS, &rows, sql_visitor_configuration, P_TEXT(visitor->environment),
	        P_TEXT(visitor->level), P_TEXT(visitor->id)));
	out->configuration = ARENA_ARRAY(erase->arena, char *, pg_rows(rows) + 1);
	if (!out->configuration)
		return erasure_no_memory();
	for (out->n_configuration = 0; out->n_configuration < pg_rows(rows); out->n_configuration++) {
		char *name = arena_cstr(erase->arena, pg_text(rows, out->n_configuration, 0));
		if (!name)
			return erasure_no_memory();
		out->configuration[out->n_configuration] = name;
	}
	return OK;
}

static Err begin(Pg *pg, Erase *erase)
{
	const Request *in = erase->in;
	TRY(visitor_identify(pg, in->environment, in->visitor, erase->arena, &erase->visitor));
	TRY(check_reason(erase));
	erase->out->audience_id = arena_cstr(erase->arena, erase->visitor.id);
	return list_configuration(pg, erase);
}

// What stands for the visitor, as hex; NULL if memory is out.
static char *digest_text(const Erase *erase)
{
	char *digest = arena_alloc(erase->arena, 65);
	if (digest)
		hex_encode((const uint8_t *)erase->visitor.digest.ptr, 32, digest);
	return digest;
}

// --- checking only ---

static Err preview(Pg *pg, void *context)
{
	Erase *erase = context;
	TRY(begin(pg, erase));
	const ErasePlace place = {.visitor = erase->visitor, .requested_us = erase->now_us};
	Erasure *erasure = erase->out->erasure = ARENA_NEW(erase->arena, Erasure);
	ErasurePlace *history = ARENA_NEW(erase->arena, ErasurePlace);
	Str counts = {0};
	if (!erasure || !history)
		return erasure_no_memory();
	parley__design__v1__erasure__init(erasure);
	parley__design__v1__erasure_place__init(history);
	TRY(place_sweep(pg, &place, false, erase->arena, &counts));
	TRY(erasure_counts(counts, erase->arena, &history->found, &history->n_found));
	history->place = (char *)"history";
	erasure->environment = erase->in->environment;
	erasure->audience_level = erase->in->visitor->audience_level;
	erasure->digest = digest_text(erase);
	erasure->places = ARENA_ARRAY(erase->arena, ErasurePlace *, 1);
	if (!erasure->places || !erasure->digest)
		return erasure_no_memory();
	erasure->places[erasure->n_places++] = history;
	return OK;
}

// --- doing it ---

static Err tell_audit(Pg *pg, const Erase *erase, int64_t id)
{
	CLEANUP(json_decrefp_)
	json_t *json = json_pack("{s:I, s:s, s:s, s:s, s:i}", "erasure", (json_int_t)id, "environment",
	        erase->in->environment, "audience_level", erase->in->visitor->audience_level, "reason",
	        erase->in->reason, "servers", (int)erase->environment->servers.count);
	const char *digest = digest_text(erase);
	Str after = {0};
	if (!json || !digest)
		return erasure_no_memory();
	TRY(json_text(json, false, erase->arena, &after));
	return audit_write(pg, &(Audit){.time_us = erase->now_us,
	                               .actor = erase->user,
	                               .action = STR("erase"),
	                               .kind = STR("Visitor"),
	                               .name = str(digest),
	                               .after = after});
}

static Err add_places(Pg *pg, const Erase *erase, int64_t id)
{
	size_t count = erase->environment->servers.count;
	Str *names = ARENA_ARRAY(erase->arena, Str, count + 1);
	if (!names)
		return erasure_no_memory();
	names[0] = STR("");
	for (size_t i = 0; i < count; i++)
		names[i + 1] = environment_server(erase->environment, i)->name;
	return SQL_RUN(
	        pg, NULL, erasure_place_add, P_I64(id), P_TEXTS(names, count + 1), P_TIME(erase->now_us));
}

static Err add(Pg *pg, const Erase *erase, int64_t *ret_id)
{
	CLEANUP(pg_result_freep) PgResult *row = NULL;
	const Visitor *visitor = &erase->visitor;
	TRY(SQL_RUN(pg, &row, erasure_add, P_TEXT(visitor->environment), P_TEXT(visitor->level),
	        P_TEXT(visitor->id), P_BYTES(visitor->digest), P_CTEXT(erase->in->reason),
	        P_TEXT(erase->user), P_TIME(erase->now_us)));
	*ret_id = pg_i64(row, 0, 0);
	TRY(add_places(pg, erase, *ret_id));
	return tell_audit(pg, erase, *ret_id);
}

static Err begin_erasure(Pg *pg, void *context)
{
	Erase *erase = context;
	const Visitor *visitor = &erase->visitor;
	CLEANUP(pg_result_freep) PgResult *open = NULL;
	int64_t id = 0;
	TRY(begin(pg, erase));
	TRY(SQL_RUN(pg, NULL, erasure_lock, P_TEXT(visitor->environment), P_BYTES(visitor->digest)));
	TRY(SQL_RUN(pg, &open, erasure_open, P_TEXT(visitor->environment), P_BYTES(visitor->digest)));
	if (pg_rows(open) > 0)
		id = pg_i64(open, 0, 0);
	else
		TRY(add(pg, erase, &id));
	return erasure_find(pg, visitor->environment, id, erase->arena, &erase->out->erasure);
}

void handle_erase_visitor(void *context, RpcCall *call, const ProtobufCMessage *request)
{
	Erasures *erasures = context;
	Response out = PARLEY__DESIGN__V1__ERASE_VISITOR_RESPONSE__INIT;
	CLEANUP(arena_freep) Arena *arena = arena_new(64 * 1024, 0);
	Erase erase = {.in = (const Request *)request,
	        .out = &out,
	        .arena = arena,
	        .user = rpc_principal(call) ? ((const Principal *)rpc_principal(call))->user : STR(""),
	        .now_us = clock_now_us(erasures->services->clock)};
	Store *store = erasures->services->store;
	Err e = arena ? environment_find(
	                        erasures->environments, str(erase.in->environment), &erase.environment)
	              : erasure_no_memory();
	if (e == OK)
		e = erase.in->validate_only ? store_rehearse(store, preview, &erase)
		                            : store_transact(store, begin_erasure, &erase);
	if (e == OK && !erase.in->validate_only)
		erasures_wake(erasures);
	rpc_answer(call, e, &out.base);
}
