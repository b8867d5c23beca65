// Written while a visitor waits: one pass, and what a visitor has by default is told from the plan, so that a
// receipt is as long as what is particular to it.
#include "decide/receipt_form.h"

bool receipt_same_value(const ExprValue *a, const ExprValue *b)
{
	if (a->kind != b->kind)
		return false;
	switch (a->kind) {
	case EXPR_NULL:
		return true;
	case EXPR_BOOL:
		return a->b == b->b;
	case EXPR_ERROR:
		return a->error == b->error && (a->error != EXPR_ERR_ATTRIBUTE_MISSING || a->slot == b->slot);
	case EXPR_STRING:
	case EXPR_BYTES:
		return str_eq(str_n(a->s, a->len), str_n(b->s, b->len));
	case EXPR_TIMESTAMP:
	case EXPR_DURATION:
		return a->seconds == b->seconds && a->nanos == b->nanos;
	case EXPR_LIST:
		break;
	default:
		return a->u == b->u;
	}
	if (a->len != b->len)
		return false;
	for (uint32_t i = 0; i < a->len; i++)
		if (!receipt_same_value(&a->items[i], &b->items[i]))
			return false;
	return true;
}

// Whole numbers, which visitors have more of than of anything else, are soon told apart; of the others nearly
// all are the same to the bit, or not at all.
static inline bool is_same(const ExprValue *a, const ExprValue *b)
{
	if (a->kind != b->kind)
		return false;
	if (a->kind == EXPR_INT)
		return a->i == b->i;
	return memcmp(a, b, sizeof *a) == 0 || receipt_same_value(a, b);
}

// As store_number; whether one byte or two is anybody's guess, so that nothing hangs on it until it is more.
static inline uint8_t *store_unforeseen(uint8_t *at, uint64_t value)
{
	if (value >= 1 << 14)
		return store_number(at, value);
	unsigned more = value >= 0x80;
	at[0] = (uint8_t)(value | more << 7);
	at[1] = (uint8_t)(value >> 7);
	return at + 1 + more;
}

enum { INT_MOST = 2 * FORM_NUMBER_MAX + 1 };

// As put_number and put_value, in one step.
static inline uint8_t *store_int(uint8_t *at, size_t passed_by, int64_t value)
{
	at = store_number(at, passed_by);
	*at++ = FORM_INT;
	return store_unforeseen(at, zigzag(value));
}

// Those that differ: how many, then each with the slots that it passes by.
static void put_values(ReceiptWriter *writer, const ExprValue *values, const ExprValue *usual, size_t count)
{
	size_t next = 0;
	if (values == usual)
		count = 0;
	for (size_t i = 0; i < count; i++) {
		if (is_same(&values[i], &usual[i]))
			continue;
		if (values[i].kind != EXPR_INT) {
			put_number(writer, i - next + 1);
			put_value(writer, values[i]);
		} else if (writer_has(writer, INT_MOST)) {
			writer->at = store_int(writer->at, i - next + 1, values[i].i);
		}
		next = i + 1;
	}
	put_number(writer, 0);
}

// --- the visitor ---

static void put_segments(ReceiptWriter *writer, const uint64_t *segments, size_t words)
{
	uint64_t next = 0;
	for (size_t w = 0; w < words; w++) {
		for (uint64_t left = segments[w]; left != 0; left &= left - 1) {
			uint64_t segment = 64 * w + (uint64_t)__builtin_ctzll(left);
			put_number(writer, segment - next + 1);
			next = segment + 1;
		}
	}
	put_number(writer, 0);
}

static void put_fact(ReceiptWriter *writer, const Fact *fact, int64_t before_us)
{
	bool ends = fact_has_end(fact->kind) && fact->until_us != INT64_MAX;
	bool scored = fact->kind == FACT_QUALIFY && double_bits(fact->score) != 0;
	put_byte(writer, (uint8_t)((unsigned)fact->kind | (fact->count != 1 ? FORM_FACT_COUNT : 0) |
	                           (ends ? FORM_FACT_UNTIL : 0) | (scored ? FORM_FACT_SCORE : 0)));
	put_number(writer, fact->offer);
	put_number(writer, zigzag((int64_t)((uint64_t)fact->time_us - (uint64_t)before_us)));
	if (fact->count != 1)
		put_number(writer, fact->count);
	if (ends)
		put_number(writer, zigzag((int64_t)((uint64_t)fact->until_us - (uint64_t)fact->time_us)));
	if (scored)
		put_double(writer, fact->score);
}

