// The order of work: compile, then reason about what came of it. So the analysis speaks of exactly what would
// run, with references resolved and defaults plain; and as long as something does not compile, that alone is
// told.
#include "validate/internal.h"

#include "admin/message.h"
#include "pending/configuration.h"
#include "snapshot/snapshot.h"

#include <stdio.h>
#include <stdlib.h>

enum { TEXT_MAX = 400 };

Err validate_no_memory(void)
{
	return err(ERR_NO_MEMORY, "no memory to analyse the channel");
}

// --- findings ---

static const struct {
	const char *code;
	Severity severity;
	const char *text;
} table[] = {
#define FINDING(code, severity, text) {#code, FINDING_##severity, text},
#include "validate/finding_table.h"
#undef FINDING
};

static void add(Analysis *a, FindingCode code, Object object, const char *reason, const char *remedy)
{
	Findings *list = a->findings;
	if (list->count == a->room) {
		size_t room = a->room ? 2 * a->room : 32;
		Finding *items = ARENA_ARRAY(a->arena, Finding, room);
		if (!items) {
			a->lost = true;
			return;
		}
		if (list->count)
			memcpy(items, list->items, list->count * sizeof *items);
		list->items = items;
		a->room = room;
	}
	const char *id = arena_printf(a->arena, "%s:%s/%s", table[code].code, object.kind, object.name);
	a->lost |= !id || !reason;
	list->items[list->count++] = (Finding){
	        .severity = table[code].severity,
	        .code = str(table[code].code),
	        .kind = str(object.kind),
	        .channel = kind_has_channel(kind_by_name(str(object.kind))) ? a->channel : (Str){0},
	        .name = str(object.name),
	        .field = str(object.field ? object.field : ""),
	        .reason = str(reason),
	        .remedy = str(remedy),
	        .id = str(id),
	};
	*(table[code].severity == FINDING_ERROR ? &list->errors : &list->warnings) += 1;
}

void finding(Analysis *a, FindingCode code, Object object, const char *remedy, const char *fmt, ...)
{
	va_list args;
	va_start(args, fmt);
	char *reason = arena_vprintf(a->arena, fmt, args);
	va_end(args);
	add(a, code, object, reason, remedy);
}

static int by_rank(const void *left, const void *right)
{
	const Finding *a = left, *b = right;
	if (a->severity != b->severity)
		return a->severity < b->severity ? -1 : 1;
	int order = str_cmp(a->kind, b->kind);
	order = order ? order : str_cmp(a->name, b->name);
	order = order ? order : str_cmp(a->code, b->code);
	order = order ? order : str_cmp(a->field, b->field);
	return order ? order : str_cmp(a->reason, b->reason);
}

// --- the configuration ---

typedef struct List {
	const ProtobufCMessage **items;
	size_t count;
} List;

// Every list of a Configuration, by kind.
static const struct {
	const char *kind;
	size_t offset;
} lists[] = {
#define LIST(type, field) {#type, offsetof(Configuration, field)},
        CONFIGURATION_LISTS(LIST)
#undef LIST
};

static List *list_of(Configuration *configuration, size_t index)
{
	return (List *)(void *)((char *)configuration + lists[index].offset);
}

static bool is_of(const Resource *resource, size_t index, Str channel)
{
	return strcmp(resource->kind->name, lists[index].kind) == 0 &&
	       (!kind_has_channel(resource->kind) || str_eq(resource->channel, channel));
}

static int by_name(const void *left, const void *right)
{
	return str_cmp(message_str(*(ProtobufCMessage *const *)left, "name"),
	        message_str(*(ProtobufCMessage *const *)right, "name"));
}

static Err fill_list(
        List *list, const Resource *resources, size_t count, size_t index, Str channel, Arena *arena)
{
	*list = (List){0};
	for (size_t i = 0; i < count; i++)
		list->count += is_of(&resources[i], index, channel);
	list->items = ARENA_ARRAY(arena, const ProtobufCMessage *, list->count + 1);
	if (!list->items)
		return validate_no_memory();
	list->count = 0;
	for (size_t i = 0; i < count; i++) {
		if (is_of(&resources[i], index, channel))
			list->items[list->count++] = resources[i].message;
	}
	if (list->count)
		qsort(list->items, list->count, sizeof *list->items, by_name);
	return OK;
}

