// The audit, held against what was signed: audit verify and audit export. The chain is computed here, from
// the entries as they are told; what is signed comes from the runtime servers, whom a change of the design
// server's database does not reach, and from the design server itself.
#include "audit.h"
#include "base/file.h"
#include "connect.h"
#include "output.h"
#include "parley/runtime/v1/control.pb-c.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <unistd.h>

typedef Parley__Design__V1__AuditRecord Record;
#define RECORD(name) Parley__Design__V1__AuditRecord name = PARLEY__DESIGN__V1__AUDIT_RECORD__INIT

#define AUDIT        (&parley__design__v1__audit_service__descriptor)
#define CONTROL      (&parley__runtime__v1__control_service__descriptor)

enum { PAGE = 1000, ROOT_FILE_MAX = 128 * 1024, PROGRESS_ENTRIES = 20000, PAGE_ARENA = 256 * 1024 };

// Takes what is read, from whatever it is read: roots first, then checkpoints, then entries.
typedef Err (*Take)(void *context, const Record *record);

typedef struct Reading {
	Cli *cli;
	Take take;
	void *context;
	json_t *unreached; // texts: who could not be asked, and why
} Reading;

// --- from the servers ---

static Err take_root(Reading *reading, ProtobufCBinaryData envelope, const char *source)
{
	Parley__Design__V1__AuditRoot root = PARLEY__DESIGN__V1__AUDIT_ROOT__INIT;
	RECORD(record);
	root.envelope = envelope;
	root.source = (char *)(uintptr_t)source;
	record.root = &root;
	return reading->take(reading->context, &record);
}

static Err take_checkpoint(Reading *reading, ProtobufCBinaryData envelope, const char *source)
{
	Parley__Design__V1__AuditCheckpoint checkpoint = PARLEY__DESIGN__V1__AUDIT_CHECKPOINT__INIT;
	RECORD(record);
	checkpoint.envelope = envelope;
	checkpoint.source = (char *)(uintptr_t)source;
	record.checkpoint = &checkpoint;
	return reading->take(reading->context, &record);
}

typedef struct Heads {
	const char *source;
	const Parley__Runtime__V1__ListAuditHeadsResponse *told; // NULL: not reached
} Heads;

static void ask_runtime(Reading *reading, const ContextEnvironment *environment, Heads *ret)
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
		json_array_append_new(reading->unreached,
		        json_string(arena_printf(arena, "%s: %s", ret->source, err_detail()->message)));
}

// Roots of all before checkpoints of any: which is how they are believed.
static Err read_runtimes(Reading *reading)
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
	for (size_t i = 0; i < environments->count; i++)
		for (size_t k = 0; heads[i].told && k < heads[i].told->n_timestamps; k++)
			TRY(take_checkpoint(reading, heads[i].told->timestamps[k], heads[i].source));
	return OK;
}

static Err read_checkpoints(Reading *reading)
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

static Err read_entries(Reading *reading)
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

static Err read_servers(Reading *reading)
{
	TRY(read_runtimes(reading));
	TRY(read_checkpoints(reading));
	return read_entries(reading);
}

// --- from an export ---

static Err read_line(Reading *reading, Str line, size_t number, const char *path, Arena *arena)
{
	Record *record = NULL;
	arena_reset(arena);
	Err failed = audit_line_read(line, arena, &record);
	if (failed == OK)
		failed = reading->take(reading->context, record);
	return failed == OK ? OK : err_context(failed, "%s:%zu", path, number);
}

static Err read_export(Reading *reading, const char *path)
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

// --- audit verify ---

typedef struct Verification {
	Cli *cli;
	AuditTrust trust;
	AuditVerify verify;
	bool begun; // entries have come
} Verification;

static const char *source_of(const Verification *v, const char *source)
{
	return *source ? arena_cstr(v->cli->arena, str(source)) : "the design server";
}

static Str bytes_of(ProtobufCBinaryData data)
{
	return str_n((const char *)data.data, data.len);
}

// A root that is not believed leaves the checkpoints that it signed unbelieved, and these are told.
static Err verify_root(Verification *v, const Parley__Design__V1__AuditRoot *root)
{
	Err failed = audit_trust_root(&v->trust, bytes_of(root->envelope), false);
	if (failed == OK || failed == ERR_NO_MEMORY)
		return failed;
	return audit_trust_refuse(&v->trust, source_of(v, root->source), err_detail()->message);
}

