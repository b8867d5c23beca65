// Spans from the calls of a server to a collector, and what becomes of them when it is away.
#include "collector.h"
#include "fixture.h"

#include "metrics/metrics.h"
#include "trace/trace.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum { SPANS_MAX = 256, PATIENCE_S = 30 };

#define TRACE      "0af7651916cd43dd8448eb211c80319c"
#define CALLER     "b7ad6b7169203331"
#define SAMPLED    "00-" TRACE "-" CALLER "-01"
#define NOT_TRACED "00-" TRACE "-" CALLER "-00"

typedef struct Seen {
	char trace[33], span[17], parent[17], name[130];
	int kind;
	bool failed;
	uint64_t begun, ended;
	int64_t status;
	size_t attributes;
} Seen;

// What the collector has, and a server whose calls are traced.
typedef struct World {
	Collector collector;
	char endpoint[32];
	pthread_mutex_t lock;
	pthread_cond_t changed;
	Seen seen[SPANS_MAX];
	size_t count;
	Tracer *tracer;
	Fixture server;
	Arena *arena;
	int refused, taken; // times that on_change told
} World;

// --- the collector's side ---

static void hex(ProtobufCBinaryData bytes, char *ret)
{
	hex_encode(bytes.data, bytes.len, ret);
	ret[2 * bytes.len] = '\0';
}

static void see(void *context, const OtlpResource *resource, const OtlpSpan *span)
{
	World *world = context;
	Seen seen = {.kind = (int)span->kind,
	        .failed = span->status != NULL,
	        .begun = span->start_time_unix_nano,
	        .ended = span->end_time_unix_nano,
	        .attributes = span->n_attributes};
	const OtlpAttribute *status = collector_attribute(span, "rpc.grpc.status_code");
	assert_string_equal(collector_program(resource), "a program");
	hex(span->trace_id, seen.trace);
	hex(span->span_id, seen.span);
	hex(span->parent_span_id, seen.parent);
	snprintf(seen.name, sizeof seen.name, "%s", span->name);
	seen.status = status != NULL ? status->value->int_value : -1;
	pthread_mutex_lock(&world->lock);
	assert_true(world->count < SPANS_MAX);
	world->seen[world->count++] = seen;
	pthread_cond_broadcast(&world->changed);
	pthread_mutex_unlock(&world->lock);
}

static void changed(void *context, bool taken, const ErrDetail *why)
{
	World *world = context;
	assert_int_equal(taken, why == NULL);
	pthread_mutex_lock(&world->lock);
	world->refused += !taken;
	world->taken += taken;
	pthread_cond_broadcast(&world->changed);
	pthread_mutex_unlock(&world->lock);
}

static bool wait_for(World *world, const size_t *count, size_t wanted, const int *times, int times_wanted)
{
	struct timespec until;
	int late = 0;
	clock_gettime(CLOCK_REALTIME, &until);
	until.tv_sec += PATIENCE_S;
	pthread_mutex_lock(&world->lock);
	while (late == 0 && (*count < wanted || *times < times_wanted))
		late = pthread_cond_timedwait(&world->changed, &world->lock, &until);
	pthread_mutex_unlock(&world->lock);
	return late == 0;
}

static const Seen *spans(World *world, size_t wanted)
{
	assert_true(wait_for(world, &world->count, wanted, &world->taken, 0));
	return world->seen;
}

static const Seen *named(World *world, const char *name)
{
	for (size_t i = 0; i < world->count; i++)
		if (strcmp(world->seen[i].name, name) == 0)
			return &world->seen[i];
	fail_msg("no span %s", name);
	return NULL;
}

// --- the server's side ---

static void world_start(World *world, TracerOptions options)
{
	*world = (World){.collector = {.each = see, .context = world}, .arena = arena_new(4096, 0)};
	pthread_mutex_init(&world->lock, NULL);
	pthread_cond_init(&world->changed, NULL);
	assert_int_equal(collector_start(&world->collector, "127.0.0.1:0"), OK);
	snprintf(world->endpoint, sizeof world->endpoint, "127.0.0.1:%d", world->collector.port);
	options.endpoint = world->endpoint;
	options.wall = clock_system();
	options.program = STR("a program");
	options.on_change = changed;
	options.context = world;
	assert_int_equal(tracer_open(&options, &world->tracer), OK);
	fixture_start(&world->server, (RpcServerOptions){.observer = tracer_observer(world->tracer)});
}

static void world_end(World *world)
{
	fixture_stop(&world->server);
	tracer_close(world->tracer);
	collector_stop(&world->collector);
	arena_free(world->arena);
	pthread_mutex_destroy(&world->lock);
	pthread_cond_destroy(&world->changed);
}

static Err call_as(World *world, const char *traceparent, const char *method, const char *how)
{
	CLEANUP(rpc_client_freep) RpcClient *client = NULL;
	const RpcClientOptions options = {.target = world->server.target, .traceparent = traceparent};
	assert_int_equal(rpc_client_new(&options, &client), OK);
	return call_simply(&world->server, client, method, how, 5000);
}

