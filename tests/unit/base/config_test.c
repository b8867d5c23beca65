// A configuration file is read whole or refused with the place of the mistake.
#include "base/cleanup.h"
#include "base/config.h"
#include "base/nearest.h"
#include "lib/arena.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <unistd.h>

#include <cmocka.h>

typedef struct Listener {
	Str address;
	bool tls;
} Listener;

typedef struct Settings {
	Str name;
	int64_t workers, idle_us, journal_bytes;
	ConfigStrings keys;
	struct {
		Str dir;
		int64_t keep_us;
	} state;
	ConfigList listeners;
} Settings;

static const ConfigField state_fields[] = {
        {.name = "dir",
                .type = CONFIG_STRING,
                .offset = offsetof(__typeof__(((Settings *)0)->state), dir),
                .required = true},
        {.name = "keep",
                .type = CONFIG_DURATION,
                .offset = offsetof(__typeof__(((Settings *)0)->state), keep_us),
                .fallback = "30d"},
        {0}};
static const ConfigField listener_fields[] = {
        {.name = "address", .type = CONFIG_STRING, .offset = offsetof(Listener, address), .required = true},
        {.name = "tls", .type = CONFIG_BOOL, .offset = offsetof(Listener, tls), .fallback = "true"}, {0}};
static const ConfigField fields[] = {
        {.name = "name", .type = CONFIG_STRING, .offset = offsetof(Settings, name), .required = true},
        {.name = "workers",
                .type = CONFIG_INT,
                .offset = offsetof(Settings, workers),
                .fallback = "8",
                .min = 1,
                .max = 64},
        {.name = "idle", .type = CONFIG_DURATION, .offset = offsetof(Settings, idle_us), .fallback = "250ms"},
        {.name = "journal_size",
                .type = CONFIG_SIZE,
                .offset = offsetof(Settings, journal_bytes),
                .fallback = "16MiB"},
        {.name = "keys", .type = CONFIG_STRINGS, .offset = offsetof(Settings, keys), .fallback = "a,b"},
        {.name = "state",
                .type = CONFIG_SECTION,
                .offset = offsetof(Settings, state),
                .fields = state_fields},
        {.name = "listeners",
                .type = CONFIG_LIST,
                .offset = offsetof(Settings, listeners),
                .fields = listener_fields,
                .item_size = sizeof(Listener)},
        {0}};

static void refused(const char *text, const char *says)
{
	Settings settings = {0};

	assert_int_equal(config_parse(str(text), "f.yaml", fields, arena, &settings), ERR_CONFIG_INVALID);
	if (!strstr(err_detail()->message, says))
		fail_msg("'%s' does not say '%s'", err_detail()->message, says);
}

static void what_is_given_is_taken(void **state)
{
	Settings settings = {0};
	const char *text = "name: \"x: y\"\nworkers: 4\nidle: 5s\njournal_size: 2GiB\nkeys:\n- one\n- 2\n"
	                   "state:\n  dir: /var/x\n  keep: 12h\n"
	                   "listeners:\n- address: 127.0.0.1:1\n  tls: false\n- {address: \"[::1]:2\"}\n";

	(void)state;
	if (config_parse(str(text), "f.yaml", fields, arena, &settings))
		fail_msg("%s", err_detail()->message);
	assert_true(str_eq(settings.name, STR("x: y")));
	assert_int_equal(settings.workers, 4);
	assert_int_equal(settings.idle_us, 5000000);
	assert_int_equal(settings.journal_bytes, INT64_C(2) << 30);
	assert_int_equal(settings.keys.count, 2);
	assert_true(str_eq(settings.keys.items[1], STR("2")));
	assert_true(str_eq(settings.state.dir, STR("/var/x")));
	assert_int_equal(settings.state.keep_us, INT64_C(43200000000));
	assert_int_equal(settings.listeners.count, 2);
	assert_false(((Listener *)settings.listeners.items)[0].tls);
	assert_true(((Listener *)settings.listeners.items)[1].tls);
	assert_true(str_eq(((Listener *)settings.listeners.items)[1].address, STR("[::1]:2")));
}

static void what_is_not_given_has_its_default(void **state)
{
	Settings settings = {0};

	(void)state;
	assert_int_equal(
	        config_parse(STR("name: a # only this\nidle:\n"), "f.yaml", fields, arena, &settings), OK);
	assert_int_equal(settings.workers, 8);
	assert_int_equal(settings.idle_us, 250000);
	assert_int_equal(settings.journal_bytes, 16 << 20);
	assert_int_equal(settings.keys.count, 2);
	assert_true(str_eq(settings.keys.items[1], STR("b")));
	assert_int_equal(settings.state.keep_us, INT64_C(30) * 86400000000);
	assert_int_equal(settings.listeners.count, 0);
}

