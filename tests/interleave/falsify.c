// Whether the search would notice: stories with one answer made wrong must not be explained. What is made
// wrong contradicts every order: an age that does not fit the balance that rises with it, an event that is a
// duplicate or is none, an offer that is missing.
#include "falsify.h"

#include "draw.h"

static bool can_falsify(const Call *call, const Step *step)
{
	return call->steps[0].told.failure == OK &&
	       (step->kind == PROFILE || step->kind == POST ||
	               (step->kind == OFFER && step->told.offer.shown.count > 0));
}

static void falsify(Step *step)
{
	if (step->kind == PROFILE)
		step->told.seen.age++;
	else if (step->kind == POST)
		step->told.duplicate = !step->told.duplicate;
	else
		step->told.offer.shown.count--;
}

// One of the steps that can be, or NULL.
static Step *choose(const Story *story, uint64_t *chance)
{
	Step *chosen = NULL;
	uint64_t seen = 0;
	for (int i = 0; i < story->call_count; i++)
		for (int s = 0; s < story->calls[i]->count; s++)
			if (can_falsify(story->calls[i], &story->calls[i]->steps[s]) &&
			        draw_number(chance, ++seen) == 0)
				chosen = &story->calls[i]->steps[s];
	return chosen;
}

size_t falsify_stories(const Story *stories, size_t count, uint64_t seed, size_t *ret_noticed)
{
	size_t falsified = 0;
	*ret_noticed = 0;
	for (size_t i = 0; i < count; i++) {
		size_t tried = 0;
		Step *step = choose(&stories[i], &seed);
		if (step == NULL)
			continue;
		Told true_one = step->told;
		falsify(step);
		falsified++;
		if (story_explained(&stories[i], &tried))
			story_print(&stories[i]);
		else
			++*ret_noticed;
		step->told = true_one;
	}
	return falsified;
}
