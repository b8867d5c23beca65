#include "cases.h"

#include "base/clock.h"
#include "base/file.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static const int64_t day_us = INT64_C(86400) * US_PER_S;

// The signatures of these keys, the list ends with 0, over the manifest that would be next.
static Err send_by(Site *site, const Manifest *manifest, const uint8_t *numbers)
{
	return site_send(site, test_seal_by(manifest, numbers, site->arena, NULL));
}

// --- envelope and signatures ---

static Err payload_flipped(Site *site)
{
	Envelope *envelope = site_open(site, site_seal(site, site_manifest(site)));
	envelope->payload.data[envelope->payload.len / 2] ^= 1;
	return site_send(site, site_close(site, envelope));
}

static Err signature_flipped(Site *site)
{
	Envelope *envelope = site_open(site, site_seal(site, site_manifest(site)));
	envelope->signatures[0]->sig.data[5] ^= 1;
	return site_send(site, site_close(site, envelope));
}

static Err type_changed(Site *site)
{
	Envelope *envelope = site_open(site, site_seal(site, site_manifest(site)));
	envelope->payload_type = (char *)"application/vnd.parley.snapshot.v2+protobuf";
	return site_send(site, site_close(site, envelope));
}

static Err signatures_stripped(Site *site)
{
	Envelope *envelope = site_open(site, site_seal(site, site_manifest(site)));
	envelope->n_signatures = 0;
	return site_send(site, site_close(site, envelope));
}

// A server of its own that would believe anybody: it must not start.
static Err without_a_key(Site *site)
{
	enum { EXIT_CONFIG = 5 };
	Home home;
	char path[96];
	Root *root = test_root("production", BUILDER, 0, site->arena);
	root->builder->n_keys = 0;
	root->builder->threshold = 0;
	home_make(&home);
	snprintf(path, sizeof path, "%s/root", home.dir);
	Str envelope = test_root_seal(root, (const uint8_t[]){TEST_ROOT_A, TEST_ROOT_B, 0}, site->arena);
	Err e = file_write_durable(path, envelope, 0600);
	int code = home_start(&home);
	bool said = home_logged(&home, "ROOT_INVALID");
	home_remove(&home);
	return e == OK && code == EXIT_CONFIG && said ? err(ERR_CONFIG_INVALID, "it does not start") : OK;
}

static Err unknown_key(Site *site)
{
	return send_by(site, site_manifest(site), (const uint8_t[]){SITE_STRANGER, TEST_ANNA, TEST_BEN, 0});
}

// A field that nobody knows carries the key that would verify.
static Err key_in_the_bundle(Site *site)
{
	enum { FIELD_15_BYTES = 15 << 3 | 2 };
	Str envelope = test_seal_by(site_manifest(site),
	        (const uint8_t[]){SITE_STRANGER, TEST_ANNA, TEST_BEN, 0}, site->arena, NULL);
	char *with = arena_alloc(site->arena, envelope.len + 34);
	memcpy(with, envelope.ptr, envelope.len);
	with[envelope.len] = FIELD_15_BYTES;
	with[envelope.len + 1] = 32;
	test_key_public(SITE_STRANGER, (uint8_t *)with + envelope.len + 2);
	return site_send(site, str_n(with, envelope.len + 34));
}

static Err signature_repeated(Site *site)
{
	return send_by(site, site_manifest(site), (const uint8_t[]){site->builder, TEST_ANNA, TEST_ANNA, 0});
}

static Err key_under_several_ids(Site *site)
{
	Envelope *envelope = site_open(
	        site, test_seal_by(site_manifest(site),
	                      (const uint8_t[]){site->builder, TEST_ANNA, TEST_ANNA, 0}, site->arena, NULL));
	test_key_id(TEST_BEN, envelope->signatures[2]->keyid);
	return site_send(site, site_close(site, envelope));
}

static Err threshold_less_one(Site *site)
{
	return send_by(site, site_manifest(site), (const uint8_t[]){site->builder, TEST_ANNA, 0});
}

static Err author_approves(Site *site)
{
	Manifest *manifest = site_manifest(site);
	manifest->author = (char *)"anna";
	return site_send(site, site_seal(site, manifest));
}

static Err wrong_role(Site *site)
{
	return send_by(site, site_manifest(site), (const uint8_t[]){TEST_TIMESTAMP, TEST_ANNA, TEST_BEN, 0});
}

