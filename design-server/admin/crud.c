// Get, create, update and delete, once for all kinds. A change is one transaction: lock, compare, look for
// marks, check, store with its references, audit, remember the request's ID; whatever fails undoes all of it.
#include "admin/call.h"
#include "admin/mask.h"
#include "admin/message.h"
#include "base/cleanup.h"

static Err new_response(AdminCall *call, const Resource *resource)
{
	call->response = message_new(call->method->output, call->arena);
	if (!call->response)
		return err(ERR_NO_MEMORY, "no memory for a response");
	if (resource)
		message_set_sub(call->response, call->kind->field, resource->message);
	return OK;
}

static Err audit(
        Pg *pg, const AdminCall *call, const char *action, const Resource *before, const Resource *after)
{
	const Resource *thing = after ? after : before;
	return audit_write(pg, &(Audit){
	                               .time_us = call->now_us,
	                               .actor = call->who->user,
	                               .action = str(action),
	                               .kind = str(call->kind->name),
	                               .channel = thing->channel,
	                               .name = thing->name,
	                               .before = before ? before->spec : (Str){0},
	                               .after = after ? after->spec : (Str){0},
	                       });
}

// A race that PostgreSQL's constraints caught: trying again finds out in words what is in the way.
static Err unless_raced(Pg *pg, Err failed)
{
	const char *state = pg_sqlstate(pg);
	if (failed == ERR_DB_FAILED && (strcmp(state, "23503") == 0 || strcmp(state, "23505") == 0))
		return err(ERR_DB_CONFLICT, "something else changed at the same moment: try again");
	return failed;
}

static Err same_etag(Str asked, const Resource *stored, Arena *arena)
{
	if (!asked.len || str_eq(asked, stored->etag))
		return OK;
	return err_at(ERR_ETAG_STALE, "etag",
	        "%s was changed meanwhile (at etag " STR_FMT
	        "): read it again, and make your change to what it is now",
	        resource_title(stored->kind, stored->channel, stored->name, arena), STR_ARG(stored->etag));
}

Err verb_get(Pg *pg, AdminCall *call)
{
	Resource resource;
	TRY(resource_get(pg, call->kind, message_str(call->request, "channel"),
	        message_str(call->request, "name"), RESOURCE_READ, call->arena, &resource));
	return new_response(call, &resource);
}

// The resource that the request carries.
static Err given(const AdminCall *call, ProtobufCMessage **ret)
{
	*ret = message_sub(call->request, call->kind->field);
	if (*ret)
		return OK;
	return err_at(ERR_FIELD_MISSING, call->kind->field, "the request has no %s", call->kind->field);
}

static Err insert(Pg *pg, const Resource *resource, Arena *arena)
{
	CLEANUP(pg_result_freep) PgResult *done = NULL;
	TRY(SQL_RUN(pg, &done, resource_insert, P_CTEXT(resource->kind->name), P_TEXT(resource->channel),
	        P_TEXT(resource->name), P_TEXT(resource->etag), P_JSON(resource->spec),
	        P_TIME(resource->created_us)));
	if (pg_affected(done))
		return OK;
	return err_at(ERR_RESOURCE_EXISTS, "name", "%s exists already: update it, or choose another name",
	        resource_title(resource->kind, resource->channel, resource->name, arena));
}

static Err create(Pg *pg, AdminCall *call, const ProtobufCMessage *message)
{
	Resource made;
	Check check = {.pg = pg, .arena = call->arena, .kind = call->kind, .message = message};
	TRY(refuse_marked(
	        pg, call->kind, message_str(message, "channel"), message_str(message, "name"), call->arena));
	TRY(check_resource(&check));
	TRY(resource_of(call->kind, message, call->now_us, call->now_us, call->arena, &made));
	TRY(insert(pg, &made, call->arena));
	TRY(refer_store(&check, &made));
	TRY(audit(pg, call, "create", NULL, &made));
	return new_response(call, &made);
}

Err verb_create(Pg *pg, AdminCall *call)
{
	ProtobufCMessage *message;
	TRY(marks_stay(pg));
	TRY(given(call, &message));
	return unless_raced(pg, create(pg, call, message));
}

static Err change(Pg *pg, AdminCall *call, const Resource *stored, const ProtobufCMessage *message)
{
	Resource changed, before;
	Check check = {.pg = pg, .arena = call->arena, .kind = call->kind, .message = message};
	TRY(check_resource(&check));
	TRY(resource_of(call->kind, message, stored->created_us, call->now_us, call->arena, &changed));
	// Not the stored etag: a migration may have given the content another form since.
	TRY(resource_of(
	        call->kind, stored->message, stored->created_us, stored->updated_us, call->arena, &before));
	if (str_eq(changed.etag, before.etag))
		return new_response(call, stored); // nothing changed: no new time, no audit
	TRY(refuse_marked(pg, call->kind, stored->channel, stored->name, call->arena));
	TRY(SQL_RUN(pg, NULL, resource_update, P_CTEXT(call->kind->name), P_TEXT(changed.channel),
	        P_TEXT(changed.name), P_TEXT(changed.etag), P_JSON(changed.spec),
	        P_TIME(changed.updated_us)));
	TRY(refer_store(&check, &changed));
	TRY(refer_recheck(pg, &changed));
	TRY(audit(pg, call, "update", stored, &changed));
	return new_response(call, &changed);
}

static Err update(Pg *pg, AdminCall *call, const ProtobufCMessage *message)
{
	Resource stored;
	ProtobufCMessage *merged;
	Str etag = message_str(message, "etag");
	Err found = resource_get(pg, call->kind, message_str(message, "channel"),
	        message_str(message, "name"), RESOURCE_UPDATE, call->arena, &stored);
	if (found == ERR_RESOURCE_NOT_FOUND && !etag.len && message_bool(call->request, "allow_missing"))
		return create(pg, call, message);
	TRY(found);
	TRY(same_etag(etag, &stored, call->arena));
	TRY(mask_apply(
	        message_sub(call->request, "update_mask"), stored.message, message, call->arena, &merged));
	return change(pg, call, &stored, merged);
}

Err verb_update(Pg *pg, AdminCall *call)
{
	ProtobufCMessage *message;
	TRY(marks_stay(pg));
	TRY(given(call, &message));
	return unless_raced(pg, update(pg, call, message));
}

static Err delete (Pg *pg, AdminCall *call)
{
	Resource stored;
	Err found = resource_get(pg, call->kind, message_str(call->request, "channel"),
	        message_str(call->request, "name"), RESOURCE_UPDATE, call->arena, &stored);
	if (found == ERR_RESOURCE_NOT_FOUND && message_bool(call->request, "allow_missing"))
		return new_response(call, NULL);
	TRY(found);
	TRY(same_etag(message_str(call->request, "etag"), &stored, call->arena));
	TRY(refuse_marked(pg, call->kind, stored.channel, stored.name, call->arena));
	TRY(refer_none(pg, &stored, call->arena));
	TRY(outcome_type_deletable(pg, &stored, call->arena));
	TRY(SQL_RUN(pg, NULL, resource_delete, P_CTEXT(call->kind->name), P_TEXT(stored.channel),
	        P_TEXT(stored.name)));
	TRY(audit(pg, call, "delete", &stored, NULL));
	return new_response(call, NULL);
}

Err verb_delete(Pg *pg, AdminCall *call)
{
	TRY(marks_stay(pg));
	return unless_raced(pg, delete (pg, call));
}
