#include "history/audit.h"

#include "base/cleanup.h"
#include "base/clock.h"
#include "snapshot/trust.h"
#include "wire/json.h"
#include "wire/wire.h"

#define YEARS_S (INT64_C(10000) * 366 * 86400) // more than there are in a time's text

typedef Parley__Snapshot__V1__Timestamp Timestamp;
typedef Parley__Snapshot__V1__Envelope Envelope;

typedef struct AuditAnchor {
	TrustRoot root;
	bool given; // by --root, or it follows one that was: not just told by a server
} AuditAnchor;

Err audit_trust_new(Arena *arena, AuditTrust *ret)
{
	*ret = (AuditTrust){.arena = arena, .anchors = ARENA_ARRAY(arena, AuditAnchor, AUDIT_ROOTS_MAX)};
	return ret->anchors ? OK : err(ERR_NO_MEMORY, "no memory for roots");
}

// --- roots ---

static AuditAnchor *newest_of(AuditTrust *trust, Str environment)
{
	AuditAnchor *newest = NULL;
	for (size_t i = 0; i < trust->anchor_count; i++)
		if (str_eq(trust->anchors[i].root.environment, environment))
			newest = &trust->anchors[i];
	return newest;
}

static bool is_known(const AuditTrust *trust, const TrustRoot *root)
{
	for (size_t i = 0; i < trust->anchor_count; i++)
		if (digest_eq(&trust->anchors[i].root.digest, &root->digest))
			return true;
	return false;
}

static bool is_older(const AuditTrust *trust, const TrustRoot *root)
{
	for (size_t i = 0; i < trust->anchor_count; i++)
		if (str_eq(trust->anchors[i].root.environment, root->environment))
			return root->version < trust->anchors[i].root.version;
	return false;
}

Err audit_trust_root(AuditTrust *trust, Str envelope, bool given)
{
	TrustRoot root;
	TRY(root_open(envelope, (Str){0}, trust->arena, &root));
	const AuditAnchor *before = newest_of(trust, root.environment);
	if (is_known(trust, &root))
		return OK;
	if (trust->anchor_count == AUDIT_ROOTS_MAX)
		return err(ERR_LIMIT, "there are more than %d roots", AUDIT_ROOTS_MAX);
	if (before && is_older(trust, &root))
		return OK; // nothing vouches for it, and it is not needed
	if (before)
		TRY(root_follow(&before->root, envelope, trust->arena, &root));
	trust->anchors[trust->anchor_count++] =
	        (AuditAnchor){.root = root, .given = before ? before->given : given};
	return OK;
}

// --- checkpoints ---

Err audit_trust_refuse(AuditTrust *trust, const char *source, const char *why)
{
	char **grown = ARENA_ARRAY(trust->arena, char *, trust->refused_count + 1);
	char *text = arena_printf(trust->arena, "%s: %s", source, why);
	if (!grown || !text)
		return err(ERR_NO_MEMORY, "no memory for checkpoints");
	if (trust->refused_count)
		memcpy(grown, trust->refused, trust->refused_count * sizeof *grown);
	grown[trust->refused_count++] = text;
	trust->refused = grown;
	return OK;
}

// When a timestamp says that it was made. It is judged as of then, for all but the newest have expired.
static Err peek(Str envelope, Arena *arena, Timestamp **ret)
{
	Envelope *opened;
	ProtobufCMessage *message;
	TRY(envelope_open(envelope, arena, &opened));
	TRY(wire_unpack(&parley__snapshot__v1__timestamp__descriptor,
	        str_n((const char *)opened->payload.data, opened->payload.len), 0, arena, &message));
	*ret = (Timestamp *)(void *)message;
	return OK;
}

