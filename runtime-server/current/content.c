// A Current for rehearsals. Whose word counts, what is kept on disk and when it ends is no question there, so
// it has none of the parts that answer them; readers cannot tell.
#include "current/internal.h"

enum { ARENA_BLOCK = 8 * 1024 };

static int64_t no_time(void *context)
{
	(void)context;
	return 0;
}

static Err make_channel(Current *current, const CurrentContent *content, Channel **ret)
{
	Str name = str(plan_snapshot(content->plan)->channel);
	Channel *channel = ARENA_NEW(current->arena, Channel);
	if (!channel)
		return err(ERR_NO_MEMORY, "no memory for a channel");
	channel->current = current;
	channel->name = arena_str(current->arena, name);
	if (!channel->name.ptr)
		return err(ERR_NO_MEMORY, "no memory for a channel");
	*ret = channel;
	return OK;
}

static Err make_deployed(Channel *channel, const CurrentContent *content, Deployed **ret)
{
	Deployed *deployed;
	TRY(deployed_new(channel, ARENA_BLOCK, &deployed));
	deployed->plan = content->plan;
	deployed->prepared = content->prepared;
	deployed->version = content->version;
	deployed->blob = content->digest;
	digest_hex(&deployed->blob, deployed->blob_hex);
	deployed->expires_us = INT64_MAX;
	*ret = deployed;
	return OK;
}

static Err serve(Current *current, const CurrentContent *content)
{
	Channel *channel = NULL;
	Deployed *deployed = NULL;
	TRY(make_channel(current, content, &channel));
	TRY(make_deployed(channel, content, &deployed));
	channel_serve(channel, deployed, NULL, 0);
	current->channels[0] = channel;
	atomic_store(&current->count, 1);
	return OK;
}

Err current_of(const CurrentContent *content, Current **ret)
{
	Current *current = NULL;
	TRY(current_new(&(CurrentOptions){.clock = {no_time, NULL}}, &current));
	Err e = serve(current, content);
	if (e)
		current_close(current);
	else
		*ret = current;
	return e;
}
