// Several commands on a session in one round trip, as a file has them.
#include "connect.h"
#include "output.h"

static Err read_commands(const char *file, json_t **ret)
{
	json_error_t error;

	*ret = strcmp(file, "-") == 0 ? json_loadf(stdin, JSON_REJECT_DUPLICATES, &error)
	                              : json_load_file(file, JSON_REJECT_DUPLICATES, &error);
	if (!*ret)
		return err(ERR_JSON_INVALID, "%s: line %d, column %d: %s", file, error.line, error.column,
		        error.text);
	if (!json_is_array(*ret)) {
		return err(ERR_JSON_INVALID, "%s: a list of commands is expected: [{\"get_profile\": {}}]",
		        file);
	}
	return OK;
}

// A row a command: what it was, and DONE or why not.
static json_t *rows_of(Cli *cli, const json_t *commands, const json_t *results)
{
	json_t *rows = json_array(), *result;
	size_t i;

	json_array_foreach(results, i, result)
	{
		const json_t *failure = json_object_get(result, "failure");
		const char *command = json_object_iter_key(json_object_iter(json_array_get(commands, i)));

		if (failure)
			cli->exit_code = EXIT_REFUSED;
		json_array_append_new(rows,
		        json_pack("{s:s, s:s, s:O*, s:O*}", "command", command, "result",
		                failure ? json_string_value(json_object_get(failure, "reason")) : "DONE",
		                "field", json_object_get(failure, "field"), "message",
		                json_object_get(failure, "message")));
	}
	return rows;
}

Err verb_session_batch(Cli *cli)
{
	CLEANUP(json_decrefp_) json_t *commands = NULL;
	CLEANUP(json_decrefp_) json_t *answer = NULL;
	CLEANUP(json_decrefp_) json_t *rows = NULL;
	int64_t sequence;
	Err e;

	TRY(cli_number(cli, OPT_SEQUENCE, 1, INT64_MAX, 0, &sequence));
	e = read_commands(cli->line.arguments[1], &commands);
	cli->usage = e != OK;
	TRY(e);
	TRY(cli_interact(cli, "ExecuteBatch",
	        json_pack("{s:s, s:O, s:b, s:I}", "session_id", cli->line.arguments[0], "commands", commands,
	                "stop_on_error", cli_given(cli, OPT_STOP_ON_ERROR), "sequence", (json_int_t)sequence),
	        &answer));
	rows = rows_of(cli, commands, json_object_get(answer, "results"));
	return cli->format == FORMAT_TABLE
	               ? print_table(cli, rows, "COMMAND:command RESULT:result FIELD:field MESSAGE:message")
	               : print_json(cli, answer);
}
