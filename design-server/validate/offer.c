// Offers: those that are named although they are no longer shown, those that nothing shows, and personalised
// attributes that some visitors do without.
#include "validate/internal.h"

#include "base/cleanup.h"

#include <stdlib.h>

#define STATE(name) PARLEY__DESIGN__V1__OFFER_STATE__OFFER_STATE_##name

typedef Parley__Design__V1__Offer DesignOffer;

// --- retired ones that are named ---

// Configurations are sorted by name. The empty name, and one that is not there, is none.
static bool is_retired(const Analysis *a, const char *name)
{
	size_t low = 0, high = a->in->offers.count;
	while (low < high) {
		size_t middle = (low + high) / 2;
		int order = strcmp(name, a->in->offers.items[middle]->name);
		if (!order)
			return a->in->offers.items[middle]->state == STATE(RETIRED);
		*(order < 0 ? &high : &low) = order < 0 ? middle : middle + 1;
	}
	return false;
}

// One finding an object, however many it names.
static void check_names(Analysis *a, Object object, char *const *names, size_t count)
{
	const char *first = NULL;
	size_t retired = 0;
	for (size_t i = 0; i < count; i++) {
		if (!is_retired(a, names[i]))
			continue;
		first = first ? first : names[i];
		retired++;
	}
	if (retired)
		finding(a, FINDING_OFFER_RETIRED, object, "take it out, or publish the offer again",
		        "it names the offer '%s', which is retired%s", first,
		        retired > 1 ? arena_printf(a->arena, ", and %zu more that are", retired - 1) : "");
}

// Offer lists of which the channel shows something: of rules, and those that zones fill up with.
static bool is_shown(const Analysis *a, const char *list)
{
	for (size_t i = 0; i < a->snapshot->n_offer_lists; i++) {
		if (strcmp(a->snapshot->offer_lists[i]->name, list) == 0)
			return true;
	}
	for (size_t i = 0; i < a->in->zones.count; i++) {
		for (size_t j = 0; j < a->in->zones.items[i]->n_default_offer_lists; j++) {
			if (strcmp(a->in->zones.items[i]->default_offer_lists[j], list) == 0)
				return true;
		}
	}
	return false;
}

static void check_lists(Analysis *a)
{
	for (size_t i = 0; i < a->in->offer_lists.count; i++) {
		const Parley__Design__V1__OfferList *list = a->in->offer_lists.items[i];
		if (list->n_offers && is_shown(a, list->name))
			check_names(
			        a, (Object){"OfferList", list->name, "offers"}, list->offers, list->n_offers);
	}
}

static void check_retired(Analysis *a)
{
	check_lists(a);
	for (size_t i = 0; i < a->in->zones.count; i++) {
		const Parley__Design__V1__Zone *zone = a->in->zones.items[i];
		check_names(a, (Object){"Zone", zone->name, "default_offers"}, zone->default_offers,
		        zone->n_default_offers);
	}
	for (size_t i = 0; i < a->in->events.count; i++) {
		const Parley__Design__V1__Event *event = a->in->events.items[i];
		for (size_t j = 0; j < event->n_actions; j++) {
			if (event->actions[j]->kind ==
			        PARLEY__DESIGN__V1__EVENT_ACTION_KIND__EVENT_ACTION_KIND_QUALIFY_OFFERS)
				check_names(a,
				        (Object){"Event", event->name,
				                arena_printf(a->arena, "actions[%zu].offers", j)},
				        event->actions[j]->offers, event->actions[j]->n_offers);
		}
	}
	for (size_t i = 0; i < a->in->overrides.count; i++) {
		const Parley__Design__V1__ScoreOverride *override = a->in->overrides.items[i];
		for (size_t j = 0; j < override->n_entries; j++) {
			if (!is_retired(a, override->entries[j]->offer))
				continue;
			check_names(a, (Object){"ScoreOverride", override->name, "entries"},
			        &override->entries[j]->offer, 1);
			break;
		}
	}
}

