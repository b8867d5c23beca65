// An offer is an instance of its template: the template says which attributes it has, in which order, of
// which types.
#include "compile/internal.h"

#include <stddef.h>
#include <stdlib.h>

typedef Parley__Design__V1__Offer DesignOffer;
typedef Parley__Design__V1__OfferTemplate DesignTemplate;
typedef Parley__Design__V1__TemplateAttribute TemplateAttribute;
typedef Parley__Design__V1__OfferAttribute OfferAttribute;

static const DesignTemplate *find_template(const Compile *c, const char *name)
{
	for (size_t i = 0; i < c->in->templates.count; i++) {
		if (strcmp(c->in->templates.items[i]->name, name) == 0)
			return c->in->templates.items[i];
	}
	return NULL;
}

static const OfferAttribute *given(const DesignOffer *offer, const char *name, size_t *ret_index)
{
	for (size_t i = 0; i < offer->n_attributes; i++) {
		*ret_index = i;
		if (strcmp(offer->attributes[i]->name, name) == 0)
			return offer->attributes[i];
	}
	return NULL;
}

static SnapConstant *attribute_value(Compile *c, const DesignOffer *in, const TemplateAttribute *wanted)
{
	size_t index;
	const OfferAttribute *value = given(in, wanted->name, &index);
	if (value && value->value)
		return compile_literal(c, arena_printf(c->arena, "attributes[%zu].value", index),
		        wanted->type, value->value);
	if (wanted->default_)
		return compile_literal(c, "attributes", wanted->type, wanted->default_);
	problem(c, "attributes", "it gives no value for '%s' and its template '%s' has no default: give %s",
	        wanted->name, in->template_, type_text(wanted->type));
	return NULL;
}

static void refuse_strange_attributes(Compile *c, const DesignOffer *in, const DesignTemplate *template)
{
	for (size_t i = 0; i < in->n_attributes; i++) {
		size_t j = 0;
		while (j < template->n_attributes &&
		        strcmp(template->attributes[j]->name, in->attributes[i]->name) != 0)
			j++;
		if (j == template->n_attributes)
			problem(c, arena_printf(c->arena, "attributes[%zu].name", i),
			        "its template '%s' has no attribute '%s': add it there or remove it here",
			        template->name, in->attributes[i]->name);
	}
}

static Err compile_attributes(Compile *c, const DesignOffer *in, SnapOffer *offer)
{
	const DesignTemplate *template = find_template(c, in->template_);
	if (!template) {
		problem(c, "template", "there is no offer template '%s': create it or name another",
		        in->template_);
		return OK;
	}
	refuse_strange_attributes(c, in, template);
	offer->attributes = NEW_ITEMS(
	        c, SnapOfferAttribute, PARLEY__SNAPSHOT__V1__OFFER_ATTRIBUTE__INIT, template->n_attributes);
	if (!offer->attributes)
		return compile_no_memory();
	offer->n_attributes = template->n_attributes;
	for (size_t i = 0; i < template->n_attributes; i++) {
		offer->attributes[i]->name = template->attributes[i]->name;
		offer->attributes[i]->type = value_type(template->attributes[i]->type);
		offer->attributes[i]->value = attribute_value(c, in, template->attributes[i]);
	}
	return OK;
}

static Err compile_offer(Compile *c, const DesignOffer *in, SnapOffer *offer)
{
	c->name = in->name;
	offer->code = in->code;
	offer->name = *in->display_name ? in->display_name : in->name;
	offer->published = in->state == PARLEY__DESIGN__V1__OFFER_STATE__OFFER_STATE_PUBLISHED;
	offer->template_ = in->template_;
	offer->destination = in->destination;
	compile_dates(c, in->effective_time, in->expire_time, &offer->effective_us, &offer->expires_us);
	return compile_attributes(c, in, offer);
}

// --- which offers ---

static int by_name(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

// Names of the offers that rules name, sorted: they decide what belongs to the snapshot.
static Err named_by_rules(Compile *c, const char ***ret)
{
	size_t count = c->in->rules.count;
	*ret = ARENA_ARRAY(c->arena, const char *, count);
	if (!*ret)
		return compile_no_memory();
	for (size_t i = 0; i < count; i++)
		(*ret)[i] = c->in->rules.items[i]->offer;
	if (count)
		qsort(*ret, count, sizeof **ret, by_name);
	return OK;
}

// What is to be an offer of the snapshot: sorted by code, then found by name.
typedef struct Chosen {
	const char *code, *name;
	const DesignOffer *in;
} Chosen;

static int by_code(const void *a, const void *b)
{
	return strcmp(((const Chosen *)a)->code, ((const Chosen *)b)->code);
}

static Err choose(Compile *c, Chosen **ret, size_t *ret_count)
{
	const char **named;
	TRY(named_by_rules(c, &named));
	*ret = ARENA_ARRAY(c->arena, Chosen, c->in->offers.count);
	if (!*ret)
		return compile_no_memory();
	for (size_t i = 0; i < c->in->offers.count; i++) {
		const DesignOffer *in = c->in->offers.items[i];
		if (c->in->rules.count &&
		        bsearch(&in->name, named, c->in->rules.count, sizeof *named, by_name))
			(*ret)[(*ret_count)++] = (Chosen){in->code, in->name, in};
	}
	if (*ret_count)
		qsort(*ret, *ret_count, sizeof **ret, by_code);
	return OK;
}

Err compile_offers(Compile *c)
{
	Chosen *chosen;
	size_t count = 0;
	c->kind = "Offer";
	TRY(choose(c, &chosen, &count));
	c->out->offers = NEW_ITEMS(c, SnapOffer, PARLEY__SNAPSHOT__V1__OFFER__INIT, count);
	if (!c->out->offers)
		return compile_no_memory();
	c->out->n_offers = count;
	const Chosen **pointers = ARENA_ARRAY(c->arena, const Chosen *, count);
	if (!pointers)
		return compile_no_memory();
	for (size_t i = 0; i < count; i++) {
		pointers[i] = &chosen[i];
		TRY(compile_offer(c, chosen[i].in, c->out->offers[i]));
		if (i > 0 && strcmp(chosen[i].code, chosen[i - 1].code) == 0)
			problem(c, "code", "the offer '%s' has the code '%s' too: give each its own",
			        chosen[i - 1].name, chosen[i].code);
	}
	return index_by(c, pointers, count, offsetof(Chosen, name), &c->offers);
}
