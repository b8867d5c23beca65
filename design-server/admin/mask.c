// Masks name fields of the resource itself; lists are replaced whole.
#include "admin/mask.h"

#include "admin/message.h"

#include "google/protobuf/field_mask.pb-c.h"

// Fields that no update changes.
static const char *const fixed[] = {"channel", "name", "etag", "create_time", "update_time"};

static bool is_fixed(const char *name)
{
	for (size_t i = 0; i < ARRAY_COUNT(fixed); i++)
		if (strcmp(name, fixed[i]) == 0)
			return true;
	return false;
}

static bool names_all(const Google__Protobuf__FieldMask *mask)
{
	return !mask || mask->n_paths == 0 || (mask->n_paths == 1 && strcmp(mask->paths[0], "*") == 0);
}

static void copy_all(ProtobufCMessage *to, const ProtobufCMessage *from)
{
	for (unsigned i = 0; i < to->descriptor->n_fields; i++)
		if (!is_fixed(to->descriptor->fields[i].name))
			message_copy_field(to, from, &to->descriptor->fields[i]);
}

Err mask_apply(const ProtobufCMessage *message, const ProtobufCMessage *stored, const ProtobufCMessage *given,
        Arena *arena, ProtobufCMessage **ret)
{
	const Google__Protobuf__FieldMask *mask = (const void *)message;
	ProtobufCMessage *merged = message_clone(stored, arena);
	if (!merged)
		return err(ERR_NO_MEMORY, "no memory for a resource");
	*ret = merged;
	if (names_all(mask)) {
		copy_all(merged, given);
		return OK;
	}
	for (size_t i = 0; i < mask->n_paths; i++) {
		const ProtobufCFieldDescriptor *field = message_field(merged, mask->paths[i]);
		if (!field)
			return err_at(ERR_FIELD_UNKNOWN, "update_mask",
			        "update_mask: %s has no field \"%s\"; name its own fields, such as "
			        "\"description\"",
			        merged->descriptor->short_name, mask->paths[i]);
		if (!is_fixed(field->name))
			message_copy_field(merged, given, field);
	}
	return OK;
}
