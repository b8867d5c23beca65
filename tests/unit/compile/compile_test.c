// A shop's configuration becomes a snapshot, and whatever is wrong with it is told at once.
#include "base/cleanup.h"
#include "decide/decide.h"
#include "shop.h"
#include "snapshot/snapshot.h"
#include "snapshot/types.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

static Arena *arena;
static Shop shop;
static Problems problems;

static int set_up(void **state)
{
	(void)state;
	arena = arena_new(64 * 1024, 0);
	shop_make(&shop);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	arena_free(arena);
	return 0;
}

static Snapshot *compile(void)
{
	Snapshot *snapshot;
	Err e = compile_snapshot(&shop.in, arena, &snapshot, &problems);
	if (e)
		fail_msg("%s: %s", err_reason(e), err_detail()->message);
	return snapshot;
}

static char *text(const char *value)
{
	return arena_cstr(arena, str(value));
}

static void a_configuration_becomes_a_snapshot(void **state)
{
	(void)state;
	Snapshot *s = compile();
	assert_int_equal(problems.found, 0);
	assert_string_equal(s->channel, "shop");
	assert_int_equal(s->session_timeout_s, 1800);
	assert_int_equal(s->n_audience_levels, 2);
	assert_string_equal(s->zones[0]->name, "checkout");
	assert_int_equal(s->zones[0]->tie_break, SNAP_TIE(NEWEST_OFFER));
	assert_int_equal(s->zones[1]->tie_break, SNAP_TIE(SEEDED_RANDOM));
	assert_int_equal(s->points[0]->zone, 1);
	assert_int_equal(s->points[1]->zone, 0);
	Str blob;
	assert_int_equal(snapshot_pack(s, arena, &blob), OK);
	const Plan *plan;
	assert_int_equal(plan_build(s, arena, &plan), OK);
	assert_int_equal(plan_point(plan, STR("banner")), 0);
}

static void levels_keep_their_order_and_get_their_columns(void **state)
{
	(void)state;
	Snapshot *s = compile();
	SnapLevel *customer = s->audience_levels[0], *visitor = s->audience_levels[1];
	assert_string_equal(customer->keys[0]->column, "customer_id");
	assert_string_equal(customer->attributes[0]->column, "age");
	assert_string_equal(customer->attributes[1]->column, "loyalty.tier");
	assert_string_equal(customer->attributes[2]->column, "");
	assert_string_equal(customer->attributes[1]->default_value->string_value, "basic");
	assert_int_equal(customer->attributes[2]->default_value->int_value, INT64_C(1582977600) * 1000000);
	assert_null(customer->attributes[0]->default_value);
	assert_string_equal(visitor->keys[0]->column, ""); // it has no table
	assert_string_equal(visitor->attributes[0]->column, "");
}

static void offers_are_instances_of_their_templates(void **state)
{
	(void)state;
	Snapshot *s = compile();
	assert_int_equal(s->n_offers, 2); // no rule names the third
	SnapOffer *twenty = s->offers[0], *ten = s->offers[1];
	assert_string_equal(twenty->code, "A-TWENTY");
	assert_string_equal(twenty->name, "Twenty off");
	assert_string_equal(ten->name, "ten");
	assert_true(ten->published && !twenty->published);
	assert_string_equal(twenty->attributes[0]->name, "percent"); // the template's order
	assert_int_equal(twenty->attributes[0]->value->type, SNAP_TYPE(DOUBLE));
	assert_true(twenty->attributes[0]->value->double_value > 9.9);
	assert_string_equal(twenty->attributes[1]->value->string_value, "save more");
	assert_string_equal(ten->attributes[1]->value->string_value, "save now");
}

static void rules_refer_by_index(void **state)
{
	(void)state;
	Snapshot *s = compile();
	SnapRule *adults = s->rules[0], *gold = s->rules[1];
	assert_int_equal(adults->segment, 1);
	assert_int_equal(adults->zone, 0);
	assert_int_equal(adults->offer, 1);
	assert_true(adults->score > 49 && adults->score < 51);
	assert_int_equal(adults->effective_us, 1000000005);
	assert_int_equal(adults->expires_us, 2000000000);
	assert_true(adults->enabled && !adults->eligibility);
	assert_int_equal(gold->zone, 1);
	assert_int_equal(gold->segment, 0);
	assert_string_equal(gold->score_expression->source, "age * 2");
	assert_string_equal(gold->eligibility->source, "age > 20");
}

