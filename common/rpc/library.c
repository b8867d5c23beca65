// The gRPC library as a whole. It logs to stderr in a form of its own whenever a handshake fails; our
// programs write JSON lines and libraries never log, so its log is cut off unless GRPC_VERBOSITY asks for it.
// A failed assertion is let through: it is the last thing that is heard of a process.
#include "rpc/rpc.h"

#include <grpc/grpc.h>
#include <grpc/support/log.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

static void log_assertions_only(gpr_log_func_args *args)
{
	if (strstr(args->message, "ssertion failed"))
		fprintf(stderr, "%s:%d: %s\n", args->file, args->line, args->message);
}

void rpc_init(void)
{
	signal(SIGPIPE, SIG_IGN);
	if (!getenv("GRPC_VERBOSITY"))
		gpr_set_log_function(log_assertions_only);
	grpc_init();
}

void rpc_shutdown(void)
{
	grpc_shutdown_blocking();
}
