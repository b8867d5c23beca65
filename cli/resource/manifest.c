// Each document goes through its message once, so that spelling, types and enum values are checked without a
// server and what is compared later has one form.
#include "resource/manifest.h"

#include "base/file.h"
#include "base/nearest.h"

#include <dirent.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
	FILES_MAX = 1000,
	DOCUMENTS_MAX = 20000,
	RESOURCE_MAX = 65536 - 256, // the server's limit of a request, and room for what is around it
};

static Err complain(const char *file, const YamlNode *node, Err id, const char *what)
{
	return err(id, "%s:%d:%d: %s", file, node->line, node->column, what);
}

// The node that a path such as attributes[2].name leads to, or the last one on the way.
static const YamlNode *node_at(const YamlNode *node, const char *path)
{
	while (*path) {
		size_t len = strcspn(path, ".[");
		const YamlNode *member = yaml_member(node, str_n(path, len));

		if (!member)
			return node;
		node = member;
		path += len;
		if (*path == '[') {
			unsigned long index = strtoul(path + 1, NULL, 10);

			path += strcspn(path, "]") + 1;
			for (member = node->items; member && index; index--)
				member = member->next;
			if (!member)
				return node;
			node = member;
		}
		path += *path == '.';
	}
	return node;
}

// The server names the field from the request down: offer.attributes[2].name.
static const char *path_within(const Kind *kind, const char *path)
{
	size_t len = strlen(kind->field);

	return strncmp(path, kind->field, len) == 0 && path[len] == '.' ? path + len + 1 : path;
}

Err manifest_blame(const Document *document, Err id)
{
	const YamlNode *node = node_at(document->node, path_within(document->kind, err_detail()->field));
	bool keyed = node->key_line > 0 && node != document->node;

	return err_context(id, "%s:%d:%d: %s '" STR_FMT "'", document->file,
	        keyed ? node->key_line : node->line, keyed ? node->key_column : node->column,
	        document->kind->name, STR_ARG(document->name));
}

static Str text_of(const json_t *fields, const char *key)
{
	const json_t *value = json_object_get(fields, key);

	return str_n(json_string_value(value), json_string_length(value));
}

static Err kind_of(const char *file, const YamlNode *node, const Kind **ret)
{
	const YamlNode *kind = yaml_member(node, STR("kind"));
	Nearest near;

	if (node->kind != YAML_MAPPING)
		return complain(file, node, ERR_YAML_INVALID,
		        "a resource must be lines 'field: value', the first of them its kind");
	if (!kind || kind->kind != YAML_SCALAR)
		return complain(
		        file, node, ERR_FIELD_MISSING, "a document needs 'kind:', such as kind: Offer");
	*ret = kind_find(kind->text);
	if (*ret)
		return OK;
	near = nearest_to(kind->text);
	for (size_t i = 0; i < kind_count; i++)
		nearest_try(&near, str(kind_rows[i].name));
	return err_at(ERR_FIELD_INVALID, "kind", "%s:%d:%d: there is no kind '" STR_FMT "'" NEAREST_FMT, file,
	        kind->line, kind->column, STR_ARG(kind->text), NEAREST_ARG(near));
}

static Err names_check(const Document *document)
{
	if (!document->name.len)
		return complain(
		        document->file, document->node, ERR_FIELD_MISSING, "the document needs 'name:'");
	if (document->kind->in_channel && !document->channel.len)
		return complain(document->file, document->node, ERR_FIELD_MISSING,
		        "the document needs 'channel:', or give --channel");
	return OK;
}

