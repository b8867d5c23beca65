// Roots, timestamps and floors for tests, with keys from numbers.
#include "base/clock.h"
#include "world/seal.h"

#include <stdio.h>
#include <stdlib.h>

#define DAY_US (INT64_C(86400) * US_PER_S)

static int compare_keys(const void *a, const void *b)
{
	const RootKey *const *x = a, *const *y = b;
	return memcmp((*x)->public_.data, (*y)->public_.data, 32);
}

RootRole *test_role(
        const uint8_t *numbers, const char *const *holders, size_t count, uint32_t threshold, Arena *arena)
{
	RootRole *role = ARENA_NEW(arena, RootRole);
	*role = (RootRole)PARLEY__SNAPSHOT__V1__ROOT_ROLE__INIT;
	role->threshold = threshold;
	role->n_keys = count;
	role->keys = ARENA_ARRAY(arena, RootKey *, count ? count : 1);
	for (size_t i = 0; i < count; i++) {
		RootKey *key = role->keys[i] = ARENA_NEW(arena, RootKey);
		*key = (RootKey)PARLEY__SNAPSHOT__V1__ROOT_KEY__INIT;
		key->holder = arena_cstr(arena, str(holders[i]));
		key->public_ = (ProtobufCBinaryData){.len = 32, .data = arena_alloc(arena, 32)};
		test_key_public(numbers[i], key->public_.data);
	}
	qsort(role->keys, count, sizeof *role->keys, compare_keys);
	return role;
}

Root *test_root(const char *environment, uint8_t builder, uint32_t approvals, Arena *arena)
{
	static const uint8_t root_keys[] = {TEST_ROOT_A, TEST_ROOT_B, TEST_ROOT_C},
	                     approvers[] = {TEST_ANNA, TEST_BEN, TEST_CARL}, timestamp = TEST_TIMESTAMP;
	static const char *const root_holders[] = {"rita", "rolf", "ruth"},
	                         *const approver_names[] = {"anna", "ben", "carl"},
	                         *const service[] = {"design-server"};
	Root *root = ARENA_NEW(arena, Root);
	*root = (Root)PARLEY__SNAPSHOT__V1__ROOT__INIT;
	root->format = ROOT_FORMAT;
	root->environment = arena_cstr(arena, str(environment));
	root->version = 1;
	root->created_us = TEST_NOW_US;
	root->expires_us = TEST_NOW_US + 3650 * DAY_US;
	root->root = test_role(root_keys, root_holders, ARRAY_COUNT(root_keys), 2, arena);
	root->builder = test_role(&builder, service, 1, 1, arena);
	root->approver = test_role(approvers, approver_names, ARRAY_COUNT(approvers), approvals, arena);
	root->timestamp = test_role(&timestamp, service, 1, 1, arena);
	return root;
}

Str test_root_envelope(const char *environment, uint8_t builder, uint32_t approvals, Arena *arena)
{
	static const uint8_t holders[] = {TEST_ROOT_A, TEST_ROOT_C, 0};
	return test_root_seal(test_root(environment, builder, approvals, arena), holders, arena);
}

void test_root_write(const char *path, const char *environment, uint8_t builder, uint32_t approvals)
{
	Arena *arena = arena_new(16 * 1024, 0);
	Str envelope = test_root_envelope(environment, builder, approvals, arena);
	FILE *file = fopen(path, "we");
	if (!file || fwrite(envelope.ptr, 1, envelope.len, file) != envelope.len || fclose(file) != 0) {
		perror(path);
		exit(1);
	}
	arena_free(arena);
}

Timestamp *test_timestamp(const char *environment, uint64_t version, int64_t now_us, Arena *arena)
{
	Timestamp *timestamp = ARENA_NEW(arena, Timestamp);
	*timestamp = (Timestamp)PARLEY__SNAPSHOT__V1__TIMESTAMP__INIT;
	timestamp->format = TIMESTAMP_FORMAT;
	timestamp->environment = arena_cstr(arena, str(environment));
	timestamp->version = version;
	timestamp->created_us = now_us;
	timestamp->expires_us = now_us + DAY_US;
	timestamp->root_version = 1;
	timestamp->audit = ARENA_NEW(arena, Parley__Snapshot__V1__AuditHead);
	*timestamp->audit = (Parley__Snapshot__V1__AuditHead)PARLEY__SNAPSHOT__V1__AUDIT_HEAD__INIT;
	timestamp->audit->sequence = version;
	timestamp->audit->hash = (ProtobufCBinaryData){.len = 32, .data = arena_alloc(arena, 32)};
	memset(timestamp->audit->hash.data, 0xa5, 32);
	return timestamp;
}

void test_timestamp_add(Timestamp *timestamp, const Manifest *manifest, const Digest *digest, Arena *arena)
{
	CurrentManifest *entry = ARENA_NEW(arena, CurrentManifest);
	*entry = (CurrentManifest)PARLEY__SNAPSHOT__V1__CURRENT_MANIFEST__INIT;
	entry->channel = manifest->channel;
	entry->fleet = manifest->fleet;
	entry->epoch = manifest->epoch;
	entry->version = manifest->version;
	entry->manifest = (ProtobufCBinaryData){.len = sizeof *digest,
	        .data = (uint8_t *)(uintptr_t)arena_str(
	                arena, str_n((const char *)digest->bytes, sizeof *digest))
	                        .ptr};
	CurrentManifest **list = ARENA_ARRAY(arena, CurrentManifest *, timestamp->n_current + 1);
	if (timestamp->n_current)
		memcpy(list, timestamp->current, timestamp->n_current * sizeof *list);
	list[timestamp->n_current++] = entry;
	timestamp->current = list;
}

Floor *test_floor(const char *environment, const char *runtime_id, const char *channel, uint64_t epoch,
        uint64_t version, int64_t now_us, Arena *arena)
{
	Floor *floor = ARENA_NEW(arena, Floor);
	*floor = (Floor)PARLEY__SNAPSHOT__V1__FLOOR__INIT;
	floor->format = FLOOR_FORMAT;
	floor->environment = arena_cstr(arena, str(environment));
	floor->runtime_id = arena_cstr(arena, str(runtime_id));
	floor->channel = arena_cstr(arena, str(channel));
	floor->epoch = epoch;
	floor->version = version;
	floor->created_us = now_us;
	floor->expires_us = now_us + 7 * DAY_US;
	return floor;
}
