// A table of fields drives everything: reading, defaults, limits, the words of a refusal and the printed
// help, so that none of them can disagree with another. The text that a default is written as goes through
// the same reader as the file's.
#include "base/config.h"

#include "base/file.h"
#include "base/nearest.h"
#include "base/yaml.h"

#include <inttypes.h>
#include <stdio.h>

typedef struct Reader {
	const char *name; // of the file
	Arena *arena;
} Reader;

// A text with a place: from the file, or a default.
typedef struct Word {
	Str text;
	int line, column;
} Word;

static Err table_read(const Reader *reader, const YamlNode *node, const ConfigField *fields, void *ret);

static Err refuse(const Reader *reader, int line, int column, const ConfigField *field, const char *what)
{
	return err_at(ERR_CONFIG_INVALID, field->name, "%s:%d:%d: '%s' %s", reader->name, line, column,
	        field->name, what);
}

static Err no_memory(const Reader *reader)
{
	return err(ERR_NO_MEMORY, "%s: no memory for the configuration", reader->name);
}

static Err bounds_check(
        const Reader *reader, const Word *word, const ConfigField *field, int64_t value, int64_t unit)
{
	char what[160];

	if ((field->min == 0 && field->max == 0) || (value >= field->min && value <= field->max))
		return OK;
	snprintf(what, sizeof what, "must be %" PRId64 " to %" PRId64 "%s", field->min / unit,
	        field->max / unit,
	        field->type == CONFIG_DURATION ? " ms"
	        : field->type == CONFIG_SHARE  ? " %"
	                                       : "");
	return refuse(reader, word->line, word->column, field, what);
}

static Err string_read(const Reader *reader, const Word *word, const ConfigField *field, void *ret)
{
	Str *text = ret;

	(void)field;
	*text = arena_str(reader->arena, word->text);
	return text->ptr || !word->text.len ? OK : no_memory(reader);
}

static Err int_read(const Reader *reader, const Word *word, const ConfigField *field, void *ret)
{
	if (!str_to_i64(word->text, ret))
		return refuse(reader, word->line, word->column, field, "must be a whole number");
	return bounds_check(reader, word, field, *(int64_t *)ret, 1);
}

static Err bool_read(const Reader *reader, const Word *word, const ConfigField *field, void *ret)
{
	bool yes = str_eq(word->text, STR("true"));

	if (!yes && !str_eq(word->text, STR("false")))
		return refuse(reader, word->line, word->column, field, "must be true or false");
	*(bool *)ret = yes;
	return OK;
}

typedef struct Unit {
	const char *suffix;
	int64_t factor;
} Unit;

static const Unit durations[] = {
        {"us", 1}, {"ms", 1000}, {"s", 1000000}, {"m", 60000000}, {"h", 3600000000}, {"d", 86400000000}};
static const Unit sizes[] = {
        {"B", 1}, {"KiB", 1 << 10}, {"MiB", 1 << 20}, {"GiB", 1 << 30}, {"TiB", INT64_C(1) << 40}};

// A whole number and one of the units; 0 needs none.
static bool with_unit(Str text, const Unit *units, size_t count, int64_t *ret)
{
	size_t digits = 0;
	int64_t number;

	while (digits < text.len && text.ptr[digits] >= '0' && text.ptr[digits] <= '9')
		digits++;
	if (!str_to_i64(str_n(text.ptr, digits), &number))
		return false;
	*ret = 0;
	if (number == 0 && digits == text.len)
		return true;
	for (size_t i = 0; i < count; i++)
		if (str_eq(str_n(text.ptr + digits, text.len - digits), str(units[i].suffix)))
			return !__builtin_mul_overflow(number, units[i].factor, ret);
	return false;
}

bool duration_parse(Str text, int64_t *ret_us)
{
	return with_unit(text, durations, ARRAY_COUNT(durations), ret_us);
}