static void an_expiry_in_1970_does_not_become_for_ever(void **state)
{
	(void)state;
	shop.moments[1].seconds = 0;
	shop.adults_ten.effective_time = NULL;
	assert_int_equal(compile()->rules[0]->expires_us, -1);
}

static void the_order_of_resources_does_not_matter(void **state)
{
	(void)state;
	Str blob, reversed;
	assert_int_equal(snapshot_pack(compile(), arena, &blob), OK);
	shop_reverse(&shop);
	assert_int_equal(snapshot_pack(compile(), arena, &reversed), OK);
	assert_true(str_eq(blob, reversed));
}

// --- problems ---

static Err compile_broken(void)
{
	Snapshot *snapshot;
	return compile_snapshot(&shop.in, arena, &snapshot, &problems);
}

static const Problem *find_problem(const char *kind, const char *name, const char *field)
{
	for (size_t i = 0; i < problems.count; i++) {
		const Problem *p = &problems.items[i];
		if (strcmp(p->kind, kind) == 0 && str_eq(p->name, str(name)) && strcmp(p->field, field) == 0)
			return p;
	}
	return NULL;
}

static void told(const char *kind, const char *name, const char *field, const char *part)
{
	const Problem *p = find_problem(kind, name, field);
	if (!p)
		fail_msg("nothing is told of %s %s, %s", kind, name, field);
	else if (!strstr(p->message, part))
		fail_msg("%s %s, %s: '%s' does not say '%s'", kind, name, field, p->message, part);
}

static void one(const char *kind, const char *name, const char *field, const char *part)
{
	assert_int_equal(compile_broken(), ERR_COMPILE_FAILED);
	told(kind, name, field, part);
	assert_int_equal(problems.found, 1);
	shop_make(&shop);
}

static void each_problem_names_its_place_and_a_remedy(void **state)
{
	(void)state;
	shop.banner.zone = text("attic");
	one("InteractionPoint", "banner", "zone", "there is no zone 'attic': create it");
	shop.basket.default_content = text("");
	one("InteractionPoint", "basket", "default_content", "say what to show");
	shop.gold.audience_level = text("household");
	one("Segment", "gold", "audience_level", "there is no audience level 'household'");
	shop.gold.audience_level = text("");
	one("Segment", "gold", "audience_level", "name the one");
	shop.adults.expression = text("agee >= 18");
	one("Segment", "adults", "expression", "age");
	shop.adults.expression = text("age >= 'old'");
	one("Segment", "adults", "expression", "line 1");
	shop.adults.expression = text("age");
	one("Segment", "adults", "expression", "bool");
	shop.adults.expression = text("");
	one("Segment", "adults", "expression", "write an expression");
	shop.adults_ten.segment = text("teens");
	shop.adults_ten.audience_level = text("customer");
	one("TreatmentRule", "adults-ten", "segment", "there is no segment 'teens'");
	shop.adults_ten.offer = text("eleven");
	one("TreatmentRule", "adults-ten", "offer", "there is no offer 'eleven'");
	shop.adults_ten.offer = text("");
	one("TreatmentRule", "adults-ten", "offer", "name one");
	shop.adults_ten.zone = text("attic");
	one("TreatmentRule", "adults-ten", "zone", "'attic'");
	shop.adults_ten.audience_level = text("visitor");
	one("TreatmentRule", "adults-ten", "audience_level", "make them agree");
	shop.gold_twenty.audience_level = text("");
	one("TreatmentRule", "gold-twenty", "audience_level", "2 audience levels: name the one");
	shop.gold_twenty.score_expression = text("tier");
	one("TreatmentRule", "gold-twenty", "score_expression", "double");
	shop.gold_twenty.eligibility = text("age >");
	one("TreatmentRule", "gold-twenty", "eligibility", "line 1, column");
	shop.gold_twenty.marketer_score_case = PARLEY__DESIGN__V1__TREATMENT_RULE__MARKETER_SCORE_SCORE;
	shop.gold_twenty.score = 101;
	one("TreatmentRule", "gold-twenty", "score", "101 is not within 0 and 100");
	shop.moments[1].seconds = 999;
	one("TreatmentRule", "adults-ten", "expire_time", "would never hold");
	shop.moments[0].seconds = INT64_MAX;
	one("TreatmentRule", "adults-ten", "effective_time", "years 1 to 9999");
	shop.ten.template_ = text("voucher");
	one("Offer", "ten", "template", "there is no offer template 'voucher'");
	shop.ten.n_attributes = 0;
	one("Offer", "ten", "attributes", "no value for 'percent' and its template 'coupon' has no default");
	shop.twenty_text.name = text("txt");
	one("Offer", "twenty", "attributes[0].name", "has no attribute 'txt'");
	shop.ten_percent.value = shop.tier.default_;
	one("Offer", "ten", "attributes[0].value", "it must be a number");
	shop.ten.code = shop.twenty.code;
	assert_int_equal(compile_broken(), ERR_COMPILE_FAILED);
	shop_make(&shop);
	shop.tier.type = PARLEY__DESIGN__V1__ATTRIBUTE_TYPE__ATTRIBUTE_TYPE_UNSPECIFIED;
	assert_int_equal(compile_broken(), ERR_COMPILE_FAILED);
	told("AudienceLevel", "customer", "attributes[1].type", "no known type");
	shop_make(&shop);
	shop.joined.default_->string_value = text("yesterday");
	one("AudienceLevel", "customer", "attributes[2].default", "a moment such as");
	shop.joined.name = text("age");
	one("AudienceLevel", "customer", "attributes[2].name", "twice");
	shop.customer_id.type = PARLEY__DESIGN__V1__ATTRIBUTE_TYPE__ATTRIBUTE_TYPE_DOUBLE;
	one("AudienceLevel", "customer", "keys[0].type", "BOOL, INT or STRING");
	shop.customer.n_keys = 0;
	one("AudienceLevel", "customer", "keys", "at least one");
	shop.action.kind = (Parley__Design__V1__EventActionKind)77;
	one("Event", "shown", "actions[0]", "not a known action");
	shop.front.tie_break = (Parley__Design__V1__TieBreak)-1;
	one("Zone", "front", "tie_break", "choose one");
}

