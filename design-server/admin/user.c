// UserService. Every change is audited; there is always an administrator; a new password ends the user's
// tokens.
#include "admin/admin_internal.h"
#include "admin/message.h"
#include "base/cleanup.h"
#include "store/page.h"

#include <stdio.h>

typedef Parley__Design__V1__User User;
typedef Parley__Design__V1__Role Role;
#define ADMINISTRATOR PARLEY__DESIGN__V1__ROLE__ROLE_ADMINISTRATOR

enum { NAME_MAX_LEN = 63 };

static void read_user(const PgResult *rows, size_t row, Arena *arena, StoredUser *ret)
{
	*ret = (StoredUser){
	        .name = arena_str(arena, pg_text(rows, row, 0)),
	        .password_hash = arena_str(arena, pg_text(rows, row, 1)),
	        .created_us = pg_time(rows, row, 2),
	};
}

Err user_get(Pg *pg, Str name, bool for_update, Arena *arena, StoredUser *ret)
{
	CLEANUP(pg_result_freep) PgResult *rows = NULL;
	TRY(PG_QUERY(pg, STORE_TIMEOUT_MS, &rows, for_update ? sql_user_get_for_update : sql_user_get,
	        P_TEXT(name)));
	if (!pg_rows(rows))
		return err(ERR_RESOURCE_NOT_FOUND,
		        "there is no user " STR_FMT ": list the users, or create it", STR_ARG(name));
	read_user(rows, 0, arena, ret);
	return grants_load(pg, ret, 1, arena);
}

User *user_message(const StoredUser *stored, Arena *arena)
{
	User *user = (void *)message_new(&parley__design__v1__user__descriptor, arena);
	if (!user || message_set_time(&user->base, "create_time", stored->created_us, arena) != OK ||
	        !grants_message(stored, arena, user))
		return NULL;
	user->name = arena_cstr(arena, stored->name);
	user->role = grants_role(stored);
	return user;
}

// What the audit says of a user: never a password, only that it was changed.
static Str describe(const StoredUser *user, bool new_password, Arena *arena)
{
	Str roles = grants_text(user, arena);
	return str(arena_printf(arena, "{\"roles\":\"" STR_FMT "\"%s}", STR_ARG(roles),
	        new_password ? ",\"password\":\"changed\"" : ""));
}

static Err audit_user(Pg *pg, const UserWork *work, const char *action, Str before, Str after)
{
	return audit_write(pg, &(Audit){.time_us = work->now_us,
	                               .actor = work->actor,
	                               .action = str(action),
	                               .kind = STR("User"),
	                               .name = work->name,
	                               .before = before,
	                               .after = after});
}

Err user_changed(Pg *pg, UserWork *work, const char *action, const StoredUser *before, bool new_password)
{
	TRY(user_get(pg, work->name, false, work->arena, &work->user));
	return audit_user(pg, work, action, before ? describe(before, false, work->arena) : (Str){0},
	        describe(&work->user, new_password, work->arena));
}

static Err check_name(Str name)
{
	bool fine = name.len && name.len <= NAME_MAX_LEN && name.ptr[0] >= 'a' && name.ptr[0] <= 'z';
	for (size_t i = 0; i < name.len && fine; i++)
		fine = (name.ptr[i] >= 'a' && name.ptr[i] <= 'z') ||
		       (name.ptr[i] >= '0' && name.ptr[i] <= '9') || strchr(".-_@", name.ptr[i]);
	return fine ? OK
	            : err_at(ERR_FIELD_INVALID, "user.name",
	                      "user.name: \"" STR_FMT
	                      "\" is not a login name: a lower-case letter, then lower-case letters, "
	                      "digits, '.', '-', '_' and '@', at most %d in all",
	                      STR_ARG(name), NAME_MAX_LEN);
}

static bool is_administrator(const StoredUser *user)
{
	for (size_t i = 0; i < user->grant_count; i++)
		if (user->grants[i].role == ADMINISTRATOR && str_eq(user->grants[i].environment, STR("*")))
			return true;
	return false;
}

Err user_keep_an_administrator(Pg *pg, const StoredUser *user)
{
	CLEANUP(pg_result_freep) PgResult *administrators = NULL;
	if (!is_administrator(user))
		return OK;
	TRY(pg_query(pg, STORE_TIMEOUT_MS, sql_user_lock_administrators, NULL, 0, &administrators));
	if (pg_rows(administrators) > 1)
		return OK;
	return err(ERR_RESOURCE_IN_USE,
	        STR_FMT " is the only administrator of all environments: make another one first",
	        STR_ARG(user->name));
}

