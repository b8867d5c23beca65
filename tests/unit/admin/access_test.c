// Stories about who may what: roles, tokens, passwords, users.
#include "fixture.h"

#include "base/clock.h"

#include <stdio.h>

static Err outcome(Who who, const char *method, const char *request)
{
	json_t *answer = NULL;
	Err failed = ask_as(token_of(who), method, request, &answer);
	json_decref(answer);
	return failed;
}

// The least role of every method. A request that gets past authorization fails otherwise, or not at all.
static void every_method_asks_for_its_role(void **state)
{
	(void)state;
	static const char *const kinds[] = {"Channel", "AudienceLevel", "Zone", "InteractionPoint", "Event",
	        "Segment", "OfferTemplate", "Offer", "TreatmentRule"};
	static const struct {
		const char *verb, *plural;
		Who least;
	} verbs[] = {{"Get", "", VIEWER}, {"List", "s", VIEWER}, {"Create", "", DESIGNER},
	        {"Update", "", DESIGNER}, {"Delete", "", DESIGNER}};
	for (size_t i = 0; i < ARRAY_COUNT(kinds); i++)
		for (size_t j = 0; j < ARRAY_COUNT(verbs); j++) {
			char method[96];
			snprintf(method, sizeof(method), "%sService/%s%s%s", kinds[i], verbs[j].verb,
			        kinds[i], verbs[j].plural);
			assert_int_equal(outcome(ANONYMOUS, method, "{}"), ERR_UNAUTHENTICATED);
			for (Who who = VIEWER; who < WHO_COUNT; who++) {
				Err got = outcome(who, method, "{}");
				if (who < verbs[j].least)
					assert_int_equal(got, ERR_PERMISSION_DENIED);
				else
					assert_true(
					        got != ERR_PERMISSION_DENIED && got != ERR_UNAUTHENTICATED);
			}
		}
}

static void users_are_for_administrators(void **state)
{
	(void)state;
	static const char *const methods[] = {"UserService/CreateUser", "UserService/ListUsers",
	        "UserService/UpdateUser", "UserService/DeleteUser"};
	for (size_t i = 0; i < ARRAY_COUNT(methods); i++) {
		assert_int_equal(outcome(ANONYMOUS, methods[i], "{}"), ERR_UNAUTHENTICATED);
		assert_int_equal(outcome(APPROVER, methods[i], "{}"), ERR_PERMISSION_DENIED);
		assert_int_not_equal(outcome(ADMINISTRATOR, methods[i], "{}"), ERR_PERMISSION_DENIED);
	}
	assert_int_equal(outcome(ANONYMOUS, "AuditService/ListAuditEntries", "{}"), ERR_UNAUTHENTICATED);
	assert_int_equal(outcome(VIEWER, "AuditService/ListAuditEntries", "{}"), OK);
	must_fail(ERR_PERMISSION_DENIED, NULL, "needs role designer, and vera is viewer", VIEWER,
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
	assert_int_equal(count_at(rest, "users"), 3);
	assert_null(strstr(text_at(rest, "users.0.name"), text_at(page, "users.1.name")));
}

static Err authorize(Access access, Str identity, Str token, Arena *arena, Principal **ret)
{
	Admin *admin = admin_new(&services);
	void *principal = NULL;
	const RpcMethod method = {.name = "Method", .access = access};
	const RpcPeer peer = {.identity = identity, .token = token};
	Err failed = admin_authorize(admin, NULL, &method, &peer, arena, &principal);
	*ret = principal;
	admin_free(admin);
	return failed;
}

static void runtime_servers_come_by_certificate(void **state)
{
	(void)state;
	CLEANUP(arena_freep) Arena *arena = arena_new(4096, 0);
	Principal *who;
	Str token = str(token_of(ADMINISTRATOR));
	assert_int_equal(
	        authorize(ACCESS_RUNTIME, STR("spiffe://parley/runtime/test/rt-1"), (Str){0}, arena, &who),
	        OK);
	assert_int_equal(who->role, ACCESS_RUNTIME);
	assert_true(str_eq(who->environment, STR("test")) && str_eq(who->runtime_id, STR("rt-1")));
	static const char *const others[] = {"", "spiffe://parley/design",
	        "spiffe://parley/touchpoint/test/web", "spiffe://parley/runtime/test",
	        "spiffe://parley/runtime/test/", "spiffe://parley/runtime//rt-1",
	        "spiffe://parley/runtime/test/rt/1", "spiffe://elsewhere/runtime/test/rt-1"};
	for (size_t i = 0; i < ARRAY_COUNT(others); i++)
		assert_int_equal(
		        authorize(ACCESS_RUNTIME, str(others[i]), token, arena, &who), ERR_UNAUTHENTICATED);
	// And a runtime server's certificate is nobody's login.
	assert_int_equal(
	        authorize(ACCESS_VIEWER, STR("spiffe://parley/runtime/test/rt-1"), (Str){0}, arena, &who),
	        ERR_UNAUTHENTICATED);
}

static void a_method_without_access_is_open_to_nobody(void **state)
{
	(void)state;
	CLEANUP(arena_freep) Arena *arena = arena_new(4096, 0);
	Principal *who;
	assert_int_equal(authorize(ACCESS_NOBODY, STR("spiffe://parley/design"), str(token_of(ADMINISTRATOR)),
	                         arena, &who),
	        ERR_PERMISSION_DENIED);
	assert_int_equal(authorize((Access)99, (Str){0}, str(token_of(ADMINISTRATOR)), arena, &who),
	        ERR_PERMISSION_DENIED);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(every_method_asks_for_its_role),
	        cmocka_unit_test(users_are_for_administrators),
	        cmocka_unit_test(a_token_ends),
	        cmocka_unit_test(logout_ends_the_token_it_carries),
	        cmocka_unit_test(a_wrong_password_tells_nothing),
	        cmocka_unit_test(guessing_gets_slower),
	        cmocka_unit_test(a_new_password_ends_the_old_tokens),
	        cmocka_unit_test(wrong_users_are_refused),
	        cmocka_unit_test(there_is_always_an_administrator),
	        cmocka_unit_test(runtime_servers_come_by_certificate),
	        cmocka_unit_test(a_method_without_access_is_open_to_nobody),
	};
	return cmocka_run_group_tests_name("admin access", tests, fixture_start, fixture_stop);
}
