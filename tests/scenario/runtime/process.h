// A real parley-runtime in a folder of its own: certificates as an installation makes them, keys, a
// configuration. What the process logs is kept in a file and can be waited for.
#pragma once
#include "client.h"

#include <sys/types.h>

#define TEST_TOKEN "a-token-of-32-bytes-for-touchpoints"

typedef struct Home {
	char dir[64], config[96], log[96], journal[96];
	pid_t pid;
	int port, plaintext; // once it has started
} Home;

void home_make(Home *home);
// Kills what still runs.
void home_remove(Home *home);
// Writes the configuration; `extra` is more YAML or "".
void home_configure(Home *home, const char *extra);
// Starts it and waits until it serves. If it ends instead, its exit code; else -1.
int home_start(Home *home);
// Sends a signal, waits for the end and tells the exit code, or 128 + the signal that killed it.
int home_stop(Home *home, int signal);
// Waits until the log says `text`.
void home_wait_log(Home *home, const char *text);
bool home_logged(const Home *home, const char *text);

// Clients: NAME is one of the certificates "touchpoint", "design", "elsewhere" (a touchpoint of another
// environment).
Client home_client(Home *home, const char *name);
// TLS with a token and no certificate; plaintext with a token. `token` may be NULL.
Client home_token_client(Home *home, const char *token);
Client home_plaintext_client(Home *home, const char *token);
// What grpc.health.v1 says of a service; NOT_SERVING if it does not answer.
bool home_healthy(Client *client, const char *service);
