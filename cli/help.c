// Help and completion are printed from the tables, so that they cannot tell of what is not there. Paragraphs
// are filled to the terminal; lines that begin with a blank, examples and lists, stay as they are.
#include "cli.h"
#include "output.h"
#include "table_fit.h"

#include <string.h>

enum { WIDTH_LEAST = 60, WIDTH_MOST = 130, OPTION_COLUMN = 33, VERB_COLUMN = 18 };

typedef struct OptionWord {
	const char *verb;
	OptionId option;
	const char *help;
} OptionWord;

static const OptionWord option_words[] = {
#define OPTION_WORD(verb, option, help) {verb, OPT_##option, help},
#include "option_word_table.h"
#undef OPTION_WORD
};

// The table as it stands: a section's title, or NULL for the next verb.
static const char *const contents[] = {
#define VERB_SECTION(title) title,
#define VERB_ROW(...)       NULL,
#include "verb_table.h"
#undef VERB_ROW
};

static const char *const exit_meanings[] = {
#define EXIT_ROW(code, name, meaning) [code] = meaning,
#include "exit_table.h"
#undef EXIT_ROW
};

// --- filling ---

static size_t width_of(FILE *to)
{
	size_t room = to == stdout ? table_room() : 0;

	return room == 0 || room > WIDTH_MOST ? WIDTH_MOST : room < WIDTH_LEAST ? WIDTH_LEAST : room;
}

// Words, from column `at` of a line on; further lines begin at column `indent`. The end of the line is left
// to the caller; returns where it is.
static size_t put_filled(FILE *to, Str text, size_t at, size_t indent)
{
	size_t width = width_of(to);
	bool begun = at > indent;

	while (text.len) {
		const char *blank = memchr(text.ptr, ' ', text.len);
		Str word = str_n(text.ptr, blank ? (size_t)(blank - text.ptr) : text.len);
		size_t wide = text_width(word);

		if (begun && at + 1 + wide > width) {
			fprintf(to, "\n%*s", (int)indent, "");
			at = indent;
		} else if (begun) {
			putc(' ', to);
			at++;
		}
		fprintf(to, STR_FMT, STR_ARG(word));
		at += wide;
		begun = true;
		text = str_n(text.ptr + word.len + (blank != NULL), text.len - word.len - (blank != NULL));
	}
	return at;
}

static void put_text(FILE *to, const char *text)
{
	while (*text) {
		Str line = str_n(text, strcspn(text, "\n"));

		if (*text == ' ')
			fprintf(to, STR_FMT, STR_ARG(line));
		else
			(void)put_filled(to, line, 0, 0);
		putc('\n', to);
		text += line.len + (text[line.len] == '\n');
	}
}

// --- options ---

// Whether it is the verb, or the group that it is of.
static bool is_of(const Verb *verb, const char *words)
{
	size_t len = strlen(words);

	return strncmp(verb->words, words, len) == 0 && (verb->words[len] == '\0' || verb->words[len] == ' ');
}

// `verb`: NULL for the general words.
static const char *option_help(const Verb *verb, OptionId id)
{
	for (size_t i = 0; verb && i < ARRAY_COUNT(option_words); i++)
		if (option_words[i].option == id && is_of(verb, option_words[i].verb))
			return option_words[i].help;
	return option_rows[id].help;
}

static void print_option(FILE *to, const Verb *verb, OptionId id)
{
	const Option *option = &option_rows[id];
	char letter[8] = "", name[80];
	size_t at;

	if (option->letter)
		snprintf(letter, sizeof letter, "-%c,", option->letter);
	snprintf(name, sizeof name, "  %-3s --%s%s%s", letter, option->name, option->takes ? " " : "",
	        option->takes ? option->takes : "");
	at = text_width(str(name));
	for (fputs(name, to); at < OPTION_COLUMN; at++)
		putc(' ', to);
	(void)put_filled(to, str(option_help(verb, id)), at, OPTION_COLUMN);
	putc('\n', to);
}

static void print_global_options(FILE *to)
{
	for (size_t i = 0; i < OPT_GLOBAL_COUNT; i++)
		print_option(to, NULL, (OptionId)i);
}

static void print_verbs(FILE *to)
{
	const Verb *verb = verb_rows;

	for (size_t i = 0; i < ARRAY_COUNT(contents); i++) {
		if (contents[i]) {
			fprintf(to, "%s%s\n", i ? "\n" : "", contents[i]);
			continue;
		}
		fprintf(to, "  %-*s ", VERB_COLUMN, verb->words);
		(void)put_filled(to, str(verb->summary), VERB_COLUMN + 3, VERB_COLUMN + 3);
		putc('\n', to);
		verb++;
	}
}

void help_print_general(FILE *to)
{
	fputs("parley: configure, deploy and try real-time interaction channels\n\nUsage: parley VERB "
	      "[ARGUMENT…] [OPTION…]\n\n",
	        to);
	print_verbs(to);
	fputs("\nOptions of every verb:\n", to);
	print_global_options(to);
	fputs("\nparley VERB --help explains a verb with examples; parley help exit-codes lists the exit "
	      "codes.\n"
	      "Contexts are in $PARLEY_CONFIG, else ~/.config/parley/config.yaml; $PARLEY_CONTEXT chooses "
	      "one.\n",
	        to);
}

