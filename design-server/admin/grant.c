// Roles for one environment or for all: what users were granted, and UserService's methods for it. A grant
// holds at once, because a token's user is looked up at every call.
#include "admin/admin_internal.h"
#include "admin/message.h"
#include "base/cleanup.h"
#include "config.h"
#include "store/page.h"

#include <unistd.h>

typedef Parley__Design__V1__Grant Grant;
typedef Parley__Design__V1__Role Role;
#define ROLE(name) PARLEY__DESIGN__V1__ROLE__ROLE_##name

enum { ENVIRONMENT_NAME_MAX = 63 };

// Most rights first.
static const struct {
	Role role;
	unsigned callers;
	const char *name;
} roles[] = {
        {ROLE(ADMINISTRATOR), CALLER_ADMINISTRATOR, "administrator"},
        {ROLE(DESIGNER), CALLER_DESIGNER, "designer"},
        {ROLE(APPROVER), CALLER_APPROVER, "approver"},
        {ROLE(QA), CALLER_QA, "qa"},
        {ROLE(VIEWER), CALLER_VIEWER, "viewer"},
};

unsigned grant_callers(int64_t role)
{
	for (size_t i = 0; i < ARRAY_COUNT(roles); i++)
		if ((int64_t)roles[i].role == role)
			return roles[i].callers;
	return 0;
}

static const char *role_name(Role role)
{
	for (size_t i = 0; i < ARRAY_COUNT(roles); i++)
		if (roles[i].role == role)
			return roles[i].name;
	return "nobody";
}

Role grants_role(const StoredUser *user)
{
	for (size_t i = 0; i < ARRAY_COUNT(roles); i++)
		for (size_t k = 0; k < user->grant_count; k++)
			if (user->grants[k].role == roles[i].role &&
			        str_eq(user->grants[k].environment, STR("*")))
				return roles[i].role;
	return ROLE(UNSPECIFIED);
}

Str grants_text(const StoredUser *user, Arena *arena)
{
	Str text = {0};
	for (size_t i = 0; i < user->grant_count; i++) {
		const StoredGrant *grant = &user->grants[i];
		bool all = str_eq(grant->environment, STR("*"));
		text = str(arena_printf(arena, STR_FMT "%s%s%s" STR_FMT, STR_ARG(text), i ? ", " : "",
		        role_name(grant->role), all ? "" : " in ", all ? 0 : (int)grant->environment.len,
		        grant->environment.ptr));
	}
	return text;
}

// --- reading ---

static StoredGrant read_grant(const PgResult *rows, size_t row, Arena *arena)
{
	return (StoredGrant){
	        .environment = arena_str(arena, pg_text(rows, row, 1)),
	        .role = (Role)pg_i64(rows, row, 2),
	        .granted_by = arena_str(arena, pg_text(rows, row, 3)),
	        .granted_us = pg_time(rows, row, 4),
	};
}

Err grants_load(Pg *pg, StoredUser *users, size_t count, Arena *arena)
{
	CLEANUP(pg_result_freep) PgResult *rows = NULL;
	Str *names = ARENA_ARRAY(arena, Str, count + 1);
	if (!names)
		return err(ERR_NO_MEMORY, "no memory for users");
	for (size_t i = 0; i < count; i++)
		names[i] = users[i].name;
	TRY(SQL_RUN(pg, &rows, grant_of_users, P_TEXTS(names, count)));
	StoredGrant *grants = ARENA_ARRAY(arena, StoredGrant, pg_rows(rows) + 1);
	if (!grants)
		return err(ERR_NO_MEMORY, "no memory for users");
	size_t next = 0;
	for (size_t i = 0; i < count; i++) { // both are ordered by name
		users[i].grants = &grants[next];
		for (; next < pg_rows(rows) && str_eq(pg_text(rows, next, 0), users[i].name); next++)
			grants[next] = read_grant(rows, next, arena);
		users[i].grant_count = (size_t)(&grants[next] - users[i].grants);
	}
	return OK;
}

static Grant *grant_message(Str user, const StoredGrant *grant, Arena *arena)
{
	Grant *message = (void *)message_new(&parley__design__v1__grant__descriptor, arena);
	if (!message || message_set_time(&message->base, "grant_time", grant->granted_us, arena) != OK)
		return NULL;
	message->user = arena_cstr(arena, user);
	message->role = grant->role;
	message->environment = arena_cstr(arena, grant->environment);
	message->granted_by = arena_cstr(arena, grant->granted_by);
	return message;
}