// What to do with a resource that one request cannot carry.
static const char *how_to_split(const Kind *kind)
{
	static const struct {
		const char *kind, *remedy;
	} rows[] = {
	        {"AudienceList", "split it into several lists and name them all in the segment's lists"},
	        {"ScoreOverride", "split its entries into several score overrides; all of them hold"},
	        {"Blacklist", "split its entries into several blacklists; all of them hold"},
	        {"OfferList", "say by an expression which offers are on it"},
	        {"SegmentationFlow", "split it into several flows; they run one after the other, by name"},
	};

	for (size_t i = 0; i < ARRAY_COUNT(rows); i++)
		if (strcmp(rows[i].kind, kind->name) == 0)
			return rows[i].remedy;
	return "shorten its texts, or split it into several resources";
}

static Err size_check(const Document *document, const ProtobufCMessage *message)
{
	size_t size = protobuf_c_message_get_packed_size(message);

	if (size <= RESOURCE_MAX)
		return OK;
	return err(ERR_LIMIT, "%s:%d:%d: %s '" STR_FMT "' has %zu bytes, and a request carries %d: %s",
	        document->file, document->node->line, document->node->column, document->kind->name,
	        STR_ARG(document->name), size, RESOURCE_MAX, how_to_split(document->kind));
}

// Through the message and back: what is left has the one form that the server's answers have.
static Err fields_normal(Arena *arena, const Document *document, const json_t *raw, json_t **ret)
{
	ProtobufCMessage *message;
	Err e = json_to_message(raw, document->kind->message, arena, &message);

	if (e != OK)
		return manifest_blame(document, e);
	TRY(size_check(document, message));
	TRY(json_from_message(message, JSON_FOR_PEOPLE, ret));
	json_object_del(*ret, "create_time");
	json_object_del(*ret, "update_time");
	return OK;
}

static Err document_read(
        Arena *arena, const char *file, const YamlNode *node, const char *channel, Document *ret)
{
	CLEANUP(json_decrefp_) json_t *raw = NULL;

	*ret = (Document){.file = file, .node = node};
	TRY(kind_of(file, node, &ret->kind));
	TRY(json_from_yaml_node(node, file, &raw));
	json_object_del(raw, "kind");
	if (channel && ret->kind->in_channel && !json_object_get(raw, "channel"))
		json_object_set_new(raw, "channel", json_string(channel));
	ret->name = arena_str(arena, text_of(raw, "name"));
	ret->channel = arena_str(arena, text_of(raw, "channel"));
	TRY(names_check(ret));
	return fields_normal(arena, ret, raw, &ret->fields);
}

Err manifest_read_text(Arena *arena, Str text, const char *file, const char *channel, Manifest *ret)
{
	YamlNode *first = NULL;
	size_t added = 0;
	Document *documents;

	TRY(yaml_parse(text, file, arena, &first));
	for (const YamlNode *node = first; node; node = node->next)
		added++;
	if (ret->count + added > DOCUMENTS_MAX)
		return err(ERR_LIMIT, "%s: more than %d documents at once; split them", file, DOCUMENTS_MAX);
	documents = ARENA_ARRAY(arena, Document, ret->count + added + 1);
	if (ret->count)
		memcpy(documents, ret->documents, ret->count * sizeof *documents);
	ret->documents = documents;
	for (const YamlNode *node = first; node; node = node->next) {
		if (yaml_is_null(node))
			continue;
		Err e = document_read(arena, file, node, channel, &documents[ret->count]);

		documents[ret->count].number = ret->count;
		if (e != OK)
			return e;
		ret->count++;
	}
	return OK;
}

static Err stdin_read(Arena *arena, Str *ret)
{
	size_t room = 1 << 16, len = 0;
	char *text = arena_alloc(arena, room);

	for (;;) {
		size_t got = fread(text + len, 1, room - len, stdin);

		len += got;
		if (got == 0)
			break;
		if (len > YAML_SIZE_MAX)
			return err(ERR_LIMIT, "standard input is longer than 8 MiB; split it");
		if (len == room) {
			char *larger = arena_alloc(arena, room * 2);

			memcpy(larger, text, len);
			text = larger;
			room *= 2;
		}
	}
	*ret = str_n(text, len);
	return ferror(stdin) ? err_errno(ERR_IO, "cannot read standard input") : OK;
}

