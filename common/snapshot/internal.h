// What the files of this room share.
#pragma once
#include "base/cleanup.h"
#include "snapshot/snapshot.h"
#include "snapshot/types.h"

#include "expr/expr.h"

#include <openssl/evp.h>

struct SigningKey {
	EVP_PKEY *pkey;
	uint8_t public_bytes[32];
};

// Unpacks the one spelling of a message that we accept (README.md, "The strict parse"). Errors: `id`,
// NO_MEMORY.
Err strict_unpack(const ProtobufCMessageDescriptor *descriptor, Str bytes, size_t max_fields, Err id,
        Arena *arena, ProtobufCMessage **ret);

// Checks 1 to 4: the envelope, up to the signatures. `ret` is the payload, still unparsed. Errors:
// TRUST_EMPTY, ENVELOPE_*, SIGNATURE_INVALID.
Err envelope_verify(Str envelope, const TrustSet *trust, Arena *arena, Str *ret);

// Check 5 without the parse: the manifest's own form. Error: MANIFEST_INVALID.
Err manifest_form(const Manifest *manifest);

// One item of a snapshot's list, checked against the whole. Errors: SNAPSHOT_INVALID, EXPR_PROGRAM_INVALID.
typedef struct Check {
	const Snapshot *snapshot;
	const ExprSchema *schemas; // by audience level
} Check;
typedef Err (*CheckItem)(const Check *check, const void *item);
Err check_level(const Check *check, const void *item);
Err check_zone(const Check *check, const void *item);
Err check_point(const Check *check, const void *item);
Err check_event(const Check *check, const void *item);
Err check_segment(const Check *check, const void *item);
Err check_offer(const Check *check, const void *item);
Err check_rule(const Check *check, const void *item);

// Forms of names.
bool name_is_plain(Str name);      // of resources
bool name_is_identifier(Str name); // of attributes and keys
bool name_is_code(Str name);       // of offers

#define INVALID(...) err(ERR_SNAPSHOT_INVALID, __VA_ARGS__)
