// Who may: login, logout, whoami and, for administrators, user.
#include "connect.h"
#include "output.h"
#include "parley/design/v1/auth.pb-c.h"
#include "password.h"

#include <stdlib.h>

#define AUTH  (&parley__design__v1__auth_service__descriptor)
#define USERS (&parley__design__v1__user_service__descriptor)

static Err call(Cli *cli, const ProtobufCServiceDescriptor *service, const char *method, json_t *request,
        json_t **ret)
{
	return cli_call(cli, SERVER_DESIGN, service, method, request, ret);
}

Err verb_login(Cli *cli)
{
	CLEANUP(json_decrefp_) json_t *answer = NULL;
	const char *user = cli->line.count ? cli->line.arguments[0] : getenv("USER"), *password;
	const char *token;
	int64_t lifetime_us;

	if (!user || !*user)
		return cli_usage(cli, "who signs in? parley login USER");
	TRY(cli_duration(cli, OPT_LIFETIME, 0, &lifetime_us));
	TRY(password_read(cli, arena_printf(cli->arena, "Password of %s: ", user), false, &password));
	TRY(call(cli, AUTH, "Login",
	        json_pack("{s:s, s:s, s:I}", "user", user, "password", password, "lifetime_s",
	                (json_int_t)(lifetime_us / 1000000)),
	        &answer));
	token = json_string_value(json_object_get(answer, "token"));
	if (!token)
		return err(ERR_INTERNAL, "the server's answer has no token");
	TRY(context_token_save(&cli->contexts, cli->context, cli->arena, str(token)));
	printf("signed in as %s (%s) until %s\n", user, json_string_value(json_object_get(answer, "role")),
	        json_string_value(json_object_get(answer, "expire_time")));
	return OK;
}

Err verb_logout(Cli *cli)
{
	CLEANUP(json_decrefp_) json_t *answer = NULL;
	Err e = call(cli, AUTH, "Logout", json_object(), &answer);

	// A token that is no longer good is forgotten all the same.
	if (e != OK && e != ERR_UNAUTHENTICATED && e != ERR_TOKEN_EXPIRED)
		return e;
	TRY(context_token_save(&cli->contexts, cli->context, cli->arena, (Str){0}));
	puts("signed out");
	return OK;
}

// "viewer, designer in staging"
static const char *grants_text(const Cli *cli, const json_t *grants)
{
	const char *text = "";
	const json_t *grant;
	size_t i;

	json_array_foreach(grants, i, grant)
	{
		const char *where = json_string_value(json_object_get(grant, "environment"));
		bool all = !where || strcmp(where, "*") == 0;

		text = arena_printf(cli->arena, "%s%s%s%s%s", text, i ? ", " : "",
		        json_string_value(json_object_get(grant, "role")), all ? "" : " in ",
		        all ? "" : where);
	}
	return *text ? text : "no role";
}

Err verb_whoami(Cli *cli)
{
	CLEANUP(json_decrefp_) json_t *answer = NULL;
	const json_t *user;

	TRY(call(cli, AUTH, "WhoAmI", json_object(), &answer));
	if (cli->format != FORMAT_TABLE)
		return print_json(cli, answer);
	user = json_object_get(answer, "user");
	printf("%s (%s) until %s\n", json_string_value(json_object_get(user, "name")),
	        grants_text(cli, json_object_get(user, "grants")),
	        json_string_value(json_object_get(answer, "expire_time")));
	return OK;
}

static json_t *user_request(const Cli *cli, const char *password)
{
	const char *role = cli_option(cli, OPT_ROLE);
	json_t *request = json_pack("{s:{s:s}}", "user", "name", cli->line.arguments[0]);

	if (role)
		json_object_set_new(json_object_get(request, "user"), "role", json_string(role));
	if (password)
		json_object_set_new(request, "password", json_string(password));
	return request;
}

Err verb_user_create(Cli *cli)
{
	CLEANUP(json_decrefp_) json_t *answer = NULL;
	const char *role, *password, *environment = cli_option(cli, OPT_ENV);
	json_t *request;

	TRY(cli_need(cli, OPT_ROLE, &role));
	TRY(password_read(cli, "Password (at least 12 characters): ", true, &password));
	request = user_request(cli, password);
	if (environment)
		json_object_set_new(request, "environment", json_string(environment));
	TRY(call(cli, USERS, "CreateUser", request, &answer));
	printf("user %s created (%s%s%s)\n", cli->line.arguments[0], role, environment ? " in " : "",
	        environment ? environment : "");
	return OK;
}

Err verb_user_list(Cli *cli)
{
	CLEANUP(json_decrefp_) json_t *items = NULL;

	TRY(cli_list(cli, USERS, "ListUsers", json_object(), "users", 0, &items));
	json_t *user;
	size_t i;
	if (cli->format == FORMAT_TABLE)
		json_array_foreach(items, i, user) json_object_set_new(
		        user, "roles", json_string(grants_text(cli, json_object_get(user, "grants"))));
	return print_items(cli, items, "NAME:name ROLES:roles CREATED:create_time/1");
}

static Err change_grant(Cli *cli, const char *method, const char *done)
{
	CLEANUP(json_decrefp_) json_t *answer = NULL;
	const char *user = cli->line.arguments[0], *environment = cli_option(cli, OPT_ENV);

	TRY(call(cli, USERS, method,
	        json_pack("{s:s, s:s, s:s}", "user", user, "role", cli->line.arguments[1], "environment",
	                environment ? environment : "*"),
	        &answer));
	if (cli->format != FORMAT_TABLE)
		return print_json(cli, answer);
	printf("%s: %s is now %s\n", done, user,
	        grants_text(cli, json_object_get(json_object_get(answer, "user"), "grants")));
	return OK;
}

Err verb_user_grant(Cli *cli)
{
	return change_grant(cli, "GrantRole", "granted");
}

Err verb_user_revoke(Cli *cli)
{
	return change_grant(cli, "RevokeRole", "revoked");
}

Err verb_user_grants(Cli *cli)
{
	CLEANUP(json_decrefp_) json_t *items = NULL;
	const char *environment = cli_option(cli, OPT_ENV);
	json_t *request = json_object();

	if (environment)
		json_object_set_new(request, "environment", json_string(environment));
	TRY(cli_list(cli, USERS, "ListGrants", request, "grants", 0, &items));
	return print_items(
	        cli, items, "USER:user ROLE:role ENVIRONMENT:environment BY:granted_by/1 SINCE:grant_time/2");
}

Err verb_user_passwd(Cli *cli)
{
	CLEANUP(json_decrefp_) json_t *answer = NULL;
	const char *password = NULL;

	if (!cli_given(cli, OPT_ROLE) || cli_given(cli, OPT_PASSWORD_FILE))
		TRY(password_read(cli, "New password (at least 12 characters): ", true, &password));
	TRY(call(cli, USERS, "UpdateUser", user_request(cli, password), &answer));
	printf("user %s changed\n", cli->line.arguments[0]);
	return OK;
}

Err verb_user_delete(Cli *cli)
{
	CLEANUP(json_decrefp_) json_t *answer = NULL;

	TRY(call(cli, USERS, "DeleteUser", json_pack("{s:s}", "name", cli->line.arguments[0]), &answer));
	printf("user %s deleted\n", cli->line.arguments[0]);
	return OK;
}
