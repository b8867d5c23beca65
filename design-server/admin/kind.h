// Kinds of resources: one row of kind_table.h each. All that the generic code knows of a kind is in its row
// and in the descriptors that it names.
#pragma once
#include "base/error.h"

#include <protobuf-c/protobuf-c.h>

struct Check; // check.h

// A field that holds the name of another resource, or a list of names. `channel`, where a kind has it, is one
// too.
typedef struct Reference {
	const char *path; // "offer", "actions.offers"
	const char *kind;
	bool required;
} Reference;

typedef struct Kind {
	const char *name;  // of the message, such as "AudienceLevel"
	const char *field; // of the resource in requests and responses, such as "audience_level"
	const ProtobufCMessageDescriptor *message;
	const ProtobufCServiceDescriptor *service;
	const Reference *references; // ends with {0}
	const char *unique;          // a field that no two of the kind may share, or NULL
	bool content_matters;        // what refers to it is valid or not by its content
	// What is particular to the kind; generic checks have passed.
	Err (*validate)(struct Check *check);
} Kind;

enum { KIND_COUNT = 19 };
extern const Kind kinds[KIND_COUNT];

// NULL if there is none.
const Kind *kind_by_name(Str name);
// Whether its resources belong to a channel.
bool kind_has_channel(const Kind *kind);