static Err insert_user(Pg *pg, UserWork *work)
{
	CLEANUP(pg_result_freep) PgResult *done = NULL;
	TRY(SQL_RUN(
	        pg, &done, user_insert, P_TEXT(work->name), P_CTEXT(work->hash.text), P_TIME(work->now_us)));
	if (!pg_affected(done))
		return err_at(ERR_RESOURCE_EXISTS, "user.name",
		        "user " STR_FMT " exists already: update it, or choose another name",
		        STR_ARG(work->name));
	TRY(grant_add(pg, work));
	return user_changed(pg, work, "create", NULL, true);
}

// The role takes the place of all others that the user has for all environments.
static Err change_role(Pg *pg, const UserWork *work, const StoredUser *before)
{
	if (work->role != ADMINISTRATOR)
		TRY(user_keep_an_administrator(pg, before));
	TRY(SQL_RUN(pg, NULL, grant_remove_everywhere, P_TEXT(work->name), P_I64(work->role)));
	return grant_add(pg, work);
}

static Err change_user(Pg *pg, UserWork *work)
{
	bool new_password = work->hash.text[0];
	StoredUser before;
	TRY(user_get(pg, work->name, true, work->arena, &before));
	if (work->role)
		TRY(change_role(pg, work, &before));
	if (new_password) {
		TRY(SQL_RUN(pg, NULL, user_update, P_TEXT(work->name), P_CTEXT(work->hash.text)));
		TRY(SQL_RUN(pg, NULL, token_delete_of_user, P_TEXT(work->name)));
	}
	return user_changed(pg, work, "update", &before, new_password);
}

static Err create_user(Pg *pg, void *context)
{
	return insert_user(pg, context);
}

static Err update_user(Pg *pg, void *context)
{
	return change_user(pg, context);
}

static Err set_user(Pg *pg, void *context)
{
	UserWork *work = context;
	StoredUser old;
	Err found = user_get(pg, work->name, true, work->arena, &old);
	if (found == ERR_RESOURCE_NOT_FOUND)
		return insert_user(pg, work);
	TRY(found);
	return change_user(pg, work);
}

static Err delete_user(Pg *pg, void *context)
{
	UserWork *work = context;
	TRY(user_get(pg, work->name, true, work->arena, &work->user));
	TRY(user_keep_an_administrator(pg, &work->user));
	TRY(SQL_RUN(pg, NULL, user_delete, P_TEXT(work->name))); // tokens go with it
	return audit_user(pg, work, "delete", describe(&work->user, false, work->arena), (Str){0});
}

static Err list_users(Pg *pg, void *context)
{
	UserWork *work = context;
	const Parley__Design__V1__ListUsersRequest *request = (const void *)work->request;
	Parley__Design__V1__ListUsersResponse *response = (void *)work->response;
	CLEANUP(pg_result_freep) PgResult *rows = NULL;
	size_t max;
	Str after;
	TRY(page_size(request->page_size, &max));
	TRY(page_token_read(str(request->page_token), STR("users"), work->arena, &after));
	TRY(SQL_RUN(pg, &rows, user_page, P_TEXT(after), P_I64((int64_t)max + 1)));
	size_t count = pg_rows(rows) > max ? max : pg_rows(rows);
	StoredUser *users = ARENA_ARRAY(work->arena, StoredUser, count + 1);
	response->users = ARENA_ARRAY(work->arena, User *, count + 1);
	if (!users || !response->users)
		return err(ERR_NO_MEMORY, "no memory for a page");
	for (size_t i = 0; i < count; i++)
		read_user(rows, i, work->arena, &users[i]);
	TRY(grants_load(pg, users, count, work->arena));
	for (size_t i = 0; i < count; i++)
		response->users[response->n_users++] = user_message(&users[i], work->arena);
	if (pg_rows(rows) > max)
		response->next_page_token = (char *)(uintptr_t)page_token_make(
		        STR("users"), pg_text(rows, max - 1, 0), work->arena)
		                                    .ptr;
	return OK;
}

// Name, role and password of what the request carries.
static Err read_request(UserWork *work, const User *user, const char *password, bool all)
{
	if (!user)
		return err_at(ERR_FIELD_MISSING, "user", "the request has no user");
	work->name = str(user->name);
	work->role = user->role;
	TRY(check_name(work->name));
	if (all || work->role)
		TRY(grant_check_role(work->role, "user.role"));
	return all || *password ? password_hash(str(password), &work->hash) : OK;
}

UserWork user_work(Admin *admin, RpcCall *call, const ProtobufCMessage *request)
{
	const Principal *who = rpc_principal(call);
	return (UserWork){.services = admin->services,
	        .actor = who->user,
	        .arena = rpc_arena(call),
	        .request = request,
	        .environment = STR("*"),
	        .now_us = clock_now_us(admin->services->clock)};
}

