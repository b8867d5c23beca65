// apply and diff: what the files say against what the server has. Every document is read and checked before
// the first is sent; when the server refuses one, what was applied until then is told, for there is no
// transaction over several resources.
#include "output.h"
#include "resource/manifest.h"
#include "wire/json_diff.h"

enum { OUTCOME_CREATED, OUTCOME_CONFIGURED, OUTCOME_UNCHANGED, OUTCOME_COUNT };
static const char *const outcome_names[OUTCOME_COUNT] = {"created", "configured", "unchanged"};

typedef struct Apply {
	Cli *cli;
	bool dry_run;
	size_t counts[OUTCOME_COUNT];
	json_t *report; // for -o json and yaml
} Apply;

// Whether the server's resource is what the document says, but for what the server sets.
static bool same(const json_t *fields, const json_t *stored)
{
	CLEANUP(json_decrefp_) json_t *a = json_copy((json_t *)(uintptr_t)fields);
	CLEANUP(json_decrefp_) json_t *b = json_copy((json_t *)(uintptr_t)stored);

	resource_strip(a);
	resource_strip(b);
	return json_equal(a, b);
}

static void tell(Apply *apply, const Document *document, int outcome)
{
	const char *path = kind_path(document->kind, document->channel, document->name, apply->cli->arena);

	apply->counts[outcome]++;
	if (apply->cli->format == FORMAT_TABLE)
		printf("%s %s%s\n", path, outcome_names[outcome], apply->dry_run ? " (dry run)" : "");
	else
		json_array_append_new(
		        apply->report, json_pack("{s:s, s:s%, s:s%, s:s}", "kind", document->kind->name,
		                               "channel", document->channel.len ? document->channel.ptr : "",
		                               document->channel.len, "name", document->name.ptr,
		                               document->name.len, "outcome", outcome_names[outcome]));
}

// Whose resources may refer to each other, even in a circle: events trigger events, outcomes follow outcomes.
static bool is_circular(const Kind *kind)
{
	return strcmp(kind->name, "Event") == 0 || strcmp(kind->name, "OutcomeType") == 0;
}

// In a dry run a reference may lead to what an earlier document would have made.
static bool excusable(const Apply *apply, const Manifest *manifest, const Document *document, Err e)
{
	bool others = apply->counts[OUTCOME_CREATED] + apply->counts[OUTCOME_CONFIGURED] > 0 ||
	              (is_circular(document->kind) && manifest->count > 1);

	return apply->dry_run && others &&
	       (e == ERR_REFERENCE_DANGLING || e == ERR_RESOURCE_NOT_FOUND || e == ERR_EXPR_NAME_UNKNOWN);
}

// The documents' resources of the kind that are not there yet are made with nothing but their names.
static Err make_bare(Apply *apply, const Manifest *manifest, const Kind *kind)
{
	for (size_t i = 0; i < manifest->count; i++) {
		CLEANUP(json_decrefp_) json_t *stored = NULL;
		CLEANUP(json_decrefp_) json_t *bare = NULL;
		Document *document = &manifest->documents[i];

		if (document->kind != kind || document->made)
			continue;
		TRY(resource_get(apply->cli, kind, document->channel, document->name, true, &stored));
		if (stored)
			continue;
		bare = json_pack("{s:s%}", "name", document->name.ptr, document->name.len);
		if (kind->in_channel)
			json_object_set_new(
			        bare, "channel", json_stringn(document->channel.ptr, document->channel.len));
		TRY(resource_put(apply->cli, kind, bare, false, &stored));
		document->made = true;
	}
	return OK;
}

static Err put(Apply *apply, const Manifest *manifest, const Document *document, json_t **ret)
{
	Err e = resource_put(apply->cli, document->kind, document->fields, apply->dry_run, ret);

	if (e != ERR_REFERENCE_DANGLING || apply->dry_run || !is_circular(document->kind))
		return e;
	TRY(make_bare(apply, manifest, document->kind));
	return resource_put(apply->cli, document->kind, document->fields, false, ret);
}

static Err apply_one(Apply *apply, const Manifest *manifest, const Document *document)
{
	CLEANUP(json_decrefp_) json_t *before = NULL;
	CLEANUP(json_decrefp_) json_t *after = NULL;
	int outcome = OUTCOME_CREATED;
	Err e;

	TRY(resource_get(apply->cli, document->kind, document->channel, document->name, true, &before));
	if (before && !document->made && same(document->fields, before)) {
		tell(apply, document, OUTCOME_UNCHANGED);
		return OK;
	}
	e = put(apply, manifest, document, &after);
	if (excusable(apply, manifest, document, e)) {
		fprintf(stderr, "note: %s; it may refer to what this dry run did not make\n",
		        err_detail()->message);
		e = OK;
	}
	TRY(e);
	if (before && !document->made)
		outcome = after && same(before, after) ? OUTCOME_UNCHANGED : OUTCOME_CONFIGURED;
	tell(apply, document, outcome);
	return OK;
}