// Root 2 lists another builder; what the former one signs is nobody's from then on.
static Err revoked_key(Site *site)
{
	static const uint8_t holders[] = {TEST_ROOT_A, TEST_ROOT_B, 0};
	uint8_t former = site->builder;
	Root *root = test_root("production", SITE_BUILDERS, 2, site->arena);
	root->version = site->root + 1;
	if (site_put_root(site, root, holders) != OK)
		return OK;
	site->root++;
	site->builder = SITE_BUILDERS;
	return send_by(site, site_manifest(site), (const uint8_t[]){former, TEST_ANNA, TEST_BEN, 0});
}

// S + L verifies as S does where nobody looks: L is the order of the group, little-endian.
static Err malleated(Site *site)
{
	static const uint8_t order[32] = {0xed, 0xd3, 0xf5, 0x5c, 0x1a, 0x63, 0x12, 0x58, 0xd6, 0x9c, 0xf7,
	        0xa2, 0xde, 0xf9, 0xde, 0x14, [31] = 0x10};
	Envelope *envelope = site_open(site, site_seal(site, site_manifest(site)));
	uint8_t *s = envelope->signatures[0]->sig.data + 32;
	unsigned carry = 0;
	for (size_t i = 0; i < sizeof order; i++) {
		carry += (unsigned)s[i] + order[i];
		s[i] = (uint8_t)carry;
		carry >>= 8;
	}
	return site_send(site, site_close(site, envelope));
}

// --- version, time, place ---

static Err lower_version(Site *site)
{
	Manifest *manifest = site_manifest(site);
	manifest->version = site->version - 1;
	manifest->previous.len = 0;
	return site_send(site, site_seal(site, manifest));
}

static Err same_version(Site *site)
{
	Manifest *manifest = site_manifest(site);
	manifest->version = site->version;
	return site_send(site, site_seal(site, manifest));
}

static Err lower_epoch(Site *site)
{
	Manifest *manifest = site_manifest(site);
	manifest->epoch = SITE_EPOCH - 1;
	return site_send(site, site_seal(site, manifest));
}

static Err version_too_far(Site *site)
{
	Manifest *manifest = site_manifest(site);
	manifest->version = site->version + 2;
	return site_send(site, site_seal(site, manifest));
}

static Err expired(Site *site)
{
	Manifest *manifest = site_manifest(site);
	manifest->not_before_us -= day_us;
	manifest->expires_us = clock_now_us(clock_system()) / US_PER_S * US_PER_S; // this very second
	return site_send(site, site_seal(site, manifest));
}

static Err not_yet(Site *site)
{
	Manifest *manifest = site_manifest(site);
	manifest->not_before_us = clock_now_us(clock_system()) + 60 * US_PER_S;
	return site_send(site, site_seal(site, manifest));
}

static Err other_environment(Site *site)
{
	Manifest *manifest = site_manifest(site);
	manifest->environment = (char *)"staging";
	return site_send(site, site_seal(site, manifest));
}

static Err other_channel(Site *site)
{
	Manifest *manifest = site_manifest(site);
	manifest->channel = (char *)"shop";
	return site_send(site, site_seal(site, manifest));
}

static Err other_fleet(Site *site)
{
	Manifest *manifest = site_manifest(site);
	manifest->fleet = (char *)"second";
	return site_send(site, site_seal(site, manifest));
}

// --- blobs ---

static void refer_to(Manifest *manifest, const Digest *digest, uint64_t length)
{
	memcpy(manifest->blobs[0]->sha256.data, digest->bytes, sizeof digest->bytes);
	manifest->blobs[0]->length = length;
}

// As many bytes of another snapshot come under the name of the one that was signed.
static Err blob_swapped(Site *site)
{
	char *other = arena_cstr(site->arena, site->blob);
	Manifest *manifest = site_manifest(site);
	other[site->blob.len / 2] ^= 1;
	Digest digest = digest_of(str_n(other, site->blob.len));
	refer_to(manifest, &digest, site->blob.len);
	TRY(stage_blob(&site->design, &digest, site->blob));
	return site_send(site, site_seal(site, manifest));
}

static Err blob_longer(Site *site)
{
	Manifest *manifest = site_manifest(site);
	manifest->blobs[0]->length--;
	return site_send(site, site_seal(site, manifest));
}

static Err blob_shorter(Site *site)
{
	Manifest *manifest = site_manifest(site);
	manifest->blobs[0]->length++;
	return site_send(site, site_seal(site, manifest));
}

