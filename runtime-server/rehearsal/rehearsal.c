// The parts of a server put together around a clock, a seed and a journal that the caller has in hand.
#include "rehearsal/internal.h"

#include "base/cleanup.h"
#include "base/mix.h"
#include "service/prepared.h"
#include "session/table.h"
#include "wire/wire.h"

#include <stdlib.h>

typedef Parley__Journal__V1__Entry Entry;
typedef Parley__Runtime__V1__BatchCommand BatchCommand;
typedef Parley__Runtime__V1__BatchResult BatchResult;

enum { ARENA_BLOCK = 4 * 1024, SCRATCH_BLOCK = 64 * 1024, DEFAULT_SESSIONS = 65536 };

// --- what the parts ask ---

static int64_t now_us(void *rehearsal)
{
	return ((const Rehearsal *)rehearsal)->now_us;
}

// The finalizer of SplitMix64. A call's first decision has the very seed, so that one whose seed is known
// from the history can be had again.
static uint64_t next_seed(void *context)
{
	Rehearsal *rehearsal = context;
	uint64_t x = rehearsal->seed + rehearsal->seeds;
	if (rehearsal->seeds++ == 0)
		return x;
	return mix64(x);
}

static Err take_record(void *context, const JournalRecord *record)
{
	const RehearsalOptions *options = &((const Rehearsal *)context)->options;
	const RehearsalEntry entry = {
	        .sequence = record->sequence, .event_id = record->event_id, .payload = record->payload};
	return options->entry != NULL ? options->entry(options->context, &entry) : OK;
}

// --- life ---

static Err open_state(Rehearsal *rehearsal)
{
	const RehearsalOptions *options = &rehearsal->options;
	const VisitorsOptions state = {
	        .journal = rehearsal->journal,
	        .offers = options->content->snapshot->n_offers,
	        .max_visitors = options->max_visitors,
	        .no_treatments = options->treatment != NULL,
	        .alone = options->passing,
	        .takes = options->takes,
	        .takes_context = options->context,
	        .treatment_bytes = options->treatment_bytes,
	        .hash_seed = options->hash_seed,
	};
	return visitors_begin(&state, options->state_name != NULL ? options->state_fd : -1,
	        options->state_name, &rehearsal->visitors);
}

static Err open_content(Rehearsal *rehearsal)
{
	const RehearsalContent *content = rehearsal->options.content;
	TRY(service_prepare_for(rehearsal->visitors, content->snapshot, content->prepared, rehearsal->arena,
	        &rehearsal->prepared));
	const CurrentContent serves = {.plan = content->plan,
	        .prepared = rehearsal->prepared,
	        .version = content->version,
	        .digest = content->digest};
	return current_of(&serves, &rehearsal->current);
}

static Err open_service(Rehearsal *rehearsal)
{
	const RehearsalOptions *options = &rehearsal->options;
	const Clock clock = {now_us, rehearsal};
	TRY(options->profile != NULL ? profile_from(options->profile, options->context, &rehearsal->profile)
	                             : profile_new(&(ProfileOptions){0}, &rehearsal->profile));
	return service_new(&(ServiceOptions){.environment = STR(""),
	                           .fleet = STR(""),
	                           .runtime_id = options->runtime_id,
	                           .current = rehearsal->current,
	                           .journal = rehearsal->journal,
	                           .visitors = rehearsal->visitors,
	                           .profile = rehearsal->profile,
	                           .wall = clock,
	                           .steady = clock,
	                           .max_sessions = options->max_sessions,
	                           .seed = next_seed,
	                           .seed_context = rehearsal,
	                           .unrecorded = options->unrecorded,
	                           .on_decision = options->decision,
	                           .treatment = options->treatment,
	                           .decision_context = options->context,
	                           .lasting = options->repeats ? options->content->lasting : NULL},
	        &rehearsal->service);
}

static Err open_parts(Rehearsal *rehearsal)
{
	const RehearsalOptions *options = &rehearsal->options;
	rehearsal->arena = arena_new(ARENA_BLOCK, 0);
	rehearsal->scratch = arena_new(SCRATCH_BLOCK, 0);
	if (rehearsal->arena == NULL || rehearsal->scratch == NULL)
		return err(ERR_NO_MEMORY, "no memory for a rehearsal");
	TRY(journal_handing(
	        options->runtime_id, options->incarnation, take_record, rehearsal, &rehearsal->journal));
	TRY(open_state(rehearsal));
	TRY(open_content(rehearsal));
	return open_service(rehearsal);
}