// --- those that would be shown ---

static Err check_attribute(Analysis *a, Object object, const SnapOfferAttribute *attribute)
{
	for (size_t i = 0; !attribute->value && i < attribute->n_personalised; i++) {
		const SnapLevelExpression *own = attribute->personalised[i];
		const char *lacking;
		TRY(logic_lacking(a->logic[own->audience_level], own->expression->source, &lacking));
		if (!lacking)
			continue;
		finding(a, FINDING_OFFER_ATTRIBUTE_MISSING, object,
		        "give it a value for those visitors, the visitors' attribute a default, or ask has() "
		        "first",
		        "its attribute '%s' is '%s'; visitors without '%s' are shown the offer without it",
		        attribute->name, own->expression->source, lacking);
		return OK;
	}
	return OK;
}

static Err check_offer(Analysis *a, size_t index)
{
	const SnapOffer *offer = a->snapshot->offers[index];
	const OfferFacts *facts = &a->offers[index];
	Object object = {"Offer", facts->in->name, "state"};
	if (!facts->candidate && !facts->by_default)
		return OK;
	if (facts->in->state == STATE(REDRAFT))
		finding(a, FINDING_OFFER_BEING_CHANGED, object,
		        "publish it, or leave it out of this deployment",
		        "it was published and is being changed: it would be shown to nobody until it is "
		        "published "
		        "again");
	object.field = "expire_time";
	if (offer->published && !offer_lives(a, (uint32_t)index)) {
		char until[TIME_TEXT_SIZE];
		time_format(offer->expires_us, until);
		finding(a, FINDING_OFFER_OVER, object, "give it a later expire_time, or retire it",
		        "it was valid until %s", until);
	}
	object.field = "attributes";
	for (size_t i = 0; i < offer->n_attributes; i++)
		TRY(check_attribute(a, object, offer->attributes[i]));
	return OK;
}

// --- those that nothing shows ---

static bool is_in_snapshot(const Analysis *a, const char *code)
{
	size_t low = 0, high = a->snapshot->n_offers;
	while (low < high) {
		size_t middle = (low + high) / 2;
		int order = strcmp(code, a->snapshot->offers[middle]->code);
		if (!order)
			return true;
		*(order < 0 ? &high : &low) = order < 0 ? middle : middle + 1;
	}
	return false;
}

// What is stored decides, for all channels: what is analysed may have only those offers that it reaches
// itself.
static Err check_unreached(Analysis *a)
{
	CLEANUP(pg_result_freep) PgResult *rows = NULL;
	Str *lists = ARENA_ARRAY(a->arena, Str, a->in->offer_lists.count + 1);
	if (!lists)
		return validate_no_memory();
	for (size_t i = 0; i < a->in->offer_lists.count; i++)
		lists[i] = str(a->in->offer_lists.items[i]->name);
	if (!a->pg)
		return OK;
	TRY(SQL_RUN(a->pg, &rows, offers_unreached, P_TEXT(a->channel),
	        P_TEXTS(lists, a->in->offer_lists.count)));
	for (size_t i = 0; i < pg_rows(rows); i++) {
		const char *name = arena_cstr(a->arena, pg_text(rows, i, 0));
		const char *code = arena_cstr(a->arena, pg_text(rows, i, 1));
		if (!name || !code)
			return validate_no_memory();
		if (!is_in_snapshot(a, code))
			finding(a, FINDING_OFFER_UNREACHED, (Object){"Offer", name, "state"},
			        "make a rule for it, put it on a list that is used, or retire it",
			        "it is published, but no rule, global offer, list, event, default or "
			        "individual score of "
			        "any channel shows it");
	}
	return OK;
}

Err analyse_offers(Analysis *a)
{
	check_retired(a);
	for (size_t i = 0; i < a->snapshot->n_offers; i++)
		TRY(check_offer(a, i));
	return check_unreached(a);
}
