// What the files of this room share.
#pragma once
#include "base/cleanup.h"
#include "snapshot/trust.h"
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

// An envelope taken apart, of which nothing is believed yet.
typedef struct Opened {
	const Envelope *envelope;
	Str payload;      // unparsed
	Str signed_bytes; // what its signatures are over
} Opened;
// The envelope's own form and its payload type. Errors: ENVELOPE_*, SIGNATURE_INVALID (there is none).
Err envelope_take(Str envelope, Str type, Arena *arena, Opened *ret);

// DSSE's pre-authentication encoding: what is signed.
Err signed_bytes_of(Str type, Str payload, Arena *arena, Str *ret);
bool signature_verifies(const uint8_t key[32], const Signature *signature, Str signed_bytes);

// Who signed an envelope: distinct keys of a root, each with its role.
typedef struct Signers {
	size_t count;
	struct {
		KeyRole role;
		const RootKey *key;
	} list[ROOT_SIGNATURES_MAX];
} Signers;
#define ROLE_BIT(role) (1u << (role))
// Verifies every signature; each must be by a key of one of the `roles` (ROLE_BITs), and none may come twice.
// Errors: SIGNATURE_INVALID, KEY_ROLE.
Err signers_check(const Root *root, const Opened *opened, unsigned roles, Signers *ret);
size_t signers_of(const Signers *signers, KeyRole role);
size_t signers_holders(const Signers *signers, KeyRole role); // distinct ones
bool signers_include(const Signers *signers, KeyRole role, Str holder);

const RootRole *root_role(const Root *root, KeyRole role);
// The key that a signature says it is by: the ID is computed from the root's bytes, never believed. NULL if
// the root does not list it.
const RootKey *root_key_by_id(const Root *root, const char *keyid, KeyRole *ret_role);
// A root is there at all. Error: TRUST_EMPTY.
Err root_present(const TrustRoot *root);

// What a message says of itself, parsed or about to be packed. Errors: *_INVALID.
Err manifest_form(const Manifest *manifest);
Err root_form(const Root *root);
Err timestamp_form(const Timestamp *timestamp);
Err floor_form(const Floor *floor);
// Packs and unpacks what is signed, within the limit on bytes. Errors: `id`, NO_MEMORY.
Err payload_pack(const ProtobufCMessage *message, Err id, Arena *arena, Str *ret);
Err payload_parse(const ProtobufCMessageDescriptor *descriptor, Str payload, Err id, Arena *arena,
        ProtobufCMessage **ret);

// A check on its way. Whatever an item refers to is in the snapshot's lists, whose lengths and names were
// checked before.
typedef struct Check {
	const Snapshot *snapshot;
	Arena *arena;              // for the time of the check
	const ExprSchema *schemas; // by audience level
	size_t references;         // to offers, up to now
	size_t candidates;         // of rules, offer lists taken apart
	size_t ids;                // on audience lists
} Check;

// One item of a list, checked against the whole. Errors: SNAPSHOT_INVALID, EXPR_PROGRAM_INVALID.
typedef Err (*CheckItem)(Check *check, const void *item);
Err check_level(Check *check, const void *item);
Err check_zone(Check *check, const void *item);
Err check_point(Check *check, const void *item);
Err check_event(Check *check, const void *item);
Err check_segment(Check *check, const void *item);
Err check_audience_list(Check *check, const void *item);
Err check_flow(Check *check, const void *item);
Err check_offer(Check *check, const void *item);
Err check_offer_list(Check *check, const void *item);
Err check_campaign(Check *check, const void *item);
Err check_rule(Check *check, const void *item);
Err check_global_offer(Check *check, const void *item);
Err check_suppression(Check *check, const void *item);
Err check_constraint(Check *check, const void *item);
// What is not one item's affair: the entries without names, and events that trigger events.
Err check_visitors(const Check *check);
Err check_triggers(Check *check);

// Leaves. `what` names the thing in the message.
Err check_text(const char *text, const char *what);
Err check_label(const char *text, const char *what); // a short text
Err check_sql_name(const char *name, size_t max, const char *what);
Err check_dates(int64_t effective_us, int64_t expires_us);
Err check_score(double score);
Err check_share(uint64_t ppm, const char *what);
Err check_scope(Parley__Snapshot__V1__Scope scope, uint32_t days);
bool type_is_known(Parley__Snapshot__V1__ValueType type);
Err check_constant(const SnapConstant *constant);
// An expression whose result fits the type; an int fits a double.
Err check_expression(const ExprSchema *schema, const SnapExpression *expression,
        Parley__Snapshot__V1__ValueType expected, const char *what);
Err check_level_expressions(const Check *check, SnapLevelExpression *const *list, size_t count,
        Parley__Snapshot__V1__ValueType expected, const char *what);
// That the level has the slot, and the value its type.
Err check_attribute_value(
        const Check *check, uint32_t level, uint32_t attribute, const SnapExpression *value);
Err check_index(uint32_t index, size_t count, const char *what);
Err check_optional(uint32_t index_plus_1, size_t count, const char *what);
Err check_references(Check *check, size_t count);
Err check_offers(Check *check, const uint32_t *offers, size_t count); // ascending

// That the text is canonical (audience_id_canonical). Error: SNAPSHOT_INVALID.
Err audience_id_check(const SnapLevel *level, Str id);

// Forms of names.
bool name_is_plain(Str name);      // of resources
bool name_is_identifier(Str name); // of attributes and keys
bool name_is_code(Str name);       // of offers, campaigns and cells
bool name_is_login(Str name);      // of persons and services

#define INVALID(...) err(ERR_SNAPSHOT_INVALID, __VA_ARGS__)
