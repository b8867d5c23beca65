// validate: what the analysis says of a channel as it is configured now.
#include "output.h"
#include "parley/design/v1/validation.pb-c.h"

#include "connect.h"
#include "release/deployment.h"

#define SERVICE (&parley__design__v1__validation_service__descriptor)
#define COLUMNS "SEVERITY:severity CODE:code OBJECT:object FIELD:field/1 REASON:reason REMEDY:remedy"

// How many of the findings weigh how much.
typedef struct Weight {
	size_t errors, warnings, acknowledged;
	size_t untold; // of these: there are too many to be listed
} Weight;

static bool is_acknowledged(const Cli *cli, const char *id)
{
	for (const OptionValue *value = cli->line.options[OPT_ACKNOWLEDGE]; value; value = value->next) {
		if (strcmp(value->text, id) == 0)
			return true;
	}
	return false;
}

// Adds what people look for: the object in one word, and whether it was acknowledged.
static void weigh(Cli *cli, json_t *findings, Weight *ret)
{
	json_t *finding;
	size_t i;

	json_array_foreach(findings, i, finding)
	{
		bool error = strcmp(json_word(finding, "severity"), "ERROR") == 0;
		bool acknowledged = !error && is_acknowledged(cli, json_word(finding, "id"));

		*(error ? &ret->errors : acknowledged ? &ret->acknowledged : &ret->warnings) += 1;
		json_object_set_new(finding, "object",
		        json_string(arena_printf(cli->arena, "%s/%s", json_word(finding, "kind"),
		                json_word(finding, "name"))));
		json_object_set_new(finding, "acknowledged", json_boolean(acknowledged));
	}
}

static void count_untold(const json_t *answer, Weight *weight)
{
	size_t errors = (size_t)json_integer_value(json_object_get(answer, "errors"));
	size_t warnings = (size_t)json_integer_value(json_object_get(answer, "warnings"));

	weight->untold = errors + warnings - weight->errors - weight->warnings - weight->acknowledged;
	weight->errors = errors;
	weight->warnings = warnings - weight->acknowledged;
}

static Err print_left(Cli *cli, const json_t *findings, const Weight *weight)
{
	CLEANUP(json_decrefp_) json_t *left = json_array();
	json_t *finding;
	size_t i;

	json_array_foreach((json_t *)(uintptr_t)findings, i, finding)
	{
		if (!json_is_true(json_object_get(finding, "acknowledged")))
			json_array_append(left, finding);
	}
	if (json_array_size(left))
		TRY(print_table(cli, left, COLUMNS));
	printf("%s%zu errors, %zu warnings", json_array_size(left) ? "\n" : "", weight->errors,
	        weight->warnings);
	if (weight->acknowledged)
		printf(", %zu acknowledged", weight->acknowledged);
	printf("\n");
	if (weight->warnings && !weight->errors)
		printf("what is meant so: --acknowledge CODE:OBJECT, here and with parley deploy\n");
	return OK;
}

Err verb_validate(Cli *cli)
{
	CLEANUP(json_decrefp_) json_t *answer = NULL;
	const char *environment = cli_option(cli, OPT_ENV);
	Weight weight = {0};
	json_t *findings;

	TRY(cli_call(cli, SERVER_DESIGN, SERVICE, "ValidateChannel",
	        json_pack("{s:s, s:s}", "channel", cli->line.arguments[0], "environment",
	                environment ? environment : ""),
	        &answer));
	findings = json_object_get(answer, "findings");
	if (!findings) {
		findings = json_array();
		json_object_set_new(answer, "findings", findings);
	}
	weigh(cli, findings, &weight);
	count_untold(answer, &weight);
	if (cli->format == FORMAT_TABLE)
		TRY(print_left(cli, findings, &weight));
	else
		TRY(print_json(cli, findings));
	cli->exit_code = weight.errors ? EXIT_DIFFERENT : weight.warnings ? EXIT_WARNINGS : EXIT_OK;
	return OK;
}
