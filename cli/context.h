// Contexts: which servers there are, how to reach them and what to show them. They are kept in
// $PARLEY_CONFIG, else
// ~/.config/parley/config.yaml; the tokens of the design server beside it, in tokens/CONTEXT, for their
// owner's eyes only, and the roots that their owner trusts, in roots/CONTEXT/ENVIRONMENT.root.
#pragma once
#include "base/config.h"

// How to reach one server, or one of several that are alike.
typedef struct Endpoint {
	Str address;
	Str ca;          // PEM file; empty: plaintext
	Str server_name; // the name on the server's certificate, if not the address's host
	Str certificate, key, token_file;
} Endpoint;

typedef struct ContextEnvironment {
	Str name;
	Endpoint runtime;
} ContextEnvironment;

typedef struct Context {
	Str name;
	Endpoint design;
	ConfigList environments; // of ContextEnvironment
} Context;

typedef struct ContextFile {
	const char *path;
	Str current;
	ConfigList contexts; // of Context
} ContextFile;

// A file that is not there is an empty one. Errors: CONFIG_INVALID, IO.
Err context_load(Arena *arena, ContextFile *ret);
Err context_save(const ContextFile *file, Arena *arena);
// The one of that name, else $PARLEY_CONTEXT, else the current one, else an empty one. Errors: FIELD_INVALID.
Err context_select(ContextFile *file, const char *name, Arena *arena, Context **ret);
// Adds what is not there.
Err context_add(ContextFile *file, Str name, Arena *arena, Context **ret);
ContextEnvironment *context_environment(const Context *context, Str name);
Err context_environment_add(Context *context, Str name, Arena *arena, ContextEnvironment **ret);
// The design server's token; empty if there is none.
Err context_token_load(const ContextFile *file, const Context *context, Arena *arena, Str *ret);
// An empty token removes the file.
Err context_token_save(const ContextFile *file, const Context *context, Arena *arena, Str token);
// Where an environment's root is kept. Error: FIELD_INVALID (no file can have that name).
Err context_root_path(
        const ContextFile *file, const Context *context, Str environment, Arena *arena, const char **ret);
// The envelope; empty if none is kept.
Err context_root_load(const char *path, size_t max, Arena *arena, Str *ret);
Err context_root_save(const char *path, Str envelope, Arena *arena);
