// Offer templates, offers as instances of them, and lists of offers.
#include "admin/literal.h"
#include "admin/message.h"
#include "admin/validate.h"
#include "link/link.h"

#include "parley/design/v1/offer.pb-c.h"
#include "parley/design/v1/offer_list.pb-c.h"
#include "parley/design/v1/offer_template.pb-c.h"

#include <stdio.h>

typedef Parley__Design__V1__Offer Offer;
typedef Parley__Design__V1__OfferTemplate OfferTemplate;
typedef Parley__Design__V1__TemplateAttribute TemplateAttribute;

enum { ATTRIBUTES_MAX = 100, FIELD_SIZE = 64 };

static const char *member(char text[FIELD_SIZE], size_t index, const char *field)
{
	snprintf(text, FIELD_SIZE, "attributes[%zu].%s", index, field);
	return text;
}

Err validate_offer_template(Check *check)
{
	char field[FIELD_SIZE];
	const OfferTemplate *template = (const void *)check->message;
	if (template->n_attributes > ATTRIBUTES_MAX)
		return check_fail(check, ERR_FIELD_INVALID, "attributes",
		        "has %zu attributes; at most %d are taken", template->n_attributes, ATTRIBUTES_MAX);
	for (size_t i = 0; i < template->n_attributes; i++) {
		const TemplateAttribute *attribute = template->attributes[i];
		if (!is_identifier(str(attribute->name)))
			return check_fail(check, ERR_FIELD_INVALID, member(field, i, "name"),
			        "\"%s\" is not an attribute's name: a letter, then letters, digits and "
			        "underscores, at most 63",
			        attribute->name);
		for (size_t j = 0; j < i; j++)
			if (strcmp(template->attributes[j]->name, attribute->name) == 0)
				return check_fail(check, ERR_FIELD_INVALID, member(field, i, "name"),
				        "\"%s\" is there twice", attribute->name);
		TRY(check_type(check, member(field, i, "type"), attribute->type));
		if (attribute->default_)
			TRY(check_literal(
			        check, member(field, i, "default"), attribute->type, attribute->default_));
	}
	return OK;
}

static const TemplateAttribute *find_attribute(const OfferTemplate *template, const char *name)
{
	for (size_t i = 0; i < template->n_attributes; i++)
		if (strcmp(template->attributes[i]->name, name) == 0)
			return template->attributes[i];
	return NULL;
}

static bool gives(const Offer *offer, size_t count, const char *name)
{
	for (size_t i = 0; i < count; i++)
		if (strcmp(offer->attributes[i]->name, name) == 0)
			return true;
	return false;
}

// Which visitors' attributes it is about, only the channels that show the offer know: here it has to be an
// expression, and there it is compiled over their audience levels.
static Err check_personalised(const Check *check, size_t index, const char *source)
{
	static const ExprSchema nothing;
	ExprProgram program;
	if (!*source)
		return OK;
	Err failed = expr_compile_unchecked(&nothing, str(source), check->arena, &program);
	return failed == OK ? OK
	                    : check_fail(check, failed, check_at(check, "attributes[%zu].expression", index),
	                              "%s", err_detail()->message);
}

static Err check_values(const Check *check, const Offer *offer, const OfferTemplate *template)
{
	char field[FIELD_SIZE];
	for (size_t i = 0; i < offer->n_attributes; i++) {
		const char *name = offer->attributes[i]->name;
		const TemplateAttribute *attribute = find_attribute(template, name);
		if (!attribute)
			return check_fail(check, ERR_FIELD_INVALID, member(field, i, "name"),
			        "offer template %s has no attribute \"%s\": add it there, or leave it out "
			        "here",
			        template->name, name);
		if (gives(offer, i, name))
			return check_fail(check, ERR_FIELD_INVALID, member(field, i, "name"),
			        "\"%s\" is there twice", name);
		TRY(check_personalised(check, i, offer->attributes[i]->expression));
		if (offer->attributes[i]->value || !*offer->attributes[i]->expression)
			TRY(check_literal(check, member(field, i, "value"), attribute->type,
			        offer->attributes[i]->value));
	}
	for (size_t i = 0; i < template->n_attributes; i++)
		if (!template->attributes[i]->default_ &&
		        !gives(offer, offer->n_attributes, template->attributes[i]->name))
			return check_fail(check, ERR_FIELD_MISSING, "attributes",
			        "give a value for \"%s\", which has no default in offer template %s",
			        template->attributes[i]->name, template->name);
	return OK;
}

Err validate_offer(Check *check)
{
	const Offer *offer = (const void *)check->message;
	TRY(value_code(check, "code", offer->code));
	if (*offer->destination && !link_destination_fine(str(offer->destination)))
		return check_fail(check, ERR_FIELD_INVALID, "destination",
		        "\"%s\" is not a plain absolute https address such as https://example.com/gold: no "
		        "user "
		        "part, no blanks, at most %d bytes",
		        offer->destination, LINK_DESTINATION_MAX);
	TRY(check_values(
	        check, offer, (const void *)check_target(check, "OfferTemplate", offer->template_)->message));
	return value_dates(check);
}

Err validate_offer_list(Check *check)
{
	static const ExprAttribute fields[] = {{{"code", 4}, {.kind = EXPR_STRING}},
	        {{"name", 4}, {.kind = EXPR_STRING}}, {{"template", 8}, {.kind = EXPR_STRING}},
	        {{"attributes", 10}, {EXPR_MAP, EXPR_DYN}}};
	const ExprSchema schema = {fields, ARRAY_COUNT(fields)};
	const Parley__Design__V1__OfferList *list = (const void *)check->message;
	ExprProgram program;
	if (*list->expression && list->n_offers)
		return check_fail(check, ERR_FIELD_INVALID, "expression",
		        "and offers exclude each other: give one of them, or make two lists");
	if (!*list->expression)
		return OK;
	Err failed = expr_compile(&schema, str(list->expression), EXPR_BOOL, check->arena, &program);
	return failed == OK ? OK : check_fail(check, failed, "expression", "%s", err_detail()->message);
}
