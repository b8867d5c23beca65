// The tree is built from the parser's events with a stack of its own, so depth, size and the growth by
// aliases are numbers that are compared before memory is spent. An alias becomes a copy of the anchor's head
// that shares its items; the weight of a node is what a walk over it would visit, and the sum of weights is
// what is limited.
#include "base/yaml.h"

#include "base/cleanup.h"

#include <libfyaml.h>
#include <stdlib.h>

typedef struct Anchor {
	struct Anchor *next;
	Str name;
	const YamlNode *node;
} Anchor;

typedef struct Level {
	YamlNode *node;
	YamlNode **tail;
	Str anchor;   // to be known once the node is whole, so that nothing can contain itself
	YamlNode key; // the mapping's present key …
	bool has_key; // … once it was read
} Level;

typedef struct Builder {
	Arena *arena;
	const char *name;
	Level levels[YAML_DEPTH_MAX];
	size_t depth;
	Anchor *anchors;
	size_t anchor_count, nodes;
	YamlNode *documents;
	YamlNode **tail; // of documents
} Builder;

static void parser_destroyp(struct fy_parser **parser)
{
	fy_parser_destroy(*parser);
}

static void diag_destroyp(struct fy_diag **diag)
{
	fy_diag_destroy(*diag);
}

static Err fail(const Builder *builder, Err id, int line, int column, const char *what)
{
	return err(id, "%s:%d:%d: %s", builder->name, line, column, what);
}

static Err token_text(const Builder *builder, struct fy_token *token, Str *ret)
{
	size_t len = 0;
	const char *text = token ? fy_token_get_text(token, &len) : "";

	*ret = text ? arena_str(builder->arena, str_n(text, len)) : (Str){0};
	if (!text || (len && !ret->ptr))
		return err(ERR_NO_MEMORY, "%s: no memory for its text", builder->name);
	return OK;
}

static int compare_keys(const void *a, const void *b)
{
	return str_cmp((*(const YamlNode *const *)a)->key, (*(const YamlNode *const *)b)->key);
}

static Err check_keys(const Builder *builder, const YamlNode *mapping)
{
	const YamlNode **members = ARENA_ARRAY(builder->arena, const YamlNode *, mapping->count + 1);
	size_t count = 0;

	if (!members)
		return err(ERR_NO_MEMORY, "%s: no memory for a mapping", builder->name);
	for (const YamlNode *member = mapping->items; member; member = member->next)
		members[count++] = member;
	qsort(members, count, sizeof(const YamlNode *), compare_keys);
	for (size_t i = 1; i < count; i++) {
		const YamlNode *a = members[i - 1], *b = members[i];
		const YamlNode *later = a->key_line > b->key_line ? a : b, *first = later == a ? b : a;

		if (str_eq(a->key, b->key))
			return err(ERR_YAML_INVALID,
			        "%s:%d:%d: '" STR_FMT "' was given before, on line %d; remove one",
			        builder->name, later->key_line, later->key_column, STR_ARG(later->key),
			        first->key_line);
	}
	return OK;
}

static Err remember(Builder *builder, Str name, const YamlNode *node)
{
	Anchor *anchor;

	if (!name.len)
		return OK;
	if (builder->anchor_count++ == YAML_ANCHORS_MAX)
		return fail(builder, ERR_LIMIT, node->line, node->column, "too many anchors (at most 256)");
	anchor = ARENA_NEW(builder->arena, Anchor);
	if (!anchor)
		return err(ERR_NO_MEMORY, "%s: no memory for an anchor", builder->name);
	*anchor = (Anchor){.next = builder->anchors, .name = name, .node = node};
	builder->anchors = anchor;
	return OK;
}

