// Visitor state folded again from a folder that lies there, and held against what the server has.
#include "support.h"

#include "base/file.h"
#include "visitor/replay.h"
#include "world/section.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum { VISITORS = 40, STEPS = 600 };

static ReplayOptions options_of(const Shop *shop)
{
	return (ReplayOptions){.visitors_dir = shop->state_dir, .journal_dir = shop->journal_dir};
}

static ReplayReport replay(const Shop *shop, const ReplayOptions *options)
{
	ReplayReport report;
	if (visitors_replay(options, shop->arena, &report) != OK)
		fail_msg("visitors_replay: %s", err_detail()->message);
	return report;
}

static void assert_equal_state(const Shop *shop, bool from_start)
{
	ReplayOptions options = options_of(shop);
	options.from_start = from_start;
	ReplayReport report = replay(shop, &options);
	for (size_t i = 0; i < report.difference_count; i++)
		print_error("%s\n", report.differences[i]);
	assert_int_equal(report.different, 0);
	assert_true(from_start ? report.base == NULL : report.records > 0);
}

// Everything that state is made of: contacts, responses, what is suppressed and qualified, repeated events,
// recommendations.
static void live_on(Shop *shop, unsigned *seed, int steps)
{
	CLEANUP(arena_freep) Arena *arena = arena_new(1 << 16, 0);
	for (int i = 0; i < steps; i++) {
		char visitor[16], event_id[24];
		char codes[2][TREATMENT_CODE_SIZE];
		int64_t now_us = SHOP_NOW + i * HOUR_US / 3;
		int offer = rand_r(seed) % SHOP_OFFERS;
		const Effect effects[] = {CONTACT(offer), ACCEPT(offer), REJECT(offer),
		        SUPPRESS(offer, now_us + DAY_US), QUALIFY(offer, 0, 0.5)};
		size_t which = (size_t)rand_r(seed) % ARRAY_COUNT(effects);
		snprintf(visitor, sizeof visitor, "v%d", rand_r(seed) % VISITORS);
		snprintf(event_id, sizeof event_id, "e%d", rand_r(seed) % 400); // some come again
		arena_reset(arena);
		assert_int_equal(shop_record(shop, arena, visitor, event_id, now_us, &effects[which], 1), OK);
		if (i % 5 == 0)
			assert_int_equal(shop_recommend(shop, arena, visitor, now_us, (uint64_t)rand_r(seed),
			                         2, codes),
			        OK);
	}
	shop_wait(shop);
}

static void checkpoint(Shop *shop)
{
	assert_int_equal(keeper_checkpoint(shop->visitors->keeper), OK);
}

// A life with a checkpoint in its middle; killed; another one, with two.
static void live_and_die(Shop *shop)
{
	unsigned seed = 20261123;
	shop_open(shop);
	live_on(shop, &seed, STEPS);
	checkpoint(shop);
	live_on(shop, &seed, STEPS);
	shop_crash(shop);
	shop_open(shop);
	live_on(shop, &seed, STEPS);
	checkpoint(shop);
}

static void what_is_folded_is_what_the_server_has(void **state)
{
	Shop *shop = *state;
	live_and_die(shop);
	assert_equal_state(shop, false); // while it runs
	assert_equal_state(shop, true);
	shop_close(shop);
	assert_equal_state(shop, true);
	shop_open(shop);
}

static void limits_that_were_changed_are_those_of_the_checkpoint(void **state)
{
	Shop *shop = *state;
	unsigned seed = 7;
	shop_open(shop);
	live_on(shop, &seed, STEPS);
	shop_close(shop);
	shop->options.max_facts = 8;
	shop->options.max_visitors = 1; // one a shard
	shop_open(shop);
	live_on(shop, &seed, STEPS);
	checkpoint(shop);
	assert_equal_state(shop, false);
}

static void write_copy(const char *path, Str bytes)
{
	FILE *file = fopen(path, "we");
	assert_non_null(file);
	assert_int_equal(fwrite(bytes.ptr, 1, bytes.len, file), bytes.len);
	assert_int_equal(fclose(file), 0);
}

