// A receipt comes from a database that others write to as well, so nothing of it is believed: every index is
// held against the plan, and nothing is allocated that the bytes do not pay for.
#include "decide/receipt_form.h"
#include "expr/moment.h"

typedef struct Reader {
	const uint8_t *at, *end;
	Arena *arena;
	size_t slots;   // attributes of the visitor's level
	bool broken;    // the bytes end early, or say what cannot be
	bool no_memory; // then `broken` too
} Reader;

// --- bytes ---

static uint64_t break_off(Reader *reader)
{
	reader->broken = true;
	reader->at = reader->end;
	return 0;
}

static uint8_t take_byte(Reader *reader)
{
	return reader->at < reader->end ? *reader->at++ : (uint8_t)break_off(reader);
}

// In the fewest bytes that hold it, so that a receipt can be written in one way only.
static uint64_t take_number(Reader *reader)
{
	uint64_t value = 0;
	for (unsigned shift = 0; shift < 64; shift += 7) {
		uint8_t byte = take_byte(reader);
		value |= (uint64_t)(byte & 0x7f) << shift;
		if (byte < 0x80)
			return (byte == 0 && shift > 0) || (shift == 63 && byte > 1) ? break_off(reader)
			                                                             : value;
	}
	return break_off(reader);
}

static uint64_t take_below(Reader *reader, uint64_t beyond)
{
	uint64_t value = take_number(reader);
	return value < beyond ? value : break_off(reader);
}

// How many there are: each takes a byte at least.
static size_t take_count(Reader *reader, size_t most)
{
	size_t left = (size_t)(reader->end - reader->at);
	return take_below(reader, (most < left ? most : left) + 1);
}

static uint64_t take_word(Reader *reader)
{
	uint64_t value = 0;
	if (reader->end - reader->at < 8)
		return break_off(reader);
	for (unsigned i = 0; i < 8; i++)
		value |= (uint64_t)*reader->at++ << 8 * i;
	return value;
}

static double take_double(Reader *reader)
{
	uint64_t bits = take_word(reader);
	double value;
	memcpy(&value, &bits, sizeof value);
	return value;
}

static Str take_text(Reader *reader)
{
	size_t len = take_number(reader);
	if (len > (size_t)(reader->end - reader->at)) {
		break_off(reader);
		return (Str){0};
	}
	reader->at += len;
	return str_n((const char *)reader->at - len, len);
}

static void *take_room(Reader *reader, size_t size, size_t count)
{
	void *room = arena_alloc_array(reader->arena, size, count + 1);
	if (room == NULL) {
		reader->no_memory = true;
		break_off(reader);
	}
	return room;
}

// The next of ascending indices below `count`; false at the list's end.
static bool take_index(Reader *reader, size_t count, size_t *next, size_t *ret)
{
	uint64_t step = take_below(reader, count - *next + 1);
	if (step == 0)
		return false;
	*ret = *next + step - 1;
	*next = *ret + 1;
	return true;
}

// --- values ---

static ExprValue take_error(Reader *reader)
{
	ExprValue value = {.kind = EXPR_ERROR, .error = (ExprError)take_below(reader, EXPR_ERR_MEMORY + 1)};
	if (value.error == EXPR_ERR_ATTRIBUTE_MISSING)
		value.slot = (uint32_t)take_below(reader, reader->slots);
	return value;
}

static ExprValue take_string(Reader *reader, ExprKind kind)
{
	Str text = take_text(reader);
	return (ExprValue){.kind = kind, .len = (uint32_t)text.len, .s = text.ptr};
}

static ExprValue take_moment(Reader *reader, ExprKind kind)
{
	int64_t seconds = unzigzag(take_number(reader));
	int64_t nanos = unzigzag(take_below(reader, UINT64_C(1) << 32));
	ExprValue value = expr_moment(kind, seconds, nanos);
	if (value.kind != kind || value.seconds != seconds || value.nanos != nanos)
		break_off(reader);
	return value;
}

