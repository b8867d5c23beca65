// Planning: events a second on all cores, a getOffers each, against what decide() alone would make of all
// cores. Everything of a plan is in it but the disk: reading the set, sessions, records, volumes, digests,
// writing the plan, which stays in memory. One decision an event. The row has a thousand rules and a brief
// plan, and visitors ask again with nothing changed, as on the pages of a visit. Notes behind it tell how the
// ratio is with records and receipts, which executing a plan takes; where something changes with every event,
// so that each question is decided anew; and with more rules, for decide() grows with them.
#include "rules.h"

#include "base/cleanup.h"
#include "base/clock.h"
#include "decide/decide.h"
#include "plan/plan.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define FIRST_US (INT64_C(1767268800) * US_PER_S) // 2026-01-01, 12:00

enum { RULES = 1000, VISITORS = 4096, VALUES = 100, SCRATCH = 8 << 20, PATH_SIZE = 128, BETWEEN_US = 1000 };
enum { EVENTS = 400000, QUICK_EVENTS = 60000, NOTED_EVENTS = 100000, NOTED_ROUNDS = 3 };

typedef struct Subject {
	Arena *arena, *scratch;
	RuleSet rules;
	const Plan *plan;
	RehearsalContent *content;
	EventSet *set;
	char dir[64], path[PATH_SIZE];
	uint64_t events, decisions;
	long processors;
	bool brief;
	bool changes; // each event sets an attribute, so that nothing is answered as it was before
} Subject;

static ExprValue values[VISITORS][RULES_ATTRIBUTES];

// --- the set: a first event of each visitor with all attributes, then questions ---

static void add_event(EventSorter *sorter, uint64_t number, bool changes)
{
	Event event = PARLEY__PLAN__V1__EVENT__INIT;
	Parley__Plan__V1__NamedText texts[RULES_ATTRIBUTES + 1], *list[RULES_ATTRIBUTES + 1];
	Parley__Plan__V1__Question question = PARLEY__PLAN__V1__QUESTION__INIT, *questions[] = {&question};
	char spaces[RULES_ATTRIBUTES + 1][24];
	uint64_t visitor = number % VISITORS;
	for (size_t i = 0; i <= RULES_ATTRIBUTES; i++) {
		parley__plan__v1__named_text__init(&texts[i]);
		list[i] = &texts[i];
		texts[i].name = (char *)(uintptr_t)(i > 0 ? rules_attribute((uint32_t)i - 1) : "customer_id");
		texts[i].value = spaces[i];
		snprintf(spaces[i], sizeof spaces[i], "%llu",
		        (unsigned long long)(i > 0 ? (uint64_t)values[visitor][i - 1].i : visitor));
	}
	if (changes) // one of them, by turns
		snprintf(spaces[1], sizeof spaces[1], "%llu",
		        (unsigned long long)(number / VISITORS % VALUES));
	event.time_us = FIRST_US + (int64_t)number * BETWEEN_US;
	event.audience_level = (char *)"customer";
	event.keys = list;
	event.n_keys = 1;
	event.attributes = list + 1;
	event.n_attributes = number < VISITORS ? RULES_ATTRIBUTES : changes;
	question.interaction_point = (char *)"home-banner";
	question.max = RULES_TAKEN;
	event.questions = questions;
	event.n_questions = 1;
	bench_must(event_sorter_add(sorter, &event));
}

static void make_set(Subject *subject)
{
	char path[PATH_SIZE];
	const char *note = NULL;
	EventSorter *sorter;
	EventSetInfo info;
	snprintf(path, sizeof path, "%s/sorting", subject->dir);
	bench_must(event_sorter_open(path, 0, subject->arena, &sorter, &note));
	for (uint64_t i = 0; i < subject->events; i++)
		add_event(sorter, i, subject->changes);
	bench_must(event_sorter_keep(sorter, ""));
	snprintf(path, sizeof path, "%s/set", subject->dir);
	bench_must(event_sorter_finish(sorter, path, NULL, NULL, &info));
	bench_must(event_set_open(path, &subject->set));
}

static void subject_make(Subject *subject, uint32_t rules, uint64_t events, bool changes)
{
	Str blob;
	*subject = (Subject){.arena = arena_new(1 << 20, 0),
	        .scratch = arena_new(SCRATCH, 0),
	        .events = events,
	        .brief = true,
	        .changes = changes,
	        .processors = sysconf(_SC_NPROCESSORS_ONLN)};
	for (uint64_t v = 0; v < VISITORS; v++) {
		int64_t plain[RULES_ATTRIBUTES];
		rules_visitor(v, plain);
		for (size_t i = 0; i < RULES_ATTRIBUTES; i++)
			values[v][i] = expr_int(plain[i]);
	}
	bench_memory_folder_make(subject->dir);
	rules_make(rules, subject->arena, &subject->rules);
	bench_must(plan_build(subject->rules.snapshot, subject->arena, &subject->plan));
	bench_must(snapshot_pack(subject->rules.snapshot, subject->arena, &blob));
	bench_must(rehearsal_content_open(blob, 1, &subject->content));
	snprintf(subject->path, sizeof subject->path, "%s/plan", subject->dir);
	make_set(subject);
}