// Any byte that is changed is found, and the place told; that checksums are made to fit again does not help.
static void a_changed_byte_is_found(void **state)
{
	Shop *shop = *state;
	char path[96], copy[96];
	Str file = {0};
	live_and_die(shop);
	snprintf(path, sizeof path, "%s/newest", shop->state_dir);
	snprintf(copy, sizeof copy, "%s/copy", shop->dir);
	assert_int_equal(file_read(path, 64 << 20, shop->arena, &file), OK);
	char *bytes = (char *)(uintptr_t)file.ptr;
	size_t found = 0;
	for (size_t at = 0; at < file.len; at += file.len / 60) {
		ReplayOptions options = options_of(shop);
		ReplayReport report = {0};
		options.checkpoint = copy;
		bytes[at] ^= 1;
		write_copy(copy, file);
		bytes[at] ^= 1;
		Err e = visitors_replay(&options, shop->arena, &report);
		if (e == ERR_STATE_CORRUPT) // its frame: there is nothing to compare
			continue;
		assert_int_equal(e, OK);
		assert_true(report.different > 0 && report.difference_count > 0);
		assert_non_null(strstr(report.differences[0], "byte "));
		found++;
	}
	assert_true(found > 40);
	assert_int_equal(unlink(copy), 0);
}

// A visitor whose fact was changed, with all checksums right, is named.
static void a_changed_fact_names_its_visitor(void **state)
{
	Shop *shop = *state;
	char path[96];
	Str file = {0};
	live_and_die(shop);
	snprintf(path, sizeof path, "%s/newest", shop->state_dir);
	assert_int_equal(file_read(path, 64 << 20, shop->arena, &file), OK);
	uint8_t *at = (uint8_t *)(uintptr_t)file.ptr + MAGIC_SIZE, *end = at + file.len - MAGIC_SIZE;
	const char *visitor = "v7";
	uint8_t *id = memmem(at, (size_t)(end - at), visitor, 2);
	while (id != NULL && (id[2] >= '0' && id[2] <= '9')) // v70 … are others
		id = memmem(id + 1, (size_t)(end - id - 1), visitor, 2);
	assert_non_null(id);
	while (at < end) {
		Reader header = {.at = at + 4, .left = SECTION_HEADER - 4};
		SectionType type = (SectionType)read_u32(&header);
		size_t len = read_u64(&header);
		if (id > at && id < at + len) {
			id[2] ^= 1; // the first byte of a time
			section_seal(at, type, len);
			break;
		}
		at += SECTION_HEADER + len;
	}
	write_copy(path, file);
	ReplayOptions options = options_of(shop);
	ReplayReport report = replay(shop, &options);
	assert_int_equal(report.different, 1);
	assert_non_null(strstr(report.differences[0], "a fact of visitor v7 (shop/customer)"));
}

static void what_the_journal_lacks_is_said(void **state)
{
	Shop *shop = *state;
	ReplayReport report;
	char command[128];
	live_and_die(shop);
	ReplayOptions options = options_of(shop);
	options.from_start = true;
	snprintf(command, sizeof command, "ls %s/*.segment | tail -n 1 | xargs rm", shop->journal_dir);
	assert_int_equal(system(command), 0); // NOLINT: a folder of the test's own
	assert_int_equal(visitors_replay(&options, shop->arena, &report), ERR_SEQUENCE_GAP);
	options.checkpoint = "/nowhere/newest";
	assert_int_equal(visitors_replay(&options, shop->arena, &report), ERR_RESOURCE_NOT_FOUND);
}

int main(void)
{
#define SHOP_TEST(name) cmocka_unit_test_setup_teardown(name, shop_set_up, shop_tear_down)
	const struct CMUnitTest tests[] = {
	        SHOP_TEST(what_is_folded_is_what_the_server_has),
	        SHOP_TEST(limits_that_were_changed_are_those_of_the_checkpoint),
	        SHOP_TEST(a_changed_byte_is_found),
	        SHOP_TEST(a_changed_fact_names_its_visitor),
	        SHOP_TEST(what_the_journal_lacks_is_said),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
