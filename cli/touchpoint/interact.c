#include "touchpoint/interact.h"

#include "touchpoint/value.h"

#include <sys/random.h>

Err interact_id(Cli *cli, const char **ret)
{
	uint8_t bytes[16];
	char hex[2 * sizeof bytes + 1];

	if (getrandom(bytes, sizeof bytes, 0) != sizeof bytes)
		return err_errno(ERR_INTERNAL, "no random bytes");
	hex_encode(bytes, sizeof bytes, hex);
	*ret = arena_cstr(cli->arena, str(hex));
	return OK;
}

Err interact_values(Cli *cli, OptionId id, const char *field, json_t *request)
{
	json_t *list = json_array();

	json_object_set_new(request, field, list);
	for (const OptionValue *value = cli->line.options[id]; value; value = value->next) {
		json_t *named;
		Err e = named_value_parse(str(value->text), cli->arena, &named);

		cli->usage = e != OK;
		TRY(e);
		json_array_append_new(list, named);
	}
	return OK;
}

Err interact_number(Cli *cli, json_t *request)
{
	int64_t sequence;

	TRY(cli_number(cli, OPT_SEQUENCE, 1, INT64_MAX, 0, &sequence));
	json_object_set_new(request, "sequence", json_integer(sequence));
	return OK;
}

Err interact_request(Cli *cli, json_t **ret)
{
	CLEANUP(json_decrefp_) json_t *request = json_pack("{s:s}", "session_id", cli->line.arguments[0]);

	TRY(interact_number(cli, request));
	*ret = STEAL(request);
	return OK;
}

void interact_notes(const json_t *holder, const char *about)
{
	const json_t *advisory;
	size_t i;

	json_array_foreach(json_object_get(holder, "advisories"), i, advisory)
	        fprintf(stderr, "note: %s%s%s: %s\n", about, *about ? ": " : "",
	                json_string_value(json_object_get(advisory, "code")),
	                json_string_value(json_object_get(advisory, "message")));
}
