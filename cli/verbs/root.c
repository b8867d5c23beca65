// root: whom an environment trusts, made, signed and looked at by those who hold the root keys. Everything
// but publish and get is done without any server.
#include "base/clock.h"
#include "base/file.h"
#include "connect.h"
#include "output.h"
#include "parley/design/v1/deployment.pb-c.h"
#include "trust/root_draft.h"
#include "trust/root_file.h"

#include <inttypes.h>

#define DAY_US            (INT64_C(86400) * 1000000)
#define KEY_COLUMNS       "ROLE:role HOLDER:holder KEY:keyid"
#define SIGNATURE_COLUMNS "SIGNED-BY:holder KEY:keyid LISTED:listed SIGNATURE:signature/1"

// To the second: people read it.
static int64_t now(void)
{
	return clock_now_us(clock_system()) / US_PER_S * US_PER_S;
}

static const char *time_text(Cli *cli, int64_t us)
{
	char *text = arena_alloc(cli->arena, TIME_TEXT_SIZE);

	time_format(us, text);
	return text;
}

// --- showing ---

static void add_role(json_t *rows, const RootRole *role, KeyRole which)
{
	for (size_t i = 0; i < role->n_keys; i++) {
		char id[65];
		public_key_id(role->keys[i]->public_.data, id);
		json_array_append_new(rows, json_pack("{s:s, s:s, s:s}", "role", key_role_name(which),
		                                    "holder", role->keys[i]->holder, "keyid", id));
	}
}

static json_t *keys_json(const Root *root)
{
	json_t *rows = json_array();

	add_role(rows, root->root, KEY_ROOT);
	add_role(rows, root->builder, KEY_BUILDER);
	add_role(rows, root->approver, KEY_APPROVER);
	add_role(rows, root->timestamp, KEY_TIMESTAMP);
	return rows;
}

static json_t *root_json(Cli *cli, const RootFile *file, const Root *before)
{
	const Root *root = file->root;
	char hex[65];
	Digest digest = digest_of(file->payload);

	digest_hex(&digest, hex);
	json_t *json = json_pack("{s:s, s:I, s:s, s:s, s:s, s:o, s:i, s:i, s:i, s:i, s:i, s:i, s:o}",
	        "environment", root->environment, "version", (json_int_t)root->version, "sha256", hex,
	        "create_time", time_text(cli, root->created_us), "expire_time",
	        time_text(cli, root->expires_us), "keys", keys_json(root), "root_threshold",
	        root->root->threshold, "builder_threshold", root->builder->threshold, "timestamp_threshold",
	        root->timestamp->threshold, "approvals", root->approver->threshold, "signed",
	        (int)root_file_signed(cli, file, root), "needed", root->root->threshold, "signatures",
	        root_file_signatures(cli, file, before));
	if (before) {
		json_object_set_new(
		        json, "signed_before", json_integer((json_int_t)root_file_signed(cli, file, before)));
		json_object_set_new(json, "needed_before", json_integer(before->root->threshold));
	}
	return json;
}

static void print_state(Cli *cli, const RootFile *file, const Root *before)
{
	const Root *root = file->root;
	size_t count = root_file_signed(cli, file, root);

	printf("signed by %zu of the %u that must%s", count, root->root->threshold,
	        count < root->root->threshold ? ": parley root sign" : "");
	if (before)
		printf("; of root %" PRIu64 " by %zu of %u", before->version,
		        root_file_signed(cli, file, before), before->root->threshold);
	putchar('\n');
}

static Err print_root(Cli *cli, const RootFile *file, const Root *before)
{
	CLEANUP(json_decrefp_) json_t *json = root_json(cli, file, before);
	const Root *root = file->root;

	if (cli->format != FORMAT_TABLE)
		return print_json(cli, json);
	printf("root %" PRIu64 " of %s, from %s to %s\n", root->version, root->environment,
	        time_text(cli, root->created_us), time_text(cli, root->expires_us));
	printf("%u root keys sign the next root; %u builder key signs deployments, %u persons approve "
	       "them\n\n",
	        root->root->threshold, root->builder->threshold, root->approver->threshold);
	TRY(print_table(cli, json_object_get(json, "keys"), KEY_COLUMNS));
	putchar('\n');
	TRY(print_table(cli, json_object_get(json, "signatures"), SIGNATURE_COLUMNS));
	print_state(cli, file, before);
	return OK;
}

static Err print_floor(Cli *cli, const RootFile *file)
{
	const Floor *place_floor = file->floor;
	CLEANUP(json_decrefp_)
	json_t *json = json_pack("{s:s, s:s, s:s, s:I, s:I, s:s, s:s, s:i}", "environment",
	        place_floor->environment, "runtime_id", place_floor->runtime_id, "channel",
	        place_floor->channel, "epoch", (json_int_t)place_floor->epoch, "version",
	        (json_int_t)place_floor->version, "create_time", time_text(cli, place_floor->created_us),
	        "expire_time", time_text(cli, place_floor->expires_us), "signatures",
	        (int)file->envelope->n_signatures);
	return print_one(cli, json);
}

