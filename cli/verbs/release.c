// release: a deployment carried in one file to where no network goes. Whoever carries it need not be trusted:
// the runtime server verifies everything, as if the design server had sent it.
#include "base/clock.h"
#include "base/file.h"
#include "connect.h"
#include "output.h"
#include "parley/runtime/v1/control.pb-c.h"
#include "release/deployment.h"
#include "release/operator.h"
#include "release/release_file.h"
#include "release/snapshot_fetch.h"
#include "rpc/rpc.h"

#include <inttypes.h>

#define CONTROL (&parley__runtime__v1__control_service__descriptor)

enum { PIECE_BYTES = 48 * 1024, ASK_MS = 30000, ACTIVATE_MS = 120000, ROOT_FILE_MAX = 128 * 1024 };

static int64_t now(void)
{
	return clock_now_us(clock_system());
}

static ProtobufCBinaryData binary(Str bytes)
{
	return (ProtobufCBinaryData){.len = bytes.len, .data = (uint8_t *)(uintptr_t)bytes.ptr};
}

static Err release_arena(Arena **ret)
{
	*ret = arena_new(1024 * 1024, 0);
	return *ret ? OK : err(ERR_NO_MEMORY, "no memory for a release");
}

// --- export ---

static bool has_blob(const ReleaseFile *release, const Digest *digest)
{
	return release_file_blob(release, digest->bytes).len > 0;
}

static Err add_version(
        Cli *cli, const char *environment, uint64_t version, Arena *arena, ReleaseFile *release)
{
	Deployment *deployment;
	Digest digest;
	Str blob;

	TRY(fetch_deployment(cli, release->channel, environment, version, &deployment));
	if (!deployment->envelope.len ||
	        deployment->state ==
	                PARLEY__DESIGN__V1__DEPLOYMENT_STATE__DEPLOYMENT_STATE_AWAITING_APPROVAL ||
	        deployment->state == PARLEY__DESIGN__V1__DEPLOYMENT_STATE__DEPLOYMENT_STATE_CANCELLED)
		return err(ERR_DEPLOYMENT_STATE, "version %" PRIu64 " of %s in %s has not all its signatures",
		        deployment->version, release->channel, environment);
	release->manifests[release->n_manifests++] = deployment->envelope;
	if (deployment->undeploy)
		return OK;
	if (!digest_parse(str(deployment->digest), &digest))
		return err(ERR_SNAPSHOT_DIGEST, "the server says no digest of version %" PRIu64, version);
	if (has_blob(release, &digest))
		return OK;
	TRY(fetch_blob(cli, &digest, arena, &blob));
	release->blobs[release->n_blobs++] = binary(blob);
	return OK;
}

// The newest version that was released, and the first that is wanted of the file.
static Err find_range(Cli *cli, const char *environment, int64_t *first, uint64_t *last)
{
	CLEANUP(json_decrefp_) json_t *items = NULL;
	const json_t *item;
	const char *state;
	size_t i;

	TRY(cli_list(cli, deployment_service, "ListDeployments",
	        json_pack("{s:s, s:s}", "channel", cli->line.arguments[0], "environment", environment),
	        "deployments", 1000, &items));
	*last = 0;
	json_array_foreach(items, i, item)
	{
		state = json_word(item, "state");
		if (strcmp(state, "AWAITING_APPROVAL") == 0 || strcmp(state, "CANCELLED") == 0)
			continue;
		*last = (uint64_t)json_count(item, "version");
		break;
	}
	if (!*last)
		return err(ERR_DEPLOYMENT_NOT_FOUND, "%s was never released in %s", cli->line.arguments[0],
		        environment);
	return cli_number(cli, OPT_VERSION, 1, (int64_t)*last, (int64_t)*last, first);
}

Err verb_release_export(Cli *cli)
{
	CLEANUP(arena_freep) Arena *arena = NULL;
	ReleaseFile release = PARLEY__SNAPSHOT__V1__RELEASE_FILE__INIT;
	Parley__Design__V1__GetTrustResponse *trust;
	ReleaseCheck check;
	const char *environment;
	int64_t first;
	uint64_t last = 0;

	TRY(release_arena(&arena));
	TRY(cli_need(cli, OPT_ENV, &environment));
	TRY(find_range(cli, environment, &first, &last));
	if (last - (uint64_t)first >= RELEASE_MANIFESTS_MAX)
		return cli_usage(cli, "more than %d versions: export them in parts", RELEASE_MANIFESTS_MAX);
	TRY(fetch_trust(cli, environment, &trust));
	release.environment = (char *)(uintptr_t)environment;
	release.channel = (char *)(uintptr_t)cli->line.arguments[0];
	release.roots = trust->roots;
	release.n_roots = trust->n_roots;
	release.timestamp = trust->timestamp;
	release.manifests = ARENA_ARRAY(arena, ProtobufCBinaryData, last - (uint64_t)first + 1);
	release.blobs = ARENA_ARRAY(arena, ProtobufCBinaryData, last - (uint64_t)first + 1);
	if (!release.manifests || !release.blobs)
		return err(ERR_NO_MEMORY, "no memory for a release");
	for (uint64_t version = (uint64_t)first; version <= last; version++)
		TRY(add_version(cli, environment, version, arena, &release));
	TRY(release_file_verify(&release, (Str){0}, now(), arena, &check));
	TRY(release_file_write(cli->line.arguments[1], &release));
	printf("%s: %s for %s, version %" PRIu64 "%s, %zu roots, %zu snapshots\n", cli->line.arguments[1],
	        release.channel, environment, last, release.n_manifests > 1 ? " and those before it" : "",
	        release.n_roots, release.n_blobs);
	return OK;
}