static void put_facts(ReceiptWriter *writer, const Fact *facts, size_t count, int64_t as_of_us)
{
	int64_t before_us = as_of_us;
	put_number(writer, count);
	for (size_t i = 0; i < count; i++) {
		put_fact(writer, &facts[i], before_us);
		before_us = facts[i].time_us;
	}
}

// Where the session's fact stands among the visitor's, from `*at` on; false if it does not. Both lists begin
// with the oldest, so the search never goes back.
static bool find_known(const VisitorState *state, const Fact *fact, size_t *at, size_t *ret)
{
	if (fact_has_end(fact->kind))
		return false;
	while (*at < state->fact_count && state->facts[*at].time_us < fact->time_us)
		++*at;
	for (size_t i = *at; i < state->fact_count && state->facts[i].time_us == fact->time_us; i++) {
		*ret = i;
		if (fact_is(&state->facts[i], fact))
			return true;
	}
	return false;
}

static void put_session_facts(ReceiptWriter *writer, const VisitorState *state, int64_t as_of_us)
{
	int64_t before_us = as_of_us;
	size_t at = 0, next = 0, found;
	put_number(writer, state->session_fact_count);
	for (size_t i = 0; i < state->session_fact_count; i++) {
		const Fact *fact = &state->session_facts[i];
		if (find_known(state, fact, &at, &found)) {
			put_byte(writer, FORM_FACT_KNOWN);
			put_number(writer, found - next);
			at = next = found + 1;
		} else {
			put_fact(writer, fact, before_us);
		}
		before_us = fact->time_us;
	}
}

static void put_volumes(ReceiptWriter *writer, const uint64_t *volumes, size_t count)
{
	size_t next = 0;
	for (size_t i = 0; volumes != NULL && i < count; i++) {
		if (volumes[i] == 0)
			continue;
		put_number(writer, i - next + 1);
		put_number(writer, volumes[i]);
		next = i + 1;
	}
	put_number(writer, 0);
}

// --- the request ---

static void put_filter(ReceiptWriter *writer, const OfferFilter *filter)
{
	put_text(writer, filter->attribute);
	put_number(writer, (uint64_t)filter->comparison);
	put_value(writer, filter->value);
}

static void put_points(ReceiptWriter *writer, const DecideRequest *request)
{
	put_number(writer, request->count);
	for (size_t p = 0; p < request->count; p++) {
		const DecidePoint *point = &request->points[p];
		put_number(writer, (uint64_t)(point->point + 1));
		put_number(writer, point->max);
		put_number(writer, point->filter_count);
		for (size_t i = 0; i < point->filter_count; i++)
			put_filter(writer, &point->filter[i]);
	}
}

static Err no_memory(void)
{
	return err(ERR_NO_MEMORY, "no memory for a decision's receipt");
}

Str receipt_too_long(void)
{
	static const char byte[] = {RECEIPT_TOO_LONG};
	return str_n(byte, sizeof byte);
}

Err receipt_write(const Plan *plan, const Receipt *receipt, Arena *arena, Str *ret)
{
	const Visitor *visitor = &receipt->visitor;
	const DecideRequest *request = &receipt->request;
	const VisitorState *state = &visitor->state;
	const PlanLevel *level = &plan->level[visitor->level];
	ReceiptWriter writer = {.arena = arena};
	put_byte(&writer, RECEIPT_VERSION);
	put_byte(&writer, request->deduplicate_across ? RECEIPT_ACROSS : 0);
	put_word(&writer, (uint64_t)request->as_of_us);
	put_word(&writer, request->seed);
	put_word(&writer, receipt->digest);
	put_number(&writer, (uint64_t)visitor->level);
	put_text(&writer, visitor->audience_id);
	put_points(&writer, request);
	put_segments(&writer, visitor->segments, plan_segment_words(plan));
	put_values(&writer, receipt->given, level->defaults, level->attribute_count);
	put_values(&writer, visitor->values, receipt->given, level->attribute_count);
	put_facts(&writer, state->facts, state->fact_count, request->as_of_us);
	put_session_facts(&writer, state, request->as_of_us);
	put_volumes(&writer, state->volumes, plan->snapshot->n_constraints);
	if (writer.failed)
		return no_memory();
	if (writer.odd)
		return err(ERR_LIMIT, "an attribute has a value of a kind that receipts cannot hold");
	*ret = str_n((const char *)writer.start, (size_t)(writer.at - writer.start));
	if (ret->len > RECEIPT_MAX)
		*ret = receipt_too_long();
	return OK;
}
