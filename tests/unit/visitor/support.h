// A runtime server's visitor state in folders of its own: journal, checkpoints, a small shop's snapshot, and
// journal entries in few words.
#pragma once
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/cleanup.h"
#include "visitor/keeper.h"

enum { SHOP_OFFERS = 8 };

#define SHOP_NOW   (INT64_C(1767268800) * US_PER_S) // 2026-01-01, 12:00, Thursday
#define HOUR_US    (3600 * US_PER_S)
#define DAY_US     (24 * HOUR_US)
#define FOREVER_US INT64_MAX

typedef struct Shop {
	char dir[64], journal_dir[80], state_dir[80];
	JournalOptions journal_options;
	VisitorsOptions options;
	Journal *journal;
	Visitors *visitors;
	VisitorView *view;
	Arena *arena; // of what the test makes
	Parley__Snapshot__V1__Snapshot *snapshot;
	uint64_t events; // that were posted, for their IDs
} Shop;

// For cmocka: a fresh shop in *state; its end.
int shop_set_up(void **state);
int shop_tear_down(void **state);
// Change `options` in between. Reopening is a restart: what was closed in order has a checkpoint.
void shop_open(Shop *shop);
void shop_close(Shop *shop);
// As if killed: no last checkpoint, but the journal has everything.
void shop_crash(Shop *shop);

// Adds a constraint over all; offers end in -1.
void shop_constrain(Shop *shop, Parley__Snapshot__V1__Period period, Parley__Snapshot__V1__Counted counted,
        int first, ...);
// A new view in place of the old one.
void shop_activate(Shop *shop);

typedef struct Effect {
	Parley__Journal__V1__EffectKind kind;
	int offer; // N of "oN"
	int64_t until_us;
	double score;
} Effect;

#define CONTACT(n)         ((Effect){PARLEY__JOURNAL__V1__EFFECT_KIND__EFFECT_KIND_CONTACT, (n), 0, 0})
#define ACCEPT(n)          ((Effect){PARLEY__JOURNAL__V1__EFFECT_KIND__EFFECT_KIND_ACCEPT, (n), 0, 0})
#define REJECT(n)          ((Effect){PARLEY__JOURNAL__V1__EFFECT_KIND__EFFECT_KIND_REJECT, (n), 0, 0})
#define SUPPRESS(n, until) ((Effect){PARLEY__JOURNAL__V1__EFFECT_KIND__EFFECT_KIND_SUPPRESS, (n), (until), 0})
#define QUALIFY(n, until, points)                                                                            \
	((Effect){PARLEY__JOURNAL__V1__EFFECT_KIND__EFFECT_KIND_QUALIFY, (n), (until), (points)})

// Records an event of a visitor, with an ID of its own, and waits for the disk.
void shop_post(Shop *shop, const char *visitor, int64_t time_us, Effect effect);
// The same without waiting, with an ID or "", and several effects.
Err shop_record(Shop *shop, Arena *arena, const char *visitor, const char *event_id, int64_t time_us,
        const Effect *effects, size_t count);
// Records a recommendation of these offers (first code … by the seed); returns nothing but the codes in
// `codes`.
Err shop_recommend(Shop *shop, Arena *arena, const char *visitor, int64_t time_us, uint64_t seed,
        size_t count, char (*codes)[TREATMENT_CODE_SIZE]);
void shop_wait(Shop *shop); // for the disk

size_t shop_facts(Shop *shop, const char *visitor, int64_t as_of_us, const Fact **ret);
uint64_t shop_volume(Shop *shop, size_t constraint, int64_t as_of_us);
VisitorsStatus shop_status(Shop *shop);

// Folds the whole journal, which nobody has open, into nothing and compares with the newest checkpoint.
void shop_assert_folds(Shop *shop);
