// Health and reflection, as stock clients ask them.
#include "fixture.h"

#include "google/protobuf/descriptor.pb-c.h"
#include "grpc/health/v1/health.pb-c.h"
#include "grpc/reflection/v1/reflection.pb-c.h"

#include <stdio.h>

#define INTERACTION "parley.runtime.v1.InteractionService"

typedef Grpc__Health__V1__HealthCheckResponse HealthResponse;
typedef Grpc__Reflection__V1__ServerReflectionRequest ReflectionRequest;
typedef Grpc__Reflection__V1__ServerReflectionResponse ReflectionResponse;

enum { SERVING = 1, NOT_SERVING = 2, SERVICE_UNKNOWN = 3, ENDED = -1 };

static const char v1[] = "/grpc.reflection.v1.ServerReflection/ServerReflectionInfo";
static const char v1alpha[] = "/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo";

static Err check(Fixture *fixture, const char *service, int *ret)
{
	Grpc__Health__V1__HealthCheckRequest request = GRPC__HEALTH__V1__HEALTH_CHECK_REQUEST__INIT;
	ProtobufCMessage *response;

	request.service = (char *)service;
	TRY(rpc_call(fixture->client, &grpc__health__v1__health__descriptor, "Check", &request.base, 5000,
	        fixture->arena, &response));
	*ret = (int)((HealthResponse *)response)->status;
	return OK;
}

static Err refuse(void *context, RpcCall *call, const RpcMethod *method, const RpcPeer *peer, Arena *arena,
        void **ret_principal)
{
	(void)context, (void)call, (void)method, (void)peer, (void)arena, (void)ret_principal;
	return err(ERR_UNAUTHENTICATED, "nobody gets in");
}

static void health_is_told_to_anybody(void **state)
{
	Fixture fixture;
	int status;

	(void)state;
	fixture_start(&fixture, (RpcServerOptions){.authorize = refuse});
	assert_int_equal(start_session(&fixture, fixture.client, "s", NULL), ERR_UNAUTHENTICATED);
	assert_int_equal(check(&fixture, "", &status), OK);
	assert_int_equal(status, SERVING);
	rpc_server_set_health(fixture.server, INTERACTION, false);
	assert_int_equal(check(&fixture, INTERACTION, &status), OK);
	assert_int_equal(status, NOT_SERVING);
	assert_int_equal(check(&fixture, "", &status), OK);
	assert_int_equal(status, SERVING);
	assert_int_equal(check(&fixture, "no.Such", &status), ERR_RESOURCE_NOT_FOUND);
	fixture_stop(&fixture);
}

static void watch(RawStream *stream, Fixture *fixture, const char *service)
{
	Grpc__Health__V1__HealthCheckRequest request = GRPC__HEALTH__V1__HEALTH_CHECK_REQUEST__INIT;

	request.service = (char *)service;
	raw_open(stream, fixture->target, "/grpc.health.v1.Health/Watch");
	raw_send(stream, &request.base);
	raw_half_close(stream);
}

static int next_state(RawStream *stream, Fixture *fixture)
{
	const HealthResponse *response = (const HealthResponse *)raw_receive(
	        stream, &grpc__health__v1__health_check_response__descriptor, fixture->arena);

	return response ? (int)response->status : ENDED;
}

static void watchers_hear_of_changes(void **state)
{
	Fixture fixture;
	RawStream one, all, unknown;

	(void)state;
	fixture_start(&fixture, (RpcServerOptions){0});
	watch(&one, &fixture, INTERACTION);
	watch(&all, &fixture, "");
	watch(&unknown, &fixture, "no.Such");
	assert_int_equal(next_state(&one, &fixture), SERVING);
	assert_int_equal(next_state(&all, &fixture), SERVING);
	assert_int_equal(next_state(&unknown, &fixture), SERVICE_UNKNOWN);
	rpc_server_set_health(fixture.server, INTERACTION, false);
	assert_int_equal(next_state(&one, &fixture), NOT_SERVING);
	rpc_server_set_health(fixture.server, INTERACTION, true);
	assert_int_equal(next_state(&one, &fixture), SERVING);
	raw_close(&one); // leaves without a word
	rpc_server_stop(fixture.server);
	assert_int_equal(next_state(&all, &fixture), NOT_SERVING); // and not a repetition before
	assert_int_equal(next_state(&all, &fixture), ENDED);
	assert_int_equal(raw_status(&all).code, GRPC_STATUS_UNAVAILABLE);
	raw_close(&all);
	raw_close(&unknown);
	fixture_stop(&fixture);
}

static void watchers_are_bounded(void **state)
{
	enum { MOST = 64 };
	Fixture fixture;
	RawStream streams[MOST], late;

	(void)state;
	fixture_start(&fixture, (RpcServerOptions){0});
	for (int i = 0; i < MOST; i++) {
		watch(&streams[i], &fixture, "");
		assert_int_equal(next_state(&streams[i], &fixture), SERVING);
	}
	raw_open(&late, fixture.target, "/grpc.health.v1.Health/Watch");
	assert_int_equal(raw_status(&late).code, GRPC_STATUS_RESOURCE_EXHAUSTED);
	raw_close(&late);
	for (int i = 0; i < MOST; i++)
		raw_close(&streams[i]);
	fixture_stop(&fixture);
}