bool grants_message(const StoredUser *user, Arena *arena, Parley__Design__V1__User *ret)
{
	ret->grants = ARENA_ARRAY(arena, Grant *, user->grant_count + 1);
	for (size_t i = 0; ret->grants && i < user->grant_count; i++)
		if ((ret->grants[ret->n_grants] = grant_message(user->name, &user->grants[i], arena)))
			ret->n_grants++;
	return ret->grants && ret->n_grants == user->grant_count;
}

// --- changing ---

Err grant_check_role(Role role, const char *field)
{
	return grant_callers(role)
	               ? OK
	               : err_at(ERR_FIELD_INVALID, field,
	                         "%s: give VIEWER, DESIGNER, QA, APPROVER or ADMINISTRATOR", field);
}

Err grant_check_environment(const Services *services, Str environment, Arena *arena)
{
	bool fine = environment.len && environment.len <= ENVIRONMENT_NAME_MAX;
	for (size_t i = 0; i < environment.len && fine; i++)
		fine = (environment.ptr[i] >= 'a' && environment.ptr[i] <= 'z') ||
		       (i && environment.ptr[i] >= '0' && environment.ptr[i] <= '9') ||
		       (i && strchr("-_", environment.ptr[i]));
	if (str_eq(environment, STR("*")))
		return OK;
	if (!fine)
		return err_at(ERR_FIELD_INVALID, "environment",
		        "environment: give the name of an environment, or * for all of them");
	if (!services->config || !services->config->environments.len)
		return OK;
	const char *profile = arena_printf(arena, STR_FMT "/" STR_FMT "/environment.yaml",
	        STR_ARG(services->config->environments), STR_ARG(environment));
	return access(profile, F_OK) == 0
	               ? OK
	               : err_at(ERR_ENVIRONMENT_UNKNOWN, "environment",
	                         "there is no environment " STR_FMT ": \"parley environments\" lists them",
	                         STR_ARG(environment));
}

Err grant_add(Pg *pg, const UserWork *work)
{
	return SQL_RUN(pg, NULL, grant_add, P_TEXT(work->name), P_TEXT(work->environment), P_I64(work->role),
	        P_TEXT(work->actor), P_TIME(work->now_us));
}

static Err grant_role(Pg *pg, void *context)
{
	UserWork *work = context;
	StoredUser before;
	TRY(user_get(pg, work->name, true, work->arena, &before));
	TRY(grant_add(pg, work));
	TRY(user_get(pg, work->name, false, work->arena, &work->user));
	return work->user.grant_count == before.grant_count ? OK
	                                                    : user_changed(pg, work, "grant", &before, false);
}

static Err revoke_role(Pg *pg, void *context)
{
	UserWork *work = context;
	CLEANUP(pg_result_freep) PgResult *done = NULL;
	StoredUser before;
	TRY(user_get(pg, work->name, true, work->arena, &before));
	if (work->role == ROLE(ADMINISTRATOR) && str_eq(work->environment, STR("*")))
		TRY(user_keep_an_administrator(pg, &before));
	TRY(SQL_RUN(
	        pg, &done, grant_remove, P_TEXT(work->name), P_TEXT(work->environment), P_I64(work->role)));
	if (!pg_affected(done)) {
		Str has = grants_text(&before, work->arena);
		return err(ERR_RESOURCE_NOT_FOUND,
		        STR_FMT " was not granted %s for " STR_FMT ", but " STR_FMT, STR_ARG(work->name),
		        role_name(work->role), STR_ARG(work->environment),
		        STR_ARG(has.len ? has : STR("nothing")));
	}
	return user_changed(pg, work, "revoke", &before, false);
}

static Err read_change(UserWork *work, const char *user, Role role, const char *environment)
{
	work->name = str(user);
	work->role = role;
	work->environment = str(environment);
	TRY(grant_check_role(role, "role"));
	return grant_check_environment(work->services, work->environment, work->arena);
}

