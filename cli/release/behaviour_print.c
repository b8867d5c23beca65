// A comparison for people: who promotes sees what approvers see, so both are printed from the report's own
// JSON.
#include "release/behaviour_print.h"

#include "output.h"
#include "release/deployment.h"

#include <math.h>

// Wilson's interval of a share, 95 %.
static void interval(double changed, double of, double *low, double *high)
{
	const double z = 1.959963984540054;
	double share = changed / of, z2 = z * z / of;
	double middle = (share + z2 / 2) / (1 + z2);
	double half = z / (1 + z2) * sqrt(share * (1 - share) / of + z2 / (4 * of));

	*low = fmax(0, middle - half);
	*high = fmin(1, middle + half);
}

static json_t *row_of(Cli *cli, const json_t *group, const char *where)
{
	json_int_t questions = json_count(group, "questions"), changed = json_count(group, "changed_winners");
	double low = 0, high = 0, of = questions ? (double)questions : 1;

	interval((double)changed, of, &low, &high);
	return json_pack("{s:s, s:I, s:I, s:s, s:s, s:I}", "where", where, "questions", questions, "changed",
	        changed, "share", arena_printf(cli->arena, "%.2f %%", 100 * (double)changed / of), "interval",
	        arena_printf(cli->arena, "%.2f to %.2f", 100 * low, 100 * high), "offers",
	        json_count(group, "changed_offers"));
}

static double share_of(const json_t *group)
{
	json_int_t questions = json_count(group, "questions");
	return questions ? (double)json_count(group, "changed_winners") / (double)questions : 0;
}

// The largest shares first, equal ones in their order.
static size_t add_rows(Cli *cli, const json_t *groups, const char *kind, size_t most, json_t *rows)
{
	size_t count = json_array_size(groups), told = 0;
	bool *done = ARENA_ARRAY(cli->arena, bool, count + 1);

	for (; done && told < count && told < most; told++) {
		size_t best = count;

		for (size_t i = 0; i < count; i++)
			if (!done[i] && (best == count || share_of(json_array_get(groups, i)) >
			                                          share_of(json_array_get(groups, best))))
				best = i;
		const json_t *group = json_array_get(groups, best);
		const char *name = json_word(group, "name");
		done[best] = true;
		json_array_append_new(
		        rows, row_of(cli, group,
		                      *name ? arena_printf(cli->arena, "%s %s", kind, name) : "no segment"));
	}
	return count - told;
}

static Err print_part(Cli *cli, const json_t *report, const char *member, const char *title,
        const char *columns, size_t most)
{
	CLEANUP(json_decrefp_) json_t *rows = json_array();
	json_t *row;
	size_t i;

	json_array_foreach(json_object_get(report, member), i, row)
	{
		json_t *shown = json_copy(row);

		for (const char *const *key = (const char *const[]){"from", "to", NULL}; *key; key++)
			if (json_object_get(shown, *key) && !*json_word(shown, *key))
				json_object_set_new(shown, *key, json_string("(nothing)"));
		if (i < most)
			json_array_append(rows, shown);
		json_decref(shown);
	}
	if (!json_array_size(rows))
		return OK;
	printf("\n%s:\n", title);
	return print_table(cli, rows, columns);
}

Err behaviour_print(Cli *cli, const json_t *report, size_t most)
{
	CLEANUP(json_decrefp_) json_t *rows = json_array();
	json_int_t one_in = json_count(report, "one_in");

	printf("%lld decisions, %s to %s", (long long)json_count(report, "decisions"),
	        json_word(report, "since"), json_word(report, "until"));
	if (one_in > 1)
		printf(", about one in %lld of those recorded", (long long)one_in);
	printf(": %.12s, which runs, and %.12s\n", json_word(report, "running"),
	        json_word(report, "candidate"));
	json_array_append_new(rows, row_of(cli, report, "all"));
	size_t left = add_rows(cli, json_object_get(report, "zones"), "zone", most, rows) +
	              add_rows(cli, json_object_get(report, "segments"), "segment", most, rows);
	TRY(print_table(cli, rows,
	        "WHERE:where QUESTIONS:questions CHANGED-WINNERS:changed SHARE:share 95%-INTERVAL:interval "
	        "CHANGED-OFFERS:offers"));
	if (left)
		printf("and %zu more zones and segments, with smaller shares\n", left);
	TRY(print_part(
	        cli, report, "moves", "Winners that change most", "FROM:from TO:to COUNT:count", most));
	TRY(print_part(cli, report, "lost", "What the candidate has no place for",
	        "WHAT:what DECISIONS:count", most));
	return print_part(cli, report, "examples", "Examples (parley decision show ID)",
	        "DECISION:decision_id ZONE:zone/2 POINT:point/1 FROM:from TO:to", most);
}
