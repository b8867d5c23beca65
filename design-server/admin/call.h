// One call of the admin API on its way through: what the verbs of crud.c share.
#pragma once
#include "admin/check.h"
#include "services.h"

typedef struct KindService {
	Services *services;
	const Kind *kind;
	RpcMethod methods[5];
} KindService;

typedef struct AdminCall {
	Services *services;
	const Kind *kind;
	const Principal *who;
	const ProtobufCMethodDescriptor *method;
	const ProtobufCMessage *request;
	Arena *arena;
	int64_t now_us;
	ProtobufCMessage *response; // what the work sets
} AdminCall;

// A verb's work in its transaction.
typedef Err (*Verb)(Pg *pg, AdminCall *call);

// --- crud.c ---
Err verb_get(Pg *pg, AdminCall *call);
Err verb_create(Pg *pg, AdminCall *call);
Err verb_update(Pg *pg, AdminCall *call);
Err verb_delete(Pg *pg, AdminCall *call);
// --- list.c ---
Err verb_list(Pg *pg, AdminCall *call);
// --- request.c ---
// Runs `verb` unless the request's ID was answered already; then gives the same answer. Errors:
// REQUEST_ID_REUSED.
Err request_once(Pg *pg, AdminCall *call, Verb verb);
// --- refer.c ---
// Makes the stored references and unique values of `resource` what `check` has found. Errors: CODE_DUPLICATE.
Err refer_store(const Check *check, const Resource *resource);
// Refuses if anything refers to the resource, and names what. Error: RESOURCE_IN_USE.
Err refer_none(Pg *pg, const Resource *resource, Arena *arena);
// Refuses with RESOURCE_IN_USE if it is an outcome type that is built in or that treatments have had.
Err outcome_type_deletable(Pg *pg, const Resource *resource, Arena *arena);
// Checks again all that refer to a resource which was changed, if its content matters to them. Errors:
// RESOURCE_IN_USE, with what would no longer be valid and why; LIMIT.
Err refer_recheck(Pg *pg, const Resource *resource);
// --- marked.c ---
// Until the transaction ends nothing can be marked or unmarked.
Err marks_stay(Pg *pg);
// Refuses the change of a resource that is marked for deployment; also the making of one whose removal is
// marked, or in a channel all of which is. After marks_stay. Error: RESOURCE_MARKED, with who marked it,
// since when, and how to take it back.
Err refuse_marked(Pg *pg, const Kind *kind, Str channel, Str name, Arena *arena);
