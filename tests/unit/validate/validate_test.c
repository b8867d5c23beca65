// Whole channels, analysed: what is sound has no finding, and what is said of findings holds.
#include "base/cleanup.h"
#include "channel.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

static Arena *arena;

static int set_up(void **state)
{
	(void)state;
	arena = arena_new(1 << 20, 0);
	return arena ? 0 : -1;
}

static int tear_down(void **state)
{
	(void)state;
	arena_free(arena);
	return 0;
}

static void the_sample_bank_has_no_findings(void **state)
{
	(void)state;
	Channel channel = channel_from_file(arena, PARLEY_SOURCE "/deploy-profiles/sample/retail-bank.yaml");
	Findings findings = channel_findings(&channel, arena);
	findings_are(&findings, (const char *const[]){NULL});
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test_setup_teardown(the_sample_bank_has_no_findings, set_up, tear_down),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