// --- show ---

static json_t *manifest_row(const ReleaseCheck *check, size_t i, Arena *arena)
{
	const Parley__Snapshot__V1__Manifest *manifest = check->manifests[i];
	char manifest_hex[65], hex[65] = "", *created = arena_alloc(arena, TIME_TEXT_SIZE),
	                       *expires = arena_alloc(arena, TIME_TEXT_SIZE);

	digest_hex(&check->digests[i], manifest_hex);
	if (manifest->n_blobs)
		hex_encode(manifest->blobs[0]->sha256.data, sizeof(Digest), hex);
	time_format(manifest->created_us, created);
	time_format(manifest->expires_us, expires);
	return json_pack("{s:I, s:s, s:s, s:s, s:s, s:s, s:s, s:s}", "version", (json_int_t)manifest->version,
	        "fleet", manifest->fleet, "author", manifest->author, "created", created, "expires", expires,
	        "snapshot", manifest->undeploy ? "(switched off)" : hex, "manifest", manifest_hex, "comment",
	        manifest->comment);
}

static Err read_and_verify(Cli *cli, Arena *arena, ReleaseFile **release, ReleaseCheck *check)
{
	const char *root = cli_option(cli, OPT_ROOT);
	Str trusted = {0};

	TRY(release_file_read(cli->line.arguments[0], arena, release));
	if (root)
		TRY(file_read(root, ROOT_FILE_MAX, arena, &trusted));
	return release_file_verify(*release, trusted, now(), arena, check);
}

Err verb_release_show(Cli *cli)
{
	CLEANUP(arena_freep) Arena *arena = NULL;
	CLEANUP(json_decrefp_) json_t *rows = json_array();
	ReleaseFile *release;
	ReleaseCheck check;
	char digest[65], expires[TIME_TEXT_SIZE];

	TRY(release_arena(&arena));
	TRY(read_and_verify(cli, arena, &release, &check));
	for (size_t i = 0; i < release->n_manifests; i++)
		json_array_append_new(rows, manifest_row(&check, i, arena));
	if (cli->format != FORMAT_TABLE)
		return print_items(cli, rows, "VERSION:version");
	digest_hex(&check.root.digest, digest);
	time_format(check.timestamp_expires_us, expires);
	printf("%s for %s: all signatures are good by %s, version %" PRIu64 ", SHA-256 %s\n",
	        release->channel, release->environment,
	        cli_given(cli, OPT_ROOT) ? "the given root's line" : "the file's own root",
	        check.root.version, digest);
	if (check.timestamp_version)
		printf("timestamp %" PRIu64 ", until %s\n", check.timestamp_version, expires);
	return print_table(cli, rows,
	        "VERSION:version FLEET:fleet/2 AUTHOR:author CREATED:created/3 EXPIRES:expires "
	        "SNAPSHOT:snapshot/4 "
	        "MANIFEST:manifest/5 COMMENT:comment/1");
}

// --- import ---

typedef struct Import {
	RpcClient *client;
	const ReleaseFile *release;
	const ReleaseCheck *check;
	Arena *arena;
	uint64_t root_version, epoch, version; // what the server has
} Import;

static Err ask_status(Import *import)
{
	Parley__Runtime__V1__GetStatusRequest request = PARLEY__RUNTIME__V1__GET_STATUS_REQUEST__INIT;
	ProtobufCMessage *answer;

	TRY(rpc_call(import->client, CONTROL, "GetStatus", &request.base, ASK_MS, import->arena, &answer));
	const Parley__Runtime__V1__GetStatusResponse *status = (const void *)answer;
	import->root_version = status->root_version;
	for (size_t i = 0; i < status->n_channels; i++) {
		if (strcmp(status->channels[i]->channel, import->release->channel) != 0)
			continue;
		import->version = status->channels[i]->accepted_version;
		import->epoch = status->channels[i]->accepted_epoch;
	}
	return OK;
}

