// Checkpoints: damaged ones, falling back, what the journal keeps for them, and a journal that begins anew.
#include "support.h"

#include "base/file.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static size_t segments(const Shop *shop)
{
	size_t count = 0;
	DIR *dir = opendir(shop->journal_dir);
	assert_non_null(dir);
	for (struct dirent *entry; (entry = readdir(dir)) != NULL;)
		count += str_ends(str(entry->d_name), STR(".segment"));
	closedir(dir);
	return count;
}

static void path_in_state(const Shop *shop, const char *name, char path[128])
{
	snprintf(path, 128, "%s/%s", shop->state_dir, name);
}

// Flips a bit in the middle.
static void damage(const Shop *shop, const char *name)
{
	CLEANUP(arena_freep) Arena *arena = arena_new(1 << 20, 0);
	char path[128];
	Str content;
	path_in_state(shop, name, path);
	assert_int_equal(file_read(path, 1 << 30, arena, &content), OK);
	((char *)(uintptr_t)content.ptr)[content.len / 2] ^= 1;
	assert_int_equal(file_write_durable(path, content, 0600), OK);
}

static void checkpoint(Shop *shop)
{
	assert_int_equal(keeper_checkpoint(shop->visitors->keeper), OK);
}

static void a_damaged_one_falls_back_to_the_previous(void **state)
{
	Shop *shop = *state;
	const Fact *facts;
	char path[128];
	shop_open(shop);
	shop_post(shop, "7", SHOP_NOW, ACCEPT(1));
	checkpoint(shop);
	shop_post(shop, "7", SHOP_NOW + 1, ACCEPT(2));
	checkpoint(shop);
	shop_post(shop, "7", SHOP_NOW + 2, ACCEPT(3));
	shop_wait(shop);
	shop_crash(shop);
	damage(shop, "newest");
	shop_open(shop);
	assert_int_equal(shop_facts(shop, "7", SHOP_NOW + 9, &facts), 3);
	VisitorsStatus status = shop_status(shop);
	assert_int_equal(status.checkpoint_error.id, ERR_STATE_CORRUPT);
	assert_true(status.fell_back);
	assert_int_equal(status.unaccounted, 0);
	path_in_state(shop, "newest.damaged", path);
	assert_int_equal(access(path, F_OK), 0);
	checkpoint(shop); // and the previous one is still the one before it
	shop_crash(shop);
	damage(shop, "newest");
	shop_open(shop);
	assert_int_equal(shop_facts(shop, "7", SHOP_NOW + 9, &facts), 3);
}

// Killed when the newest had become the previous one, and the next was not in its place yet.
static void between_two_renames_nothing_is_lost(void **state)
{
	Shop *shop = *state;
	const Fact *facts;
	char newest[128], previous[128];
	path_in_state(shop, "newest", newest);
	path_in_state(shop, "previous", previous);
	shop_open(shop);
	shop_post(shop, "7", SHOP_NOW, ACCEPT(1));
	checkpoint(shop);
	shop_post(shop, "7", SHOP_NOW + 1, ACCEPT(2));
	shop_wait(shop);
	shop_crash(shop);
	assert_int_equal(rename(newest, previous), 0);
	shop_open(shop);
	assert_int_equal(shop_facts(shop, "7", SHOP_NOW + 9, &facts), 2);
	assert_false(shop_status(shop).fell_back);
	checkpoint(shop);
	assert_int_equal(access(previous, F_OK), 0);
	shop_crash(shop);
	damage(shop, "newest");
	shop_open(shop);
	assert_int_equal(shop_facts(shop, "7", SHOP_NOW + 9, &facts), 2);
}

static void without_a_good_one_it_does_not_open(void **state)
{
	Shop *shop = *state;
	char path[128];
	shop_open(shop);
	shop_post(shop, "7", SHOP_NOW, ACCEPT(1));
	checkpoint(shop);
	checkpoint(shop);
	shop_close(shop);
	damage(shop, "newest");
	damage(shop, "previous");
	assert_int_equal(journal_open(&shop->journal_options, &shop->journal), OK);
	shop->options.journal = shop->journal;
	assert_int_equal(visitors_open(&shop->options, &shop->visitors), ERR_STATE_CORRUPT);
	assert_non_null(strstr(err_detail()->message, "restore"));
	assert_non_null(strstr(err_detail()->message, shop->state_dir));
	// Doing what the message says helps.
	path_in_state(shop, "newest", path);
	assert_int_equal(unlink(path), 0);
	path_in_state(shop, "previous", path);
	assert_int_equal(unlink(path), 0);
	assert_int_equal(visitors_open(&shop->options, &shop->visitors), OK);
}

