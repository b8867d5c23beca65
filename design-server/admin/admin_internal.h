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
typedef struct StoredUser {
	Str name;
	Parley__Design__V1__Role role;
	Str password_hash;
	int64_t created_us;
} StoredUser;
// Error: RESOURCE_NOT_FOUND.
Err user_get(Pg *pg, Str name, bool for_update, Arena *arena, StoredUser *ret);
// In the arena; NULL if memory is out.
Parley__Design__V1__User *user_message(const StoredUser *user, Arena *arena);
