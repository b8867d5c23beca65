// Who is trusted, and what the design server told last: the chain of roots and the timestamps, in one file
// with its SHA-256 in front. What is in memory is made of that file's bytes and replaced as a whole.
#include "current/internal.h"

#include "base/file.h"
#include "wire/wire.h"

#include <inttypes.h>
#include <stdio.h>
#include <unistd.h>

typedef Parley__Runtime__V1__ListAuditHeadsResponse Heads;

enum { TRUST_MAX = 32 + (CURRENT_ROOTS_MAX + CURRENT_HEADS_MAX) * (ENVELOPE_MAX + 16), BLOCK = 64 * 1024 };

static Str view(ProtobufCBinaryData data)
{
	return str_n((const char *)data.data, data.len);
}

static ProtobufCBinaryData binary(Str bytes)
{
	return (ProtobufCBinaryData){.len = bytes.len, .data = (uint8_t *)(uintptr_t)bytes.ptr};
}

void trusted_free(Trusted *trusted)
{
	if (trusted)
		arena_free(trusted->arena);
}

static void trusted_freep(Trusted **trusted)
{
	trusted_free(*trusted);
}

const TrustRoot *trusted_root(const Trusted *trusted, uint64_t version)
{
	for (size_t i = 0; i < trusted->root_count; i++)
		if (trusted->roots[i].version == version)
			return &trusted->roots[i];
	return NULL;
}

const CurrentManifest *trusted_current(const Current *current, Str channel)
{
	const Timestamp *timestamp = current->trusted->timestamp;
	for (size_t i = 0; timestamp && i < timestamp->n_current; i++) {
		const CurrentManifest *manifest = timestamp->current[i];
		if (str_eq(str(manifest->channel), channel) &&
		        str_eq(str(manifest->fleet), current->options.fleet))
			return manifest;
	}
	return NULL;
}

// --- what it is made of ---

// Each root follows the one before it; the oldest that is kept is believed because it is.
static Err open_roots(Trusted *trusted, Str environment)
{
	const Heads *kept = trusted->kept;
	size_t count = trusted->root_count = kept->n_roots;
	trusted->roots = ARENA_ARRAY(trusted->arena, TrustRoot, count + 1);
	if (!trusted->roots)
		return err(ERR_NO_MEMORY, "no memory for the roots");
	if (count == 0 || count > CURRENT_ROOTS_MAX)
		return err(ERR_ROOT_INVALID, "%zu roots are kept, 1 to %d are possible", count,
		        CURRENT_ROOTS_MAX);
	TRY(root_open(view(kept->roots[count - 1]), environment, trusted->arena, &trusted->roots[count - 1]));
	for (size_t i = count - 1; i-- > 0;)
		TRY(root_follow(
		        &trusted->roots[i + 1], view(kept->roots[i]), trusted->arena, &trusted->roots[i]));
	return OK;
}

// What is on a list was verified when it came.
static const Timestamp *parse_kept(ProtobufCBinaryData kept, Arena *arena)
{
	Envelope *envelope;
	ProtobufCMessage *message = NULL;
	if (envelope_open(view(kept), arena, &envelope) != OK ||
	        wire_unpack(&parley__snapshot__v1__timestamp__descriptor, view(envelope->payload), 0, arena,
	                &message) != OK)
		return NULL;
	return (const Timestamp *)message;
}

// As of when it was made: it was in time when it came. If the newest root does not trust its key any more,
// its version may be anything, and counts no longer.
static void open_timestamp(Trusted *trusted)
{
	const Timestamp *kept = trusted->kept->n_timestamps > 0
	                                ? parse_kept(trusted->kept->timestamps[0], trusted->arena)
	                                : NULL;
	Timestamp *timestamp;
	if (kept && timestamp_verify(view(trusted->kept->timestamps[0]), trusted_newest(trusted), 0,
	                    kept->created_us, trusted->arena, &timestamp) == OK)
		trusted->timestamp = timestamp;
}

// From packed bytes, which are copied.
static Err make(Str packed, Str environment, Trusted **ret)
{
	Arena *arena = arena_new(BLOCK, 0);
	CLEANUP(trusted_freep) Trusted *trusted = arena ? ARENA_NEW(arena, Trusted) : NULL;
	ProtobufCMessage *message = NULL;
	if (!trusted) {
		arena_free(arena);
		return err(ERR_NO_MEMORY, "no memory for roots and timestamps");
	}
	trusted->arena = arena;
	TRY(wire_unpack(
	        &parley__runtime__v1__list_audit_heads_response__descriptor, packed, 0, arena, &message));
	trusted->kept = (const Heads *)message;
	TRY(open_roots(trusted, environment));
	open_timestamp(trusted);
	*ret = STEAL(trusted);
	return OK;
}

static Err write_out(const Current *current, Str packed, Arena *arena)
{
	Digest digest = digest_of(packed);
	char *bytes = arena_alloc(arena, sizeof digest + packed.len);
	if (!bytes)
		return err(ERR_NO_MEMORY, "no memory for roots and timestamps");
	memcpy(bytes, digest.bytes, sizeof digest);
	memcpy(bytes + sizeof digest, packed.ptr, packed.len);
	return file_write_durable(current->trust_path, str_n(bytes, sizeof digest + packed.len), 0600);
}

