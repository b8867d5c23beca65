// What an attacker would write: envelopes with any keys that he has, sent straight to a runtime server with
// any certificate that he has. The insider's tool; it checks nothing.
#include "base/cleanup.h"
#include "base/clock.h"
#include "base/file.h"
#include "rpc/rpc.h"
#include "snapshot/trust.h"

#include "parley/runtime/v1/control.pb-c.h"

#include <stdio.h>
#include <stdlib.h>

#define CONTROL (&parley__runtime__v1__control_service__descriptor)

enum { FILE_MAX = 64 * 1024 * 1024, KEYS_MAX = 16, PIECE = 48 * 1024, CALL_MS = 20000 };

typedef Parley__Snapshot__V1__Signature Signature;

static Arena *arena;

static void must(Err e)
{
	if (e) {
		printf("%s: %s\n", err_reason(e), err_detail()->message);
		exit(1);
	}
}

static Str read_file(const char *path)
{
	Str text = {0};
	must(file_read(path, FILE_MAX, arena, &text));
	return text;
}

static ProtobufCBinaryData binary(Str bytes)
{
	return (ProtobufCBinaryData){.len = bytes.len, .data = (uint8_t *)(uintptr_t)bytes.ptr};
}

// --- writing ---

static void write_signed(const char *path, const char *type, Str payload, char **keys, int count)
{
	Signature *signatures[KEYS_MAX];
	Str envelope;
	for (int i = 0; i < count; i++) {
		SigningKey *key;
		must(signing_key_load(keys[i], &key));
		must(signature_make(key, str(type), payload, arena, &signatures[i]));
		signing_key_free(key);
	}
	must(envelope_pack(str(type), payload, signatures, (size_t)count, arena, &envelope));
	remove(path);
	must(file_write_durable(path, envelope, 0600));
}

// The manifest in an envelope, with other members: NAME=VALUE.
static void change(Parley__Snapshot__V1__Manifest *manifest, char *setting)
{
	char *value = strchr(setting, '=');
	*value++ = '\0';
	uint64_t number = strtoull(value, NULL, 10);
	if (strcmp(setting, "version") == 0)
		manifest->version = number;
	else if (strcmp(setting, "epoch") == 0)
		manifest->epoch = number;
	else if (strcmp(setting, "rollback_of") == 0)
		manifest->rollback_of = number;
	else if (strcmp(setting, "author") == 0)
		manifest->author = value;
	else if (strcmp(setting, "environment") == 0)
		manifest->environment = manifest->fleet = value;
	else if (strcmp(setting, "undeploy") == 0)
		manifest->undeploy = true, manifest->n_blobs = 0;
	else if (strcmp(setting, "previous") == 0) {
		manifest->previous.data = arena_alloc(arena, 32);
		manifest->previous.len = hex_decode(str(value), manifest->previous.data, 32) ? 32 : 0;
	} else if (strcmp(setting, "blob") == 0) {
		Str blob = read_file(value);
		Digest *digest = ARENA_NEW(arena, Digest);
		*digest = digest_of(blob);
		manifest->blobs[0]->sha256 = binary(str_n((const char *)digest->bytes, 32));
		manifest->blobs[0]->length = blob.len;
	} else
		exit(2);
}

// forge manifest OUT FROM-ENVELOPE [NAME=VALUE…] -- KEY…
static int forge_manifest(int argc, char **argv)
{
	Parley__Snapshot__V1__Envelope *envelope;
	Parley__Snapshot__V1__Manifest *manifest;
	Str payload;
	int i = 2;
	must(envelope_open(read_file(argv[1]), arena, &envelope));
	payload = str_n((const char *)envelope->payload.data, envelope->payload.len);
	must(manifest_parse(payload, arena, &manifest));
	bool changed = false;
	for (; i < argc && strcmp(argv[i], "--") != 0; i++) {
		change(manifest, argv[i]);
		changed = true;
	}
	if (changed)
		must(manifest_pack(manifest, arena, &payload));
	write_signed(argv[0], SNAPSHOT_PAYLOAD_TYPE, payload, argv + i + 1, argc - i - 1);
	return 0;
}

// forge root OUT FROM-ROOT VERSION APPROVER-KEY -- KEY…: the same root, but approvals are the attacker's own.
static int forge_root(int argc, char **argv)
{
	Parley__Snapshot__V1__Envelope *envelope;
	Parley__Snapshot__V1__Root *root;
	Str payload;
	uint8_t *public = arena_alloc(arena, 32);
	SigningKey *key;
	must(envelope_open(read_file(argv[1]), arena, &envelope));
	must(root_parse(str_n((const char *)envelope->payload.data, envelope->payload.len), arena, &root));
	root->version = strtoull(argv[2], NULL, 10);
	must(signing_key_load(argv[3], &key));
	signing_key_public(key, public);
	root->approver->n_keys = 1;
	root->approver->keys[0]->public_ = binary(str_n((const char *)public, 32));
	root->approver->keys[0]->holder = arena_cstr(arena, STR("mallory"));
	root->approver->threshold = 1;
	// A root of his own making lists his key as the root's too, where he may sign.
	if (argc == 6) {
		SigningKey *mine;
		uint8_t *root_public = arena_alloc(arena, 32);
		must(signing_key_load(argv[5], &mine));
		signing_key_public(mine, root_public);
		root->root->n_keys = 1;
		root->root->keys[0]->public_ = binary(str_n((const char *)root_public, 32));
		root->root->threshold = 1;
		signing_key_free(mine);
	}
	signing_key_free(key);
	must(root_pack(root, arena, &payload));
	write_signed(argv[0], ROOT_PAYLOAD_TYPE, payload, argv + 5, argc - 5);
	return 0;
}

