// context list, use and set.
#include "output.h"

#include <stdlib.h>
#include <unistd.h>

static json_t *text_json(Str text)
{
	return json_stringn(text.len ? text.ptr : "", text.len);
}

static void row_add(json_t *rows, bool current, Str name, Str environment, const Endpoint *place)
{
	const char *shows = place->certificate.len ? "certificate" : place->token_file.len ? "token" : "";

	json_array_append_new(rows,
	        json_pack("{s:s, s:o, s:o, s:o, s:s, s:s}", "current", current ? "*" : "", "name",
	                text_json(name), "server",
	                environment.len ? text_json(environment) : json_string("design"), "address",
	                text_json(place->address), "tls", place->ca.len ? "yes" : "no", "shows", shows));
}

Err verb_context_list(Cli *cli)
{
	CLEANUP(json_decrefp_) json_t *rows = json_array();
	const Context *contexts = cli->contexts.contexts.items;

	for (size_t i = 0; i < cli->contexts.contexts.count; i++) {
		const ContextEnvironment *environments = contexts[i].environments.items;

		row_add(rows, &contexts[i] == cli->context, contexts[i].name, (Str){0}, &contexts[i].design);
		for (size_t j = 0; j < contexts[i].environments.count; j++)
			row_add(rows, &contexts[i] == cli->context, contexts[i].name, environments[j].name,
			        &environments[j].runtime);
	}
	return print_items(
	        cli, rows, "NAME:name CURRENT:current SERVER:server ADDRESS:address TLS:tls/1 SHOWS:shows/2");
}

Err verb_context_use(Cli *cli)
{
	Context *context;

	TRY(context_select(&cli->contexts, cli->line.arguments[0], cli->arena, &context));
	cli->contexts.current = context->name;
	TRY(context_save(&cli->contexts, cli->arena));
	printf("context is %s\n", cli->line.arguments[0]);
	return OK;
}

static void set_text(const Cli *cli, OptionId id, Str *ret)
{
	const char *value = cli_option(cli, id);

	if (value)
		*ret = str(value);
}

// A file is kept by its absolute name, so that a context works from every folder; it must be there.
static Err set_file(Cli *cli, OptionId id, Str *ret)
{
	const char *value = cli_option(cli, id);
	char *path;

	if (!value)
		return OK;
	path = *value ? realpath(value, NULL) : NULL;
	if (*value && !path) {
		cli->usage = true;
		return err_errno(ERR_IO, "--%s: %s", option_rows[id].name, value);
	}
	*ret = arena_str(cli->arena, str(path));
	free(path);
	return OK;
}

static Err place_set(Cli *cli, OptionId address, Endpoint *place)
{
	set_text(cli, address, &place->address);
	set_text(cli, OPT_SERVER_NAME, &place->server_name);
	TRY(set_file(cli, OPT_CA, &place->ca));
	TRY(set_file(cli, OPT_CERTIFICATE, &place->certificate));
	TRY(set_file(cli, OPT_KEY, &place->key));
	TRY(set_file(cli, OPT_TOKEN_FILE, &place->token_file));
	if (!place->certificate.len != !place->key.len)
		return cli_usage(cli, "--certificate and --key go together");
	return OK;
}

Err verb_context_set(Cli *cli)
{
	const char *name = cli_option(cli, OPT_ENV);
	ContextEnvironment *environment;
	Context *context;

	if (!name && (cli_given(cli, OPT_RUNTIME) || cli_given(cli, OPT_CERTIFICATE) ||
	                     cli_given(cli, OPT_TOKEN_FILE)))
		return cli_usage(cli, "a runtime server belongs to an environment: give --env ENVIRONMENT");
	if (name && cli_given(cli, OPT_DESIGN))
		return cli_usage(cli, "set the design server and an environment one after the other");
	TRY(context_add(&cli->contexts, str(cli->line.arguments[0]), cli->arena, &context));
	if (name) {
		TRY(context_environment_add(context, str(name), cli->arena, &environment));
		TRY(place_set(cli, OPT_RUNTIME, &environment->runtime));
	} else {
		TRY(place_set(cli, OPT_DESIGN, &context->design));
	}
	TRY(context_save(&cli->contexts, cli->arena));
	printf("context %s set in %s\n", cli->line.arguments[0], cli->contexts.path);
	return OK;
}
