// Failures read like a diff: expected above got, then why. A family of cases is one line in evidence, so that
// hundreds of cases fit into a report.
#include "scenario/report.h"

#include "output.h"
#include "release/deployment.h"

#include <errno.h>

// --- for people ---

static void tell_failure(const Cli *cli, const json_t *result, const json_t *failure)
{
	const json_t *why;
	size_t i;

	printf("  %s:%d: %s\n    expected  %s\n    got       %s\n", json_word(result, "file"),
	        (int)json_count(failure, "line"), json_word(failure, "what"),
	        text_printable(cli->arena, str(json_word(failure, "expected"))).ptr,
	        text_printable(cli->arena, str(json_word(failure, "got"))).ptr);
	json_array_foreach(json_object_get(failure, "why"), i, why) printf("    why       " STR_FMT "\n",
	        STR_ARG(text_printable(cli->arena, str(json_string_value(why)))));
}

void scenario_tell(const Cli *cli, const json_t *result)
{
	const char *became = json_word(result, "result"), *name = json_word(result, "name");
	const json_t *failure;
	size_t i;

	if (strcmp(became, "passed") == 0 && !cli_given(cli, OPT_VERBOSE))
		return;
	printf("%s  %s%s%s\n", strcmp(became, "failed") == 0 ? "FAILED " : became, name,
	        *json_word(result, "why") ? ": " : "", json_word(result, "why"));
	json_array_foreach(json_object_get(result, "failures"), i, failure)
	        tell_failure(cli, result, failure);
}

Err coverage_tell(Cli *cli, const json_t *coverage)
{
	TRY(print_table(cli, json_object_get(coverage, "kinds"),
	        "COVERED:kind REACHED:reached OF:total PERCENT:percent"));
	if (json_array_size(json_object_get(coverage, "missing"))) {
		printf("\n");
		TRY(print_table(
		        cli, json_object_get(coverage, "missing"), "MISSING:kind NAME:name NOTE:note"));
	}
	printf("\n%.1f %% of the channel is covered\n",
	        json_number_value(json_object_get(coverage, "percent")));
	return OK;
}

// --- JUnit ---

// Text and attribute values; what XML 1.0 cannot carry becomes a blank.
static void put_xml(FILE *file, const char *text)
{
	for (; *text; text++)
		switch (*text) {
		case '&':
			fputs("&amp;", file);
			break;
		case '<':
			fputs("&lt;", file);
			break;
		case '>':
			fputs("&gt;", file);
			break;
		case '"':
			fputs("&quot;", file);
			break;
		case '\n':
			fputs("&#10;", file);
			break;
		default:
			fputc((unsigned char)*text < ' ' ? ' ' : *text, file);
		}
}

static void put_attribute(FILE *file, const char *name, const char *text)
{
	fprintf(file, " %s=\"", name);
	put_xml(file, text);
	fputc('"', file);
}

static void put_failure(Cli *cli, FILE *file, const json_t *result, const json_t *failure)
{
	const json_t *why;
	size_t i;

	fputs("      <failure", file);
	put_attribute(file, "message",
	        arena_printf(cli->arena, "%s: expected %s, got %s", json_word(failure, "what"),
	                json_word(failure, "expected"), json_word(failure, "got")));
	fputc('>', file);
	put_xml(file, arena_printf(cli->arena, "%s:%d\n", json_word(result, "file"),
	                      (int)json_count(failure, "line")));
	json_array_foreach(json_object_get(failure, "why"), i, why)
	        put_xml(file, arena_printf(cli->arena, "%s\n", json_string_value(why)));
	fputs("</failure>\n", file);
}

static void put_case(Cli *cli, FILE *file, const json_t *result)
{
	const json_t *failure;
	size_t i;

	fputs("    <testcase", file);
	put_attribute(file, "classname", json_word(result, "file"));
	put_attribute(file, "name", json_word(result, "name"));
	fprintf(file, " line=\"%d\">\n", (int)json_count(result, "line"));
	if (strcmp(json_word(result, "result"), "skipped") == 0) {
		fputs("      <skipped", file);
		put_attribute(file, "message", json_word(result, "why"));
		fputs("/>\n", file);
	}
	json_array_foreach(json_object_get(result, "failures"), i, failure)
	        put_failure(cli, file, result, failure);
	fputs("    </testcase>\n", file);
}

