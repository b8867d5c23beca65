// get, delete and export.
#include "output.h"
#include "resource/kind.h"

static Str argument(const Cli *cli, size_t i)
{
	return i < cli->line.count ? str(cli->line.arguments[i]) : (Str){0};
}

// The channel that a resource of this kind is in: --channel, or none for kinds that are in none.
static Err channel_for(Cli *cli, const Kind *kind, Str *ret)
{
	*ret = str(cli_option(cli, OPT_CHANNEL));
	if (!kind->in_channel)
		*ret = (Str){0};
	else if (!ret->len)
		return cli_usage(cli, "a %s belongs to a channel: give --channel CHANNEL", kind->field);
	return OK;
}

// The resource with its kind before its fields, as apply takes it.
static json_t *document_of(const Kind *kind, const json_t *fields)
{
	json_t *document = json_pack("{s:s}", "kind", kind->name);

	json_object_update(document, (json_t *)(uintptr_t)fields);
	return document;
}

static Err get_one(Cli *cli, const Kind *kind)
{
	CLEANUP(json_decrefp_) json_t *fields = NULL;
	CLEANUP(json_decrefp_) json_t *document = NULL;
	Str channel;

	TRY(channel_for(cli, kind, &channel));
	TRY(resource_get(cli, kind, channel, argument(cli, 1), false, &fields));
	document = document_of(kind, fields);
	return print_one(cli, document);
}

static Err get_many(Cli *cli, const Kind *kind)
{
	CLEANUP(json_decrefp_) json_t *items = NULL;
	CLEANUP(json_decrefp_) json_t *documents = json_array();

	TRY(resource_list(cli, kind, str(cli_option(cli, OPT_CHANNEL)), cli_option(cli, OPT_FILTER), &items));
	for (size_t i = 0; i < json_array_size(items); i++)
		json_array_append_new(documents, document_of(kind, json_array_get(items, i)));
	return print_items(cli, documents, kind->columns);
}

Err verb_get(Cli *cli)
{
	const Kind *kind;

	if (strcmp(cli->line.arguments[0], "marks") == 0 && cli->line.count == 1)
		return verb_marks(cli); // no resources, but people look for them here
	TRY(kind_need(cli, cli->line.arguments[0], &kind));
	return cli->line.count > 1 ? get_one(cli, kind) : get_many(cli, kind);
}

Err verb_delete(Cli *cli)
{
	bool dry_run = cli_given(cli, OPT_DRY_RUN);
	const Kind *kind;
	Str channel;

	TRY(kind_need(cli, cli->line.arguments[0], &kind));
	TRY(channel_for(cli, kind, &channel));
	TRY(resource_delete(
	        cli, kind, channel, argument(cli, 1), dry_run, cli_given(cli, OPT_ALLOW_MISSING)));
	printf("%s %s\n", kind_path(kind, channel, argument(cli, 1), cli->arena),
	        dry_run ? "could be deleted (dry run)" : "deleted");
	return OK;
}

// --- export ---

enum { KINDS_MAX = 32 };

typedef struct Export {
	Cli *cli;
	Str channel; // empty: every channel
	bool all;
	json_t *by_kind[KINDS_MAX]; // lists of resources, in the order of kind_rows
} Export;

static Err export_list(Export *export, size_t i)
{
	const Kind *kind = &kind_rows[i];

	if (strcmp(kind->name, "Channel") == 0 && export->channel.len) {
		json_t *fields;

		TRY(resource_get(export->cli, kind, (Str){0}, export->channel, false, &fields));
		export->by_kind[i] = json_pack("[o]", fields);
		return OK;
	}
	return resource_list(export->cli, kind, export->channel, NULL, &export->by_kind[i]);
}

static json_t **list_of(Export *export, const char *kind)
{
	return &export->by_kind[kind_find(str(kind)) - kind_rows];
}

// Fields that hold names of resources of one kind; NULL ends them.
typedef const char *const Keys[];

static bool is_among(Keys keys, const char *key)
{
	for (; *keys; keys++)
		if (strcmp(*keys, key) == 0)
			return true;
	return false;
}