static uint64_t figure(World *world, const char *sample)
{
	Metrics *metrics = metrics_new(world->arena);
	Str text;
	tracer_metrics(world->tracer, metrics);
	assert_int_equal(metrics_text(metrics, &text), OK);
	const char *found = strstr(arena_cstr(world->arena, text), sample);
	assert_non_null(found);
	return strtoull(found + strlen(sample), NULL, 10);
}

#define TAKEN    "parley_trace_spans_total{result=\"taken\"} "
#define DROPPED  "parley_trace_spans_total{result=\"dropped\"} "
#define REJECTED "parley_trace_spans_total{result=\"rejected\"} "
#define FAILURES "\nparley_trace_export_failures_total "

// --- stories ---

static void a_sampled_call_is_a_span_of_its_callers_trace(void **state)
{
	World world;
	(void)state;
	world_start(&world, (TracerOptions){0});
	assert_int_equal(call_as(&world, SAMPLED, "PostEvent", "x"), OK); // answered by another thread
	const Seen *seen = spans(&world, 1);
	assert_string_equal(seen->trace, TRACE);
	assert_string_equal(seen->parent, CALLER);
	assert_string_not_equal(seen->span, CALLER);
	assert_string_equal(seen->name, "parley.runtime.v1.InteractionService/PostEvent");
	assert_int_equal(seen->kind, OPENTELEMETRY__PROTO__TRACE__V1__SPAN__SPAN_KIND__SPAN_KIND_SERVER);
	assert_int_equal(seen->status, 0);
	assert_false(seen->failed);
	assert_int_equal(seen->attributes, 4);
	assert_true(seen->begun <= seen->ended);
	assert_true(llabs(clock_now_us(clock_system()) - (int64_t)(seen->begun / 1000)) < 60 * US_PER_S);
	world_end(&world);
}

static void calls_that_nobody_samples_are_not_traced(void **state)
{
	World world;
	(void)state;
	world_start(&world, (TracerOptions){0});
	assert_int_equal(call_as(&world, NOT_TRACED, "PostEvent", "x"), OK);
	assert_int_equal(call_as(&world, NULL, "PostEvent", "x"), OK);
	assert_int_equal(call_as(&world, "00-nonsense", "PostEvent", "x"), OK);
	assert_int_equal(call_as(&world, SAMPLED, "GetOffers", "plain"), ERR_SESSION_UNKNOWN);
	assert_string_equal(spans(&world, 1)->name, "parley.runtime.v1.InteractionService/GetOffers");
	world_end(&world);
	assert_int_equal(world.count, 1);
}

static void the_callers_mistakes_are_no_failures(void **state)
{
	World world;
	(void)state;
	world_start(&world, (TracerOptions){0});
	assert_int_equal(call_as(&world, SAMPLED, "GetOffers", "plain"), ERR_SESSION_UNKNOWN);
	assert_false(spans(&world, 1)[0].failed);
	assert_int_equal(world.seen[0].status, err_status(ERR_SESSION_UNKNOWN));
	assert_int_equal(call_as(&world, SAMPLED, "GetOffers", "retry"), ERR_DB_UNAVAILABLE);
	assert_true(spans(&world, 2)[1].failed);
	world_end(&world);
}

static void the_ratio_begins_traces_of_its_own(void **state)
{
	World world;
	(void)state;
	world_start(&world, (TracerOptions){.ratio = 1000000});
	assert_int_equal(call_as(&world, NOT_TRACED, "PostEvent", "x"), OK); // the caller decides
	assert_int_equal(call_as(&world, NULL, "PostEvent", "x"), OK);
	assert_int_equal(call_as(&world, "00-nonsense", "PostEvent", "x"), OK);
	spans(&world, 2);
	assert_string_equal(world.seen[0].parent, "");
	assert_string_not_equal(world.seen[0].trace, TRACE);
	assert_string_not_equal(world.seen[0].trace, world.seen[1].trace);
	world_end(&world);
	assert_int_equal(world.count, 2);
}

static void parts_lie_within_the_whole(void **state)
{
	const uint8_t ids[TRACE_CONTEXT_SIZE] = {1, [TRACE_ID_SIZE] = 2};
	Str kept = str_n((const char *)ids, sizeof ids);
	World world;
	(void)state;
	world_start(&world, (TracerOptions){0});
	assert_null(trace_span_after(world.tracer, STR("short"), "whole", 0, world.arena));
	TraceSpan *whole = trace_span_after(world.tracer, kept, "whole", monotonic_us(), world.arena);
	TraceSpan *part = trace_span_within(whole, "part", world.arena);
	for (int i = 0; i < 20; i++)
		trace_span_number(part, "n", i);
	trace_span_text(part, "long", str(arena_printf(world.arena, "%0500d", 1)));
	trace_span_end(part, ERR_INTERNAL);
	trace_span_end(whole, OK);
	spans(&world, 2);
	const Seen *outer = named(&world, "whole"), *inner = named(&world, "part");
	assert_string_equal(outer->trace, "01000000000000000000000000000000");
	assert_string_equal(outer->parent, "0200000000000000");
	assert_string_equal(inner->trace, outer->trace);
	assert_string_equal(inner->parent, outer->span);
	assert_true(inner->failed && !outer->failed);
	assert_true(outer->begun <= inner->begun && inner->ended <= outer->ended);
	assert_int_equal(inner->attributes, 10);
	world_end(&world);
}

