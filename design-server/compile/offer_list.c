// Offer lists: drawn when the channel is compiled, by name or by an expression over what an offer is. A list
// that is used and empty is a problem: whatever uses it would do nothing, which nobody would notice.
#include "compile/internal.h"
#include "decide/plan.h"

#include <stddef.h>
#include <stdlib.h>

typedef Parley__Design__V1__OfferList DesignList;
typedef Parley__Design__V1__Offer DesignOffer;
typedef Parley__Design__V1__OfferTemplate DesignTemplate;

enum { LIST_FUEL = 100 * 1000 }; // an offer: work units

// --- by an expression ---

enum { SLOT_CODE, SLOT_NAME, SLOT_TEMPLATE, SLOT_ATTRIBUTES, SLOT_COUNT };
static const ExprAttribute slots[SLOT_COUNT] = {
        [SLOT_CODE] = {{"code", 4}, {EXPR_STRING, EXPR_ERROR}},
        [SLOT_NAME] = {{"name", 4}, {EXPR_STRING, EXPR_ERROR}},
        [SLOT_TEMPLATE] = {{"template", 8}, {EXPR_STRING, EXPR_ERROR}},
        [SLOT_ATTRIBUTES] = {{"attributes", 10}, {EXPR_MAP, EXPR_DYN}},
};
static const ExprSchema schema = {slots, SLOT_COUNT};

static bool is_word(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
	       c == '.';
}

// now() would make the snapshot depend on when it was compiled.
static bool asks_the_time(const char *source)
{
	char quote = 0;
	for (const char *s = source; *s; s++) {
		if (quote) {
			if (*s == '\\' && s[1])
				s++;
			else if (*s == quote)
				quote = 0;
		} else if (*s == '"' || *s == '\'') {
			quote = *s;
		} else if (strncmp(s, "now", 3) == 0 && !is_word(s[3]) && (s == source || !is_word(s[-1]))) {
			return true;
		}
	}
	return false;
}

// The offer's constants by name. What is wrong with an attribute is told of the offer if it is reached.
static ExprValue attributes_of(Compile *c, const DesignOffer *offer, Arena *arena)
{
	const DesignTemplate *template = find_template(c, offer->template_);
	ExprValue map = {.kind = EXPR_MAP};
	ExprValue *items = template ? ARENA_ARRAY(arena, ExprValue, 2 * template->n_attributes) : NULL;
	if (!items)
		return map;
	for (size_t i = 0; i < template->n_attributes; i++) {
		SnapConstant constant;
		const Parley__Design__V1__TemplateAttribute *wanted = template->attributes[i];
		if (!offer_constant(offer, wanted, &constant))
			continue;
		items[2 * map.len] = expr_string(str(wanted->name));
		items[2 * map.len + 1] = plan_constant(&constant, arena);
		map.len++;
	}
	map.items = items;
	return map;
}

static Err is_on(Compile *c, const ExprProgram *program, const DesignOffer *offer, bool *ret)
{
	CLEANUP(arena_freep) Arena *scratch = arena_new(16 * 1024, 1 << 20);
	if (!scratch)
		return compile_no_memory();
	ExprScratch room = {scratch, LIST_FUEL};
	const ExprValue values[SLOT_COUNT] = {
	        [SLOT_CODE] = expr_string(str(offer->code)),
	        [SLOT_NAME] = expr_string(str(offer->name)),
	        [SLOT_TEMPLATE] = expr_string(str(offer->template_)),
	        [SLOT_ATTRIBUTES] = attributes_of(c, offer, scratch),
	};
	ExprValue value = expr_eval(program, values, 0, &room);
	*ret = value.kind == EXPR_BOOL && value.b;
	return OK;
}

static Err draw_by_expression(Compile *c, const DesignList *in, DrawnList *list)
{
	ExprProgram program;
	list->offers = ARENA_ARRAY(c->arena, uint32_t, c->in->offers.count);
	if (!list->offers)
		return compile_no_memory();
	if (asks_the_time(in->expression)) {
		problem(c, "expression",
		        "it uses now(), but lists are drawn when the channel is compiled: use dates of rules "
		        "and offers instead");
		return OK;
	}
	if (expr_compile(&schema, str(in->expression), EXPR_BOOL, c->arena, &program)) {
		problem_from_error(c, "expression");
		return OK;
	}
	for (uint32_t i = 0; i < c->in->offers.count; i++) {
		bool on = false;
		TRY(is_on(c, &program, c->in->offers.items[i], &on));
		if (on)
			list->offers[list->count++] = i;
	}
	if (!list->count)
		problem_as(c, PROBLEM_EMPTY_LIST, "expression",
		        "no offer meets it, so whatever uses the list would do nothing: correct it, or do "
		        "not "
		        "use it yet");
	return OK;
}