void user_answer(RpcCall *call, Err failed, UserWork *work, ProtobufCMessage *response)
{
	if (failed == OK && message_field(response, "user"))
		message_set_sub(response, "user", (void *)user_message(&work->user, work->arena));
	rpc_answer(call, failed, response);
}

static void handle_create(void *service, RpcCall *call, const ProtobufCMessage *message)
{
	Admin *admin = service;
	const Parley__Design__V1__CreateUserRequest *request = (const void *)message;
	Parley__Design__V1__CreateUserResponse response = PARLEY__DESIGN__V1__CREATE_USER_RESPONSE__INIT;
	UserWork work = user_work(admin, call, message);
	Err failed = read_request(&work, request->user, request->password, true);
	if (*request->environment)
		work.environment = str(request->environment);
	if (failed == OK)
		failed = grant_check_environment(work.services, work.environment, work.arena);
	if (failed == OK)
		failed = store_transact(admin->services->store, create_user, &work);
	user_answer(call, failed, &work, &response.base);
}

static void handle_update(void *service, RpcCall *call, const ProtobufCMessage *message)
{
	Admin *admin = service;
	const Parley__Design__V1__UpdateUserRequest *request = (const void *)message;
	Parley__Design__V1__UpdateUserResponse response = PARLEY__DESIGN__V1__UPDATE_USER_RESPONSE__INIT;
	UserWork work = user_work(admin, call, message);
	Err failed = read_request(&work, request->user, request->password, false);
	if (failed == OK)
		failed = store_transact(admin->services->store, update_user, &work);
	user_answer(call, failed, &work, &response.base);
}

static void handle_delete(void *service, RpcCall *call, const ProtobufCMessage *message)
{
	Admin *admin = service;
	const Parley__Design__V1__DeleteUserRequest *request = (const void *)message;
	Parley__Design__V1__DeleteUserResponse response = PARLEY__DESIGN__V1__DELETE_USER_RESPONSE__INIT;
	UserWork work = user_work(admin, call, message);
	work.name = str(request->name);
	user_answer(call, store_transact(admin->services->store, delete_user, &work), &work, &response.base);
}

static void handle_list(void *service, RpcCall *call, const ProtobufCMessage *message)
{
	Admin *admin = service;
	Parley__Design__V1__ListUsersResponse response;
	UserWork work = user_work(admin, call, message);
	work.response = &response.base;
	parley__design__v1__list_users_response__init(&response);
	user_answer(call, store_run(admin->services->store, list_users, &work), &work, &response.base);
}

Err user_register(Admin *admin, RpcServer *server)
{
	static const RpcMethod methods[] = {
	        {.name = "CreateUser", .handler = handle_create, .blocking = true},
	        {.name = "ListUsers", .handler = handle_list, .blocking = true},
	        {.name = "UpdateUser", .handler = handle_update, .blocking = true},
	        {.name = "DeleteUser", .handler = handle_delete, .blocking = true},
	        {.name = "GrantRole", .handler = handle_grant_role, .blocking = true},
	        {.name = "RevokeRole", .handler = handle_revoke_role, .blocking = true},
	        {.name = "ListGrants", .handler = handle_list_grants, .blocking = true},
	};
	return rpc_server_add(
	        server, &parley__design__v1__user_service__descriptor, methods, ARRAY_COUNT(methods), admin);
}

static Role role_of(Str text)
{
	const ProtobufCEnumDescriptor *roles = &parley__design__v1__role__descriptor;
	static const char prefix[] = "ROLE_";
	for (unsigned i = 0; i < roles->n_values; i++) {
		Str name = str(roles->values[i].name + strlen(prefix));
		if (name.len == text.len && strncasecmp(name.ptr, text.ptr, name.len) == 0)
			return (Role)roles->values[i].value;
	}
	return PARLEY__DESIGN__V1__ROLE__ROLE_UNSPECIFIED;
}

Err admin_set_user(Services *services, Str name, Str role, Str password)
{
	CLEANUP(arena_freep) Arena *arena = arena_new(4096, 0);
	UserWork work = {.services = services,
	        .actor = STR(OPERATOR),
	        .arena = arena,
	        .name = name,
	        .role = role_of(role),
	        .environment = STR("*"),
	        .now_us = clock_now_us(services->clock)};
	TRY(check_name(name));
	TRY(grant_check_role(work.role, "user.role"));
	TRY(password_hash(password, &work.hash));
	return store_transact(services->store, set_user, &work);
}
