// What the files of this room share besides a call (call.h).
#pragma once
#include "admin/admin.h"
#include "admin/call.h"
#include "admin/throttle.h"

#include "parley/design/v1/auth.pb-c.h"

#include <sodium.h>

struct Admin {
	Services *services;
	Throttle *throttle;
	KindService kinds[KIND_COUNT];
};

// The actor of what the parley-design program does at its operator's hand.
#define OPERATOR "parley-design"

// --- service.c, auth.c, user.c, audit.c: add their services ---
Err kind_register(KindService *service, Services *services, const Kind *kind, RpcServer *server);
Err auth_register(Admin *admin, RpcServer *server);
Err user_register(Admin *admin, RpcServer *server);
Err audit_register(Admin *admin, RpcServer *server);

// --- password.c ---
typedef struct PasswordHash {
	char text[crypto_pwhash_STRBYTES];
} PasswordHash;
// Argon2id. At most a few run at a time, because each takes 64 MiB. Errors: FIELD_INVALID (too short or
// long), BUSY.
Err password_hash(Str password, PasswordHash *ret);
// Compares in a time that does not tell whether the user exists (`hash` is empty if not). Errors:
// LOGIN_FAILED, BUSY.
Err password_check(Str password, Str hash);

// --- token.c ---
enum { TOKEN_SIZE = 44 }; // 32 bytes in base64url, and NUL
typedef struct TokenHash {
	uint8_t bytes[crypto_hash_sha256_BYTES];
} TokenHash;
void token_make(char token[TOKEN_SIZE]);
TokenHash token_hash(Str token);
static inline Str token_bytes(const TokenHash *hash)
{
	return str_n((const char *)hash->bytes, sizeof(hash->bytes));
}
// Whose token it is. Errors: UNAUTHENTICATED, TOKEN_EXPIRED.
Err token_principal(Services *services, Str token, Arena *arena, Principal *ret);

// --- user.c ---
typedef struct StoredGrant {
	Str environment; // "*": all
	Parley__Design__V1__Role role;
	Str granted_by;
	int64_t granted_us;
} StoredGrant;
typedef struct StoredUser {
	Str name;
	Str password_hash;
	int64_t created_us;
	const StoredGrant *grants; // by environment and role
	size_t grant_count;
} StoredUser;
// What a change of a user needs, and its outcome.
typedef struct UserWork {
	Services *services;
	Str actor;
	Arena *arena;
	const ProtobufCMessage *request;
	Str name;
	Parley__Design__V1__Role role; // unspecified: keep
	Str environment;               // of the role
	PasswordHash hash;             // empty: keep
	int64_t now_us;
	StoredUser user; // the outcome
	ProtobufCMessage *response;
} UserWork;
UserWork user_work(Admin *admin, RpcCall *call, const ProtobufCMessage *request);
// Error: RESOURCE_NOT_FOUND.
Err user_get(Pg *pg, Str name, bool for_update, Arena *arena, StoredUser *ret);
// Audits a change of the user, from its grants before to those that it has now, which also become the
// outcome.
Err user_changed(Pg *pg, UserWork *work, const char *action, const StoredUser *before, bool new_password);
// Refuses to take the role from the only one who has it for all environments.
Err user_keep_an_administrator(Pg *pg, const StoredUser *user);
// Answers with the user that the work left.
void user_answer(RpcCall *call, Err failed, UserWork *work, ProtobufCMessage *response);
// In the arena; NULL if memory is out.
Parley__Design__V1__User *user_message(const StoredUser *user, Arena *arena);

// --- grant.c ---
void handle_grant_role(void *service, RpcCall *call, const ProtobufCMessage *message);
void handle_revoke_role(void *service, RpcCall *call, const ProtobufCMessage *message);
void handle_list_grants(void *service, RpcCall *call, const ProtobufCMessage *message);
// Loads the grants of users in one query.
Err grants_load(Pg *pg, StoredUser *users, size_t count, Arena *arena);
// The role for all environments; if there are several, the one that may do most.
Parley__Design__V1__Role grants_role(const StoredUser *user);
// In the arena; false if memory is out.
bool grants_message(const StoredUser *user, Arena *arena, Parley__Design__V1__User *ret);
// What the audit says of them: "viewer", "administrator in staging".
Str grants_text(const StoredUser *user, Arena *arena);
Err grant_check_role(Parley__Design__V1__Role role, const char *field);
// A name of an environment that there is, or "*". Errors: FIELD_INVALID, ENVIRONMENT_UNKNOWN.
Err grant_check_environment(const Services *services, Str environment, Arena *arena);
Err grant_add(Pg *pg, const UserWork *work);
// Which bit of Callers a stored role is; 0 if none.
unsigned grant_callers(int64_t role);