Err rehearsal_new(const RehearsalOptions *options, Rehearsal **ret)
{
	CLEANUP(rehearsal_freep) Rehearsal *rehearsal = calloc(1, sizeof *rehearsal);
	if (rehearsal == NULL)
		return err(ERR_NO_MEMORY, "no memory for a rehearsal");
	rehearsal->options = *options;
	RehearsalOptions *o = &rehearsal->options;
	o->runtime_id = o->runtime_id.len > 0 ? o->runtime_id : STR("rehearsal");
	o->incarnation = o->incarnation ? o->incarnation : 1;
	o->max_sessions = o->max_sessions ? o->max_sessions : DEFAULT_SESSIONS;
	TRY(open_parts(rehearsal));
	*ret = STEAL(rehearsal);
	return OK;
}

// Sessions hold pins, and the view counts for the visitors: in this order.
void rehearsal_free(Rehearsal *rehearsal)
{
	if (rehearsal == NULL)
		return;
	service_free(rehearsal->service);
	profile_free(rehearsal->profile);
	current_close(rehearsal->current);
	if (rehearsal->prepared != NULL)
		service_release(rehearsal->visitors, rehearsal->prepared);
	visitors_close(rehearsal->visitors);
	journal_close(rehearsal->journal);
	arena_free(rehearsal->scratch);
	arena_free(rehearsal->arena);
	free(rehearsal);
}

// --- time ---

// Full seconds lie between the moment before and this one.
static void pass_seconds(Rehearsal *rehearsal, int64_t moment_us)
{
	int64_t second_us = moment_us / SESSION_TICK_US * SESSION_TICK_US;
	for (int64_t at; (at = service_next_sweep(rehearsal->service, moment_us)) <= moment_us;) {
		rehearsal->now_us = at;
		service_sweep(rehearsal->service);
	}
	// Nothing is due, but the wheel goes along: what comes into it next would else be looked at once for
	// every turn that it has missed. The first moment sets it, while it is empty.
	rehearsal->now_us = second_us;
	service_sweep(rehearsal->service);
	rehearsal->next_us = second_us + SESSION_TICK_US;
}

Err rehearsal_tick(Rehearsal *rehearsal, int64_t moment_us)
{
	if (moment_us <= 0 || moment_us < rehearsal->now_us)
		return err_at(ERR_FIELD_INVALID, "at",
		        "moments go forward from 1970 on: this one is before the one before it");
	if (moment_us >= rehearsal->next_us)
		pass_seconds(rehearsal, moment_us);
	rehearsal->now_us = moment_us;
	return OK;
}

static void take_seed(Rehearsal *rehearsal, uint64_t seed)
{
	rehearsal->seed = seed;
	rehearsal->seeds = 0;
}

static Err begin_call(Rehearsal *rehearsal, int64_t moment_us, uint64_t seed)
{
	TRY(rehearsal_tick(rehearsal, moment_us));
	take_seed(rehearsal, seed);
	return OK;
}

// --- calls ---

// Where an answer is kept.
typedef struct Kept {
	Arena *arena;
	Err result; // of the call; its failure is the thread's last when the call returns
	ErrDetail failure;
	ProtobufCMessage *response;
} Kept;

// It borrows from the session and from bytes that stand for messages: packed and read it is whole.
static void keep(void *context, Err result, const ProtobufCMessage *response)
{
	Kept *kept = context;
	Str packed;
	kept->result = result;
	if (result == OK)
		kept->result = wire_pack(response, kept->arena, &packed);
	if (kept->result == OK)
		kept->result =
		        wire_unpack(response->descriptor, packed, SIZE_MAX, kept->arena, &kept->response);
	if (kept->result != OK)
		kept->failure = *err_detail();
}

static Err answer_of(const Kept *kept, ProtobufCMessage **ret)
{
	if (kept->result != OK)
		return err_restore(&kept->failure);
	*ret = kept->response;
	return OK;
}

