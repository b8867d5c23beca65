// The chain of roots is verified from the configured file on, every time: the database may hold what it
// likes, a root that the configured one does not lead to counts for nothing.
#include "environment/internal.h"

#include "base/file.h"

static Err first_root(const Environment *environment, Arena *arena, TrustRoot *ret)
{
	Str envelope;
	if (!environment->trusted_root.len)
		return err(ERR_CONFIG_INVALID,
		        "environment " STR_FMT
		        " has no trusted_root: make one by `parley root new`, and name its "
		        "file in " STR_FMT "/environment.yaml",
		        STR_ARG(environment->name), STR_ARG(environment->folder));
	TRY(file_read(arena_cstr(arena, environment->trusted_root), ENVELOPE_MAX, arena, &envelope));
	Err e = root_open(envelope, environment->name, arena, ret);
	return e ? err_context(e, STR_FMT, STR_ARG(environment->trusted_root)) : OK;
}

Err environment_roots(Pg *pg, const Environment *environment, Arena *arena, TrustRoots *ret)
{
	CLEANUP(pg_result_freep) PgResult *result = NULL;
	TrustRoot first;
	TRY(first_root(environment, arena, &first));
	TRY(SQL_RUN(
	        pg, &result, environment_roots, P_TEXT(environment->name), P_I64((int64_t)first.version)));
	ret->items = ARENA_ARRAY(arena, TrustRoot, pg_rows(result) + 1);
	if (!ret->items)
		return err(ERR_NO_MEMORY, "no memory for the roots");
	ret->items[0] = first;
	ret->count = 1;
	for (size_t i = 0; i < pg_rows(result); i++) {
		Str envelope = pg_bytes(result, i, 0, arena);
		TRY(root_follow(&ret->items[ret->count - 1], envelope, arena, &ret->items[ret->count]));
		ret->count++;
	}
	return OK;
}

Err environment_root(Pg *pg, const Environment *environment, Arena *arena, TrustRoot *ret)
{
	TrustRoots roots;
	TRY(environment_roots(pg, environment, arena, &roots));
	*ret = roots.items[roots.count - 1];
	return OK;
}

Err environment_check_signer(const Environment *environment, const TrustRoot *root, Str holder, Str user)
{
	if (str_eq(holder, user))
		return OK;
	return err(ERR_PERMISSION_DENIED,
	        "the key is " STR_FMT "'s by root %llu of " STR_FMT ", and you are " STR_FMT
	        ": everybody signs for himself",
	        STR_ARG(holder), (unsigned long long)root->version, STR_ARG(environment->name),
	        STR_ARG(user));
}

static void key_freep(SigningKey **key)
{
	signing_key_free(*key);
}

static Err check_timestamp_key(const Environment *environment, const TrustRoot *root, Arena *arena)
{
	CLEANUP(key_freep) SigningKey *key = NULL;
	uint8_t public[32];
	KeyRole role;
	Str holder;
	if (!environment->timestamp_key.len)
		return err(ERR_CONFIG_INVALID,
		        "environment " STR_FMT
		        " has no timestamp_key: servers could not tell whether something "
		        "newer is withheld",
		        STR_ARG(environment->name));
	TRY(signing_key_load(arena_cstr(arena, environment->timestamp_key), &key));
	signing_key_public(key, public);
	if (!root_find_key(root, public, &role, &holder) || role != KEY_TIMESTAMP)
		return err(ERR_CONFIG_INVALID,
		        "environment " STR_FMT ": root %llu does not list " STR_FMT
		        " as a timestamp key: publish a root that does",
		        STR_ARG(environment->name), (unsigned long long)root->version,
		        STR_ARG(environment->timestamp_key));
	return OK;
}

Err environment_check(Pg *pg, const Environment *environment, int64_t now_us, Arena *arena)
{
	TrustRoot root;
	TRY(environment_root(pg, environment, arena, &root));
	size_t threshold = root_threshold(&root, KEY_APPROVER);
	if (threshold != (size_t)environment->approvals)
		return err(ERR_CONFIG_INVALID,
		        "environment " STR_FMT
		        " asks for %lld approvals, but its root %llu for %zu: make them agree",
		        STR_ARG(environment->name), (long long)environment->approvals,
		        (unsigned long long)root.version, threshold);
	TRY(root_check_time(&root, now_us));
	return check_timestamp_key(environment, &root, arena);
}
