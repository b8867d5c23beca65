#include "process.h"

#include "base/clock.h"
#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <openssl/sha.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "grpc/health/v1/health.pb-c.h"

enum { PATIENCE_S = 30, LOG_MAX = 4 << 20 };

// Made once for all stories of a program: keys take their time.
static char certificates[] = "/tmp/parley-runtime-ca-XXXXXX";
static bool certificates_made;

static void run_command(const char *command)
{
	if (system(command) != 0) {
		fprintf(stderr, "failed: %s\n", command);
		exit(1);
	}
}

static void remove_certificates(void)
{
	char command[96];
	snprintf(command, sizeof command, "rm -rf %s", certificates);
	run_command(command);
}

static void make_certificates(void)
{
	char command[1200];
	if (certificates_made || mkdtemp(certificates) == NULL)
		return;
	certificates_made = true;
	atexit(remove_certificates);
	snprintf(command, sizeof command,
	        "bash -euc '. \"$1\"; cd \"$2\"; authority_make .;"
	        " certificate_make . . r1 spiffe://parley/runtime/production/" TEST_RUNTIME_ID ";"
	        " certificate_make . . touchpoint spiffe://parley/touchpoint/production/kiosk;"
	        " certificate_make . . elsewhere spiffe://parley/touchpoint/test/kiosk;"
	        " certificate_make . . design spiffe://parley/design' - " PARLEY_SOURCE
	        "/deploy-profiles/local/certificates.sh %s 2>/dev/null",
	        certificates);
	run_command(command);
}

void home_make(Home *home)
{
	*home = (Home){.dir = "/tmp/parley-runtime-XXXXXX"};
	assert_non_null(mkdtemp(home->dir));
	snprintf(home->config, sizeof home->config, "%s/runtime.yaml", home->dir);
	snprintf(home->log, sizeof home->log, "%s/log", home->dir);
	snprintf(home->journal, sizeof home->journal, "%s/state/journal", home->dir);
	make_certificates();
	char command[192];
	snprintf(command, sizeof command, "cp %s/*.crt %s/*.key %s", certificates, certificates, home->dir);
	run_command(command);
	char root[96];
	snprintf(root, sizeof root, "%s/root", home->dir);
	test_root_write(root, "production", BUILDER, 0);
	home_configure(home, "");
}

void home_remove(Home *home)
{
	char command[96];
	if (home->pid > 0)
		home_stop(home, SIGKILL);
	snprintf(command, sizeof command, "rm -rf %s", home->dir);
	run_command(command);
}

void home_configure(Home *home, const char *extra)
{
	uint8_t hash[32];
	char hex[65];
	FILE *file = fopen(home->config, "w");
	assert_non_null(file);
	SHA256((const uint8_t *)TEST_TOKEN, strlen(TEST_TOKEN), hash);
	hex_encode(hash, sizeof hash, hex);
	fprintf(file,
	        "runtime_id: " TEST_RUNTIME_ID "\nenvironment: production\nfleet: main\n"
	        "listen: 127.0.0.1:0\nplaintext: 127.0.0.1:0\nstate_dir: state\n"
	        "tls: {certificate: r1.crt, key: r1.key, ca: ca.crt}\n"
	        "trusted_root: root\ntouchpoint_tokens: [\"%s\"]\n%s",
	        hex, extra);
	assert_int_equal(fclose(file), 0);
}

// --- the process ---

static Str log_of(const Home *home, Arena *arena)
{
	Str text = {0};
	if (file_read(home->log, LOG_MAX, arena, &text) != OK)
		return STR("");
	return text;
}

bool home_logged(const Home *home, const char *text)
{
	CLEANUP(arena_freep) Arena *arena = arena_new(64 * 1024, 0);
	Str log = log_of(home, arena);
	return log.len > 0 && strstr(log.ptr, text) != NULL;
}

