// The audit, held against what was signed: audit verify and audit export. The chain is computed here, from
// the entries as they are told.
#include "history/audit.h"

#include "base/file.h"
#include "history/audit_source.h"
#include "output.h"

#include <inttypes.h>
#include <stdlib.h>

typedef Parley__Design__V1__AuditRecord Record;

enum { ROOT_FILE_MAX = 128 * 1024, LINE_ARENA = 64 * 1024 };

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
	if (!verify->finding_count && verify->sound && open)
		printf("signed       up to entry %" PRIu64 "; the %" PRIu64
		       " after it are vouched for by the next timestamp\n",
		        verify->sound, open);
	else if (!verify->finding_count && verify->sound)
		printf("signed       up to entry %" PRIu64 ", the last\n", verify->sound);
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
	AuditReading reading = {cli, verify_record, &v, unreached};
	const char *path = cli_option(cli, OPT_FILE);
	TRY(audit_trust_new(cli->arena, &v.trust));
	TRY(give_roots(&v));
	TRY(path ? audit_read_export(&reading, path) : audit_read_servers(&reading));
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
	CLEANUP(arena_freep) Arena *arena = arena_new(LINE_ARENA, 0);
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
	AuditReading reading = {cli, write_record, file, unreached};
	const json_t *text;
	size_t i;
	if (!file)
		return err_errno(ERR_IO, "cannot write %s", path);
	Err failed = audit_read_servers(&reading);
	ErrDetail why = *err_detail();
	if ((file == stdout ? fflush(file) : fclose(file)) != 0 && failed == OK)
		return err_errno(ERR_IO, "cannot write %s", path);
	json_array_foreach(unreached, i, text)
	        fprintf(stderr, "without the checkpoints of %s\n", json_string_value(text));
	cli->exit_code = json_array_size(unreached) ? EXIT_UNAVAILABLE : EXIT_OK;
	return failed == OK ? OK : err_restore(&why);
}