static size_t count_of(const json_t *results, const char *of_file, const char *became)
{
	const json_t *result;
	size_t i, count = 0;

	json_array_foreach(results, i, result) count +=
	        (!of_file || strcmp(json_word(result, "file"), of_file) == 0) &&
	        (!became || strcmp(json_word(result, "result"), became) == 0);
	return count;
}

static void put_suite(Cli *cli, FILE *file, const json_t *results, const char *of_file)
{
	const json_t *result;
	size_t i;

	fputs("  <testsuite", file);
	put_attribute(file, "name", of_file);
	fprintf(file, " tests=\"%zu\" failures=\"%zu\" skipped=\"%zu\" errors=\"0\">\n",
	        count_of(results, of_file, NULL), count_of(results, of_file, "failed"),
	        count_of(results, of_file, "skipped"));
	json_array_foreach(results, i, result) if (strcmp(json_word(result, "file"), of_file) == 0)
	        put_case(cli, file, result);
	fputs("  </testsuite>\n", file);
}

Err junit_write(Cli *cli, const char *path, const json_t *results)
{
	FILE *file = fopen(path, "we");
	const json_t *result;
	const char *last = "";
	size_t i;

	if (!file)
		return err_errno(ERR_IO, "cannot write %s", path);
	fprintf(file,
	        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites tests=\"%zu\" failures=\"%zu\">\n",
	        json_array_size(results), count_of(results, NULL, "failed"));
	json_array_foreach(results, i, result)
	{
		if (strcmp(json_word(result, "file"), last) != 0)
			put_suite(cli, file, results, json_word(result, "file"));
		last = json_word(result, "file");
	}
	fputs("</testsuites>\n", file);
	bool failed = ferror(file) != 0;
	return fclose(file) != 0 || failed ? err_errno(ERR_IO, "cannot write %s", path) : OK;
}

// --- for gates ---

static void add_family(json_t *families, const json_t *result)
{
	const json_t *failure = json_array_get(json_object_get(result, "failures"), 0);
	bool passed = strcmp(json_word(result, "result"), "passed") == 0;
	json_t *last = json_array_get(families, json_array_size(families) - 1);

	if (!last || strcmp(json_word(last, "name"), json_word(result, "family")) != 0) {
		last = json_pack(
		        "{s:s, s:b, s:i}", "name", json_word(result, "family"), "passed", 1, "cases", 0);
		json_array_append_new(families, last);
	}
	json_object_set_new(last, "cases", json_integer(json_count(last, "cases") + 1));
	if (passed)
		return;
	json_object_set_new(last, "passed", json_false());
	json_object_set_new(last, "failed", json_integer(json_count(last, "failed") + 1));
	if (!json_object_get(last, "why"))
		json_object_set_new(last, "why",
		        json_sprintf("%.100s: expected %.100s, got %.100s", json_word(failure, "what"),
		                json_word(failure, "expected"), json_word(failure, "got")));
}

json_t *scenarios_evidence(const json_t *results, const json_t *coverage)
{
	json_t *families = json_array(), *shares = json_object();
	const json_t *result, *kind;
	size_t i;

	json_array_foreach(results, i, result) if (strcmp(json_word(result, "result"), "skipped") != 0)
	        add_family(families, result);
	json_array_foreach(json_object_get(coverage, "kinds"), i, kind)
	        json_object_set(shares, json_word(kind, "kind"), json_object_get(kind, "percent"));
	return json_pack("{s:s, s:O, s:o, s:o}", "tool", "parley " PARLEY_VERSION, "coverage",
	        json_object_get(coverage, "percent"), "coverage_by_kind", shares, "scenarios", families);
}
