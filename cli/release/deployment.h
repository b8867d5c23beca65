// Deployments as JSON: reading them, following one on its way, and saying how it stands and what to do next.
#pragma once
#include "cli.h"

#include <protobuf-c/protobuf-c.h>

extern const ProtobufCServiceDescriptor *const deployment_service;

// Members of an answer; empty and 0 if they are not there.
const char *json_word(const json_t *json, const char *key);
json_int_t json_count(const json_t *json, const char *key);

// {channel, environment, version}; the environment is what --env names. Errors: the command line's.
Err deployment_request(Cli *cli, const char *channel, int64_t version, json_t **ret);
// Asks again and again until it no longer rolls out, telling on standard error what changes. *deployment is
// replaced by the newest. Error: SERVER_UNREACHABLE when it has stood still for 15 seconds for a reason that
// it tells, such as a server that is away.
Err deployment_follow(Cli *cli, json_t **deployment);
// How it stands, server by server, and what to do next; `unchanged`: nothing was made anew.
void deployment_print(const json_t *deployment, bool unchanged);
// What the exit code tells: SERVER_UNREACHABLE for one that is incomplete, DEPLOYMENT_STATE for one that was
// returned.
Err deployment_verdict(const json_t *deployment);
