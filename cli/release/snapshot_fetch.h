// Deployments and snapshots from the design server, as bytes: nothing of them is believed for where it comes
// from.
#pragma once
#include "cli.h"
#include "parley/design/v1/deployment.pb-c.h"
#include "snapshot/trust.h"

typedef Parley__Design__V1__Deployment Deployment;

// How far a fetch is: a line that is written over, on terminals only, once it takes long.
typedef struct FetchProgress {
	int64_t start_us, told_us;
	bool shown;
} FetchProgress;
void fetch_tell(FetchProgress *progress, uint64_t have, uint64_t length);
void fetch_told(const FetchProgress *progress); // at the end

// One deployment with its manifest and envelope; version 0: the newest.
Err fetch_deployment(
        Cli *cli, const char *channel, const char *environment, uint64_t version, Deployment **ret);
// The blob of this SHA-256, piece by piece and checked against it; tells on a terminal how far it is. `arena`
// is the blob's.
Err fetch_blob(Cli *cli, const Digest *digest, Arena *arena, Str *ret);
// What a channel's working configuration would be built into now; nothing is recorded for it. Errors: what
// the analysis says of it, and those of fetch_blob.
Err fetch_working(Cli *cli, const char *channel, Arena *arena, Str *ret);
// What an environment's servers run now of a channel; version 0 if nothing runs there.
Err fetch_running(Cli *cli, const char *channel, const char *environment, Digest *ret, uint64_t *ret_version);
// The environment's roots and newest timestamp, as the design server has them.
Err fetch_trust(Cli *cli, const char *environment, Parley__Design__V1__GetTrustResponse **ret);
