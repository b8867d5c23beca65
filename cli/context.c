// The file is read by the same tables as the servers' configuration and written whole, so it has no place for
// comments; the token is never in it, so that it can be shown and copied.
#include "context.h"

#include "base/cleanup.h"
#include "base/file.h"
#include "base/nearest.h"
#include "wire/json.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

enum { TOKEN_MAX = 4096 };

static const ConfigField design_fields[] = {{.name = "address", .offset = offsetof(Endpoint, address)},
        {.name = "ca", .offset = offsetof(Endpoint, ca)},
        {.name = "server_name", .offset = offsetof(Endpoint, server_name)}, {0}};
static const ConfigField environment_fields[] = {
        {.name = "name", .offset = offsetof(ContextEnvironment, name), .required = true},
        {.name = "runtime", .offset = offsetof(ContextEnvironment, runtime.address)},
        {.name = "ca", .offset = offsetof(ContextEnvironment, runtime.ca)},
        {.name = "server_name", .offset = offsetof(ContextEnvironment, runtime.server_name)},
        {.name = "certificate", .offset = offsetof(ContextEnvironment, runtime.certificate)},
        {.name = "key", .offset = offsetof(ContextEnvironment, runtime.key)},
        {.name = "token_file", .offset = offsetof(ContextEnvironment, runtime.token_file)}, {0}};
static const ConfigField context_fields[] = {
        {.name = "name", .offset = offsetof(Context, name), .required = true},
        {.name = "design",
                .type = CONFIG_SECTION,
                .offset = offsetof(Context, design),
                .fields = design_fields},
        {.name = "environments",
                .type = CONFIG_LIST,
                .offset = offsetof(Context, environments),
                .fields = environment_fields,
                .item_size = sizeof(ContextEnvironment)},
        {0}};
static const ConfigField file_fields[] = {{.name = "current", .offset = offsetof(ContextFile, current)},
        {.name = "contexts",
                .type = CONFIG_LIST,
                .offset = offsetof(ContextFile, contexts),
                .fields = context_fields,
                .item_size = sizeof(Context)},
        {0}};

static Err file_path(Arena *arena, const char **ret)
{
	const char *path = getenv("PARLEY_CONFIG"), *base = getenv("XDG_CONFIG_HOME"), *home = getenv("HOME");

	if (path && *path)
		*ret = path;
	else if (base && *base)
		*ret = arena_printf(arena, "%s/parley/config.yaml", base);
	else if (home && *home)
		*ret = arena_printf(arena, "%s/.config/parley/config.yaml", home);
	else
		return err(ERR_CONFIG_INVALID,
		        "neither $PARLEY_CONFIG nor $HOME says where contexts are kept; set one");
	return OK;
}

static Str folder(const ContextFile *file)
{
	const char *slash = strrchr(file->path, '/');

	return slash ? str_n(file->path, (size_t)(slash - file->path)) : STR(".");
}

Err context_load(Arena *arena, ContextFile *ret)
{
	*ret = (ContextFile){0};
	TRY(file_path(arena, &ret->path));
	if (access(ret->path, F_OK) != 0 && errno == ENOENT)
		return OK;
	return config_load(ret->path, file_fields, arena, ret);
}

// Writes what `fields` know of `from`, leaving out what is empty: the mirror of config_load for texts,
// sections and lists.
static json_t *table_json(const ConfigField *fields, const char *from)
{
	json_t *json = json_object();

	for (const ConfigField *field = fields; field->name; field++) {
		const char *at = from + field->offset;
		const ConfigList *list = (const void *)at;
		Str text = *(const Str *)(const void *)at;
		json_t *value = NULL;

		if (field->type == CONFIG_SECTION) {
			value = table_json(field->fields, at);
		} else if (field->type == CONFIG_LIST) {
			value = json_array();
			for (size_t i = 0; i < list->count; i++)
				json_array_append_new(
				        value, table_json(field->fields,
				                       (char *)list->items + i * field->item_size));
		} else if (text.len) {
			value = json_stringn(text.ptr, text.len);
		}
		if (value && (json_is_string(value) || json_object_size(value) || json_array_size(value)))
			json_object_set_new(json, field->name, value);
		else
			json_decref(value);
	}
	return json;
}

Err context_save(const ContextFile *file, Arena *arena)
{
	CLEANUP(json_decrefp_) json_t *json = table_json(file_fields, (const char *)file);
	Str text;

	TRY(json_to_yaml(json, arena, &text));
	TRY(dir_make(arena_cstr(arena, folder(file)), 0700));
	return file_write_durable(file->path, text, 0600);
}

static Context *context_find(const ContextFile *file, Str name)
{
	Context *contexts = file->contexts.items;

	for (size_t i = 0; i < file->contexts.count; i++)
		if (str_eq(contexts[i].name, name))
			return &contexts[i];
	return NULL;
}

