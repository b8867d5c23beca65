// The folder and the list of channels. Channels are only ever added, so that readers walk the list without a
// lock.
#include "current/internal.h"

#include "base/file.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

Channel *channel_find(Current *current, Str name)
{
	size_t count = atomic_load(&current->count);
	for (size_t i = 0; i < count; i++) {
		if (str_eq(current->channels[i]->name, name))
			return current->channels[i];
	}
	return NULL;
}

Err channel_add(Current *current, Str name, Channel **ret)
{
	size_t count = atomic_load(&current->count);
	if (count == CURRENT_CHANNELS_MAX)
		return err(ERR_LIMIT,
		        "%d channels are here already: remove the folders of those not needed and restart",
		        CURRENT_CHANNELS_MAX);
	Channel *channel = ARENA_NEW(current->arena, Channel);
	if (!channel)
		return err(ERR_NO_MEMORY, "no memory for a channel");
	channel->current = current;
	channel->name = arena_str(current->arena, name);
	channel->dir = path_join(current->arena, str(current->channels_dir), name);
	TRY(dir_make(channel->dir, 0700));
	TRY(dir_sync(current->channels_dir));
	TRY(state_begin(channel));
	current->channels[count] = channel;
	atomic_store(&current->count, count + 1);
	*ret = channel;
	return OK;
}

Err channel_refused(Channel *channel, Err e)
{
	LOCKED(&channel->current->telling);
	snprintf(channel->last_error, sizeof channel->last_error, "%s: %s", err_reason(e),
	        err_detail()->message);
	channel->last_error_us = clock_now_us(channel->current->options.clock);
	return e;
}

void channel_accepted(Channel *channel, bool stable)
{
	LOCKED(&channel->current->telling);
	channel->last_error[0] = '\0';
	channel->last_error_us = 0;
	if (stable)
		channel->fallback = channel->expired = false;
}

void channel_collect(Channel *channel)
{
	manifests_collect(channel);
	blobs_collect(channel->current);
}

// --- opening ---

static Err take_lock(Current *current)
{
	const char *path = path_join(current->arena, current->options.dir, STR("lock"));
	current->lock_fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	if (current->lock_fd < 0)
		return err_errno(ERR_IO, "cannot open %s", path);
	if (flock(current->lock_fd, LOCK_EX | LOCK_NB) < 0)
		return err(ERR_CONFIG_INVALID,
		        "another process uses " STR_FMT ": give each runtime server its own folder",
		        STR_ARG(current->options.dir));
	return OK;
}

static Err make_folders(Current *current)
{
	Str dir = current->options.dir;
	current->blobs_dir = path_join(current->arena, dir, STR("blobs"));
	current->channels_dir = path_join(current->arena, dir, STR("channels"));
	current->trust_path = path_join(current->arena, dir, STR("trust"));
	TRY(dir_make(current->blobs_dir, 0700));
	return dir_make(current->channels_dir, 0700);
}

static Err load_channels(Current *current)
{
	DIR *dir = opendir(current->channels_dir);
	if (!dir)
		return err_errno(ERR_IO, "cannot read %s", current->channels_dir);
	Err e = OK;
	const struct dirent *entry;
	while (!e && (entry = readdir(dir))) {
		Channel *channel;
		if (entry->d_name[0] == '.')
			continue;
		e = channel_add(current, str(entry->d_name), &channel);
		if (!e)
			channel_load(channel);
	}
	closedir(dir);
	return e;
}

static Err open_folder(Current *current)
{
	TRY(make_folders(current));
	TRY(take_lock(current));
	TRY(trusted_open(current));
	return load_channels(current);
}

Err current_new(const CurrentOptions *options, Current **ret)
{
	Arena *arena = arena_new(16 * 1024, 0);
	Current *current = arena ? ARENA_NEW(arena, Current) : NULL;
	if (!current) {
		arena_free(arena);
		return err(ERR_NO_MEMORY, "no memory for the snapshots");
	}
	current->options = *options;
	current->arena = arena;
	current->lock_fd = -1;
	pthread_mutex_init(&current->deploy, NULL);
	pthread_mutex_init(&current->telling, NULL);
	*ret = current;
	return OK;
}

Err current_open(const CurrentOptions *options, Current **ret)
{
	Current *current = NULL;
	if (options->trusted_root.len == 0)
		return err(
		        ERR_TRUST_EMPTY, "no trusted root is configured: name the environment's root file");
	TRY(current_new(options, &current));
	Err e = open_folder(current);
	if (e)
		current_close(current);
	else
		*ret = current;
	return e;
}

void current_close(Current *current)
{
	if (!current)
		return;
	for (size_t i = 0; i < atomic_load(&current->count); i++)
		channel_serve(current->channels[i], NULL, NULL, 0);
	retired_free(current);
	trusted_free(current->trusted);
	if (current->lock_fd >= 0)
		close(current->lock_fd);
	pthread_mutex_destroy(&current->deploy);
	pthread_mutex_destroy(&current->telling);
	arena_free(current->arena);
}
