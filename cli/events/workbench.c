// A name is a file's name, so it is kept to what every file system takes.
#include "events/workbench.h"

#include "base/file.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

enum { NAME_MAX_LENGTH = 63 };

Err workbench_folder(Cli *cli, const char **ret)
{
	const char *path = getenv("PARLEY_WORKBENCH"), *base = getenv("XDG_DATA_HOME"),
	           *home = getenv("HOME");

	if (path && *path)
		*ret = path;
	else if (base && *base)
		*ret = arena_printf(cli->arena, "%s/parley", base);
	else if (home && *home)
		*ret = arena_printf(cli->arena, "%s/.local/share/parley", home);
	else
		return err(ERR_CONFIG_INVALID, "neither $PARLEY_WORKBENCH nor $HOME says where event sets "
		                               "and plans are kept; set one");
	return OK;
}

static bool name_is_valid(const char *name)
{
	size_t len = strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789-_");

	return len > 0 && len <= NAME_MAX_LENGTH && name[len] == '\0' && name[0] != '-';
}

Err workbench_path(Cli *cli, const char *kind, const char *name, const char **ret)
{
	const char *folder;

	if (!name_is_valid(name))
		return err(ERR_FIELD_INVALID,
		        "\"%s\" is no name: at most %d of a-z, 0-9, - and _, not beginning with -", name,
		        NAME_MAX_LENGTH);
	TRY(workbench_folder(cli, &folder));
	folder = arena_printf(cli->arena, "%s/%s", folder, kind);
	TRY(dir_make(folder, 0700));
	*ret = arena_printf(cli->arena, "%s/%s", folder, name);
	return OK;
}

Err workbench_size(const char *path, json_t *ret)
{
	struct stat info;

	if (stat(path, &info) != 0)
		return err_errno(ERR_IO, "cannot read %s", path);
	json_object_set_new(ret, "bytes", json_integer(info.st_size));
	return OK;
}

static int name_order(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static Err names_read(Cli *cli, DIR *dir, json_t *ret)
{
	size_t count = 0, room = 0;
	const char **names = NULL;

	for (struct dirent *entry; (entry = readdir(dir));) {
		if (!name_is_valid(entry->d_name))
			continue;
		if (count == room) {
			const char **grown = realloc(names, (room = room ? room * 2 : 64) * sizeof *names);

			if (!grown) {
				free(names);
				return err(ERR_NO_MEMORY, "no memory for names");
			}
			names = grown;
		}
		names[count++] = arena_cstr(cli->arena, str(entry->d_name));
	}
	qsort(names, count, sizeof *names, name_order);
	for (size_t i = 0; i < count; i++)
		json_array_append_new(ret, json_string(names[i]));
	free(names);
	return OK;
}

Err workbench_names(Cli *cli, const char *kind, json_t **ret)
{
	const char *folder;

	TRY(workbench_folder(cli, &folder));
	folder = arena_printf(cli->arena, "%s/%s", folder, kind);
	DIR *dir = opendir(folder);
	if (!dir && errno != ENOENT)
		return err_errno(ERR_IO, "cannot read %s", folder);
	*ret = json_array();
	if (!dir)
		return OK;
	Err e = names_read(cli, dir, *ret);
	closedir(dir);
	if (e)
		json_decref(*ret);
	return e;
}

// --- what is not whole ---

// Of a file, or of the files in a folder; `removes`: they are removed meanwhile.
static int64_t files_walk(const char *path, bool removes)
{
	struct stat info;
	int64_t bytes = 0;
	DIR *dir = opendir(path);

	if (!dir)
		return stat(path, &info) == 0 ? info.st_size : 0;
	for (struct dirent *entry; (entry = readdir(dir));) {
		if (entry->d_name[0] == '.' || fstatat(dirfd(dir), entry->d_name, &info, 0) != 0)
			continue;
		bytes += info.st_size;
		if (removes)
			unlinkat(dirfd(dir), entry->d_name, 0);
	}
	closedir(dir);
	return bytes;
}

static const char *name_of_part(Cli *cli, const char *file, const char *suffix)
{
	size_t len = strlen(file), end = strlen(suffix);
	const char *name;

	if (len <= end || strcmp(file + len - end, suffix) != 0)
		return NULL;
	name = arena_cstr(cli->arena, str_n(file, len - end));
	return name && name_is_valid(name) ? name : NULL;
}

Err workbench_tell_parts(Cli *cli, const char *kind, const char *suffix, const char *remove)
{
	const char *folder;

	TRY(workbench_folder(cli, &folder));
	folder = arena_printf(cli->arena, "%s/%s", folder, kind);
	DIR *dir = opendir(folder);
	for (struct dirent *entry; dir && (entry = readdir(dir));) {
		const char *name = name_of_part(cli, entry->d_name, suffix);

		if (name)
			fprintf(stderr,
			        "note: \"%s\" is not whole, and takes %lld bytes: it is being made, or was "
			        "broken "
			        "off; the same command goes on with it, %s %s takes it away\n",
			        name,
			        (long long)files_walk(
			                arena_printf(cli->arena, "%s/%s", folder, entry->d_name), false),
			        remove, name);
	}
	if (dir)
		closedir(dir);
	return OK;
}

bool workbench_remove_part(Cli *cli, const char *path, const char *suffix)
{
	const char *part = arena_printf(cli->arena, "%s%s", path, suffix);

	if (access(part, F_OK) != 0)
		return false;
	files_walk(part, true);
	return remove(part) == 0;
}
