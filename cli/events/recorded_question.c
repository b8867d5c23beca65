// A receipt means something together with the snapshot that decided, which the design server has by its
// digest; one that is gone takes the attributes with it, not the question.
#include "base/clock.h"
#include "connect.h"
#include "events/recorded.h"
#include "history/decision.h"
#include "snapshot/snapshot.h"
#include "wire/timestamp.h"

#include <inttypes.h>
#include <stdlib.h>

enum { PAGE = 1000, ARENA_BLOCK = 1 << 20, LOST_MAX = 64 };

typedef Parley__Plan__V1__NamedText NamedText;
typedef Parley__Plan__V1__Question Question;

struct Questions {
	Cli *cli;
	const char *environment, *channel;
	DecisionPlans plans;
	Arena *page;
	RecordedDecision **items; // by name, in `page`
	size_t count, room;
	uint8_t lost[LOST_MAX][sizeof(Digest)]; // snapshots that are gone
	size_t lost_count;
};

static Err no_memory(void)
{
	return err(ERR_NO_MEMORY, "no memory for recorded decisions");
}

Err questions_open(Cli *cli, const char *environment, const char *channel, Questions **ret)
{
	Questions *questions = calloc(1, sizeof *questions);

	if (!questions)
		return no_memory();
	*questions = (Questions){.cli = cli,
	        .environment = environment,
	        .channel = channel,
	        .page = arena_new(ARENA_BLOCK, 0)};
	*ret = questions;
	return questions->page ? OK : no_memory();
}

void questions_close(Questions *questions)
{
	if (!questions)
		return;
	decision_plans_free(&questions->plans);
	arena_free(questions->page);
	free(questions);
}

// --- fetching ---

static Err keep(Questions *questions, RecordedDecision *decision)
{
	if (questions->count == questions->room) {
		size_t room = questions->room ? 2 * questions->room : PAGE;
		RecordedDecision **items = ARENA_ARRAY(questions->page, RecordedDecision *, room);
		if (!items)
			return no_memory();
		if (questions->count)
			memcpy(items, questions->items, questions->count * sizeof *items);
		questions->items = items;
		questions->room = room;
	}
	questions->items[questions->count++] = decision;
	return OK;
}

static int by_name(const void *a, const void *b)
{
	return strcmp(
	        (*(RecordedDecision *const *)a)->decision_id, (*(RecordedDecision *const *)b)->decision_id);
}

Err questions_fetch(Questions *questions, int64_t first_us, int64_t last_us)
{
	Parley__Design__V1__ListDecisionsRequest request = PARLEY__DESIGN__V1__LIST_DECISIONS_REQUEST__INIT;
	Google__Protobuf__Timestamp since = GOOGLE__PROTOBUF__TIMESTAMP__INIT,
	                            until = GOOGLE__PROTOBUF__TIMESTAMP__INIT;

	arena_reset(questions->page);
	questions->items = NULL;
	questions->count = questions->room = 0;
	wire_timestamp_set(&since, first_us);
	wire_timestamp_set(&until, last_us + 1);
	request.environment = (char *)(uintptr_t)questions->environment;
	request.channel = (char *)(uintptr_t)questions->channel;
	request.since = &since;
	request.until = &until;
	request.page_size = PAGE;
	do {
		ProtobufCMessage *answer;

		TRY(cli_ask(questions->cli, SERVER_DESIGN, &parley__design__v1__history_service__descriptor,
		        "ListDecisions", &request.base, questions->page, &answer));
		const Parley__Design__V1__ListDecisionsResponse *page = (const void *)answer;
		for (size_t i = 0; i < page->n_decisions; i++)
			TRY(keep(questions, page->decisions[i]));
		request.page_token = page->next_page_token;
	} while (*request.page_token);
	if (questions->count)
		qsort(questions->items, questions->count, sizeof(RecordedDecision *), by_name);
	return OK;
}

// --- values ---

static Str value_text(ExprValue value, Arena *arena);

static Str list_text(ExprValue list, Arena *arena)
{
	const char *text = "";

	for (size_t i = 0; i < list.len; i++) {
		Str item = value_text(list.items[i], arena);
		// As in files of profiles, "|" stands between members, and cannot be in one.
		if (!item.ptr || (item.len && memchr(item.ptr, '|', item.len)))
			return (Str){0};
		text = arena_printf(arena, "%s%s" STR_FMT, text, i ? "|" : "", STR_ARG(item));
	}
	return str(text);
}

// No pointer: it has none.
static Str value_text(ExprValue value, Arena *arena)
{
	char time[TIME_TEXT_SIZE];

	switch ((int)value.kind) {
	case EXPR_BOOL:
		return value.b ? STR("true") : STR("false");
	case EXPR_INT:
		return str(arena_printf(arena, "%" PRId64, value.i));
	case EXPR_DOUBLE:
		return str(arena_printf(arena, "%.17g", value.d));
	case EXPR_STRING:
		return str_n(value.s, value.len);
	case EXPR_TIMESTAMP:
		time_format(value.seconds * US_PER_S + value.nanos / 1000, time);
		return arena_str(arena, str(time));
	case EXPR_LIST:
		return list_text(value, arena);
	default:
		return (Str){0};
	}
}