static Err configure(Str channel, const Resource *resources, size_t count, Arena *arena, Configuration *ret)
{
	*ret = (Configuration){0};
	for (size_t i = 0; i < count; i++) {
		if (strcmp(resources[i].kind->name, "Channel") == 0 && str_eq(resources[i].name, channel))
			ret->channel = (const void *)resources[i].message;
	}
	if (!ret->channel)
		return err(ERR_RESOURCE_NOT_FOUND,
		        "there is no channel " STR_FMT ": make it with `parley apply`", STR_ARG(channel));
	for (size_t i = 0; i < ARRAY_COUNT(lists); i++)
		TRY(fill_list(list_of(ret, i), resources, count, i, channel, arena));
	return OK;
}

// --- what does not compile ---

static const ProtobufCMessage *find_message(const Configuration *in, const Problem *problem)
{
	for (size_t i = 0; i < ARRAY_COUNT(lists); i++) {
		const List *list = list_of((Configuration *)(uintptr_t)in, i);
		if (strcmp(lists[i].kind, problem->kind) != 0)
			continue;
		for (size_t j = 0; j < list->count; j++) {
			if (str_eq(message_str(list->items[j], "name"), problem->name))
				return list->items[j];
		}
	}
	return NULL;
}

// The text that a path such as "actions[1].condition" leads to; empty if it leads nowhere.
static Str text_at(const ProtobufCMessage *message, const char *path)
{
	char name[64];
	while (message) {
		size_t len = strcspn(path, "[."), count = 0, index = 0;
		snprintf(name, sizeof name, "%.*s", (int)len, path);
		const ProtobufCFieldDescriptor *field = message_field(message, name);
		path += len;
		bool many = field && field->label == PROTOBUF_C_LABEL_REPEATED;
		if (!field || many != (*path == '['))
			return (Str){0};
		if (many) {
			index = strtoul(path + 1, NULL, 10);
			path += strcspn(path, "]");
			path += *path == ']';
		}
		bool last = !*path;
		path += *path == '.';
		if (!many && field->type == PROTOBUF_C_TYPE_STRING)
			return last ? message_str(message, name) : (Str){0};
		if (field->type != PROTOBUF_C_TYPE_MESSAGE)
			return (Str){0};
		ProtobufCMessage *const *items = many ? message_items(message, field, &count) : NULL;
		message = !many ? message_sub(message, name) : index < count ? items[index] : NULL;
	}
	return (Str){0};
}

static const FindingCode codes[] = {
        [PROBLEM_OTHER] = FINDING_CONFIGURATION_INVALID,
        [PROBLEM_REFERENCE] = FINDING_REFERENCE_DANGLING,
        [PROBLEM_EXPRESSION] = FINDING_EXPRESSION_INVALID,
        [PROBLEM_DATES] = FINDING_DATES_REVERSED,
        [PROBLEM_NO_CONTENT] = FINDING_DEFAULT_CONTENT_EMPTY,
        [PROBLEM_UNFILLED] = FINDING_SEGMENT_UNFILLED,
        [PROBLEM_EMPTY_LIST] = FINDING_OFFER_LIST_EMPTY,
        [PROBLEM_STEP_UNREACHED] = FINDING_FLOW_STEP_UNREACHED,
        [PROBLEM_CIRCLE] = FINDING_FLOW_CIRCLE,
        [PROBLEM_LIMIT] = FINDING_LIMIT_IMPOSSIBLE,
        [PROBLEM_SCORES] = FINDING_SCORE_CONTRADICTION,
};

// A message of the compiler's says what is wrong, a colon, and what to do; one about an expression has both
// in one.
static void add_problem(Analysis *a, const Problem *problem)
{
	Object object = {problem->kind, problem->name.ptr, problem->field};
	const char *reason = problem->message, *remedy = table[codes[problem->sort]].text, *colon = NULL;
	if (problem->sort == PROBLEM_EXPRESSION) {
		const ProtobufCMessage *message = find_message(a->in, problem);
		Str source = message ? text_at(message, problem->field) : (Str){0};
		remedy = "correct the expression";
		if (source.len)
			reason = arena_printf(a->arena, "%s, in '%.*s'", reason,
			        (int)(source.len < TEXT_MAX ? source.len : TEXT_MAX), source.ptr);
	} else {
		for (const char *at = strstr(reason, ": "); at; at = strstr(at + 1, ": "))
			colon = at;
	}
	if (colon) {
		remedy = colon + 2;
		reason = arena_cstr(a->arena, str_n(reason, (size_t)(colon - reason)));
	}
	add(a, codes[problem->sort], object, reason, remedy);
}