// --- roots ---

static Err root_skips(Site *site)
{
	Root *root = test_root("production", site->builder, 0, site->arena);
	root->version = site->root + 2;
	return site_put_root(site, root, (const uint8_t[]){TEST_ROOT_A, TEST_ROOT_B, 0});
}

static Err root_by(Site *site, const uint8_t *numbers)
{
	static const uint8_t keys[] = {201, 202};
	static const char *const holders[] = {"mallory", "mona"};
	Root *root = test_root("production", site->builder, 0, site->arena);
	root->version = site->root + 1;
	root->root = test_role(keys, holders, ARRAY_COUNT(keys), 2, site->arena);
	return site_put_root(site, root, numbers);
}

static Err root_by_the_new(Site *site)
{
	return root_by(site, (const uint8_t[]){201, 202, 0});
}

static Err root_by_the_old(Site *site)
{
	return root_by(site, (const uint8_t[]){TEST_ROOT_A, TEST_ROOT_B, 0});
}

static Err rollback_unapproved(Site *site)
{
	Manifest *manifest = site_manifest(site);
	manifest->rollback_of = 1;
	return send_by(site, manifest, (const uint8_t[]){site->builder, 0});
}

// --- forms ---

static Err with_more(Site *site, const char *more, size_t len)
{
	Str payload = site_pack(site, &site_manifest(site)->base);
	char *bytes = arena_alloc(site->arena, payload.len + len);
	memcpy(bytes, payload.ptr, payload.len);
	memcpy(bytes + payload.len, more, len);
	return site_send(site, site_seal_bytes(site, str_n(bytes, payload.len + len)));
}

// The channel a second time.
static Err duplicate_field(Site *site)
{
	return with_more(site,
	        "\x1a\x04"
	        "bank",
	        6);
}

static Err unknown_field(Site *site)
{
	return with_more(site, "\xfa\x01\x01x", 4);
}

// Messages in messages, two hundred deep.
static Err deep_nesting(Site *site)
{
	enum { DEPTH = 200, BLOBS_FIELD = 8 << 3 | 2 };
	char bytes[2 * DEPTH * 2];
	size_t at = sizeof bytes, len = 0;
	for (int i = 0; i < DEPTH; i++) {
		if (len >= 128)
			bytes[--at] = (char)(len >> 7);
		bytes[--at] = (char)(len >= 128 ? (len & 127) | 128 : len);
		bytes[--at] = BLOBS_FIELD;
		len = sizeof bytes - at;
	}
	return with_more(site, bytes + at, len);
}

static Err trailing_bytes(Site *site)
{
	Str envelope = site_seal(site, site_manifest(site));
	return site_send(site, str_n(arena_cstr(site->arena, envelope), envelope.len + 1));
}

static Err oversize(Site *site)
{
	enum { LARGE = 66 * 1024 };
	Manifest *manifest = site_manifest(site);
	manifest->comment = arena_alloc(site->arena, LARGE + 1);
	memset(manifest->comment, 'x', LARGE);
	return site_send(site, site_seal(site, manifest));
}

// --- what befalls a server ---

// Everything has been written but for the state, which is what counts; then the machine stops.
static Err crash_before_activate(Site *site)
{
	Manifest *manifest = site_manifest(site);
	Digest digest = digest_of(site_pack(site, &manifest->base));
	char hex[65];
	digest_hex(&digest, hex);
	char *path = arena_printf(site->arena, "%s/state/channels/bank/%s", site->home.dir, hex);
	site_kill(site);
	TRY(file_write_durable(path, site_seal(site, manifest), 0600));
	site_connect(site);
	must_start(&site->touchpoint, "tampered", 7, NULL);
	return err(ERR_CANCELLED, "the state does not name it");
}

// The server has seen a moment ten days ahead; by its clock the manifest has not expired, by what it saw it
// has.
static Err clock_set_back(Site *site)
{
	char *path = arena_printf(site->arena, "%s/state/channels/bank/state", site->home.dir), hex[65];
	int64_t now_us = clock_now_us(clock_system());
	Str text;
	site_kill(site);
	TRY(file_read(path, 65536, site->arena, &text));
	const char *rest = strchr(strchr(text.ptr, '\n') + 1, '\n'), *sum = strstr(text.ptr, "sha256 ");
	char *made = arena_printf(site->arena, "parley place 2\nhighest_time_us %" PRId64 "%.*s",
	        now_us + 10 * day_us, (int)(sum - rest), rest);
	Digest digest = digest_of(str(made));
	digest_hex(&digest, hex);
	TRY(file_write_durable(path, str(arena_printf(site->arena, "%ssha256 %s\n", made, hex)), 0600));
	site_connect(site);
	must_start(&site->touchpoint, "tampered", 7, NULL);
	Manifest *manifest = site_manifest(site);
	manifest->expires_us = now_us + 5 * day_us;
	return site_send(site, site_seal(site, manifest));
}

