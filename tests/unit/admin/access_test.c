// Stories about who may what: roles, tokens, passwords, users.
#include "fixture.h"

#include "base/clock.h"

#include "parley/design/v1/deployment.pb-c.h"
#include "parley/design/v1/history.pb-c.h"

#include <stdio.h>

static Err outcome(Who who, const char *method, const char *request)
{
	json_t *answer = NULL;
	Err failed = ask_as(token_of(who), method, request, &answer);
	json_decref(answer);
	return failed;
}

// What access_table.h says of a caller who has a role for all environments. A request that gets past it fails
// otherwise, or not at all.
static void every_resource_asks_for_its_roles(void **state)
{
	(void)state;
	static const char *const kinds[] = {"Channel", "AudienceLevel", "Zone", "InteractionPoint", "Event",
	        "Segment", "OfferTemplate", "Offer", "TreatmentRule"};
	static const struct {
		const char *verb, *plural;
		bool changes;
	} verbs[] = {{"Get", "", false}, {"List", "s", false}, {"Create", "", true}, {"Update", "", true},
	        {"Delete", "", true}};
	for (size_t i = 0; i < ARRAY_COUNT(kinds); i++)
		for (size_t j = 0; j < ARRAY_COUNT(verbs); j++) {
			char method[96];
			snprintf(method, sizeof(method), "%sService/%s%s%s", kinds[i], verbs[j].verb,
			        kinds[i], verbs[j].plural);
			assert_int_equal(outcome(ANONYMOUS, method, "{}"), ERR_UNAUTHENTICATED);
			for (Who who = VIEWER; who < WHO_COUNT; who++) {
				bool may = !verbs[j].changes || who == DESIGNER || who == OTHER_DESIGNER ||
				           who == ADMINISTRATOR;
				Err got = outcome(who, method, "{}");
				if (may)
					assert_true(
					        got != ERR_PERMISSION_DENIED && got != ERR_UNAUTHENTICATED);
				else
					assert_int_equal(got, ERR_PERMISSION_DENIED);
			}
		}
}

static void users_are_for_administrators(void **state)
{
	(void)state;
	static const char *const methods[] = {"UserService/CreateUser", "UserService/ListUsers",
	        "UserService/UpdateUser", "UserService/DeleteUser", "UserService/GrantRole",
	        "UserService/RevokeRole", "UserService/ListGrants"};
	for (size_t i = 0; i < ARRAY_COUNT(methods); i++) {
		assert_int_equal(outcome(ANONYMOUS, methods[i], "{}"), ERR_UNAUTHENTICATED);
		for (Who who = VIEWER; who < ADMINISTRATOR; who++)
			assert_int_equal(outcome(who, methods[i], "{}"), ERR_PERMISSION_DENIED);
		assert_int_not_equal(outcome(ADMINISTRATOR, methods[i], "{}"), ERR_PERMISSION_DENIED);
	}
	assert_int_equal(outcome(ANONYMOUS, "AuditService/ListAuditEntries", "{}"), ERR_UNAUTHENTICATED);
	assert_int_equal(outcome(VIEWER, "AuditService/ListAuditEntries", "{}"), OK);
	must_fail(ERR_PERMISSION_DENIED, NULL,
	        "needs role designer or administrator in all environments, and vera is viewer: ask", VIEWER,
	        "ZoneService/CreateZone", "{}");
}

static void a_token_ends(void **state)
{
	(void)state;
	char token[64];
	json_t *who = NULL;
	CLEANUP(json_decrefp_)
	json_t *login = ask(ANONYMOUS, "AuthService/Login",
	        "{'user': 'vera', 'password': '" PASSWORD "', 'lifetimeS': 60}");
	assert_non_null(login);
	assert_string_equal(text_at(login, "role"), "ROLE_VIEWER");
	snprintf(token, sizeof(token), "%s", text_at(login, "token"));
	assert_int_equal(ask_as(token, "AuthService/WhoAmI", "{}", &who), OK);
	assert_string_equal(text_at(who, "user.name"), "vera");
	assert_string_equal(text_at(who, "expireTime"), text_at(login, "expireTime"));
	json_decref(who);
	now_us += 60 * US_PER_S;
	assert_int_equal(ask_as(token, "AuthService/WhoAmI", "{}", &who), ERR_TOKEN_EXPIRED);
	assert_non_null(strstr(err_detail()->message, "log in again"));
}