static Err file_add(Cli *cli, const char *path, const char *channel, Manifest *ret)
{
	bool standard = strcmp(path, "-") == 0;
	Str text;

	if (standard)
		TRY(stdin_read(cli->arena, &text));
	else
		TRY(file_read(path, YAML_SIZE_MAX, cli->arena, &text));
	return manifest_read_text(cli->arena, text, standard ? "standard input" : path, channel, ret);
}

static int is_yaml(const struct dirent *entry)
{
	Str name = str(entry->d_name);

	return entry->d_name[0] != '.' && (str_ends(name, STR(".yaml")) || str_ends(name, STR(".yml")));
}

static Err folder_add(Cli *cli, const char *path, const char *channel, Manifest *ret)
{
	struct dirent **entries = NULL;
	int count = scandir(path, &entries, is_yaml, alphasort);
	Err e = OK;

	if (count < 0)
		return err_errno(ERR_IO, "cannot read the folder %s", path);
	if (count == 0)
		e = err(ERR_FIELD_INVALID, "the folder %s has no .yaml file", path);
	for (int i = 0; i < count; i++) {
		if (e == OK)
			e = i < FILES_MAX
			            ? file_add(cli, path_join(cli->arena, str(path), str(entries[i]->d_name)),
			                      channel, ret)
			            : err(ERR_LIMIT, "the folder %s has more than %d files", path, FILES_MAX);
		free(entries[i]);
	}
	free(entries);
	return e;
}

static Err path_add(Cli *cli, const char *path, const char *channel, Manifest *ret)
{
	struct stat info;

	if (strcmp(path, "-") != 0 && stat(path, &info) != 0) {
		cli->usage = true;
		return err_errno(ERR_IO, "cannot read %s", path);
	}
	if (strcmp(path, "-") != 0 && S_ISDIR(info.st_mode))
		return folder_add(cli, path, channel, ret);
	return file_add(cli, path, channel, ret);
}

Err manifest_read(Cli *cli, const OptionValue *paths, const char *channel, Manifest *ret)
{
	for (; paths; paths = paths->next)
		TRY(path_add(cli, paths->text, channel, ret));
	if (!ret->count)
		return cli_usage(cli, "there is no document in what -f names");
	return manifest_sort(ret);
}

static int compare_keys(const Document *a, const Document *b)
{
	if (a->kind != b->kind)
		return a->kind < b->kind ? -1 : 1;
	int order = str_cmp(a->channel, b->channel);

	return order ? order : str_cmp(a->name, b->name);
}

static int by_key(const void *a, const void *b)
{
	int order = compare_keys(a, b);

	return order ? order : ((const Document *)a)->number < ((const Document *)b)->number ? -1 : 1;
}

static int by_dependency(const void *a, const void *b)
{
	const Document *left = a, *right = b;

	if (left->kind != right->kind)
		return left->kind < right->kind ? -1 : 1;
	return left->number < right->number ? -1 : 1;
}

Err manifest_sort(Manifest *manifest)
{
	Document *documents = manifest->documents;

	qsort(documents, manifest->count, sizeof *documents, by_key);
	for (size_t i = 1; i < manifest->count; i++)
		if (compare_keys(&documents[i - 1], &documents[i]) == 0)
			return err_at(ERR_FIELD_INVALID, "name",
			        "%s:%d:%d: %s '" STR_FMT "' was given before, in %s on line %d",
			        documents[i].file, documents[i].node->line, documents[i].node->column,
			        documents[i].kind->name, STR_ARG(documents[i].name), documents[i - 1].file,
			        documents[i - 1].node->line);
	qsort(documents, manifest->count, sizeof *documents, by_dependency);
	return OK;
}

void manifest_free(Manifest *manifest)
{
	for (size_t i = 0; i < manifest->count; i++)
		json_decref(manifest->documents[i].fields);
}
