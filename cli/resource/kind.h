// The kinds of resources as the CLI sees them, and the five methods that each of them has, written once.
#pragma once
#include "connect.h"

typedef struct Kind {
	const char *name;       // "TreatmentRule"
	const char *plural;     // "TreatmentRules"
	const char *field;      // "treatment_rule"
	const char *list_field; // "treatment_rules"
	const char *short_name; // "rule"
	bool in_channel;
	const char *columns;
	const ProtobufCServiceDescriptor *service;
	const ProtobufCMessageDescriptor *message;
} Kind;

// In the order of dependency: what a row refers to stands above it.
extern const Kind kind_rows[];
extern const size_t kind_count;

// By kind, plural or short name, however spelled; NULL if there is none.
const Kind *kind_find(Str name);
// Exit code 2 and the nearest kind if there is none.
Err kind_need(Cli *cli, const char *name, const Kind **ret);
// "zone/bank/hero" or "offer/gold".
char *kind_path(const Kind *kind, Str channel, Str name, Arena *arena);

// *ret is a new reference to the resource's fields; NULL if it is not there and `missing_ok`.
Err resource_get(Cli *cli, const Kind *kind, Str channel, Str name, bool missing_ok, json_t **ret);
// All resources of a kind, of one channel if it is not empty.
Err resource_list(Cli *cli, const Kind *kind, Str channel, const char *filter, json_t **ret);
// Makes it or changes all its fields. `fields` is borrowed; *ret is the resource as stored.
Err resource_put(Cli *cli, const Kind *kind, json_t *fields, bool validate_only, json_t **ret);
Err resource_delete(
        Cli *cli, const Kind *kind, Str channel, Str name, bool validate_only, bool allow_missing);
// Without what the server sets: etag and times.
void resource_strip(json_t *fields);
