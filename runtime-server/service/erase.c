// Erase: a visitor is forgotten here, in this order: sessions end, so that nobody adds anything; visitor
// state forgets; the journal's segment is ended; both checkpoints are written anew. What the journal had is
// then shipped and deleted as always, and who asked comes back to hear when that is done.
#include "base/log.h"
#include "service/internal.h"

#include "parley/runtime/v1/control.pb-c.h"

#include <inttypes.h>

enum {
	LEVEL_MAX = 128,
	VISITOR_ID_MAX = 65535,
	ERASURE_MAX = 64,
	DURABLE_PATIENCE_MS = 10000,
	DURABLE_STEP_MS = 50
};

typedef Parley__Runtime__V1__EraseRequest Request;
typedef Parley__Runtime__V1__EraseResponse Response;

typedef struct Erasing {
	Service *service;
	const Request *in;
	Response *out;
} Erasing;

static Err check(const Request *in)
{
	size_t level = strlen(in->audience_level), id = strlen(in->audience_id),
	       erasure = strlen(in->erasure);
	if (level == 0 || level > LEVEL_MAX)
		return err_at(ERR_FIELD_INVALID, "audience_level",
		        "name the visitor's audience level, in 1 to %d bytes", LEVEL_MAX);
	if (id == 0 || id > VISITOR_ID_MAX)
		return err_at(ERR_FIELD_INVALID, "audience_id",
		        "give the visitor's ID in canonical text, 1 to %d bytes", VISITOR_ID_MAX);
	if (erasure == 0 || erasure > ERASURE_MAX)
		return err_at(ERR_FIELD_INVALID, "erasure", "give the erasure a name of 1 to %d bytes",
		        ERASURE_MAX);
	return OK;
}

// --- sessions ---

// False: the session is the visitor's, and ends. A fresh one is nobody's yet.
static bool spare(void *context, Session *session)
{
	Erasing *erasing = context;
	if (session->pin == NULL || session->plan == NULL)
		return true;
	const char *level = plan_snapshot(session->plan)->audience_levels[session->level]->name;
	if (strcmp(level, erasing->in->audience_level) != 0 ||
	        !str_eq(session->audience_id, str(erasing->in->audience_id)))
		return true;
	erasing->out->sessions++;
	return false;
}

// --- the journal ---

static Err wait_durable(Journal *journal, uint64_t sequence)
{
	for (int waited_ms = 0; journal_durable(journal) < sequence; waited_ms += DURABLE_STEP_MS) {
		JournalStatus status;
		journal_status(journal, &status);
		if (status.poisoned || waited_ms >= DURABLE_PATIENCE_MS)
			return err_retry(ERR_TIMEOUT, 1000,
			        "the journal's disk does not take what is to be forgotten; see to it");
		journal_wait(journal, sequence - 1, DURABLE_STEP_MS);
	}
	return OK;
}

// What was recorded before goes into segments that are ended.
static Err end_segment(const Erasing *erasing)
{
	const ServiceOptions *options = &erasing->service->options;
	Journal *journal = options->journal;
	erasing->out->incarnation = journal_incarnation(journal);
	erasing->out->sequence = journal_appended(journal);
	TRY(wait_durable(journal, erasing->out->sequence));
	journal_roll(journal);
	TRY(visitors_note_erased(options->visitors, str(erasing->in->erasure), wall_now(erasing->service)));
	return wait_durable(journal, erasing->out->sequence + 1);
}

static Err forget(Erasing *erasing)
{
	const ServiceOptions *options = &erasing->service->options;
	VisitorsErased erased;
	uint64_t checkpoints = 0, parts = 0;
	TRY(session_visit_all(erasing->service->sessions, spare, erasing));
	TRY(visitors_erase(options->visitors, str(erasing->in->erasure), str(erasing->in->audience_level),
	        str(erasing->in->audience_id), wall_now(erasing->service), &erased));
	TRY(end_segment(erasing));
	TRY(visitors_rewrite(options->visitors, &checkpoints));
	TRY(journal_remove_quarantined(options->journal, &parts));
	erasing->out->states = erased.states;
	erasing->out->recommendations = erased.recommendations;
	erasing->out->files = checkpoints + parts;
	log_info("visitor forgotten", F_CSTR("erasure", erasing->in->erasure),
	        F_UINT("sessions", erasing->out->sessions), F_UINT("states", erased.states),
	        F_UINT("recommendations", erased.recommendations));
	return OK;
}

// Whether nothing is left, and else what it waits for.
static void tell_rest(const Erasing *erasing, Arena *arena)
{
	const ServiceOptions *options = &erasing->service->options;
	Response *out = erasing->out;
	uint64_t shipped = journal_shipped_sequence(options->journal, out->incarnation);
	out->clean = journal_rid(options->journal, out->incarnation, out->sequence);
	if (out->clean)
		return;
	if (shipped < out->sequence || journal_next_incarnation(options->journal, 0) < out->incarnation)
		out->waiting = arena_printf(arena,
		        "its journal is shipped up to record %" PRIu64 " of %" PRIu64
		        ": what it recorded of the visitor is deleted when all of that is shipped",
		        shipped, out->sequence);
	else
		out->waiting = (char *)"what is shipped waits for a checkpoint to be deleted";
	out->waiting = out->waiting != NULL ? out->waiting : (char *)"";
	if (shipped >=
	        out->sequence) // after a restart two more are needed, and nothing else may ask for them
		visitors_checkpoint_soon(options->visitors);
}

void handle_erase(void *context, RpcCall *call, const ProtobufCMessage *request)
{
	Service *service = context;
	Response out = PARLEY__RUNTIME__V1__ERASE_RESPONSE__INIT;
	Erasing erasing = {service, (const Request *)request, &out};
	out.runtime_id = (char *)service->options.runtime_id.ptr;
	out.incarnation = erasing.in->incarnation;
	out.sequence = erasing.in->sequence;
	Err e = check(erasing.in);
	if (e == OK && erasing.in->incarnation == 0)
		e = forget(&erasing);
	if (e != OK) {
		log_failure(LOG_WARN, "visitor not forgotten");
		rpc_fail(call, e);
		return;
	}
	tell_rest(&erasing, rpc_arena(call));
	rpc_reply(call, &out.base);
}
