#include "support.h"

#include "base/file.h"
#include "wire/wire.h"

#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

typedef Parley__Journal__V1__Entry Entry;
typedef Parley__Snapshot__V1__Snapshot Snapshot;

// --- the shop ---

// Channel "shop", level "customer"; offers "o0" … "o7"; no constraints.
static Snapshot *make_snapshot(Arena *arena)
{
	Snapshot *snapshot = ARENA_NEW(arena, Snapshot);
	Parley__Snapshot__V1__AudienceLevel *level = ARENA_NEW(arena, Parley__Snapshot__V1__AudienceLevel);
	parley__snapshot__v1__snapshot__init(snapshot);
	parley__snapshot__v1__audience_level__init(level);
	snapshot->channel = (char *)"shop";
	level->name = (char *)"customer";
	snapshot->audience_levels = ARENA_ARRAY(arena, Parley__Snapshot__V1__AudienceLevel *, 1);
	snapshot->audience_levels[snapshot->n_audience_levels++] = level;
	snapshot->offers = ARENA_ARRAY(arena, Parley__Snapshot__V1__Offer *, SHOP_OFFERS);
	for (int i = 0; i < SHOP_OFFERS; i++) {
		Parley__Snapshot__V1__Offer *offer = ARENA_NEW(arena, Parley__Snapshot__V1__Offer);
		parley__snapshot__v1__offer__init(offer);
		offer->code = arena_printf(arena, "o%d", i);
		snapshot->offers[snapshot->n_offers++] = offer;
	}
	snapshot->constraints = ARENA_ARRAY(arena, Parley__Snapshot__V1__Constraint *, 16);
	return snapshot;
}

int shop_set_up(void **state)
{
	Shop *shop = calloc(1, sizeof *shop);
	const char *tmp = getenv("TMPDIR");
	snprintf(shop->dir, sizeof shop->dir, "%.40s/visitor-XXXXXX", tmp ? tmp : "/tmp");
	assert_non_null(mkdtemp(shop->dir));
	snprintf(shop->journal_dir, sizeof shop->journal_dir, "%s/journal", shop->dir);
	snprintf(shop->state_dir, sizeof shop->state_dir, "%s/visitors", shop->dir);
	shop->arena = arena_new(64 * 1024, 0);
	shop->journal_options =
	        (JournalOptions){.dir = shop->journal_dir, .runtime_id = STR("r1"), .retain = true};
	shop->options =
	        (VisitorsOptions){.dir = shop->state_dir, .hash_seed = 7, .checkpoint_us = 3600 * US_PER_S};
	shop->snapshot = make_snapshot(shop->arena);
	*state = shop;
	return 0;
}

static int remove_entry(const char *path, const struct stat *stat, int type, struct FTW *walk)
{
	(void)stat;
	(void)type;
	(void)walk;
	return remove(path);
}

int shop_tear_down(void **state)
{
	Shop *shop = *state;
	shop_close(shop);
	nftw(shop->dir, remove_entry, 16, FTW_DEPTH | FTW_PHYS);
	arena_free(shop->arena);
	free(shop);
	return 0;
}

void shop_open(Shop *shop)
{
	shop->journal_options.after = visitors_incarnation(shop->state_dir);
	assert_int_equal(journal_open(&shop->journal_options, &shop->journal), OK);
	shop->options.journal = shop->journal;
	assert_int_equal(visitors_open(&shop->options, &shop->visitors), OK);
	assert_int_equal(visitor_view_new(shop->visitors, shop->snapshot, &shop->view), OK);
}

void shop_close(Shop *shop)
{
	visitor_view_free(shop->view);
	visitors_close(shop->visitors);
	journal_close(shop->journal);
	shop->view = NULL;
	shop->visitors = NULL;
	shop->journal = NULL;
}

// The checkpoints as they are now come back after the close.
void shop_crash(Shop *shop)
{
	char command[300];
	snprintf(command, sizeof command, "cp -r %s %s.kept", shop->state_dir, shop->state_dir);
	assert_int_equal(system(command), 0);
	shop_close(shop);
	snprintf(command, sizeof command, "rm -r %s && mv %s.kept %s", shop->state_dir, shop->state_dir,
	        shop->state_dir);
	assert_int_equal(system(command), 0);
}

