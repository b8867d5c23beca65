// parley-runtime: decides, for one environment, on its own disk. See README.md.
#include "assemble_main.h"
#include "base/cleanup.h"
#include "base/clock.h"
#include "plan_main.h"
#include "profiles_main.h"
#include "rehearse_main.h"
#include "replay_main.h"
#include "rpc/rpc.h"
#include "runtime.h"

#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <unistd.h>

// Exit codes: scripts and service managers see them.
enum { EXIT_USAGE = 2, EXIT_JOURNAL = 3, EXIT_PORT_DEAD = 4, EXIT_CONFIG = 5 };

static const char usage[] =
        "usage: parley-runtime --config FILE     serve until SIGTERM or SIGINT\n"
        "       parley-runtime check-config --config FILE\n"
        "       parley-runtime replay STATE_DIR       see parley journal replay\n"
        "       parley-runtime plan --help            a set of events told to a snapshot: see parley plan\n"
        "       parley-runtime profiles, assemble --help   what a plan begins with: see parley plan\n"
        "       parley-runtime rehearse --help        a snapshot without network, disk and clock\n"
        "       parley-runtime --help | --help-config | --version\n"
        "\n"
        "Serves one environment's snapshots to touchpoints (gRPC, TLS). --help-config prints a commented\n"
        "example of the configuration file. On SIGUSR1 a checkpoint of visitor state is written.\n"
        "\n"
        "Exit codes: 0 ended as asked, 1 could not start, 2 wrong usage, 3 the journal failed, 4 the own "
        "port\n"
        "died, 5 the configuration is not valid.\n";

// As many files as we may have: connections are files, and a listener that once had none left is lost.
static void raise_file_limit(void)
{
	struct rlimit limit;
	if (getrlimit(RLIMIT_NOFILE, &limit) != 0)
		return;
	limit.rlim_cur = limit.rlim_max;
	setrlimit(RLIMIT_NOFILE, &limit);
}

// Signals are taken by sigtimedwait in serve; SIGPIPE by nobody.
static sigset_t block_signals(void)
{
	sigset_t signals;
	sigemptyset(&signals);
	sigaddset(&signals, SIGTERM);
	sigaddset(&signals, SIGINT);
	sigaddset(&signals, SIGUSR1);
	pthread_sigmask(SIG_BLOCK, &signals, NULL);
	signal(SIGPIPE, SIG_IGN);
	return signals;
}

static void wait_for_end(Runtime *runtime, const sigset_t *signals)
{
	const struct timespec second = {.tv_sec = 1};
	while (runtime_broken(runtime) == OK) {
		int number = sigtimedwait(signals, NULL, &second);
		if (number == SIGUSR1) {
			runtime_checkpoint(runtime);
		} else if (number > 0) {
			log_info("stopping", F_CSTR("signal", number == SIGTERM ? "SIGTERM" : "SIGINT"));
			return;
		}
		runtime_tick(runtime);
	}
}

static int exit_code(Err broken)
{
	if (broken == ERR_JOURNAL_FAILED)
		return EXIT_JOURNAL;
	return broken == OK ? EXIT_SUCCESS : EXIT_PORT_DEAD;
}

static int serve(const Config *config, Arena *arena)
{
	Runtime *runtime = NULL;
	sigset_t signals = block_signals();
	int code = EXIT_FAILURE;
	raise_file_limit();
	rpc_init();
	Err e = runtime_open(config, arena, &runtime);
	if (e == OK) {
		wait_for_end(runtime, &signals);
		code = exit_code(runtime_broken(runtime));
	} else {
		log_failure(LOG_ERROR, "cannot start");
		code = e == ERR_CONFIG_INVALID ? EXIT_CONFIG : EXIT_FAILURE;
	}
	runtime_close(runtime);
	if (runtime != NULL && runtime_broken(runtime) != OK)
		code = exit_code(runtime_broken(runtime));
	rpc_shutdown();
	log_info("stopped", F_INT("code", code));
	return code;
}

static int run(const char *path, bool check_only)
{
	CLEANUP(arena_freep) Arena *arena = arena_new(64 * 1024, 0);
	Config config;
	log_init("parley-runtime", LOG_INFO);
	if (arena == NULL || config_read(path, arena, &config) != OK) {
		fprintf(stderr, "parley-runtime: %s\n", err_detail()->message);
		return EXIT_CONFIG;
	}
	if (check_only) {
		printf("%s is valid\n", path);
		return EXIT_SUCCESS;
	}
	log_init("parley-runtime", config.level);
	return serve(&config, arena);
}

static int wrong_usage(void)
{
	fputs(usage, stderr);
	return EXIT_USAGE;
}

int main(int argc, char **argv)
{
	static const struct option options[] = {
	        {"config", required_argument, NULL, 'c'},
	        {"help", no_argument, NULL, 'h'},
	        {"help-config", no_argument, NULL, 'C'},
	        {"version", no_argument, NULL, 'v'},
	        {0},
	};
	const char *path = NULL;
	if (argc > 1 && strcmp(argv[1], "replay") == 0)
		return replay_main(argc - 1, argv + 1);
	if (argc > 1 && strcmp(argv[1], "plan") == 0)
		return plan_main(argc - 1, argv + 1);
	if (argc > 1 && strcmp(argv[1], "profiles") == 0)
		return profiles_main(argc - 1, argv + 1);
	if (argc > 1 && strcmp(argv[1], "assemble") == 0)
		return assemble_main(argc - 1, argv + 1);
	if (argc > 1 && strcmp(argv[1], "rehearse") == 0)
		return rehearse_main(argc - 1, argv + 1);
	for (int option; (option = getopt_long(argc, argv, "c:h", options, NULL)) != -1;) {
		if (option == 'c') {
			path = optarg;
		} else if (option == 'h') {
			return fputs(usage, stdout) < 0;
		} else if (option == 'C') {
			config_print_help(config_fields);
			return EXIT_SUCCESS;
		} else if (option == 'v') {
			return puts("parley-runtime " PARLEY_VERSION) < 0;
		} else {
			return wrong_usage();
		}
	}
	bool check_only = optind + 1 == argc && strcmp(argv[optind], "check-config") == 0;
	if (path == NULL || (optind != argc && !check_only))
		return wrong_usage();
	rpc_exit(run(path, check_only));
}