static void logout_ends_the_token_it_carries(void **state)
{
	(void)state;
	char token[64];
	json_t *answer = NULL;
	CLEANUP(json_decrefp_)
	json_t *login = ask(ANONYMOUS, "AuthService/Login", "{'user': 'vera', 'password': '" PASSWORD "'}");
	snprintf(token, sizeof(token), "%s", text_at(login, "token"));
	assert_int_equal(ask_as(token, "AuthService/Logout", "{}", &answer), OK);
	json_decref(answer);
	assert_int_equal(ask_as(token, "AuthService/WhoAmI", "{}", &answer), ERR_UNAUTHENTICATED);
	assert_int_equal(ask_as("made-up", "AuthService/WhoAmI", "{}", &answer), ERR_UNAUTHENTICATED);
	assert_int_equal(outcome(VIEWER, "AuthService/WhoAmI", "{}"), OK);
}

static void a_wrong_password_tells_nothing(void **state)
{
	(void)state;
	char unknown[sizeof(err_detail()->message)];
	must_fail(ERR_LOGIN_FAILED, NULL, "", ANONYMOUS, "AuthService/Login",
	        "{'user': 'nobody-here', 'password': 'guess'}");
	snprintf(unknown, sizeof(unknown), "%s", err_detail()->message);
	must_fail(ERR_LOGIN_FAILED, NULL, unknown, ANONYMOUS, "AuthService/Login",
	        "{'user': 'vera', 'password': 'guess'}");
	must_fail(ERR_FIELD_INVALID, "lifetime_s", "90 days", ANONYMOUS, "AuthService/Login",
	        "{'user': 'vera', 'password': '" PASSWORD "', 'lifetimeS': 7776001}");
}

static void guessing_gets_slower(void **state)
{
	(void)state;
	for (int i = 0; i < 5; i++)
		must_fail(ERR_LOGIN_FAILED, NULL, "", ANONYMOUS, "AuthService/Login",
		        "{'user': 'anna', 'password': 'guess %d'}", i);
	must_fail(ERR_LIMIT, NULL, "try again in", ANONYMOUS, "AuthService/Login",
	        "{'user': 'anna', 'password': '" PASSWORD "'}");
	assert_in_range(err_detail()->retry_after_ms, 1, 1000);
	must(ANONYMOUS, "AuthService/Login",
	        "{'user': 'vera', 'password': '" PASSWORD "'}"); // others are not slowed
	now_us += 2 * US_PER_S;
	must_fail(ERR_LOGIN_FAILED, NULL, "", ANONYMOUS, "AuthService/Login",
	        "{'user': 'anna', 'password': 'guess'}");
	now_us += US_PER_S;
	must_fail(ERR_LIMIT, NULL, "", ANONYMOUS, "AuthService/Login",
	        "{'user': 'anna', 'password': '" PASSWORD "'}");
	now_us += 5 * US_PER_S;
	must(ANONYMOUS, "AuthService/Login", "{'user': 'anna', 'password': '" PASSWORD "'}");
}

static void a_new_password_ends_the_old_tokens(void **state)
{
	(void)state;
	char token[64];
	json_t *answer = NULL;
	must(ADMINISTRATOR, "UserService/CreateUser",
	        "{'user': {'name': 'eva', 'role': 'VIEWER'}, 'password': 'twelve letters'}");
	CLEANUP(json_decrefp_)
	json_t *login = ask(ANONYMOUS, "AuthService/Login", "{'user': 'eva', 'password': 'twelve letters'}");
	snprintf(token, sizeof(token), "%s", text_at(login, "token"));
	must(ADMINISTRATOR, "UserService/UpdateUser", "{'user': {'name': 'eva', 'role': 'DESIGNER'}}");
	assert_int_equal(ask_as(token, "AuthService/WhoAmI", "{}", &answer), OK);
	assert_string_equal(text_at(answer, "user.role"), "ROLE_DESIGNER");
	json_decref(answer);
	must(ADMINISTRATOR, "UserService/UpdateUser",
	        "{'user': {'name': 'eva'}, 'password': 'other twelve letters'}");
	assert_int_equal(ask_as(token, "AuthService/WhoAmI", "{}", &answer), ERR_UNAUTHENTICATED);
	must(ADMINISTRATOR, "UserService/DeleteUser", "{'name': 'eva'}");
	must_fail(ERR_LOGIN_FAILED, NULL, "", ANONYMOUS, "AuthService/Login",
	        "{'user': 'eva', 'password': 'other twelve letters'}");
	assert_int_equal(sql_i64("SELECT count(*) FROM audit WHERE kind = 'User' AND name = 'eva' AND"
	                         " (before || after) LIKE '%twelve%'"),
	        0);
	assert_int_equal(sql_i64("SELECT count(*) FROM audit WHERE kind = 'User' AND name = 'eva'"), 5);
}