// Hangs a node into the collection that is being read, or makes it a document. A mapping's scalars are key
// and value in turn.
static Err add(Builder *builder, YamlNode *node)
{
	Level *level = builder->depth ? &builder->levels[builder->depth - 1] : NULL;

	builder->nodes += node->weight;
	if (builder->nodes > YAML_NODES_MAX)
		return fail(builder, ERR_LIMIT, node->line, node->column,
		        "the file, with its aliases written out, has more than 500,000 values");
	if (!level) {
		*builder->tail = node;
		builder->tail = &node->next;
		return OK;
	}
	if (level->node->kind == YAML_MAPPING && !level->has_key) {
		if (node->kind != YAML_SCALAR)
			return fail(
			        builder, ERR_YAML_INVALID, node->line, node->column, "a key must be a text");
		level->key = *node;
		level->has_key = true;
		return OK;
	}
	node->key = level->key.text;
	node->key_line = level->key.line;
	node->key_column = level->key.column;
	level->key = (YamlNode){0};
	level->has_key = false;
	level->node->count++;
	*level->tail = node;
	level->tail = &node->next;
	return OK;
}

static Err new_node(const Builder *builder, struct fy_event *event, YamlKind kind, YamlNode **ret)
{
	const struct fy_mark *mark = fy_event_start_mark(event);
	YamlNode *node = ARENA_NEW(builder->arena, YamlNode);

	if (!node)
		return err(ERR_NO_MEMORY, "%s: no memory for its content", builder->name);
	*node = (YamlNode){.kind = kind,
	        .line = mark ? mark->line + 1 : 0,
	        .column = mark ? mark->column + 1 : 0,
	        .weight = 1};
	if (fy_event_get_tag_token(event))
		return fail(builder, ERR_YAML_INVALID, node->line, node->column,
		        "tags (!…) are not taken; remove it");
	*ret = node;
	return OK;
}

static Err on_scalar(Builder *builder, struct fy_event *event)
{
	YamlNode *node;
	Str anchor;

	TRY(new_node(builder, event, YAML_SCALAR, &node));
	TRY(token_text(builder, event->scalar.value, &node->text));
	node->plain = !event->scalar.value || fy_scalar_token_get_style(event->scalar.value) == FYSS_PLAIN;
	if (!str_is_utf8(node->text))
		return fail(builder, ERR_YAML_INVALID, node->line, node->column,
		        "the text has a NUL or is not UTF-8");
	TRY(add(builder, node));
	TRY(token_text(builder, event->scalar.anchor, &anchor));
	return remember(builder, anchor, node);
}

static Err on_alias(Builder *builder, struct fy_event *event)
{
	YamlNode *node;
	Str name;

	TRY(new_node(builder, event, YAML_SCALAR, &node));
	TRY(token_text(builder, event->alias.anchor, &name));
	for (const Anchor *anchor = builder->anchors; anchor; anchor = anchor->next) {
		if (!str_eq(anchor->name, name))
			continue;
		int line = node->line, column = node->column;

		*node = *anchor->node;
		node->next = NULL;
		node->line = line;
		node->column = column;
		return add(builder, node);
	}
	return err(ERR_YAML_INVALID, "%s:%d:%d: nothing before this is anchored as '" STR_FMT "'",
	        builder->name, node->line, node->column, STR_ARG(name));
}

static Err open_level(Builder *builder, struct fy_event *event, YamlKind kind, struct fy_token *anchor)
{
	Level *level = &builder->levels[builder->depth];
	YamlNode *node;

	TRY(new_node(builder, event, kind, &node));
	if (builder->depth == YAML_DEPTH_MAX)
		return fail(builder, ERR_LIMIT, node->line, node->column, "nested too deep (at most 64)");
	TRY(add(builder, node));
	*level = (Level){.node = node, .tail = &node->items};
	TRY(token_text(builder, anchor, &level->anchor));
	builder->depth++;
	return OK;
}

static Err on_sequence_start(Builder *builder, struct fy_event *event)
{
	return open_level(builder, event, YAML_SEQUENCE, event->sequence_start.anchor);
}

static Err on_mapping_start(Builder *builder, struct fy_event *event)
{
	return open_level(builder, event, YAML_MAPPING, event->mapping_start.anchor);
}

