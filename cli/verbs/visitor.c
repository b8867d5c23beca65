// visitor export, visitor erase, visitor erasures: what is known of one visitor, handed out and erased.
#include "base/clock.h"
#include "connect.h"
#include "output.h"
#include "rows/visitor_profile.h"
#include "touchpoint/value.h"

#include "parley/design/v1/visitor.pb-c.h"

#include <time.h>
#include <unistd.h>

enum { LOOK_MS = 250, LOOKS_IN_VAIN = 60, ANSWER_MAX = 1100 };

static const ProtobufCServiceDescriptor *const visitors = &parley__design__v1__visitor_service__descriptor;

// --- who ---

typedef struct Whom {
	const char *environment;
	json_t *audience; // as --audience reads
	json_t *name;     // a parley.design.v1.VisitorName
	VisitorProfile profile;
} Whom;

static void whom_free(Whom *whom)
{
	json_decref(whom->audience);
	json_decref(whom->name);
	visitor_profile_close(&whom->profile);
}

static Err name_of(Cli *cli, Whom *whom)
{
	const json_t *key;
	json_t *keys = json_array();
	size_t i;

	whom->name = json_pack(
	        "{s:O, s:o}", "audience_level", json_object_get(whom->audience, "level"), "keys", keys);
	json_array_foreach(json_object_get(whom->audience, "keys"), i, key)
	{
		const char *text = visitor_key_text(key, cli->arena);

		if (!text)
			return cli_usage(cli, "a key is true or false, a whole number or a text");
		json_array_append_new(
		        keys, json_pack("{s:O, s:s}", "name", json_object_get(key, "name"), "value", text));
	}
	return OK;
}

static Err whom_read(Cli *cli, Whom *ret)
{
	const char *audience;

	TRY(cli_need(cli, OPT_ENV, &ret->environment));
	TRY(cli_need(cli, OPT_AUDIENCE, &audience));
	Err e = audience_parse(str(audience), cli->arena, &ret->audience);

	cli->usage = e != OK;
	TRY(e);
	TRY(name_of(cli, ret));
	return visitor_profile_open(cli, ret->audience, &ret->profile);
}

static const char *word(const json_t *json, const char *field)
{
	const char *text = json_string_value(json_object_get(json, field));

	return text ? text : "";
}

// --- export ---

static Err take_page(const json_t *answer, json_t *records)
{
	const json_t *row;
	size_t i;

	json_array_foreach(json_object_get(answer, "rows"), i, row)
	{
		const char *place = word(row, "place"), *text = word(row, "json");
		json_t *list = json_object_get(records, place), *item = NULL;

		if (!list)
			json_object_set_new(records, place, list = json_array());
		TRY(json_parse(str(text), strlen(text), &item));
		json_array_append_new(list, item);
	}
	return OK;
}

static Err read_all(Cli *cli, const Whom *whom, json_t *records, const char **ret_id)
{
	const char *token = "";

	*ret_id = "";
	do {
		CLEANUP(json_decrefp_) json_t *answer = NULL;

		TRY(cli_call(cli, SERVER_DESIGN, visitors, "ExportVisitor",
		        json_pack("{s:s, s:O, s:i, s:s}", "environment", whom->environment, "visitor",
		                whom->name, "page_size", 500, "page_token", token),
		        &answer));
		TRY(take_page(answer, records));
		*ret_id = arena_cstr(cli->arena, str(word(answer, "audience_id")));
		token = arena_cstr(cli->arena, str(word(answer, "next_page_token")));
	} while (*token);
	return OK;
}

static Err print_summary(Cli *cli, const json_t *document)
{
	CLEANUP(json_decrefp_) json_t *rows = json_array();
	const char *place;
	json_t *list;

	json_object_foreach(json_object_get(document, "records"), place, list)
	{
		const json_t *first = json_array_get(list, 0),
		             *last = json_array_get(list, json_array_size(list) - 1);

		json_array_append_new(rows,
		        json_pack("{s:s, s:i, s:s, s:s}", "place", place, "rows", (int)json_array_size(list),
		                "first", word(first, "time"), "last", word(last, "time")));
	}
	if (json_array_size(rows) == 0) {
		printf("nothing is known of the visitor %s in %s\n", word(document, "audience_id"),
		        word(document, "environment"));
		return OK;
	}
	TRY(print_table(cli, rows, "PLACE:place ROWS:rows FIRST:first LAST:last"));
	fputs("the whole of it: -o json\n", stderr);
	return OK;
}