void shop_constrain(Shop *shop, Parley__Snapshot__V1__Period period, Parley__Snapshot__V1__Counted counted,
        int first, ...)
{
	Parley__Snapshot__V1__Constraint *constraint =
	        ARENA_NEW(shop->arena, Parley__Snapshot__V1__Constraint);
	va_list offers;
	parley__snapshot__v1__constraint__init(constraint);
	constraint->scope = PARLEY__SNAPSHOT__V1__CONSTRAINT_SCOPE__CONSTRAINT_SCOPE_OVERALL;
	constraint->period = period;
	constraint->counted = counted;
	constraint->offers = ARENA_ARRAY(shop->arena, uint32_t, SHOP_OFFERS);
	va_start(offers, first);
	for (int offer = first; offer >= 0; offer = va_arg(offers, int))
		constraint->offers[constraint->n_offers++] = (uint32_t)offer;
	va_end(offers);
	shop->snapshot->constraints[shop->snapshot->n_constraints++] = constraint;
}

void shop_activate(Shop *shop)
{
	VisitorView *next = NULL;
	assert_int_equal(visitor_view_new(shop->visitors, shop->snapshot, &next), OK);
	visitor_view_free(shop->view);
	shop->view = next;
}

// --- entries ---

static void fill_context(Parley__Journal__V1__Context *context, const char *visitor, int64_t time_us)
{
	parley__journal__v1__context__init(context);
	context->channel = (char *)"shop";
	context->session_id = (char *)"s";
	context->audience_level = (char *)"customer";
	context->audience_id = (char *)visitor;
	context->time_us = time_us;
}

Err shop_record(Shop *shop, Arena *arena, const char *visitor, const char *event_id, int64_t time_us,
        const Effect *effects, size_t count)
{
	static char *const codes[SHOP_OFFERS] = {(char *)"o0", (char *)"o1", (char *)"o2", (char *)"o3",
	        (char *)"o4", (char *)"o5", (char *)"o6", (char *)"o7"};
	Entry entry = PARLEY__JOURNAL__V1__ENTRY__INIT;
	Parley__Journal__V1__Context context;
	Parley__Journal__V1__EventPosted posted = PARLEY__JOURNAL__V1__EVENT_POSTED__INIT;
	Parley__Journal__V1__Effect *made = ARENA_ARRAY(arena, Parley__Journal__V1__Effect, count);
	posted.effects = ARENA_ARRAY(arena, Parley__Journal__V1__Effect *, count);
	for (size_t i = 0; i < count; i++) {
		parley__journal__v1__effect__init(&made[i]);
		made[i].kind = effects[i].kind;
		made[i].offer_code = codes[effects[i].offer];
		made[i].until_us = effects[i].until_us == FOREVER_US ? 0 : effects[i].until_us;
		made[i].score = effects[i].score;
		posted.effects[posted.n_effects++] = &made[i];
	}
	fill_context(&context, visitor, time_us);
	posted.event_id = (char *)event_id;
	entry.context = &context;
	entry.what_case = PARLEY__JOURNAL__V1__ENTRY__WHAT_EVENT_POSTED;
	entry.event_posted = &posted;
	return visitors_record(shop->visitors, &entry, str(event_id), arena, NULL, NULL);
}

void shop_wait(Shop *shop)
{
	uint64_t last = journal_appended(shop->journal);
	while (last > 0 && journal_durable(shop->journal) < last)
		journal_wait(shop->journal, last - 1, 1000);
}

void shop_post(Shop *shop, const char *visitor, int64_t time_us, Effect effect)
{
	CLEANUP(arena_freep) Arena *arena = arena_new(4096, 0);
	char id[32];
	snprintf(id, sizeof id, "e%llu", (unsigned long long)++shop->events);
	assert_int_equal(shop_record(shop, arena, visitor, id, time_us, &effect, 1), OK);
}