// What is not traced costs nothing and hurts nobody.
static void nothing_comes_of_no_span(void **state)
{
	(void)state;
	assert_null(trace_span_within(NULL, "part", NULL));
	assert_null(trace_span_after(NULL, STR(""), "part", 0, NULL));
	assert_int_equal(trace_span_ids(NULL).len, 0);
	trace_span_text(NULL, "key", STR("value"));
	trace_span_number(NULL, "key", 1);
	trace_span_end(NULL, OK);
	assert_null(tracer_observer(NULL));
	tracer_close(NULL);
}

static void a_collector_that_is_away_disturbs_no_call(void **state)
{
	enum { CALLS = 40, ROOM = 8 };
	World world;
	(void)state;
	world_start(&world, (TracerOptions){.room = ROOM});
	collector_stop(&world.collector);
	for (int i = 0; i < CALLS; i++)
		assert_int_equal(call_as(&world, SAMPLED, "PostEvent", "x"), OK);
	assert_true(wait_for(&world, &world.count, 0, &world.refused, 1));
	for (int i = 0; i < CALLS; i++)
		assert_int_equal(call_as(&world, SAMPLED, "PostEvent", "x"), OK);
	assert_true(figure(&world, DROPPED) > 0);
	assert_true(figure(&world, FAILURES) > 0);
	assert_int_equal(figure(&world, TAKEN), 0);

	assert_int_equal(collector_start(&world.collector, world.endpoint), OK);
	assert_true(wait_for(&world, &world.count, ROOM, &world.taken, 1));
	assert_int_equal(call_as(&world, SAMPLED, "GetOffers", "plain"), ERR_SESSION_UNKNOWN);
	size_t dropped = figure(&world, DROPPED);
	spans(&world, 2 * CALLS + 1 - dropped); // what was not dropped has all come, once
	world_end(&world);
	assert_int_equal(world.count, 2 * CALLS + 1 - dropped);
	assert_int_equal(world.refused, 1);
	assert_int_equal(world.taken, 1);
}

static void what_the_collector_rejects_is_counted(void **state)
{
	World world;
	(void)state;
	world_start(&world, (TracerOptions){0});
	atomic_store(&world.collector.rejects, 1);
	assert_int_equal(call_as(&world, SAMPLED, "PostEvent", "x"), OK);
	spans(&world, 1);
	atomic_store(&world.collector.rejects, -1);
	assert_int_equal(call_as(&world, SAMPLED, "PostEvent", "x"), OK);
	assert_true(wait_for(&world, &world.count, 0, &world.refused, 1));
	atomic_store(&world.collector.rejects, 0);
	assert_int_equal(call_as(&world, SAMPLED, "PostEvent", "x"), OK);
	assert_true(wait_for(&world, &world.count, 2, &world.taken, 1));
	assert_int_equal(figure(&world, REJECTED), 2);
	assert_int_equal(figure(&world, FAILURES), 1);
	world_end(&world);
}

static void what_waits_is_handed_over_at_the_end(void **state)
{
	World world;
	(void)state;
	world_start(&world, (TracerOptions){0});
	for (int i = 0; i < 20; i++)
		assert_int_equal(call_as(&world, SAMPLED, "PostEvent", "x"), OK);
	world_end(&world);
	assert_int_equal(world.count, 20);
}

static void a_collector_elsewhere_needs_tls(void **state)
{
	Tracer *tracer = NULL;
	(void)state;
	assert_int_equal(
	        tracer_open(&(TracerOptions){.endpoint = "192.0.2.1:4317", .wall = clock_system()}, &tracer),
	        ERR_CONFIG_INVALID);
	assert_null(tracer);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(a_sampled_call_is_a_span_of_its_callers_trace),
	        cmocka_unit_test(calls_that_nobody_samples_are_not_traced),
	        cmocka_unit_test(the_callers_mistakes_are_no_failures),
	        cmocka_unit_test(the_ratio_begins_traces_of_its_own),
	        cmocka_unit_test(parts_lie_within_the_whole),
	        cmocka_unit_test(nothing_comes_of_no_span),
	        cmocka_unit_test(a_collector_that_is_away_disturbs_no_call),
	        cmocka_unit_test(what_the_collector_rejects_is_counted),
	        cmocka_unit_test(what_waits_is_handed_over_at_the_end),
	        cmocka_unit_test(a_collector_elsewhere_needs_tls),
	};
	int failed;

	rpc_init();
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	rpc_shutdown();
	return failed;
}
