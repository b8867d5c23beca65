// Deploy profiles as they are, and as they should not be.
#include "base/cleanup.h"
#include "base/file.h"
#include "environment/environment.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

static char dir[64];
static Arena *arena;

static int set_up(void **state)
{
	(void)state;
	strcpy(dir, "/tmp/parley-environments-XXXXXX");
	arena = arena_new(16 * 1024, 0);
	return mkdtemp(dir) ? 0 : -1;
}

static int tear_down(void **state)
{
	(void)state;
	int failed = system(arena_printf(arena, "rm -rf %s", dir));
	arena_free(arena);
	return failed;
}

static void declare(const char *folder, const char *yaml)
{
	char *path = arena_printf(arena, "%s/%s", dir, folder);
	assert_int_equal(dir_make(path, 0700), OK);
	assert_int_equal(
	        file_write_durable(arena_printf(arena, "%s/environment.yaml", path), str(yaml), 0600), OK);
}

static void refused(const char *part)
{
	Environments environments;
	assert_int_equal(environments_load(str(dir), arena, &environments), ERR_CONFIG_INVALID);
	if (!strstr(err_detail()->message, part))
		fail_msg("'%s' does not say '%s'", err_detail()->message, part);
}

static void they_are_listed_in_the_order_of_promotion(void **state)
{
	(void)state;
	Environments environments;
	declare("production",
	        "name: production\npromotes_from: staging\nfleet: web\nmanifest_lifetime: 30d\nepoch: 2\n"
	        "servers:\n  - {name: a, address: 10.0.0.1:7503}\n  - {name: b, address: b:7503, tls_name: "
	        "c}\n");
	declare("staging", "name: staging\npromotes_from: zero\nfleet: web\n");
	declare("zero", "name: zero\nfleet: web\n");
	assert_int_equal(environments_load(str(dir), arena, &environments), OK);
	assert_int_equal(environments.count, 3);
	assert_true(str_eq(environments.items[0].name, STR("zero")));
	assert_int_equal(environments.items[0].manifest_lifetime_us, INT64_C(365) * 86400 * 1000000);
	assert_int_equal(environments.items[0].epoch, 1);
	assert_true(str_eq(environments.items[1].name, STR("staging")));
	const Environment *production;
	assert_int_equal(environment_find(&environments, STR("production"), &production), OK);
	assert_int_equal(production->manifest_lifetime_us, INT64_C(30) * 86400 * 1000000);
	assert_int_equal(production->epoch, 2);
	assert_int_equal(production->servers.count, 2);
	assert_true(str_eq(environment_server(production, 1)->tls_name, STR("c")));
	assert_int_equal(environment_find(&environments, STR("moon"), &production), ERR_ENVIRONMENT_UNKNOWN);
	assert_non_null(strstr(err_detail()->message, "(there are: zero, staging, production)"));
}

static void no_folder_declares_none(void **state)
{
	(void)state;
	Environments environments;
	const Environment *found;
	assert_int_equal(
	        environments_load(str(arena_printf(arena, "%s/none", dir)), arena, &environments), OK);
	assert_int_equal(environments.count, 0);
	assert_int_equal(environment_find(&environments, STR("test"), &found), ERR_ENVIRONMENT_UNKNOWN);
}

static void a_line_without_a_beginning_is_refused(void **state)
{
	(void)state;
	declare("a", "name: a\npromotes_from: b\nfleet: web\n");
	declare("b", "name: b\npromotes_from: a\nfleet: web\n");
	refused("promotes from");
}

static void a_source_that_is_not_there_is_refused(void **state)
{
	(void)state;
	declare("a", "name: a\npromotes_from: nowhere\nfleet: web\n");
	refused("'nowhere', which does not exist");
}

static void a_name_unlike_its_folder_is_refused(void **state)
{
	(void)state;
	declare("a", "name: b\nfleet: web\n");
	refused("its folder is 'a'");
}

static void an_unknown_key_is_refused_with_its_place(void **state)
{
	(void)state;
	declare("a", "name: a\nfleet: web\nserver: []\n");
	refused("environment.yaml:3:1");
}

