#include "site.h"

#include "base/clock.h"
#include "wire/wire.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

static const int64_t day_us = INT64_C(86400) * US_PER_S;

static void must(bool right, const char *what)
{
	if (right)
		return;
	fprintf(stderr, "tamper: %s: %s\n", what, err_detail()->message);
	exit(1);
}

static Str view(ProtobufCBinaryData data)
{
	return str_n((const char *)data.data, data.len);
}

// --- what a design server does ---

Manifest *site_manifest(Site *site)
{
	int64_t now_us = clock_now_us(clock_system());
	Manifest *manifest = test_manifest(
	        site->blob, site->version + 1, site->version > 0 ? &site->manifest : NULL, site->arena);
	manifest->epoch = SITE_EPOCH;
	manifest->created_us = manifest->not_before_us = now_us - day_us;
	manifest->expires_us = now_us + 30 * day_us;
	return manifest;
}

Str site_pack(Site *site, const ProtobufCMessage *message)
{
	Str bytes;
	must(wire_pack(message, site->arena, &bytes) == OK, "no memory");
	return bytes;
}

Str site_seal(Site *site, const Manifest *manifest)
{
	return site_seal_bytes(site, site_pack(site, &manifest->base));
}

Str site_seal_bytes(Site *site, Str payload)
{
	const Str type = STR(SNAPSHOT_PAYLOAD_TYPE);
	const uint8_t numbers[] = {site->builder, TEST_ANNA, TEST_BEN};
	Signature *signatures[ARRAY_COUNT(numbers)];
	for (size_t i = 0; i < ARRAY_COUNT(numbers); i++)
		signatures[i] = test_sign(numbers[i], type, payload, site->arena);
	return test_envelope(type, payload, signatures, ARRAY_COUNT(numbers), site->arena);
}

Envelope *site_open(Site *site, Str envelope)
{
	Envelope *opened = NULL;
	must(envelope_open(envelope, site->arena, &opened) == OK, "no envelope");
	return opened;
}

Str site_close(Site *site, const Envelope *envelope)
{
	return test_envelope(str(envelope->payload_type), view(envelope->payload), envelope->signatures,
	        envelope->n_signatures, site->arena);
}

Err site_send(Site *site, Str envelope)
{
	ActivateResponse *answer = NULL;
	return activate(&site->design, envelope, &answer);
}

void site_deploy(Site *site, const Snapshot *snapshot)
{
	must(snapshot_pack(snapshot, site->kept, &site->blob) == OK, "no snapshot");
	Manifest *manifest = site_manifest(site);
	Str envelope = site_seal(site, manifest);
	Digest digest = digest_of(site->blob);
	must(stage_blob(&site->design, &digest, site->blob) == OK, "cannot stage");
	must(site_send(site, envelope) == OK, "a good deployment was refused");
	site->manifest = digest_of(site_pack(site, &manifest->base));
	site->version++;
}

Err site_put_root(Site *site, const Root *root, const uint8_t *numbers)
{
	Parley__Runtime__V1__PutRootRequest request = PARLEY__RUNTIME__V1__PUT_ROOT_REQUEST__INIT;
	ProtobufCMessage *answer = NULL;
	Str envelope = test_root_seal(root, numbers, site->arena);
	request.envelope = (ProtobufCBinaryData){envelope.len, (uint8_t *)(uintptr_t)envelope.ptr};
	return rpc_call(site->design.rpc, &parley__runtime__v1__control_service__descriptor, "PutRoot",
	        &request.base, 20000, site->arena, &answer);
}

// --- what a touchpoint sees ---

uint64_t site_serves(Site *site)
{
	GetOffersResponse *answer = NULL;
	Err e = get_offers(
	        &site->touchpoint, new_offers(&site->touchpoint, "tampered", "home-banner", 1), &answer);
	return e == OK && answer->points[0]->n_offers > 0 ? answer->snapshot->version : 0;
}

// --- life ---

void site_connect(Site *site)
{
	must(home_start(&site->home) == -1, "the server does not start");
	site->design = home_client(&site->home, "design");
	site->touchpoint = home_client(&site->home, "touchpoint");
}

void site_kill(Site *site)
{
	home_stop(&site->home, SIGKILL);
	client_free(&site->design);
	client_free(&site->touchpoint);
}

void site_make(Site *site)
{
	char path[96];
	*site = (Site){.arena = arena_new(64 * 1024, 0),
	        .kept = arena_new(64 * 1024, 0),
	        .builder = BUILDER,
	        .root = 1};
	home_make(&site->home);
	snprintf(path, sizeof path, "%s/root", site->home.dir);
	test_root_write(path, "production", BUILDER, 2);
	rpc_init();
	site_connect(site);
	site_deploy(site, world_finish(world_bank(site->design.arena)));
	site_deploy(site, world_finish(world_bank(site->design.arena)));
	must_start(&site->touchpoint, "tampered", 7, NULL);
}

void site_remove(Site *site)
{
	client_free(&site->design);
	client_free(&site->touchpoint);
	home_remove(&site->home);
	arena_free(site->arena);
	arena_free(site->kept);
	rpc_shutdown();
}
