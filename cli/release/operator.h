// A runtime server that an operator reaches himself, for sites where the design server does not.
#pragma once
#include "cli.h"
#include "rpc/rpc.h"

// By --runtime, --certificate, --key and --ca; `rpc_client_free` is the caller's. Error: USAGE, what
// rpc_client_new says.
Err operator_connect(Cli *cli, RpcClient **ret);
