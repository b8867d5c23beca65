// Which offers belong to the snapshot: those that something in the channel names, itself or by an offer list.
// Lists are drawn here, because what is on them decides; they are the same for everybody, so nothing of them
// is left to run time but the indices. Names that lead nowhere are told by whoever compiles what has them.
#include "compile/internal.h"

#include <stddef.h>

typedef Parley__Design__V1__OfferList DesignList;

static void mention(Compile *c, const char *name)
{
	int found = *name ? name_find(&c->offers, name) : -1;
	if (found >= 0)
		c->reached[found] = true;
}

static void mention_list(Compile *c, const char *name, bool by_rule)
{
	int found = *name ? name_find(&c->offer_lists, name) : -1;
	if (found < 0)
		return;
	c->drawn[found].used = true;
	c->drawn[found].by_rule |= by_rule;
}

static void mention_all(Compile *c, char **offers, size_t offer_count, char **lists, size_t list_count)
{
	for (size_t i = 0; i < offer_count; i++)
		mention(c, offers[i]);
	for (size_t i = 0; i < list_count; i++)
		mention_list(c, lists[i], false);
}

static void reach_rules(Compile *c)
{
	for (size_t i = 0; i < c->in->rules.count; i++) {
		mention(c, c->in->rules.items[i]->offer);
		mention_list(c, c->in->rules.items[i]->offer_list, true);
	}
	for (size_t i = 0; i < c->in->global_offers.count; i++) {
		mention(c, c->in->global_offers.items[i]->offer);
		mention_list(c, c->in->global_offers.items[i]->offer_list, true);
	}
}

static void reach_visitors(Compile *c)
{
#define ENTRIES(list)                                                                                        \
	for (size_t i = 0; i < c->in->list.count; i++) {                                                     \
		for (size_t j = 0; j < c->in->list.items[i]->n_entries; j++) {                               \
			mention(c, c->in->list.items[i]->entries[j]->offer);                                 \
			mention_list(c, c->in->list.items[i]->entries[j]->offer_list, false);                \
		}                                                                                            \
	}
	ENTRIES(overrides)
	ENTRIES(blacklists)
#undef ENTRIES
}

static void reach_all(Compile *c)
{
#define ALL(of, offers, lists) mention_all(c, (of)->offers, (of)->n_##offers, (of)->lists, (of)->n_##lists)
	for (size_t i = 0; i < c->in->zones.count; i++)
		ALL(c->in->zones.items[i], default_offers, default_offer_lists);
	for (size_t i = 0; i < c->in->events.count; i++) {
		for (size_t j = 0; j < c->in->events.items[i]->n_actions; j++)
			ALL(c->in->events.items[i]->actions[j], offers, offer_lists);
	}
	for (size_t i = 0; i < c->in->suppressions.count; i++)
		ALL(c->in->suppressions.items[i], offers, offer_lists);
	for (size_t i = 0; i < c->in->constraints.count; i++)
		ALL(c->in->constraints.items[i], offers, offer_lists);
#undef ALL
	reach_rules(c);
	reach_visitors(c);
}

Err compile_reach(Compile *c)
{
	size_t offers = c->in->offers.count, lists = c->in->offer_lists.count;
	void *by_offer = (void *)(uintptr_t)c->in->offers.items;
	void *by_list = (void *)(uintptr_t)c->in->offer_lists.items;
	TRY(index_by(c, by_offer, offers, offsetof(Parley__Design__V1__Offer, name), &c->offers));
	TRY(index_by(c, by_list, lists, offsetof(DesignList, name), &c->offer_lists));
	c->reached = ARENA_ARRAY(c->arena, bool, offers);
	c->drawn = ARENA_ARRAY(c->arena, DrawnList, lists);
	if (!c->reached || !c->drawn)
		return compile_no_memory();
	reach_all(c);
	for (size_t i = 0; i < lists; i++) {
		if (!c->drawn[i].used)
			continue;
		TRY(draw_list(c, c->in->offer_lists.items[i], &c->drawn[i]));
		for (size_t j = 0; j < c->drawn[i].count; j++)
			c->reached[c->drawn[i].offers[j]] = true;
	}
	return OK;
}
