// Files to scenarios. Everything is read and checked before the first scenario runs, so that a slip of the
// pen in the last file costs no run. Columns of cases are replaced in the tree, before anything is read from
// it: a column may stand for whatever YAML can say.
#include "scenario/scenario.h"

#include "base/file.h"
#include "base/nearest.h"

#include <ctype.h>
#include <dirent.h>
#include <libgen.h>
#include <stdlib.h>
#include <sys/stat.h>

// --- cases ---

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

// --- scenarios ---

static Err scenario_room(ScenarioReader *reader, const YamlNode *node, Scenario **ret)
{
	ScenarioSet *set = reader->set;

	if (set->count == SCENARIOS_MAX)
		return scenario_refuse(
		        reader, node, ERR_LIMIT, "more than %d scenarios are not run at once", SCENARIOS_MAX);
	if (set->count == set->room) {
		size_t room = set->room ? 2 * set->room : 64;
		Scenario *larger = ARENA_ARRAY(reader->cli->arena, Scenario, room);

		if (set->count)
			memcpy(larger, set->items, set->count * sizeof *larger);
		set->items = larger;
		set->room = room;
	}
	*ret = &set->items[set->count];
	**ret = (Scenario){.file = reader->file};
	return OK;
}

static Err name_of(const ScenarioReader *reader, const YamlNode *node, const char **ret)
{
	TRY(scenario_text(reader, node, "name", ret));
	return *ret && **ret ? OK
	                     : scenario_refuse(reader, node, ERR_FIELD_MISSING, "a scenario needs a name");
}

static Err add_case(ScenarioReader *reader, Case *c, const YamlNode *node, size_t number)
{
	const YamlNode *made;
	Scenario *scenario;

	TRY(scenario_room(reader, node, &scenario));
	c->used = 0;
	TRY(replaced(c, node, &made));
	reader->set->nodes += c->used;
	TRY(scenario_read(reader, made, scenario));
	TRY(name_of(reader, node, &scenario->family));
	TRY(name_of(reader, made, &scenario->name));
	if (strcmp(scenario->name, scenario->family) == 0)
		scenario->name = arena_printf(reader->cli->arena, "%s, case %zu", scenario->name, number);
	scenario->line = c->row->line;
	reader->set->count++;
	return OK;
}

// A header and rows.
static Err add_cases(ScenarioReader *reader, const YamlNode *node, const YamlNode *cases)
{
	Case c = {.reader = reader, .columns = cases->items};
	YamlNode bare = *node, *last = NULL;
	size_t number = 0;

	if (cases->kind != YAML_SEQUENCE || cases->count < 2)
		return scenario_refuse(reader, cases, ERR_FIELD_INVALID,
		        "cases is a list of lists: the columns' names, then a row for each case");
	if (cases->count > SCENARIO_CASES_MAX)
		return scenario_refuse(
		        reader, cases, ERR_LIMIT, "at most %d cases a scenario", SCENARIO_CASES_MAX);
	for (const YamlNode *row = cases->items; row; row = row->next)
		if (row->kind != YAML_SEQUENCE || !row->count || row->count != c.columns->count)
			return scenario_refuse(reader, row, ERR_FIELD_INVALID,
			        "each row of cases is a list with a value for each of the %zu columns",
			        c.columns->count);
	bare.items = NULL;
	for (const YamlNode *item = node->items; item; item = item->next) {
		if (item == cases)
			continue;
		YamlNode *copy = ARENA_NEW(reader->cli->arena, YamlNode);

		*copy = *item;
		copy->next = NULL;
		*(last ? &last->next : &bare.items) = copy;
		last = copy;
	}
	for (const YamlNode *row = c.columns->next; row; row = row->next) {
		c.row = row;
		TRY(add_case(reader, &c, &bare, ++number));
	}
	return OK;
}

static Err add_scenario(ScenarioReader *reader, const YamlNode *node)
{
	const YamlNode *cases = yaml_member(node, STR("cases"));
	Scenario *scenario;

	if (node->kind != YAML_MAPPING)
		return scenario_refuse(reader, node, ERR_FIELD_INVALID,
		        "a scenario is a mapping with name, persona or audience, and expect");
	if (cases)
		return add_cases(reader, node, cases);
	TRY(scenario_room(reader, node, &scenario));
	TRY(scenario_read(reader, node, scenario));
	TRY(name_of(reader, node, &scenario->name));
	scenario->family = scenario->name;
	scenario->line = node->line;
	reader->set->count++;
	return OK;
}

static Err add_scenarios(ScenarioReader *reader, const YamlNode *list)
{
	if (list->kind != YAML_SEQUENCE)
		return scenario_refuse(reader, list, ERR_FIELD_INVALID, "scenarios is a list");
	for (const YamlNode *item = list->items; item; item = item->next)
		TRY(add_scenario(reader, item));
	return OK;
}

// --- documents ---

static Err take_channel(ScenarioReader *reader, const YamlNode *document)
{
	const char *channel;

	TRY(scenario_text(reader, document, "channel", &channel));
	if (!channel)
		return OK;
	if (reader->set->channel && strcmp(reader->set->channel, channel) != 0)
		return scenario_refuse(reader, yaml_member(document, STR("channel")), ERR_FIELD_INVALID,
		        "scenarios of one channel at a time: others are about '%s'", reader->set->channel);
	reader->set->channel = channel;
	return OK;
}

