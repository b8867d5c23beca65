// Options and arguments may stand in any order; "--" ends the options. A verb is its one or two words, found
// among the arguments before the options are judged, because options differ from verb to verb.
#include "options.h"

#include "base/nearest.h"

#include <stdio.h>

const Option option_rows[OPT_COUNT] = {
#define OPTION_ROW(id, name, letter, takes, help) [OPT_##id] = {name, letter, takes, help},
#include "option_table.h"
#undef OPTION_ROW
};

bool verb_takes(const Verb *verb, OptionId id)
{
	const char *name = option_rows[id].name, *at = verb->options;
	size_t len = strlen(name);

	if ((int)id < OPT_GLOBAL_COUNT)
		return true;
	while ((at = strstr(at, name))) {
		if ((at == verb->options || at[-1] == ' ') && (at[len] == '\0' || at[len] == ' '))
			return true;
		at += len;
	}
	return false;
}

static const Option *option_by_name(Str name)
{
	for (size_t i = 0; i < OPT_COUNT; i++)
		if (str_eq(name, str(option_rows[i].name)))
			return &option_rows[i];
	return NULL;
}

static const Option *option_by_letter(char letter)
{
	for (size_t i = 0; i < OPT_COUNT; i++)
		if (option_rows[i].letter == letter)
			return &option_rows[i];
	return NULL;
}

static Err option_unknown(const Verb *verb, Str name)
{
	Nearest near = nearest_to(name);

	for (size_t i = 0; i < OPT_COUNT; i++)
		if (!verb || verb_takes(verb, (OptionId)i))
			nearest_try(&near, str(option_rows[i].name));
	return err(ERR_FIELD_INVALID, "%s%sno option --" STR_FMT NEAREST_FMT, verb ? verb->words : "there is",
	        verb ? " has " : " ", STR_ARG(name), NEAREST_ARG(near));
}

static Err option_add(CommandLine *line, const Option *option, const char *text, Arena *arena)
{
	OptionValue **tail = &line->options[option - option_rows];
	OptionValue *value = ARENA_NEW(arena, OptionValue);

	while (*tail)
		tail = &(*tail)->next;
	*value = (OptionValue){.text = text};
	*tail = value;
	return OK;
}

typedef struct Words {
	int argc, at;
	char **argv;
	Arena *arena;
} Words;

static Err value_take(Words *words, const Option *option, const char *inlined, CommandLine *line)
{
	if (!option->takes && inlined)
		return err(ERR_FIELD_INVALID, "--%s takes no value", option->name);
	if (!option->takes)
		return option_add(line, option, "", words->arena);
	if (!inlined && words->at == words->argc)
		return err(ERR_FIELD_INVALID, "--%s needs a value: --%s %s", option->name, option->name,
		        option->takes);
	return option_add(line, option, inlined ? inlined : words->argv[words->at++], words->arena);
}

static Err long_read(Words *words, const char *word, CommandLine *line)
{
	const char *equals = strchr(word, '=');
	Str name = equals ? str_n(word, (size_t)(equals - word)) : str(word);
	const Option *option = option_by_name(name);

	if (!option)
		return option_unknown(line->verb, name);
	return value_take(words, option, equals ? equals + 1 : NULL, line);
}

static Err short_read(Words *words, const char *letters, CommandLine *line)
{
	for (; *letters; letters++) {
		const Option *option = option_by_letter(*letters);

		if (!option)
			return err(ERR_FIELD_INVALID, "there is no option -%c; --help lists them", *letters);
		if (option->takes)
			return value_take(words, option, letters[1] ? letters + 1 : NULL, line);
		TRY(value_take(words, option, NULL, line));
	}
	return OK;
}

// The verb whose words the arguments begin with; two words go before one.
static void verb_find(CommandLine *line)
{
	size_t best = 0;

	for (size_t i = 0; i < verb_count && line->count; i++) {
		const char *words = verb_rows[i].words, *blank = strchr(words, ' ');
		Str first = blank ? str_n(words, (size_t)(blank - words)) : str(words);
		size_t length = blank ? 2 : 1;

		if (!str_eq(str(line->arguments[0]), first))
			continue;
		line->group = line->arguments[0];
		if (length <= best ||
		        (blank && (line->count < 2 || strcmp(line->arguments[1], blank + 1) != 0)))
			continue;
		best = length;
		line->verb = &verb_rows[i];
	}
	line->arguments += best;
	line->count -= best;
}

static Err verb_unknown(const CommandLine *line)
{
	Str word = str(line->group && line->count > 1 ? line->arguments[1] : line->arguments[0]);
	Nearest near = nearest_to(word);

	for (size_t i = 0; i < verb_count; i++) {
		const char *words = verb_rows[i].words, *blank = strchr(words, ' ');

		if (!line->group)
			nearest_try(&near, blank ? str_n(words, (size_t)(blank - words)) : str(words));
		else if (blank && str_starts(str(words), str(line->group)))
			nearest_try(&near, str(blank + 1));
	}
	if (line->group && line->count == 1)
		return err(ERR_FIELD_INVALID, "%s what? See: parley %s --help", line->group, line->group);
	return err(ERR_FIELD_INVALID,
	        "there is no verb '%s%s" STR_FMT "'" NEAREST_FMT "; parley --help lists them",
	        line->group ? line->group : "", line->group ? " " : "", STR_ARG(word), NEAREST_ARG(near));
}

static Err line_check(const CommandLine *line)
{
	const Verb *verb = line->verb;

	if (line->options[OPT_HELP] || (!verb && !line->count))
		return OK;
	if (!verb)
		return verb_unknown(line);
	for (size_t i = 0; i < OPT_COUNT; i++)
		if (line->options[i] && !verb_takes(verb, (OptionId)i))
			return option_unknown(verb, str(option_rows[i].name));
	if (line->count < verb->least || line->count > verb->most)
		return err(ERR_FIELD_INVALID, "too %s arguments; usage: parley %s %s",
		        line->count < verb->least ? "few" : "many", verb->words, verb->arguments);
	return OK;
}

Err command_line_read(int argc, char **argv, Arena *arena, CommandLine *ret)
{
	Words words = {.argc = argc, .at = 1, .argv = argv, .arena = arena};
	Err first_error = OK;
	bool options_ended = false;

	*ret = (CommandLine){.arguments = ARENA_ARRAY(arena, const char *, (size_t)argc + 1)};
	while (words.at < argc && first_error == OK) {
		const char *word = argv[words.at++];

		if (options_ended || word[0] != '-' || word[1] == '\0')
			ret->arguments[ret->count++] = word;
		else if (strcmp(word, "--") == 0)
			options_ended = true;
		else if (word[1] == '-')
			first_error = long_read(&words, word + 2, ret);
		else
			first_error = short_read(&words, word + 1, ret);
	}
	verb_find(ret);
	return first_error != OK ? first_error : line_check(ret);
}
