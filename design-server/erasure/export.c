// ExportVisitor: rows as JSON objects, so that every column is told whatever table it is in, also in years
// from now.
#include "erasure/internal.h"

#include "store/page.h"

typedef Parley__Design__V1__ExportVisitorRequest Request;
typedef Parley__Design__V1__ExportVisitorResponse Response;
typedef Parley__Design__V1__VisitorRow Row;

typedef struct Export {
	const Request *in;
	Response *out;
	Arena *arena;
	Visitor visitor;
	Str query, place, key; // the last row of the page before
	size_t limit;
} Export;

// A position is the place, a blank, and the key.
static Err read_position(Export *export)
{
	Str position = {0};
	export->query = str(arena_printf(export->arena, "visitor %zu:" STR_FMT " %zu:" STR_FMT " " STR_FMT,
	        export->visitor.environment.len, STR_ARG(export->visitor.environment),
	        export->visitor.level.len, STR_ARG(export->visitor.level), STR_ARG(export->visitor.id)));
	if (!export->query.ptr)
		return erasure_no_memory();
	TRY(page_token_read(str(export->in->page_token), export->query, export->arena, &position));
	const char *blank = position.len ? memchr(position.ptr, ' ', position.len) : NULL;
	size_t len = blank ? (size_t)(blank - position.ptr) : 0;
	export->place = blank ? str_n(position.ptr, len) : STR("");
	export->key = blank ? str_n(blank + 1, position.len - len - 1) : STR("");
	return page_size(export->in->page_size, &export->limit);
}

static Err add_row(Export *export, const PgResult *rows, size_t i)
{
	Row *row = ARENA_NEW(export->arena, Row);
	if (!row)
		return erasure_no_memory();
	parley__design__v1__visitor_row__init(row);
	row->place = arena_cstr(export->arena, pg_text(rows, i, 0));
	row->json = arena_cstr(export->arena, pg_text(rows, i, 2));
	export->out->rows[export->out->n_rows++] = row;
	return row->place && row->json ? OK : erasure_no_memory();
}

static Err fill(Export *export, const PgResult *rows)
{
	size_t found = pg_rows(rows), count = found < export->limit ? found : export->limit;
	Response *out = export->out;
	out->n_rows = 0;
	out->audience_id = arena_cstr(export->arena, export->visitor.id);
	out->rows = ARENA_ARRAY(export->arena, Row *, count + 1);
	if (!out->audience_id || !out->rows)
		return erasure_no_memory();
	for (size_t i = 0; i < count; i++)
		TRY(add_row(export, rows, i));
	if (found <= count)
		return OK;
	Str position = str(arena_printf(export->arena, STR_FMT " " STR_FMT,
	        STR_ARG(pg_text(rows, count - 1, 0)), STR_ARG(pg_text(rows, count - 1, 1))));
	out->next_page_token =
	        arena_cstr(export->arena, page_token_make(export->query, position, export->arena));
	return out->next_page_token ? OK : erasure_no_memory();
}

static Err read_rows(Pg *pg, void *context)
{
	Export *export = context;
	CLEANUP(pg_result_freep) PgResult *rows = NULL;
	const Visitor *visitor = &export->visitor;
	TRY(visitor_identify(
	        pg, export->in->environment, export->in->visitor, export->arena, &export->visitor));
	TRY(read_position(export));
	TRY(PG_QUERY(pg, EXPORT_TIMEOUT_MS, &rows, sql_visitor_page, P_TEXT(visitor->environment),
	        P_TEXT(visitor->level), P_TEXT(visitor->id), P_TEXT(export->place), P_TEXT(export->key),
	        P_I64((int64_t) export->limit + 1)));
	return fill(export, rows);
}

void handle_export_visitor(void *context, RpcCall *call, const ProtobufCMessage *request)
{
	const Erasures *erasures = context;
	CLEANUP(arena_freep) Arena *arena = arena_new(256 * 1024, 0);
	Response out = PARLEY__DESIGN__V1__EXPORT_VISITOR_RESPONSE__INIT;
	Export export = {.in = (const Request *)request, .out = &out, .arena = arena};
	Err e = arena ? store_read(erasures->services->store, read_rows, &export) : erasure_no_memory();
	if (e == OK && !out.n_rows && !*export.in->page_token)
		e = environment_asked(
		        erasures->environments, erasures->services->store, export.in->environment, "");
	rpc_answer(call, e, &out.base);
}
