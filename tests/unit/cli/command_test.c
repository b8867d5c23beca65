// What a command line means, and which exit code an error becomes.
#include "cli.h"
#include "output.h"

#include <locale.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

static Arena *arena;

static int set_up(void **state)
{
	(void)state;
	setlocale(LC_CTYPE, "C.UTF-8");
	arena = arena_new(4096, 0);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	arena_free(arena);
	return 0;
}

#define READ(line, ...)                                                                                      \
	command_line_read((int)ARRAY_COUNT(((const char *[]){"parley", __VA_ARGS__})),                       \
	        (char **)(uintptr_t)(const char *[]){"parley", __VA_ARGS__}, arena, (line))

static void a_verb_is_one_or_two_words(void **state)
{
	CommandLine line;

	(void)state;
	assert_int_equal(READ(&line, "get", "offer", "gold"), OK);
	assert_string_equal(line.verb->words, "get");
	assert_int_equal(line.count, 2);
	assert_string_equal(line.arguments[1], "gold");
	assert_int_equal(READ(&line, "rollout", "status", "bank"), OK);
	assert_string_equal(line.verb->words, "rollout status");
	assert_string_equal(line.arguments[0], "bank");
	assert_int_equal(READ(&line, "-v", "rollout", "-o", "json", "history"), OK);
	assert_string_equal(line.verb->words, "rollout history");
}

static void options_stand_anywhere_and_repeat(void **state)
{
	CommandLine line;

	(void)state;
	assert_int_equal(READ(&line, "apply", "-f", "a", "--file=b", "-fc", "--dry-run"), OK);
	assert_string_equal(line.options[OPT_FILE]->text, "a");
	assert_string_equal(line.options[OPT_FILE]->next->text, "b");
	assert_string_equal(line.options[OPT_FILE]->next->next->text, "c");
	assert_non_null(line.options[OPT_DRY_RUN]);
	assert_int_equal(READ(&line, "apply", "-vf", "-"), OK);
	assert_string_equal(line.options[OPT_FILE]->text, "-");
	assert_int_equal(READ(&line, "expr", "eval", "--", "-1 < 2"), OK);
	assert_string_equal(line.arguments[0], "-1 < 2");
}

static void refused(Err e, const char *says)
{
	assert_int_equal(e, ERR_FIELD_INVALID);
	if (!strstr(err_detail()->message, says))
		fail_msg("'%s' does not say '%s'", err_detail()->message, says);
}

static void mistakes_are_answered_with_what_was_meant(void **state)
{
	CommandLine line;

	(void)state;
	refused(READ(&line, "aply"), "did you mean 'apply'?");
	refused(READ(&line, "rollout", "statsu"), "did you mean 'status'?");
	refused(READ(&line, "rollout"), "parley rollout --help");
	refused(READ(&line, "get", "offer", "--chanel", "x"), "did you mean 'channel'?");
	refused(READ(&line, "get", "offer", "--to", "x"), "get has no option --to");
	refused(READ(&line, "get"), "too few arguments; usage: parley get KIND [NAME]");
	refused(READ(&line, "get", "a", "b", "c"), "too many arguments");
	refused(READ(&line, "apply", "-f"), "--file needs a value");
	refused(READ(&line, "apply", "--dry-run=yes"), "takes no value");
	refused(READ(&line, "apply", "-x"), "no option -x");
}

static void help_is_asked_for_without_arguments(void **state)
{
	CommandLine line;

	(void)state;
	assert_int_equal(READ(&line, "get", "--help"), OK);
	assert_int_equal(READ(&line, "rollout", "-h"), OK);
	assert_string_equal(line.group, "rollout");
	assert_int_equal(
	        command_line_read(1, (char *[]){(char *)(uintptr_t) "parley", NULL}, arena, &line), OK);
	assert_null(line.verb);
}

static void every_option_that_a_verb_names_exists(void **state)
{
	(void)state;
	for (size_t i = 0; i < verb_count; i++) {
		size_t named = verb_rows[i].options[0] != '\0', taken = 0;

		for (const char *at = verb_rows[i].options; *at; at++)
			named += *at == ' ';
		for (size_t id = OPT_GLOBAL_COUNT; id < OPT_COUNT; id++)
			taken += verb_takes(&verb_rows[i], (OptionId)id);
		if (named != taken)
			fail_msg("%s names %zu options and takes %zu", verb_rows[i].words, named, taken);
		if (!strstr(verb_rows[i].help, "Examples:\n  parley ") &&
		        !strstr(verb_rows[i].help, "Examples:\n  "))
			fail_msg("%s teaches without an example", verb_rows[i].words);
	}
}

