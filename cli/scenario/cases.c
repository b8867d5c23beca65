// A row of a table of cases made a scenario. Columns are replaced in the tree, before anything is read from
// it: a column may stand for whatever YAML can say.
#include "scenario/scenario.h"

#include "base/nearest.h"

#include <ctype.h>

typedef struct Case {
	ScenarioReader *reader;
	const YamlNode *columns, *row;
	size_t used; // nodes made
} Case;

static const YamlNode *cell_of(const Case *c, Str column)
{
	const YamlNode *cell = c->row->items;

	for (const YamlNode *name = c->columns->items; name && cell; name = name->next, cell = cell->next)
		if (str_eq(name->text, column))
			return cell;
	return NULL;
}

// The column that <name> at the text's beginning names; an empty one if it names none.
static Str column_at(Str text)
{
	size_t len = 1;

	while (len < text.len && (isalnum((unsigned char)text.ptr[len]) || strchr("_-", text.ptr[len])))
		len++;
	return len > 1 && len < text.len && text.ptr[len] == '>' ? str_n(text.ptr + 1, len - 1) : (Str){0};
}

static Err unknown_column(const Case *c, const YamlNode *node, Str column)
{
	Nearest near = nearest_to(column);

	for (const YamlNode *name = c->columns->items; name; name = name->next)
		nearest_try(&near, name->text);
	return scenario_refuse(c->reader, node, ERR_FIELD_UNKNOWN,
	        "the cases have no column '" STR_FMT "'" NEAREST_FMT, STR_ARG(column), NEAREST_ARG(near));
}

// In the midst of a text a list is its members; a mapping is nothing that can be said there.
static Err cell_text(const Case *c, const YamlNode *cell, Str *ret)
{
	const char *text = "";

	*ret = cell->text;
	if (cell->kind == YAML_SCALAR)
		return OK;
	for (const YamlNode *item = cell->items; item; item = item->next) {
		if (cell->kind == YAML_MAPPING || item->kind != YAML_SCALAR)
			return scenario_refuse(c->reader, cell, ERR_FIELD_INVALID,
			        "this can only stand for a value as a whole");
		text = arena_printf(
		        c->reader->cli->arena, "%s%s" STR_FMT, text, *text ? ", " : "", STR_ARG(item->text));
	}
	*ret = str(*text ? text : "none");
	return OK;
}

// "aged <age>" to "aged 21".
static Err put_columns(Case *c, const YamlNode *node, Str text, Str *ret)
{
	Str made = {0};

	while (text.len) {
		const char *open = memchr(text.ptr, '<', text.len);
		size_t before = open ? (size_t)(open - text.ptr) : text.len;
		Str column = open ? column_at(str_n(open, text.len - before)) : (Str){0}, with = {0};

		if (column.len) {
			const YamlNode *cell = cell_of(c, column);

			if (!cell)
				return unknown_column(c, node, column);
			TRY(cell_text(c, cell, &with));
		}
		size_t taken = before + (column.len ? column.len + 2 : open != NULL);
		Str literal = str_n(text.ptr, column.len ? before : taken);
		made = str(arena_printf(c->reader->cli->arena, STR_FMT STR_FMT STR_FMT, STR_ARG(made),
		        STR_ARG(literal), STR_ARG(with)));
		if (made.len > SCENARIO_FILE_MAX)
			return scenario_refuse(c->reader, node, ERR_LIMIT, "the text becomes too long");
		text = str_n(text.ptr + taken, text.len - taken);
	}
	*ret = made;
	return OK;
}

static Err replaced(Case *c, const YamlNode *node, const YamlNode **ret);

static Err replaced_items(Case *c, const YamlNode *node, YamlNode *made)
{
	YamlNode **last = &made->items;

	for (const YamlNode *item = node->items; item; item = item->next) {
		const YamlNode *value;
		YamlNode *copy = ARENA_NEW(c->reader->cli->arena, YamlNode);

		TRY(replaced(c, item, &value));
		*copy = *value;
		copy->key = item->key;
		copy->key_line = item->key_line;
		copy->key_column = item->key_column;
		copy->next = NULL;
		*last = copy;
		last = &copy->next;
	}
	return OK;
}

// What stands where keeps the scenario's place, not the table's.
static Err replaced(Case *c, const YamlNode *node, const YamlNode **ret)
{
	YamlNode *made = ARENA_NEW(c->reader->cli->arena, YamlNode);

	if (++c->used + c->reader->set->nodes > SCENARIO_NODES_MAX)
		return scenario_refuse(c->reader, node, ERR_LIMIT, "too many cases: split the file");
	*made = *node;
	*ret = made;
	if (node->kind != YAML_SCALAR) {
		made->items = NULL;
		return replaced_items(c, node, made);
	}
	Str column = node->text.len && node->text.ptr[0] == '<' ? column_at(node->text) : (Str){0};
	if (!column.len || column.len + 2 != node->text.len)
		return put_columns(c, node, node->text, &made->text);
	const YamlNode *cell = cell_of(c, column);
	if (!cell)
		return unknown_column(c, node, column);
	c->used += cell->weight;
	*made = *cell;
	made->line = node->line;
	made->column = node->column;
	return OK;
}

Err scenario_case(ScenarioReader *reader, const YamlNode *node, const YamlNode *columns, const YamlNode *row,
        const YamlNode **ret)
{
	Case c = {.reader = reader, .columns = columns, .row = row};

	TRY(replaced(&c, node, ret));
	reader->set->nodes += c.used;
	return OK;
}