static Err duration_read(const Reader *reader, const Word *word, const ConfigField *field, void *ret)
{
	if (!duration_parse(word->text, ret))
		return refuse(reader, word->line, word->column, field,
		        "must be a time with its unit: 250ms, 5s, 10m, 12h, 30d");
	return bounds_check(reader, word, field, *(int64_t *)ret, 1000);
}

static Err size_read(const Reader *reader, const Word *word, const ConfigField *field, void *ret)
{
	if (!with_unit(word->text, sizes, ARRAY_COUNT(sizes), ret))
		return refuse(reader, word->line, word->column, field,
		        "must be a size with its unit: 512B, 64KiB, 16MiB, 2GiB");
	return bounds_check(reader, word, field, *(int64_t *)ret, 1);
}

// At most four decimal places: a millionth is the least there is.
static bool with_percent(Str text, int64_t *ret)
{
	static const int64_t scale[] = {10000, 1000, 100, 10, 1};
	if (!text.len || text.ptr[0] == '-' || text.ptr[text.len - 1] != '%')
		return false;
	text.len--;
	const char *point = memchr(text.ptr, '.', text.len);
	size_t whole_len = point ? (size_t)(point - text.ptr) : text.len;
	size_t places = point ? text.len - whole_len - 1 : 0;
	int64_t whole, part = 0;
	if (!str_to_i64(str_n(text.ptr, whole_len), &whole) || whole > 1000000)
		return false;
	if (point && (places == 0 || places >= ARRAY_COUNT(scale) || point[1] == '-' || point[1] == '+' ||
	                     !str_to_i64(str_n(point + 1, places), &part)))
		return false;
	*ret = whole * scale[0] + part * scale[places];
	return true;
}

static Err share_read(const Reader *reader, const Word *word, const ConfigField *field, void *ret)
{
	if (!with_percent(word->text, ret))
		return refuse(reader, word->line, word->column, field,
		        "must be a share in percent: 10%, 0.5%, 150%");
	return bounds_check(reader, word, field, *(int64_t *)ret, 10000);
}

static Err choice_read(const Reader *reader, const Word *word, const ConfigField *field, void *ret)
{
	char what[160];
	for (const char *choice = field->choices; choice;) {
		size_t len = strcspn(choice, "|");
		if (str_eq(word->text, str_n(choice, len)))
			return string_read(reader, word, field, ret);
		choice = choice[len] ? choice + len + 1 : NULL;
	}
	snprintf(what, sizeof what, "must be one of %s", field->choices);
	return refuse(reader, word->line, word->column, field, what);
}

typedef Err (*WordReader)(const Reader *reader, const Word *word, const ConfigField *field, void *ret);

// What is written as one word; the others have readers of nodes.
static const WordReader word_readers[] = {
        [CONFIG_STRING] = string_read,
        [CONFIG_INT] = int_read,
        [CONFIG_BOOL] = bool_read,
        [CONFIG_DURATION] = duration_read,
        [CONFIG_SIZE] = size_read,
        [CONFIG_SHARE] = share_read,
        [CONFIG_CHOICE] = choice_read,
        [CONFIG_PLACE] = NULL,
};

static Err word_node_read(const Reader *reader, const YamlNode *node, const ConfigField *field, void *ret)
{
	const Word word = {node->text, node->line, node->column};

	if (node->kind != YAML_SCALAR)
		return refuse(
		        reader, node->line, node->column, field, "must be one value, not a list or section");
	return word_readers[field->type](reader, &word, field, ret);
}

static Err strings_read(const Reader *reader, const YamlNode *node, const ConfigField *field, void *ret)
{
	ConfigStrings *strings = ret;

	if (node->kind != YAML_SEQUENCE)
		return refuse(reader, node->line, node->column, field,
		        "must be a list of texts: [a, b], or a line '- a' each");
	strings->count = 0;
	strings->items = ARENA_ARRAY(reader->arena, Str, node->count + 1);
	for (const YamlNode *item = node->items; strings->items && item; item = item->next) {
		if (item->kind != YAML_SCALAR)
			return refuse(reader, item->line, item->column, field, "must be a list of texts");
		TRY(string_read(reader, &(Word){item->text, item->line, item->column}, field,
		        &strings->items[strings->count++]));
	}
	return strings->items ? OK : no_memory(reader);
}