static void every_option_belongs_to_a_verb(void **state)
{
	(void)state;
	for (size_t id = OPT_GLOBAL_COUNT; id < OPT_COUNT; id++) {
		size_t i = 0;

		while (i < verb_count && !verb_takes(&verb_rows[i], (OptionId)id))
			i++;
		if (i == verb_count)
			fail_msg("no verb takes --%s", option_rows[id].name);
	}
}

static void words_of_options_are_about_verbs_that_take_them(void **state)
{
	static const struct {
		const char *verb;
		OptionId option;
	} rows[] = {
#define OPTION_WORD(verb, option, help) {verb, OPT_##option},
#include "option_word_table.h"
#undef OPTION_WORD
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_COUNT(rows); i++) {
		bool taken = false;

		for (size_t j = 0; j < verb_count; j++)
			taken = taken || (str_starts(str(verb_rows[j].words), str(rows[i].verb)) &&
			                         verb_takes(&verb_rows[j], rows[i].option));
		if (!taken)
			fail_msg("%s takes no --%s", rows[i].verb, option_rows[rows[i].option].name);
	}
}

static void errors_become_exit_codes_by_their_status(void **state)
{
	static const struct {
		Err id;
		int code;
	} rows[] = {{ERR_RESOURCE_NOT_FOUND, 3}, {ERR_SESSION_UNKNOWN, 3}, {ERR_ETAG_STALE, 4},
	        {ERR_RESOURCE_EXISTS, 4}, {ERR_UNAUTHENTICATED, 5}, {ERR_TOKEN_EXPIRED, 5},
	        {ERR_PERMISSION_DENIED, 5}, {ERR_UNAVAILABLE, 6}, {ERR_TIMEOUT, 6}, {ERR_BUSY, 6},
	        {ERR_FIELD_INVALID, 7}, {ERR_REFERENCE_DANGLING, 7}, {ERR_EXPR_SYNTAX, 7}, {ERR_INTERNAL, 8},
	        {ERR_STATE_CORRUPT, 8}, {ERR_CONFIG_INVALID, 2}};

	(void)state;
	for (size_t i = 0; i < ARRAY_COUNT(rows); i++)
		if (exit_code_of(rows[i].id) != rows[i].code)
			fail_msg("%s exits %d", err_reason(rows[i].id), exit_code_of(rows[i].id));
}

// What print_table writes, caught on a pipe in standard output's place.
static const char *table_of(const char *items, const char *columns)
{
	static char text[4096];
	Cli cli = {.arena = arena};
	int ends[2], kept = dup(STDOUT_FILENO);
	json_t *json;
	ssize_t got;

	assert_int_equal(json_parse(str(items), 4096, &json), OK);
	assert_int_equal(pipe(ends), 0);
	fflush(stdout);
	dup2(ends[1], STDOUT_FILENO);
	assert_int_equal(print_table(&cli, json, columns), OK);
	fflush(stdout);
	dup2(kept, STDOUT_FILENO);
	close(ends[1]);
	got = read(ends[0], text, sizeof text - 1);
	text[got > 0 ? got : 0] = '\0';
	close(ends[0]);
	close(kept);
	json_decref(json);
	return text;
}

static void tables_line_up_by_what_a_terminal_shows(void **state)
{
	(void)state;
	assert_string_equal(table_of("[{\"name\":\"Zürich\",\"n\":1},{\"name\":\"東京\",\"n\":22,\"x\":{"
	                             "\"y\":[\"a\",\"b\"]}}]",
	                            "NAME:name N:n EMPTY:none LIST:x.y"),
	        "NAME    N   LIST\nZürich  1\n東京    22  a,b\n");
	assert_string_equal(table_of("[{\"t\":\"2026-01-31T08:00:00.5Z\",\"l\":[{\"name\":\"a\"},{\"name\":"
	                             "\"b\"}],\"m\":[{},{}],\"s\":\"two\\nlines\"}]",
	                            "T:t L:l M:m S:s"),
	        "T                    L    M  S\n2026-01-31 08:00:00  a,b  2  two lines\n");
	assert_string_equal(table_of("[]", "T:t"), "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(a_verb_is_one_or_two_words),
	        cmocka_unit_test(options_stand_anywhere_and_repeat),
	        cmocka_unit_test(mistakes_are_answered_with_what_was_meant),
	        cmocka_unit_test(help_is_asked_for_without_arguments),
	        cmocka_unit_test(every_option_that_a_verb_names_exists),
	        cmocka_unit_test(every_option_belongs_to_a_verb),
	        cmocka_unit_test(words_of_options_are_about_verbs_that_take_them),
	        cmocka_unit_test(errors_become_exit_codes_by_their_status),
	        cmocka_unit_test(tables_line_up_by_what_a_terminal_shows),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
