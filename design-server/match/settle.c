// What people do with orphans. Matching by hand only says which treatment it is; the matcher then counts it
// as it does any other, in its own role, so that the design server's login needs no right to write history.
#include "match/internal.h"
#include "match/words.h"

typedef Parley__Design__V1__DiscardLateResponsesRequest DiscardRequest;
typedef Parley__Design__V1__MatchLateResponseRequest MatchRequest;

enum { CODE_MAX = 128, NOTE_MAX = 200 };

typedef struct Settle {
	const char *environment;
	int64_t id;
	const char *reason; // discard: of all orphans with it, if there is no ID
	const char *code;   // match
	const char *note;   // discard
	Str user;
	int64_t now_us;
	Arena *arena;
	int64_t changed;
} Settle;

static Settle settle_of(const Matcher *matcher, RpcCall *call, const char *environment, int64_t id)
{
	const Principal *who = rpc_principal(call);
	return (Settle){.environment = environment,
	        .id = id,
	        .user = who->user,
	        .now_us = clock_now_us(matcher->services->clock),
	        .arena = rpc_arena(call)};
}

// `after` is made of texts that have been checked to need no escapes.
static Err tell(Pg *pg, const Settle *work, const char *action, const char *name, const char *after)
{
	if (name == NULL || after == NULL)
		return err(ERR_NO_MEMORY, "no memory for an audit entry");
	return audit_write(pg, &(Audit){.time_us = work->now_us,
	                               .actor = work->user,
	                               .action = str(action),
	                               .kind = STR("LateResponse"),
	                               .name = str(name),
	                               .after = str(after)});
}

// What goes into the audit's JSON as it is.
static Err check_plain(const char *field, const char *text, size_t most)
{
	size_t len = strlen(text);
	if (len > most)
		return err_at(
		        ERR_FIELD_INVALID, field, "%s has %zu bytes; %zu are possible", field, len, most);
	for (const char *at = text; *at != '\0'; at++)
		if ((unsigned char)*at < ' ' || *at == '"' || *at == '\\')
			return err_at(ERR_FIELD_INVALID, field,
			        "%s may have no quotation marks, backslashes or control characters", field);
	return OK;
}

// --- by hand to a treatment ---

static Err exists(Pg *pg, const Settle *work)
{
	CLEANUP(pg_result_freep) PgResult *found = NULL;
	TRY(SQL_RUN(pg, &found, late_treatment_exists, P_CTEXT(work->environment), P_CTEXT(work->code)));
	if (pg_bool(found, 0, 0))
		return OK;
	return err_at(ERR_TREATMENT_UNKNOWN, "treatment_code",
	        "the history of %s has no treatment %s; \"parley history\" lists treatments",
	        work->environment, work->code);
}

static Err give(Pg *pg, void *context)
{
	Settle *work = context;
	CLEANUP(pg_result_freep) PgResult *given = NULL;
	TRY(exists(pg, work));
	TRY(SQL_RUN(pg, &given, late_give, P_CTEXT(work->environment), P_I64(work->id), P_CTEXT(work->code),
	        P_TEXT(work->user), P_TIME(work->now_us)));
	if (pg_affected(given) == 0)
		return err_at(ERR_RESPONSE_STATE, "id",
		        "response %lld does not wait and is no orphan: \"parley orphans show %lld\" tells "
		        "how it "
		        "stands",
		        (long long)work->id, (long long)work->id);
	return tell(pg, work, "match",
	        arena_printf(work->arena, "%s/%lld", work->environment, (long long)work->id),
	        arena_printf(work->arena, "{\"treatmentCode\":\"%s\"}", work->code));
}