static Err list_read(const Reader *reader, const YamlNode *node, const ConfigField *field, void *ret)
{
	ConfigList *list = ret;

	if (node->kind != YAML_SEQUENCE)
		return refuse(reader, node->line, node->column, field,
		        "must be a list of sections, each after '- '");
	list->count = 0;
	list->items = arena_alloc_array(reader->arena, field->item_size, node->count ? node->count : 1);
	for (const YamlNode *item = node->items; list->items && item; item = item->next)
		TRY(table_read(
		        reader, item, field->fields, (char *)list->items + list->count++ * field->item_size));
	return list->items ? OK : no_memory(reader);
}

static Err section_read(const Reader *reader, const YamlNode *node, const ConfigField *field, void *ret)
{
	if (node->kind != YAML_MAPPING && !yaml_is_null(node))
		return refuse(
		        reader, node->line, node->column, field, "must be a section of 'name: value' lines");
	return table_read(reader, node, field->fields, ret);
}

static Err default_strings(const Reader *reader, Str text, ConfigStrings *ret)
{
	ret->items = ARENA_ARRAY(reader->arena, Str, text.len + 1);
	ret->count = 0;
	while (ret->items && text.len) {
		const char *comma = memchr(text.ptr, ',', text.len);
		size_t len = comma ? (size_t)(comma - text.ptr) : text.len;

		ret->items[ret->count++] = str_n(text.ptr, len);
		text = str_n(text.ptr + len + (comma != NULL), text.len - len - (comma != NULL));
	}
	return ret->items ? OK : no_memory(reader);
}

// What a field holds that the file does not give. A section that is not there still has its defaults.
static Err default_set(const Reader *reader, const ConfigField *field, void *ret)
{
	if (field->type == CONFIG_SECTION) {
		for (const ConfigField *inner = field->fields; inner->name; inner++)
			TRY(default_set(reader, inner, (char *)ret + inner->offset));
		return OK;
	}
	if (!field->fallback)
		return OK;
	if (field->type == CONFIG_STRINGS)
		return default_strings(reader, str(field->fallback), ret);
	return word_readers[field->type](reader, &(Word){.text = str(field->fallback)}, field, ret);
}

static Err field_read(const Reader *reader, const YamlNode *node, const ConfigField *field, void *ret)
{
	if (field->type == CONFIG_STRINGS)
		return strings_read(reader, node, field, ret);
	if (field->type == CONFIG_LIST)
		return list_read(reader, node, field, ret);
	if (field->type == CONFIG_SECTION)
		return section_read(reader, node, field, ret);
	return word_node_read(reader, node, field, ret);
}

static Err names_check(const Reader *reader, const YamlNode *node, const ConfigField *fields)
{
	for (const YamlNode *member = node->items; member; member = member->next) {
		Nearest near = nearest_to(member->key);
		bool known = false;

		for (const ConfigField *field = fields; field->name && !known; field++) {
			if (field->type == CONFIG_PLACE)
				continue;
			known = str_eq(member->key, str(field->name));
			nearest_try(&near, str(field->name));
		}
		if (!known)
			return err(ERR_CONFIG_INVALID, "%s:%d:%d: there is no '" STR_FMT "' here" NEAREST_FMT,
			        reader->name, member->key_line, member->key_column, STR_ARG(member->key),
			        NEAREST_ARG(near));
	}
	return OK;
}

