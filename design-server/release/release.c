// What the services are given, and which methods they have.
#include "release/internal.h"

#include "base/log.h"

#include <stdlib.h>

Err release_no_memory(void)
{
	return err(ERR_NO_MEMORY, "no memory for the call: try again later");
}

Err release_new(Services *services, const Environments *environments, Rollouts *rollouts, Release **ret)
{
	Arena *arena = arena_new(4 * 1024, 0);
	Release *release = arena ? ARENA_NEW(arena, Release) : NULL;
	if (!release) {
		arena_free(arena);
		return release_no_memory();
	}
	*release = (Release){
	        .services = services, .environments = environments, .rollouts = rollouts, .arena = arena};
	Err e = signing_key_load(arena_cstr(arena, services->config->builder_key), &release->key);
	if (!e)
		e = working_new(&release->working);
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
	working_free(release->working);
	arena_free(release->arena);
}

Err release_register(Release *release, RpcServer *server)
{
	static const RpcMethod deployments[] = {
	        {.name = "Deploy", .handler = handle_deploy, .blocking = true},
	        {.name = "Rollback", .handler = handle_rollback, .blocking = true},
	        {.name = "Undeploy", .handler = handle_undeploy, .blocking = true},
	        {.name = "Approve", .handler = handle_approve, .blocking = true},
	        {.name = "Cancel", .handler = handle_cancel, .blocking = true},
	        {.name = "GetDeployment", .handler = handle_get_deployment, .blocking = true},
	        {.name = "ListDeployments", .handler = handle_list_deployments, .blocking = true},
	        {.name = "GetPromotion", .handler = handle_get_promotion, .blocking = true},
	        {.name = "GetSnapshot", .handler = handle_get_snapshot, .blocking = true},
	        {.name = "GetWorkingSnapshot", .handler = handle_get_working_snapshot, .blocking = true},
	        {.name = "GetRolloutStatus", .handler = handle_get_rollout_status, .blocking = true},
	        {.name = "ListEnvironments", .handler = handle_list_environments, .blocking = true},
	};
	static const RpcMethod evidence[] = {
	        {.name = "AddEvidence", .handler = handle_add_evidence, .blocking = true},
	        {.name = "ListEvidence", .handler = handle_list_evidence, .blocking = true},
	};
	static const RpcMethod roots[] = {
	        {.name = "PutRoot", .handler = handle_put_root, .blocking = true, .max_request = 128 * 1024},
	        {.name = "GetTrust", .handler = handle_get_trust, .blocking = true},
	        {.name = "PutFloor", .handler = handle_put_floor, .blocking = true},
	};
	TRY(rpc_server_add(server, &parley__design__v1__deployment_service__descriptor, deployments,
	        ARRAY_COUNT(deployments), release));
	TRY(rpc_server_add(server, &parley__design__v1__evidence_service__descriptor, evidence,
	        ARRAY_COUNT(evidence), release));
	return rpc_server_add(
	        server, &parley__design__v1__root_service__descriptor, roots, ARRAY_COUNT(roots), release);
}
