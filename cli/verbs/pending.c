// mark, unmark, marks and pending.
#include "output.h"
#include "parley/design/v1/pending.pb-c.h"
#include "resource/kind.h"

#define SERVICE      (&parley__design__v1__pending_service__descriptor)
#define MARK_COLUMNS "CHANNEL:channel MARKED:what BY:author SINCE:create_time COMMENT:comment"

enum { TREE_VALUE_MAX = 300, LIMIT_DEFAULT = 200, PAGE_MAX = 1000 };

static const char *text(const json_t *json, const char *key)
{
	const char *value = json_string_value(json_object_get(json, key));

	return value ? value : "";
}

static json_int_t number(const json_t *json, const char *key)
{
	return json_integer_value(json_object_get(json, key));
}

// --- mark, unmark ---

static Err thing_of(Cli *cli, const char *verb, json_t **ret)
{
	const char *channel = cli_option(cli, OPT_CHANNEL);
	const Kind *kind = NULL;

	if (cli_given(cli, OPT_ALL) ? cli->line.count != 0 : cli->line.count != 2)
		return cli_usage(cli,
		        "which resource? parley %s KIND NAME --channel CHANNEL, or --all for all of the "
		        "channel",
		        verb);
	if (cli->line.count)
		TRY(kind_need(cli, cli->line.arguments[0], &kind));
	if (!channel && kind && strcmp(kind->name, "Channel") == 0)
		channel = cli->line.arguments[1];
	if (!channel)
		return cli_usage(cli, "a mark is for a channel's next deployment: give --channel CHANNEL");
	*ret = json_pack("{s:s, s:s, s:s}", "channel", channel, "kind", kind ? kind->name : "", "name",
	        kind ? cli->line.arguments[1] : "");
	return OK;
}

// "offer/gold", or "all of bank"
static const char *mark_title(const Cli *cli, const json_t *mark)
{
	const Kind *kind = kind_find(str(text(mark, "kind")));
	Str channel = str(text(mark, "channel"));

	if (!kind)
		return arena_printf(cli->arena, "all of " STR_FMT, STR_ARG(channel));
	return kind_path(kind, kind->in_channel ? channel : (Str){0}, str(text(mark, "name")), cli->arena);
}

Err verb_mark(Cli *cli)
{
	CLEANUP(json_decrefp_) json_t *answer = NULL;
	const char *comment = cli_option(cli, OPT_COMMENT);
	json_t *request;

	TRY(thing_of(cli, "mark", &request));
	json_object_set_new(request, "comment", json_string(comment ? comment : ""));
	TRY(cli_call(cli, SERVER_DESIGN, SERVICE, "Mark", request, &answer));
	if (cli->format != FORMAT_TABLE)
		return print_json(cli, answer);
	const json_t *mark = json_object_get(answer, "mark");

	printf("%s %s for the next deployment of %s%s\n", mark_title(cli, mark),
	        json_is_true(json_object_get(answer, "unchanged")) ? "was marked already" : "marked",
	        text(mark, "channel"),
	        json_is_true(json_object_get(answer, "removal")) ? ": it is gone, and will be removed there"
	                                                         : "");
	return OK;
}

Err verb_unmark(Cli *cli)
{
	CLEANUP(json_decrefp_) json_t *answer = NULL;
	json_t *request;

	TRY(thing_of(cli, "unmark", &request));
	TRY(cli_call(cli, SERVER_DESIGN, SERVICE, "Unmark", request, &answer));
	if (cli->format != FORMAT_TABLE)
		return print_json(cli, answer);
	printf("%s is no longer marked\n", mark_title(cli, json_object_get(answer, "mark")));
	return OK;
}

Err verb_marks(Cli *cli)
{
	CLEANUP(json_decrefp_) json_t *items = NULL;
	const char *channel = cli_option(cli, OPT_CHANNEL);
	json_t *mark;
	size_t i;

	TRY(cli_list(cli, SERVICE, "ListMarks", json_pack("{s:s}", "channel", channel ? channel : ""),
	        "marks", 0, &items));
	if (cli->format == FORMAT_TABLE)
		json_array_foreach(items, i, mark)
		        json_object_set_new(mark, "what", json_string(mark_title(cli, mark)));
	return print_items(cli, items, MARK_COLUMNS);
}

