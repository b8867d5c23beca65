// A snapshot of the working configuration, piece by piece. Its name is told with the first piece; if somebody
// changes the configuration while the others come, it is begun anew.
#include "base/clock.h"
#include "connect.h"
#include "release/snapshot_fetch.h"

enum { ATTEMPTS = 3, PIECE_ARENA = 2 * 1024 * 1024 };

typedef Parley__Design__V1__GetWorkingSnapshotRequest Request;
typedef Parley__Design__V1__GetWorkingSnapshotResponse Response;

typedef struct Working {
	Cli *cli;
	Arena *arena; // of the blob
	Request request;
	char digest[65];
	char *data;
	uint64_t length;
	uint32_t warnings;
} Working;

static Err fetch_first(Working *working, const Response *got)
{
	working->length = got->length;
	working->warnings = got->warnings;
	snprintf(working->digest, sizeof working->digest, "%s", got->digest);
	working->request.digest = working->digest;
	if (got->length == 0 || got->length > SNAPSHOT_MAX)
		return err(ERR_SNAPSHOT_LENGTH, "the server says that the snapshot has %llu bytes",
		        (unsigned long long)got->length);
	working->data = arena_alloc(working->arena, got->length);
	return working->data ? OK : err(ERR_NO_MEMORY, "no memory for a snapshot");
}

static Err fetch_next(Working *working)
{
	CLEANUP(arena_freep) Arena *piece = arena_new(PIECE_ARENA, 0);
	ProtobufCMessage *answer;

	TRY(cli_ask(working->cli, SERVER_DESIGN, &parley__design__v1__deployment_service__descriptor,
	        "GetWorkingSnapshot", &working->request.base, piece, &answer));
	const Response *got = (const void *)answer;
	if (!working->data)
		TRY(fetch_first(working, got));
	if (got->data.len == 0 || got->data.len > working->length - working->request.offset)
		return err(ERR_SNAPSHOT_LENGTH, "the server sends %zu bytes of a snapshot of %llu",
		        got->data.len, (unsigned long long)working->length);
	memcpy(working->data + working->request.offset, got->data.data, got->data.len);
	working->request.offset += got->data.len;
	return OK;
}

static Err fetch_all(Working *working)
{
	FetchProgress progress = {.start_us = monotonic_us()};

	do {
		TRY(fetch_next(working));
		fetch_tell(&progress, working->request.offset, working->length);
	} while (working->request.offset < working->length);
	fetch_told(&progress);
	Digest digest = digest_of(str_n(working->data, working->length));
	char hex[65];
	digest_hex(&digest, hex);
	return strcmp(hex, working->digest) == 0
	               ? OK
	               : err(ERR_SNAPSHOT_DIGEST,
	                         "what the design server handed out as %.12s… is something else",
	                         working->digest);
}

Err fetch_working(Cli *cli, const char *channel, Arena *arena, Str *ret)
{
	Working working = {0};
	Err e = ERR_ETAG_STALE;

	for (int i = 0; i < ATTEMPTS && e == ERR_ETAG_STALE; i++) {
		working = (Working){.cli = cli, .arena = arena};
		parley__design__v1__get_working_snapshot_request__init(&working.request);
		working.request.channel = (char *)(uintptr_t)channel;
		e = fetch_all(&working);
	}
	TRY(e);
	if (working.warnings > 0)
		fprintf(stderr, "note: the analysis warns of %u things: parley validate %s\n",
		        working.warnings, channel);
	*ret = str_n(working.data, working.length);
	return OK;
}
