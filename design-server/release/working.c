// GetWorkingSnapshot: what a channel's present configuration would be built into, for who plans with it. It
// is built as a deployment's content is, and recorded nowhere. A snapshot is handed out in pieces, so the
// newest one that was built is kept in memory until its last piece is gone; a piece of another one has it
// built again, which gives the same bytes unless somebody changed the configuration.
#include "release/internal.h"

#include "validate/validate.h"

#include <pthread.h>
#include <stdlib.h>

enum { PIECE_MAX = 1024 * 1024, ARENA_BLOCK = 256 * 1024 };

typedef struct Built {
	Arena *arena; // its own
	Str blob;
	Digest digest;
	uint32_t warnings;
} Built;

struct Working {
	pthread_mutex_t lock;
	Built kept; // no arena: none is
};

typedef struct AskedWorking {
	Release *release;
	Arena *arena;
	Str channel;
	Collected collected;
	uint32_t warnings;
} AskedWorking;

static void built_free(Built *built)
{
	arena_free(built->arena);
	*built = (Built){0};
}

Err working_new(Working **ret)
{
	*ret = calloc(1, sizeof **ret);
	if (!*ret)
		return release_no_memory();
	pthread_mutex_init(&(*ret)->lock, NULL);
	return OK;
}

void working_free(Working *working)
{
	if (!working)
		return;
	built_free(&working->kept);
	pthread_mutex_destroy(&working->lock);
	free(working);
}

// --- build ---

// A plan is no deployment: what nobody has acknowledged yet does not stand in its way, and is counted.
static Err check_findings(const Findings *findings, Arena *arena)
{
	Str *ids = ARENA_ARRAY(arena, Str, findings->count + 1);
	size_t count = 0;
	if (!ids)
		return release_no_memory();
	for (size_t i = 0; i < findings->count; i++)
		if (findings->items[i].severity == FINDING_WARNING)
			ids[count++] = findings->items[i].id;
	return findings_check(findings, ids, count, arena);
}

static Err collect(Pg *pg, void *context)
{
	AskedWorking *asked = context;
	const ValidateOptions options = {
	        .as_of_us = clock_now_us(asked->release->services->clock), .guard_days = VALIDATE_GUARD_DAYS};
	Findings findings;
	TRY(configuration_working(pg, asked->channel, asked->arena, &asked->collected));
	TRY(validate_resources(pg, asked->channel, asked->collected.items, asked->collected.count, &options,
	        asked->arena, &findings));
	asked->warnings = (uint32_t)findings.warnings;
	return check_findings(&findings, asked->arena);
}

static Err build(Release *release, Str channel, Built *ret)
{
	CLEANUP(arena_freep) Arena *scratch = arena_new(ARENA_BLOCK, 0);
	AskedWorking asked = {.release = release, .arena = scratch, .channel = channel};
	Str blob;
	if (!scratch)
		return release_no_memory();
	TRY(store_read(release->services->store, collect, &asked));
	TRY(configuration_compile(&asked.collected, scratch, &blob));
	if (blob.len > SNAPSHOT_MAX)
		return err(ERR_LIMIT,
		        "the snapshot of " STR_FMT " has %zu bytes, and at most %d are possible",
		        STR_ARG(channel), blob.len, SNAPSHOT_MAX);
	*ret = (Built){
	        .arena = arena_new(blob.len + 64, 0), .digest = digest_of(blob), .warnings = asked.warnings};
	ret->blob = ret->arena ? arena_str(ret->arena, blob) : (Str){0};
	if (ret->blob.ptr)
		return OK;
	built_free(ret);
	return release_no_memory();
}

// --- pieces ---

typedef Parley__Design__V1__GetWorkingSnapshotRequest Wanted;
typedef Parley__Design__V1__GetWorkingSnapshotResponse Piece;

// Under the lock.
static Err answer(Working *working, const Wanted *in, Arena *arena, Piece *out)
{
	const Built *kept = &working->kept;
	char hex[65];
	if (in->offset > kept->blob.len)
		return err_at(ERR_FIELD_INVALID, "offset", "the snapshot has %zu bytes", kept->blob.len);
	size_t left = kept->blob.len - in->offset, len = left < PIECE_MAX ? left : PIECE_MAX;
	Str piece = arena_str(arena, str_n(kept->blob.ptr + in->offset, len));
	digest_hex(&kept->digest, hex);
	out->digest = arena_cstr(arena, str(hex));
	if (!piece.ptr || !out->digest)
		return release_no_memory();
	out->length = kept->blob.len;
	out->warnings = kept->warnings;
	out->data = (ProtobufCBinaryData){.len = piece.len, .data = (uint8_t *)(uintptr_t)piece.ptr};
	if (left == len)
		built_free(&working->kept);
	return OK;
}

static void lock_release(pthread_mutex_t **lock)
{
	pthread_mutex_unlock(*lock);
}

static Err take_kept(
        Release *release, const Wanted *in, const Digest *wanted, Arena *arena, Piece *out, bool *ret_there)
{
	CLEANUP(lock_release) pthread_mutex_t *lock = &release->working->lock;
	pthread_mutex_lock(lock);
	const Built *kept = &release->working->kept;
	*ret_there = kept->arena && digest_eq(&kept->digest, wanted);
	return *ret_there ? answer(release->working, in, arena, out) : OK;
}

static Err take_built(Release *release, const Wanted *in, Built *built, Arena *arena, Piece *out)
{
	CLEANUP(lock_release) pthread_mutex_t *lock = &release->working->lock;
	pthread_mutex_lock(lock);
	built_free(&release->working->kept);
	release->working->kept = *built;
	return answer(release->working, in, arena, out);
}

static Err get_working(Release *release, const Wanted *in, Arena *arena, Piece *out)
{
	Digest wanted = {0};
	Built built = {0};
	bool there = false;
	if (!*in->channel)
		return err_at(ERR_FIELD_MISSING, "channel", "name the channel");
	if (*in->digest && !digest_parse(str(in->digest), &wanted))
		return err_at(ERR_FIELD_INVALID, "digest",
		        "it must be 64 hex digits, or empty for the first piece");
	if (in->offset && !*in->digest)
		return err_at(ERR_FIELD_MISSING, "digest",
		        "say which snapshot's piece, as the first one's answer did");
	if (*in->digest) {
		TRY(take_kept(release, in, &wanted, arena, out, &there));
		if (there)
			return OK;
	}
	TRY(build(release, str(in->channel), &built));
	if (*in->digest && !digest_eq(&built.digest, &wanted)) {
		built_free(&built);
		return err(ERR_ETAG_STALE,
		        "the configuration of %s was changed while its snapshot was handed out: begin anew",
		        in->channel);
	}
	return take_built(release, in, &built, arena, out);
}

void handle_get_working_snapshot(void *release, RpcCall *call, const ProtobufCMessage *request)
{
	Piece out = PARLEY__DESIGN__V1__GET_WORKING_SNAPSHOT_RESPONSE__INIT;
	CLEANUP(arena_freep) Arena *arena = arena_new(64 * 1024, 0);
	Err e = arena ? get_working(release, (const void *)request, arena, &out) : release_no_memory();
	rpc_answer(call, e, &out.base);
}
