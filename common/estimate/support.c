// Whether a log can tell of another policy at all. The limits are rules of thumb and stand here alone: below
// 30 effective rows a mean has no normal interval, and below 200 or 1 % of the log a few rows decide; a rate
// needs some rewards on its own rows, and a hundred to be known to a fifth; one row of a tenth of all weight
// is an anecdote; and weights whose mean is far from how often the policy shows anything say that it does
// what the log hardly ever did, or that propensities are wrong.
#include "estimate/internal.h"

#include <inttypes.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>

static const double rows_none = 30, rows_weak = 200, share_weak = .01, anecdote = .1, far = 3;
enum { REWARDED_NONE = 5, REWARDED_WEAK = 100 };

const char *support_name(EstimateSupport support)
{
	static const char *const names[] = {
	        [SUPPORT_GOOD] = "good", [SUPPORT_WEAK] = "weak", [SUPPORT_NONE] = "none"};

	return names[support];
}

// Whether the mean weight is too far from what is shown for chance. Cut weights are, by their nature.
static bool is_off(const Totals *totals, const Estimates *in)
{
	return totals->clipped == 0 && fabs(in->mean_weight - in->mean_shown) > far * in->off_error + 1e-9;
}

__attribute__((format(printf, 3, 4))) static void judge(
        Estimates *ret, EstimateSupport support, const char *fmt, ...)
{
	va_list args;

	ret->support = support;
	va_start(args, fmt);
	vsnprintf(ret->why, sizeof ret->why, fmt, args);
	va_end(args);
}

// The first that holds is told: what is worst comes first.
void support_judge(const Totals *totals, Estimates *in)
{
	double rows = (double)totals->rows;

	if (totals->matched == 0)
		judge(in, SUPPORT_NONE, "the log never shows what the other policy would show");
	else if (in->effective_rows < rows_none)
		judge(in, SUPPORT_NONE, "the log is worth %.1f rows here; fewer than %.0f tell nothing",
		        in->effective_rows, rows_none);
	else if (totals->rewarded < REWARDED_NONE)
		judge(in, SUPPORT_NONE, "only %" PRIu64 " rewards fell on what the other policy would show",
		        totals->rewarded);
	else if (is_off(totals, in) && fabs(in->mean_weight - in->mean_shown) > .5 * in->mean_shown)
		judge(in, SUPPORT_NONE,
		        "weights average %.2f instead of %.2f: the log hardly ever did what the other policy "
		        "does, or "
		        "its propensities are wrong",
		        in->mean_weight, in->mean_shown);
	else if (is_off(totals, in))
		judge(in, SUPPORT_WEAK,
		        "weights average %.3f instead of %.3f: some of what it does is not in the log",
		        in->mean_weight, in->mean_shown);
	else if (in->max_weight > anecdote * totals->weight)
		judge(in, SUPPORT_WEAK, "one row has %.0f %% of all weight: cut weights to see what it does",
		        100 * in->max_weight / totals->weight);
	else if (in->effective_rows < rows_weak || in->effective_rows < share_weak * rows)
		judge(in, SUPPORT_WEAK, "the log is worth only %.0f of its %.0f rows here",
		        in->effective_rows, rows);
	else if (totals->rewarded < REWARDED_WEAK)
		judge(in, SUPPORT_WEAK, "only %" PRIu64 " rewards fell on what the other policy would show",
		        totals->rewarded);
	else
		in->support = SUPPORT_GOOD;
}