// --- by names ---

static Err draw_by_names(Compile *c, const DesignList *in, DrawnList *list)
{
	list->offers = ARENA_ARRAY(c->arena, uint32_t, in->n_offers);
	if (!list->offers)
		return compile_no_memory();
	for (size_t i = 0; i < in->n_offers; i++) {
		int found = reference(
		        c, &c->offers, arena_printf(c->arena, "offers[%zu]", i), "offer", in->offers[i]);
		if (found >= 0)
			list->offers[list->count++] = (uint32_t)found;
	}
	return OK;
}

Err draw_list(Compile *c, const DesignList *in, DrawnList *list)
{
	c->kind = "OfferList";
	c->name = in->name;
	if (*in->expression && in->n_offers)
		problem(c, "offers", "it has an expression too: keep one of the two");
	else if (!*in->expression && !in->n_offers)
		problem_as(c, PROBLEM_EMPTY_LIST, "offers",
		        "it has neither offers nor an expression: give one of the two");
	return *in->expression ? draw_by_expression(c, in, list) : draw_by_names(c, in, list);
}

// --- sets of offers ---

static int by_index(const void *a, const void *b)
{
	uint32_t left = *(const uint32_t *)a, right = *(const uint32_t *)b;
	return (left > right) - (left < right);
}

static void sort_set(OfferSet *set)
{
	size_t kept = 0;
	if (set->count)
		qsort(set->items, set->count, sizeof *set->items, by_index);
	for (size_t i = 0; i < set->count; i++) {
		if (!kept || set->items[kept - 1] != set->items[i])
			set->items[kept++] = set->items[i];
	}
	set->count = kept;
}

Err offer_set_of_list(Compile *c, int list, OfferSet *ret)
{
	const DrawnList *drawn = &c->drawn[list];
	*ret = (OfferSet){ARENA_ARRAY(c->arena, uint32_t, drawn->count), drawn->count};
	if (!ret->items)
		return compile_no_memory();
	for (size_t i = 0; i < drawn->count; i++)
		ret->items[i] = c->offer_index[drawn->offers[i]];
	sort_set(ret);
	return OK;
}

Err offer_set_of(Compile *c, const char *path, char **offers, size_t offer_count, char **lists,
        size_t list_count, OfferSet *ret)
{
	size_t room = offer_count;
	int *found = ARENA_ARRAY(c->arena, int, list_count);
	if (!found)
		return compile_no_memory();
	for (size_t i = 0; i < list_count; i++) {
		found[i] = reference(c, &c->offer_lists,
		        arena_printf(c->arena, "%soffer_lists[%zu]", path, i), "offer list", lists[i]);
		room += found[i] >= 0 ? c->drawn[found[i]].count : 0;
	}
	*ret = (OfferSet){ARENA_ARRAY(c->arena, uint32_t, room), 0};
	if (!ret->items)
		return compile_no_memory();
	for (size_t i = 0; i < offer_count; i++) {
		int offer = reference(
		        c, &c->offers, arena_printf(c->arena, "%soffers[%zu]", path, i), "offer", offers[i]);
		if (offer >= 0)
			ret->items[ret->count++] = c->offer_index[offer];
	}
	for (size_t i = 0; i < list_count; i++) {
		for (size_t j = 0; found[i] >= 0 && j < c->drawn[found[i]].count; j++)
			ret->items[ret->count++] = c->offer_index[c->drawn[found[i]].offers[j]];
	}
	sort_set(ret);
	return OK;
}

// --- the lists of the snapshot: those that rules name ---

Err compile_offer_lists(Compile *c)
{
	size_t count = c->in->offer_lists.count;
	c->out->offer_lists = NEW_ITEMS(c, SnapOfferList, PARLEY__SNAPSHOT__V1__OFFER_LIST__INIT, count);
	if (!c->out->offer_lists)
		return compile_no_memory();
	for (size_t i = 0; i < count; i++) {
		if (!c->drawn[i].by_rule)
			continue;
		OfferSet set;
		SnapOfferList *list = c->out->offer_lists[c->out->n_offer_lists++];
		TRY(offer_set_of_list(c, (int)i, &set));
		list->name = c->in->offer_lists.items[i]->name;
		list->offers = set.items;
		list->n_offers = set.count;
	}
	return index_by(
	        c, c->out->offer_lists, c->out->n_offer_lists, offsetof(SnapOfferList, name), &c->rule_lists);
}