// Puts the texts that stand under any of the keys, however deep, into `names`.
static void collect(const json_t *json, Keys keys, bool wanted, json_t *names)
{
	const char *key;
	json_t *item;
	size_t i;

	if (json_is_string(json) && wanted)
		json_object_set_new(names, json_string_value(json), json_true());
	json_array_foreach(json, i, item) collect(item, keys, wanted, names);
	json_object_foreach((json_t *)(uintptr_t)json, key, item)
	        collect(item, keys, is_among(keys, key), names);
}

// Keeps of `kind` what the other kinds' resources name under one of the keys.
static void keep_reached(Export *export, const char *kind, Keys keys)
{
	json_t **list = list_of(export, kind), *kept = json_array(), *names = json_object(), *item;
	size_t i;

	for (size_t k = 0; k < kind_count; k++)
		collect(export->by_kind[k], keys, false, names);
	json_array_foreach(
	        *list, i, item) if (json_object_get(names, json_string_value(json_object_get(item, "name"))))
	        json_array_append(kept, item);
	json_decref(names);
	json_decref(*list);
	*list = kept;
}

// Those that events log, and whatever these are within or lead to: outcome types name each other.
static void keep_outcome_types(Export *export)
{
	json_t **list = list_of(export, "OutcomeType"), *kept = json_array(), *names = json_object(), *item;
	size_t before, i;

	collect(*list_of(export, "Event"), (Keys){"outcome", NULL}, false, names);
	do {
		before = json_object_size(names);
		json_array_foreach(*list, i,
		        item) if (json_object_get(names, json_string_value(json_object_get(item, "name"))))
		        collect(item, (Keys){"parent", "next", NULL}, false, names);
	} while (json_object_size(names) > before);
	json_array_foreach(
	        *list, i, item) if (json_object_get(names, json_string_value(json_object_get(item, "name"))))
	        json_array_append(kept, item);
	json_decref(names);
	json_decref(*list);
	*list = kept;
}

// What a list says by an expression may be any offer.
static bool any_offer(Export *export)
{
	json_t *item;
	size_t i;

	json_array_foreach(
	        *list_of(export, "OfferList"), i, item) if (json_object_get(item, "expression")) return true;
	return false;
}

// From what refers to what is referred to, so that nothing is kept for what is left out.
static void keep_what_is_reached(Export *export)
{
	keep_reached(export, "OfferList", (Keys){"offer_list", "offer_lists", "default_offer_lists", NULL});
	keep_reached(export, "Campaign", (Keys){"campaign", NULL});
	keep_outcome_types(export);
	if (!any_offer(export))
		keep_reached(export, "Offer", (Keys){"offer", "offers", "default_offers", NULL});
	keep_reached(export, "OfferTemplate", (Keys){"template", NULL});
}

static void export_free(Export *export)
{
	for (size_t i = 0; i < kind_count; i++)
		json_decref(export->by_kind[i]);
}

static Err export_print(Export *export)
{
	CLEANUP(json_decrefp_) json_t *documents = json_array();
	json_t *item;
	size_t at;

	for (size_t i = 0; i < kind_count; i++) {
		json_array_foreach(export->by_kind[i], at, item)
		{
			resource_strip(item);
			json_array_append_new(documents, document_of(&kind_rows[i], item));
		}
	}
	if (export->cli->format == FORMAT_TABLE)
		export->cli->format = FORMAT_YAML;
	return print_items(export->cli, documents, "");
}

Err verb_export(Cli *cli)
{
	CLEANUP(export_free)
	Export export = {.cli = cli, .channel = argument(cli, 0), .all = cli_given(cli, OPT_ALL)};

	if (!export.channel.len && !export.all)
		return cli_usage(
		        cli, "which channel? parley export CHANNEL, or parley export --all for everything");
	for (size_t i = 0; i < kind_count; i++)
		TRY(export_list(&export, i));
	if (!export.all)
		keep_what_is_reached(&export);
	return export_print(&export);
}