Err verb_visitor_export(Cli *cli)
{
	CLEANUP(whom_free) Whom whom = {0};
	CLEANUP(json_decrefp_) json_t *document = NULL;
	json_t *records = json_object(), *profile = NULL;
	const char *id;

	document = json_pack("{s:o}", "records", records);
	TRY(whom_read(cli, &whom));
	TRY(read_all(cli, &whom, records, &id));
	TRY(visitor_profile_read(&whom.profile, cli->arena, &profile));
	if (json_array_size(profile) > 0)
		json_object_set(records, "profile", profile);
	json_decref(profile);
	json_object_set_new(document, "environment", json_string(whom.environment));
	json_object_set(document, "audience_level", json_object_get(whom.name, "audience_level"));
	json_object_set_new(document, "audience_id", json_string(id));
	return cli->format == FORMAT_TABLE ? print_summary(cli, document) : print_json(cli, document);
}

// --- erase ---

static Err call_erase(Cli *cli, const Whom *whom, bool check_only, json_t **ret)
{
	const char *reason = cli_option(cli, OPT_REASON);

	return cli_call(cli, SERVER_DESIGN, visitors, "EraseVisitor",
	        json_pack("{s:s, s:O, s:s, s:b}", "environment", whom->environment, "visitor", whom->name,
	                "reason", reason ? reason : "", "validate_only", check_only),
	        ret);
}

static json_t *found_rows(const json_t *place)
{
	json_t *rows = json_array(), *count;
	size_t i;

	json_array_foreach(json_object_get(place, "found"), i, count)
	        json_array_append_new(rows, json_pack("{s:O, s:O}", "place", json_object_get(count, "name"),
	                                            "rows", json_object_get(count, "count")));
	return rows;
}

static void print_configuration(const json_t *answer)
{
	const json_t *name;
	size_t i;

	json_array_foreach(json_object_get(answer, "configuration"), i, name) fprintf(stderr,
	        "note: %s names the visitor. Configuration is not erased: change it, and deploy the "
	        "channel\n",
	        json_string_value(name));
}

static Err print_preview(Cli *cli, const Whom *whom, const json_t *answer)
{
	CLEANUP(json_decrefp_) json_t *profile = NULL;
	CLEANUP(json_decrefp_)
	json_t *rows =
	        found_rows(json_array_get(json_object_get(json_object_get(answer, "erasure"), "places"), 0));

	TRY(visitor_profile_read(&whom->profile, cli->arena, &profile));
	if (json_array_size(profile) > 0)
		json_array_append_new(rows,
		        json_pack("{s:s, s:i}", "place", "profile", "rows", (int)json_array_size(profile)));
	print_configuration(answer);
	if (cli->format != FORMAT_TABLE)
		return OK;
	printf("visitor %s of level %s in %s\n", word(answer, "audience_id"),
	        word(whom->name, "audience_level"), whom->environment);
	if (json_array_size(rows) > 0)
		TRY(print_table(cli, rows, "PLACE:place ROWS:rows"));
	else
		puts("the database knows nothing of the visitor; runtime servers may");
	return OK;
}

static Err ask(Cli *cli, const char *id)
{
	char answer[ANSWER_MAX];

	if (cli_given(cli, OPT_YES))
		return OK;
	if (!isatty(STDIN_FILENO))
		return cli_usage(cli, "nobody can be asked here: give --yes");
	fputs("This cannot be taken back. Write the visitor's ID to erase all of it: ", stderr);
	if (!fgets(answer, sizeof answer, stdin))
		answer[0] = '\0';
	answer[strcspn(answer, "\n")] = '\0';
	return strcmp(answer, id) == 0 ? OK
	                               : cli_usage(cli, "that is not the visitor's ID: nothing was erased");
}

// What keeps it, in one line; empty once it is complete.
static const char *what_waits(Cli *cli, const json_t *erasure)
{
	const json_t *place;
	const char *text = "";
	size_t i;

	json_array_foreach(json_object_get(erasure, "places"), i, place)
	{
		if (strcmp(word(place, "state"), "DONE") == 0)
			continue;
		text = arena_printf(cli->arena, "%s%s%s%s%s", text, *text ? "; " : "", word(place, "place"),
		        *word(place, "why") ? ": " : "", word(place, "why"));
	}
	return text;
}

static Err look_again(Cli *cli, json_t **erasure)
{
	CLEANUP(json_decrefp_) json_t *answer = NULL;

	TRY(cli_call(cli, SERVER_DESIGN, visitors, "GetErasure",
	        json_pack("{s:O, s:O}", "environment", json_object_get(*erasure, "environment"), "id",
	                json_object_get(*erasure, "id")),
	        &answer));
	json_decref(*erasure);
	*erasure = json_incref(json_object_get(answer, "erasure"));
	return OK;
}

// Whoever waits is not kept waiting by a server that is away: the erasure goes on without him.
static Err follow(Cli *cli, json_t **erasure)
{
	const struct timespec pause = {.tv_nsec = LOOK_MS * 1000000L};
	const char *last = "";
	unsigned looks = 0;

	while (!*word(*erasure, "complete_time")) {
		const char *waits = what_waits(cli, *erasure);

		looks = strcmp(waits, last) == 0 ? looks + 1 : 0;
		if (looks == 0 && cli->format == FORMAT_TABLE)
			fprintf(stderr, "waiting for %s\n", waits);
		last = waits;
		if (looks > LOOKS_IN_VAIN)
			return err(ERR_UNAVAILABLE,
			        "erasure %lld is not complete yet, %s. It goes on by itself: parley visitor "
			        "erasures --env %s",
			        (long long)json_integer_value(json_object_get(*erasure, "id")), waits,
			        word(*erasure, "environment"));
		nanosleep(&pause, NULL);
		TRY(look_again(cli, erasure));
	}
	return OK;
}

