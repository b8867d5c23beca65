// What is taken out goes first and what is added comes after, so that one command can put a new key in the
// place of an old one. What makes a root hold together is checked where roots are made (root_pack), not here.
#include "trust/root_draft.h"

#include "trust/keyring.h"

#include <stdlib.h>

#define DAY_US       (INT64_C(86400) * 1000000)
#define SERVICE_NAME "design-server"

enum { LIFE_DAYS = 365, LIFE_DAYS_MAX = 3650, KEYID_DIGITS_MIN = 8 };

// One role's option, and the name of a key's holder if none is given.
typedef struct RoleOption {
	KeyRole role;
	OptionId option;
	const char *holder;
} RoleOption;

static const RoleOption role_options[] = {
        {KEY_ROOT, OPT_HOLDER, NULL},
        {KEY_BUILDER, OPT_BUILDER, SERVICE_NAME},
        {KEY_APPROVER, OPT_APPROVER, NULL},
        {KEY_TIMESTAMP, OPT_TIMESTAMP, SERVICE_NAME},
};

static RootRole **role_of(Root *root, KeyRole role)
{
	RootRole **const roles[] = {[KEY_ROOT] = &root->root,
	        [KEY_BUILDER] = &root->builder,
	        [KEY_APPROVER] = &root->approver,
	        [KEY_TIMESTAMP] = &root->timestamp};
	return roles[role];
}

static int compare_keys(const void *a, const void *b)
{
	const RootKey *const *x = a, *const *y = b;
	return memcmp((*x)->public_.data, (*y)->public_.data, 32);
}

static Err add_key(Cli *cli, RootRole *role, const RoleOption *what, const char *text)
{
	const char *equals = strchr(text, '='), *path = equals ? equals + 1 : text;
	RootKey *key = ARENA_NEW(cli->arena, RootKey);
	uint8_t *bytes = arena_alloc(cli->arena, 32);

	if (!equals && !what->holder)
		return cli_usage(cli, "--%s must be NAME=FILE, such as anna=anna.pub; not '%s'",
		        option_rows[what->option].name, text);
	if (role->n_keys == ROLE_KEYS_MAX)
		return cli_usage(cli, "a role has at most %d keys", ROLE_KEYS_MAX);
	*key = (RootKey)PARLEY__SNAPSHOT__V1__ROOT_KEY__INIT;
	key->holder =
	        arena_cstr(cli->arena, equals ? str_n(text, (size_t)(equals - text)) : str(what->holder));
	key->public_ = (ProtobufCBinaryData){.len = 32, .data = bytes};
	TRY(public_key_load(path, bytes));
	role->keys[role->n_keys++] = key;
	return OK;
}

static Err add_keys(Cli *cli, Root *root)
{
	for (size_t i = 0; i < ARRAY_COUNT(role_options); i++) {
		RootRole *role = *role_of(root, role_options[i].role);
		for (const OptionValue *value = cli->line.options[role_options[i].option]; value;
		        value = value->next)
			TRY(add_key(cli, role, &role_options[i], value->text));
		qsort(role->keys, role->n_keys, sizeof *role->keys, compare_keys);
	}
	return OK;
}

static Err set_thresholds(Cli *cli, Root *root)
{
	int64_t number;

	TRY(cli_number(cli, OPT_THRESHOLD, 1, SIGNATURES_MAX, root->root->threshold, &number));
	root->root->threshold = (uint32_t)number;
	TRY(cli_number(cli, OPT_APPROVALS, 0, SIGNATURES_MAX, root->approver->threshold, &number));
	root->approver->threshold = (uint32_t)number;
	return OK;
}

static Err set_times(Cli *cli, Root *root, int64_t now_us)
{
	int64_t life_us;

	TRY(cli_duration_within(cli, OPT_EXPIRES, LIFE_DAYS_MAX, LIFE_DAYS * DAY_US, &life_us));
	root->created_us = now_us;
	root->expires_us = now_us + life_us;
	return OK;
}

static Err new_role(Cli *cli, const RootRole *from, uint32_t threshold, RootRole **ret)
{
	RootRole *role = ARENA_NEW(cli->arena, RootRole);

	*role = (RootRole)PARLEY__SNAPSHOT__V1__ROOT_ROLE__INIT;
	role->threshold = from ? from->threshold : threshold;
	role->keys = ARENA_ARRAY(cli->arena, RootKey *, ROLE_KEYS_MAX);
	for (size_t i = 0; from && i < from->n_keys; i++)
		role->keys[role->n_keys++] = from->keys[i];
	*ret = role;
	return OK;
}

static Err new_root(Cli *cli, const Root *from, Root **ret)
{
	Root *root = ARENA_NEW(cli->arena, Root);

	*root = (Root)PARLEY__SNAPSHOT__V1__ROOT__INIT;
	root->format = ROOT_FORMAT;
	TRY(new_role(cli, from ? from->root : NULL, 1, &root->root));
	TRY(new_role(cli, from ? from->builder : NULL, 1, &root->builder));
	TRY(new_role(cli, from ? from->approver : NULL, 0, &root->approver));
	TRY(new_role(cli, from ? from->timestamp : NULL, 1, &root->timestamp));
	*ret = root;
	return OK;
}

Err root_draft_first(Cli *cli, int64_t now_us, Root **ret)
{
	static const OptionId needed[] = {OPT_HOLDER, OPT_BUILDER, OPT_TIMESTAMP};
	const char *environment, *unused;
	Root *root;

	TRY(cli_need(cli, OPT_ENV, &environment));
	for (size_t i = 0; i < ARRAY_COUNT(needed); i++)
		TRY(cli_need(cli, needed[i], &unused));
	TRY(new_root(cli, NULL, &root));
	root->environment = arena_cstr(cli->arena, str(environment));
	root->version = 1;
	TRY(add_keys(cli, root));
	TRY(set_thresholds(cli, root));
	TRY(set_times(cli, root, now_us));
	*ret = root;
	return OK;
}

static bool is_meant(const RootKey *key, const char *text)
{
	char id[65];

	public_key_id(key->public_.data, id);
	return strcmp(key->holder, text) == 0 ||
	       (strlen(text) >= KEYID_DIGITS_MIN && str_starts(str(id), str(text)));
}

static Err remove_keys(Cli *cli, Root *root)
{
	for (const OptionValue *value = cli->line.options[OPT_REMOVE]; value; value = value->next) {
		size_t removed = 0;
		for (KeyRole which = 0; which < KEY_ROLES; which++) {
			RootRole *role = *role_of(root, which);
			size_t kept = 0;
			for (size_t i = 0; i < role->n_keys; i++) {
				if (!is_meant(role->keys[i], value->text))
					role->keys[kept++] = role->keys[i];
			}
			removed += role->n_keys - kept;
			role->n_keys = kept;
		}
		if (!removed)
			return cli_usage(cli, "the root lists nobody called '%s' and no key with such an ID",
			        value->text);
	}
	return OK;
}

Err root_draft_next(Cli *cli, const Root *before, int64_t now_us, Root **ret)
{
	Root *root;

	TRY(new_root(cli, before, &root));
	root->environment = before->environment;
	root->version = before->version + 1;
	TRY(remove_keys(cli, root));
	TRY(add_keys(cli, root));
	TRY(set_thresholds(cli, root));
	TRY(set_times(cli, root, now_us));
	*ret = root;
	return OK;
}