Err rehearsal_call(Rehearsal *rehearsal, int64_t moment_us, uint64_t seed, const BatchCommand *command,
        Arena *arena, BatchResult **ret)
{
	Kept kept = {.arena = arena};
	TRY(begin_call(rehearsal, moment_us, seed));
	service_command(rehearsal->service, NULL, command, arena, keep, &kept);
	BatchResult *result = ARENA_NEW(arena, BatchResult);
	if (result == NULL || kept.result == ERR_NO_MEMORY)
		return err(ERR_NO_MEMORY, "no memory for the answer of a call");
	parley__runtime__v1__batch_result__init(result);
	if (kept.result != OK)
		(void)err_restore(&kept.failure);
	*ret = result;
	return service_result(command, kept.result, kept.response, arena, result);
}

Err rehearsal_recommend(Rehearsal *rehearsal, int64_t moment_us, uint64_t seed,
        const Parley__Runtime__V1__RecommendRequest *request, Arena *arena,
        Parley__Runtime__V1__RecommendResponse **ret)
{
	Kept kept = {.arena = arena};
	TRY(begin_call(rehearsal, moment_us, seed));
	service_recommend(rehearsal->service, request, arena, keep, &kept);
	return answer_of(&kept, (ProtobufCMessage **)ret);
}

Err rehearsal_respond(Rehearsal *rehearsal, int64_t moment_us,
        const Parley__Runtime__V1__PostResponseRequest *request, Arena *arena,
        Parley__Runtime__V1__PostResponseResponse **ret)
{
	Kept kept = {.arena = arena};
	TRY(begin_call(rehearsal, moment_us, 0));
	service_respond(rehearsal->service, request, arena, keep, &kept);
	return answer_of(&kept, (ProtobufCMessage **)ret);
}

static void note(void *result, Err e, const ProtobufCMessage *response)
{
	(void)response;
	*(Err *)result = e;
}

Err rehearsal_start(
        Rehearsal *rehearsal, Session *session, uint64_t seed, const SessionStart *start, Arena *arena)
{
	Err result = OK;
	take_seed(rehearsal, seed);
	service_start(rehearsal->service, session, start, arena, note, &result);
	return result;
}

Err rehearsal_ask(Rehearsal *rehearsal, Session *session, uint64_t seed, const SessionAsk *ask, Arena *arena)
{
	Err result = OK;
	take_seed(rehearsal, seed);
	service_ask(rehearsal->service, session, ask, arena, note, &result);
	return result;
}

Err rehearsal_go_on(
        Rehearsal *rehearsal, Session *session, uint64_t seed, const BatchCommand *command, Arena *arena)
{
	Err result = OK;
	take_seed(rehearsal, seed);
	service_command(rehearsal->service, session, command, arena, note, &result);
	return result;
}

Err rehearsal_given(Rehearsal *rehearsal, const Entry *entry)
{
	const char *channel = rehearsal->options.content->snapshot->channel;
	if (entry->context == NULL || strcmp(entry->context->channel, channel) != 0)
		return err_at(ERR_FIELD_INVALID, "context", "give the context, and in it the channel \"%s\"",
		        channel);
	Str event_id = entry->what_case == PARLEY__JOURNAL__V1__ENTRY__WHAT_EVENT_POSTED
	                       ? str(entry->event_posted->event_id)
	                       : STR("");
	arena_reset(rehearsal->scratch);
	return visitors_record(rehearsal->visitors, entry, event_id, rehearsal->scratch, NULL, NULL);
}

uint64_t rehearsal_place(const Rehearsal *rehearsal, Str session_id)
{
	return service_place(rehearsal->service, session_id);
}

Session *rehearsal_session(Rehearsal *rehearsal, uint64_t place, Str id)
{
	return service_session(rehearsal->service, place, id);
}

void rehearsal_fetch(const Rehearsal *rehearsal, uint64_t place, unsigned step)
{
	service_fetch(rehearsal->service, place, step);
}

VisitorView *rehearsal_view(Rehearsal *rehearsal)
{
	return ((const Prepared *)rehearsal->prepared)->view;
}

// --- state ---

Err rehearsal_facts(
        Rehearsal *rehearsal, int level, Str audience_id, Arena *arena, const Fact **ret, size_t *ret_count)
{
	const Prepared *prepared = rehearsal->prepared;
	return visitor_facts(prepared->view, level, audience_id, rehearsal->now_us, arena, ret, ret_count);
}

Err rehearsal_save(Rehearsal *rehearsal, int fd)
{
	return visitors_write(rehearsal->visitors, fd, rehearsal->now_us);
}
