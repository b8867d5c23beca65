// From a snapshot's files to serving it, 100,000 rules: verify, check, plan, make durable, swap. The floor
// reads the same blob, takes its SHA-256, verifies one Ed25519 signature and unpacks. Meanwhile a reader
// decides under whatever serves, and tells the longest that taking a pin ever took.
#include "rules.h"

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/file.h"
#include "current/current.h"
#include "world/seal.h"

#include <openssl/evp.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum { RULES = 100000, RULES_QUICK = 10000, KEY = 1, PIECE = CURRENT_PIECE_MAX };

typedef struct Site {
	char dir[64];
	Arena *arena;
	uint8_t keys[1][32];
	CurrentOptions options;
	Current *current;
	Str blob;
	char blob_path[192];
	uint64_t version;
	Digest manifest;
	atomic_bool stop;
	_Atomic int64_t longest_us;
} Site;

static int64_t now_us(void *context)
{
	(void)context;
	return TEST_NOW_US;
}

static Str next_envelope(Site *place)
{
	place->version++;
	const Manifest *manifest = test_manifest(
	        place->blob, place->version, place->version > 1 ? &place->manifest : NULL, place->arena);
	return test_seal(manifest, KEY, place->arena, &place->manifest);
}

static void stage(Site *place)
{
	const Digest digest = digest_of(place->blob);
	uint64_t received = 0;
	char hex[65];
	while (received < place->blob.len) {
		size_t left = place->blob.len - received;
		bench_must(current_stage(place->current, &digest, place->blob.len, received,
		        str_n(place->blob.ptr + received, left < PIECE ? left : PIECE), &received));
	}
	digest_hex(&digest, hex);
	snprintf(place->blob_path, sizeof place->blob_path, "%s/blobs/%s", place->dir, hex);
}

// Milliseconds.
static double activate(void *context)
{
	Site *place = context;
	Str envelope = next_envelope(place);
	bool unchanged;
	int64_t begun = monotonic_us();
	bench_must(current_activate(place->current, envelope, NULL, &unchanged));
	int64_t us = monotonic_us() - begun;
	current_sweep(place->current);
	return (double)us / 1e3;
}

// --- the floor ---

static void verify_signature(const uint8_t public_key[32], const Signature *signature, Str signed_bytes)
{
	EVP_PKEY *key = EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, NULL, public_key, 32);
	EVP_MD_CTX *verifier = EVP_MD_CTX_new();
	if (key == NULL || EVP_DigestVerifyInit(verifier, NULL, NULL, NULL, key) != 1 ||
	        EVP_DigestVerify(verifier, signature->sig.data, signature->sig.len,
	                (const uint8_t *)signed_bytes.ptr, signed_bytes.len) != 1) {
		fprintf(stderr, "the floor's signature does not hold\n");
		exit(1);
	}
	EVP_MD_CTX_free(verifier);
	EVP_PKEY_free(key);
}

static double read_and_verify(void *context)
{
	Site *place = context;
	CLEANUP(arena_freep) Arena *arena = arena_new(256 * 1024, 0);
	const Str payload = STR("a manifest's worth of bytes");
	Str signed_bytes =
	        str(arena_printf(arena, "DSSEv1 %zu " STR_FMT " %zu " STR_FMT, strlen(SNAPSHOT_PAYLOAD_TYPE),
	                STR_ARG(STR(SNAPSHOT_PAYLOAD_TYPE)), payload.len, STR_ARG(payload)));
	const Signature *signature = test_sign(KEY, STR(SNAPSHOT_PAYLOAD_TYPE), payload, arena);
	const Digest wanted = digest_of(place->blob);
	Str blob;
	int64_t begun = monotonic_us();
	bench_must(file_read(place->blob_path, SNAPSHOT_MAX, arena, &blob));
	Digest found = digest_of(blob);
	verify_signature(place->keys[0], signature, signed_bytes);
	ProtobufCMessage *unpacked = protobuf_c_message_unpack(
	        &parley__snapshot__v1__snapshot__descriptor, NULL, blob.len, (const uint8_t *)blob.ptr);
	int64_t us = monotonic_us() - begun;
	if (!digest_eq(&found, &wanted) || unpacked == NULL)
		bench_die("the floor reads another blob");
	protobuf_c_message_free_unpacked(unpacked, NULL);
	return (double)us / 1e3;
}

// --- the reader ---

static void *read_on(void *context)
{
	Site *place = context;
	while (!atomic_load(&place->stop)) {
		int64_t begun = monotonic_us();
		const Deployed *deployed = current_acquire(place->current, STR("bank"));
		int64_t us = monotonic_us() - begun;
		if (deployed == NULL || plan_point(deployed_plan(deployed), STR("home-banner")) < 0)
			abort();
		current_release(deployed);
		if (us > atomic_load(&place->longest_us))
			atomic_store(&place->longest_us, us);
		nanosleep(&(struct timespec){.tv_nsec = 50000}, NULL);
	}
	return NULL;
}

static void place_make(Site *place)
{
	CLEANUP(arena_freep) Arena *scratch = arena_new(1 << 20, 0);
	RuleSet rules;
	place->arena = arena_new(1 << 20, 0);
	bench_folder_make(place->dir);
	test_key_public(KEY, place->keys[0]);
	place->options = (CurrentOptions){.dir = str(place->dir),
	        .trusted_root = test_root_envelope("production", KEY, 0, place->arena),
	        .environment = STR("production"),
	        .fleet = STR("main"),
	        .clock = {now_us, NULL}};
	bench_must(current_open(&place->options, &place->current));
	rules_make(bench_quick() ? RULES_QUICK : RULES, scratch, &rules);
	bench_must(snapshot_pack(rules.snapshot, place->arena, &place->blob));
	stage(place);
	activate(place); // from now on the blob is a file under its name
}

int main(int argc, char **argv)
{
	static Site place;
	pthread_t reader;
	bench_begin(argc, argv);
	if (!bench_wants("swap_100000"))
		return 0;
	place_make(&place);
	pthread_create(&reader, NULL, read_on, &place);
	bench_run(&(BenchRow){.name = "swap_100000",
	        .unit = "ms",
	        .ours = activate,
	        .floor = read_and_verify,
	        .context = &place});
	atomic_store(&place.stop, true);
	pthread_join(reader, NULL);
	bench_note("  a blob of %.1f MB; the longest that a reader waited for its pin meanwhile: %lld us%s",
	        (double)place.blob.len / 1e6, (long long)atomic_load(&place.longest_us),
	        bench_quick() ? "; --quick: 10,000 rules only" : "");
	current_close(place.current);
	bench_folder_remove(place.dir);
	arena_free(place.arena);
	return 0;
}