static void wrong_users_are_refused(void **state)
{
	(void)state;
	must_fail(ERR_FIELD_INVALID, "password", "12 to", ADMINISTRATOR, "UserService/CreateUser",
	        "{'user': {'name': 'eva', 'role': 'VIEWER'}, 'password': 'short'}");
	must_fail(ERR_FIELD_INVALID, "user.name", "not a login name", ADMINISTRATOR, "UserService/CreateUser",
	        "{'user': {'name': 'Eva!', 'role': 'VIEWER'}, 'password': 'twelve letters'}");
	must_fail(ERR_FIELD_INVALID, "user.role", "VIEWER", ADMINISTRATOR, "UserService/CreateUser",
	        "{'user': {'name': 'eva'}, 'password': 'twelve letters'}");
	must_fail(ERR_RESOURCE_EXISTS, "user.name", "exists", ADMINISTRATOR, "UserService/CreateUser",
	        "{'user': {'name': 'vera', 'role': 'VIEWER'}, 'password': 'twelve letters'}");
	must_fail(ERR_RESOURCE_NOT_FOUND, NULL, "no user", ADMINISTRATOR, "UserService/DeleteUser",
	        "{'name': 'eva'}");
}

static void there_is_always_an_administrator(void **state)
{
	(void)state;
	must_fail(ERR_RESOURCE_IN_USE, NULL, "only administrator", ADMINISTRATOR, "UserService/DeleteUser",
	        "{'name': 'root'}");
	must_fail(ERR_RESOURCE_IN_USE, NULL, "only administrator", ADMINISTRATOR, "UserService/UpdateUser",
	        "{'user': {'name': 'root', 'role': 'VIEWER'}}");
	CLEANUP(json_decrefp_) json_t *page = ask(ADMINISTRATOR, "UserService/ListUsers", "{'pageSize': 2}");
	assert_int_equal(count_at(page, "users"), 2);
	CLEANUP(json_decrefp_)
	json_t *rest = ask(ADMINISTRATOR, "UserService/ListUsers", "{'pageToken': '%s'}",
	        text_at(page, "nextPageToken"));
	assert_int_equal(count_at(rest, "users"), 4);
	assert_null(strstr(text_at(rest, "users.0.name"), text_at(page, "users.1.name")));
}

// --- roles for one environment ---

static void a_role_for_one_environment_is_none_for_another(void **state)
{
	(void)state;
	CLEANUP(arena_freep) Arena *arena = arena_new(4096, 0);
	must(ADMINISTRATOR, "UserService/CreateUser",
	        "{'user': {'name': 'sam', 'role': 'DESIGNER'}, 'password': 'twelve letters',"
	        " 'environment': 'staging'}");
	CLEANUP(json_decrefp_)
	json_t *login = ask(ANONYMOUS, "AuthService/Login", "{'user': 'sam', 'password': 'twelve letters'}");
	const RpcPeer peer = {.token = str(text_at(login, "token"))};
	assert_string_equal(text_at(login, "role"), ""); // none for all environments
	CLEANUP(json_decrefp_) json_t *who_am_i = NULL;
	assert_int_equal(ask_as(peer.token.ptr, "AuthService/WhoAmI", "{}", &who_am_i), OK);
	assert_string_equal(text_at(who_am_i, "user.grants.0.environment"), "staging");
	assert_string_equal(text_at(who_am_i, "user.grants.0.grantedBy"), "root");

	static const char deploy[] = "/parley.design.v1.DeploymentService/Deploy";
	void *principal = NULL;
	Admin *admin = admin_new(&services);
	assert_int_equal(admin_authorize_path(admin, str(deploy), &peer, arena, &principal), OK);
	const Principal *who = principal;
	Parley__Design__V1__DeployRequest request = PARLEY__DESIGN__V1__DEPLOY_REQUEST__INIT;
	const AccessRow *row = access_find(str(deploy));
	request.environment = (char *)"staging";
	assert_int_equal(access_request(row, who, &request.base), OK);
	request.environment = (char *)"production";
	assert_int_equal(access_request(row, who, &request.base), ERR_PERMISSION_DENIED);
	assert_non_null(strstr(err_detail()->message, "in production, and sam is designer in staging"));
	request.environment = (char *)""; // all of them
	assert_int_equal(access_request(row, who, &request.base), ERR_PERMISSION_DENIED);
	// What all environments share he may read, and not change.
	json_t *answer = NULL;
	assert_int_equal(ask_as(peer.token.ptr, "OfferService/ListOffers", "{}", &answer), OK);
	json_decref(answer);
	assert_int_equal(
	        ask_as(peer.token.ptr, "OfferService/CreateOffer", "{}", &answer), ERR_PERMISSION_DENIED);
	admin_free(admin);
	must(ADMINISTRATOR, "UserService/DeleteUser", "{'name': 'sam'}");
}

