// What is compared are shares: of calls that failed, of calls that were too slow, of contacts that were
// accepted. A share of few has a wide error, and one test of two shares serves all three.
#include "rollout/figures.h"

#include <math.h>
#include <stdio.h>

// Standard errors by which a limit must be exceeded: one chance in 30,000 at a look.
static const double SURE = 4.0;
enum { CONTACTS_LEAST = 30, MILLION = 1000000 };

void figures_of(const Parley__Runtime__V1__VersionFigures *figures, Figures *ret)
{
	*ret = (Figures){
	        .calls = (int64_t)figures->calls,
	        .errors = (int64_t)figures->errors,
	        .contacts = (int64_t)figures->contacts,
	        .accepts = (int64_t)figures->accepts,
	};
	for (size_t i = 0; i < figures->n_latency && i < LATENCY_BUCKETS; i++)
		ret->latency[i] = (int64_t)figures->latency[i];
}

void figures_pack(const Figures *figures, int64_t ret[FIGURES])
{
	ret[0] = figures->calls;
	ret[1] = figures->errors;
	ret[2] = figures->contacts;
	ret[3] = figures->accepts;
	memcpy(ret + 4, figures->latency, sizeof figures->latency);
}

void figures_unpack(const int64_t *numbers, size_t count, Figures *ret)
{
	*ret = (Figures){0};
	if (count != FIGURES)
		return;
	ret->calls = numbers[0];
	ret->errors = numbers[1];
	ret->contacts = numbers[2];
	ret->accepts = numbers[3];
	memcpy(ret->latency, numbers + 4, sizeof ret->latency);
}

void figures_since(Figures *figures, const Figures *base)
{
	if (figures->calls < base->calls || figures->contacts < base->contacts)
		return;
	figures->calls -= base->calls;
	figures->errors -= base->errors;
	figures->contacts -= base->contacts;
	figures->accepts -= base->accepts;
	for (size_t i = 0; i < LATENCY_BUCKETS; i++)
		figures->latency[i] -= base->latency[i];
}

void figures_add(Figures *sum, const Figures *figures)
{
	sum->calls += figures->calls;
	sum->errors += figures->errors;
	sum->contacts += figures->contacts;
	sum->accepts += figures->accepts;
	for (size_t i = 0; i < LATENCY_BUCKETS; i++)
		sum->latency[i] += figures->latency[i];
}

static int64_t timed(const Figures *figures)
{
	int64_t sum = 0;
	for (size_t i = 0; i < LATENCY_BUCKETS; i++)
		sum += figures->latency[i];
	return sum;
}

static size_t p99_bucket(const Figures *figures)
{
	int64_t calls = timed(figures), below = 0;
	size_t i = 0;
	for (; i + 1 < LATENCY_BUCKETS; i++) {
		below += figures->latency[i];
		if (below * 100 >= calls * 99)
			break;
	}
	return i;
}

int64_t figures_p99_us(const Figures *figures)
{
	return timed(figures) ? (int64_t)LATENCY_LEAST_US << p99_bucket(figures) : 0;
}

int64_t figures_error_rate(const Figures *figures)
{
	return figures->calls > 0 ? (int64_t)((double)figures->errors * MILLION / (double)figures->calls) : 0;
}

int64_t figures_acceptance(const Figures *figures)
{
	return figures->contacts > 0
	               ? (int64_t)((double)figures->accepts * MILLION / (double)figures->contacts)
	               : 0;
}

// A share and the variance of its estimate; one success and one failure are added, so that none of either
// does not look like certainty.
typedef struct Share {
	double p, variance;
} Share;

static Share share_of(int64_t successes, int64_t trials)
{
	double n = (double)trials + 2, p = ((double)successes + 1) / n;
	return (Share){p, p * (1 - p) / n};
}

static bool errors_are_worse(
        const EnvironmentReturn *limits, const Figures *candidate, const Figures *stable, char *reason)
{
	if (!limits->error_rate)
		return false;
	Share c = share_of(candidate->errors, candidate->calls), s = share_of(stable->errors, stable->calls);
	double above = c.p - s.p - (double)limits->error_rate / SHARE_WHOLE;
	if (above <= SURE * sqrt(c.variance + s.variance))
		return false;
	snprintf(reason, REASON_MAX,
	        "errors: %.2f %% of %lld calls failed, against %.2f %% of %lld where the one before serves",
	        (double)figures_error_rate(candidate) / 10000, (long long)candidate->calls,
	        (double)figures_error_rate(stable) / 10000, (long long)stable->calls);
	return true;
}

// How many of the candidate's calls took longer than the stable group's p99 times the allowed ratio, were one
// in a hundred allowed to.
static bool latency_is_worse(
        const EnvironmentReturn *limits, const Figures *candidate, const Figures *stable, char *reason)
{
	int64_t calls = timed(candidate), slow = 0;
	if (!limits->p99_ratio || !calls || !timed(stable))
		return false;
	double allowed = (double)figures_p99_us(stable) * (double)limits->p99_ratio / SHARE_WHOLE;
	if (allowed < (double)limits->least_p99_us)
		allowed = (double)limits->least_p99_us;
	for (size_t i = 1; i < LATENCY_BUCKETS; i++) {
		if ((double)((int64_t)LATENCY_LEAST_US << (i - 1)) >= allowed)
			slow += candidate->latency[i];
	}
	Share share = share_of(slow, calls);
	if (share.p - 0.01 <= SURE * sqrt(share.variance))
		return false;
	snprintf(reason, REASON_MAX,
	        "latency: p99 is %.2f ms in %lld calls, against %.2f ms where the one before serves",
	        (double)figures_p99_us(candidate) / 1000, (long long)calls,
	        (double)figures_p99_us(stable) / 1000);
	return true;
}

static bool acceptance_is_worse(
        const EnvironmentReturn *limits, const Figures *candidate, const Figures *stable, char *reason)
{
	if (!limits->acceptance_drop || candidate->contacts < CONTACTS_LEAST ||
	        stable->contacts < CONTACTS_LEAST)
		return false;
	Share c = share_of(candidate->accepts, candidate->contacts),
	      s = share_of(stable->accepts, stable->contacts);
	double left = 1 - (double)limits->acceptance_drop / SHARE_WHOLE;
	if (left * s.p - c.p <= SURE * sqrt(c.variance + left * left * s.variance))
		return false;
	snprintf(reason, REASON_MAX,
	        "acceptance: %.2f %% of %lld contacts were accepted, against %.2f %% of %lld where the one "
	        "before "
	        "serves",
	        (double)figures_acceptance(candidate) / 10000, (long long)candidate->contacts,
	        (double)figures_acceptance(stable) / 10000, (long long)stable->contacts);
	return true;
}

bool figures_are_worse(const EnvironmentReturn *limits, const Figures *candidate, const Figures *stable,
        char reason[REASON_MAX])
{
	if (candidate->calls < limits->min_calls || stable->calls < limits->min_calls)
		return false;
	return errors_are_worse(limits, candidate, stable, reason) ||
	       latency_is_worse(limits, candidate, stable, reason) ||
	       acceptance_is_worse(limits, candidate, stable, reason);
}
