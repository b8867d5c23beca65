// What was found → messages. NULL if memory is out.
#include "pending/internal.h"
#include "wire/timestamp.h"

Parley__Design__V1__ResourceName *map_resource_name(const Resource *resource, Arena *arena)
{
	Parley__Design__V1__ResourceName *name = ARENA_NEW(arena, Parley__Design__V1__ResourceName);
	if (!name)
		return NULL;
	*name = (Parley__Design__V1__ResourceName)PARLEY__DESIGN__V1__RESOURCE_NAME__INIT;
	name->kind = arena_cstr(arena, str(resource->kind->name));
	name->channel = arena_cstr(arena, resource->channel);
	name->name = arena_cstr(arena, resource->name);
	return name->kind && name->channel && name->name ? name : NULL;
}

Parley__Design__V1__DeploymentMark *map_mark(const Mark *mark, Arena *arena)
{
	Parley__Design__V1__DeploymentMark *out = ARENA_NEW(arena, Parley__Design__V1__DeploymentMark);
	if (!out)
		return NULL;
	*out = (Parley__Design__V1__DeploymentMark)PARLEY__DESIGN__V1__DEPLOYMENT_MARK__INIT;
	out->channel = arena_cstr(arena, mark->channel);
	out->kind = arena_cstr(arena, str(mark->kind ? mark->kind->name : ""));
	out->name = arena_cstr(arena, mark->name);
	out->author = arena_cstr(arena, mark->author);
	out->comment = arena_cstr(arena, mark->comment);
	out->create_time = wire_timestamp(mark->created_us, arena);
	bool whole = out->channel && out->kind && out->name && out->author && out->comment;
	return whole && out->create_time ? out : NULL;
}
