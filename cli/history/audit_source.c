// What is signed comes from the runtime servers, whom a change of the design server's database does not
// reach, and from the design server itself, which also tells the entries.
#include "history/audit_source.h"

#include "connect.h"
#include "parley/design/v1/deployment.pb-c.h"
#include "parley/runtime/v1/control.pb-c.h"

#include <inttypes.h>
#include <stdlib.h>
#include <unistd.h>

typedef Parley__Design__V1__AuditRecord Record;
#define RECORD(name) Parley__Design__V1__AuditRecord name = PARLEY__DESIGN__V1__AUDIT_RECORD__INIT

#define AUDIT        (&parley__design__v1__audit_service__descriptor)
#define CONTROL      (&parley__runtime__v1__control_service__descriptor)

enum { PAGE = 1000, PROGRESS_ENTRIES = 20000, PAGE_ARENA = 256 * 1024 };

// --- from the servers ---

static Err take_root(AuditReading *reading, ProtobufCBinaryData envelope, const char *source)
{
	Parley__Design__V1__AuditRoot root = PARLEY__DESIGN__V1__AUDIT_ROOT__INIT;
	RECORD(record);
	root.envelope = envelope;
	root.source = (char *)(uintptr_t)source;
	record.root = &root;
	return reading->take(reading->context, &record);
}

static Err take_checkpoint(AuditReading *reading, ProtobufCBinaryData envelope, const char *source)
{
	Parley__Design__V1__AuditCheckpoint checkpoint = PARLEY__DESIGN__V1__AUDIT_CHECKPOINT__INIT;
	RECORD(record);
	checkpoint.envelope = envelope;
	checkpoint.source = (char *)(uintptr_t)source;
	record.checkpoint = &checkpoint;
	return reading->take(reading->context, &record);
}

static void not_asked(AuditReading *reading, const char *what)
{
	json_array_append_new(reading->unreached,
	        json_string(arena_printf(reading->cli->arena, "%s: %s", what, err_detail()->message)));
}

typedef struct Heads {
	const char *source;
	const Parley__Runtime__V1__ListAuditHeadsResponse *told; // NULL: not reached
} Heads;

static void ask_runtime(AuditReading *reading, const ContextEnvironment *environment, Heads *ret)
{
	Parley__Runtime__V1__ListAuditHeadsRequest request =
	        PARLEY__RUNTIME__V1__LIST_AUDIT_HEADS_REQUEST__INIT;
	Arena *arena = reading->cli->arena;
	ProtobufCMessage *answer = NULL;
	*ret = (Heads){
	        .source = arena_printf(arena, STR_FMT "'s runtime server", STR_ARG(environment->name))};
	Err failed = cli_ask_environment(
	        reading->cli, environment, CONTROL, "ListAuditHeads", &request.base, arena, &answer);
	if (failed == OK)
		ret->told = (const void *)answer;
	else
		not_asked(reading, ret->source);
}

// The design server's roots of an environment; they count where no runtime server and no --root told any.
static Err read_roots(AuditReading *reading, const char *environment)
{
	CLEANUP(arena_freep) Arena *arena = arena_new(PAGE_ARENA, 0);
	Parley__Design__V1__GetTrustRequest request = PARLEY__DESIGN__V1__GET_TRUST_REQUEST__INIT;
	ProtobufCMessage *answer = NULL;
	request.environment = (char *)(uintptr_t)environment;
	Err failed = cli_ask(reading->cli, SERVER_DESIGN, &parley__design__v1__root_service__descriptor,
	        "GetTrust", &request.base, arena, &answer);
	if (failed != OK) {
		not_asked(reading, arena_printf(arena, "the design server's roots of %s", environment));
		return OK;
	}
	const Parley__Design__V1__GetTrustResponse *trust = (const void *)answer;
	for (size_t i = 0; i < trust->n_roots; i++)
		TRY(take_root(reading, trust->roots[i], "the design server"));
	return OK;
}

static Err read_design_roots(AuditReading *reading)
{
	Parley__Design__V1__ListEnvironmentsRequest request =
	        PARLEY__DESIGN__V1__LIST_ENVIRONMENTS_REQUEST__INIT;
	ProtobufCMessage *answer = NULL;
	TRY(cli_ask(reading->cli, SERVER_DESIGN, &parley__design__v1__deployment_service__descriptor,
	        "ListEnvironments", &request.base, reading->cli->arena, &answer));
	const Parley__Design__V1__ListEnvironmentsResponse *list = (const void *)answer;
	for (size_t i = 0; i < list->n_environments; i++)
		if (list->environments[i]->root_version)
			TRY(read_roots(reading, list->environments[i]->name));
	return OK;
}