static Err verify_entry(Verification *v, const Parley__Design__V1__AuditEntry *message)
{
	AuditEntry entry;
	AuditHead stored;
	if (!v->begun)
		audit_verify_begin(
		        &v->verify, v->trust.checkpoints, v->trust.checkpoint_count, v->cli->arena);
	v->begun = true;
	TRY(audit_entry_read(message, &entry, &stored));
	return audit_verify_entry(&v->verify, &stored, &entry);
}

static Err verify_record(void *context, const Record *record)
{
	Verification *v = context;
	if (record->entry)
		return verify_entry(v, record->entry);
	if (v->begun)
		return err(ERR_FIELD_INVALID, "in an export roots and checkpoints come before the entries");
	if (record->root)
		return verify_root(v, record->root);
	if (record->checkpoint)
		return audit_trust_timestamp(&v->trust, bytes_of(record->checkpoint->envelope),
		        source_of(v, record->checkpoint->source));
	return err(ERR_FIELD_INVALID, "neither an entry nor a checkpoint nor a root");
}

static Err give_roots(Verification *v)
{
	Str envelope;
	for (const OptionValue *value = v->cli->line.options[OPT_ROOT]; value; value = value->next) {
		TRY(file_read(value->text, ROOT_FILE_MAX, v->cli->arena, &envelope));
		Err failed = audit_trust_root(&v->trust, envelope, true);
		if (failed != OK)
			return err_context(failed, "%s", value->text);
	}
	return OK;
}

// --- what came of it ---

static const char *flaw_name(AuditFlaw flaw)
{
	static const char *const names[] = {[AUDIT_MISSING] = "MISSING",
	        [AUDIT_OUT_OF_ORDER] = "OUT_OF_ORDER",
	        [AUDIT_BROKEN] = "BROKEN",
	        [AUDIT_REWRITTEN] = "REWRITTEN"};
	return names[flaw];
}

static uint64_t first_wrong(const AuditVerify *verify)
{
	uint64_t first = 0;
	for (const AuditFinding *finding = verify->first; finding; finding = finding->next)
		if (!first || finding->sequence < first)
			first = finding->sequence;
	return first;
}

static json_t *findings_json(const Verification *v)
{
	json_t *list = json_array();
	for (const AuditFinding *finding = v->verify.first; finding; finding = finding->next)
		json_array_append_new(
		        list, json_pack("{s:s, s:I, s:I, s:s}", "flaw", flaw_name(finding->flaw), "sequence",
		                      (json_int_t)finding->sequence, "until", (json_int_t)finding->until,
		                      "text", audit_finding_text(finding, v->cli->arena)));
	return list;
}

static json_t *texts_json(char *const *texts, size_t count)
{
	json_t *list = json_array();
	for (size_t i = 0; i < count; i++)
		json_array_append_new(list, json_string(texts[i]));
	return list;
}

// Who keeps how many checkpoints, and the newest entry that each vouches for: [{"source", "checkpoints",
// "newest"}].
static json_t *sources_json(const Verification *v)
{
	json_t *list = json_array(), *counts = json_object();
	for (size_t i = 0; i < v->trust.checkpoint_count; i++) { // by number, once verified
		const AuditCheckpoint *checkpoint = &v->trust.checkpoints[i];
		json_t *source = json_object_get(counts, checkpoint->source);
		if (!source) {
			source = json_pack("{s:s, s:i}", "source", checkpoint->source, "checkpoints", 0);
			json_object_set_new(counts, checkpoint->source, source);
			json_array_append(list, source);
		}
		json_int_t count = json_integer_value(json_object_get(source, "checkpoints"));
		json_object_set_new(source, "checkpoints", json_integer(count + 1));
		json_object_set_new(source, "newest", json_integer((json_int_t)checkpoint->head.sequence));
	}
	json_decref(counts);
	return list;
}

static json_t *verification_json(const Verification *v, json_t *unreached)
{
	const AuditVerify *verify = &v->verify;
	return json_pack("{s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:o, s:o, s:o, s:O}", "entries",
	        (json_int_t)verify->head.sequence, "checkpoints", (json_int_t)v->trust.checkpoint_count,
	        "matched", (json_int_t)verify->matched, "trusted_by_hearsay", (json_int_t)v->trust.told,
	        "signed_until", (json_int_t)verify->sound, "first_wrong", (json_int_t)first_wrong(verify),
	        "findings_count", (json_int_t)verify->finding_count, "findings", findings_json(v), "sources",
	        sources_json(v), "refused", texts_json(v->trust.refused, v->trust.refused_count), "unreached",
	        unreached);
}

static void print_texts(const char *title, const json_t *texts)
{
	size_t i;
	const json_t *text;
	json_array_foreach(texts, i, text) printf("%s%s\n", title, json_string_value(text));
}

