// A scenario under way: what the rehearsed and the live form share.
#pragma once
#include "scenario/scenario.h"

typedef struct Play {
	const ScenarioStage *stage;
	const Scenario *scenario;
	const ScenarioStep *step; // NULL: it has not begun
	Arena *arena;             // of this scenario
	json_t *keep;             // answers that others borrow from
	json_t *failures;
	json_t *treatments;   // {offer: treatment code}, the newest
	const json_t *points; // of the last answer
	struct {
		const ScenarioVisitor *given;
		json_t *audience; // AudienceId
		const char *level, *id;
	} who;
	int64_t now_us;
	uint64_t calls;
	unsigned sessions, events;
	char session[16];
	bool open, over;
	const char *refused, *refusal; // what the last call was refused by; empty: it was not
	const char *skipped;           // why it cannot be played here; NULL: it can
} Play;

// Plays it on the servers of an environment.
Err play_live(Play *play);

// --- play.c ---

// Takes a visitor on: audience, level and canonical ID. One that the channel does not have is a refusal.
Err play_visitor(Play *play, const ScenarioVisitor *visitor);
// {attribute: value} as a list of NamedValue, each of the type that the level's schema says; a new reference.
Err play_values(Play *play, const json_t *values, json_t **ret);
// The refusal is a failure, at this line, and the scenario is over.
Err play_refused(Play *play, int line);

// --- talk.c ---

// Hears what is told from now on.
void play_listen(Play *play);
// A line at this moment (taken over); the answer is borrowed from the play.
Err play_ask(Play *play, json_t *line, const json_t **ret);
// The same, its answer heard later: a refusal may be another step's.
Err play_tell(Play *play, json_t *line);
// A touchpoint's command on the session, as a line.
json_t *play_call_line(Play *play, const char *name, json_t *request);
// Asks it; *ret is the part of the result that the command has, NULL if it was refused.
Err play_call(Play *play, const char *name, json_t *request, const json_t **ret);
// What the profile database has of the visitor.
Err play_give_profile(Play *play);