static void all_problems_are_told_in_one_pass(void **state)
{
	(void)state;
	shop.banner.zone = text("attic");
	shop.adults.expression = text("agee >= 18");
	shop.adults_ten.offer = text("eleven");
	shop.ten.template_ = text("voucher"); // of an offer that no rule reaches any more: not told
	assert_int_equal(compile_broken(), ERR_COMPILE_FAILED);
	assert_int_equal(problems.found, 3);
	assert_string_equal(err_detail()->field, "Segment/adults.expression");
	assert_non_null(
	        strstr(err_detail()->message, "; InteractionPoint banner, zone: there is no zone 'attic'"));
	assert_non_null(strstr(err_detail()->message, "Segment adults, expression: "));
	assert_non_null(strstr(err_detail()->message, "; TreatmentRule adults-ten, offer: "));
}

static void a_channel_without_visitors_is_a_problem(void **state)
{
	(void)state;
	shop.in.levels.count = shop.in.segments.count = shop.in.rules.count = 0;
	one("Channel", "shop", "name", "no audience level");
}

static void very_many_problems_are_counted(void **state)
{
	(void)state;
	enum { MANY = PROBLEMS_MAX + 50 };
	static Parley__Design__V1__InteractionPoint points[MANY];
	static const Parley__Design__V1__InteractionPoint *list[MANY];
	for (size_t i = 0; i < MANY; i++) {
		points[i] = shop.banner;
		points[i].name = arena_printf(arena, "p%zu", i);
		points[i].zone = text("attic");
		list[i] = &points[i];
	}
	shop.in.points.items = list;
	shop.in.points.count = MANY;
	assert_int_equal(compile_broken(), ERR_COMPILE_FAILED);
	assert_int_equal(problems.count, PROBLEMS_MAX);
	assert_int_equal(problems.found, MANY);
	assert_non_null(strstr(err_detail()->message, "250 problems: "));
	assert_non_null(strstr(err_detail()->message, " more"));
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
	        T(a_configuration_becomes_a_snapshot),
	        T(levels_keep_their_order_and_get_their_columns),
	        T(offers_are_instances_of_their_templates),
	        T(rules_refer_by_index),
	        T(an_expiry_in_1970_does_not_become_for_ever),
	        T(the_order_of_resources_does_not_matter),
	        T(each_problem_names_its_place_and_a_remedy),
	        T(all_problems_are_told_in_one_pass),
	        T(a_channel_without_visitors_is_a_problem),
	        T(very_many_problems_are_counted),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