static Err on_end(Builder *builder, struct fy_event *event)
{
	Level *level = &builder->levels[--builder->depth];

	(void)event;
	for (const YamlNode *item = level->node->items; item; item = item->next)
		level->node->weight += item->weight;
	if (level->node->kind == YAML_MAPPING)
		TRY(check_keys(builder, level->node));
	return remember(builder, level->anchor, level->node);
}

static Err on_document_start(Builder *builder, struct fy_event *event)
{
	(void)event;
	builder->anchors = NULL;
	builder->anchor_count = 0;
	return OK;
}

static Err (*const handlers[])(Builder *builder, struct fy_event *event) = {
        [FYET_DOCUMENT_START] = on_document_start,
        [FYET_MAPPING_START] = on_mapping_start,
        [FYET_MAPPING_END] = on_end,
        [FYET_SEQUENCE_START] = on_sequence_start,
        [FYET_SEQUENCE_END] = on_end,
        [FYET_SCALAR] = on_scalar,
        [FYET_ALIAS] = on_alias,
};

static Err syntax_error(const Builder *builder, struct fy_diag *diag)
{
	void *at = NULL;
	const struct fy_diag_error *error = fy_diag_errors_iterate(diag, &at);

	if (!error)
		return err(ERR_YAML_INVALID, "%s: not valid YAML", builder->name);
	return fail(builder, ERR_YAML_INVALID, error->line, error->column, error->msg);
}

static Err read_events(Builder *builder, struct fy_parser *parser, struct fy_diag *diag)
{
	for (;;) {
		struct fy_event *event = fy_parser_parse(parser);
		Err e = OK;
		bool end;

		if (!event)
			return syntax_error(builder, diag);
		end = event->type == FYET_STREAM_END;
		if (event->type < ARRAY_COUNT(handlers) && handlers[event->type])
			e = handlers[event->type](builder, event);
		fy_parser_event_free(parser, event);
		TRY(e);
		if (end)
			return fy_parser_get_stream_error(parser) ? syntax_error(builder, diag) : OK;
	}
}

Err yaml_parse(Str text, const char *name, Arena *arena, YamlNode **ret)
{
	struct fy_diag_cfg quiet;
	CLEANUP(diag_destroyp) struct fy_diag *diag = NULL;
	CLEANUP(parser_destroyp) struct fy_parser *parser = NULL;
	Builder builder = {.arena = arena, .name = name, .tail = &builder.documents};

	if (text.len > YAML_SIZE_MAX)
		return err(ERR_LIMIT, "%s: %zu bytes are too many (at most 8 MiB)", name, text.len);
	if (!str_is_utf8(text))
		return err(ERR_YAML_INVALID, "%s: the file is not UTF-8 text, or has a NUL", name);
	fy_diag_cfg_default(&quiet);
	quiet.fp = NULL;
	diag = fy_diag_create(&quiet);
	if (!diag)
		return err(ERR_NO_MEMORY, "%s: no memory for the YAML parser", name);
	fy_diag_set_collect_errors(diag, true);
	parser = fy_parser_create(&(struct fy_parse_cfg){
	        .search_path = "", .flags = FYPCF_QUIET | FYPCF_JSON_NONE, .diag = diag});
	if (!parser || fy_parser_set_string(parser, text.ptr ? text.ptr : "", text.len))
		return err(ERR_NO_MEMORY, "%s: no memory for the YAML parser", name);
	TRY(read_events(&builder, parser, diag));
	*ret = builder.documents;
	return OK;
}

const YamlNode *yaml_member(const YamlNode *mapping, Str key)
{
	if (mapping->kind != YAML_MAPPING)
		return NULL;
	for (const YamlNode *member = mapping->items; member; member = member->next)
		if (str_eq(member->key, key))
			return member;
	return NULL;
}

bool yaml_is_null(const YamlNode *node)
{
	return node->kind == YAML_SCALAR && node->plain &&
	       (!node->text.len || str_eq(node->text, STR("~")) || str_eq(node->text, STR("null")) ||
	               str_eq(node->text, STR("Null")) || str_eq(node->text, STR("NULL")));
}
