#include "shop.h"

#include <string.h>

#define TEXT(literal) ((char *)(uintptr_t)(literal))
#define TYPE(name)    PARLEY__DESIGN__V1__ATTRIBUTE_TYPE__ATTRIBUTE_TYPE_##name

static Parley__Design__V1__Literal *literal_text(Parley__Design__V1__Literal *literal, const char *text)
{
	*literal = (Parley__Design__V1__Literal)PARLEY__DESIGN__V1__LITERAL__INIT;
	literal->kind_case = PARLEY__DESIGN__V1__LITERAL__KIND_STRING_VALUE;
	literal->string_value = TEXT(text);
	return literal;
}

static Parley__Design__V1__Literal *literal_int(Parley__Design__V1__Literal *literal, int64_t value)
{
	*literal = (Parley__Design__V1__Literal)PARLEY__DESIGN__V1__LITERAL__INIT;
	literal->kind_case = PARLEY__DESIGN__V1__LITERAL__KIND_INT_VALUE;
	literal->int_value = value;
	return literal;
}

static void attribute(Parley__Design__V1__ProfileAttribute *attribute, const char *name,
        Parley__Design__V1__AttributeType type)
{
	*attribute = (Parley__Design__V1__ProfileAttribute)PARLEY__DESIGN__V1__PROFILE_ATTRIBUTE__INIT;
	attribute->name = TEXT(name);
	attribute->type = type;
}

static void key(
        Parley__Design__V1__AudienceKey *key, const char *name, Parley__Design__V1__AttributeType type)
{
	*key = (Parley__Design__V1__AudienceKey)PARLEY__DESIGN__V1__AUDIENCE_KEY__INIT;
	key->name = TEXT(name);
	key->type = type;
}

static void make_levels(Shop *s)
{
	s->customer = s->visitor =
	        (Parley__Design__V1__AudienceLevel)PARLEY__DESIGN__V1__AUDIENCE_LEVEL__INIT;
	s->customer.name = TEXT("customer");
	s->customer.profile_table = TEXT("customers");
	s->visitor.name = TEXT("visitor");
	key(&s->customer_id, "customer_id", TYPE(INT));
	key(&s->cookie, "cookie", TYPE(STRING));
	attribute(&s->age, "age", TYPE(INT));
	attribute(&s->tier, "tier", TYPE(STRING));
	s->tier.default_ = literal_text(&s->literals[0], "basic");
	s->tier.column = TEXT("loyalty.tier");
	attribute(&s->joined, "joined", TYPE(TIMESTAMP));
	s->joined.default_ = literal_text(&s->literals[1], "2020-02-29T12:00:00Z");
	s->joined.not_in_table = true;
	attribute(&s->page, "page", TYPE(STRING));
	void *parts[4][4] = {{&s->customer_id}, {&s->age, &s->tier, &s->joined}, {&s->cookie}, {&s->page}};
	memcpy(s->parts, parts, sizeof parts);
	s->customer.n_keys = s->visitor.n_keys = s->visitor.n_attributes = 1;
	s->customer.n_attributes = 3;
	s->customer.keys = (Parley__Design__V1__AudienceKey **)s->parts[0];
	s->customer.attributes = (Parley__Design__V1__ProfileAttribute **)s->parts[1];
	s->visitor.keys = (Parley__Design__V1__AudienceKey **)s->parts[2];
	s->visitor.attributes = (Parley__Design__V1__ProfileAttribute **)s->parts[3];
}

static void make_places(Shop *s)
{
	s->front = s->checkout = (Parley__Design__V1__Zone)PARLEY__DESIGN__V1__ZONE__INIT;
	s->front.name = TEXT("front");
	s->checkout.name = TEXT("checkout");
	s->checkout.tie_break = PARLEY__DESIGN__V1__TIE_BREAK__TIE_BREAK_NEWEST_OFFER;
	s->banner = s->basket =
	        (Parley__Design__V1__InteractionPoint)PARLEY__DESIGN__V1__INTERACTION_POINT__INIT;
	s->banner.name = TEXT("banner");
	s->banner.zone = TEXT("front");
	s->basket.name = TEXT("basket");
	s->basket.zone = TEXT("checkout");
	s->banner.default_content = s->basket.default_content = TEXT("hello");
	s->shown = (Parley__Design__V1__Event)PARLEY__DESIGN__V1__EVENT__INIT;
	s->shown.name = TEXT("shown");
	s->action = (Parley__Design__V1__EventAction)PARLEY__DESIGN__V1__EVENT_ACTION__INIT;
	s->action.kind = PARLEY__DESIGN__V1__EVENT_ACTION_KIND__EVENT_ACTION_KIND_LOG_CONTACT;
	s->actions[0] = &s->action;
	s->shown.n_actions = 1;
	s->shown.actions = s->actions;
	s->adults = s->gold = (Parley__Design__V1__Segment)PARLEY__DESIGN__V1__SEGMENT__INIT;
	s->adults.name = TEXT("adults");
	s->adults.expression = TEXT("age >= 18");
	s->gold.name = TEXT("gold");
	s->gold.expression = TEXT("tier == 'gold'");
	s->adults.audience_level = s->gold.audience_level = TEXT("customer");
}