static Err add_attribute(
        const char *name, ExprValue value, Arena *arena, Event *event, RecordedCounts *counts)
{
	Str text = value_text(value, arena);

	// An empty text is not told apart from none.
	if (!text.ptr || text.len == 0) {
		counts->values++;
		return OK;
	}
	NamedText *attribute = ARENA_NEW(arena, NamedText);
	if (!attribute)
		return no_memory();
	parley__plan__v1__named_text__init(attribute);
	attribute->name = (char *)(uintptr_t)name;
	attribute->value = arena_cstr(arena, text);
	event->attributes[event->n_attributes++] = attribute;
	return OK;
}

// What defaults say, a plan knows by itself.
static Err fill_attributes(
        const Plan *plan, const Receipt *receipt, Arena *arena, Event *event, RecordedCounts *counts)
{
	const SnapLevel *level = plan_snapshot(plan)->audience_levels[receipt->visitor.level];
	ExprValue *defaults = ARENA_ARRAY(arena, ExprValue, level->n_attributes + 1);

	event->attributes = ARENA_ARRAY(arena, NamedText *, level->n_attributes + 1);
	if (!defaults || !event->attributes)
		return no_memory();
	decide_defaults(plan, receipt->visitor.level, defaults);
	for (size_t i = 0; i < level->n_attributes; i++)
		if (!str_eq(expr_value_format(receipt->given[i], arena),
		            expr_value_format(defaults[i], arena)))
			TRY(add_attribute(
			        level->attributes[i]->name, receipt->given[i], arena, event, counts));
	return OK;
}

static Err fill_points(
        const Plan *plan, const Receipt *receipt, Arena *arena, Event *event, RecordedCounts *counts)
{
	bool conditional = receipt->request.deduplicate_across;

	event->questions = ARENA_ARRAY(arena, Question *, receipt->request.count + 1);
	if (!event->questions)
		return no_memory();
	for (size_t i = 0; i < receipt->request.count; i++) {
		const DecidePoint *point = &receipt->request.points[i];
		Question *question = point->point >= 0 ? ARENA_NEW(arena, Question) : NULL;

		conditional |= point->filter_count > 0;
		if (point->point < 0)
			continue;
		if (!question)
			return no_memory();
		parley__plan__v1__question__init(question);
		question->interaction_point =
		        arena_cstr(arena, str(plan_snapshot(plan)->points[point->point]->name));
		question->max = point->max;
		event->questions[event->n_questions++] = question;
	}
	counts->conditions += conditional;
	return OK;
}

// --- a decision ---

static bool is_lost(const Questions *questions, const RecordedDecision *decision)
{
	for (size_t i = 0; i < questions->lost_count; i++)
		if (decision->snapshot_digest.len == sizeof(Digest) &&
		        memcmp(questions->lost[i], decision->snapshot_digest.data, sizeof(Digest)) == 0)
			return true;
	return false;
}

static void note_lost(Questions *questions, const RecordedDecision *decision)
{
	if (questions->lost_count < LOST_MAX && decision->snapshot_digest.len == sizeof(Digest))
		memcpy(questions->lost[questions->lost_count++], decision->snapshot_digest.data,
		        sizeof(Digest));
}

static const RecordedDecision *find(const Questions *questions, const char *id)
{
	RecordedDecision key = {.decision_id = (char *)(uintptr_t)id}, *wanted = &key;
	RecordedDecision **found = questions->count ? bsearch(&wanted, questions->items, questions->count,
	                                                      sizeof wanted, by_name)
	                                            : NULL;
	return found ? *found : NULL;
}

Err questions_fill(Questions *questions, const char *decision_id, Arena *arena, Event *event,
        RecordedCounts *counts, bool *ret_read)
{
	const RecordedDecision *decision = find(questions, decision_id);
	const Plan *plan;
	Receipt receipt;

	*ret_read = false;
	if (!decision || is_lost(questions, decision))
		return OK;
	Err e = decision_plan(questions->cli, &questions->plans, decision, &plan);
	if (e == ERR_RESOURCE_NOT_FOUND || e == ERR_RECEIPT_INVALID) {
		note_lost(questions, decision);
		return OK;
	}
	TRY(e);
	e = receipt_read(
	        plan, str_n((const char *)decision->receipt.data, decision->receipt.len), arena, &receipt);
	if (e == ERR_RECEIPT_INVALID || e == ERR_LIMIT)
		return OK;
	TRY(e);
	*ret_read = true;
	TRY(fill_points(plan, &receipt, arena, event, counts));
	return fill_attributes(plan, &receipt, arena, event, counts);
}
