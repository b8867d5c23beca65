// executeBatch: one turn on the session in which several commands take theirs, one after the other. A command
// that loads a profile suspends the batch, and with it the session; an event that is on its way to the disk
// does not: the session is left when the last command is done, and whoever settles last, this thread or the
// journal's, answers.
#include "service/turn.h"
#include "wire/wire.h"

#include <stdio.h>

enum { COMMANDS_MAX = 16 };

typedef struct Batch Batch;

typedef struct Item {
	Reply reply; // first
	Turn turn;
	Batch *batch;
	const void *response; // NULL: it failed
	ErrDetail failure;
} Item;

struct Batch {
	Turn *turn;
	Item *items;
	size_t count, next;
	bool stopped, ended;
	atomic_size_t open; // items begun and not settled, and one for the batch itself
};

// --- the answer ---

static BatchFailure *map_failure(const ErrDetail *detail, Arena *arena)
{
	BatchFailure *failure = message_new(arena, MESSAGE_OF(batch_failure));
	if (failure == NULL)
		return NULL;
	failure->reason = (char *)err_reason(detail->id);
	failure->code = err_status(detail->id);
	failure->message = (char *)detail->message;
	failure->field = (char *)detail->field;
	failure->retry_after_ms = detail->retry_after_ms;
	return failure;
}

// An answer has the number in BatchResult that the question has in BatchCommand.
static bool map_result(const Item *item, const BatchCommand *command, Arena *arena, BatchResult *out)
{
	if (item->response != NULL) {
		out->what_case = (Parley__Runtime__V1__BatchResult__WhatCase)command->what_case;
		out->start_session = (StartSessionResponse *)item->response; // whichever it is
		return true;
	}
	out->what_case = PARLEY__RUNTIME__V1__BATCH_RESULT__WHAT_FAILURE;
	out->failure = map_failure(&item->failure, arena);
	return out->failure != NULL;
}

static Err map_batch(const Batch *batch, Arena *arena, ExecuteBatchResponse **ret)
{
	const ExecuteBatchRequest *in = batch->turn->request;
	ExecuteBatchResponse *out = *ret = message_new(arena, MESSAGE_OF(execute_batch_response));
	BatchResult **results = message_list(arena, MESSAGE_OF(batch_result), batch->count);
	bool enough = out != NULL && results != NULL;
	for (size_t i = 0; enough && i < batch->count; i++)
		enough = map_result(&batch->items[i], in->commands[i], arena, results[i]);
	if (!enough)
		return err(ERR_NO_MEMORY, "no memory for the answer; send fewer commands");
	out->results = results;
	out->n_results = batch->count;
	out->n_advisories = advisories_map(&batch->turn->advisories, arena, &out->advisories);
	return OK;
}

// Whoever comes last answers; everything is gone then.
static void drop(Batch *batch)
{
	ExecuteBatchResponse *out = NULL;
	if (atomic_fetch_sub(&batch->open, 1) > 1)
		return;
	Reply *reply = batch->turn->reply;
	Err e = map_batch(batch, batch->turn->arena, &out);
	reply->send(reply, e, out);
}

static void keep(Reply *reply, Err result, const void *response)
{
	Item *item = (Item *)reply;
	if (result == OK)
		item->response = response;
	else
		item->failure = *err_detail();
	drop(item->batch);
}

// --- the commands ---

#define WHAT(name) PARLEY__RUNTIME__V1__BATCH_COMMAND__WHAT_##name
static const struct {
	const Command *command;
	const ProtobufCMessageDescriptor *request;
} rows[] = {
        [WHAT(START_SESSION)] = {&start_session_command, MESSAGE_OF(start_session_request)},
        [WHAT(GET_OFFERS)] = {&get_offers_command, MESSAGE_OF(get_offers_request)},
        [WHAT(POST_EVENT)] = {&post_event_command, MESSAGE_OF(post_event_request)},
        [WHAT(GET_PROFILE)] = {&get_profile_command, MESSAGE_OF(get_profile_request)},
        [WHAT(SET_AUDIENCE)] = {&set_audience_command, MESSAGE_OF(set_audience_request)},
        [WHAT(SET_DEBUG)] = {&set_debug_command, MESSAGE_OF(set_debug_request)},
        [WHAT(END_SESSION)] = {&end_session_command, MESSAGE_OF(end_session_request)},
};

static Err begin(Item *item, Outcome *outcome)
{
	const Batch *batch = item->batch;
	const Turn *turn = &item->turn;
	if (batch->stopped)
		return err(ERR_CANCELLED, "a command before this one was refused; nothing was done");
	if (batch->ended || (!turn->command->opens && !turn->session->started))
		return err(ERR_SESSION_UNKNOWN, "the session was closed, or could not be opened");
	if (turn->command->check != NULL)
		TRY(turn->command->check(turn->request));
	return turn->command->step(&item->turn, outcome);
}

// An answer borrows from the session and its snapshot, and a batch is answered when it may have neither.
static Err own(const void *response, Arena *arena, ProtobufCMessage **ret)
{
	const ProtobufCMessage *message = response;
	Str packed;
	TRY(wire_pack(message, arena, &packed));
	return wire_unpack(message->descriptor, packed, SIZE_MAX, arena, ret);
}