static void grants_are_given_and_taken(void **state)
{
	(void)state;
	must(ADMINISTRATOR, "UserService/GrantRole",
	        "{'user': 'vera', 'role': 'APPROVER', 'environment': 'production'}");
	must(ADMINISTRATOR, "UserService/GrantRole",
	        "{'user': 'vera', 'role': 'APPROVER', 'environment': 'production'}"); // again
	assert_int_equal(sql_i64("SELECT count(*) FROM audit WHERE action = 'grant' AND name = 'vera'"), 1);
	CLEANUP(json_decrefp_)
	json_t *page =
	        ask(ADMINISTRATOR, "UserService/ListGrants", "{'environment': 'production', 'pageSize': 6}");
	assert_int_equal(count_at(page, "grants"), 6);
	CLEANUP(json_decrefp_)
	json_t *rest = ask(ADMINISTRATOR, "UserService/ListGrants",
	        "{'environment': 'production', 'pageToken': '%s'}", text_at(page, "nextPageToken"));
	assert_string_equal(text_at(rest, "grants.0.user"), "vera");
	assert_string_equal(text_at(rest, "grants.0.role"), "ROLE_APPROVER");
	assert_int_equal(count_at(rest, "grants"), 1);
	must(ADMINISTRATOR, "UserService/RevokeRole",
	        "{'user': 'vera', 'role': 'APPROVER', 'environment': 'production'}");
	must_fail(ERR_RESOURCE_NOT_FOUND, NULL, "vera was not granted approver for production, but viewer",
	        ADMINISTRATOR, "UserService/RevokeRole",
	        "{'user': 'vera', 'role': 'APPROVER', 'environment': 'production'}");
	must_fail(ERR_FIELD_INVALID, "environment", "* for all", ADMINISTRATOR, "UserService/GrantRole",
	        "{'user': 'vera', 'role': 'APPROVER'}");
	must_fail(ERR_FIELD_INVALID, "role", "QA", ADMINISTRATOR, "UserService/GrantRole",
	        "{'user': 'vera', 'environment': '*'}");
	must_fail(ERR_RESOURCE_IN_USE, NULL, "only administrator", ADMINISTRATOR, "UserService/RevokeRole",
	        "{'user': 'root', 'role': 'ADMINISTRATOR', 'environment': '*'}");
}

static void an_administrator_of_one_environment_grants_nothing(void **state)
{
	(void)state;
	must(ADMINISTRATOR, "UserService/GrantRole",
	        "{'user': 'vera', 'role': 'ADMINISTRATOR', 'environment': 'staging'}");
	must_fail(ERR_PERMISSION_DENIED, NULL,
	        "in all environments, and vera is viewer, administrator in staging", VIEWER,
	        "UserService/GrantRole", "{'user': 'vera', 'role': 'ADMINISTRATOR', 'environment': '*'}");
	must(ADMINISTRATOR, "UserService/RevokeRole",
	        "{'user': 'vera', 'role': 'ADMINISTRATOR', 'environment': 'staging'}");
}

// --- who shows what ---

static Err authorize(const char *path, Str identity, Str token, Arena *arena, Principal **ret)
{
	Admin *admin = admin_new(&services);
	void *principal = NULL;
	const RpcPeer peer = {.identity = identity, .token = token};
	Err failed = admin_authorize_path(admin, str(path), &peer, arena, &principal);
	*ret = principal;
	admin_free(admin);
	return failed;
}

