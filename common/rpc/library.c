// The gRPC library as a whole. It logs to stderr in a form of its own whenever a handshake fails; our
// programs write JSON lines and libraries never log, so its log is cut off unless GRPC_VERBOSITY asks for it.
// A failed assertion is let through: it is the last thing that is heard of a process.
#include "rpc/rpc.h"

#include <grpc/grpc.h>
#include <grpc/support/log.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static void log_assertions_only(gpr_log_func_args *args)
{
	if (strstr(args->message, "ssertion failed"))
		fprintf(stderr, "%s:%d: %s\n", args->file, args->line, args->message);
}

// A channel makes progress only while some thread polls it: a caller that waits, or the library's backup
// poller. While the other side is down calls fail at once and nobody waits, so at the library's 5 s between
// polls a TLS handshake of several round trips takes most of a minute. This many milliseconds let a client
// find a restarted server within a second.
#define BACKUP_POLL_MS "50"

// absl::SetMutexDeadlockDetectionMode(OnDeadlockCycle), by the name it has in Debian 12's package; absent
// from another, it is a null pointer.
extern void set_deadlock_detection(int mode) __asm__(
        "_ZN4absl7debian329SetMutexDeadlockDetectionModeENS0_15OnDeadlockCycleE") __attribute__((weak));

// Debian builds Abseil, whose mutexes the gRPC library uses, with its look-out for lock-order cycles on:
// every lock then also takes one lock shared by all threads and walks a graph. That helps who debugs the
// library.
static void stop_lock_order_checks(void)
{
	static const int ignore = 0;
	if (set_deadlock_detection != NULL)
		set_deadlock_detection(ignore);
}

void rpc_init(void)
{
	stop_lock_order_checks();
	setenv("GRPC_CLIENT_CHANNEL_BACKUP_POLL_INTERVAL_MS", BACKUP_POLL_MS, 0);
	signal(SIGPIPE, SIG_IGN);
	if (!getenv("GRPC_VERBOSITY"))
		gpr_set_log_function(log_assertions_only);
	grpc_init();
}

void rpc_shutdown(void)
{
	grpc_shutdown_blocking();
}

#if defined(__has_feature)
#if __has_feature(address_sanitizer)
#define LEAKS_ARE_LOOKED_FOR 1
extern void __lsan_do_leak_check(void);
#endif
#endif

// Some of the library's threads end a moment after grpc_shutdown_blocking has returned: what exit() destroys,
// of C++ and of OpenSSL, they may still be using. So nothing is destroyed, and the kernel takes it all.
void rpc_exit(int code)
{
	fflush(NULL);
#ifdef LEAKS_ARE_LOOKED_FOR
	__lsan_do_leak_check();
#endif
	_exit(code);
}
