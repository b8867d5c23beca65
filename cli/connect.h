// Calls to the servers, with requests and answers as JSON: the verbs know fields by the names that the .proto
// files give them.
#pragma once
#include "cli.h"

#include <protobuf-c/protobuf-c.h>

typedef enum Server { SERVER_DESIGN, SERVER_RUNTIME } Server;

// Takes `request` over; *ret is a new reference. Connects on first use. Errors: FIELD_INVALID for a request
// that does not fit, CONFIG_INVALID if no address is known, and whatever the server answers.
Err cli_call(Cli *cli, Server server, const ProtobufCServiceDescriptor *service, const char *method,
        json_t *request, json_t **ret);
// The same with messages; the answer lives in `arena`.
Err cli_ask(Cli *cli, Server server, const ProtobufCServiceDescriptor *service, const char *method,
        const ProtobufCMessage *request, Arena *arena, ProtobufCMessage **ret);
// Asks the runtime server of one of the context's environments, over a connection of its own.
Err cli_ask_environment(Cli *cli, const ContextEnvironment *environment,
        const ProtobufCServiceDescriptor *service, const char *method, const ProtobufCMessage *request,
        Arena *arena, ProtobufCMessage **ret);
// As cli_call with a service of the runtime server's.
Err cli_interact(Cli *cli, const char *method, json_t *request, json_t **ret);
// Lists page by page until `limit` items (0: all) are there; *ret is a new array of what the field `items`
// holds.
Err cli_list(Cli *cli, const ProtobufCServiceDescriptor *service, const char *method, json_t *request,
        const char *items, size_t limit, json_t **ret);
// A connection of the caller's own to the runtime server, to be freed before cli_disconnect.
Err cli_runtime_client(Cli *cli, struct RpcClient **ret);
void cli_disconnect(Cli *cli);