static void runtime_servers_come_by_certificate(void **state)
{
	(void)state;
	CLEANUP(arena_freep) Arena *arena = arena_new(4096, 0);
	Principal *who;
	Str token = str(token_of(ADMINISTRATOR)), runtime = STR("spiffe://parley/runtime/test/rt-1");
	static const char ship[] = "/parley.design.v1.IngestService/ShipRecords";
	static const char list[] = "/parley.design.v1.OfferService/ListOffers";
	assert_int_equal(authorize(ship, runtime, (Str){0}, arena, &who), OK);
	assert_true(str_eq(who->environment, STR("test")) && str_eq(who->runtime_id, STR("rt-1")));
	Parley__Design__V1__ShipRecordsRequest request = PARLEY__DESIGN__V1__SHIP_RECORDS_REQUEST__INIT;
	request.environment = (char *)"test";
	assert_int_equal(access_request(access_find(str(ship)), who, &request.base), OK);
	request.environment = (char *)"production";
	assert_int_equal(access_request(access_find(str(ship)), who, &request.base), ERR_PERMISSION_DENIED);
	static const char *const others[] = {"spiffe://parley/design", "spiffe://parley/touchpoint/test/web",
	        "spiffe://parley/runtime/test", "spiffe://parley/runtime/test/",
	        "spiffe://parley/runtime//rt-1", "spiffe://parley/runtime/test/rt/1",
	        "spiffe://elsewhere/runtime/test/rt-1"};
	for (size_t i = 0; i < ARRAY_COUNT(others); i++)
		assert_int_equal(authorize(ship, str(others[i]), token, arena, &who), ERR_PERMISSION_DENIED);
	assert_int_equal(authorize(ship, (Str){0}, token, arena, &who), ERR_PERMISSION_DENIED);
	assert_int_equal(authorize(ship, (Str){0}, (Str){0}, arena, &who), ERR_UNAUTHENTICATED);
	// And a runtime server's certificate is nobody's login, but does not take a login's rights away.
	assert_int_equal(authorize(list, runtime, (Str){0}, arena, &who), ERR_PERMISSION_DENIED);
	assert_int_equal(authorize(list, runtime, token, arena, &who), OK);
}

static void a_method_without_a_row_is_open_to_nobody(void **state)
{
	(void)state;
	CLEANUP(arena_freep) Arena *arena = arena_new(4096, 0);
	Principal *who;
	assert_int_equal(
	        authorize("/parley.design.v1.NewService/New", STR("spiffe://parley/runtime/test/rt-1"),
	                str(token_of(ADMINISTRATOR)), arena, &who),
	        ERR_PERMISSION_DENIED);
}

static void the_table_and_the_methods_must_agree(void **state)
{
	(void)state;
	RpcServer *server = NULL;
	const RpcListener listener = {.address = "127.0.0.1:0"};
	assert_int_equal(
	        rpc_server_new(&(RpcServerOptions){.listeners = &listener, .listener_count = 1}, &server),
	        OK);
	Admin *admin = admin_new(&services);
	assert_int_equal(admin_register(admin, server), OK);
	// The table has rows of services that are not here.
	assert_int_equal(access_check(server), ERR_INTERNAL);
	assert_non_null(strstr(err_detail()->message, "which is no method"));
	rpc_server_free(server);
	admin_free(admin);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(every_resource_asks_for_its_roles),
	        cmocka_unit_test(users_are_for_administrators),
	        cmocka_unit_test(a_role_for_one_environment_is_none_for_another),
	        cmocka_unit_test(grants_are_given_and_taken),
	        cmocka_unit_test(an_administrator_of_one_environment_grants_nothing),
	        cmocka_unit_test(a_token_ends),
	        cmocka_unit_test(logout_ends_the_token_it_carries),
	        cmocka_unit_test(a_wrong_password_tells_nothing),
	        cmocka_unit_test(guessing_gets_slower),
	        cmocka_unit_test(a_new_password_ends_the_old_tokens),
	        cmocka_unit_test(wrong_users_are_refused),
	        cmocka_unit_test(there_is_always_an_administrator),
	        cmocka_unit_test(runtime_servers_come_by_certificate),
	        cmocka_unit_test(a_method_without_a_row_is_open_to_nobody),
	        cmocka_unit_test(the_table_and_the_methods_must_agree),
	};
	return cmocka_run_group_tests_name("admin access", tests, fixture_start, fixture_stop);
}
