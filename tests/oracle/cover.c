#include "cover.h"

#include <inttypes.h>
#include <stdio.h>

static const char *const texts[COVER_ROWS] = {
#define COVER(id, text) [COVER_##id] = text,
#include "cover_table.h"
#undef COVER
};

void cover_add(Cover *to, const Cover *from)
{
	for (size_t i = 0; i < COVER_ROWS; i++)
		to->rows[i] += from->rows[i];
	for (size_t i = 0; i < REASON_COUNT; i++)
		for (size_t j = 0; j < ORIGIN_COUNT; j++)
			to->reasons[i][j] += from->reasons[i][j];
}

// What cannot be: reasons of rules for what no rule made, and what follows from the order of work. The work
// limit is far beyond small worlds; the engine's own tests reach it.
static bool is_possible(Reason reason, Origin origin)
{
	switch (reason) {
	case REASON_SEGMENT_NOT_MATCHED:
		return origin == ORIGIN_RULE;
	case REASON_CAMPAIGN_INACTIVE:
	case REASON_RULE_DISABLED:
	case REASON_RULE_OUTSIDE_DATES:
	case REASON_CONTROL_GROUP:
	case REASON_NOT_ELIGIBLE:
	case REASON_ELIGIBILITY_FAILED:
	case REASON_SCORE_FAILED:
		return origin == ORIGIN_RULE || origin == ORIGIN_GLOBAL;
	case REASON_SUPPRESSED_BY_EVENT:
		return origin != ORIGIN_QUALIFIED; // the latest event counts
	case REASON_OUTRANKED:
		return origin != ORIGIN_DEFAULT; // looked at only while there is room
	case REASON_WORK_LIMIT:
		return false;
	default:
		return true;
	}
}

static void print_reasons(const Cover *cover)
{
	printf("%-26s", "candidates");
	for (size_t j = 0; j < ORIGIN_COUNT; j++)
		printf(" %10s", origin_name((Origin)j));
	putchar('\n');
	for (size_t i = 0; i < REASON_COUNT; i++) {
		printf("  %-24s", reason_name((Reason)i));
		for (size_t j = 0; j < ORIGIN_COUNT; j++) {
			if (is_possible((Reason)i, (Origin)j))
				printf(" %10" PRIu64, cover->reasons[i][j]);
			else
				printf(" %10s", "-");
		}
		putchar('\n');
	}
}

void cover_print(const Cover *cover)
{
	print_reasons(cover);
	for (size_t i = 0; i < COVER_ROWS; i++)
		printf("%12" PRIu64 "  %s\n", cover->rows[i], texts[i]);
}

static size_t missing_reasons(const Cover *cover, bool by_origin)
{
	size_t missing = 0;
	for (size_t i = 0; i < REASON_COUNT; i++) {
		bool possible = false, met = false;
		for (size_t j = 0; j < ORIGIN_COUNT; j++) {
			if (!is_possible((Reason)i, (Origin)j))
				continue;
			possible = true;
			met = met || cover->reasons[i][j];
			if (!by_origin || cover->reasons[i][j])
				continue;
			missing++;
			printf("never met: %s of origin %s\n", reason_name((Reason)i),
			        origin_name((Origin)j));
		}
		if (!by_origin && possible && !met) {
			missing++;
			printf("never met: %s\n", reason_name((Reason)i));
		}
	}
	return missing;
}

size_t cover_missing(const Cover *cover, uint64_t cases)
{
	if (cases < COVER_FROM)
		return 0;
	size_t missing = missing_reasons(cover, cases >= COVER_ORIGINS_FROM);
	for (size_t i = 0; i < COVER_ROWS; i++) {
		if (cover->rows[i])
			continue;
		missing++;
		printf("never met: %s\n", texts[i]);
	}
	return missing;
}
