// Who gets in: certificates, tokens, plaintext, and the authorisation that runs before a body is parsed.
#include "fixture.h"

#include <stdio.h>

static Certificates made;

// Lets in touchpoints by certificate and anybody with the right token.
static Err authorize(void *context, RpcCall *call, const RpcMethod *method, const RpcPeer *peer, Arena *arena,
        void **ret_principal)
{
	(void)context;
	(void)call;
	if (!str_starts(peer->identity, STR("spiffe://parley/touchpoint/")) &&
	        !str_eq(peer->token, STR("open-sesame")))
		return err(ERR_UNAUTHENTICATED, "show a touchpoint's certificate or token");
	*ret_principal = arena_printf(arena, "principal %u", method->access);
	return OK;
}

static void start(Fixture *fixture, bool require_certificate)
{
	const RpcTls tls = {
	        .certificate_file = made.server[0],
	        .key_file = made.server[1],
	        .ca_file = made.ca,
	        .require_client_certificate = require_certificate,
	};
	const RpcListener listeners[] = {{.address = "127.0.0.1:0", .tls = &tls, .ret_port = &fixture->port}};

	fixture_start(fixture,
	        (RpcServerOptions){.listeners = listeners, .listener_count = 1, .authorize = authorize});
	snprintf(fixture->target, sizeof(fixture->target), "127.0.0.1:%d", fixture->port);
}

static RpcClient *connect_with(
        const Fixture *fixture, char certificate[2][128], const char *ca, const char *name, const char *token)
{
	const RpcTls tls = {
	        .certificate_file = certificate ? certificate[0] : NULL,
	        .key_file = certificate ? certificate[1] : NULL,
	        .ca_file = ca,
	};
	const RpcClientOptions options = {
	        .target = fixture->target, .tls = &tls, .tls_name = name, .token = token};
	RpcClient *client;

	if (rpc_client_new(&options, &client) != OK)
		fail_msg("%s", err_detail()->message);
	return client;
}

static void a_certificate_is_an_identity(void **state)
{
	Fixture fixture;
	Parley__Runtime__V1__StartSessionResponse *response;

	(void)state;
	start(&fixture, true);
	fixture.client = connect_with(&fixture, made.touchpoint, made.ca, "localhost", NULL);
	assert_int_equal(start_session(&fixture, fixture.client, "s", &response), OK);
	assert_string_equal(response->segments[1], "spiffe://parley/touchpoint/test/kiosk");
	assert_string_equal(response->segments[2], "");
	assert_string_equal(response->segments[3], "tls");
	assert_string_equal(response->segments[5], "principal 1");
	fixture_stop(&fixture);
}

static void a_token_is_enough_where_no_certificate_is_required(void **state)
{
	Fixture fixture;
	Parley__Runtime__V1__StartSessionResponse *response;

	(void)state;
	start(&fixture, false);
	fixture.client = connect_with(&fixture, NULL, made.ca, NULL, "open-sesame");
	assert_int_equal(start_session(&fixture, fixture.client, "s", &response), OK);
	assert_string_equal(response->segments[1], "");
	assert_string_equal(response->segments[2], "open-sesame");
	fixture_stop(&fixture);
}

static void who_shows_nothing_is_refused_before_parsing(void **state)
{
	Fixture fixture;

	(void)state;
	start(&fixture, false);
	fixture.client = connect_with(&fixture, NULL, made.ca, NULL, "wrong");
	assert_int_equal(start_session(&fixture, fixture.client, "\xc3\x28", NULL), ERR_UNAUTHENTICATED);
	assert_string_equal(err_detail()->message, "show a touchpoint's certificate or token");
	assert_int_equal(fixture.handled, 0);
	fixture_stop(&fixture);
}

static void refused_at_the_handshake(Fixture *fixture, RpcClient *client, const char *message_has)
{
	assert_int_equal(start_session(fixture, client, "s", NULL), ERR_UNAVAILABLE);
	assert_non_null(strstr(err_detail()->message, fixture->target));
	assert_non_null(strstr(err_detail()->message, message_has));
	assert_int_equal(fixture->handled, 0);
	rpc_client_free(client);
}