static void all_that_a_profile_says_is_read(void **state)
{
	(void)state;
	Environments environments;
	declare("staging", "name: staging\nfleet: web\n");
	declare("production",
	        "name: production\npromotes_from: staging\nfleet: web\ntrusted_root: root.env\napprovals: 2\n"
	        "timestamp_key: /keys/timestamp.key\ntimestamp_lifetime: 12h\n"
	        "gates:\n  - kind: load\n    max_p99: 5ms\n    min_throughput: 1000\n"
	        "    max_error_rate: 0.01%\n    max_age: 7d\n"
	        "  - {kind: scenarios, from: staging, min_scenarios: 12, min_coverage: 75%}\n"
	        "rollout:\n  strategy: steps\n"
	        "  steps:\n    - {servers: [canary], share: 12.5%, bake: 10m}\n    - {bake: 1s}\n"
	        "  return_on: {error_rate: 0.5%, p99_ratio: 150%, acceptance_drop: 20%, min_calls: 500}\n"
	        "limits: {max_snapshot: 64MiB, servers_at_once: 2}\n"
	        "servers:\n  - {name: a, address: a:7503, group: canary}\n  - {name: b, address: b:7503}\n");
	assert_int_equal(environments_load(str(dir), arena, &environments), OK);
	const Environment *e;
	assert_int_equal(environment_find(&environments, STR("production"), &e), OK);
	assert_true(str_ends(e->trusted_root, STR("/production/root.env")));
	assert_true(str_eq(e->timestamp_key, STR("/keys/timestamp.key")));
	assert_int_equal(e->approvals, 2);
	assert_int_equal(e->gates.count, 2);
	assert_true(str_eq(environment_gate(e, 0)->from, STR("staging")));
	assert_int_equal(environment_gate(e, 0)->max_error_rate, 100);
	assert_int_equal(environment_gate(e, 1)->min_scenarios, 12);
	assert_int_equal(environment_gate(e, 1)->min_coverage, 750000);
	assert_int_equal(environment_step(e, 0)->share, 125000);
	assert_true(environment_step_has(environment_step(e, 0), environment_server(e, 0)));
	assert_false(environment_step_has(environment_step(e, 0), environment_server(e, 1)));
	assert_true(environment_step_has(environment_step(e, 1), environment_server(e, 1)));
	assert_int_equal(environment_step(e, 1)->share, SHARE_WHOLE);
	assert_int_equal(e->rollout.return_on.error_rate, 5000);
	assert_int_equal(e->rollout.return_on.min_calls, 500);
	assert_int_equal(e->limits.max_snapshot, INT64_C(64) << 20);
	assert_string_equal(environment_step_text(e, 0, arena), "canary, 12.5 % of sessions, for 10m");
	assert_string_equal(environment_gate_text(environment_gate(e, 0), arena),
	        "load on staging within 7d, p99 at most 5ms, at least 1000 calls/s, errors at most 0.01 %");
}

static void what_does_not_fit_together_is_refused_with_its_place(void **state)
{
	(void)state;
	static const struct {
		const char *yaml, *part;
	} cases[] = {
	        {"gates:\n  - {kind: load}\n", "environment.yaml:4:5: what is built here"},
	        {"gates:\n  - {kind: weather}\n",
	                "environment.yaml:4:12: 'kind' must be one of scenarios|load|behaviour"},
	        {"rollout:\n  strategy: slowly\n", "environment.yaml:4:13: 'strategy' must be one of"},
	        {"rollout:\n  strategy: steps\n", "'steps' with 0 steps"},
	        {"rollout:\n  strategy: steps\n  steps:\n    - {servers: [a]}\n",
	                "environment.yaml:6:7: there is no server or group 'a'"},
	        {"rollout: {strategy: steps, steps: [{share: 10}]}\n", "'share' must be a share in percent"},
	        {"rollout: {strategy: steps, steps: [{share: 101%}]}\n", "'share' must be 0 to 100 %"},
	        {"approvals: -1\n", "environment.yaml:3:12: 'approvals' must be"},
	        {"limits: {max_snapshots: 1MiB}\n",
	                "environment.yaml:3:10: there is no 'max_snapshots' here"},
	        {"timestamp_lifetime: 25h\n", "'timestamp_lifetime' must be"},
	        {"servers: [{name: a, address: a:1}, {name: a, address: b:1}]\n",
	                "two servers are called 'a'"},
	        {"servers: [{name: a, address: a:1}, {name: b, address: b:1, group: a}]\n",
	                "'a' is both a server and a group"},
	};
	for (size_t i = 0; i < ARRAY_COUNT(cases); i++) {
		declare("a", arena_printf(arena, "name: a\nfleet: web\n%s", cases[i].yaml));
		refused(cases[i].part);
	}
}

static void a_gate_asks_for_what_was_measured_elsewhere(void **state)
{
	(void)state;
	declare("a", "name: a\nfleet: web\n");
	declare("b", "name: b\nfleet: web\npromotes_from: a\ngates: [{kind: load, from: moon}]\n");
	refused("environment.yaml:4:9: nothing was measured before in 'moon'");
	declare("b", "name: b\nfleet: web\npromotes_from: a\ngates: [{kind: load, from: b}]\n");
	refused("nothing was measured before in 'b'");
	declare("b", "name: b\nfleet: web\npromotes_from: a\ngates: [{kind: load, min_scenarios: 1}]\n");
	refused("a limit of another kind");
}