static const char *found_text(Cli *cli, const json_t *place)
{
	const json_t *count;
	const char *text = "";
	size_t i;

	json_array_foreach(json_object_get(place, "found"), i, count)
	{
		long long number = (long long)json_integer_value(json_object_get(count, "count"));

		if (number > 0)
			text = arena_printf(cli->arena, "%s%s%lld %s", text, *text ? ", " : "", number,
			        word(count, "name"));
	}
	return *text ? text : "nothing";
}

static Err print_proof(Cli *cli, const json_t *erasure, size_t profile_rows)
{
	CLEANUP(json_decrefp_) json_t *rows = json_array();
	const json_t *place;
	size_t i;

	if (cli->format != FORMAT_TABLE)
		return print_json(cli, erasure);
	json_array_foreach(json_object_get(erasure, "places"), i, place) json_array_append_new(
	        rows, json_pack("{s:O, s:O, s:s, s:O}", "place", json_object_get(place, "place"), "state",
	                      json_object_get(place, "state"), "found", found_text(cli, place), "when",
	                      json_object_get(place, "change_time")));
	TRY(print_table(cli, rows, "PLACE:place STATE:state ERASED:found SINCE:when"));
	if (profile_rows > 0)
		printf("profile: %zu rows\n", profile_rows);
	printf("erasure %lld %s\nproof: parley audit Visitor %s\n",
	        (long long)json_integer_value(json_object_get(erasure, "id")),
	        *word(erasure, "complete_time") ? "is complete" : "goes on", word(erasure, "digest"));
	return OK;
}

Err verb_visitor_erase(Cli *cli)
{
	CLEANUP(whom_free) Whom whom = {0};
	CLEANUP(json_decrefp_) json_t *preview = NULL;
	CLEANUP(json_decrefp_) json_t *answer = NULL;
	CLEANUP(json_decrefp_) json_t *erasure = NULL;
	const char *reason;
	size_t profile_rows = 0;

	TRY(whom_read(cli, &whom));
	if (!cli_given(cli, OPT_DRY_RUN))
		TRY(cli_need(cli, OPT_REASON, &reason));
	TRY(call_erase(cli, &whom, true, &preview));
	TRY(print_preview(cli, &whom, preview));
	if (cli_given(cli, OPT_DRY_RUN))
		return cli->format == FORMAT_TABLE ? OK : print_json(cli, preview);
	TRY(ask(cli, word(preview, "audience_id")));
	TRY(call_erase(cli, &whom, false, &answer));
	TRY(visitor_profile_delete(&whom.profile, &profile_rows));
	erasure = json_incref(json_object_get(answer, "erasure"));
	if (!cli_given(cli, OPT_NO_WAIT))
		TRY(follow(cli, &erasure));
	return print_proof(cli, erasure, profile_rows);
}

// --- erasures ---

static void add_columns(Cli *cli, json_t *erasure)
{
	const json_t *place;
	size_t i, done = 0, all = json_array_size(json_object_get(erasure, "places"));

	json_array_foreach(json_object_get(erasure, "places"), i, place) done +=
	        strcmp(word(place, "state"), "DONE") == 0;
	json_object_set_new(
	        erasure, "progress", json_string(arena_printf(cli->arena, "%zu of %zu", done, all)));
	json_object_set_new(erasure, "waits", json_string(what_waits(cli, erasure)));
}

Err verb_visitor_erasures(Cli *cli)
{
	CLEANUP(json_decrefp_) json_t *items = NULL;
	const char *environment = cli_option(cli, OPT_ENV);
	json_t *erasure;
	int64_t limit;
	size_t i;

	TRY(cli_number(cli, OPT_LIMIT, 1, 1000000, 20, &limit));
	TRY(cli_list(cli, visitors, "ListErasures",
	        json_pack("{s:s}", "environment", environment ? environment : ""), "erasures", (size_t)limit,
	        &items));
	if (cli->format == FORMAT_JSON || cli->format == FORMAT_YAML)
		return print_json(cli, items);
	json_array_foreach(items, i, erasure) add_columns(cli, erasure);
	return print_items(cli, items,
	        "ID:id ENVIRONMENT:environment/3 LEVEL:audience_level/4 DIGEST:digest/6 "
	        "REQUESTED:request_time/1 "
	        "BY:requested_by/2 "
	        "REASON:reason/5 DONE:progress COMPLETE:complete_time/7 WAITS-FOR:waits");
}