// All roots before any checkpoint: which is how they are believed.
static Err read_trust(AuditReading *reading)
{
	const ConfigList *environments = &reading->cli->context->environments;
	Heads *heads = ARENA_ARRAY(reading->cli->arena, Heads, environments->count + 1);
	if (!heads)
		return err(ERR_NO_MEMORY, "no memory for checkpoints");
	for (size_t i = 0; i < environments->count; i++)
		ask_runtime(reading, (const ContextEnvironment *)environments->items + i, &heads[i]);
	for (size_t i = 0; i < environments->count; i++)
		for (size_t k = heads[i].told ? heads[i].told->n_roots : 0; k-- > 0;) // oldest first
			TRY(take_root(reading, heads[i].told->roots[k], heads[i].source));
	TRY(read_design_roots(reading));
	for (size_t i = 0; i < environments->count; i++)
		for (size_t k = 0; heads[i].told && k < heads[i].told->n_timestamps; k++)
			TRY(take_checkpoint(reading, heads[i].told->timestamps[k], heads[i].source));
	return OK;
}

static Err read_checkpoints(AuditReading *reading)
{
	CLEANUP(arena_freep) Arena *arena = arena_new(PAGE_ARENA, 0);
	Parley__Design__V1__ListAuditCheckpointsRequest request =
	        PARLEY__DESIGN__V1__LIST_AUDIT_CHECKPOINTS_REQUEST__INIT;
	request.page_size = PAGE;
	for (;;) {
		ProtobufCMessage *answer = NULL;
		TRY(cli_ask(reading->cli, SERVER_DESIGN, AUDIT, "ListAuditCheckpoints", &request.base, arena,
		        &answer));
		const Parley__Design__V1__ListAuditCheckpointsResponse *page = (const void *)answer;
		for (size_t i = 0; i < page->n_checkpoints; i++)
			TRY(take_checkpoint(reading, page->checkpoints[i]->envelope, "the design server"));
		if (!*page->next_page_token || !page->n_checkpoints)
			return OK;
		request.page_token = arena_cstr(reading->cli->arena, str(page->next_page_token));
		arena_reset(arena);
	}
}

static void show_progress(int64_t entries, bool end)
{
	if (!isatty(STDERR_FILENO) || entries < PROGRESS_ENTRIES)
		return;
	if (end)
		fputs("\r\033[K", stderr);
	else
		fprintf(stderr, "\r%" PRId64 " entries", entries);
}

static Err read_entries(AuditReading *reading)
{
	CLEANUP(arena_freep) Arena *arena = arena_new(PAGE_ARENA, 0);
	Parley__Design__V1__ReadAuditChainRequest request =
	        PARLEY__DESIGN__V1__READ_AUDIT_CHAIN_REQUEST__INIT;
	request.page_size = PAGE;
	for (;;) {
		ProtobufCMessage *answer = NULL;
		int64_t before = request.after_sequence;
		TRY(cli_ask(
		        reading->cli, SERVER_DESIGN, AUDIT, "ReadAuditChain", &request.base, arena, &answer));
		const Parley__Design__V1__ReadAuditChainResponse *page = (const void *)answer;
		for (size_t i = 0; i < page->n_entries; i++) {
			RECORD(record);
			record.entry = page->entries[i];
			TRY(reading->take(reading->context, &record));
			if (record.entry->sequence > request.after_sequence)
				request.after_sequence = record.entry->sequence;
		}
		if (request.after_sequence == before)
			break;
		show_progress(request.after_sequence, false);
		arena_reset(arena);
	}
	show_progress(request.after_sequence, true);
	return OK;
}

Err audit_read_servers(AuditReading *reading)
{
	TRY(read_trust(reading));
	TRY(read_checkpoints(reading));
	return read_entries(reading);
}

// --- from an export ---

static Err read_line(AuditReading *reading, Str line, size_t number, const char *path, Arena *arena)
{
	Record *record = NULL;
	arena_reset(arena);
	Err failed = audit_line_read(line, arena, &record);
	if (failed == OK)
		failed = reading->take(reading->context, record);
	return failed == OK ? OK : err_context(failed, "%s:%zu", path, number);
}

Err audit_read_export(AuditReading *reading, const char *path)
{
	CLEANUP(arena_freep) Arena *arena = arena_new(PAGE_ARENA, 0);
	FILE *file = strcmp(path, "-") == 0 ? stdin : fopen(path, "re");
	char *line = malloc(AUDIT_LINE_MAX);
	Err failed = OK;
	if (!file || !line) {
		free(line);
		return file ? err(ERR_NO_MEMORY, "no memory for a line")
		            : err_errno(ERR_IO, "cannot open %s", path);
	}
	for (size_t number = 1; failed == OK && fgets(line, AUDIT_LINE_MAX, file); number++)
		failed = read_line(reading, str_n(line, strlen(line)), number, path, arena);
	free(line);
	if (file != stdin)
		fclose(file);
	return failed;
}
