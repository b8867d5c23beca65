// EvidenceService: reports, kept byte for byte and bound to a snapshot that the channel really had.
#include "release/internal.h"
#include "release/report.h"

#include "store/page.h"

typedef Parley__Design__V1__Evidence Evidence;

// --- AddEvidence ---

typedef struct Add {
	Arena *arena;
	EvidenceRow row;
} Add;

static Err check_known(Pg *pg, const EvidenceRow *row)
{
	CLEANUP(pg_result_freep) PgResult *result = NULL;
	TRY(SQL_RUN(pg, &result, evidence_known, P_TEXT(row->channel), P_BYTES(digest_str(&row->digest))));
	if (pg_bool(result, 0, 0))
		return OK;
	return err_at(ERR_EVIDENCE_INVALID, "digest",
	        "no deployment of " STR_FMT " has this snapshot: measure where it is deployed",
	        STR_ARG(row->channel));
}

// The same report by the same author again is the one that is here.
static Err add(Pg *pg, void *context)
{
	Add *work = context;
	EvidenceRow *row = &work->row, *same;
	size_t count;
	CLEANUP(pg_result_freep) PgResult *result = NULL;
	CLEANUP(pg_result_freep) PgResult *before = NULL;
	TRY(check_known(pg, row));
	TRY(SQL_RUN(pg, &result, evidence_add, P_TEXT(row->channel), P_BYTES(digest_str(&row->digest)),
	        P_TEXT(row->environment), P_TEXT(row->kind), P_BOOL(row->passed), P_TEXT(row->report),
	        P_BYTES(digest_str(&row->report_digest)), P_TEXT(row->author), P_TIME(row->created_us)));
	if (pg_rows(result)) {
		row->id = pg_i64(result, 0, 0);
		return audit_write(pg, &(Audit){.time_us = row->created_us,
		                               .actor = row->author,
		                               .action = STR("add evidence"),
		                               .kind = STR("Evidence"),
		                               .channel = row->channel,
		                               .name = row->environment,
		                               .after = row->report});
	}
	TRY(SQL_RUN(pg, &before, evidence_same, P_TEXT(row->channel), P_BYTES(digest_str(&row->digest)),
	        P_TEXT(row->environment), P_TEXT(row->kind), P_BYTES(digest_str(&row->report_digest)),
	        P_TEXT(row->author)));
	TRY(record_evidence(before, work->arena, &same, &count));
	if (!count)
		return err(ERR_DB_CONFLICT, "the same report was handed in at the same time: try again");
	*row = *same;
	return OK;
}

static Err open_evidence(
        Add *work, Release *release, RpcCall *call, const Parley__Design__V1__AddEvidenceRequest *in)
{
	const Environment *environment;
	const Principal *who = rpc_principal(call);
	Report report;
	work->arena = rpc_arena(call);
	if (!*in->channel)
		return err_at(ERR_FIELD_MISSING, "channel", "name the channel");
	TRY(environment_find(release->environments, str(in->environment), &environment));
	work->row = (EvidenceRow){.channel = str(in->channel),
	        .environment = environment->name,
	        .kind = str(in->kind),
	        .passed = in->passed,
	        .report = str(in->report),
	        .report_digest = digest_of(str(in->report)),
	        .author = who->user,
	        .created_us = clock_now_us(release->services->clock)};
	if (!digest_parse(str(in->digest), &work->row.digest))
		return err_at(ERR_EVIDENCE_INVALID, "digest", "it must be 64 hex digits");
	return report_read(work->row.kind, work->row.report, &report);
}

void handle_add_evidence(void *release, RpcCall *call, const ProtobufCMessage *request)
{
	Add work = {0};
	Evidence *out = NULL;
	Err e = open_evidence(&work, release, call, (const void *)request);
	if (!e)
		e = store_transact(((Release *)release)->services->store, add, &work);
	if (!e)
		out = map_evidence(&work.row, work.arena);
	if (!e && !out)
		e = release_no_memory();
	if (e)
		rpc_fail(call, e);
	else
		rpc_reply(call, &out->base);
}

// --- ListEvidence ---

typedef struct List {
	Arena *arena;
	const Parley__Design__V1__ListEvidenceRequest *in;
	Str digest; // 32 bytes, or empty
	int64_t before;
	size_t limit;
	EvidenceRow *rows;
	size_t count;
} List;

static Str list_query(const List *list)
{
	return str(arena_printf(list->arena, "evidence/%s/%s", list->in->channel, list->in->digest));
}

static Err check_page(List *list)
{
	Str position;
	Digest *digest = ARENA_NEW(list->arena, Digest);
	if (!digest)
		return release_no_memory();
	if (!*list->in->channel)
		return err_at(ERR_FIELD_MISSING, "channel", "name the channel");
	if (*list->in->digest) {
		if (!digest_parse(str(list->in->digest), digest))
			return err_at(ERR_FIELD_INVALID, "digest", "it must be 64 hex digits");
		list->digest = digest_str(digest);
	}
	list->before = INT64_MAX;
	TRY(page_token_read(str(list->in->page_token), list_query(list), list->arena, &position));
	if (position.len && !str_to_i64(position, &list->before))
		return err_at(ERR_PAGE_TOKEN_INVALID, "page_token",
		        "it says no position: start again without a token");
	return page_size(list->in->page_size, &list->limit);
}

static Err read_page(Pg *pg, void *context)
{
	List *list = context;
	CLEANUP(pg_result_freep) PgResult *result = NULL;
	TRY(SQL_RUN(pg, &result, evidence_page, P_CTEXT(list->in->channel), P_BYTES(list->digest),
	        P_I64(list->before), P_I64((int64_t)list->limit + 1)));
	return record_evidence(result, list->arena, &list->rows, &list->count);
}

static Err list_evidence(Release *release, List *list, Parley__Design__V1__ListEvidenceResponse *out)
{
	TRY(check_page(list));
	TRY(store_read(release->services->store, read_page, list));
	if (!list->count && !*list->in->page_token)
		return environment_asked(
		        release->environments, release->services->store, "", list->in->channel);
	size_t count = list->count < list->limit ? list->count : list->limit;
	if (count < list->count) {
		Str position = str(arena_printf(list->arena, "%lld", (long long)list->rows[count - 1].id));
		Str token = page_token_make(list_query(list), position, list->arena);
		out->next_page_token = arena_cstr(list->arena, token);
	}
	out->evidence = ARENA_ARRAY(list->arena, Evidence *, count);
	if (!out->evidence || !out->next_page_token)
		return release_no_memory();
	for (size_t i = 0; i < count; i++) {
		out->evidence[i] = map_evidence(&list->rows[i], list->arena);
		if (!out->evidence[i])
			return release_no_memory();
	}
	out->n_evidence = count;
	return OK;
}

void handle_list_evidence(void *release, RpcCall *call, const ProtobufCMessage *request)
{
	Parley__Design__V1__ListEvidenceResponse out = PARLEY__DESIGN__V1__LIST_EVIDENCE_RESPONSE__INIT;
	List list = {.arena = rpc_arena(call), .in = (const void *)request};
	Err e = list_evidence(release, &list, &out);
	rpc_answer(call, e, &out.base);
}