static void settle(Item *item, Err result, const Outcome *outcome)
{
	Batch *batch = item->batch;
	const ExecuteBatchRequest *in = batch->turn->request;
	ProtobufCMessage *response = NULL;
	if (result == OK && outcome->end != TURN_LATER)
		result = own(outcome->response, batch->turn->arena, &response);
	batch->stopped |= result != OK && in->stop_on_error;
	batch->ended |= result == ERR_SESSION_UNKNOWN || outcome->end == TURN_REPLY_END;
	if (result != OK || outcome->end != TURN_LATER)
		item->reply.send(&item->reply, result, response);
}

// Goes on with the next command; false: one of them has suspended the batch, and may have resumed it by now.
static bool go_on(Batch *batch)
{
	while (batch->next < batch->count) {
		Item *item = &batch->items[batch->next++];
		Outcome outcome = {0};
		atomic_fetch_add(&batch->open, 1);
		Err e = begin(item, &outcome);
		if (e == OK && outcome.end == TURN_SUSPENDED)
			return false;
		settle(item, e, &outcome);
	}
	return true;
}

static Outcome done(const Batch *batch)
{
	return (Outcome){.end = batch->ended ? TURN_LATER_END : TURN_LATER};
}

static void resumed(Turn *turn, Err result, const Outcome *outcome)
{
	Item *item = (Item *)(void *)((char *)turn - offsetof(Item, turn));
	Batch *batch = item->batch;
	settle(item, result, outcome);
	if (!go_on(batch))
		return;
	Outcome end = done(batch);
	turn_resume(batch->turn, OK, &end); // leaves the session; the batch is still there
	drop(batch);
}

static void fill(Item *item, Batch *batch, const BatchCommand *command)
{
	const Turn *turn = batch->turn;
	item->reply.send = keep;
	item->batch = batch;
	item->turn = (Turn){
	        .service = turn->service,
	        .reply = &item->reply,
	        .command = rows[command->what_case].command,
	        .request = command->start_session, // whichever it is
	        .arena = turn->arena,
	        .session = turn->session,
	        .now_us = turn->now_us,
	        .deadline_us = turn->deadline_us,
	        .resumed = resumed,
	};
	if (item->turn.command->opens)
		item->turn.sequence = turn->sequence;
}

static Err execute_batch(Turn *turn, Outcome *outcome)
{
	const ExecuteBatchRequest *in = turn->request;
	Batch *batch = ARENA_NEW(turn->arena, Batch);
	Item *items = ARENA_ARRAY(turn->arena, Item, in->n_commands);
	if (batch == NULL || items == NULL)
		return err(ERR_NO_MEMORY, "no memory for the batch; try again later");
	batch->turn = turn;
	batch->items = items;
	batch->count = in->n_commands;
	atomic_init(&batch->open, 1);
	for (size_t i = 0; i < batch->count; i++)
		fill(&items[i], batch, in->commands[i]);
	outcome->end = TURN_SUSPENDED;
	if (!go_on(batch))
		return OK;
	*outcome = done(batch);
	drop(batch);
	return OK;
}

// --- what it may hold ---

static const void *field_of(const BatchCommand *command, const char *name)
{
	const ProtobufCMessageDescriptor *request = rows[command->what_case].request;
	return (const char *)command->start_session +
	       protobuf_c_message_descriptor_get_field_by_name(request, name)->offset;
}

static Err check_command(const ExecuteBatchRequest *in, size_t i)
{
	const BatchCommand *command = in->commands[i];
	char path[64];
	snprintf(path, sizeof path, "commands[%zu]", i);
	if (command->what_case == WHAT(_NOT_SET))
		return err_at(ERR_FIELD_MISSING, path, "say what to do: set one of the command's fields");
	if (command->what_case == WHAT(START_SESSION) && i > 0)
		return err_at(ERR_FIELD_INVALID, path, "start_session is possible as the first command only");
	const char *session = *(char *const *)field_of(command, "session_id");
	if (*session != '\0' && strcmp(session, in->session_id) != 0)
		return err_at(ERR_FIELD_INVALID, path,
		        "the command is for another session; leave its session_id empty");
	if (*(const uint64_t *)field_of(command, "sequence") != 0)
		return err_at(
		        ERR_FIELD_INVALID, path, "a command has no number of its own; number the batch");
	return OK;
}

static Err check(const void *request)
{
	const ExecuteBatchRequest *in = request;
	if (in->n_commands == 0)
		return err_at(
		        ERR_FIELD_MISSING, "commands", "there is no command; give 1 to %d", COMMANDS_MAX);
	if (in->n_commands > COMMANDS_MAX)
		return err_at(ERR_FIELD_INVALID, "commands", "there are %zu commands; 1 to %d are possible",
		        in->n_commands, COMMANDS_MAX);
	for (size_t i = 0; i < in->n_commands; i++)
		TRY(check_command(in, i));
	return OK;
}

void handle_execute_batch(void *service, RpcCall *call, const ProtobufCMessage *request)
{
	static const Command on_open = {.check = check, .step = execute_batch};
	static const Command on_any = {.check = check, .step = execute_batch, .opens = true};
	const ExecuteBatchRequest *in = (const ExecuteBatchRequest *)request;
	bool opens = in->n_commands > 0 && in->commands[0]->what_case == WHAT(START_SESSION);
	turn_take(service, call, in, in->session_id, in->sequence, opens ? &on_any : &on_open);
}
