#include "deployer.h"

#include "base/clock.h"
#include "rules.h"

enum { RULES = 64, STRANGER = 7, TTL_DAYS = 30 };

static const int64_t day_us = INT64_C(86400) * US_PER_S;

static uint64_t draw(Deployer *deployer, uint64_t below)
{
	uint64_t x = deployer->random += UINT64_C(0x9e3779b97f4a7c15);
	x = (x ^ (x >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
	x = (x ^ (x >> 27)) * UINT64_C(0x94d049bb133111eb);
	return (x ^ (x >> 31)) % below;
}

// --- content ---

// The offers of an edition have its number in their codes; they stay in order.
static Str make_blob(unsigned edition, size_t rules, Arena *arena)
{
	RuleSet set;
	Str blob;
	CLEANUP(arena_freep) Arena *scratch = arena_new(1 << 20, 0);
	rules_make(rules, scratch, &set);
	for (size_t i = 0; i < set.snapshot->n_offers; i++)
		set.snapshot->offers[i]->code = arena_printf(scratch, "E%02u-%06zu", edition, i);
	// Whoever comes is offered something.
	for (size_t i = 0; i < set.snapshot->n_rules; i++)
		if (i % 8 == 0)
			set.snapshot->rules[i]->eligibility = NULL;
	bench_must(snapshot_pack(set.snapshot, arena, &blob));
	return blob;
}

typedef struct Prepared {
	Digest blob, manifest;
	Str envelope;
} Prepared;

void deployer_make(Deployer *deployer, Client *design, uint64_t seed)
{
	*deployer = (Deployer){.design = design,
	        .arena = arena_new(1 << 20, 0),
	        .random = seed,
	        .ahead = arena_new(64 * 1024, 0)};
	for (unsigned i = 0; i < EDITIONS; i++)
		deployer->blobs[i] = make_blob(i, RULES, deployer->arena);
}

void deployer_free(Deployer *deployer)
{
	arena_free(deployer->ahead);
	arena_free(deployer->arena);
}

// --- what is meant to be taken ---

static Manifest *manifest_of(Str blob, uint64_t version, const Digest *previous, Arena *arena)
{
	int64_t now_us = clock_now_us(clock_system());
	Manifest *manifest = test_manifest(blob, version, version > 1 ? previous : NULL, arena);
	manifest->created_us = manifest->not_before_us = now_us - day_us;
	manifest->expires_us = now_us + TTL_DAYS * day_us;
	return manifest;
}

static Manifest *next_manifest(const Deployer *deployer, Str blob)
{
	return manifest_of(blob, deployer->version + 1, &deployer->manifest, deployer->design->arena);
}

static bool send(Deployer *deployer, Str envelope)
{
	ActivateResponse *answer = NULL;
	return activate(deployer->design, envelope, &answer) == OK;
}

static void remember(Deployer *deployer, const Digest *manifest, Str envelope)
{
	deployer->version++;
	deployer->manifest = *manifest;
	deployer->last_len = envelope.len < sizeof deployer->last ? envelope.len : 0;
	memcpy(deployer->last, envelope.ptr, deployer->last_len);
}

static Str blob_of(const Deployer *deployer, uint64_t version)
{
	return deployer->blobs[version % EDITIONS];
}

void deployer_prepare(Deployer *deployer, size_t count)
{
	arena_reset(deployer->ahead);
	deployer->prepared = ARENA_ARRAY(deployer->ahead, Prepared, count);
	deployer->prepared_count = count;
	deployer->prepared_used = 0;
	const Digest *previous = &deployer->manifest;
	for (size_t i = 0; i < count; i++) {
		Prepared *next = &deployer->prepared[i];
		uint64_t version = deployer->version + 1 + i;
		Str blob = blob_of(deployer, version);
		next->blob = digest_of(blob);
		next->envelope = test_seal(manifest_of(blob, version, previous, deployer->ahead), BUILDER,
		        deployer->ahead, &next->manifest);
		previous = &next->manifest;
	}
}

bool deployer_swap(Deployer *deployer)
{
	if (deployer->prepared_used == deployer->prepared_count)
		deployer_prepare(deployer, 1);
	const Prepared *next = &deployer->prepared[deployer->prepared_used++];
	arena_reset(deployer->design->arena);
	if (stage_blob(deployer->design, &next->blob, blob_of(deployer, deployer->version + 1)) != OK ||
	        !send(deployer, next->envelope))
		return false;
	remember(deployer, &next->manifest, next->envelope);
	return true;
}

bool deployer_swap_large(
        Deployer *deployer, size_t rules, void (*before)(void *context), void *context, int64_t *ret_us)
{
	CLEANUP(arena_freep) Arena *arena = arena_new(1 << 20, 0);
	arena_reset(deployer->design->arena);
	Str blob = make_blob((deployer->version + 1) % EDITIONS, rules, arena);
	Digest digest = digest_of(blob), manifest;
	Str envelope = test_seal(next_manifest(deployer, blob), BUILDER, deployer->design->arena, &manifest);
	if (stage_blob(deployer->design, &digest, blob) != OK)
		return false;
	before(context);
	int64_t begun = monotonic_us();
	bool taken = send(deployer, envelope);
	*ret_us = monotonic_us() - begun;
	if (taken)
		remember(deployer, &manifest, envelope);
	return taken;
}

// --- what is meant to be refused ---

static void flip(Deployer *deployer, Str bytes)
{
	((char *)(uintptr_t)bytes.ptr)[draw(deployer, bytes.len)] ^= (char)(1 << draw(deployer, 8));
}

static Str seal(const Deployer *deployer, const Manifest *manifest, uint8_t key)
{
	return test_seal(manifest, key, deployer->design->arena, NULL);
}

static Str flipped(Deployer *deployer, Manifest *manifest)
{
	Str envelope = seal(deployer, manifest, BUILDER);
	flip(deployer, envelope);
	return envelope;
}

static Str strange_key(Deployer *deployer, Manifest *manifest)
{
	return seal(deployer, manifest, STRANGER);
}

static Str old_version(Deployer *deployer, Manifest *manifest)
{
	manifest->version = deployer->version > 1 ? deployer->version - 1 : 1;
	return seal(deployer, manifest, BUILDER);
}

static Str skipped_version(Deployer *deployer, Manifest *manifest)
{
	manifest->version = deployer->version + 2 + draw(deployer, 1000);
	return seal(deployer, manifest, BUILDER);
}

static Str same_version(Deployer *deployer, Manifest *manifest)
{
	manifest->version = deployer->version;
	manifest->comment = (char *)"another";
	return seal(deployer, manifest, BUILDER);
}

static Str other_previous(Deployer *deployer, Manifest *manifest)
{
	manifest->previous.data[draw(deployer, 32)] ^= 1;
	return seal(deployer, manifest, BUILDER);
}

static Str other_environment(Deployer *deployer, Manifest *manifest)
{
	manifest->environment = (char *)"staging";
	return seal(deployer, manifest, BUILDER);
}

static Str other_channel(Deployer *deployer, Manifest *manifest)
{
	manifest->channel = (char *)"shop"; // the blob is the bank's
	return seal(deployer, manifest, BUILDER);
}

static Str other_fleet(Deployer *deployer, Manifest *manifest)
{
	manifest->fleet = (char *)"second";
	return seal(deployer, manifest, BUILDER);
}

static Str expired(Deployer *deployer, Manifest *manifest)
{
	manifest->not_before_us -= 2 * day_us;
	manifest->expires_us = clock_now_us(clock_system());
	return seal(deployer, manifest, BUILDER);
}

static Str not_yet(Deployer *deployer, Manifest *manifest)
{
	manifest->not_before_us = clock_now_us(clock_system()) + day_us;
	return seal(deployer, manifest, BUILDER);
}

static Str trailing(Deployer *deployer, Manifest *manifest)
{
	Str good = seal(deployer, manifest, BUILDER);
	return str_n(arena_cstr(deployer->design->arena, good), good.len + 1);
}

// Bytes that are not those of the digest.
static Str damaged_blob(Deployer *deployer, Manifest *manifest)
{
	Arena *arena = deployer->design->arena;
	Str blob = arena_str(arena, deployer->blobs[0]);
	Digest digest =
	        digest_of(str(arena_printf(arena, "%llu", (unsigned long long)draw(deployer, UINT64_MAX))));
	flip(deployer, blob);
	memcpy(manifest->blobs[0]->sha256.data, digest.bytes, sizeof digest.bytes);
	manifest->blobs[0]->length = blob.len;
	bench_must(stage_blob(deployer->design, &digest, blob));
	return seal(deployer, manifest, BUILDER);
}

static Str short_blob(Deployer *deployer, Manifest *manifest)
{
	manifest->blobs[0]->length -= 1;
	return seal(deployer, manifest, BUILDER);
}

bool deployer_try_invalid(Deployer *deployer, unsigned number, const char **ret_name)
{
	static const struct {
		const char *name;
		Str (*make)(Deployer *deployer, Manifest *manifest);
	} kinds[] = {
	        {"a flipped bit", flipped},
	        {"a strange key", strange_key},
	        {"an old version", old_version},
	        {"a version too far", skipped_version},
	        {"another manifest of the version", same_version},
	        {"another previous manifest", other_previous},
	        {"another environment", other_environment},
	        {"another channel", other_channel},
	        {"another fleet", other_fleet},
	        {"expired", expired},
	        {"not yet valid", not_yet},
	        {"a trailing byte", trailing},
	        {"a damaged blob", damaged_blob},
	        {"a blob longer than declared", short_blob},
	};
	arena_reset(deployer->design->arena);
	Str blob = deployer->blobs[deployer->version % EDITIONS]; // that serves: it is there
	*ret_name = kinds[number % ARRAY_COUNT(kinds)].name;
	return !send(
	        deployer, kinds[number % ARRAY_COUNT(kinds)].make(deployer, next_manifest(deployer, blob)));
}
