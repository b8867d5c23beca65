// Mixes: what visitors do, as kinds of visits with weights, each a sequence of steps with pauses between
// them. They come from a YAML file, from an environment's history, or are made up when nobody says.
#pragma once
#include "cli.h"

enum { MIX_FILE_MAX = 1024 * 1024, MIX_VISITS_MAX = 200, MIX_STEPS_MAX = 200, MIX_POINTS_MAX = 16 };

typedef struct MixStep {
	const char **points; // offers are asked for at these; NULL: it is an event
	size_t point_count;
	uint32_t max; // offers a point; 0: one
	const char *event;
	bool about_offer; // the event quotes the first offer of the last answer, and is left out if there was
	                  // none
	double chance;    // that it is taken at all
	int64_t think_us; // mean pause before it
} MixStep;

typedef struct MixVisit {
	const char *name;
	double weight;
	const MixStep *steps;
	size_t step_count;
} MixVisit;

typedef struct Mix {
	const MixVisit *visits;
	size_t count;
	double weight; // of all
	double calls;  // of a visit on average, with its start and end
} Mix;

// From a file's text, or what the functions below make. Errors: FIELD_INVALID, FIELD_UNKNOWN, FIELD_MISSING
// with the place, YAML_INVALID, IO.
Err mix_read(Cli *cli, const char *path, Mix *ret);
Err mix_parse(Cli *cli, const json_t *document, const char *name, Mix *ret);
// Sixteen calls without pauses: offers at the points in turn, a contact (NULL: none) now and then.
json_t *mix_made_up(char *const *points, size_t point_count, const char *contact);
// What visitors of the channel did in the environment in the period that --since and --until say, from at
// most so many entries of its history: a new document. Errors: FIELD_MISSING if there are none; of the design
// server.
Err mix_of_history(Cli *cli, const char *channel, int64_t entries, json_t **ret);