// --- pending ---

typedef struct Tree {
	Cli *cli;
	const json_t *answer;
	bool colour;
} Tree;

static const struct {
	const char *type, *sign, *colour;
} signs[] = {
        {"ADDED", "+", "\033[32m"},
        {"CHANGED", "~", "\033[33m"},
        {"REMOVED", "−", "\033[31m"},
};

// A text as its author wrote it, anything else as JSON; on one line.
static const char *value_shown(const Cli *cli, const char *value)
{
	CLEANUP(json_decrefp_) json_t *json = NULL;
	Str shown = str(value);

	if (*value == '"' && json_parse(shown, SIZE_MAX, &json) == OK)
		shown = arena_str(cli->arena, str_n(json_string_value(json), json_string_length(json)));
	if (!shown.len)
		return "\"\"";
	shown = text_printable(cli->arena, shown);
	if (shown.len <= TREE_VALUE_MAX)
		return arena_cstr(cli->arena, shown);
	size_t len = TREE_VALUE_MAX;

	while (((unsigned char)shown.ptr[len] & 0xc0) == 0x80)
		len--;
	return arena_printf(cli->arena, "%.*s…", (int)len, shown.ptr);
}

// Of a resource that is new altogether there is no need to say that every field is.
static void print_fields(const Tree *tree, const json_t *change)
{
	bool added = strcmp(text(change, "type"), "ADDED") == 0;
	const json_t *field;
	size_t i;

	json_array_foreach(json_object_get(change, "fields"), i, field)
	{
		const char *path = value_shown(tree->cli, text(field, "path"));
		const char *before = value_shown(tree->cli, text(field, "before"));
		const char *after = value_shown(tree->cli, text(field, "after"));

		if (!json_object_get(field, "before"))
			printf(added ? "    %s: %s\n" : "    %s: nothing → %s\n", path, after);
		else if (!json_object_get(field, "after"))
			printf("    %s: %s → nothing\n", path, before);
		else
			printf("    %s: %s → %s\n", path, before, after);
	}
	if (number(change, "field_count") > (json_int_t)i)
		printf("    … and %lld fields more\n",
		        (long long)number(change, "field_count") - (long long)i);
}

static const char *resource_shown(const Cli *cli, const json_t *resource)
{
	const Kind *kind = kind_find(str(text(resource, "kind")));

	return kind ? kind_path(kind, str(text(resource, "channel")), str(text(resource, "name")), cli->arena)
	            : text(resource, "name");
}

static void print_dependents(const Tree *tree, const json_t *change)
{
	json_int_t count = number(change, "dependent_count");
	const json_t *resource;
	size_t i;

	if (!count)
		return;
	printf("    └ %lld depend%s on it: ", (long long)count, count == 1 ? "s" : "");
	json_array_foreach(json_object_get(change, "dependents"), i, resource)
	        printf("%s%s", i ? ", " : "", resource_shown(tree->cli, resource));
	printf("%s\n", count > (json_int_t)i ? " …" : "");
}

static void print_change(const Tree *tree, const json_t *change)
{
	const char *type = text(change, "type"), *sign = "?", *colour = "";
	const json_t *mark = json_object_get(change, "mark");

	for (size_t i = 0; i < ARRAY_COUNT(signs); i++)
		if (strcmp(signs[i].type, type) == 0) {
			sign = signs[i].sign;
			colour = signs[i].colour;
		}
	printf("%s%s %s%s", tree->colour ? colour : "", sign,
	        resource_shown(tree->cli, json_object_get(change, "resource")),
	        tree->colour ? "\033[0m" : "");
	if (json_is_true(json_object_get(change, "unused")))
		printf("  (still there, but nothing in the channel uses it)");
	if (mark)
		printf("  (marked by %s since %.16s)", text(mark, "author"), text(mark, "create_time"));
	printf("\n");
	if (strcmp(type, "REMOVED") != 0)
		print_fields(tree, change);
	print_dependents(tree, change);
}

static const char *after_title(const Cli *cli)
{
	const char *from = cli_option(cli, OPT_FROM);

	return from                       ? arena_printf(cli->arena, "what %s runs", from)
	       : cli_given(cli, OPT_NEXT) ? "what the next deployment brings"
	                                  : "the working configuration";
}