// Durable first, then for everybody.
static Err install(Current *current, const Heads *heads, Arena *scratch)
{
	CLEANUP(trusted_freep) Trusted *trusted = NULL;
	Str packed;
	TRY(wire_pack(&heads->base, scratch, &packed));
	TRY(make(packed, current->options.environment, &trusted));
	TRY(write_out(current, packed, scratch));
	LOCKED(&current->telling);
	Trusted *old = current->trusted;
	current->trusted = trusted;
	trusted = old; // freed when this ends
	return OK;
}

// A copy of the list with one more in front, of which at most `max` stay; `replace`: in the place of the
// first.
static Err put_first(
        ProtobufCBinaryData **list, size_t *count, Str first, bool replace, size_t max, Arena *arena)
{
	size_t skip = replace && *count > 0 ? 1 : 0, rest = *count - skip;
	ProtobufCBinaryData *next = ARENA_ARRAY(arena, ProtobufCBinaryData, rest + 1);
	if (!next)
		return err(ERR_NO_MEMORY, "no memory for roots and timestamps");
	next[0] = binary(first);
	for (size_t i = 0; i < rest; i++)
		next[i + 1] = (*list)[i + skip];
	*list = next;
	*count = rest + 1 < max ? rest + 1 : max;
	return OK;
}

// --- opening ---

static Err read_file(Current *current, Trusted **ret)
{
	CLEANUP(arena_freep) Arena *arena = arena_new(BLOCK, 0);
	Str bytes;
	if (!arena)
		return err(ERR_NO_MEMORY, "no memory for roots and timestamps");
	TRY(file_read(current->trust_path, TRUST_MAX, arena, &bytes));
	Digest digest;
	if (bytes.len < sizeof digest)
		return err(ERR_STATE_CORRUPT, "%s is cut", current->trust_path);
	Str packed = str_n(bytes.ptr + sizeof digest, bytes.len - sizeof digest);
	digest = digest_of(packed);
	if (memcmp(digest.bytes, bytes.ptr, sizeof digest) != 0)
		return err(ERR_STATE_CORRUPT, "%s is damaged", current->trust_path);
	return make(packed, current->options.environment, ret);
}

static Err begin_with(Current *current, Str root, Arena *scratch)
{
	Heads heads = PARLEY__RUNTIME__V1__LIST_AUDIT_HEADS_RESPONSE__INIT;
	ProtobufCBinaryData first = binary(root);
	if (current->trusted) { // what was told of the audit stays
		heads.timestamps = current->trusted->kept->timestamps;
		heads.n_timestamps = current->trusted->kept->n_timestamps;
	}
	heads.roots = &first;
	heads.n_roots = 1;
	return install(current, &heads, scratch);
}

static Err append_root(Current *current, Str root, Arena *scratch)
{
	Heads heads = *current->trusted->kept;
	TRY(put_first(&heads.roots, &heads.n_roots, root, false, CURRENT_ROOTS_MAX, scratch));
	return install(current, &heads, scratch);
}

// The stored chain holds unless the configured root is newer: then it is the next one, or an administrator
// begins anew with it.
static Err reconcile(Current *current, const TrustRoot *configured, Arena *scratch)
{
	const TrustRoot *newest = trusted_newest(current->trusted);
	const TrustRoot *same = trusted_root(current->trusted, configured->version);
	TrustRoot next;
	if (same && !digest_eq(&same->digest, &configured->digest))
		return err(ERR_CONFIG_INVALID,
		        "trusted_root is another root of version %" PRIu64
		        " than the one that is known here: configure the right one",
		        configured->version);
	if (configured->version <= newest->version)
		return OK;
	if (root_follow(newest, configured->envelope, scratch, &next) == OK)
		return append_root(current, configured->envelope, scratch);
	return begin_with(current, configured->envelope, scratch);
}

Err trusted_open(Current *current)
{
	CLEANUP(arena_freep) Arena *scratch = arena_new(BLOCK, 0);
	TrustRoot configured;
	if (!scratch)
		return err(ERR_NO_MEMORY, "no memory for roots and timestamps");
	if (current->options.trusted_root.len == 0)
		return err(
		        ERR_TRUST_EMPTY, "no trusted root is configured: name the environment's root file");
	Err e = root_open(current->options.trusted_root, current->options.environment, scratch, &configured);
	if (e) {
		ErrDetail why = *err_detail();
		return err_at(ERR_CONFIG_INVALID, "trusted_root", "trusted_root: %s: %.800s", err_reason(e),
		        why.message);
	}
	bool is_new = access(current->trust_path, F_OK) < 0;
	if (!is_new && read_file(current, &current->trusted) == OK)
		return reconcile(current, &configured, scratch);
	if (!is_new) {
		// Set aside for people. Every channel's state says which root it has known: none serves
		// before this server has that one again.
		char *aside = arena_printf(scratch, "%s.damaged", current->trust_path);
		current->trust_lost = true;
		if (!aside || rename(current->trust_path, aside) < 0)
			return err_errno(ERR_IO, "cannot set %s aside", current->trust_path);
	}
	return begin_with(current, configured.envelope, scratch);
}