static ExprValue take_single(Reader *reader, uint8_t form)
{
	switch (form) {
	case FORM_ERROR:
		return take_error(reader);
	case FORM_NULL:
		return expr_null();
	case FORM_FALSE:
	case FORM_TRUE:
		return expr_bool(form == FORM_TRUE);
	case FORM_INT:
		return expr_int(unzigzag(take_number(reader)));
	case FORM_UINT:
		return expr_uint(take_number(reader));
	case FORM_DOUBLE:
		return expr_double(take_double(reader));
	case FORM_STRING:
		return take_string(reader, EXPR_STRING);
	case FORM_BYTES:
		return take_string(reader, EXPR_BYTES);
	case FORM_TIMESTAMP:
		return take_moment(reader, EXPR_TIMESTAMP);
	case FORM_DURATION:
		return take_moment(reader, EXPR_DURATION);
	default:
		break_off(reader);
		return (ExprValue){0};
	}
}

static ExprValue take_value(Reader *reader)
{
	uint8_t form = take_byte(reader);
	if (form != FORM_LIST)
		return take_single(reader, form);
	size_t count = take_count(reader, UINT32_MAX);
	ExprValue *items = take_room(reader, sizeof *items, count);
	for (size_t i = 0; i < count && !reader->broken; i++)
		items[i] = take_single(reader, take_byte(reader));
	return reader->broken ? (ExprValue){0} : expr_list(items, count);
}

static const ExprValue *take_values(Reader *reader, const ExprValue *usual, size_t count)
{
	ExprValue *values = take_room(reader, sizeof *values, count);
	size_t next = 0, slot;
	if (values != NULL && count > 0)
		memcpy(values, usual, count * sizeof *values);
	while (take_index(reader, count, &next, &slot))
		values[slot] = take_value(reader);
	return values;
}

// --- the visitor ---

static const uint64_t *take_segments(Reader *reader, const Plan *plan)
{
	uint64_t *segments = take_room(reader, sizeof *segments, plan_segment_words(plan));
	size_t next = 0, segment;
	while (take_index(reader, plan->snapshot->n_segments, &next, &segment))
		segments[segment / 64] |= UINT64_C(1) << segment % 64;
	return segments;
}

static Fact take_fact(Reader *reader, unsigned form, int64_t before_us, size_t offers)
{
	Fact fact = {.kind = (FactKind)(form & FORM_FACT_KIND), .count = 1};
	bool ends = fact_has_end(fact.kind);
	if (form > FORM_FACT_BITS || fact.kind > FACT_QUALIFY || ((form & FORM_FACT_UNTIL) && !ends) ||
	        ((form & FORM_FACT_SCORE) && fact.kind != FACT_QUALIFY))
		break_off(reader);
	fact.offer = (uint32_t)take_below(reader, offers);
	fact.time_us = (int64_t)((uint64_t)before_us + (uint64_t)unzigzag(take_number(reader)));
	fact.until_us = ends ? INT64_MAX : 0;
	if (form & FORM_FACT_COUNT)
		fact.count = (uint32_t)take_below(reader, UINT64_C(1) << 32);
	if (fact.count == 0)
		break_off(reader);
	if (form & FORM_FACT_UNTIL)
		fact.until_us = (int64_t)((uint64_t)fact.time_us + (uint64_t)unzigzag(take_number(reader)));
	if (form & FORM_FACT_SCORE)
		fact.score = take_double(reader);
	return fact;
}

static void take_facts(Reader *reader, const Receipt *receipt, size_t offers, VisitorState *state)
{
	size_t count = take_count(reader, DECIDE_FACTS_MAX);
	int64_t before_us = receipt->request.as_of_us;
	Fact *facts = take_room(reader, sizeof *facts, count);
	for (size_t i = 0; i < count && !reader->broken; i++) {
		facts[i] = take_fact(reader, take_byte(reader), before_us, offers);
		before_us = facts[i].time_us;
	}
	state->facts = facts;
	state->fact_count = count;
}

static void take_session_facts(Reader *reader, const Receipt *receipt, size_t offers, VisitorState *state)
{
	size_t count = take_count(reader, DECIDE_FACTS_MAX), next = 0;
	int64_t before_us = receipt->request.as_of_us;
	Fact *facts = take_room(reader, sizeof *facts, count);
	for (size_t i = 0; i < count && !reader->broken; i++) {
		uint8_t form = take_byte(reader);
		if (form == FORM_FACT_KNOWN) {
			size_t skip = take_below(reader, state->fact_count - next);
			if (reader->broken)
				return;
			facts[i] = state->facts[next + skip];
			next += skip + 1;
		} else {
			facts[i] = take_fact(reader, form, before_us, offers);
		}
		before_us = facts[i].time_us;
	}
	state->session_facts = facts;
	state->session_fact_count = count;
}

