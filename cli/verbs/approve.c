// approve: a person looks at what is to be deployed and signs it on his own machine. What is shown is read
// from the very bytes that are signed and from the blob that they name, not from what the server says of
// them; and whether the signature will count is told by a root that the person trusts.
#include "base/clock.h"
#include "connect.h"
#include "output.h"
#include "release/behaviour_print.h"
#include "release/deployment.h"
#include "release/snapshot_fetch.h"
#include "release/snapshot_json.h"
#include "snapshot/types.h"
#include "trust/consent.h"
#include "trust/keyring.h"
#include "trust/trusted.h"

#include <inttypes.h>
#include <unistd.h>

#define DEPLOYMENTS  (&parley__design__v1__deployment_service__descriptor)
#define DIFF_COLUMNS "LIST:list/2 NAME:name CHANGE:change FIELD:field/1 BEFORE:before AFTER:after"

enum { DIFF_ROWS_MAX = 40, GROUPS_MAX = 10, REPORT_BYTES_MAX = 32 * 1024 };

typedef struct Approve {
	Cli *cli;
	const char *channel, *environment;
	const Deployment *deployment;
	Str payload; // what is signed
	const Manifest *manifest;
	Trusted trusted;
	Arena *arena; // of blobs
} Approve;

static Err check_waits(const Approve *a)
{
	if (a->deployment->state == PARLEY__DESIGN__V1__DEPLOYMENT_STATE__DEPLOYMENT_STATE_AWAITING_APPROVAL)
		return OK;
	return err(ERR_DEPLOYMENT_STATE,
	        "version %" PRIu64 " of %s in %s does not wait for approvals; parley promotion tells how it "
	        "stands",
	        a->deployment->version, a->channel, a->environment);
}

// The manifest must be what was asked for, whatever the server calls it.
static Err check_meant(const Approve *a)
{
	const Manifest *manifest = a->manifest;

	if (strcmp(manifest->channel, a->channel) == 0 &&
	        strcmp(manifest->environment, a->environment) == 0 &&
	        manifest->version == a->deployment->version)
		return OK;
	return err(ERR_MANIFEST_PLACE,
	        "the server hands out a manifest for version %" PRIu64
	        " of %s in %s instead of version %" PRIu64
	        " of %s in %s: do not sign it, tell an administrator",
	        manifest->version, manifest->channel, manifest->environment, a->deployment->version,
	        a->channel, a->environment);
}

static void show_line(const Approve *a, const char *title, const char *value)
{
	Str text = text_printable(a->cli->arena, str(value));

	if (text.len)
		fprintf(stderr, "%-12s " STR_FMT "\n", title, STR_ARG(text));
}

static void show_manifest(const Approve *a)
{
	const Manifest *manifest = a->manifest;
	Digest digest = digest_of(a->payload);
	char hex[65], created[TIME_TEXT_SIZE], expires[TIME_TEXT_SIZE];

	digest_hex(&digest, hex);
	time_format(manifest->created_us, created);
	time_format(manifest->expires_us, expires);
	fprintf(stderr, "To be signed: version %" PRIu64 " of %s in %s%s\n", manifest->version,
	        manifest->channel, manifest->environment,
	        manifest->undeploy ? ", which switches it OFF" : "");
	show_line(a, "manifest", hex);
	if (manifest->n_blobs) {
		hex_encode(manifest->blobs[0]->sha256.data, sizeof(Digest), hex);
		show_line(a, "snapshot", hex);
	}
	if (manifest->rollback_of)
		show_line(a, "brings back",
		        arena_printf(a->cli->arena, "version %" PRIu64, manifest->rollback_of));
	show_line(a, "author", manifest->author);
	show_line(a, "comment", manifest->comment);
	show_line(a, "made", created);
	show_line(a, "expires", expires);
	for (size_t i = 0; i < manifest->n_evidence; i++) {
		hex_encode(manifest->evidence[i].data, sizeof(Digest), hex);
		show_line(a, "evidence", hex);
	}
	for (size_t i = 0; i < a->deployment->n_approvals; i++)
		show_line(a, "approved by", a->deployment->approvals[i]->approver);
}

// --- what changes ---

static Err open_json(const Approve *a, Str blob, const Manifest *manifest, json_t **ret)
{
	Snapshot *snapshot;

	TRY(manifest ? snapshot_open(blob, manifest, a->arena, &snapshot)
	             : snapshot_parse(blob, a->arena, &snapshot));
	return snapshot_json(snapshot, ret);
}

static Err read_running(const Approve *a, json_t **ret)
{
	Digest digest;
	Str blob;
	uint64_t version;

	*ret = NULL;
	TRY(fetch_running(a->cli, a->channel, a->environment, &digest, &version));
	if (!version)
		return OK;
	TRY(fetch_blob(a->cli, &digest, a->arena, &blob));
	return open_json(a, blob, NULL, ret);
}

static Err read_offered(const Approve *a, json_t **ret)
{
	Digest digest;
	Str blob;

	*ret = NULL;
	if (a->manifest->undeploy)
		return OK;
	memcpy(digest.bytes, a->manifest->blobs[0]->sha256.data, sizeof digest.bytes);
	TRY(fetch_blob(a->cli, &digest, a->arena, &blob));
	return open_json(a, blob, a->manifest, ret);
}