static ReflectionResponse *ask(RawStream *stream, Fixture *fixture, int what, const char *name)
{
	ReflectionRequest request = GRPC__REFLECTION__V1__SERVER_REFLECTION_REQUEST__INIT;

	request.message_request_case =
	        (Grpc__Reflection__V1__ServerReflectionRequest__MessageRequestCase)what;
	request.list_services = (char *)name; // all the alternatives used here are texts
	raw_send(stream, &request.base);
	return (ReflectionResponse *)raw_receive(
	        stream, &grpc__reflection__v1__server_reflection_response__descriptor, fixture->arena);
}

static bool lists(const ReflectionResponse *response, const char *service)
{
	for (size_t i = 0; i < response->list_services_response->n_service; i++)
		if (strcmp(response->list_services_response->service[i]->name, service) == 0)
			return true;
	return false;
}

static bool brings(const ReflectionResponse *response, const char *file)
{
	const Grpc__Reflection__V1__FileDescriptorResponse *files = response->file_descriptor_response;
	bool found = false;

	assert_int_equal(response->message_response_case, 4);
	for (size_t i = 0; i < files->n_file_descriptor_proto; i++) {
		Google__Protobuf__FileDescriptorProto *proto =
		        google__protobuf__file_descriptor_proto__unpack(NULL,
		                files->file_descriptor_proto[i].len, files->file_descriptor_proto[i].data);

		assert_non_null(proto);
		found = found || strcmp(proto->name, file) == 0;
		google__protobuf__file_descriptor_proto__free_unpacked(proto, NULL);
	}
	return found;
}

static void reflection_describes_the_server(void **state)
{
	static const char *const symbols[] = {INTERACTION, INTERACTION ".GetOffers",
	        "parley.runtime.v1.Value", "parley.runtime.v1.Value.int_value"};
	static const char file[] = "parley/runtime/v1/interaction.proto";
	const char *path = *state;
	Fixture fixture;
	RawStream stream;
	ReflectionResponse *response;

	fixture_start(&fixture, (RpcServerOptions){0});
	raw_open(&stream, fixture.target, path);
	response = ask(&stream, &fixture, 7, "");
	assert_int_equal(response->list_services_response->n_service, 4);
	assert_true(lists(response, INTERACTION));
	assert_true(lists(response, "grpc.health.v1.Health"));
	assert_true(lists(response, "grpc.reflection.v1.ServerReflection"));
	assert_true(lists(response, "grpc.reflection.v1alpha.ServerReflection"));
	for (size_t i = 0; i < ARRAY_COUNT(symbols); i++)
		assert_true(brings(ask(&stream, &fixture, 4, symbols[i]), file));
	response = ask(&stream, &fixture, 3, file);
	assert_true(brings(response, file));
	assert_true(brings(response, "google/protobuf/timestamp.proto"));
	assert_int_equal(ask(&stream, &fixture, 6, "parley.runtime.v1.Value")->message_response_case, 5);
	assert_int_equal(ask(&stream, &fixture, 3, "no/such.proto")->error_response->error_code,
	        GRPC_STATUS_NOT_FOUND);
	assert_int_equal(ask(&stream, &fixture, 4, "parley.runtime.v1.Valu")->error_response->error_code,
	        GRPC_STATUS_NOT_FOUND);
	raw_half_close(&stream);
	assert_int_equal(raw_status(&stream).code, GRPC_STATUS_OK);
	raw_close(&stream);
	fixture_stop(&fixture);
}

static void malformed_messages_end_a_stream(void **state)
{
	static const char *const paths[] = {"/grpc.health.v1.Health/Watch", v1, v1alpha};
	Fixture fixture;

	(void)state;
	fixture_start(&fixture, (RpcServerOptions){0});
	for (size_t i = 0; i < ARRAY_COUNT(paths); i++) {
		RawAnswer answer = raw_call(fixture.target, paths[i], "\x0a\x09x", 3, 5000);

		assert_int_equal(answer.code, GRPC_STATUS_INVALID_ARGUMENT);
		assert_true(answer.has_details);
	}
	fixture_stop(&fixture);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(health_is_told_to_anybody),
	        cmocka_unit_test(watchers_hear_of_changes),
	        cmocka_unit_test(watchers_are_bounded),
	        cmocka_unit_test_prestate(reflection_describes_the_server, (void *)v1),
	        cmocka_unit_test_prestate(reflection_describes_the_server, (void *)v1alpha),
	        cmocka_unit_test(malformed_messages_end_a_stream),
	};
	int failed;

	rpc_init();
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	rpc_shutdown();
	return failed;
}
