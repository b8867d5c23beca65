// What the program's files share: methods found in the descriptors, and requests made of nothing but a seed
// and a number, so that any of them can be made again.
#pragma once
#include "base/arena.h"

#include "google/protobuf/descriptor.pb-c.h"

typedef Google__Protobuf__DescriptorProto Message;

// --- methods.c ---
typedef enum ServerIndex { DESIGN, RUNTIME, SERVER_COUNT } ServerIndex;

typedef struct Method {
	ServerIndex server;
	char *path;
	const Message *input;
	bool endless;      // a server stream that a sound request opens for good
	bool revokes;      // what it is called with is worth nothing afterwards
	int sent, reached; // reached: answered otherwise than for want of credentials
	int unserved;
} Method;

typedef struct Methods {
	Google__Protobuf__FileDescriptorSet *set;
	Method *items;
	size_t count;
} Methods;

// Every method of both servers, health and reflection included.
void methods_find(Arena *arena, Methods *ret);
// The message that a field's type name means.
const Message *message_find(const Methods *methods, const char *type_name);

// --- requests.c ---
typedef struct Random {
	uint64_t state;
} Random;

Random random_of(uint64_t seed, uint64_t number);
uint64_t random_below(Random *random, uint64_t bound);

typedef struct Body {
	bool none;       // no message at all
	bool compressed; // to be sent with gzip
	bool certain;    // no server may take it
	Str bytes;
} Body;

typedef Body (*KindMaker)(const Methods *methods, const Message *input, Random *random, Arena *arena);
typedef struct Kind {
	const char *name;
	KindMaker make;
} Kind;

extern const Kind kinds[];
extern const size_t kind_count;
