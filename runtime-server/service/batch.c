// executeBatch: one turn on the session in which several commands take theirs (several.h).
#include "service/commands.h"
#include "service/several.h"

#include <stdio.h>

enum { COMMANDS_MAX = 16 };

#define WHAT(name) PARLEY__RUNTIME__V1__BATCH_COMMAND__WHAT_##name

static Err answer(const Several *batch, Arena *arena, const ProtobufCMessage **ret)
{
	const ExecuteBatchRequest *in = batch->turn->request;
	ExecuteBatchResponse *out = message_new(arena, MESSAGE_OF(execute_batch_response));
	BatchResult **results = message_list(arena, MESSAGE_OF(batch_result), batch->count);
	if (out == NULL || results == NULL)
		return err(ERR_NO_MEMORY, "no memory for the answer; send fewer commands");
	for (size_t i = 0; i < batch->count; i++) {
		const Part *part = &batch->parts[i];
		TRY(result_map(in->commands[i]->what_case, part->response, part->failure, arena, results[i]));
	}
	out->results = results;
	out->n_results = batch->count;
	out->n_advisories = advisories_map(&batch->turn->advisories, arena, &out->advisories);
	*ret = &out->base;
	return OK;
}

static Err new_batch(Turn *turn, Several **ret)
{
	const ExecuteBatchRequest *in = turn->request;
	TRY(several_new(turn, in->n_commands, ret));
	(*ret)->stop_on_error = in->stop_on_error;
	(*ret)->answer = answer;
	for (size_t i = 0; i < in->n_commands; i++)
		several_fill(*ret, i, command_of(in->commands[i]), command_request(in->commands[i]));
	return OK;
}

static Err execute_batch(Turn *turn, Outcome *outcome)
{
	Several *batch = NULL;
	TRY(new_batch(turn, &batch));
	return several_run(batch, outcome);
}

static Err answer_late(Turn *turn, const Deployed *deployed, Outcome *outcome)
{
	Several *batch = NULL;
	TRY(new_batch(turn, &batch));
	return several_late(batch, deployed, outcome);
}

// --- what it may hold ---

static Err check_command(const ExecuteBatchRequest *in, size_t i)
{
	const BatchCommand *command = in->commands[i];
	char path[64];
	snprintf(path, sizeof path, "commands[%zu]", i);
	if (command_of(command) == NULL)
		return err_at(ERR_FIELD_MISSING, path, "say what to do: set one of the command's fields");
	if (command->what_case == WHAT(START_SESSION) && i > 0)
		return err_at(ERR_FIELD_INVALID, path, "start_session is possible as the first command only");
	const char *session = command_session_id(command);
	if (*session != '\0' && strcmp(session, in->session_id) != 0)
		return err_at(ERR_FIELD_INVALID, path,
		        "the command is for another session; leave its session_id empty");
	if (command_sequence(command) != 0)
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
	static const Command on_open = {.check = check, .step = execute_batch, .late = answer_late};
	static const Command on_any = {
	        .check = check, .step = execute_batch, .late = answer_late, .opens = true};
	const ExecuteBatchRequest *in = (const ExecuteBatchRequest *)request;
	bool opens = in->n_commands > 0 && in->commands[0]->what_case == WHAT(START_SESSION);
	turn_take(service, call, in, in->session_id, in->sequence, opens ? &on_any : &on_open);
}
