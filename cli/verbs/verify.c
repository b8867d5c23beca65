// snapshot verify: what a runtime server would say of a deployment, check by check, from bytes alone. What is
// believed are the roots that --root names, or the one that is trusted here already; what a server hands out
// is only looked at.
#include "base/clock.h"
#include "base/file.h"
#include "output.h"
#include "release/snapshot_fetch.h"
#include "snapshot/types.h"
#include "trust/trusted.h"

#include <inttypes.h>

#define CHECK_COLUMNS "CHECK:check RESULT:result DETAIL:detail"

typedef struct Verify {
	Cli *cli;
	Arena *arena; // of the blob
	json_t *rows;
	Str envelope, blob;
	bool has_blob;
	TrustRoot root; // the newest that is believed
	int64_t now_us;
	Manifest *manifest; // NULL while it is not verified
} Verify;

static void say(Verify *v, const char *check, const char *result, const char *detail)
{
	json_array_append_new(
	        v->rows, json_pack("{s:s, s:s, s:s}", "check", check, "result", result, "detail", detail));
}

// One line; what is refused ends it all.
static Err said(Verify *v, const char *check, Err e, const char *detail)
{
	if (!e) {
		say(v, check, "ok", detail);
		return OK;
	}
	ErrDetail why = *err_detail();
	say(v, check, "refused", arena_printf(v->cli->arena, "%s: %s", err_reason(e), why.message));
	return err_restore(&why);
}

// --- roots ---

static Err take_root(Verify *v, Str envelope, const char *source, const char *why, bool first)
{
	const char *environment = cli_option(v->cli, OPT_ENV), *detail = "";
	TrustRoot next = {0};
	Err e = first ? root_open(envelope, str(environment), v->cli->arena, &next)
	              : root_follow(&v->root, envelope, v->cli->arena, &next);

	if (!e) {
		v->root = next;
		detail = arena_printf(v->cli->arena, "root %" PRIu64 " of " STR_FMT "%s", next.version,
		        STR_ARG(next.environment), why);
	}
	return said(v, arena_printf(v->cli->arena, "root from %s", source), e, detail);
}

static Err take_kept(Verify *v)
{
	const char *environment = cli_option(v->cli, OPT_ENV), *path;
	Str bytes = {0};

	if (environment)
		TRY(trusted_kept(v->cli, environment, &bytes, &path));
	if (!bytes.len)
		return cli_usage(v->cli,
		        "which root do you believe? give --root FILE, oldest first if there are several");
	return take_root(v, bytes, path, ", trusted here already", true);
}

static Err take_files(Verify *v)
{
	const OptionValue *value = v->cli->line.options[OPT_ROOT];
	bool first = true;
	Str bytes;

	for (; value; value = value->next, first = false) {
		TRY(file_read(value->text, ENVELOPE_MAX, v->cli->arena, &bytes));
		TRY(take_root(v, bytes, value->text, first ? ", believed because you named it" : "", first));
	}
	return first ? take_kept(v) : OK;
}

// Those that follow what is believed already; older ones are passed over.
static Err take_published(Verify *v, const char *environment)
{
	Parley__Design__V1__GetTrustResponse *trust;

	TRY(fetch_trust(v->cli, environment, &trust));
	for (size_t i = 0; i < trust->n_roots; i++) {
		Str bytes = str_n((const char *)trust->roots[i].data, trust->roots[i].len);
		Envelope *envelope;
		Root *root;
		TRY(envelope_open(bytes, v->cli->arena, &envelope));
		TRY(root_parse(str_n((const char *)envelope->payload.data, envelope->payload.len),
		        v->cli->arena, &root));
		if (root->version > v->root.version)
			TRY(take_root(v, bytes, "the design server", "", false));
	}
	return OK;
}

// --- manifest and blob ---

// The place is the manifest's own: whether it is the right one is said by who reads the line.
static Err check_manifest(Verify *v)
{
	PlaceState nothing = {0};
	Envelope *envelope;
	Manifest *told;
	Digest digest;
	char hex[65];

	TRY(said(v, "envelope", envelope_open(v->envelope, v->cli->arena, &envelope), "well formed"));
	Str payload = str_n((const char *)envelope->payload.data, envelope->payload.len);
	TRY(said(v, "manifest", manifest_parse(payload, v->cli->arena, &told), "well formed"));
	Place place = {v->root.environment, str(told->fleet), str(told->channel), v->now_us};
	Err e = manifest_verify(
	        v->envelope, &v->root, &place, &nothing, v->cli->arena, &v->manifest, &digest);
	if (!e)
		digest_hex(&digest, hex);
	return said(v, "signatures, place, time", e,
	        e ? ""
	          : arena_printf(v->cli->arena,
	                    "version %" PRIu64 " of %s in %s by %s, %zu signatures, manifest %s",
	                    told->version, told->channel, told->environment, told->author,
	                    envelope->n_signatures, hex));
}

static Err check_blob(Verify *v)
{
	Snapshot *snapshot;

	if (v->manifest->undeploy) {
		say(v, "snapshot", "ok", "there is none: the channel is switched off");
		return OK;
	}
	if (!v->has_blob) {
		say(v, "snapshot", "not checked", "give its file after the envelope's");
		return OK;
	}
	Err e = snapshot_open(v->blob, v->manifest, v->arena, &snapshot);
	return said(v, "snapshot", e, "length, SHA-256, content and programs");
}

// --- where it comes from ---

static Err read_files(Verify *v)
{
	const CommandLine *line = &v->cli->line;

	TRY(file_read(line->arguments[0], ENVELOPE_MAX, v->cli->arena, &v->envelope));
	v->has_blob = line->count > 1;
	return v->has_blob ? file_read(line->arguments[1], SNAPSHOT_MAX, v->arena, &v->blob) : OK;
}

static Err read_deployment(Verify *v)
{
	const char *channel = cli_option(v->cli, OPT_CHANNEL), *environment = cli_option(v->cli, OPT_ENV);
	Deployment *deployment;
	int64_t version;
	Digest digest;

	if (!channel || !environment)
		return cli_usage(
		        v->cli, "what is to be verified? give the envelope's FILE, or --channel and --env");
	TRY(cli_number(v->cli, OPT_VERSION, 1, INT64_MAX, 0, &version));
	TRY(fetch_deployment(v->cli, channel, environment, (uint64_t)version, &deployment));
	v->envelope = str_n((const char *)deployment->envelope.data, deployment->envelope.len);
	v->has_blob = digest_parse(str(deployment->digest), &digest);
	if (v->has_blob)
		TRY(fetch_blob(v->cli, &digest, v->arena, &v->blob));
	return take_published(v, environment);
}

static Err verify(Verify *v)
{
	TRY(take_files(v));
	TRY(v->cli->line.count ? read_files(v) : read_deployment(v));
	TRY(said(v, "root's time", root_check_time(&v->root, v->now_us), "not expired"));
	TRY(check_manifest(v));
	return check_blob(v);
}

Err verb_snapshot_verify(Cli *cli)
{
	CLEANUP(arena_freep) Arena *arena = arena_new(1024 * 1024, 0);
	CLEANUP(json_decrefp_) json_t *rows = json_array();
	Verify v = {.cli = cli, .arena = arena, .rows = rows, .now_us = clock_now_us(clock_system())};
	Err e = verify(&v);
	ErrDetail why = *err_detail();

	if (json_array_size(rows))
		TRY(print_items(cli, rows, CHECK_COLUMNS));
	return e ? err_restore(&why) : OK;
}