static void make_offers(Shop *s)
{
	s->coupon = (Parley__Design__V1__OfferTemplate)PARLEY__DESIGN__V1__OFFER_TEMPLATE__INIT;
	s->coupon.name = TEXT("coupon");
	s->percent = s->text =
	        (Parley__Design__V1__TemplateAttribute)PARLEY__DESIGN__V1__TEMPLATE_ATTRIBUTE__INIT;
	s->percent.name = TEXT("percent");
	s->percent.type = TYPE(DOUBLE);
	s->text.name = TEXT("text");
	s->text.type = TYPE(STRING);
	s->text.default_ = literal_text(&s->literals[2], "save now");
	void *parts[4][4] = {
	        {&s->percent, &s->text}, {&s->ten_percent}, {&s->twenty_text, &s->twenty_percent}};
	memcpy(s->parts[4], parts, sizeof parts);
	s->coupon.n_attributes = s->twenty.n_attributes = 2;
	s->coupon.attributes = (Parley__Design__V1__TemplateAttribute **)s->parts[4];
	s->ten = s->twenty = s->unused = (Parley__Design__V1__Offer)PARLEY__DESIGN__V1__OFFER__INIT;
	s->ten_percent = s->twenty_percent = s->twenty_text =
	        (Parley__Design__V1__OfferAttribute)PARLEY__DESIGN__V1__OFFER_ATTRIBUTE__INIT;
	s->ten_percent.name = s->twenty_percent.name = TEXT("percent");
	s->twenty_text.name = TEXT("text");
	s->ten_percent.value = literal_int(&s->literals[3], 10);
	s->twenty_percent.value = s->ten_percent.value;
	s->twenty_text.value = literal_text(&s->literals[4], "save more");
	s->ten.name = TEXT("ten");
	s->ten.code = TEXT("Z-TEN");
	s->twenty.name = TEXT("twenty");
	s->twenty.code = TEXT("A-TWENTY");
	s->twenty.display_name = TEXT("Twenty off");
	s->unused.name = TEXT("unused");
	s->unused.code = TEXT("UNUSED");
	s->ten.template_ = s->twenty.template_ = s->unused.template_ = TEXT("coupon");
	s->ten.state = PARLEY__DESIGN__V1__OFFER_STATE__OFFER_STATE_PUBLISHED;
	s->ten.n_attributes = 1;
	s->ten.attributes = (Parley__Design__V1__OfferAttribute **)s->parts[5];
	s->twenty.n_attributes = 2;
	s->twenty.attributes = (Parley__Design__V1__OfferAttribute **)s->parts[6];
}

static void make_rules(Shop *s)
{
	s->moments[0] = s->moments[1] = (Google__Protobuf__Timestamp)GOOGLE__PROTOBUF__TIMESTAMP__INIT;
	s->moments[0].seconds = 1000;
	s->moments[0].nanos = 5000;
	s->moments[1].seconds = 2000;
	s->adults_ten = s->gold_twenty =
	        (Parley__Design__V1__TreatmentRule)PARLEY__DESIGN__V1__TREATMENT_RULE__INIT;
	s->adults_ten.name = TEXT("adults-ten");
	s->adults_ten.segment = TEXT("adults");
	s->adults_ten.offer = TEXT("ten");
	s->adults_ten.effective_time = &s->moments[0];
	s->adults_ten.expire_time = &s->moments[1];
	s->gold_twenty.name = TEXT("gold-twenty");
	s->gold_twenty.audience_level = TEXT("customer");
	s->gold_twenty.zone = TEXT("checkout");
	s->gold_twenty.offer = TEXT("twenty");
	s->gold_twenty.eligibility = TEXT("age > 20");
	s->gold_twenty.marketer_score_case =
	        PARLEY__DESIGN__V1__TREATMENT_RULE__MARKETER_SCORE_SCORE_EXPRESSION;
	s->gold_twenty.score_expression = TEXT("age * 2");
}

void shop_make(Shop *s)
{
	*s = (Shop){.channel = PARLEY__DESIGN__V1__CHANNEL__INIT};
	s->channel.name = TEXT("shop");
	make_levels(s);
	make_places(s);
	make_offers(s);
	make_rules(s);
	const void *lists[8][4] = {{&s->customer, &s->visitor}, {&s->front, &s->checkout},
	        {&s->banner, &s->basket}, {&s->shown}, {&s->adults, &s->gold},
	        {&s->adults_ten, &s->gold_twenty}, {&s->coupon}, {&s->ten, &s->twenty, &s->unused}};
	memcpy(s->lists, lists, sizeof lists);
	s->in.channel = &s->channel;
#define LIST(field, row, n)                                                                                  \
	s->in.field.items = (const void *)s->lists[row];                                                     \
	s->in.field.count = (n)
	LIST(levels, 0, 2);
	LIST(zones, 1, 2);
	LIST(points, 2, 2);
	LIST(events, 3, 1);
	LIST(segments, 4, 2);
	LIST(rules, 5, 2);
	LIST(templates, 6, 1);
	LIST(offers, 7, 3);
#undef LIST
}

void shop_reverse(Shop *s)
{
	static const size_t counts[8] = {2, 2, 2, 1, 2, 2, 1, 3};
	for (size_t row = 0; row < 8; row++) {
		const void *first = s->lists[row][0];
		s->lists[row][0] = s->lists[row][counts[row] - 1];
		s->lists[row][counts[row] - 1] = first;
	}
}