static Err take_personas(ScenarioReader *reader, const YamlNode *personas)
{
	if (personas && personas->kind != YAML_MAPPING)
		return scenario_refuse(reader, personas, ERR_FIELD_INVALID,
		        "personas is a mapping: a name, then audience, profile, set and history");
	for (const YamlNode *item = personas ? personas->items : NULL; item; item = item->next) {
		ScenarioPersona *persona = ARENA_NEW(reader->cli->arena, ScenarioPersona);

		for (const ScenarioPersona *other = reader->personas; other; other = other->next)
			if (str_eq(other->name, item->key))
				return scenario_refuse(reader, item, ERR_FIELD_INVALID,
				        "persona '" STR_FMT "' is known already, from %s line %d",
				        STR_ARG(item->key), other->file, other->node->key_line);
		*persona = (ScenarioPersona){
		        .next = reader->personas, .name = item->key, .node = item, .file = reader->file};
		reader->personas = persona;
	}
	return OK;
}

static Err take_document(ScenarioReader *reader, const YamlNode *document, bool personas_only);

// Personas of another file, whose path starts at this one's folder.
static Err take_used(ScenarioReader *reader, const YamlNode *use)
{
	const json_t *paths, *path;
	const char *file = reader->file;
	size_t i;

	TRY(scenario_texts(reader, use, &paths));
	json_array_foreach(paths, i, path)
	{
		const char *folder = dirname(arena_cstr(reader->cli->arena, str(file)));
		YamlNode *first = NULL;
		Str text;

		reader->file = path_join(reader->cli->arena, str(folder), str(json_string_value(path)));
		Err e = file_read(reader->file, SCENARIO_FILE_MAX, reader->cli->arena, &text);
		if (e)
			return err_context(e, "%s:%d:%d: use", file, use->line, use->column);
		TRY(yaml_parse(text, reader->file, reader->cli->arena, &first));
		for (const YamlNode *document = first; document; document = document->next)
			TRY(take_document(reader, document, true));
		reader->file = file;
	}
	return OK;
}

static Err take_document(ScenarioReader *reader, const YamlNode *document, bool personas_only)
{
	static const char *const members[] = {"channel", "at", "use", "personas", "scenarios", NULL};
	const YamlNode *at = yaml_member(document, STR("at")), *use = yaml_member(document, STR("use")),
	               *list = yaml_member(document, STR("scenarios"));

	if (document->kind == YAML_SEQUENCE)
		return personas_only ? OK : add_scenarios(reader, document);
	TRY(scenario_members(reader, document, members));
	TRY(take_personas(reader, yaml_member(document, STR("personas"))));
	if (personas_only)
		return OK;
	TRY(take_channel(reader, document));
	if (at)
		TRY(scenario_time(reader, at, &reader->at_us));
	if (use)
		TRY(take_used(reader, use));
	return list ? add_scenarios(reader, list) : OK;
}

Err scenarios_read_text(Cli *cli, Str text, const char *file, ScenarioSet *ret)
{
	ScenarioReader reader = {.cli = cli, .set = ret, .file = file};
	YamlNode *first = NULL;

	if (!ret->keep)
		ret->keep = json_array();
	TRY(yaml_parse(text, file, cli->arena, &first));
	for (const YamlNode *document = first; document; document = document->next)
		if (!yaml_is_null(document))
			TRY(take_document(&reader, document, false));
	return OK;
}

void scenarios_free(ScenarioSet *set)
{
	json_decref(set->keep);
	set->keep = NULL;
}

// --- files and folders ---

static int is_yaml(const struct dirent *entry)
{
	Str name = str(entry->d_name);

	return entry->d_name[0] != '.' && (str_ends(name, STR(".yaml")) || str_ends(name, STR(".yml")));
}

static Err add_file(Cli *cli, const char *path, size_t *files, ScenarioSet *ret)
{
	Str text;

	if (++*files > SCENARIO_FILES_MAX)
		return err(ERR_LIMIT, "more than %d files are not taken at once", SCENARIO_FILES_MAX);
	TRY(file_read(path, SCENARIO_FILE_MAX, cli->arena, &text));
	return scenarios_read_text(cli, text, path, ret);
}

static Err add_folder(Cli *cli, const char *path, size_t *files, ScenarioSet *ret)
{
	struct dirent **entries = NULL;
	int count = scandir(path, &entries, is_yaml, alphasort);
	Err e = OK;

	if (count < 0)
		return err_errno(ERR_IO, "cannot read the folder %s", path);
	for (int i = 0; i < count; i++) {
		if (!e)
			e = add_file(
			        cli, path_join(cli->arena, str(path), str(entries[i]->d_name)), files, ret);
		free(entries[i]);
	}
	free(entries);
	return e;
}

Err scenarios_read(Cli *cli, const char *const *paths, size_t count, ScenarioSet *ret)
{
	size_t files = 0;

	for (size_t i = 0; i < count; i++) {
		struct stat info;

		if (stat(paths[i], &info) != 0) {
			cli->usage = true;
			return err_errno(ERR_IO, "cannot read %s", paths[i]);
		}
		TRY(S_ISDIR(info.st_mode) ? add_folder(cli, paths[i], &files, ret)
		                          : add_file(cli, paths[i], &files, ret));
	}
	return ret->count ? OK : err(ERR_FIELD_MISSING, "the files hold no scenario");
}