Err shop_recommend(Shop *shop, Arena *arena, const char *visitor, int64_t time_us, uint64_t seed,
        size_t count, char (*codes)[TREATMENT_CODE_SIZE])
{
	static uint8_t receipt[150] = {1};
	Entry entry = PARLEY__JOURNAL__V1__ENTRY__INIT;
	Parley__Journal__V1__Context context;
	Parley__Journal__V1__Recommendation made = PARLEY__JOURNAL__V1__RECOMMENDATION__INIT;
	Parley__Journal__V1__RecommendedOffer *offers =
	        ARENA_ARRAY(arena, Parley__Journal__V1__RecommendedOffer, count);
	made.offers = ARENA_ARRAY(arena, Parley__Journal__V1__RecommendedOffer *, count);
	made.interaction_point = (char *)"home";
	made.zone = (char *)"top";
	for (size_t i = 0; i < count; i++) {
		parley__journal__v1__recommended_offer__init(&offers[i]);
		snprintf(codes[i], TREATMENT_CODE_SIZE, "%013llu%06u",
		        (unsigned long long)seed % 10000000000000, (unsigned)i % 1000000);
		offers[i].treatment_code = codes[i];
		offers[i].offer_code = arena_printf(arena, "o%zu", i % SHOP_OFFERS);
		offers[i].treatment_rule = (char *)"rule";
		offers[i].segment = (char *)"everyone";
		offers[i].campaign = (char *)"spring";
		offers[i].cell = (char *)"c1";
		made.offers[made.n_offers++] = &offers[i];
	}
	fill_context(&context, visitor, time_us);
	entry.context = &context;
	entry.what_case = PARLEY__JOURNAL__V1__ENTRY__WHAT_RECOMMENDATION;
	entry.recommendation = &made;
	entry.receipt =
	        (ProtobufCBinaryData){sizeof receipt, receipt}; // for the history, not for visitor state
	return visitors_record(shop->visitors, &entry, STR(""), arena, NULL, NULL);
}

// --- what is remembered ---

size_t shop_facts(Shop *shop, const char *visitor, int64_t as_of_us, const Fact **ret)
{
	size_t count = 0;
	assert_int_equal(visitor_facts(shop->view, 0, str(visitor), as_of_us, shop->arena, ret, &count), OK);
	return count;
}

uint64_t shop_volume(Shop *shop, size_t constraint, int64_t as_of_us)
{
	const uint64_t *volumes = NULL;
	assert_int_equal(visitor_volumes(shop->view, as_of_us, shop->arena, &volumes), OK);
	assert_non_null(volumes);
	return volumes[constraint];
}

VisitorsStatus shop_status(Shop *shop)
{
	VisitorsStatus status;
	visitors_status(shop->visitors, &status);
	return status;
}

// --- checkpoints compared ---

// All of the newest checkpoint but what names its life: positions and head.
static Str dump(const char *state_dir, Arena *arena)
{
	enum { POSITION_AT = SECTION_HEADER + 4, POSITION_SIZE = 8 };
	char path[128];
	Str file = {0};
	snprintf(path, sizeof path, "%s/newest", state_dir);
	assert_int_equal(file_read(path, 1 << 30, arena, &file), OK);
	uint8_t *at = (uint8_t *)(uintptr_t)file.ptr + MAGIC_SIZE,
	        *end = (uint8_t *)(uintptr_t)file.ptr + file.len;
	while (at < end) {
		Reader header = {.at = at + 4, .left = SECTION_HEADER - 4};
		uint32_t type = read_u32(&header);
		uint64_t len = read_u64(&header);
		memset(at, 0, 4);
		if (type == SECTION_HEAD)
			memset(at, 0, SECTION_HEADER + len);
		if (type == SECTION_VISITORS || type == SECTION_TREATMENTS)
			memset(at + POSITION_AT, 0, POSITION_SIZE);
		at += SECTION_HEADER + len;
	}
	return file;
}

void shop_assert_folds(Shop *shop)
{
	CLEANUP(arena_freep) Arena *arena = arena_new(1 << 20, 0);
	char other[96];
	Str live = dump(shop->state_dir, arena);
	snprintf(other, sizeof other, "%s/folded", shop->dir);
	Journal *journal = NULL;
	Visitors *visitors = NULL;
	assert_int_equal(journal_open(&shop->journal_options, &journal), OK);
	VisitorsOptions options = shop->options;
	options.dir = other;
	options.journal = journal;
	assert_int_equal(visitors_open(&options, &visitors), OK);
	visitors_close(visitors);
	journal_close(journal);
	Str folded = dump(other, arena);
	assert_int_equal(live.len, folded.len);
	assert_memory_equal(live.ptr, folded.ptr, live.len);
	nftw(other, remove_entry, 16, FTW_DEPTH | FTW_PHYS);
}
