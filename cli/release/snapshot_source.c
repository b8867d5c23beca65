#include "release/snapshot_source.h"

#include "base/file.h"
#include "snapshot/types.h"

#define WORKING "working:"

static Err of_version(
        Cli *cli, const char *channel, const char *environment, uint64_t version, Arena *arena, Str *ret)
{
	Deployment *deployment;
	Digest digest;

	TRY(fetch_deployment(cli, channel, environment, version, &deployment));
	*ret = (Str){0};
	if (deployment->undeploy)
		return OK;
	if (!digest_parse(str(deployment->digest), &digest))
		return err(ERR_INTERNAL, "the server names no snapshot for version %llu of %s in %s",
		        (unsigned long long)version, channel, environment);
	return fetch_blob(cli, &digest, arena, ret);
}

static Err of_servers(Cli *cli, const char *channel, const char *environment, Arena *arena, Str *ret)
{
	Digest digest;
	uint64_t version;

	TRY(fetch_running(cli, channel, environment, &digest, &version));
	if (!version)
		return err(ERR_RESOURCE_NOT_FOUND, "no server of %s runs %s", environment, channel);
	return fetch_blob(cli, &digest, arena, ret);
}

static bool is_file(const char *text)
{
	return !strchr(text, ':') || strchr(text, '/');
}

static bool is_working(const char *text)
{
	return strncmp(text, WORKING, sizeof WORKING - 1) == 0;
}

bool snapshot_source_deployed(const char *text)
{
	return !is_file(text) && !is_working(text);
}

Err snapshot_source(Cli *cli, const char *text, Arena *arena, Str *ret)
{
	const char *colon = strchr(text, ':'), *at = colon ? strchr(colon, '@') : NULL;
	uint64_t version = 0;

	if (is_file(text))
		return file_read(text, SNAPSHOT_MAX, arena, ret);
	if (is_working(text))
		return fetch_working(cli, text + sizeof WORKING - 1, arena, ret);
	const char *environment = arena_cstr(cli->arena, str_n(text, (size_t)(colon - text)));
	const char *channel =
	        arena_cstr(cli->arena, at ? str_n(colon + 1, (size_t)(at - colon) - 1) : str(colon + 1));
	if (!at)
		return of_servers(cli, channel, environment, arena, ret);
	if (!str_to_u64(str(at + 1), &version) || version == 0)
		return cli_usage(cli, "'%s' is no ENVIRONMENT:CHANNEL@VERSION", text);
	return of_version(cli, channel, environment, version, arena, ret);
}
