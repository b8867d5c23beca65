// Where a click may lead, and what only looks like it.
#include "link/link.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

#include <cmocka.h>

static void these_may(void **state)
{
	(void)state;
	static const char *const urls[] = {"https://bank.example",
	        "https://bank.example/cards/gold?from=p&x=%2F#top", "https://BANK.example:8443/a",
	        "https://xn--brse-5qa.example./", "https://127.0.0.1/",
	        "https://bank.example/a@b//c:d?u=https://other.example"};
	for (size_t i = 0; i < ARRAY_COUNT(urls); i++)
		if (!link_destination_fine(str(urls[i])))
			fail_msg("%s should be fine", urls[i]);
}

static void these_may_not(void **state)
{
	(void)state;
	static const char *const urls[] = {"", "https://", "http://bank.example", "HTTPS://bank.example",
	        "//evil.example", "/evil", "https:/evil.example", "https:evil.example", "javascript:alert(1)",
	        "data:text/html,x", "https:///evil.example", "https://bank.example@evil.example",
	        "https://bank.example:x@evil.example/", "https://bank.example\\@evil.example",
	        "https:\\\\evil.example", "https://bank.example\r\nSet-Cookie: a=b",
	        "https://bank.example/\n", "https://bank.example/a b", "https://bank.example/\t",
	        "https://bank.example/\"", "https://bank.example/<x>", "https://.example", "https://a..b",
	        "https://[::1]/", "https://a:/", "https://a:0/", "https://a:65536/", "https://a:1:2/",
	        "https://a:b/", "https://a%2eb/", "https://b\xc3\xb6rse.example/", "https://:443/",
	        "https://?x", "https://#x"};
	char longest[LINK_DESTINATION_MAX + 2];
	for (size_t i = 0; i < ARRAY_COUNT(urls); i++)
		if (link_destination_fine(str(urls[i])))
			fail_msg("%s should be refused", urls[i]);
	assert_false(link_destination_fine(str_n("https://a/\0b", 12)));
	snprintf(longest, sizeof longest, "https://a/%0*d", LINK_DESTINATION_MAX - 9, 0);
	assert_int_equal(strlen(longest), LINK_DESTINATION_MAX + 1);
	assert_false(link_destination_fine(str(longest)));
	assert_true(link_destination_fine(str_n(longest, LINK_DESTINATION_MAX)));
}

static void offers_are_told_apart(void **state)
{
	(void)state;
	assert_int_equal(link_offer_ref(STR("bank"), STR("GOLD")), link_offer_ref(STR("bank"), STR("GOLD")));
	assert_true(link_offer_ref(STR("bank"), STR("GOLD")) != link_offer_ref(STR("bank"), STR("GOLE")));
	assert_true(link_offer_ref(STR("bank"), STR("GOLD")) != link_offer_ref(STR("bang"), STR("GOLD")));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(these_may),
	        cmocka_unit_test(these_may_not),
	        cmocka_unit_test(offers_are_told_apart),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
