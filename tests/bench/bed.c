#include "bed.h"

#include "rules.h"

#include "base/file.h"
#include "wire/wire.h"

#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

// Where the event ID goes: as long as an ID.
#define EVENT_PLACE "event-id-0123456789abcdef"

static Str pack(Arena *arena, const ProtobufCMessage *message)
{
	Str bytes;
	bench_must(wire_pack(message, arena, &bytes));
	return bytes;
}

static void open_session(Bed *bed, size_t number)
{
	Client *client = &bed->touchpoint;
	int64_t values[RULES_ATTRIBUTES];
	char *id = arena_printf(bed->arena, "5e551014-bede-4000-8000-%012zx", number);
	StartSessionRequest *start = new_start(client, id, (int64_t)number);
	start->parameters = ARENA_ARRAY(client->arena, NamedValue *, RULES_ATTRIBUTES);
	start->n_parameters = RULES_ATTRIBUTES;
	rules_visitor(number, values);
	for (uint32_t i = 0; i < RULES_ATTRIBUTES; i++)
		start->parameters[i] = int_value(client, rules_attribute(i), values[i]);
	StartSessionResponse *started;
	GetOffersResponse *offers;
	GetOffersRequest *ask = new_offers(client, id, "home-banner", RULES_TAKEN);
	bench_must(start_session(client, start, &started));
	bench_must(get_offers(client, ask, &offers));
	bed->get_offers[number] = pack(bed->arena, &ask->base);
	if (offers->points[0]->n_offers == 0) {
		fprintf(stderr, "session %zu is offered nothing: no rule is eligible\n", number);
		exit(1);
	}
	bed->post_event[number] = pack(bed->arena,
	        &new_event(client, id, EVENT_PLACE, "shown", offers->points[0]->offers[0]->treatment_code)
	                 ->base);
	arena_reset(client->arena);
}

static const char *pem(Bed *bed, const char *name)
{
	Str text;
	const char *path = arena_printf(bed->arena, "%s/%s", bed->home.dir, name);
	bench_must(file_read(path, 64 * 1024, bed->arena, &text));
	return text.ptr;
}

static void deploy(Bed *bed, size_t rules)
{
	RuleSet set;
	CLEANUP(arena_freep) Arena *arena = arena_new(1 << 20, 0);
	Client design = home_client(&bed->home, "design");
	rules_make(rules, arena, &set);
	must_deploy(&design, set.snapshot, 1, NULL);
	client_free(&design);
}

static Home *running; // at most one

static void stop_runtime(void)
{
	if (running != NULL)
		home_remove(running);
	running = NULL;
}

void bed_make(Bed *bed, size_t rules)
{
	static bool registered;
	*bed = (Bed){.arena = arena_new(1 << 20, 0)};
	home_make(&bed->home);
	if (!registered)
		atexit(stop_runtime);
	registered = true;
	running = &bed->home;
	home_configure(&bed->home, "journal: {quota: 64GiB}\n");
	if (home_start(&bed->home) != -1) {
		fprintf(stderr, "parley-runtime does not start\n");
		exit(1);
	}
	deploy(bed, rules);
	bed->touchpoint = home_plaintext_client(&bed->home, TEST_TOKEN);
	for (size_t i = 0; i < BED_SESSIONS; i++)
		open_session(bed, i);
	bed->tls = (LoadTls){.ca = pem(bed, "ca.crt"),
	        .certificate = pem(bed, "touchpoint.crt"),
	        .key = pem(bed, "touchpoint.key"),
	        .name = "localhost"};
}

void bed_remove(Bed *bed)
{
	client_free(&bed->touchpoint);
	stop_runtime();
	arena_free(bed->arena);
}

Str bed_event_request(const Bed *bed, size_t session, char space[EVENT_REQUEST_MAX])
{
	static uint64_t events;
	Str template = bed->post_event[session];
	char id[sizeof EVENT_PLACE];
	memcpy(space, template.ptr, template.len);
	snprintf(id, sizeof id, "event-id-%016llx", (unsigned long long)++events);
	memcpy(memmem(space, template.len, EVENT_PLACE, strlen(EVENT_PLACE)), id, strlen(id));
	return str_n(space, template.len);
}

// --- floors ---

void floor_start(FloorServer *floor, const char *path, size_t bytes)
{
	char size[32], said[32] = "";
	int out[2];
	posix_spawn_file_actions_t actions;
	char *argv[] = {(char *)"floor_server", size, (char *)(uintptr_t)path, NULL};
	snprintf(size, sizeof size, "%zu", bytes);
	if (pipe2(out, O_CLOEXEC) != 0)
		bench_die("pipe");
	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_adddup2(&actions, out[1], 1);
	if (posix_spawn(&floor->pid, FLOOR_SERVER, &actions, NULL, argv, environ) != 0)
		bench_die(FLOOR_SERVER);
	posix_spawn_file_actions_destroy(&actions);
	close(out[1]);
	if (read(out[0], said, sizeof said - 1) <= 0 || (floor->port = atoi(said)) == 0)
		bench_die("floor_server says no port");
	close(out[0]);
}

void floor_stop(FloorServer *floor)
{
	kill(floor->pid, SIGKILL);
	waitpid(floor->pid, NULL, 0);
}

double process_cpu_us(pid_t pid)
{
	char path[64], text[512] = "";
	unsigned long user = 0, system = 0;
	snprintf(path, sizeof path, "/proc/%d/stat", (int)pid);
	FILE *file = fopen(path, "re");
	if (file == NULL || fgets(text, sizeof text, file) == NULL)
		bench_die(path);
	fclose(file);
	const char *name_end = strrchr(text, ')');
	if (name_end == NULL || sscanf(name_end + 1, " %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %lu %lu",
	                                &user, &system) != 2)
		bench_die(path);
	return (double)(user + system) * 1e6 / (double)sysconf(_SC_CLK_TCK);
}