// The root that --after names; `ret->root` is NULL if there is none.
static Err read_before(Cli *cli, RootFile *ret)
{
	const char *path = cli_option(cli, OPT_AFTER);

	*ret = (RootFile){0};
	return path ? root_file_read_root(cli, path, ret) : OK;
}

Err verb_root_show(Cli *cli)
{
	RootFile file, before;

	TRY(root_file_read(cli, cli->line.arguments[0], &file));
	TRY(read_before(cli, &before));
	return file.root ? print_root(cli, &file, before.root) : print_floor(cli, &file);
}

// --- making and signing ---

static Err create(Cli *cli, const char *path, const Root *root, const Root *before)
{
	const Root *const roots[] = {root, before};
	RootFile file;
	Str payload;

	TRY(root_pack(root, cli->arena, &payload));
	TRY(root_file_create(cli, path, STR(ROOT_PAYLOAD_TYPE), payload, roots));
	TRY(root_file_read(cli, path, &file));
	return print_root(cli, &file, before);
}

Err verb_root_new(Cli *cli)
{
	Root *root;

	TRY(root_draft_first(cli, now(), &root));
	return create(cli, cli->line.arguments[0], root, NULL);
}

Err verb_root_change(Cli *cli)
{
	RootFile before;
	Root *root;

	TRY(root_file_read_root(cli, cli->line.arguments[0], &before));
	TRY(root_draft_next(cli, before.root, now(), &root));
	return create(cli, cli->line.arguments[1], root, before.root);
}

Err verb_root_sign(Cli *cli)
{
	RootFile file, before;

	TRY(root_file_read(cli, cli->line.arguments[0], &file));
	TRY(read_before(cli, &before));
	const Root *const roots[] = {file.root ? file.root : before.root, file.root ? before.root : NULL};
	TRY(root_file_sign(cli, &file, roots));
	TRY(root_file_read(cli, file.path, &file));
	return file.root ? print_root(cli, &file, before.root) : print_floor(cli, &file);
}

Err verb_root_floor(Cli *cli)
{
	Floor place_floor = PARLEY__SNAPSHOT__V1__FLOOR__INIT;
	const char *environment, *server, *channel, *unused;
	const Root *roots[2] = {NULL, NULL};
	int64_t version, epoch, life_us;
	RootFile before, file;
	Str payload;

	TRY(cli_need(cli, OPT_ENV, &environment));
	TRY(cli_need(cli, OPT_SERVER, &server));
	TRY(cli_need(cli, OPT_CHANNEL, &channel));
	TRY(cli_need(cli, OPT_VERSION, &unused));
	TRY(cli_number(cli, OPT_VERSION, 1, INT64_MAX, 1, &version));
	TRY(cli_number(cli, OPT_EPOCH, 1, INT64_MAX, 1, &epoch));
	TRY(cli_duration_within(cli, OPT_EXPIRES, FLOOR_LIFE_S / 86400, DAY_US, &life_us));
	TRY(read_before(cli, &before));
	roots[0] = before.root;
	place_floor.format = FLOOR_FORMAT;
	place_floor.environment = arena_cstr(cli->arena, str(environment));
	place_floor.runtime_id = arena_cstr(cli->arena, str(server));
	place_floor.channel = arena_cstr(cli->arena, str(channel));
	place_floor.epoch = (uint64_t)epoch;
	place_floor.version = (uint64_t)version;
	place_floor.created_us = now();
	place_floor.expires_us = place_floor.created_us + life_us;
	TRY(floor_pack(&place_floor, cli->arena, &payload));
	TRY(root_file_create(cli, cli->line.arguments[0], STR(FLOOR_PAYLOAD_TYPE), payload, roots));
	TRY(root_file_read(cli, cli->line.arguments[0], &file));
	return print_floor(cli, &file);
}

// --- verifying ---

Err verb_root_verify(Cli *cli)
{
	const char *path = cli->line.arguments[0], *after = cli_option(cli, OPT_AFTER);
	TrustRoot before, root;
	Str bytes, old_bytes;

	TRY(file_read(path, ENVELOPE_MAX, cli->arena, &bytes));
	if (after) {
		TRY(file_read(after, ENVELOPE_MAX, cli->arena, &old_bytes));
		TRY(root_open(old_bytes, (Str){0}, cli->arena, &before));
		TRY(root_follow(&before, bytes, cli->arena, &root));
	} else {
		TRY(root_open(bytes, (Str){0}, cli->arena, &root));
	}
	TRY(root_check_time(&root, now()));
	printf("root %" PRIu64 " of " STR_FMT " is good%s until %s\n", root.version,
	        STR_ARG(root.environment),
	        after ? ", follows the one before it, and holds" : " by its own keys, and holds",
	        time_text(cli, root.message->expires_us));
	return OK;
}