static Err put_roots(Import *import)
{
	for (size_t i = 0; i < import->release->n_roots; i++) {
		Parley__Runtime__V1__PutRootRequest request = PARLEY__RUNTIME__V1__PUT_ROOT_REQUEST__INIT;
		Parley__Snapshot__V1__Envelope *open;
		Parley__Snapshot__V1__Root *root;
		ProtobufCMessage *answer;
		Str envelope =
		        str_n((const char *)import->release->roots[i].data, import->release->roots[i].len);

		TRY(envelope_open(envelope, import->arena, &open));
		TRY(root_parse(
		        str_n((const char *)open->payload.data, open->payload.len), import->arena, &root));
		if (root->version <= import->root_version)
			continue;
		request.envelope = import->release->roots[i];
		TRY(rpc_call(
		        import->client, CONTROL, "PutRoot", &request.base, ASK_MS, import->arena, &answer));
		printf("root %" PRIu64 " taken\n", root->version);
	}
	return OK;
}

static Err send_blob(Import *import, const Parley__Snapshot__V1__BlobReference *blob)
{
	Parley__Runtime__V1__StageBlobRequest request = PARLEY__RUNTIME__V1__STAGE_BLOB_REQUEST__INIT;
	Str bytes = release_file_blob(import->release, blob->sha256.data);
	char hex[65];

	hex_encode(blob->sha256.data, sizeof(Digest), hex);
	request.digest = hex;
	request.length = blob->length;
	for (;;) {
		CLEANUP(arena_freep) Arena *arena = arena_new(4 * 1024, 0);
		ProtobufCMessage *answer;

		TRY(rpc_call(import->client, CONTROL, "StageBlob", &request.base, ASK_MS, arena, &answer));
		uint64_t received =
		        ((const Parley__Runtime__V1__StageBlobResponse *)(const void *)answer)->received;
		if (received == blob->length)
			return OK;
		if (received > blob->length || (request.data.len && received <= request.offset))
			return err(ERR_INTERNAL, "the server says it has %" PRIu64 " bytes of %" PRIu64,
			        received, blob->length);
		size_t left = bytes.len - received;
		request.offset = received;
		request.data = binary(str_n(bytes.ptr + received, left < PIECE_BYTES ? left : PIECE_BYTES));
	}
}

static Err activate(Import *import, size_t i)
{
	Parley__Runtime__V1__ActivateRequest request = PARLEY__RUNTIME__V1__ACTIVATE_REQUEST__INIT;
	const Parley__Snapshot__V1__Manifest *manifest = import->check->manifests[i];
	ProtobufCMessage *answer;

	if (manifest->epoch < import->epoch ||
	        (manifest->epoch == import->epoch && manifest->version <= import->version))
		return OK;
	if (manifest->n_blobs)
		TRY(send_blob(import, manifest->blobs[0]));
	request.envelope = import->release->manifests[i];
	Err e = rpc_call(
	        import->client, CONTROL, "Activate", &request.base, ACTIVATE_MS, import->arena, &answer);
	if (e)
		return err_context(e, "version %" PRIu64, manifest->version);
	printf("version %" PRIu64 " %s\n", manifest->version, manifest->undeploy ? "switched off" : "serves");
	return OK;
}

static Err put_timestamp(Import *import)
{
	Parley__Runtime__V1__PutTimestampRequest request = PARLEY__RUNTIME__V1__PUT_TIMESTAMP_REQUEST__INIT;
	ProtobufCMessage *answer;

	request.envelope = import->release->timestamp;
	if (!request.envelope.len)
		return OK;
	Err e = rpc_call(
	        import->client, CONTROL, "PutTimestamp", &request.base, ASK_MS, import->arena, &answer);
	// What the site got by other ways may be newer.
	return e == ERR_TIMESTAMP_VERSION ? OK : e;
}

static Err import_all(Import *import)
{
	TRY(ask_status(import));
	TRY(put_roots(import));
	for (size_t i = 0; i < import->release->n_manifests; i++)
		TRY(activate(import, i));
	return put_timestamp(import);
}

Err verb_release_import(Cli *cli)
{
	CLEANUP(arena_freep) Arena *arena = NULL;
	ReleaseFile *release;
	ReleaseCheck check;
	Import import;

	TRY(release_arena(&arena));
	TRY(read_and_verify(cli, arena, &release, &check));
	if (cli_given(cli, OPT_DRY_RUN)) {
		printf("%s for %s: all is good by root %" PRIu64 " (dry run)\n", release->channel,
		        release->environment, check.root.version);
		return OK;
	}
	import = (Import){.release = release, .check = &check, .arena = arena};
	TRY(operator_connect(cli, &import.client));
	Err e = import_all(&import);
	if (!e)
		printf("%s: the server has version %" PRIu64 " of %s\n", cli->line.arguments[0],
		        check.manifests[release->n_manifests - 1]->version, release->channel);
	ErrDetail why = *err_detail();
	rpc_client_free(import.client);
	return e ? err_restore(&why) : OK;
}
