// Files to scenarios. Everything is read and checked before the first scenario runs, so that a slip of the
// pen in the last file costs no run.
#include "scenario/scenario.h"

#include "base/file.h"

#include <dirent.h>
#include <libgen.h>
#include <stdlib.h>
#include <sys/stat.h>

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

static Err add_case(ScenarioReader *reader, const YamlNode *node, const YamlNode *columns,
        const YamlNode *row, size_t number)
{
	const YamlNode *made;
	Scenario *scenario;

	TRY(scenario_room(reader, node, &scenario));
	TRY(scenario_case(reader, node, columns, row, &made));
	TRY(scenario_read(reader, made, scenario));
	TRY(name_of(reader, node, &scenario->family));
	TRY(name_of(reader, made, &scenario->name));
	if (strcmp(scenario->name, scenario->family) == 0)
		scenario->name = arena_printf(reader->cli->arena, "%s, case %zu", scenario->name, number);
	scenario->line = row->line;
	reader->set->count++;
	return OK;
}

// A header and rows.
static Err add_cases(ScenarioReader *reader, const YamlNode *node, const YamlNode *cases)
{
	const YamlNode *columns = cases->items;
	YamlNode bare = *node, *last = NULL;
	size_t number = 0;

	if (cases->kind != YAML_SEQUENCE || cases->count < 2)
		return scenario_refuse(reader, cases, ERR_FIELD_INVALID,
		        "cases is a list of lists: the columns' names, then a row for each case");
	if (cases->count > SCENARIO_CASES_MAX)
		return scenario_refuse(
		        reader, cases, ERR_LIMIT, "at most %d cases a scenario", SCENARIO_CASES_MAX);
	for (const YamlNode *row = cases->items; row; row = row->next)
		if (row->kind != YAML_SEQUENCE || !row->count || row->count != columns->count)
			return scenario_refuse(reader, row, ERR_FIELD_INVALID,
			        "each row of cases is a list with a value for each of the %zu columns",
			        columns->count);
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
	for (const YamlNode *row = columns->next; row; row = row->next)
		TRY(add_case(reader, &bare, columns, row, ++number));
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