static Err match(Matcher *matcher, RpcCall *call, const MatchRequest *in,
        Parley__Design__V1__MatchLateResponseResponse *out)
{
	Settle work = settle_of(matcher, call, in->environment, in->id);
	MatchCount count;
	const Environment *environment;
	TRY(environment_find(matcher->environments, str(in->environment), &environment));
	if (*in->treatment_code == '\0')
		return err_at(ERR_FIELD_MISSING, "treatment_code", "name the treatment that it answers to");
	TRY(check_plain("treatment_code", in->treatment_code, CODE_MAX));
	work.code = in->treatment_code;
	TRY(late_get(matcher, in->environment, in->id, work.arena, &out->late_response));
	TRY(store_transact(matcher->services->store, give, &work));
	TRY(match_one(matcher->services->ingest, &matcher->rules, work.now_us, in->id, &count));
	return late_get(matcher, in->environment, in->id, work.arena, &out->late_response);
}

void handle_match_late_response(void *matcher, RpcCall *call, const ProtobufCMessage *request)
{
	Parley__Design__V1__MatchLateResponseResponse out =
	        PARLEY__DESIGN__V1__MATCH_LATE_RESPONSE_RESPONSE__INIT;
	Err e = match(matcher, call, (const MatchRequest *)request, &out);
	rpc_answer(call, e, &out.base);
}

// --- given up ---

static Err discard(Pg *pg, void *context)
{
	Settle *work = context;
	CLEANUP(pg_result_freep) PgResult *gone = NULL;
	TRY(SQL_RUN(pg, &gone, late_discard, P_CTEXT(work->environment), P_I64(work->id),
	        P_CTEXT(work->reason), P_CTEXT(*work->note != '\0' ? work->note : "discarded"),
	        P_TEXT(work->user), P_TIME(work->now_us)));
	work->changed = (int64_t)pg_affected(gone);
	if (work->changed == 0 && work->id != 0)
		return err_at(ERR_RESPONSE_STATE, "id",
		        "response %lld does not wait and is no orphan: \"parley orphans show %lld\" tells "
		        "how it "
		        "stands",
		        (long long)work->id, (long long)work->id);
	if (work->changed == 0)
		return OK;
	const char *what =
	        work->id != 0 ? arena_printf(work->arena, "%s/%lld", work->environment, (long long)work->id)
	                      : arena_printf(work->arena, "%s/%s", work->environment, work->reason);
	return tell(pg, work, "discard", what,
	        arena_printf(work->arena, "{\"discarded\":%lld,\"note\":\"%s\"}", (long long)work->changed,
	                work->note));
}

static Err check_discard(Matcher *matcher, const DiscardRequest *in)
{
	const Environment *environment;
	TRY(environment_find(matcher->environments, str(in->environment), &environment));
	if (in->id < 0)
		return err_at(ERR_FIELD_INVALID, "id", "give the number of a late response, from 1 on");
	if (in->id == 0 && *in->reason == '\0')
		return err_at(
		        ERR_FIELD_MISSING, "id", "say which: a number, or a reason for all that have it");
	if (in->id != 0 && *in->reason != '\0')
		return err_at(ERR_FIELD_INVALID, "reason", "give a number or a reason, not both");
	TRY(check_plain("reason", in->reason, NOTE_MAX));
	return check_plain("note", in->note, NOTE_MAX);
}

static Err discard_all(Matcher *matcher, RpcCall *call, const DiscardRequest *in, int64_t *ret)
{
	Settle work = settle_of(matcher, call, in->environment, in->id);
	Parley__Design__V1__LateResponse *found;
	TRY(check_discard(matcher, in));
	if (in->id != 0)
		TRY(late_get(matcher, in->environment, in->id, work.arena, &found));
	work.reason = in->reason;
	work.note = in->note;
	TRY(store_transact(matcher->services->store, discard, &work));
	*ret = work.changed;
	return OK;
}

void handle_discard_late_responses(void *matcher, RpcCall *call, const ProtobufCMessage *request)
{
	Parley__Design__V1__DiscardLateResponsesResponse out =
	        PARLEY__DESIGN__V1__DISCARD_LATE_RESPONSES_RESPONSE__INIT;
	Err e = discard_all(matcher, call, (const DiscardRequest *)request, &out.discarded);
	rpc_answer(call, e, &out.base);
}