static void tell_size(const Subject *subject)
{
	struct stat plan;
	if (stat(subject->path, &plan) == 0)
		bench_note("plan: %" PRIu64 " events, %.0f bytes of plan an event", subject->events,
		        (double)plan.st_size / (double)subject->events);
}

static void subject_free(Subject *subject)
{
	event_set_close(subject->set);
	rehearsal_content_free(subject->content);
	bench_folder_remove(subject->dir);
	arena_free(subject->scratch);
	arena_free(subject->arena);
}

// --- the two sides ---

// On a busy machine what the processors work for it is the steadiest figure.
static double processor_us(void)
{
	struct timespec time;
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
	return (double)time.tv_sec * 1e6 + (double)time.tv_nsec / 1e3;
}

static double plan_rate(void *context)
{
	Subject *subject = context;
	PlanReport report;
	arena_reset(subject->scratch);
	unlink(subject->path); // the plan before: giving its memory back is no part of this one
	double cpu_us = processor_us();
	int64_t begun_us = monotonic_us();
	bench_must(plan_run(&(PlanOptions){.set = subject->set,
	                            .content = subject->content,
	                            .seed = 1,
	                            .brief = subject->brief,
	                            .path = subject->path},
	        subject->scratch, &report));
	double rate = (double)subject->events * 1e6 / (double)(monotonic_us() - begun_us);
	bench_note("  ours  %.0f events/s, %.3f us of processor an event", rate,
	        (processor_us() - cpu_us) / (double)subject->events);
	return rate;
}

static double decide_rate(void *context)
{
	Subject *subject = context;
	int64_t begun_us = monotonic_us(), us = 0;
	uint64_t count = 0;
	double cpu_us = processor_us();
	const DecidePoint point = {.point = 0, .max = RULES_TAKEN};
	do {
		for (size_t v = 0; v < VISITORS; v++, count++) {
			const Visitor who = {.level = RULES_LEVEL, .values = values[v]};
			Decision decision;
			arena_reset(subject->scratch);
			bench_must(decide(subject->plan, &who,
			        &(DecideRequest){.points = &point, .count = 1, .seed = ++subject->decisions},
			        subject->scratch, &decision));
		}
		us = monotonic_us() - begun_us;
	} while (us < 300000);
	bench_note("  floor %.3f us of processor a decision", (processor_us() - cpu_us) / (double)count);
	return (double)count * 1e6 / (double)us * (double)subject->processors;
}

// --- beside the row ---

static void note(Subject *subject, const char *what)
{
	double ours[NOTED_ROUNDS], floors[NOTED_ROUNDS];
	for (size_t i = 0; i < NOTED_ROUNDS; i++) {
		floors[i] = decide_rate(subject);
		ours[i] = plan_rate(subject);
	}
	double our_median = bench_median(ours, NOTED_ROUNDS),
	       floor_median = bench_median(floors, NOTED_ROUNDS);
	bench_note("plan %s: %.0f events/s, %.0f decisions/s: %.2f", what, our_median, floor_median,
	        our_median / floor_median);
	tell_size(subject);
}

static void note_set(uint32_t rules, bool changes, const char *what)
{
	static Subject subject;
	subject_make(&subject, rules, bench_quick() ? QUICK_EVENTS : NOTED_EVENTS, changes);
	note(&subject, what);
	subject_free(&subject);
}

int main(int argc, char **argv)
{
	static Subject subject;
	bench_begin(argc, argv);
	if (!bench_wants("plan"))
		return 0;
	subject_make(&subject, RULES, bench_quick() ? QUICK_EVENTS : EVENTS, false);
	bench_run(&(BenchRow){.name = "plan",
	        .unit = "events/s",
	        .ours = plan_rate,
	        .floor = decide_rate,
	        .context = &subject});
	tell_size(&subject);
	subject.brief = false;
	note(&subject, "with records and receipts");
	subject_free(&subject);
	note_set(RULES, true, "where each event sets an attribute");
	note_set(10000, false, "at 10,000 rules");
	note_set(100000, false, "at 100,000 rules");
	return 0;
}