static void mistakes_name_line_column_and_remedy(void **state)
{
	(void)state;
	refused("name: a\nwrokers: 3\n", "f.yaml:2:1: there is no 'wrokers' here; did you mean 'workers'?");
	refused("name: a\nlisteners:\n- adress: x\n",
	        "f.yaml:3:3: there is no 'adress' here; did you mean 'address'?");
	refused("workers: 3\n", "'name' is missing");
	refused("", "'name' is missing");
	refused("name: a\nstate: {}\n", "f.yaml:2:8: 'dir' is missing");
	refused("name: a\nworkers: 65\n", "f.yaml:2:10: 'workers' must be 1 to 64");
	refused("name: a\nworkers: many\n", "whole number");
	refused("name: a\nidle: 5\n", "a time with its unit");
	refused("name: a\njournal_size: 5MB\n", "a size with its unit");
	refused("name: a\njournal_size: 99999999999TiB\n", "a size with its unit");
	refused("name: [a]\n", "must be one value");
	refused("name: a\nkeys: b\n", "must be a list of texts");
	refused("name: a\nstate: 3\n", "must be a section");
	refused("name: a\nname: b\n", "f.yaml:2:1: 'name' was given before, on line 1");
	refused("name: a\n---\nname: b\n", "a second document");
	refused("name: 'a\n", "f.yaml:");
	refused("- a\n", "f.yaml:1:1: a section");
	refused("name: !x a\n", "tags");
	refused("name: *x\n", "f.yaml:1:8");
}

static void aliases_are_written_out_within_a_limit(void **state)
{
	Settings settings = {0};
	char bomb[2000];
	size_t used = 0;

	(void)state;
	assert_int_equal(
	        config_parse(STR("name: &n a\nkeys: [*n, *n]\n"), "f.yaml", fields, arena, &settings), OK);
	assert_true(str_eq(settings.keys.items[1], STR("a")));
	used += (size_t)snprintf(bomb, sizeof bomb, "a0: &a0 [x]\n");
	for (int i = 1; i < 20; i++)
		used += (size_t)snprintf(bomb + used, sizeof bomb - used, "a%d: &a%d [*a%d,*a%d,*a%d,*a%d]\n",
		        i, i, i - 1, i - 1, i - 1, i - 1);
	refused(bomb, "more than 500,000 values");
	refused("name: &n [*n]\n", "nothing before this is anchored");
}

// The example is caught on a pipe in standard output's place.
static void the_printed_example_is_a_valid_file(void **state)
{
	Settings settings = {0};
	int ends[2], kept = dup(STDOUT_FILENO);
	char text[4096];
	ssize_t got;

	(void)state;
	assert_int_equal(pipe(ends), 0);
	fflush(stdout);
	dup2(ends[1], STDOUT_FILENO);
	config_print_help(fields);
	fflush(stdout);
	dup2(kept, STDOUT_FILENO);
	close(kept);
	close(ends[1]);
	got = read(ends[0], text, sizeof text);
	close(ends[0]);
	assert_true(got > 0);
	if (config_parse(str_n(text, (size_t)got), "help", fields, arena, &settings))
		fail_msg("%s\n%.*s", err_detail()->message, (int)got, text);
	assert_int_equal(settings.idle_us, 250000);
	assert_int_equal(settings.keys.count, 2);
	assert_int_equal(settings.listeners.count, 1);
}

static void the_nearest_name_is_found_or_none(void **state)
{
	static const struct {
		const char *wanted, *best;
	} rows[] = {
	        {"workres", "workers"}, {"Listeners", "listeners"}, {"xyz", ""}, {"nmae", "name"}, {"", ""}};

	(void)state;
	for (size_t i = 0; i < ARRAY_COUNT(rows); i++) {
		Nearest near = nearest_to(str(rows[i].wanted));

		for (const ConfigField *field = fields; field->name; field++)
			nearest_try(&near, str(field->name));
		assert_true(str_eq(near.best, str(rows[i].best)));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(what_is_given_is_taken),
	        cmocka_unit_test(what_is_not_given_has_its_default),
	        cmocka_unit_test(mistakes_name_line_column_and_remedy),
	        cmocka_unit_test(aliases_are_written_out_within_a_limit),
	        cmocka_unit_test(the_printed_example_is_a_valid_file),
	        cmocka_unit_test(the_nearest_name_is_found_or_none),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
