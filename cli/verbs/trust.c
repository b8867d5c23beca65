// root publish, root get and root send: roots and floors between the files of those who hold the keys and the
// servers.
#include "base/clock.h"
#include "base/file.h"
#include "connect.h"
#include "output.h"
#include "parley/runtime/v1/control.pb-c.h"
#include "release/operator.h"
#include "release/snapshot_fetch.h"
#include "trust/root_file.h"

#include <inttypes.h>

#define ROOTS (&parley__design__v1__root_service__descriptor)
#define ROOT_COLUMNS                                                                                         \
	"VERSION:version FROM:create_time UNTIL:expire_time APPROVALS:approvals KEYS:keys SHA256:sha256"

enum { PUBLIC_MODE = 0644, DIRECT_MS = 30000 };

Err verb_root_publish(Cli *cli)
{
	Parley__Design__V1__PutRootRequest request = PARLEY__DESIGN__V1__PUT_ROOT_REQUEST__INIT;
	const char *environment;
	ProtobufCMessage *answer;
	RootFile file;

	TRY(cli_need(cli, OPT_ENV, &environment));
	TRY(root_file_read_root(cli, cli->line.arguments[0], &file));
	request.environment = (char *)(uintptr_t)environment;
	request.envelope =
	        (ProtobufCBinaryData){.len = file.bytes.len, .data = (uint8_t *)(uintptr_t)file.bytes.ptr};
	TRY(cli_ask(cli, SERVER_DESIGN, ROOTS, "PutRoot", &request.base, cli->arena, &answer));
	const Parley__Design__V1__PutRootResponse *put = (const void *)answer;
	printf("root %" PRIu64 " of %s is published; its servers get it now, or when they are back\n",
	        put->version, environment);
	return OK;
}

// A row of what the design server says; the servers that trust it verify it.
static Err root_row(Cli *cli, ProtobufCBinaryData bytes, json_t *rows)
{
	char hex[65], created[TIME_TEXT_SIZE], expires[TIME_TEXT_SIZE];
	Envelope *envelope;
	Root *root;

	TRY(envelope_open(str_n((const char *)bytes.data, bytes.len), cli->arena, &envelope));
	Str payload = str_n((const char *)envelope->payload.data, envelope->payload.len);
	TRY(root_parse(payload, cli->arena, &root));
	Digest digest = digest_of(payload);
	digest_hex(&digest, hex);
	time_format(root->created_us, created);
	time_format(root->expires_us, expires);
	json_array_append_new(rows, json_pack("{s:I, s:s, s:s, s:i, s:I, s:s}", "version",
	                                    (json_int_t)root->version, "create_time", created, "expire_time",
	                                    expires, "approvals", (int)root->approver->threshold, "keys",
	                                    (json_int_t)(root->root->n_keys + root->builder->n_keys +
	                                                 root->approver->n_keys + root->timestamp->n_keys),
	                                    "sha256", hex));
	return OK;
}

Err verb_root_get(Cli *cli)
{
	CLEANUP(json_decrefp_) json_t *rows = json_array();
	Parley__Design__V1__GetTrustResponse *trust;
	const char *environment;

	TRY(cli_need(cli, OPT_ENV, &environment));
	TRY(fetch_trust(cli, environment, &trust));
	if (!trust->n_roots)
		return err(ERR_RESOURCE_NOT_FOUND, "the design server has no root of %s", environment);
	for (size_t i = 0; i < trust->n_roots; i++)
		TRY(root_row(cli, trust->roots[i], rows));
	TRY(print_items(cli, rows, ROOT_COLUMNS));
	if (!cli->line.count)
		return OK;
	ProtobufCBinaryData newest = trust->roots[trust->n_roots - 1];
	TRY(file_write_durable(
	        cli->line.arguments[0], str_n((const char *)newest.data, newest.len), PUBLIC_MODE));
	fprintf(stderr, "the newest is in %s: compare it with what its holders say (parley root show)\n",
	        cli->line.arguments[0]);
	return OK;
}

// --- root send ---

#define CONTROL (&parley__runtime__v1__control_service__descriptor)

static Err send_direct(Cli *cli, ProtobufCBinaryData envelope)
{
	Parley__Runtime__V1__PutFloorRequest request = PARLEY__RUNTIME__V1__PUT_FLOOR_REQUEST__INIT;
	RpcClient *client = NULL;
	ProtobufCMessage *answer;

	request.envelope = envelope;
	TRY(operator_connect(cli, &client));
	Err e = rpc_call(client, CONTROL, "PutFloor", &request.base, DIRECT_MS, cli->arena, &answer);
	ErrDetail why = *err_detail();
	rpc_client_free(client);
	return e ? err_restore(&why) : OK;
}

static Err send_by_design(Cli *cli, ProtobufCBinaryData envelope)
{
	Parley__Design__V1__PutFloorRequest request = PARLEY__DESIGN__V1__PUT_FLOOR_REQUEST__INIT;
	const char *environment;
	ProtobufCMessage *answer;

	TRY(cli_need(cli, OPT_ENV, &environment));
	request.environment = (char *)(uintptr_t)environment;
	request.envelope = envelope;
	return cli_ask(cli, SERVER_DESIGN, ROOTS, "PutFloor", &request.base, cli->arena, &answer);
}

Err verb_root_send(Cli *cli)
{
	RootFile file;

	TRY(root_file_read(cli, cli->line.arguments[0], &file));
	if (!file.floor)
		return err(ERR_FLOOR_INVALID, "%s is a root: parley root publish is for these", file.path);
	ProtobufCBinaryData envelope = {.len = file.bytes.len, .data = (uint8_t *)(uintptr_t)file.bytes.ptr};
	TRY(cli_given(cli, OPT_CERTIFICATE) ? send_direct(cli, envelope) : send_by_design(cli, envelope));
	printf("server %s takes %s again, from version %" PRIu64 " on\n", file.floor->runtime_id,
	        file.floor->channel, file.floor->version);
	return OK;
}