static const uint64_t *take_volumes(Reader *reader, size_t count)
{
	uint64_t *volumes = take_room(reader, sizeof *volumes, count);
	size_t next = 0, constraint;
	while (take_index(reader, count, &next, &constraint))
		volumes[constraint] = take_number(reader);
	return volumes;
}

// --- the request ---

static const OfferFilter *take_filter(Reader *reader, size_t *ret_count)
{
	*ret_count = take_count(reader, DECIDE_CONDITIONS_MAX);
	OfferFilter *filter = take_room(reader, sizeof *filter, *ret_count);
	for (size_t i = 0; i < *ret_count && !reader->broken; i++) {
		filter[i].attribute = take_text(reader);
		filter[i].comparison = (Parley__Snapshot__V1__Comparison)take_below(reader, INT32_MAX);
		filter[i].value = take_value(reader);
	}
	return filter;
}

static void take_points(Reader *reader, size_t points_known, DecideRequest *request)
{
	request->count = take_count(reader, DECIDE_POINTS_MAX);
	DecidePoint *points = take_room(reader, sizeof *points, request->count);
	for (size_t p = 0; p < request->count && !reader->broken; p++) {
		points[p].point = (int)take_below(reader, points_known + 1) - 1;
		points[p].max = (uint32_t)take_below(reader, DECIDE_OFFERS_MAX + 1);
		points[p].filter = take_filter(reader, &points[p].filter_count);
	}
	request->points = points;
}

static void take_visitor(Reader *reader, const Plan *plan, Receipt *receipt)
{
	Visitor *visitor = &receipt->visitor;
	const PlanLevel *level = &plan->level[visitor->level];
	size_t offers = plan->snapshot->n_offers;
	visitor->segments = take_segments(reader, plan);
	receipt->given = take_values(reader, level->defaults, level->attribute_count);
	if (reader->broken)
		return;
	visitor->values = take_values(reader, receipt->given, level->attribute_count);
	take_facts(reader, receipt, offers, &visitor->state);
	take_session_facts(reader, receipt, offers, &visitor->state);
	visitor->state.volumes = take_volumes(reader, plan->snapshot->n_constraints);
}

static Err settle(const Reader *reader)
{
	if (reader->no_memory)
		return err(ERR_NO_MEMORY, "no memory to read a decision's receipt");
	if (reader->broken || reader->at != reader->end)
		return err(ERR_RECEIPT_INVALID,
		        "the receipt is not one of this snapshot: its bytes, or the digest beside them, were "
		        "changed");
	return OK;
}

Err receipt_read(const Plan *plan, Str bytes, Arena *arena, Receipt *ret)
{
	const uint8_t *start = (const uint8_t *)bytes.ptr;
	Reader reader = {.at = start, .end = start + bytes.len, .arena = arena};
	*ret = (Receipt){0};
	if (bytes.len == 1 && start[0] == RECEIPT_TOO_LONG)
		return err(ERR_LIMIT,
		        "the decision's receipt would have been longer than %d bytes, and was not kept",
		        RECEIPT_MAX);
	if (bytes.len > RECEIPT_MAX || take_byte(&reader) != RECEIPT_VERSION)
		return err(ERR_RECEIPT_INVALID, "the receipt has a form that this program does not know: a "
		                                "newer server may have written it");
	unsigned flags = take_byte(&reader);
	if (flags & ~(unsigned)RECEIPT_FLAGS)
		break_off(&reader);
	ret->request.deduplicate_across = (flags & RECEIPT_ACROSS) != 0;
	ret->request.as_of_us = (int64_t)take_word(&reader);
	ret->request.seed = take_word(&reader);
	ret->digest = take_word(&reader);
	ret->visitor.level = (int)take_below(&reader, plan->snapshot->n_audience_levels);
	ret->visitor.audience_id = take_text(&reader);
	if (!reader.broken)
		reader.slots = plan->level[ret->visitor.level].attribute_count;
	take_points(&reader, plan->snapshot->n_points, &ret->request);
	if (!reader.broken)
		take_visitor(&reader, plan, ret);
	return settle(&reader);
}
