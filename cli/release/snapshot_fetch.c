#include "release/snapshot_fetch.h"

#include "base/clock.h"
#include "connect.h"

#include <inttypes.h>
#include <unistd.h>

#define DEPLOYMENTS (&parley__design__v1__deployment_service__descriptor)
#define ROOTS       (&parley__design__v1__root_service__descriptor)

enum { PIECE_ARENA = 2 * 1024 * 1024, MIB = 1024 * 1024, QUIET_US = 2 * 1000 * 1000 };

static char *text(const char *value)
{
	return (char *)(uintptr_t)value;
}

Err fetch_deployment(
        Cli *cli, const char *channel, const char *environment, uint64_t version, Deployment **ret)
{
	Parley__Design__V1__GetDeploymentRequest request = PARLEY__DESIGN__V1__GET_DEPLOYMENT_REQUEST__INIT;
	ProtobufCMessage *answer;

	request.channel = text(channel);
	request.environment = text(environment);
	request.version = version;
	TRY(cli_ask(cli, SERVER_DESIGN, DEPLOYMENTS, "GetDeployment", &request.base, cli->arena, &answer));
	*ret = (Deployment *)answer;
	return OK;
}

void fetch_tell(FetchProgress *progress, uint64_t have, uint64_t length)
{
	int64_t now_us = monotonic_us();

	if (now_us - progress->start_us < QUIET_US || now_us - progress->told_us < US_PER_S || !isatty(2))
		return;
	fprintf(stderr, "\rfetching the snapshot: %" PRIu64 " of %" PRIu64 " MiB", have / MIB, length / MIB);
	progress->told_us = now_us;
	progress->shown = true;
}

void fetch_told(const FetchProgress *progress)
{
	if (progress->shown)
		fputc('\n', stderr);
}

static Err fetch_piece(Cli *cli, Parley__Design__V1__GetSnapshotRequest *request, char **data,
        uint64_t *length, Arena *arena)
{
	CLEANUP(arena_freep) Arena *piece = arena_new(PIECE_ARENA, 0);
	ProtobufCMessage *answer;

	TRY(cli_ask(cli, SERVER_DESIGN, DEPLOYMENTS, "GetSnapshot", &request->base, piece, &answer));
	const Parley__Design__V1__GetSnapshotResponse *got = (const void *)answer;
	if (!*data) {
		*length = got->length;
		if (*length == 0 || *length > SNAPSHOT_MAX || !(*data = arena_alloc(arena, *length)))
			return err(ERR_SNAPSHOT_LENGTH,
			        "the server says that the snapshot has %" PRIu64 " bytes", *length);
	}
	if (got->data.len == 0 || got->data.len > *length - request->offset)
		return err(ERR_SNAPSHOT_LENGTH, "the server sends %zu bytes at %" PRIu64 " of %" PRIu64,
		        got->data.len, request->offset, *length);
	memcpy(*data + request->offset, got->data.data, got->data.len);
	request->offset += got->data.len;
	return OK;
}

Err fetch_blob(Cli *cli, const Digest *digest, Arena *arena, Str *ret)
{
	Parley__Design__V1__GetSnapshotRequest request = PARLEY__DESIGN__V1__GET_SNAPSHOT_REQUEST__INIT;
	FetchProgress progress = {.start_us = monotonic_us()};
	char hex[65], *data = NULL;
	uint64_t length = 1;

	digest_hex(digest, hex);
	request.digest = hex;
	while (request.offset < length) {
		TRY(fetch_piece(cli, &request, &data, &length, arena));
		fetch_tell(&progress, request.offset, length);
	}
	fetch_told(&progress);
	*ret = str_n(data, length);
	Digest got = digest_of(*ret);
	return digest_eq(&got, digest)
	               ? OK
	               : err(ERR_SNAPSHOT_DIGEST,
	                         "what the design server handed out as %.12s… is something else", hex);
}

Err fetch_running(Cli *cli, const char *channel, const char *environment, Digest *ret, uint64_t *ret_version)
{
	Parley__Design__V1__GetRolloutStatusRequest request =
	        PARLEY__DESIGN__V1__GET_ROLLOUT_STATUS_REQUEST__INIT;
	ProtobufCMessage *answer;

	*ret_version = 0;
	request.channel = text(channel);
	request.environment = text(environment);
	TRY(cli_ask(cli, SERVER_DESIGN, DEPLOYMENTS, "GetRolloutStatus", &request.base, cli->arena, &answer));
	const Parley__Design__V1__GetRolloutStatusResponse *status = (const void *)answer;
	for (size_t i = 0; i < status->n_deployments && !*ret_version; i++) {
		const Deployment *deployment = status->deployments[i];
		for (size_t j = 0; j < deployment->n_servers && !*ret_version; j++)
			if (digest_parse(str(deployment->servers[j]->running_digest), ret))
				*ret_version = deployment->servers[j]->running_version;
	}
	return OK;
}

Err fetch_trust(Cli *cli, const char *environment, Parley__Design__V1__GetTrustResponse **ret)
{
	Parley__Design__V1__GetTrustRequest request = PARLEY__DESIGN__V1__GET_TRUST_REQUEST__INIT;
	ProtobufCMessage *answer;

	request.environment = text(environment);
	TRY(cli_ask(cli, SERVER_DESIGN, ROOTS, "GetTrust", &request.base, cli->arena, &answer));
	*ret = (Parley__Design__V1__GetTrustResponse *)answer;
	return OK;
}