// --- the whole ---

static Err run_checks(Analysis *a)
{
	static Err (*const checks[])(Analysis *) = {analyse_levels, analyse_zones, analyse_segments,
	        analyse_flows, analyse_rules, analyse_shadows, analyse_offers, analyse_campaigns,
	        analyse_events, analyse_visitors, analyse_limits};
	TRY(model_build(a));
	for (size_t i = 0; i < ARRAY_COUNT(checks); i++)
		TRY(checks[i](a));
	return OK;
}

static Err analyse_all(Analysis *a)
{
	Snapshot *snapshot = NULL;
	Problems problems;
	Err failed = compile_snapshot(a->in, a->arena, &snapshot, &problems);
	if (failed != OK && failed != ERR_COMPILE_FAILED)
		return failed;
	a->snapshot = snapshot;
	for (size_t i = 0; i < problems.count; i++)
		add_problem(a, &problems.items[i]);
	a->findings->untold = problems.found - problems.count;
	if (snapshot && !problems.found)
		TRY(run_checks(a));
	TRY(analyse_contract(a));
	return a->lost ? validate_no_memory() : OK;
}

Err validate_resources(Pg *pg, Str channel, const Resource *resources, size_t count,
        const ValidateOptions *options, Arena *arena, Findings *ret)
{
	Configuration configuration;
	*ret = (Findings){0};
	TRY(configure(channel, resources, count, arena, &configuration));
	Analysis a = {.pg = pg,
	        .channel = channel,
	        .in = &configuration,
	        .options = options,
	        .arena = arena,
	        .findings = ret};
	TRY(analyse_all(&a));
	if (ret->count)
		qsort(ret->items, ret->count, sizeof *ret->items, by_rank);
	return OK;
}

Err validate_stored(Pg *pg, Str channel, const ValidateOptions *options, Arena *arena, Findings *ret)
{
	Collected stored;
	TRY(configuration_working(pg, channel, arena, &stored));
	return validate_resources(pg, channel, stored.items, stored.count, options, arena, ret);
}

// --- what is left ---

static bool is_acknowledged(const Finding *finding, const Str *acknowledged, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		if (str_eq(acknowledged[i], finding->id))
			return true;
	}
	return false;
}

size_t findings_left(
        const Findings *findings, const Str *acknowledged, size_t acknowledged_count, size_t *ret)
{
	size_t left = 0;
	for (size_t i = 0; i < findings->count; i++) {
		const Finding *one = &findings->items[i];
		if (one->severity == FINDING_ERROR || !is_acknowledged(one, acknowledged, acknowledged_count))
			ret[left++] = i;
	}
	return left;
}

Err findings_check(const Findings *findings, const Str *acknowledged, size_t acknowledged_count, Arena *arena)
{
	size_t *left = ARENA_ARRAY(arena, size_t, findings->count + 1), told = 0, len = 0;
	char text[700] = "";
	if (!left)
		return validate_no_memory();
	size_t count = findings_left(findings, acknowledged, acknowledged_count, left);
	if (!count)
		return OK;
	// Errors stand first; as long as there are any, warnings do not matter.
	size_t of = findings->errors ? findings->errors : count;
	for (; told < of; told++) {
		const Finding *one = &findings->items[left[told]];
		int n = snprintf(text + len, sizeof text - len, "%s" STR_FMT " (" STR_FMT ")",
		        told ? "; " : "", STR_ARG(one->id), STR_ARG(one->reason));
		if (n < 0 || (size_t)n >= sizeof text - len)
			break;
		len += (size_t)n;
	}
	text[len] = '\0';
	const char *more = told < of ? arena_printf(arena, "; and %zu more", of - told) : "";
	if (findings->errors)
		return err(ERR_FINDINGS_ERROR,
		        "%zu errors: %s%s; `parley validate` tells them all with their remedies",
		        of + findings->untold, text, more);
	return err(ERR_FINDINGS_UNACKNOWLEDGED,
	        "%zu warnings that nobody has acknowledged: %s%s; mend them, or acknowledge each by its ID "
	        "(--acknowledge CODE:Kind/name); `parley validate` tells them all with their remedies",
	        count, text, more);
}