static void print_verification(const Verification *v, json_t *json)
{
	const AuditVerify *verify = &v->verify;
	uint64_t open = verify->head.sequence - verify->sound;
	const json_t *source;
	size_t i;
	printf("entries      %" PRIu64 "\n", verify->head.sequence);
	printf("checkpoints  %zu of %zu match", verify->matched, v->trust.checkpoint_count);
	if (v->trust.told)
		printf("; %zu of them by roots that only the servers told (give yours: --root FILE)",
		        v->trust.told);
	putchar('\n');
	json_array_foreach(json_object_get(json, "sources"), i, source)
	        printf("             %s keeps %lld, the newest of entry %lld\n",
	                json_string_value(json_object_get(source, "source")),
	                (long long)json_integer_value(json_object_get(source, "checkpoints")),
	                (long long)json_integer_value(json_object_get(source, "newest")));
	if (!verify->finding_count && verify->sound)
		printf("signed       up to entry %" PRIu64 "; the %" PRIu64
		       " after it are vouched for by the next timestamp\n",
		        verify->sound, open);
	print_texts("not asked    ", json_object_get(json, "unreached"));
	print_texts("refused      ", json_object_get(json, "refused"));
	for (const AuditFinding *finding = verify->first; finding; finding = finding->next)
		printf("wrong        %s\n", audit_finding_text(finding, v->cli->arena));
	if (verify->finding_count)
		printf("%zu findings; the first wrong entry is %" PRIu64 "\n", verify->finding_count,
		        first_wrong(verify));
	else if (!verify->matched)
		puts("the entries fit together; no signed checkpoint vouches that they are the ones that "
		     "were "
		     "written");
	else if (!v->trust.refused_count)
		puts("the audit is what was written");
}

static int exit_of(const Verification *v, const json_t *unreached)
{
	if (v->verify.finding_count || v->trust.refused_count)
		return EXIT_DIFFERENT;
	return json_array_size(unreached) || !v->verify.matched ? EXIT_UNAVAILABLE : EXIT_OK;
}

Err verb_audit_verify(Cli *cli)
{
	CLEANUP(json_decrefp_) json_t *unreached = json_array();
	CLEANUP(json_decrefp_) json_t *json = NULL;
	Verification v = {.cli = cli};
	Reading reading = {cli, verify_record, &v, unreached};
	const char *path = cli_option(cli, OPT_FILE);
	TRY(audit_trust_new(cli->arena, &v.trust));
	TRY(give_roots(&v));
	TRY(path ? read_export(&reading, path) : read_servers(&reading));
	if (!v.begun)
		audit_verify_begin(&v.verify, v.trust.checkpoints, v.trust.checkpoint_count, cli->arena);
	TRY(audit_verify_end(&v.verify));
	json = verification_json(&v, unreached);
	cli->exit_code = exit_of(&v, unreached);
	if (cli->format != FORMAT_TABLE)
		return print_json(cli, json);
	print_verification(&v, json);
	return OK;
}

// --- audit export ---

static Err write_record(void *context, const Record *record)
{
	FILE *file = context;
	CLEANUP(arena_freep) Arena *arena = arena_new(PAGE_ARENA, 0);
	CLEANUP(json_decrefp_) json_t *json = NULL;
	Str text;
	TRY(json_from_message(&record->base, JSON_PROTO, &json));
	TRY(json_text(json, false, arena, &text));
	if (fwrite(text.ptr, 1, text.len, file) != text.len || fputc('\n', file) == EOF)
		return err_errno(ERR_IO, "cannot write the export");
	return OK;
}

Err verb_audit_export(Cli *cli)
{
	CLEANUP(json_decrefp_) json_t *unreached = json_array();
	const char *path = cli->line.arguments[0];
	FILE *file = strcmp(path, "-") == 0 ? stdout : fopen(path, "we");
	Reading reading = {cli, write_record, file, unreached};
	const json_t *text;
	size_t i;
	if (!file)
		return err_errno(ERR_IO, "cannot write %s", path);
	Err failed = read_servers(&reading);
	ErrDetail why = *err_detail();
	if ((file == stdout ? fflush(file) : fclose(file)) != 0 && failed == OK)
		return err_errno(ERR_IO, "cannot write %s", path);
	json_array_foreach(unreached, i, text)
	        fprintf(stderr, "without the checkpoints of %s\n", json_string_value(text));
	cli->exit_code = json_array_size(unreached) ? EXIT_UNAVAILABLE : EXIT_OK;
	return failed == OK ? OK : err_restore(&why);
}
