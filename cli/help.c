// Help and completion are printed from the tables, so that they cannot tell of what is not there.
#include "cli.h"

#include <string.h>

static const char *const exit_meanings[] = {
#define EXIT_ROW(code, name, meaning) [code] = meaning,
#include "exit_table.h"
#undef EXIT_ROW
};

static void print_option(FILE *to, const Option *option)
{
	char name[64];

	snprintf(name, sizeof name, "--%s%s%s", option->name, option->takes ? " " : "",
	        option->takes ? option->takes : "");
	if (option->letter)
		fprintf(to, "  -%c, %-26s %s\n", option->letter, name, option->help);
	else
		fprintf(to, "      %-26s %s\n", name, option->help);
}

static void print_global_options(FILE *to)
{
	for (size_t i = 0; i < OPT_GLOBAL_COUNT; i++)
		print_option(to, &option_rows[i]);
}

void help_print_general(FILE *to)
{
	fputs("parley: configure, deploy and try real-time interaction channels\n\nUsage: parley VERB "
	      "[ARGUMENT…] [OPTION…]\n\n",
	        to);
	for (size_t i = 0; i < verb_count; i++)
		fprintf(to, "  %-18s %s\n", verb_rows[i].words, verb_rows[i].summary);
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
	fprintf(to, "parley %s: %s\n\nUsage: parley %s%s%s [OPTION…]\n\n%s", verb->words, verb->summary,
	        verb->words, verb->arguments[0] ? " " : "", verb->arguments, verb->help);
	if (verb->options[0])
		fputs("\nOptions:\n", to);
	for (size_t i = OPT_GLOBAL_COUNT; i < OPT_COUNT; i++)
		if (verb_takes(verb, (OptionId)i))
			print_option(to, &option_rows[i]);
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
