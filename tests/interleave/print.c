// A story that nothing explains, as a table for people.
#include "story.h"

#include <stdio.h>

static void print_offer(const Story *story, const Told *told)
{
	for (int i = 0; i < told->offer.shown.count; i++) {
		const Issued *treatment = &story->treatments[told->offer.shown.treatments[i]];
		printf(" %s(t%d, customer %d, journal %llu)", offer_codes[treatment->offer],
		        told->offer.shown.treatments[i], treatment->customer,
		        (unsigned long long)treatment->place);
	}
	printf("%s", told->offer.explained ? " explained" : "");
}

static void print_event(const Story *story, const Step *step)
{
	const Posted *event = &story->events[step->event];
	printf(" e%d %s t%d tier %u (journal %llu)%s", step->event, event_names[event->kind],
	        event->treatment, event->tier, (unsigned long long)event->place,
	        step->told.duplicate ? " duplicate" : "");
}

static void print_told(const Story *story, const Step *step)
{
	const Told *told = &step->told;
	const Seen *seen = &told->seen;
	if (told->failure != OK)
		printf(" refused: %s", err_reason(told->failure));
	else if (step->kind == OFFER)
		print_offer(story, told);
	else if (step->kind == PROFILE)
		printf(" customer %d, age %d/%d, tier %d/%d, balance %g/%d%s", seen->customer, seen->age,
		        seen->age_source, seen->tier, seen->tier_source, seen->balance, seen->balance_source,
		        seen->debug ? ", debug" : "");
	else if (step->kind == START || step->kind == AUDIENCE)
		printf(" customer %d, tier %u%s%s", step->customer, step->tier,
		        told->start.resumed ? ", resumed" : "", told->start.no_profile ? ", no profile" : "");
	else if (step->kind == DEBUG)
		printf(" %s", step->on ? "on" : "off");
	printf("%s%s%s v%u\n", told->grown ? ", grown" : "", told->gap ? ", GAP" : "",
	        told->changed ? ", CHANGED" : "", told->version);
}

void story_print(const Story *story)
{
	static const char *const kinds[] = {"start", "offer", "post", "profile", "audience", "debug", "end"};
	static const char *const ways[] = {"", " batch", " visit"};
	printf("story %u, %s:\n", story->number, story->restarts ? "with restarts" : "with repeated events");
	int64_t from_ns = story->call_count > 0 ? story->calls[0]->begun_ns : 0;
	for (int i = 0; i < story->call_count; i++) {
		const Call *call = story->calls[i];
		printf("  [%d] client %d, %10.1f to %10.1f us%s", i, call->client,
		        (double)(call->begun_ns - from_ns) / 1e3, (double)(call->ended_ns - from_ns) / 1e3,
		        ways[call->kind]);
		if (call->line != 0)
			printf(", stream %d:%u", call->line, call->place);
		if (call->sequence != 0)
			printf(", number %u", call->sequence);
		if (call->kind == RECOMMEND)
			printf(", of customer %d", call->customer);
		printf("\n");
		for (int s = 0; s < call->count; s++) {
			printf("        %s", kinds[call->steps[s].kind]);
			if (call->steps[s].kind == POST)
				print_event(story, &call->steps[s]);
			print_told(story, &call->steps[s]);
		}
	}
}