Err context_select(ContextFile *file, const char *name, Arena *arena, Context **ret)
{
	const char *wanted = name ? name : getenv("PARLEY_CONTEXT");
	Str which = wanted && *wanted ? str(wanted) : file->current;
	Nearest near = nearest_to(which);
	const Context *contexts = file->contexts.items;

	*ret = which.len ? context_find(file, which) : ARENA_NEW(arena, Context);
	if (*ret)
		return OK;
	for (size_t i = 0; i < file->contexts.count; i++)
		nearest_try(&near, contexts[i].name);
	return err(ERR_CONFIG_INVALID,
	        "there is no context '" STR_FMT "' in %s" NEAREST_FMT
	        "; parley context list shows them, parley context set makes one",
	        STR_ARG(which), file->path, NEAREST_ARG(near));
}

// Room for one more item; the old ones keep their order.
static void *list_grow(ConfigList *list, size_t size, Arena *arena)
{
	char *items = arena_alloc_array(arena, size, list->count + 1);

	if (list->count)
		memcpy(items, list->items, size * list->count);
	list->items = items;
	return items + size * list->count++;
}

// Files are named by it.
static bool is_plain(Str name)
{
	return name.len && name.len <= 63 && !memchr(name.ptr, '/', name.len) && name.ptr[0] != '.';
}

Err context_add(ContextFile *file, Str name, Arena *arena, Context **ret)
{
	*ret = context_find(file, name);
	if (*ret)
		return OK;
	if (!is_plain(name))
		return err(ERR_FIELD_INVALID,
		        "'" STR_FMT "' cannot name a context: 1 to 63 bytes without '/'", STR_ARG(name));
	*ret = list_grow(&file->contexts, sizeof(Context), arena);
	(*ret)->name = name;
	if (!file->current.len)
		file->current = name;
	return OK;
}

ContextEnvironment *context_environment(const Context *context, Str name)
{
	ContextEnvironment *environments = context->environments.items;

	for (size_t i = 0; i < context->environments.count; i++)
		if (str_eq(environments[i].name, name))
			return &environments[i];
	return NULL;
}

Err context_environment_add(Context *context, Str name, Arena *arena, ContextEnvironment **ret)
{
	*ret = context_environment(context, name);
	if (*ret)
		return OK;
	*ret = list_grow(&context->environments, sizeof(ContextEnvironment), arena);
	(*ret)->name = name;
	return OK;
}

static Str name_of(const Context *context)
{
	return context->name.len ? context->name : STR("default");
}

static char *token_path(const ContextFile *file, const Context *context, Arena *arena)
{
	return arena_printf(
	        arena, STR_FMT "/tokens/" STR_FMT, STR_ARG(folder(file)), STR_ARG(name_of(context)));
}

static Err read_if_there(const char *path, size_t max, Arena *arena, Str *ret)
{
	*ret = (Str){0};
	if (access(path, F_OK) != 0 && errno == ENOENT)
		return OK;
	return file_read(path, max, arena, ret);
}

Err context_token_load(const ContextFile *file, const Context *context, Arena *arena, Str *ret)
{
	TRY(read_if_there(token_path(file, context, arena), TOKEN_MAX, arena, ret));
	while (ret->len && (ret->ptr[ret->len - 1] == '\n' || ret->ptr[ret->len - 1] == '\r'))
		ret->len--;
	return OK;
}

Err context_token_save(const ContextFile *file, const Context *context, Arena *arena, Str token)
{
	const char *path = token_path(file, context, arena);

	if (!token.len)
		return unlink(path) == 0 || errno == ENOENT ? OK
		                                            : err_errno(ERR_IO, "cannot remove %s", path);
	TRY(dir_make(arena_printf(arena, STR_FMT "/tokens", STR_ARG(folder(file))), 0700));
	return file_write_durable(path, token, 0600);
}

Err context_root_path(
        const ContextFile *file, const Context *context, Str environment, Arena *arena, const char **ret)
{
	if (!is_plain(environment))
		return err_at(ERR_FIELD_INVALID, "environment", "'" STR_FMT "' cannot name an environment",
		        STR_ARG(environment));
	*ret = arena_printf(arena, STR_FMT "/roots/" STR_FMT "/" STR_FMT ".root", STR_ARG(folder(file)),
	        STR_ARG(name_of(context)), STR_ARG(environment));
	return OK;
}

Err context_root_load(const char *path, size_t max, Arena *arena, Str *ret)
{
	return read_if_there(path, max, arena, ret);
}

Err context_root_save(const char *path, Str envelope, Arena *arena)
{
	const char *slash = strrchr(path, '/');

	TRY(dir_make(arena_cstr(arena, str_n(path, (size_t)(slash - path))), 0700));
	return file_write_durable(path, envelope, 0600);
}