const Case cases[] = {
        {"1", "payload bit flipped", payload_flipped, ERR_SIGNATURE_INVALID, NULL},
        {"2", "signature bit flipped", signature_flipped, ERR_SIGNATURE_INVALID, NULL},
        {"3", "payload type changed", type_changed, ERR_ENVELOPE_TYPE, NULL},
        {"4", "signatures stripped", signatures_stripped, ERR_SIGNATURE_INVALID, NULL},
        {"5", "verification configured without a key", without_a_key, ERR_CONFIG_INVALID, NULL},
        {"6", "unknown key", unknown_key, ERR_SIGNATURE_INVALID, NULL},
        {"7", "key offered inside the bundle", key_in_the_bundle, ERR_ENVELOPE_INVALID, NULL},
        {"8", "one signature repeated to reach the threshold", signature_repeated, ERR_SIGNATURE_INVALID,
                NULL},
        {"9", "one key under several key IDs", key_under_several_ids, ERR_SIGNATURE_INVALID, NULL},
        {"10", "threshold less one", threshold_less_one, ERR_APPROVALS_MISSING, NULL},
        {"11", "author as approver", author_approves, ERR_APPROVER_IS_AUTHOR, NULL},
        {"12", "right key, wrong role", wrong_role, ERR_KEY_ROLE, NULL},
        {"13", "revoked key", revoked_key, ERR_SIGNATURE_INVALID, NULL},
        {"14", "Ed25519 malleated (S + L)", malleated, ERR_SIGNATURE_INVALID, NULL},
        {"15", "lower version", lower_version, ERR_MANIFEST_VERSION, NULL},
        {"16", "same version, other digest", same_version, ERR_MANIFEST_VERSION, NULL},
        {"17", "lower epoch", lower_epoch, ERR_MANIFEST_VERSION, NULL},
        {"18", "version jumps too far", version_too_far, ERR_MANIFEST_VERSION, NULL},
        {"19", "expired, to the second", expired, ERR_MANIFEST_EXPIRED, NULL},
        {"20", "not yet valid", not_yet, ERR_MANIFEST_NOT_YET, NULL},
        {"21", "staging's manifest at production", other_environment, ERR_MANIFEST_PLACE, NULL},
        {"21", "another channel", other_channel, ERR_SNAPSHOT_INVALID, NULL},
        {"21", "another fleet", other_fleet, ERR_MANIFEST_PLACE, NULL},
        {"22", "blob swapped between manifests", blob_swapped, ERR_SNAPSHOT_DIGEST, NULL},
        {"23", "blob longer than declared", blob_longer, ERR_SNAPSHOT_LENGTH, NULL},
        {"23", "blob shorter than declared", blob_shorter, ERR_SNAPSHOT_LENGTH, NULL},
        {"24", "root that skips a number", root_skips, ERR_ROOT_VERSION, NULL},
        {"24", "root signed by the new side only", root_by_the_new, ERR_SIGNATURE_INVALID, NULL},
        {"24", "root signed by the old side only", root_by_the_old, ERR_SIGNATURE_INVALID, NULL},
        {"25", "rollback_of without approvals", rollback_unapproved, ERR_APPROVALS_MISSING, NULL},
        {"-", "duplicate field", duplicate_field, ERR_MANIFEST_INVALID, NULL},
        {"-", "unknown field", unknown_field, ERR_MANIFEST_INVALID, NULL},
        {"-", "deep nesting", deep_nesting, ERR_MANIFEST_INVALID, NULL},
        {"-", "trailing bytes", trailing_bytes, ERR_ENVELOPE_INVALID, NULL},
        {"-", "oversize", oversize, ERR_REQUEST_TOO_LARGE, NULL},
        {"-", "crash between write and activate", crash_before_activate, ERR_CANCELLED, "state file"},
        {"-", "clock set back", clock_set_back, ERR_MANIFEST_EXPIRED, NULL},
};
const size_t case_count = ARRAY_COUNT(cases);
