// decision show: what a recorded decision came from, by the names of the snapshot that made it.
#include "history/decision.h"
#include "output.h"

static json_t *attribute_rows(const json_t *inputs)
{
	json_t *rows = json_array();
	json_t *attribute;
	size_t i;

	json_array_foreach(json_object_get(inputs, "attributes"), i, attribute)
	        json_array_append(rows, attribute);
	return rows;
}

static void print_list(const char *title, const json_t *list)
{
	const json_t *item;
	size_t i;

	printf("%s", title);
	json_array_foreach(list, i, item) printf("%s%s", i > 0 ? ", " : "", json_string_value(item));
	puts(i == 0 ? "none" : "");
}

static Err print_part(Cli *cli, const json_t *inputs, const char *key, const char *title, const char *columns)
{
	const json_t *rows = json_object_get(inputs, key);

	if (json_array_size(rows) == 0)
		return OK;
	printf("\n%s:\n", title);
	return print_table(cli, rows, columns);
}

#define FACT_COLUMNS "KIND:kind OFFER:offer_code COUNT:count TIME:time UNTIL:until/1 SCORE:score/2"
#define ROW_COLUMNS                                                                                          \
	"POINT:interaction_point RANK:rank/5 OFFER:offer_code SCORE:score/2 ORIGIN:origin/6 "                \
	"RULE:treatment_rule/3 "                                                                             \
	"SEGMENT:segment/4 CAMPAIGN:campaign/7 CELL:cell/8 TREATMENT:treatment_code/2"

static Err print_inputs(Cli *cli, const json_t *inputs)
{
	CLEANUP(json_decrefp_) json_t *attributes = attribute_rows(inputs);

	print_list("segments          ", json_object_get(inputs, "segments"));
	puts("\nAttributes, as the decision saw them:");
	TRY(print_table(cli, attributes, "NAME:name VALUE:value SOURCE:source"));
	TRY(print_part(cli, inputs, "facts", "What had happened", FACT_COLUMNS));
	TRY(print_part(cli, inputs, "session_facts", "In this session", FACT_COLUMNS));
	TRY(print_part(
	        cli, inputs, "volumes", "Counted for all visitors", "CONSTRAINT:constraint COUNTED:counted"));
	puts("\nAsked for:");
	return print_table(cli, json_object_get(json_object_get(inputs, "request"), "points"),
	        "POINT:interaction_point AT-MOST:max_offers FILTER:filter");
}

static Err print_shown(Cli *cli, const json_t *shown)
{
	const json_t *place = json_object_get(shown, "decision"), *inputs = json_object_get(shown, "inputs");
	CLEANUP(json_decrefp_) json_t *rows = json_incref(json_object_get(shown, "rows"));

	TRY(print_one(cli, place));
	if (inputs != NULL)
		TRY(print_inputs(cli, inputs));
	else
		puts("\nIts receipt would have been too long, and was not kept.");
	puts("\nGiven:");
	return print_table(cli, rows, ROW_COLUMNS);
}

Err verb_decision_show(Cli *cli)
{
	CLEANUP(decision_plans_free) DecisionPlans plans = {0};
	RecordedDecision *recorded;
	const Plan *plan;
	Receipt receipt;

	TRY(decision_fetch(cli, cli->line.arguments[0], &recorded));
	TRY(decision_plan(cli, &plans, recorded, &plan));
	CLEANUP(json_decrefp_)
	json_t *shown = json_pack("{s:o, s:o}", "decision", decision_place_json(recorded), "rows",
	        decision_rows_json(recorded));
	Err e = receipt_read(plan, str_n((const char *)recorded->receipt.data, recorded->receipt.len),
	        cli->arena, &receipt);
	if (e != OK && e != ERR_LIMIT)
		return e;
	if (e == OK)
		json_object_set_new(shown, "inputs", decision_inputs_json(plan, &receipt, cli->arena));
	return cli->format == FORMAT_TABLE ? print_shown(cli, shown) : print_json(cli, shown);
}
