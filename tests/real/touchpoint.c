#include "touchpoint.h"

#include "base/clock.h"

#include "parley/runtime/v1/interaction.pb-c.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { CALL_TIMEOUT_MS = 5000, PAUSE_MS = 50, DEFAULT_THREADS = 32 };

bool touchpoint_option(Touchpoint *touchpoint, int option, const char *value)
{
	const char **texts[128] = {['t'] = &touchpoint->client.target,
	        ['a'] = &touchpoint->tls.ca_file,
	        ['c'] = &touchpoint->tls.certificate_file,
	        ['k'] = &touchpoint->tls.key_file,
	        ['n'] = &touchpoint->channel,
	        ['o'] = &touchpoint->out};

	if (option == 'j')
		touchpoint->threads = (int)strtol(value, NULL, 10);
	else if (option == 'p')
		touchpoint->patience_ms = (int)strtol(value, NULL, 10) * 1000;
	else if (option > 0 && option < 128 && texts[option])
		*texts[option] = value;
	else
		return false;
	return true;
}

bool touchpoint_ready(const Touchpoint *touchpoint)
{
	const Touchpoint *t = touchpoint;

	return t->client.target && t->tls.ca_file && t->tls.certificate_file && t->tls.key_file &&
	       t->channel && t->out && t->threads >= 0 && t->threads <= TOUCHPOINT_THREADS_MAX;
}

Err touchpoint_connect(Touchpoint *touchpoint)
{
	touchpoint->client.tls = &touchpoint->tls;
	touchpoint->client.tls_name = "localhost";
	if (touchpoint->threads == 0)
		touchpoint->threads = DEFAULT_THREADS;
	for (size_t i = 0; i < TOUCHPOINT_CONNECTIONS; i++)
		TRY(rpc_client_new(&touchpoint->client, &touchpoint->clients[i]));
	return OK;
}

void touchpoint_close(Touchpoint *touchpoint)
{
	for (size_t i = 0; i < TOUCHPOINT_CONNECTIONS; i++)
		rpc_client_free(touchpoint->clients[i]);
}

// The server or its disk or database is away, or it has too much to do.
static bool passes(Err e)
{
	switch (err_status(e)) {
	case 1:  // CANCELLED
	case 4:  // DEADLINE_EXCEEDED
	case 8:  // RESOURCE_EXHAUSTED
	case 14: // UNAVAILABLE
		return true;
	default:
		return false;
	}
}

bool touchpoint_gives_up(Touchpoint *touchpoint, int64_t deadline_us)
{
	if (monotonic_us() >= deadline_us)
		return true;
	atomic_fetch_add(&touchpoint->retries, 1);
	(void)usleep(PAUSE_MS * 1000);
	return false;
}

Err touchpoint_call(Touchpoint *touchpoint, RpcClient *client, const char *method,
        const ProtobufCMessage *request, int64_t deadline_us, Arena *arena, ProtobufCMessage **ret)
{
	for (;;) {
		Err e = rpc_call(client, &parley__runtime__v1__interaction_service__descriptor, method,
		        request, CALL_TIMEOUT_MS, arena, ret);

		if (e == OK)
			atomic_fetch_add(&touchpoint->calls, 1);
		if (e == OK || !passes(e) || touchpoint_gives_up(touchpoint, deadline_us))
			return e;
	}
}

typedef struct Worker {
	pthread_t thread;
	int number;
	Err (*work)(void *context, int number);
	void *context;
	ErrDetail failure;
} Worker;

static void *worker(void *context)
{
	Worker *w = context;

	if (w->work(w->context, w->number) != OK)
		w->failure = *err_detail();
	return NULL;
}

Err touchpoint_run(Touchpoint *touchpoint, Err (*work)(void *context, int number), void *context)
{
	Worker workers[TOUCHPOINT_THREADS_MAX];
	Err e = OK;

	memset(workers, 0, sizeof(workers));
	for (int i = 0; i < touchpoint->threads; i++) {
		workers[i] = (Worker){.number = i, .work = work, .context = context};
		if (pthread_create(&workers[i].thread, NULL, worker, &workers[i]) != 0)
			abort(); // a test on a machine without room for its threads
	}
	for (int i = 0; i < touchpoint->threads; i++) {
		(void)pthread_join(workers[i].thread, NULL);
		if (workers[i].failure.id != OK && e == OK)
			e = err_restore(&workers[i].failure);
	}
	return e;
}

FILE *touchpoint_log(const Touchpoint *touchpoint, const char *what, int number)
{
	char path[4096];

	(void)snprintf(path, sizeof(path), "%s/%s.%d.csv", touchpoint->out, what, number);
	return fopen(path, "we");
}

int touchpoint_log_close(FILE *log)
{
	return log ? fclose(log) : 0;
}