static void behaviour(const char *gate)
{
	declare("a", "name: a\nfleet: web\n");
	declare("b", arena_printf(arena, "name: b\nfleet: web\npromotes_from: a\ngates: [{%s}]\n", gate));
}

static void a_gate_of_behaviour_looks_at_its_own_environment(void **state)
{
	(void)state;
	Environments environments;
	behaviour(
	        "kind: behaviour, max_changed: 5%, max_changed_zone: 10.5%, acknowledge: true, max_age: 1d, "
	        "limits: [{zone: hero, max_changed: 100%}, {segment: gold, max_changed: 0%}]");
	assert_int_equal(environments_load(str(dir), arena, &environments), OK);
	const EnvironmentGate *gate = environment_gate(&environments.items[1], 0);
	assert_true(str_eq(gate->from, STR("b")));
	assert_int_equal(gate->max_changed, 50000);
	assert_int_equal(gate->max_changed_segment, SHARE_WHOLE);
	assert_int_equal(gate->min_decisions, 1000);
	assert_int_equal(gate->min_questions, 30);
	assert_true(str_eq(gate->when_few, STR("stop")));
	assert_true(str_eq(environment_gate_limit(gate, 1)->segment, STR("gold")));
	assert_string_equal(environment_gate_text(gate, arena),
	        "behaviour on b within 1d, at least 1000 decisions (fewer recorded: stops), winners that may "
	        "change: "
	        "5 % of all, 10.5 % of each zone's, 100 % of zone hero, 0 % of segment gold; or acknowledged "
	        "by name");
}

// What --help-environment shows of `limits` can be taken as it stands. It is caught on a pipe in standard
// output's place.
static void the_printed_limits_are_taken(void **state)
{
	int ends[2], kept = dup(STDOUT_FILENO);
	char text[32 * 1024];
	Environments environments;
	(void)state;
	assert_int_equal(pipe(ends), 0);
	fflush(stdout);
	dup2(ends[1], STDOUT_FILENO);
	environment_print_help();
	fflush(stdout);
	dup2(kept, STDOUT_FILENO);
	close(kept);
	close(ends[1]);
	ssize_t got = read(ends[0], text, sizeof text - 1);
	close(ends[0]);
	assert_true(got > 0);
	text[got] = '\0';
	char *example = strstr(text, "# limits: [");
	assert_non_null(example);
	example[strcspn(example, "\n")] = '\0';
	behaviour(arena_printf(arena, "kind: behaviour, %s", example + 2));
	assert_int_equal(environments_load(str(dir), arena, &environments), OK);
	const EnvironmentGate *gate = environment_gate(&environments.items[1], 0);
	assert_int_equal(gate->limits.count, 2);
	assert_true(str_eq(environment_gate_limit(gate, 0)->zone, STR("hero")));
	assert_true(str_eq(environment_gate_limit(gate, 1)->segment, STR("gold")));
}

static void a_gate_of_behaviour_that_makes_no_sense_is_refused(void **state)
{
	(void)state;
	static const struct {
		const char *gate, *part;
	} cases[] = {
	        {"kind: behaviour", "it limits nothing"},
	        {"kind: behaviour, max_changed: 5%, max_p99: 5ms", "a limit of another kind"},
	        {"kind: load, max_changed: 5%", "a limit of another kind"},
	        {"kind: scenarios, when_few: pass", "a limit of another kind"},
	        {"kind: behaviour, limits: [{max_changed: 5%}]", "either of a zone or of a segment"},
	        {"kind: behaviour, limits: [{zone: a, segment: b, max_changed: 5%}]", "either of a zone or"},
	        {"kind: behaviour, limits: [{zone: a, max_changed: 5%}, {zone: a, max_changed: 6%}]",
	                "another limit of 'a'"},
	        {"kind: behaviour, max_changed: 5%, when_few: wait", "must be one of stop|pass"},
	        {"kind: behaviour, max_changed: 5%, from: moon", "nothing was measured before in 'moon'"},
	};
	for (size_t i = 0; i < ARRAY_COUNT(cases); i++) {
		behaviour(cases[i].gate);
		refused(cases[i].part);
	}
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
	        T(they_are_listed_in_the_order_of_promotion),
	        T(no_folder_declares_none),
	        T(a_line_without_a_beginning_is_refused),
	        T(a_source_that_is_not_there_is_refused),
	        T(a_name_unlike_its_folder_is_refused),
	        T(an_unknown_key_is_refused_with_its_place),
	        T(all_that_a_profile_says_is_read),
	        T(what_does_not_fit_together_is_refused_with_its_place),
	        T(a_gate_asks_for_what_was_measured_elsewhere),
	        T(a_gate_of_behaviour_looks_at_its_own_environment),
	        T(the_printed_limits_are_taken),
	        T(a_gate_of_behaviour_that_makes_no_sense_is_refused),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