static Err show_changes(const Approve *a)
{
	CLEANUP(json_decrefp_) json_t *before = NULL;
	CLEANUP(json_decrefp_) json_t *after = NULL;

	TRY(read_offered(a, &after));
	Err e = read_running(a, &before);
	if (e == ERR_SNAPSHOT_ENGINE || e == ERR_SNAPSHOT_INVALID) {
		fprintf(stderr, "What runs there now cannot be read by this program: %s\n",
		        err_detail()->message);
		return OK;
	}
	TRY(e);
	CLEANUP(json_decrefp_) json_t *rows = snapshot_json_diff(before, after, a->arena);
	fprintf(stderr, "\nAgainst %s: %s\n",
	        before ? "what runs there now" : "nothing, for no server runs the channel there",
	        snapshot_json_summary(rows, a->arena));
	size_t count = json_array_size(rows);
	if (a->cli->format != FORMAT_TABLE || !before || !count)
		return OK;
	while (json_array_size(rows) > DIFF_ROWS_MAX)
		json_array_remove(rows, json_array_size(rows) - 1);
	TRY(print_table(a->cli, rows, DIFF_COLUMNS));
	if (count > DIFF_ROWS_MAX)
		printf("… and %zu more: parley snapshot diff %s:%s %s:%s@%" PRIu64 "\n",
		        count - DIFF_ROWS_MAX, a->environment, a->channel, a->environment, a->channel,
		        a->manifest->version);
	return OK;
}

// --- whom it concerns ---

// What is signed names the report by its SHA-256.
static bool is_named(const Approve *a, Str report)
{
	Digest digest = digest_of(report);

	for (size_t i = 0; i < a->manifest->n_evidence; i++)
		if (a->manifest->evidence[i].len == sizeof digest &&
		        memcmp(a->manifest->evidence[i].data, &digest, sizeof digest) == 0)
			return true;
	return false;
}

static Err show_behaviour(const Approve *a)
{
	for (size_t i = 0; i < a->deployment->n_evidence; i++) {
		CLEANUP(json_decrefp_) json_t *report = NULL;
		const Parley__Design__V1__Evidence *evidence = a->deployment->evidence[i];

		if (strcmp(evidence->kind, "behaviour") != 0 || !is_named(a, str(evidence->report)))
			continue;
		TRY(json_parse(str(evidence->report), REPORT_BYTES_MAX, &report));
		fprintf(stderr, "\nHow winners change in %s, compared by %s:\n", evidence->environment,
		        evidence->author);
		if (a->cli->format == FORMAT_TABLE)
			TRY(behaviour_print(a->cli, report, GROUPS_MAX));
	}
	for (size_t i = 0; i < a->deployment->n_acknowledged; i++)
		show_line(a, "acknowledged", a->deployment->acknowledged[i]);
	return OK;
}

// --- signing ---

static Err send(const Approve *a, const Signature *signature, json_t **ret)
{
	Parley__Design__V1__ApproveRequest request = PARLEY__DESIGN__V1__APPROVE_REQUEST__INIT;
	const char *comment = cli_option(a->cli, OPT_COMMENT);
	ProtobufCMessage *answer;

	request.channel = a->manifest->channel;
	request.environment = a->manifest->environment;
	request.version = a->manifest->version;
	request.keyid = signature->keyid;
	request.signature = signature->sig;
	if (comment)
		request.comment = (char *)(uintptr_t)comment;
	TRY(cli_ask(a->cli, SERVER_DESIGN, DEPLOYMENTS, "Approve", &request.base, a->cli->arena, &answer));
	return json_from_message(answer, JSON_FOR_PEOPLE, ret);
}

// With the last approval the roll-out starts, and is followed.
static Err print_answer(const Approve *a, json_t **deployment)
{
	if (!cli_given(a->cli, OPT_NO_WAIT))
		TRY(deployment_follow(a->cli, deployment));
	if (a->cli->format != FORMAT_TABLE) {
		TRY(print_json(a->cli, *deployment));
		return deployment_verdict(*deployment);
	}
	printf("version %" PRIu64 " of %s is signed for %s\n", a->manifest->version, a->channel,
	        a->environment);
	deployment_print(*deployment, false);
	return deployment_verdict(*deployment);
}

static Err sign_and_send(const Approve *a)
{
	CLEANUP(json_decrefp_) json_t *answer = NULL;
	Signature *signature;
	size_t count;
	Str holder;

	TRY(keyring_sign(a->cli, STR(SNAPSHOT_PAYLOAD_TYPE), a->payload, 1, &signature, &count));
	TRY(approval_check(&a->trusted.root, STR(SNAPSHOT_PAYLOAD_TYPE), a->payload, str(a->manifest->author),
	        signature, &holder));
	TRY(trusted_keep(a->cli, &a->trusted));
	TRY(send(a, signature, &answer));
	return print_answer(a, &answer);
}

Err verb_approve(Cli *cli)
{
	CLEANUP(arena_freep) Arena *blobs = arena_new(1024 * 1024, 0);
	Approve a = {.cli = cli, .channel = cli->line.arguments[0], .arena = blobs};
	const char *unused;
	Deployment *deployment;
	Manifest *manifest;
	int64_t version;

	TRY(cli_need(cli, OPT_ENV, &a.environment));
	TRY(cli_need(cli, OPT_KEY, &unused));
	TRY(cli_number(cli, OPT_VERSION, 1, INT64_MAX, 0, &version));
	TRY(fetch_deployment(cli, a.channel, a.environment, (uint64_t)version, &deployment));
	a.deployment = deployment;
	TRY(check_waits(&a));
	a.payload = str_n((const char *)deployment->manifest.data, deployment->manifest.len);
	TRY(manifest_parse(a.payload, cli->arena, &manifest));
	a.manifest = manifest;
	TRY(check_meant(&a));
	TRY(trusted_root(cli, a.environment, &a.trusted));
	show_manifest(&a);
	TRY(show_changes(&a));
	TRY(show_behaviour(&a));
	TRY(consent_to_sign(cli, a.environment));
	return sign_and_send(&a);
}