static void bad_certificates_end_the_handshake(void **state)
{
	Fixture fixture;

	(void)state;
	start(&fixture, true);
	refused_at_the_handshake(&fixture,
	        connect_with(&fixture, made.stranger, made.ca, NULL, "open-sesame"), "certificates fit");
	refused_at_the_handshake(
	        &fixture, connect_with(&fixture, NULL, made.ca, NULL, "open-sesame"), "certificates fit");
	refused_at_the_handshake(&fixture,
	        connect_with(&fixture, made.touchpoint, made.stranger_ca, NULL, NULL), "certificates fit");
	refused_at_the_handshake(&fixture,
	        connect_with(&fixture, made.touchpoint, made.ca, "elsewhere.example", NULL),
	        "certificates fit");
	fixture_stop(&fixture);
}

static void a_strangers_certificate_is_no_identity_even_if_optional(void **state)
{
	Fixture fixture;

	(void)state;
	start(&fixture, false);
	refused_at_the_handshake(
	        &fixture, connect_with(&fixture, made.stranger, made.ca, NULL, NULL), "certificates fit");
	fixture_stop(&fixture);
}

static void plaintext_is_for_loopback_only(void **state)
{
	const RpcListener listener = {.address = "0.0.0.0:0"};
	const RpcServerOptions options = {.listeners = &listener, .listener_count = 1};
	RpcServer *server;
	RpcClient *client;

	(void)state;
	assert_int_equal(rpc_server_new(&options, &server), ERR_CONFIG_INVALID);
	assert_non_null(strstr(err_detail()->message, "plaintext"));
	assert_int_equal(
	        rpc_client_new(&(RpcClientOptions){.target = "192.0.2.1:7400"}, &client), ERR_CONFIG_INVALID);
	assert_int_equal(rpc_client_new(&(RpcClientOptions){.target = "127.evil.example:1"}, &client),
	        ERR_CONFIG_INVALID);
}

static Err try_server(const RpcTls *tls)
{
	const RpcListener listener = {.address = "127.0.0.1:0", .tls = tls};
	const RpcServerOptions options = {.listeners = &listener, .listener_count = 1};
	RpcServer *server;
	Err e;

	assert_int_equal(rpc_server_new(&options, &server), OK);
	e = rpc_server_start(server);
	rpc_server_free(server);
	return e;
}

static void wrong_files_are_named(void **state)
{
	(void)state;
	assert_int_equal(try_server(&(RpcTls){"/nowhere.crt", made.server[1], NULL, false}), ERR_IO);
	assert_non_null(strstr(err_detail()->message, "/nowhere.crt"));
	assert_int_equal(
	        try_server(&(RpcTls){made.server[1], made.server[1], NULL, false}), ERR_CONFIG_INVALID);
	assert_non_null(strstr(err_detail()->message, made.server[1]));
	assert_int_equal(
	        try_server(&(RpcTls){made.server[0], made.touchpoint[1], NULL, false}), ERR_CONFIG_INVALID);
	assert_non_null(strstr(err_detail()->message, made.touchpoint[1]));
	assert_int_equal(try_server(&(RpcTls){made.server[0], made.server[1], NULL, true}),
	        ERR_CONFIG_INVALID); // no CA file
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(a_certificate_is_an_identity),
	        cmocka_unit_test(a_token_is_enough_where_no_certificate_is_required),
	        cmocka_unit_test(who_shows_nothing_is_refused_before_parsing),
	        cmocka_unit_test(bad_certificates_end_the_handshake),
	        cmocka_unit_test(a_strangers_certificate_is_no_identity_even_if_optional),
	        cmocka_unit_test(plaintext_is_for_loopback_only),
	        cmocka_unit_test(wrong_files_are_named),
	};
	int failed;

	certificates_make(&made);
	rpc_init();
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	rpc_shutdown();
	certificates_remove(&made);
	return failed;
}
