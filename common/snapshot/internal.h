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

#define INVALID(...) err(ERR_SNAPSHOT_INVALID, __VA_ARGS__)
