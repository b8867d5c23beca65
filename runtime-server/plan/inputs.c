// What a plan is made of, by digests: who makes it again knows whether it is the same.
#include "plan/internal.h"

#include "base/cleanup.h"
#include "base/file.h"
#include "visitor/visitor.h"

#include <fcntl.h>
#include <openssl/evp.h>
#include <stdlib.h>
#include <unistd.h>

enum { HASH_PIECE = 1 << 20 };

// SHA-256 of a file, in the arena; empty of NULL.
static Err digest_file(const char *path, Arena *arena, ProtobufCBinaryData *ret)
{
	CLEANUP(fd_closep) int fd = -1;
	*ret = (ProtobufCBinaryData){0};
	if (path == NULL)
		return OK;
	fd = open(path, O_RDONLY | O_CLOEXEC);
	EVP_MD_CTX *sha = EVP_MD_CTX_new();
	char *piece = malloc(HASH_PIECE);
	uint8_t *digest = arena_alloc(arena, PLAN_DIGEST_SIZE);
	ssize_t got = 0;
	bool fine = fd >= 0 && sha != NULL && piece != NULL && digest != NULL &&
	            EVP_DigestInit_ex(sha, EVP_sha256(), NULL) == 1;
	while (fine && (got = read(fd, piece, HASH_PIECE)) > 0)
		fine = EVP_DigestUpdate(sha, piece, (size_t)got) == 1;
	fine = fine && got == 0 && EVP_DigestFinal_ex(sha, digest, NULL) == 1;
	EVP_MD_CTX_free(sha);
	free(piece);
	*ret = (ProtobufCBinaryData){PLAN_DIGEST_SIZE, digest};
	return fine ? OK : err_errno(ERR_IO, "cannot read %s", path);
}

// The moment that a checkpoint stands for; 0 of NULL.
static Err read_state_time(const char *path, int64_t *ret_us)
{
	CLEANUP(fd_closep) int fd = -1;
	*ret_us = 0;
	if (path == NULL)
		return OK;
	fd = open(path, O_RDONLY | O_CLOEXEC);
	return fd >= 0 ? visitors_state_time(fd, path, ret_us) : err_errno(ERR_IO, "cannot read %s", path);
}

Err plan_inputs(const PlanOptions *options, Arena *arena, Parley__Plan__V1__PlanInputs *inputs)
{
	const Parley__Snapshot__V1__Snapshot *snapshot = rehearsal_snapshot(options->content);
	parley__plan__v1__plan_inputs__init(inputs);
	inputs->set_digest = (ProtobufCBinaryData){
	        EVENT_DIGEST_SIZE, (uint8_t *)(uintptr_t)event_set_info(options->set)->digest};
	inputs->snapshot_digest = (ProtobufCBinaryData){
	        PLAN_DIGEST_SIZE, (uint8_t *)(uintptr_t)rehearsal_digest(options->content)->bytes};
	inputs->snapshot_version = rehearsal_version(options->content);
	inputs->channel = snapshot->channel;
	inputs->seed = options->seed;
	inputs->contact_event = (char *)(uintptr_t)(options->contact_event ? options->contact_event : "");
	inputs->explains = options->explains;
	inputs->brief = options->brief;
	TRY(digest_file(options->state, arena, &inputs->state_digest));
	TRY(read_state_time(options->state, &inputs->state_time_us));
	return digest_file(options->profiles, arena, &inputs->profiles_digest);
}