// forge timestamp OUT FROM-TIMESTAMP CHANNEL MANIFEST-ENVELOPE -- KEY…: the next one, naming that manifest.
static int forge_timestamp(int argc, char **argv)
{
	Parley__Snapshot__V1__Envelope *envelope;
	Parley__Snapshot__V1__Timestamp *timestamp;
	Parley__Snapshot__V1__Envelope *named;
	Str payload;
	must(envelope_open(read_file(argv[1]), arena, &envelope));
	timestamp =
	        parley__snapshot__v1__timestamp__unpack(NULL, envelope->payload.len, envelope->payload.data);
	must(envelope_open(read_file(argv[3]), arena, &named));
	Digest digest = digest_of(str_n((const char *)named->payload.data, named->payload.len));
	timestamp->version += 1;
	for (size_t i = 0; i < timestamp->n_current; i++)
		if (strcmp(timestamp->current[i]->channel, argv[2]) == 0) {
			timestamp->current[i]->version += 1;
			memcpy(timestamp->current[i]->manifest.data, digest.bytes, sizeof digest.bytes);
		}
	must(timestamp_pack(timestamp, arena, &payload));
	write_signed(argv[0], TIMESTAMP_PAYLOAD_TYPE, payload, argv + 5, argc - 5);
	parley__snapshot__v1__timestamp__free_unpacked(timestamp, NULL);
	return 0;
}

// --- sending ---

static void stage(RpcClient *client, Str blob, Str digest)
{
	uint64_t offset = 0;
	do {
		Parley__Runtime__V1__StageBlobRequest request = PARLEY__RUNTIME__V1__STAGE_BLOB_REQUEST__INIT;
		ProtobufCMessage *answer;
		size_t left = blob.len - offset;
		request.digest = arena_cstr(arena, digest);
		request.length = blob.len;
		request.offset = offset;
		request.data = binary(str_n(blob.ptr + offset, left < PIECE ? left : PIECE));
		if (rpc_call(client, CONTROL, "StageBlob", &request.base, CALL_MS, arena, &answer) != OK)
			return; // Activate will tell
		uint64_t received =
		        ((const Parley__Runtime__V1__StageBlobResponse *)(void *)answer)->received;
		if (received <= offset)
			return;
		offset = received;
	} while (offset < blob.len);
}

// forge send METHOD ADDRESS CA CERTIFICATE KEY ENVELOPE [BLOB [AS-DIGEST]]
static int forge_send(int argc, char **argv)
{
	const RpcTls tls = {argv[3], argv[4], argv[2], false};
	Parley__Runtime__V1__ActivateRequest activate = PARLEY__RUNTIME__V1__ACTIVATE_REQUEST__INIT;
	Parley__Runtime__V1__PutRootRequest root = PARLEY__RUNTIME__V1__PUT_ROOT_REQUEST__INIT;
	Parley__Runtime__V1__PutTimestampRequest timestamp = PARLEY__RUNTIME__V1__PUT_TIMESTAMP_REQUEST__INIT;
	const ProtobufCMessage *request = &activate.base;
	ProtobufCMessage *answer;
	RpcClient *client;
	rpc_init();
	must(rpc_client_new(
	        &(RpcClientOptions){.target = argv[1], .tls = &tls, .tls_name = "localhost"}, &client));
	activate.envelope = root.envelope = timestamp.envelope = binary(read_file(argv[5]));
	if (strcmp(argv[0], "PutRoot") == 0)
		request = &root.base;
	if (strcmp(argv[0], "PutTimestamp") == 0)
		request = &timestamp.base;
	if (argc > 6) {
		Str blob = read_file(argv[6]);
		Digest digest = digest_of(blob);
		char hex[65];
		digest_hex(&digest, hex);
		stage(client, blob, argc > 7 ? str(argv[7]) : str(hex));
	}
	Err e = rpc_call(client, CONTROL, argv[0], request, CALL_MS, arena, &answer);
	printf("%s: %s\n", e ? err_reason(e) : "TAKEN", e ? err_detail()->message : "");
	rpc_client_free(client);
	rpc_shutdown();
	return e != OK;
}

int main(int argc, char **argv)
{
	arena = arena_new(1024 * 1024, 0);
	int status = 2;
	if (argc > 3 && strcmp(argv[1], "manifest") == 0)
		status = forge_manifest(argc - 2, argv + 2);
	else if (argc > 6 && strcmp(argv[1], "root") == 0)
		status = forge_root(argc - 2, argv + 2);
	else if (argc > 6 && strcmp(argv[1], "timestamp") == 0)
		status = forge_timestamp(argc - 2, argv + 2);
	else if (argc > 7 && strcmp(argv[1], "send") == 0)
		status = forge_send(argc - 2, argv + 2);
	arena_free(arena);
	return status;
}