static Err table_read(const Reader *reader, const YamlNode *node, const ConfigField *fields, void *ret)
{
	if (node->kind != YAML_MAPPING && !yaml_is_null(node))
		return err(ERR_CONFIG_INVALID, "%s:%d:%d: a section of 'name: value' lines belongs here",
		        reader->name, node->line, node->column);
	TRY(names_check(reader, node, fields));
	for (const ConfigField *field = fields; field->name; field++) {
		if (field->type == CONFIG_PLACE) {
			*(ConfigPlace *)(void *)((char *)ret + field->offset) =
			        (ConfigPlace){node->line, node->column};
			continue;
		}
		const YamlNode *member = yaml_member(node, str(field->name));
		bool given = member && (field->type == CONFIG_SECTION || !yaml_is_null(member));

		if (!given && field->required)
			return refuse(
			        reader, node->line, node->column, field, "is missing; it must be given");
		TRY(default_set(reader, field, (char *)ret + field->offset));
		if (given)
			TRY(field_read(reader, member, field, (char *)ret + field->offset));
	}
	return OK;
}

Err config_parse(Str text, const char *name, const ConfigField *fields, Arena *arena, void *ret)
{
	static const YamlNode nothing = {.kind = YAML_MAPPING, .line = 1, .column = 1};
	const Reader reader = {name, arena};
	YamlNode *document = NULL;
	Err e = yaml_parse(text, name, arena, &document);

	if (e == ERR_YAML_INVALID || e == ERR_LIMIT)
		return err(ERR_CONFIG_INVALID, "%s", arena_printf(arena, "%s", err_detail()->message));
	TRY(e);
	if (document && document->next)
		return err(ERR_CONFIG_INVALID, "%s:%d:%d: a second document; a configuration has one only",
		        name, document->next->line, document->next->column);
	return table_read(&reader, document ? document : &nothing, fields, ret);
}

Err config_load(const char *path, const ConfigField *fields, Arena *arena, void *ret)
{
	Str text;

	TRY(file_read(path, YAML_SIZE_MAX, arena, &text));
	return config_parse(text, path, fields, arena, ret);
}

static const char *const type_examples[] = {
        [CONFIG_STRING] = "text",
        [CONFIG_INT] = "0",
        [CONFIG_BOOL] = "false",
        [CONFIG_DURATION] = "10s",
        [CONFIG_SIZE] = "64KiB",
        [CONFIG_SHARE] = "10%",
        [CONFIG_CHOICE] = "",
        [CONFIG_STRINGS] = "[text, text]",
        [CONFIG_SECTION] = "",
        [CONFIG_LIST] = "",
};

// What need not be given and has no default is shown as a comment: the example, as it is printed, is a valid
// file but for the texts that only its reader knows.
static void print_word(const ConfigField *field)
{
	bool silent = !field->required && !field->fallback;

	printf("%s%s: ", silent ? "# " : "", field->name);
	if (field->type == CONFIG_STRINGS && field->fallback)
		printf("[%s]\n", field->fallback);
	else if (field->type == CONFIG_CHOICE && !field->fallback)
		printf("%.*s\n", (int)strcspn(field->choices, "|"), field->choices);
	else
		printf("%s\n", field->fallback ? field->fallback : type_examples[field->type]);
}

static void print_fields(const ConfigField *fields, unsigned indent, const char *first)
{
	for (const ConfigField *field = fields; field->name; field++) {
		if (field->type == CONFIG_PLACE)
			continue;
		bool list = field->type == CONFIG_LIST, inner = list || field->type == CONFIG_SECTION;
		const char *lead = field == fields ? first : "";
		int blanks = (int)(indent - (unsigned)strlen(lead));

		printf("%*s# %s%s\n", (int)indent, "", field->help ? field->help : field->name,
		        field->required ? " (required)" : "");
		printf("%*s%s", blanks, "", lead);
		if (!inner) {
			print_word(field);
			continue;
		}
		if (field->example) {
			printf("# %s: %s\n", field->name, field->example);
			continue;
		}
		printf("%s:\n", field->name);
		print_fields(field->fields, indent + (list ? 4 : 2), list ? "- " : "");
	}
}

void config_print_help(const ConfigField *fields)
{
	print_fields(fields, 0, "");
}
