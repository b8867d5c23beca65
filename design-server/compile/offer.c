// An offer is an instance of its template: the template says which attributes it has, in which order, of
// which types. A personalised attribute is one expression of the designer's that becomes a program for every
// audience level it fits.
#include "compile/internal.h"

#include <stddef.h>
#include <stdlib.h>

typedef Parley__Design__V1__Offer DesignOffer;
typedef Parley__Design__V1__OfferTemplate DesignTemplate;
typedef Parley__Design__V1__TemplateAttribute TemplateAttribute;
typedef Parley__Design__V1__OfferAttribute OfferAttribute;

const DesignTemplate *find_template(const Compile *c, const char *name)
{
	int found = name_find(&c->templates, name);
	return found >= 0 ? c->in->templates.items[found] : NULL;
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

bool offer_constant(const DesignOffer *offer, const TemplateAttribute *wanted, SnapConstant *ret)
{
	size_t index;
	const OfferAttribute *own = given(offer, wanted->name, &index);
	const Parley__Design__V1__Literal *literal = own && own->value ? own->value : wanted->default_;
	return literal && literal_fits(wanted->type, literal, ret);
}

// --- attributes ---

// A program for each audience level that the expression fits; a problem if it fits none.
static Err personalise(Compile *c, const char *field, const char *source, SnapOfferAttribute *attribute)
{
	size_t levels = c->out->n_audience_levels;
	attribute->personalised =
	        NEW_ITEMS(c, SnapLevelExpression, PARLEY__SNAPSHOT__V1__LEVEL_EXPRESSION__INIT, levels);
	if (!attribute->personalised)
		return compile_no_memory();
	const char *why = "the channel has no audience level";
	for (uint32_t i = 0; i < levels; i++) {
		SnapLevelExpression *made = attribute->personalised[attribute->n_personalised];
		const char *message;
		TRY(try_expression(c, &c->schemas[i], source, attribute->type, &made->expression, &message));
		made->audience_level = i;
		if (made->expression)
			attribute->n_personalised++;
		else if (i == 0)
			why = levels == 1 ? message
			                  : arena_printf(c->arena, "it fits no audience level; for '%s': %s",
			                            c->out->audience_levels[0]->name, message);
	}
	if (!attribute->n_personalised)
		problem_as(c, PROBLEM_EXPRESSION, field, "%s", why);
	return OK;
}

static Err compile_attribute(Compile *c, const DesignOffer *in, const DesignTemplate *template,
        const TemplateAttribute *wanted, SnapOfferAttribute *attribute)
{
	size_t index = 0;
	const OfferAttribute *own = given(in, wanted->name, &index);
	attribute->name = wanted->name;
	attribute->type = value_type(wanted->type);
	if (own && own->value)
		attribute->value = compile_literal(
		        c, arena_printf(c->arena, "attributes[%zu].value", index), wanted->type, own->value);
	else if (wanted->default_)
		attribute->value = compile_literal(c, "attributes", wanted->type, wanted->default_);
	else if (!own || !*own->expression)
		problem(c, "attributes",
		        "it gives no value for '%s' and its template '%s' has no default: give %s",
		        wanted->name, template->name, type_text(wanted->type));
	if (!own || !*own->expression || attribute->type == SNAP_TYPE(UNSPECIFIED))
		return OK;
	return personalise(
	        c, arena_printf(c->arena, "attributes[%zu].expression", index), own->expression, attribute);
}

static void refuse_strange_attributes(Compile *c, const DesignOffer *in, const DesignTemplate *template)
{
	for (size_t i = 0; i < in->n_attributes; i++) {
		size_t j = 0, first;
		while (j < template->n_attributes &&
		        strcmp(template->attributes[j]->name, in->attributes[i]->name) != 0)
			j++;
		if (j == template->n_attributes)
			problem(c, arena_printf(c->arena, "attributes[%zu].name", i),
			        "its template '%s' has no attribute '%s': add it there or remove it here",
			        template->name, in->attributes[i]->name);
		if (given(in, in->attributes[i]->name, &first) && first != i)
			problem(c, arena_printf(c->arena, "attributes[%zu].name", i),
			        "the attribute '%s' is there twice: remove one", in->attributes[i]->name);
	}
}

static Err compile_attributes(Compile *c, const DesignOffer *in, SnapOffer *offer)
{
	const DesignTemplate *template = find_template(c, in->template_);
	if (!template) {
		problem_as(c, PROBLEM_REFERENCE, "template",
		        "there is no offer template '%s': create it or name another", in->template_);
		return OK;
	}
	refuse_strange_attributes(c, in, template);
	offer->attributes = NEW_ITEMS(
	        c, SnapOfferAttribute, PARLEY__SNAPSHOT__V1__OFFER_ATTRIBUTE__INIT, template->n_attributes);
	if (!offer->attributes)
		return compile_no_memory();
	offer->n_attributes = template->n_attributes;
	for (size_t i = 0; i < template->n_attributes; i++)
		TRY(compile_attribute(c, in, template, template->attributes[i], offer->attributes[i]));
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

// --- all ---

// What is to be an offer of the snapshot.
typedef struct Chosen {
	const DesignOffer *in;
	uint32_t index; // in the configuration
} Chosen;

static int by_code(const void *a, const void *b)
{
	const DesignOffer *left = ((const Chosen *)a)->in, *right = ((const Chosen *)b)->in;
	int order = strcmp(left->code, right->code);
	return order ? order : strcmp(left->name, right->name);
}

static Err choose(Compile *c, Chosen **ret, size_t *ret_count)
{
	*ret = ARENA_ARRAY(c->arena, Chosen, c->in->offers.count);
	if (!*ret)
		return compile_no_memory();
	for (uint32_t i = 0; i < c->in->offers.count; i++) {
		if (c->reached[i])
			(*ret)[(*ret_count)++] = (Chosen){c->in->offers.items[i], i};
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
	c->offer_index = ARENA_ARRAY(c->arena, uint32_t, c->in->offers.count);
	if (!c->out->offers || !c->offer_index)
		return compile_no_memory();
	c->out->n_offers = count;
	for (uint32_t i = 0; i < count; i++) {
		c->offer_index[chosen[i].index] = i;
		TRY(compile_offer(c, chosen[i].in, c->out->offers[i]));
		if (i > 0 && strcmp(chosen[i].in->code, chosen[i - 1].in->code) == 0)
			problem(c, "code", "the offer '%s' has the code '%s' too: give each its own",
			        chosen[i - 1].in->name, chosen[i].in->code);
	}
	return OK;
}