static Err verify(
        const AuditTrust *trust, Str envelope, Arena *arena, const AuditAnchor **ret_anchor, Timestamp **ret)
{
	Timestamp *claimed;
	TRY(peek(envelope, arena, &claimed));
	Err failed = err(
	        ERR_TRUST_EMPTY, "no root of %.80s is known: give it with --root FILE", claimed->environment);
	for (size_t i = trust->anchor_count; i-- > 0 && failed != OK;) {
		if (!str_eq(trust->anchors[i].root.environment, str(claimed->environment)))
			continue;
		*ret_anchor = &trust->anchors[i];
		failed = timestamp_verify(
		        envelope, &trust->anchors[i].root, 0, claimed->created_us, arena, ret);
	}
	return failed;
}

static Err add(AuditTrust *trust, AuditCheckpoint checkpoint)
{
	if (trust->checkpoint_count == AUDIT_CHECKPOINTS_MAX)
		return err(ERR_LIMIT, "there are more than %d checkpoints", AUDIT_CHECKPOINTS_MAX);
	if (trust->checkpoint_count == trust->checkpoint_room) {
		size_t room = trust->checkpoint_room ? 2 * trust->checkpoint_room : 64;
		AuditCheckpoint *grown = ARENA_ARRAY(trust->arena, AuditCheckpoint, room);
		if (!grown)
			return err(ERR_NO_MEMORY, "no memory for checkpoints");
		if (trust->checkpoint_count)
			memcpy(grown, trust->checkpoints, trust->checkpoint_count * sizeof *grown);
		trust->checkpoints = grown;
		trust->checkpoint_room = room;
	}
	trust->checkpoints[trust->checkpoint_count++] = checkpoint;
	return OK;
}

Err audit_trust_timestamp(AuditTrust *trust, Str envelope, const char *source)
{
	const AuditAnchor *anchor = NULL;
	Timestamp *timestamp = NULL;
	CLEANUP(arena_freep) Arena *arena = arena_new(16 * 1024, 0);
	Err failed = arena ? verify(trust, envelope, arena, &anchor, &timestamp)
	                   : err(ERR_NO_MEMORY, "no memory for checkpoints");
	if (failed == ERR_NO_MEMORY)
		return failed;
	if (failed != OK)
		return audit_trust_refuse(trust, source, err_detail()->message);
	AuditCheckpoint checkpoint = {.head.sequence = timestamp->audit->sequence,
	        .signed_us = timestamp->created_us,
	        .source = source};
	if (!checkpoint.head.sequence)
		return OK; // signed before anything was written
	memcpy(checkpoint.head.hash, timestamp->audit->hash.data, AUDIT_HASH_SIZE);
	trust->told += !anchor->given;
	return add(trust, checkpoint);
}

// --- entries ---

Err audit_entry_read(const Parley__Design__V1__AuditEntry *message, AuditEntry *ret, AuditHead *ret_stored)
{
	bool whole = message->sequence >= 1 && message->hash.len == AUDIT_HASH_SIZE && message->time &&
	             message->time->seconds > -YEARS_S && message->time->seconds < YEARS_S &&
	             message->time->nanos >= 0 && message->time->nanos < 1000000000;
	if (!whole)
		return err(
		        ERR_FIELD_INVALID, "an audit entry has no number, no hash of 32 bytes, or no time");
	*ret = (AuditEntry){
	        .time_us = message->time->seconds * US_PER_S + message->time->nanos / 1000,
	        .actor = str(message->actor),
	        .action = str(message->action),
	        .kind = str(message->kind),
	        .channel = str(message->channel),
	        .name = str(message->name),
	        .before = str(message->before),
	        .after = str(message->after),
	};
	ret_stored->sequence = (uint64_t)message->sequence;
	memcpy(ret_stored->hash, message->hash.data, AUDIT_HASH_SIZE);
	return OK;
}

Err audit_line_read(Str line, Arena *arena, Parley__Design__V1__AuditRecord **ret)
{
	ProtobufCMessage *message;
	json_t *json = NULL;
	TRY(json_parse(line, AUDIT_LINE_MAX, &json));
	Err failed = json_to_message(json, &parley__design__v1__audit_record__descriptor, arena, &message);
	json_decref(json);
	if (failed == OK)
		*ret = (void *)message;
	return failed;
}
