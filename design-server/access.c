#include "access.h"

#include "services.h"

#include <stdio.h>

const AccessRow access_rows[] = {
#define ACCESS_ROW(service, method, who, about)                                                              \
	{"/parley.design.v1." #service "/" #method, CALLERS_##who, SCOPE_##about},
#include "access_table.h"
#undef ACCESS_ROW
};
const size_t access_row_count = ARRAY_COUNT(access_rows);

enum { LIST_MAX = 400 }; // of a text that lists roles

const AccessRow *access_find(Str path)
{
	for (size_t i = 0; i < access_row_count; i++)
		if (str_eq(path, str(access_rows[i].path)))
			return &access_rows[i];
	return NULL;
}

static bool is_all(Str environment)
{
	return !environment.len || str_eq(environment, STR("*"));
}

bool access_has(const Principal *who, unsigned callers, Str environment)
{
	if (who->everywhere & callers)
		return true;
	for (size_t i = 0; !is_all(environment) && i < who->grant_count; i++)
		if ((who->grants[i].callers & callers) && str_eq(who->grants[i].environment, environment))
			return true;
	return false;
}

static bool has_anywhere(const Principal *who, unsigned callers)
{
	unsigned all = who->everywhere;
	for (size_t i = 0; i < who->grant_count; i++)
		all |= who->grants[i].callers;
	return (all & callers) != 0;
}

// --- what to say ---

static const char *const role_names[] = {"viewer", "designer", "qa", "approver", "administrator"};

static void add_text(char *text, const char *more)
{
	size_t len = strlen(text);
	snprintf(text + len, LIST_MAX - len, "%s", more);
}

// "designer or administrator"
static void name_roles(unsigned callers, const char *between, char *text)
{
	if (callers & CALLER_RUNTIME)
		add_text(text, "runtime server");
	for (size_t i = 0; i < ARRAY_COUNT(role_names); i++)
		if (callers & (1U << i)) {
			add_text(text, *text ? between : "");
			add_text(text, role_names[i]);
		}
}

// "viewer, and in staging designer"
static void name_grants(const Principal *who, char *text)
{
	name_roles(who->everywhere, " and ", text);
	for (size_t i = 0; i < who->grant_count; i++) {
		char roles[LIST_MAX] = "", one[LIST_MAX];
		name_roles(who->grants[i].callers, " and ", roles);
		snprintf(one, sizeof one, "%s%s in " STR_FMT, *text ? ", " : "", roles,
		        STR_ARG(who->grants[i].environment));
		add_text(text, one);
	}
	if (!*text)
		add_text(text, "of no role");
}

// " in staging"
static const char *in_place(Str environment, char text[LIST_MAX])
{
	snprintf(text, LIST_MAX, " in " STR_FMT,
	        STR_ARG(is_all(environment) ? STR("all environments") : environment));
	return text;
}

static Err denied(const Principal *who, unsigned callers, const char *where, const char *what)
{
	char asked[LIST_MAX] = "", has[LIST_MAX] = "";
	name_roles(callers, " or ", asked);
	name_grants(who, has);
	if (!who->user.len)
		return err(ERR_PERMISSION_DENIED, "%s is for %s%s, and the certificate shown is of a %s",
		        what, *asked ? asked : "users", where, has);
	return err(ERR_PERMISSION_DENIED,
	        "%s needs role %s%s, and " STR_FMT " is %s: ask an administrator for \"parley user grant\"",
	        what, *asked ? asked : "that nobody has", where, STR_ARG(who->user), has);
}

Err access_require(const Principal *who, unsigned callers, Str environment, const char *what)
{
	char where[LIST_MAX];
	return access_has(who, callers, environment)
	               ? OK
	               : denied(who, callers, in_place(environment, where), what);
}

// --- the two checks ---

static const char *method_of(Str path)
{
	const char *slash = path.len ? memrchr(path.ptr, '/', path.len) : NULL;
	return slash ? slash + 1 : "this";
}

Err access_method(const AccessRow *row, const Principal *who, Str path)
{
	if (!row)
		return err(ERR_PERMISSION_DENIED, "%s is open to nobody", method_of(path));
	if (row->scope == SCOPE_GLOBAL)
		return access_require(who, row->callers, (Str){0}, method_of(path));
	return has_anywhere(who, row->callers) ? OK : denied(who, row->callers, "", method_of(path));
}

static const ProtobufCFieldDescriptor *environment_field(const ProtobufCMessageDescriptor *message)
{
	const ProtobufCFieldDescriptor *field =
	        protobuf_c_message_descriptor_get_field_by_name(message, "environment");
	bool fits =
	        field && field->type == PROTOBUF_C_TYPE_STRING && field->label != PROTOBUF_C_LABEL_REPEATED;
	return fits ? field : NULL;
}

Err access_request(const AccessRow *row, const Principal *who, const ProtobufCMessage *request)
{
	const ProtobufCFieldDescriptor *field;
	if (row->scope != SCOPE_ENVIRONMENT)
		return OK;
	field = environment_field(request->descriptor);
	if (!field)
		return err(ERR_PERMISSION_DENIED, "%s is open to nobody", method_of(str(row->path)));
	Str environment = str(*(char *const *)(const void *)((const char *)request + field->offset));
	return access_require(who, row->callers, environment, method_of(str(row->path)));
}

// --- at the start ---

static Err has_row(void *context, Str path)
{
	const RpcServer *server = context;
	const AccessRow *row = access_find(path);
	if (!row)
		return err(
		        ERR_INTERNAL, "the method " STR_FMT " has no row in access_table.h", STR_ARG(path));
	if (row->scope == SCOPE_ENVIRONMENT && !environment_field(rpc_server_method(server, path)->input))
		return err(ERR_INTERNAL,
		        "the method " STR_FMT
		        " is of an environment by access_table.h, and its request has no "
		        "field for one",
		        STR_ARG(path));
	return OK;
}

Err access_check(const RpcServer *server)
{
	for (size_t i = 0; i < access_row_count; i++)
		if (!rpc_server_method(server, str(access_rows[i].path)))
			return err(ERR_INTERNAL, "access_table.h has a row for %s, which is no method",
			        access_rows[i].path);
	return rpc_server_each(server, has_row, (void *)(uintptr_t)server);
}
