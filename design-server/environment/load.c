// One folder an environment; their order is the order of promotion, whatever the folders are called.
#include "environment/internal.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <unistd.h>

static void dirp_close(DIR **dir)
{
	if (*dir)
		closedir(*dir);
}

static Err load_all(DIR *dir, Str folder, Arena *arena, Environment *items, size_t *ret_count)
{
	const struct dirent *entry;
	while ((entry = readdir(dir))) {
		if (entry->d_name[0] == '.')
			continue;
		char *path =
		        arena_printf(arena, STR_FMT "/%s/environment.yaml", STR_ARG(folder), entry->d_name);
		if (!path || access(path, F_OK) < 0)
			continue;
		if (*ret_count == ENVIRONMENTS_MAX)
			return err(ERR_CONFIG_INVALID, STR_FMT ": more than %d environments", STR_ARG(folder),
			        ENVIRONMENTS_MAX);
		TRY(config_load(path, environment_fields, arena, &items[*ret_count]));
		TRY(environment_check_file(&items[*ret_count], path, entry->d_name, arena));
		++*ret_count;
	}
	return OK;
}

static bool is_listed(const Environment *items, size_t count, Str name)
{
	for (size_t i = 0; i < count; i++) {
		if (str_eq(items[i].name, name))
			return true;
	}
	return false;
}

// The next in the line: its source is listed already; of several the first by name.
static const Environment *next_in_line(
        const Environment *items, size_t count, const Environment *sorted, size_t listed)
{
	const Environment *next = NULL;
	for (size_t i = 0; i < count; i++) {
		const Environment *candidate = &items[i];
		bool ready =
		        !candidate->promotes_from.len || is_listed(sorted, listed, candidate->promotes_from);
		if (!ready || is_listed(sorted, listed, candidate->name))
			continue;
		if (!next || str_cmp(candidate->name, next->name) < 0)
			next = candidate;
	}
	return next;
}

static Err sort_by_promotion(const Environment *items, size_t count, Environment *sorted)
{
	for (size_t listed = 0; listed < count; listed++) {
		const Environment *next = next_in_line(items, count, sorted, listed);
		if (next) {
			sorted[listed] = *next;
			continue;
		}
		for (size_t i = 0; i < count; i++) {
			if (!is_listed(sorted, listed, items[i].name))
				return err(ERR_CONFIG_INVALID,
				        "environment " STR_FMT " promotes from '" STR_FMT
				        "', which does not exist or promotes from it: correct one of them",
				        STR_ARG(items[i].name), STR_ARG(items[i].promotes_from));
		}
	}
	return OK;
}

Err environments_load(Str folder, Arena *arena, Environments *ret)
{
	*ret = (Environments){0};
	char *path = arena_cstr(arena, folder);
	CLEANUP(dirp_close) DIR *dir = path && folder.len ? opendir(path) : NULL;
	if (!dir)
		return !folder.len || errno == ENOENT ? OK : err_errno(ERR_IO, "cannot read %s", path);
	Environment *items = ARENA_ARRAY(arena, Environment, ENVIRONMENTS_MAX);
	Environment *sorted = ARENA_ARRAY(arena, Environment, ENVIRONMENTS_MAX);
	if (!items || !sorted)
		return err(ERR_NO_MEMORY, "no memory for the environments");
	TRY(load_all(dir, folder, arena, items, &ret->count));
	TRY(sort_by_promotion(items, ret->count, sorted));
	ret->items = sorted;
	return environments_check_line(ret);
}

Err environment_find(const Environments *environments, Str name, const Environment **ret)
{
	char known[512] = "none are declared";
	size_t len = 0;
	for (size_t i = 0; i < environments->count; i++) {
		const Environment *environment = &environments->items[i];
		if (str_eq(environment->name, name)) {
			*ret = environment;
			return OK;
		}
		int n = snprintf(known + len, sizeof known - len, "%s" STR_FMT, i ? ", " : "",
		        STR_ARG(environment->name));
		len = n > 0 && len + (size_t)n < sizeof known ? len + (size_t)n : len;
	}
	return err_at(ERR_ENVIRONMENT_UNKNOWN, "environment",
	        "there is no environment '%.*s' (there are: %s)", (int)(name.len < 80 ? name.len : 80),
	        name.ptr ? name.ptr : "", known);
}

bool environment_step_has(const EnvironmentStep *step, const EnvironmentServer *server)
{
	for (size_t i = 0; i < step->servers.count; i++) {
		Str name = step->servers.items[i];
		if (str_eq(name, server->name) || (name.len && str_eq(name, server->group)))
			return true;
	}
	return step->servers.count == 0;
}
