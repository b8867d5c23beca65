// The program behind tests/oracle/run.
#include "run.h"

#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

typedef struct Options {
	RunOptions run;
	bool quiet, one;
	uint64_t number; // of the one
} Options;

static const char usage[] =
        "usage: parley-oracle [--cases N] [--seed N] [--threads N] [--case N] [--plant NAME] [--quiet]\n"
        "\n"
        "  --cases N     how many (default: 100000)\n"
        "  --seed N      the same seed makes the same cases (default: the time; printed)\n"
        "  --threads N   default: one a processor\n"
        "  --case N      only this case of the seed: told in full, shrunk if it differs\n"
        "  --plant NAME  plants a bug, which must be found; \"list\" names them\n"
        "  --quiet       do not print what was met how often\n";

static uint64_t number_of(const char *text)
{
	uint64_t value;
	if (!str_to_u64(str(text), &value)) {
		fprintf(stderr, "'%s' is not a number\n%s", text, usage);
		exit(2);
	}
	return value;
}

static const Plant *plant_of(const char *name)
{
	for (size_t i = 0; i < plant_count; i++)
		if (strcmp(plants[i].name, name) == 0)
			return &plants[i];
	for (size_t i = 0; i < plant_count; i++)
		printf("%-14s %s\n", plants[i].name, plants[i].text);
	exit(strcmp(name, "list") == 0 ? 0 : 2);
}

static void read_options(int argc, char **argv, Options *ret)
{
	static const struct option known[] = {
	        {"cases", required_argument, NULL, 'n'},
	        {"seed", required_argument, NULL, 's'},
	        {"threads", required_argument, NULL, 't'},
	        {"case", required_argument, NULL, 'c'},
	        {"plant", required_argument, NULL, 'p'},
	        {"quiet", no_argument, NULL, 'q'},
	        {"help", no_argument, NULL, 'h'},
	        {0},
	};
	long processors = sysconf(_SC_NPROCESSORS_ONLN);
	*ret = (Options){.run = {.seed = (uint64_t)time(NULL),
	                         .cases = 100000,
	                         .tell_crashes = true,
	                         .threads = processors > 0 ? (uint32_t)processors : 1}};
	for (int option; (option = getopt_long(argc, argv, "", known, NULL)) != -1;) {
		switch (option) {
		case 'n':
			ret->run.cases = number_of(optarg);
			break;
		case 's':
			ret->run.seed = number_of(optarg);
			break;
		case 't':
			ret->run.threads = (uint32_t)number_of(optarg);
			break;
		case 'c':
			ret->one = true;
			ret->number = number_of(optarg);
			break;
		case 'p':
			ret->run.plant = plant_of(optarg);
			break;
		case 'q':
			ret->quiet = true;
			break;
		default:
			fputs(usage, option == 'h' ? stdout : stderr);
			exit(option == 'h' ? 0 : 2);
		}
	}
	if (optind < argc || !ret->run.cases || !ret->run.threads || ret->run.threads > 256) {
		fputs(usage, stderr);
		exit(2);
	}
}

int main(int argc, char **argv)
{
	static RunResult result;
	Options options;
	read_options(argc, argv, &options);
	Case one = {options.run.seed, options.number, options.run.plant};
	if (options.one) {
		case_report(stdout, &one);
		return 0;
	}
	run_cases(&options.run, &result);
	if (*result.refused) {
		printf("%s (seed %" PRIu64 ")\n", result.refused, one.seed);
		return 1;
	}
	if (result.differences) {
		one.number = result.first;
		printf("case %" PRIu64 " differs; shrinking\n", one.number);
		fflush(stdout); // should shrinking meet worse
		case_report(stdout, &one);
		printf("case %" PRIu64 " differs (seed %" PRIu64 ")\n", one.number, one.seed);
		return 1;
	}
	if (!options.quiet)
		cover_print(&result.cover);
	if (options.run.plant) {
		printf("the planted bug was not found in %" PRIu64 " cases (seed %" PRIu64 ")\n",
		        result.cases, one.seed);
		return 1;
	}
	printf("digest of all answers: %016" PRIx64 "\n", result.digest);
	size_t never = cover_missing(&result.cover, result.cases);
	if (never) {
		printf("%zu things were never met (seed %" PRIu64 ")\n", never, one.seed);
		return 1;
	}
	printf("%" PRIu64 " cases agree (seed %" PRIu64 ")\n", result.cases, one.seed);
	return 0;
}