static int exit_code(int status)
{
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

// -1: it still runs.
static int ended(Home *home)
{
	int status = 0;
	if (waitpid(home->pid, &status, WNOHANG) != home->pid)
		return -1;
	home->pid = 0;
	return exit_code(status);
}

static void spawn(Home *home)
{
	posix_spawn_file_actions_t actions;
	posix_spawnattr_t attributes;
	sigset_t none;
	char *argv[] = {(char *)"parley-runtime", (char *)"--config", home->config, NULL};
	sigemptyset(&none);
	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_addopen(
	        &actions, 2, home->log, O_WRONLY | O_CREAT | O_TRUNC | O_APPEND, 0600);
	posix_spawnattr_init(&attributes);
	posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK);
	posix_spawnattr_setsigmask(&attributes, &none);
	assert_int_equal(posix_spawn(&home->pid, PARLEY_RUNTIME, &actions, &attributes, argv, environ), 0);
	posix_spawn_file_actions_destroy(&actions);
	posix_spawnattr_destroy(&attributes);
}

static int number_after(const char *log, const char *key)
{
	const char *started = strstr(log, "\"event\":\"started\"");
	const char *at = started != NULL ? strstr(started, key) : NULL;
	return at != NULL ? atoi(at + strlen(key)) : 0;
}

int home_start(Home *home)
{
	CLEANUP(arena_freep) Arena *arena = arena_new(64 * 1024, 0);
	int64_t until = monotonic_us() + PATIENCE_S * US_PER_S;
	spawn(home);
	while (!home_logged(home, "\"event\":\"started\"")) {
		int code = ended(home);
		if (code >= 0)
			return code;
		assert_true(monotonic_us() < until);
		usleep(2000);
	}
	Str log = log_of(home, arena);
	home->port = number_after(log.ptr, "\"port\":");
	home->plaintext = number_after(log.ptr, "\"plaintext_port\":");
	return -1;
}

int home_stop(Home *home, int number)
{
	int status = 0;
	kill(home->pid, number);
	assert_int_equal(waitpid(home->pid, &status, 0), home->pid);
	home->pid = 0;
	return exit_code(status);
}

void home_wait_log(Home *home, const char *text)
{
	int64_t until = monotonic_us() + PATIENCE_S * US_PER_S;
	while (!home_logged(home, text)) {
		if (monotonic_us() > until)
			fail_msg("the log does not say: %s", text);
		usleep(2000);
	}
}

// --- clients ---

static Client tls_client(const Home *home, const char *name, const char *token)
{
	char certificate[128], key[128], ca[128];
	snprintf(certificate, sizeof certificate, "%s/%s.crt", home->dir, name != NULL ? name : "");
	snprintf(key, sizeof key, "%s/%s.key", home->dir, name != NULL ? name : "");
	snprintf(ca, sizeof ca, "%s/ca.crt", home->dir);
	RpcTls tls = {.ca_file = ca};
	if (name != NULL)
		tls = (RpcTls){.certificate_file = certificate, .key_file = key, .ca_file = ca};
	return client_new(home->port, &tls, token);
}

Client home_client(Home *home, const char *name)
{
	return tls_client(home, name, NULL);
}

Client home_token_client(Home *home, const char *token)
{
	return tls_client(home, NULL, token);
}

Client home_plaintext_client(Home *home, const char *token)
{
	return client_new(home->plaintext, NULL, token);
}

bool home_healthy(Client *client, const char *service)
{
	Grpc__Health__V1__HealthCheckRequest request = GRPC__HEALTH__V1__HEALTH_CHECK_REQUEST__INIT;
	ProtobufCMessage *answer = NULL;
	request.service = (char *)service;
	if (rpc_call(client->rpc, &grpc__health__v1__health__descriptor, "Check", &request.base, 10000,
	            client->arena, &answer) != OK)
		return false;
	return ((Grpc__Health__V1__HealthCheckResponse *)answer)->status ==
	       GRPC__HEALTH__V1__HEALTH_CHECK_RESPONSE__SERVING_STATUS__SERVING;
}