// Whatever byte is damaged, or missing: it is told, and nothing else happens.
static void no_damage_goes_unnoticed(void **state)
{
	Shop *shop = *state;
	CLEANUP(arena_freep) Arena *arena = arena_new(1 << 20, 0);
	char path[128], codes[2][TREATMENT_CODE_SIZE];
	Str content;
	shop_constrain(shop, PARLEY__SNAPSHOT__V1__PERIOD__PERIOD_DAY,
	        PARLEY__SNAPSHOT__V1__COUNTED__COUNTED_CONTACTS, 1, -1);
	shop_open(shop);
	shop_post(shop, "7", SHOP_NOW, CONTACT(1));
	shop_post(shop, "8", SHOP_NOW, QUALIFY(1, FOREVER_US, 5));
	assert_int_equal(shop_recommend(shop, arena, "7", SHOP_NOW, 42, 2, codes), OK);
	shop_close(shop);
	path_in_state(shop, "newest", path);
	assert_int_equal(file_read(path, 1 << 30, arena, &content), OK);
	assert_int_equal(journal_open(&shop->journal_options, &shop->journal), OK);
	shop->options.journal = shop->journal;
	char *bytes = arena_cstr(arena, content);
	for (size_t i = 0; i < content.len; i += 499) {
		bool shorter = i % 2 == 0;
		bytes[i] ^= 4;
		assert_int_equal(file_write_durable(path,
		                         shorter ? str_n(content.ptr, i) : str_n(bytes, content.len), 0600),
		        OK);
		bytes[i] ^= 4;
		assert_int_equal(visitors_open(&shop->options, &shop->visitors), ERR_STATE_CORRUPT);
	}
	assert_int_equal(file_write_durable(path, content, 0600), OK);
	assert_int_equal(visitors_open(&shop->options, &shop->visitors), OK);
}

static void fill_journal(Shop *shop, uint64_t records)
{
	CLEANUP(arena_freep) Arena *arena = arena_new(64 * 1024, 0);
	for (uint64_t i = 0; i < records; i++) {
		char visitor[16];
		Effect effects[] = {CONTACT(1)};
		snprintf(visitor, sizeof visitor, "v%llu", (unsigned long long)(i % 100));
		arena_reset(arena);
		assert_int_equal(
		        shop_record(shop, arena, visitor, "", SHOP_NOW + (int64_t)i, effects, 1), OK);
	}
	shop_wait(shop);
}

static void the_journal_waits_for_two_checkpoints(void **state)
{
	Shop *shop = *state;
	const Fact *facts;
	shop->journal_options.segment_bytes = 64 << 10;
	shop_open(shop);
	fill_journal(shop, 4000);
	uint64_t life = journal_incarnation(shop->journal);
	size_t all = segments(shop);
	assert_true(all > 3);
	assert_int_equal(journal_shipped(shop->journal, life, journal_appended(shop->journal)), OK);
	assert_int_equal(segments(shop), all);
	checkpoint(shop);
	assert_int_equal(segments(shop), all); // else, were it damaged, there would be nothing
	checkpoint(shop);
	assert_int_equal(segments(shop), 1);
	shop_close(shop);
	damage(shop, "newest");
	shop_open(shop);
	assert_int_equal(shop_facts(shop, "v7", SHOP_NOW + HOUR_US, &facts), 40);
	assert_int_equal(shop_status(shop).unaccounted, 0);
}

static void a_journal_that_lacks_records_is_told(void **state)
{
	Shop *shop = *state;
	char command[300];
	shop->journal_options.segment_bytes = 64 << 10;
	shop_open(shop);
	fill_journal(shop, 1000);
	checkpoint(shop);
	fill_journal(shop, 3000);
	uint64_t last = journal_appended(shop->journal);
	shop_crash(shop);
	snprintf(command, sizeof command, "rm $(ls %s/*.segment | head -n 2)", shop->journal_dir);
	assert_int_equal(system(command), 0);
	shop_open(shop);
	uint64_t lost = shop_status(shop).unaccounted;
	assert_true(lost > 0 && lost < last);
}

// Somebody removed the journal, and set the clock back: the new life is behind the checkpoint all the same.
static int64_t long_ago(void *context)
{
	(void)context;
	return INT64_C(1000000000) * US_PER_S;
}

static void a_new_journal_goes_on_behind_the_checkpoint(void **state)
{
	Shop *shop = *state;
	const Fact *facts;
	const Clock clock = {.now_us = long_ago};
	char command[200];
	shop_open(shop);
	shop_post(shop, "7", SHOP_NOW, ACCEPT(1));
	uint64_t former = journal_incarnation(shop->journal);
	shop_close(shop);
	snprintf(command, sizeof command, "rm -r %s", shop->journal_dir);
	assert_int_equal(system(command), 0);
	shop->journal_options.clock = &clock;
	shop_open(shop);
	assert_true(journal_incarnation(shop->journal) > former);
	shop_post(shop, "7", SHOP_NOW + 1, ACCEPT(2));
	shop_wait(shop);
	shop_crash(shop);
	shop_open(shop);
	assert_int_equal(shop_facts(shop, "7", SHOP_NOW + 9, &facts), 2);
}

static void smaller_limits_hold_for_what_is_loaded(void **state)
{
	Shop *shop = *state;
	const Fact *facts;
	shop_open(shop);
	for (int i = 0; i < 40; i++)
		shop_post(shop, "7", SHOP_NOW + i, CONTACT(i % 4));
	shop_wait(shop);
	shop_close(shop);
	shop->options.max_facts = 8;
	shop_open(shop);
	assert_int_equal(shop_facts(shop, "7", SHOP_NOW + 99, &facts), 8);
	uint32_t contacts = 0;
	for (int i = 0; i < 8; i++)
		contacts += facts[i].count;
	assert_int_equal(contacts, 40);
}

#define STORY(name) cmocka_unit_test_setup_teardown(name, shop_set_up, shop_tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
	        STORY(a_damaged_one_falls_back_to_the_previous),
	        STORY(between_two_renames_nothing_is_lost),
	        STORY(without_a_good_one_it_does_not_open),
	        STORY(no_damage_goes_unnoticed),
	        STORY(the_journal_waits_for_two_checkpoints),
	        STORY(a_journal_that_lacks_records_is_told),
	        STORY(a_new_journal_goes_on_behind_the_checkpoint),
	        STORY(smaller_limits_hold_for_what_is_loaded),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
