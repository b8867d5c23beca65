// The planted defects of tests/analysis, without a server: each is the one finding in a channel that has no
// other. Those that only a database shows are left to tests/analysis/run.
#include "base/cleanup.h"
#include "base/file.h"
#include "channel.h"

#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#define FOLDER PARLEY_SOURCE "/tests/analysis/"

enum { DEFECTS_MIN = 40 };

static const char *read_text(Arena *arena, const char *path)
{
	Str text;
	if (file_read(path, 1 << 20, arena, &text))
		fail_msg("%s: %s", path, err_detail()->message);
	return arena_cstr(arena, text);
}

// What the comment line "# KEY: VALUE" says; NULL if there is none.
static const char *header(Arena *arena, const char *text, const char *key)
{
	const char *found = strstr(text, arena_printf(arena, "# %s: ", key));
	if (!found)
		return NULL;
	found += strlen(key) + 4;
	return arena_cstr(arena, str_n(found, strcspn(found, "\n")));
}

static int is_yaml(const struct dirent *entry)
{
	return str_ends(str(entry->d_name), STR(".yaml"));
}

static void check_defect(const char *base, const char *name, size_t *planted)
{
	CLEANUP(arena_freep) Arena *arena = arena_new(1 << 20, 0);
	const char *text = read_text(arena, arena_printf(arena, FOLDER "defects/%s", name));
	const char *const texts[] = {base, text};
	const char *finds = header(arena, text, "finds");
	if (!finds)
		fail_msg("%s does not say what it plants", name);
	if (header(arena, text, "needs"))
		return;
	Channel channel = channel_from_yaml(arena, texts, ARRAY_COUNT(texts));
	Findings findings = channel_findings(&channel, arena);
	if (findings.count != 1 || !str_eq(findings.items[0].id, str(finds)))
		fprintf(stderr, "%s:\n", name);
	findings_are(&findings, (const char *const[]){finds, NULL});
	assert_true(findings.items[0].reason.len > 0 && findings.items[0].remedy.len > 0);
	++*planted;
}

static void each_defect_is_found_and_nothing_else(void **state)
{
	(void)state;
	CLEANUP(arena_freep) Arena *arena = arena_new(1 << 20, 0);
	struct dirent **entries;
	size_t planted = 0;
	const char *base = read_text(arena, FOLDER "base.yaml");
	int count = scandir(FOLDER "defects", &entries, is_yaml, alphasort);
	assert_true(count >= DEFECTS_MIN);
	for (int i = 0; i < count; i++) {
		check_defect(base, entries[i]->d_name, &planted);
		free(entries[i]);
	}
	free(entries);
	assert_true(planted >= DEFECTS_MIN);
}

static void the_base_has_no_findings(void **state)
{
	(void)state;
	CLEANUP(arena_freep) Arena *arena = arena_new(1 << 20, 0);
	Channel channel = channel_from_file(arena, FOLDER "base.yaml");
	Findings findings = channel_findings(&channel, arena);
	findings_are(&findings, (const char *const[]){NULL});
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(the_base_has_no_findings),
	        cmocka_unit_test(each_defect_is_found_and_nothing_else),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