void help_print_group(FILE *to, const char *group)
{
	size_t len = strlen(group);

	fprintf(to, "Usage: parley %s VERB\n\n", group);
	for (size_t i = 0; i < verb_count; i++)
		if (strncmp(verb_rows[i].words, group, len) == 0 && verb_rows[i].words[len] == ' ')
			fprintf(to, "  parley %-18s %s\n", verb_rows[i].words, verb_rows[i].summary);
}

void help_print_verb(FILE *to, const Verb *verb)
{
	fprintf(to, "parley %s: %s\n\nUsage: parley %s%s%s [OPTION…]\n\n", verb->words, verb->summary,
	        verb->words, verb->arguments[0] ? " " : "", verb->arguments);
	put_text(to, verb->help);
	if (verb->options[0])
		fputs("\nOptions:\n", to);
	for (size_t i = OPT_GLOBAL_COUNT; i < OPT_COUNT; i++)
		if (verb_takes(verb, (OptionId)i))
			print_option(to, verb, (OptionId)i);
	fputs("\nOptions of every verb:\n", to);
	print_global_options(to);
}

static Err print_exit_codes(void)
{
	puts("Exit codes, for scripts:");
	for (size_t i = 0; i < ARRAY_COUNT(exit_meanings); i++)
		printf("  %zu  %s\n", i, exit_meanings[i]);
	return OK;
}

static const Verb *verb_called(const char *words)
{
	for (size_t i = 0; words && i < verb_count; i++)
		if (strcmp(verb_rows[i].words, words) == 0)
			return &verb_rows[i];
	return NULL;
}

static bool is_group(const char *word)
{
	size_t len = strlen(word);

	for (size_t i = 0; i < verb_count; i++)
		if (strncmp(verb_rows[i].words, word, len) == 0 && verb_rows[i].words[len] == ' ')
			return true;
	return false;
}

Err verb_help(Cli *cli)
{
	CommandLine *line = &cli->line;
	const char *first = line->count ? line->arguments[0] : NULL,
	           *second = line->count > 1 ? line->arguments[1] : NULL;

	if (!first) {
		help_print_general(stdout);
		return OK;
	}
	if (strcmp(first, "exit-codes") == 0)
		return print_exit_codes();
	// What has verbs under it may be a verb itself, so the longer one is looked for first.
	const char *both = second ? arena_printf(cli->arena, "%s %s", first, second) : first;
	const Verb *verb = verb_called(both);
	if (!verb)
		verb = verb_called(first);
	if (verb) {
		help_print_verb(stdout, verb);
		return OK;
	}
	if (!is_group(first))
		return cli_usage(cli, "there is no verb '%s'; parley help lists them", first);
	help_print_group(stdout, first);
	return OK;
}

static void print_completion_case(const Verb *verb)
{
	printf("\t\"%s\") options='", verb->words);
	for (size_t i = 0; i < OPT_COUNT; i++)
		if (verb_takes(verb, (OptionId)i))
			printf("--%s ", option_rows[i].name);
	puts("' ;;");
}

Err verb_completion(Cli *cli)
{
	if (strcmp(cli->line.arguments[0], "bash") != 0)
		return cli_usage(cli, "completion is there for bash only");
	puts("# parley completion for bash: source <(parley completion bash)\n_parley()\n{\n"
	     "\tlocal word=${COMP_WORDS[COMP_CWORD]} before=\"${COMP_WORDS[*]:1:COMP_CWORD-1}\" verb "
	     "options=''\n"
	     "\tlocal verbs='");
	for (size_t i = 0; i < verb_count; i++)
		puts(verb_rows[i].words);
	puts("'\n\tfor verb in \"${COMP_WORDS[1]} ${COMP_WORDS[2]}\" \"${COMP_WORDS[1]}\"; do\n"
	     "\t\tgrep -qx -- \"$verb\" <<<\"$verbs\" && break\n\tdone\n\tcase $verb in");
	for (size_t i = 0; i < verb_count; i++)
		print_completion_case(&verb_rows[i]);
	puts("\tesac\n"
	     "\tif [[ $word == -* ]]; then\n"
	     "\t\tmapfile -t COMPREPLY < <(compgen -W \"$options\" -- \"$word\")\n"
	     "\telif ((COMP_CWORD == 1)); then\n"
	     "\t\tmapfile -t COMPREPLY < <(compgen -W \"$(cut -d' ' -f1 <<<\"$verbs\")\" -- \"$word\")\n"
	     "\telif ((COMP_CWORD == 2)); then\n"
	     "\t\tmapfile -t COMPREPLY < <(compgen -W \"$(sed -n \"s/^$before //p\" <<<\"$verbs\")\" -- "
	     "\"$word\")\n"
	     "\tfi\n"
	     "\t((${#COMPREPLY[@]})) || mapfile -t COMPREPLY < <(compgen -f -- \"$word\")\n"
	     "}\ncomplete -F _parley parley");
	return OK;
}
