// What the verbs that make or show event sets have in common.
#pragma once
#include "cli.h"
#include "eventset/eventset.h"

// Where the set of this name is to be. Errors: RESOURCE_EXISTS, FIELD_INVALID, IO.
Err event_set_place(Cli *cli, const char *name, const char **ret);
// The sorter of a set that is being made, and what it noted last (NULL: nothing); --memory and --restart are
// taken. Errors: those of event_sorter_open, usage.
Err event_set_begin(Cli *cli, const char *path, EventSorter **ret, const char **ret_note);
// Writes the set and tells on a terminal how far it is; the sorter is closed. Errors: event_sorter_finish.
Err event_set_finish(EventSorter *sorter, const char *path, EventSetInfo *ret);
// A new object.
json_t *event_set_json(const char *name, const EventSetInfo *info);