void handle_grant_role(void *service, RpcCall *call, const ProtobufCMessage *message)
{
	Admin *admin = service;
	const Parley__Design__V1__GrantRoleRequest *request = (const void *)message;
	Parley__Design__V1__GrantRoleResponse response = PARLEY__DESIGN__V1__GRANT_ROLE_RESPONSE__INIT;
	UserWork work = user_work(admin, call, message);
	Err failed = read_change(&work, request->user, request->role, request->environment);
	if (failed == OK)
		failed = store_transact(admin->services->store, grant_role, &work);
	user_answer(call, failed, &work, &response.base);
}

void handle_revoke_role(void *service, RpcCall *call, const ProtobufCMessage *message)
{
	Admin *admin = service;
	const Parley__Design__V1__RevokeRoleRequest *request = (const void *)message;
	Parley__Design__V1__RevokeRoleResponse response = PARLEY__DESIGN__V1__REVOKE_ROLE_RESPONSE__INIT;
	UserWork work = user_work(admin, call, message);
	Err failed = read_change(&work, request->user, request->role, request->environment);
	if (failed == ERR_ENVIRONMENT_UNKNOWN) // what was granted for one that is gone can be revoked
		failed = OK;
	if (failed == OK)
		failed = store_transact(admin->services->store, revoke_role, &work);
	user_answer(call, failed, &work, &response.base);
}

// --- listing ---

// A position is "USER ENVIRONMENT ROLE"; none of them has a blank.
static bool read_position(Str position, Str *user, Str *environment, int64_t *role)
{
	const char *first = position.len ? memchr(position.ptr, ' ', position.len) : NULL;
	const char *last = position.len ? memrchr(position.ptr, ' ', position.len) : NULL;
	if (!first || first == last)
		return false;
	*user = str_n(position.ptr, (size_t)(first - position.ptr));
	*environment = str_n(first + 1, (size_t)(last - first - 1));
	return str_to_i64(str_n(last + 1, (size_t)(position.ptr + position.len - last - 1)), role);
}

static Err list_grants(Pg *pg, void *context)
{
	UserWork *work = context;
	const Parley__Design__V1__ListGrantsRequest *request = (const void *)work->request;
	Parley__Design__V1__ListGrantsResponse *response = (void *)work->response;
	CLEANUP(pg_result_freep) PgResult *rows = NULL;
	Str query = str(arena_printf(work->arena, "grants\n%s", request->environment));
	Str position, user = {0}, environment = {0};
	int64_t role = 0;
	size_t max;
	TRY(page_size(request->page_size, &max));
	TRY(page_token_read(str(request->page_token), query, work->arena, &position));
	(void)read_position(position, &user, &environment, &role);
	TRY(SQL_RUN(pg, &rows, grant_page, P_CTEXT(request->environment), P_TEXT(user), P_TEXT(environment),
	        P_I64(role), P_I64((int64_t)max + 1)));
	size_t count = pg_rows(rows) > max ? max : pg_rows(rows);
	response->grants = ARENA_ARRAY(work->arena, Grant *, count + 1);
	if (!response->grants)
		return err(ERR_NO_MEMORY, "no memory for a page");
	for (size_t i = 0; i < count; i++) {
		StoredGrant grant = read_grant(rows, i, work->arena);
		response->grants[response->n_grants++] =
		        grant_message(pg_text(rows, i, 0), &grant, work->arena);
	}
	if (pg_rows(rows) > max) {
		Str last = str(arena_printf(work->arena, STR_FMT " " STR_FMT " " STR_FMT,
		        STR_ARG(pg_text(rows, max - 1, 0)), STR_ARG(pg_text(rows, max - 1, 1)),
		        STR_ARG(pg_text(rows, max - 1, 2))));
		message_set_str(
		        &response->base, "next_page_token", page_token_make(query, last, work->arena).ptr);
	}
	return OK;
}

void handle_list_grants(void *service, RpcCall *call, const ProtobufCMessage *message)
{
	Admin *admin = service;
	Parley__Design__V1__ListGrantsResponse response = PARLEY__DESIGN__V1__LIST_GRANTS_RESPONSE__INIT;
	UserWork work = user_work(admin, call, message);
	work.response = &response.base;
	user_answer(call, store_run(admin->services->store, list_grants, &work), &work, &response.base);
}