static Err stopped(const Apply *apply, const Manifest *manifest, size_t at, Err e)
{
	ErrDetail detail;

	manifest_blame(&manifest->documents[at], e);
	detail = *err_detail();
	fflush(stdout);
	fprintf(stderr,
	        "%zu of %zu documents were %s before this one (%zu created, %zu configured, %zu unchanged); "
	        "%zu were not "
	        "tried\n",
	        at, manifest->count, apply->dry_run ? "checked" : "applied", apply->counts[OUTCOME_CREATED],
	        apply->counts[OUTCOME_CONFIGURED], apply->counts[OUTCOME_UNCHANGED],
	        manifest->count - at - 1);
	return err_restore(&detail);
}

static Err apply_all(Apply *apply, const Manifest *manifest)
{
	for (size_t i = 0; i < manifest->count; i++) {
		Err e = apply_one(apply, manifest, &manifest->documents[i]);

		if (e != OK)
			return stopped(apply, manifest, i, e);
	}
	if (apply->cli->format != FORMAT_TABLE)
		return print_json(apply->cli, apply->report);
	printf("%zu created, %zu configured, %zu unchanged%s\n", apply->counts[OUTCOME_CREATED],
	        apply->counts[OUTCOME_CONFIGURED], apply->counts[OUTCOME_UNCHANGED],
	        apply->dry_run ? "; dry run, nothing was changed" : "");
	return OK;
}

static Err files_read(Cli *cli, Manifest *ret)
{
	const char *ignored;

	TRY(cli_need(cli, OPT_FILE, &ignored));
	return manifest_read(cli, cli->line.options[OPT_FILE], cli_option(cli, OPT_CHANNEL), ret);
}

Err verb_apply(Cli *cli)
{
	CLEANUP(json_decrefp_) json_t *report = json_array();
	CLEANUP(manifest_free) Manifest manifest = {0};
	Apply apply = {.cli = cli, .dry_run = cli_given(cli, OPT_DRY_RUN), .report = report};

	TRY(files_read(cli, &manifest));
	return apply_all(&apply, &manifest);
}

static const char *value_text(Cli *cli, const json_t *value)
{
	Str text;

	return json_text(value, false, cli->arena, &text) == OK ? arena_cstr(cli->arena, text) : "?";
}

static void print_difference(void *context, const char *path, const json_t *before, const json_t *after)
{
	Cli *cli = context;

	if (!before)
		printf("  + %s: %s\n", path, value_text(cli, after));
	else if (!after)
		printf("  - %s: %s\n", path, value_text(cli, before));
	else
		printf("  ~ %s: %s -> %s\n", path, value_text(cli, before), value_text(cli, after));
}

static void collect_difference(void *context, const char *path, const json_t *before, const json_t *after)
{
	json_t *entry = json_pack("{s:s}", "field", path);

	if (before)
		json_object_set(entry, "server", (json_t *)(uintptr_t)before);
	if (after)
		json_object_set(entry, "file", (json_t *)(uintptr_t)after);
	json_array_append_new(context, entry);
}

// Collects into `report` for -o json and yaml, else prints.
static Err diff_one(Cli *cli, const Document *document, json_t *report)
{
	const char *path = kind_path(document->kind, document->channel, document->name, cli->arena);
	CLEANUP(json_decrefp_) json_t *stored = NULL;
	json_t *changes;

	TRY(resource_get(cli, document->kind, document->channel, document->name, true, &stored));
	if (stored && same(document->fields, stored))
		return OK;
	resource_strip(stored);
	resource_strip(document->fields);
	cli->exit_code = EXIT_DIFFERENT;
	if (cli->format != FORMAT_TABLE) {
		changes = json_array();
		json_diff(stored, document->fields, cli->arena, collect_difference, changes);
		json_array_append_new(report, json_pack("{s:s, s:b, s:o}", "resource", path, "on_server",
		                                      stored != NULL, "differences", changes));
		return OK;
	}
	printf("%s%s\n", path, stored ? "" : " is not on the server");
	if (stored)
		json_diff(stored, document->fields, cli->arena, print_difference, cli);
	return OK;
}

Err verb_diff(Cli *cli)
{
	CLEANUP(json_decrefp_) json_t *report = json_array();
	CLEANUP(manifest_free) Manifest manifest = {0};

	TRY(files_read(cli, &manifest));
	for (size_t i = 0; i < manifest.count; i++)
		TRY(diff_one(cli, &manifest.documents[i], report));
	return cli->format == FORMAT_TABLE ? OK : print_json(cli, report);
}