// --- what comes ---

// Channels that waited for a root they have known.
static void wake_channels(Current *current)
{
	for (size_t i = 0; i < atomic_load(&current->count); i++)
		if (current->channels[i]->held)
			channel_load(current->channels[i]);
}

Err current_put_root(Current *current, Str envelope, uint64_t *ret_version)
{
	CLEANUP(arena_freep) Arena *arena = arena_new(BLOCK, 0);
	if (!arena)
		return err(ERR_NO_MEMORY, "no memory for a root");
	LOCKED(&current->deploy);
	const TrustRoot *newest = trusted_newest(current->trusted);
	TrustRoot next;
	TRY(root_follow(newest, envelope, arena, &next));
	*ret_version = next.version;
	if (next.version == newest->version)
		return OK;
	TRY(append_root(current, envelope, arena));
	wake_channels(current);
	return OK;
}

static bool same_head(const Parley__Snapshot__V1__AuditHead *a, const Parley__Snapshot__V1__AuditHead *b)
{
	return a && b && a->sequence == b->sequence && str_eq(view(a->hash), view(b->hash));
}

// Whether it contradicts what was taken here.
static Err check_taken(const Current *current, const Timestamp *timestamp)
{
	for (size_t i = 0; i < timestamp->n_current; i++) {
		const CurrentManifest *named = timestamp->current[i];
		const Channel *channel =
		        str_eq(str(named->fleet), current->options.fleet)
		                ? channel_find((Current *)(uintptr_t)current, str(named->channel))
		                : NULL;
		const PlaceState *floor = channel ? &channel->saved.floor : NULL;
		if (floor && floor->known && floor->epoch == named->epoch &&
		        floor->version == named->version &&
		        memcmp(floor->manifest.bytes, named->manifest.data, sizeof floor->manifest.bytes) !=
		                0)
			return err(ERR_TIMESTAMP_INVALID,
			        "the timestamp names another manifest of version %" PRIu64
			        " of channel %s than was taken here: one of them is not the design server's",
			        named->version, named->channel);
	}
	return OK;
}

// The newest that any state tells of, if the timestamps themselves are lost.
static uint64_t newest_seen(const Current *current)
{
	uint64_t seen = 0;
	if (current->trusted->timestamp)
		return current->trusted->timestamp->version;
	for (size_t i = 0; current->trust_lost && i < atomic_load(&current->count); i++)
		if (current->channels[i]->saved.timestamp > seen)
			seen = current->channels[i]->saved.timestamp;
	return seen;
}

static int64_t latest_now(const Current *current)
{
	int64_t now_us = clock_now_us(current->options.clock);
	for (size_t i = 0; i < atomic_load(&current->count); i++) {
		int64_t channel_us = channel_now(current->channels[i]);
		now_us = channel_us > now_us ? channel_us : now_us;
	}
	return now_us;
}

static Err take_timestamp(Current *current, Str envelope, const Timestamp *timestamp, Arena *arena)
{
	Heads heads = *current->trusted->kept;
	const Timestamp *last = heads.n_timestamps > 0 ? parse_kept(heads.timestamps[0], arena) : NULL;
	bool same = last && same_head(last->audit, timestamp->audit);
	TRY(put_first(&heads.timestamps, &heads.n_timestamps, envelope, same, CURRENT_HEADS_MAX, arena));
	return install(current, &heads, arena);
}

Err current_put_timestamp(Current *current, Str envelope, uint64_t *ret_version)
{
	CLEANUP(arena_freep) Arena *arena = arena_new(BLOCK, 0);
	if (!arena)
		return err(ERR_NO_MEMORY, "no memory for a timestamp");
	LOCKED(&current->deploy);
	const Trusted *trusted = current->trusted;
	Timestamp *timestamp;
	if (trusted->timestamp && str_eq(envelope, view(trusted->kept->timestamps[0]))) {
		*ret_version = trusted->timestamp->version;
		return OK;
	}
	TRY(timestamp_verify(envelope, trusted_newest(trusted), newest_seen(current), latest_now(current),
	        arena, &timestamp));
	*ret_version = timestamp->version;
	if (trusted->timestamp && timestamp->version == trusted->timestamp->version)
		return err(ERR_TIMESTAMP_VERSION, "another timestamp of version %" PRIu64 " is here already",
		        timestamp->version);
	TRY(check_taken(current, timestamp));
	return take_timestamp(current, envelope, timestamp, arena);
}

Err current_heads(Current *current, Arena *arena, Heads **ret)
{
	Str packed;
	ProtobufCMessage *message = NULL;
	LOCKED(&current->telling);
	TRY(wire_pack(&current->trusted->kept->base, arena, &packed));
	TRY(wire_unpack(
	        &parley__runtime__v1__list_audit_heads_response__descriptor, packed, 0, arena, &message));
	*ret = (Heads *)message;
	return OK;
}
