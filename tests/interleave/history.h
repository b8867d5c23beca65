// What the journal says of the stories: where their events and treatments stand in it, and whose they are.
#pragma once
#include "story.h"

typedef struct HistoryFaults {
	size_t events_twice; // events that are there more than once
	size_t codes_twice;  // treatment codes that were given out more than once
	size_t strangers;    // records that no call explains
} HistoryFaults;

// Reads the journal's folder, which nobody has open any more.
void history_read(const char *dir, Story *stories, size_t count, HistoryFaults *ret);
