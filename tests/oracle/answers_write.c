// Answers for people, and as one number.
#include "answers.h"

#include "reference.h"

#include <inttypes.h>

// --- as a number ---

static void mix(uint64_t *hash, uint64_t value)
{
	*hash = ref_mix64(*hash * UINT64_C(0x9e3779b97f4a7c15) + value);
}

static void mix_text(uint64_t *hash, Str text)
{
	mix(hash, text.len ? ref_hash(text.ptr, text.len) : 0);
}

static void mix_double(uint64_t *hash, double value)
{
	uint64_t bits;
	memcpy(&bits, &value, sizeof bits);
	mix(hash, value != value ? UINT64_MAX : bits); // which NaN is the machine's affair
}

static void mix_value(uint64_t *hash, ExprValue value)
{
	mix(hash, value.kind);
	switch (value.kind) {
	case EXPR_ERROR:
		mix(hash, value.error);
		break;
	case EXPR_BOOL:
		mix(hash, value.b);
		break;
	case EXPR_DOUBLE:
		mix_double(hash, value.d);
		break;
	case EXPR_STRING:
		mix_text(hash, str_n(value.s, value.len));
		break;
	case EXPR_LIST:
		for (uint32_t i = 0; i < value.len; i++)
			mix_value(hash, value.items[i]);
		break;
	default: // INT and TIMESTAMP
		mix(hash, (uint64_t)value.i);
		mix(hash, value.kind == EXPR_TIMESTAMP ? (uint64_t)value.nanos : 0);
	}
}

static void mix_candidate(uint64_t *hash, CandidateId id, ScoreParts score)
{
	mix(hash, id.origin);
	mix(hash, id.source);
	mix(hash, id.offer);
	mix_double(hash, score.marketer);
	mix(hash, score.overridden);
	mix_double(hash, score.override);
	mix_double(hash, score.final);
}

static void mix_decision(uint64_t *hash, const Decision *decision)
{
	for (size_t p = 0; p < decision->count; p++) {
		const PointDecision *point = &decision->points[p];
		mix(hash, (uint64_t)point->point);
		for (size_t i = 0; i < point->offer_count; i++) {
			const DecidedOffer *offer = &point->offers[i];
			mix_candidate(hash, offer->id, offer->score);
			mix_text(hash, str(offer->treatment_code));
			for (size_t k = 0; k < offer->attribute_count; k++)
				mix_value(hash, offer->attributes[k].value);
		}
		for (size_t i = 0; i < point->candidate_count; i++) {
			const DecidedCandidate *candidate = &point->candidates[i];
			mix_candidate(hash, candidate->id, candidate->score);
			mix(hash, candidate->reason);
			mix_text(hash, candidate->predicate);
			mix_text(hash, candidate->detail);
		}
	}
}

static void mix_segmentation(uint64_t *hash, const Answers *answers)
{
	for (size_t i = 0; i < answers->attribute_count; i++)
		mix_value(hash, answers->values[i]);
	for (size_t i = 0; i < answers->segment_words; i++)
		mix(hash, answers->segments.segments[i]);
	for (size_t i = 0; i < answers->segments.trace_count; i++) {
		const SegmentTrace *entry = &answers->segments.trace[i];
		mix(hash, (uint64_t)entry->flow);
		mix(hash, entry->step);
		mix(hash, (uint64_t)entry->branch);
		mix(hash, (uint64_t)entry->segment);
		mix(hash, entry->matched);
		mix(hash, (uint64_t)entry->beaten_by);
		mix_text(hash, entry->predicate);
		mix_text(hash, entry->error);
	}
}

uint64_t answers_digest(const Answers *answers)
{
	uint64_t hash = 0;
	mix_segmentation(&hash, answers);
	mix_decision(&hash, &answers->told);
	mix_decision(&hash, &answers->plain);
	return hash;
}

// --- for people ---

static void write_text(FILE *out, const char *what, Str text)
{
	if (text.len)
		fprintf(out, "  %s " STR_FMT, what, STR_ARG(text));
}

static void write_segments(FILE *out, const World *world, const Answers *answers)
{
	const Snapshot *snapshot = world->snapshot;
	fprintf(out, "  segments:");
	for (size_t i = 0; i < snapshot->n_segments; i++)
		if (answers->segments.segments[i / 64] >> (i % 64) & 1)
			fprintf(out, " %s", snapshot->segments[i]->name);
	fprintf(out, "\n  set by flows:");
	for (size_t i = 0; i < answers->attribute_count; i++) {
		if (!answers->set[i])
			continue;
		fprintf(out, " #%zu=", i);
		ast_write_value(out, answers->values[i]);
	}
	fputc('\n', out);
	for (size_t i = 0; i < answers->segments.trace_count; i++) {
		const SegmentTrace *entry = &answers->segments.trace[i];
		fprintf(out, "  trace %zu: flow %d step %u branch %d segment %d %s beaten by %d", i,
		        entry->flow, entry->step, entry->branch, entry->segment,
		        entry->matched ? "matched" : "not matched", entry->beaten_by);
		write_text(out, "predicate", entry->predicate);
		write_text(out, "error", entry->error);
		fputc('\n', out);
	}
}

static void write_candidate(FILE *out, const World *world, CandidateId id, ScoreParts score)
{
	fprintf(out, "%s %u offer %s  score %a", origin_name(id.origin), id.source,
	        world->snapshot->offers[id.offer]->code, score.final);
	fprintf(out, " (marketer %a", score.marketer);
	if (score.overridden)
		fprintf(out, ", overridden %a", score.override);
	fputc(')', out);
}

static void write_offer(FILE *out, const World *world, const DecidedOffer *offer)
{
	fputs("    offer: ", out);
	write_candidate(out, world, offer->id, offer->score);
	fprintf(out, "  %s", offer->treatment_code);
	for (size_t k = 0; k < offer->attribute_count; k++) {
		fprintf(out, "  #%u=", offer->attributes[k].attribute);
		ast_write_value(out, offer->attributes[k].value);
	}
	fputc('\n', out);
}

static void write_decision(FILE *out, const World *world, const Decision *decision)
{
	for (size_t p = 0; p < decision->count; p++) {
		const PointDecision *point = &decision->points[p];
		fprintf(out, "  point %zu (%d):\n", p, point->point);
		for (size_t i = 0; i < point->offer_count; i++)
			write_offer(out, world, &point->offers[i]);
		for (size_t i = 0; i < point->candidate_count; i++) {
			const DecidedCandidate *candidate = &point->candidates[i];
			fprintf(out, "    candidate: %s  ", reason_name(candidate->reason));
			write_candidate(out, world, candidate->id, candidate->score);
			write_text(out, "predicate", candidate->predicate);
			write_text(out, "detail", candidate->detail);
			fputc('\n', out);
		}
	}
}

void answers_write(FILE *out, const World *world, const Answers *answers)
{
	if (answers->failed) {
		fprintf(out, "  refused: %s\n", err_reason(answers->failed));
		return;
	}
	write_segments(out, world, answers);
	write_decision(out, world, &answers->told);
	fputs("  without explaining:\n", out);
	for (size_t p = 0; p < answers->plain.count; p++)
		for (size_t i = 0; i < answers->plain.points[p].offer_count; i++)
			write_offer(out, world, &answers->plain.points[p].offers[i]);
}
