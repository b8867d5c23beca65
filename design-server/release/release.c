#include "release/internal.h"

#include "base/log.h"

#include <stdlib.h>

Err release_no_memory(void)
{
	return err(ERR_NO_MEMORY, "no memory for the call: try again later");
}

static Err load(Release *release)
{
	const DesignConfig *config = release->services->config;
	Arena *arena = release->arena;
	TRY(environments_load(config->environments, arena, &release->environments));
	TRY(signing_key_load(arena_cstr(arena, config->builder_key), &release->key));
	release->tls = (RpcTls){
	        .certificate_file = arena_cstr(arena, config->tls.certificate),
	        .key_file = arena_cstr(arena, config->tls.key),
	        .ca_file = arena_cstr(arena, config->tls.ca),
	};
	return OK;
}

Err release_new(Services *services, Release **ret)
{
	Arena *arena = arena_new(16 * 1024, 0);
	Release *release = arena ? ARENA_NEW(arena, Release) : NULL;
	if (!release) {
		arena_free(arena);
		return release_no_memory();
	}
	release->services = services;
	release->arena = arena;
	Err e = load(release);
	if (e)
		release_free(release);
	else
		*ret = release;
	return e;
}

void release_free(Release *release)
{
	if (!release)
		return;
	signing_key_free(release->key);
	arena_free(release->arena);
}

Err release_register(Release *release, RpcServer *server)
{
	static const RpcMethod methods[] = {
	        {.name = "Deploy", .handler = handle_deploy, .blocking = true},
	        {.name = "ListDeployments", .handler = handle_list_deployments, .blocking = true},
	        {.name = "GetRolloutStatus", .handler = handle_get_rollout_status, .blocking = true},
	        {.name = "ListEnvironments", .handler = handle_list_environments, .blocking = true},
	};
	return rpc_server_add(server, &parley__design__v1__deployment_service__descriptor, methods,
	        ARRAY_COUNT(methods), release);
}