static void print_tree(const Tree *tree, const char *channel)
{
	const json_t *answer = tree->answer, *before = json_object_get(answer, "before"), *change;
	const char *environment = text(answer, "environment");
	long long added = number(answer, "added"), changed = number(answer, "changed"),
	          removed = number(answer, "removed"), marked = number(answer, "marked");
	size_t i;

	if (before)
		printf("%s: %s against what %s runs (%.12s, built by %s)\n", channel, after_title(tree->cli),
		        environment, text(before, "digest"), text(before, "author"));
	else
		printf("%s: %s; nothing is known to run in %s\n", channel, after_title(tree->cli),
		        environment);
	json_array_foreach(json_object_get(answer, "changes"), i, change) print_change(tree, change);
	if (added + changed + removed > (long long)i)
		printf("… and %lld more: --limit N shows them\n", added + changed + removed - (long long)i);
	if (added + changed + removed)
		printf("%lld added, %lld changed, %lld removed", added, changed, removed);
	else
		printf("nothing is pending");
	printf(marked ? "; %lld marked\n" : "\n", marked);
	if (json_object_get(answer, "marks_error"))
		printf("What is marked cannot be deployed yet: %s\n",
		        arena_cstr(tree->cli->arena,
		                text_printable(tree->cli->arena, str(text(answer, "marks_error")))));
}

// JSON within texts becomes JSON, for those who read it by program.
static void unpack_values(json_t *answer)
{
	json_t *change, *field;
	size_t i, j;

	json_array_foreach(json_object_get(answer, "changes"), i, change) json_array_foreach(
	        json_object_get(change, "fields"), j, field) for (int side = 0; side < 2; side++)
	{
		const char *key = side ? "after" : "before";
		json_t *value = NULL;

		if (json_object_get(field, key) && json_parse(str(text(field, key)), SIZE_MAX, &value) == OK)
			json_object_set_new(field, key, value);
	}
}

// All pages as one answer.
static Err read_all(Cli *cli, json_t *request, size_t limit, json_t **ret)
{
	CLEANUP(json_decrefp_) json_t *base = request;
	CLEANUP(json_decrefp_) json_t *all = json_array();
	CLEANUP(json_decrefp_) json_t *answer = NULL;
	json_t *token;

	do {
		json_decref(answer);
		answer = NULL;
		TRY(cli_call(cli, SERVER_DESIGN, SERVICE, "ListPendingChanges", json_incref(base), &answer));
		json_array_extend(all, json_object_get(answer, "changes"));
		token = json_object_get(answer, "next_page_token");
		if (token)
			json_object_set(base, "page_token", token);
	} while (token && json_array_size(all) < limit);
	while (json_array_size(all) > limit)
		json_array_remove(all, json_array_size(all) - 1);
	json_object_set(answer, "changes", all);
	json_object_del(answer, "next_page_token");
	*ret = STEAL(answer);
	return OK;
}

Err verb_pending(Cli *cli)
{
	CLEANUP(json_decrefp_) json_t *answer = NULL;
	const char *environment = cli_option(cli, OPT_ENV), *from = cli_option(cli, OPT_FROM);
	const char *channel = cli->line.arguments[0];
	int64_t limit;

	TRY(cli_number(cli, OPT_LIMIT, 1, 1000000, LIMIT_DEFAULT, &limit));
	TRY(read_all(cli,
	        json_pack("{s:s, s:s, s:s, s:b, s:I}", "channel", channel, "environment",
	                environment ? environment : "", "from", from ? from : "", "next_deployment",
	                cli_given(cli, OPT_NEXT), "page_size",
	                (json_int_t)(limit < PAGE_MAX ? limit : PAGE_MAX)),
	        (size_t)limit, &answer));
	if (number(answer, "added") + number(answer, "changed") + number(answer, "removed"))
		cli->exit_code = EXIT_DIFFERENT;
	if (cli->format == FORMAT_TABLE) {
		print_tree(&(Tree){cli, answer, cli_colour(stdout)}, channel);
		return OK;
	}
	unpack_values(answer);
	return print_json(cli, answer);
}
