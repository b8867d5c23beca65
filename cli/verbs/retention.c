// How long what grows is kept, and removing what is older. The design server works at it for some seconds a
// call; what is left goes with the next, until one finds nothing more to remove.
#include "base/clock.h"
#include "connect.h"
#include "output.h"
#include "parley/design/v1/retention.pb-c.h"
#include "release/deployment.h"

#include <unistd.h>

#define SERVICE (&parley__design__v1__retention_service__descriptor)
#define SHOW_COLUMNS                                                                                         \
	"TABLE:name KEPT:kept/2 SINCE:kept_from/3 ROWS:rows SIZE:size GOES:gone GOING-ROWS:gone_count/5 "    \
	"GOING-SIZE:gone_size/4 APPLIED:apply_time/6 HELD:held/1"
#define GONE_COLUMNS "TABLE:name OLDER-THAN:kept_from MONTHS:gone ROWS:gone_count SIZE:gone_size HELD:held/1"

// --- words ---

static const char *months_text(json_int_t months)
{
	return months == 1 ? "month" : "months";
}

static json_t *size_text(json_int_t bytes)
{
	static const char *const units[] = {"B", "KiB", "MiB", "GiB", "TiB"};
	double size = (double)bytes;
	size_t unit = 0;
	char text[32];

	for (; size >= 1024 && unit + 1 < ARRAY_COUNT(units); unit++)
		size /= 1024;
	snprintf(text, sizeof text, unit ? "%.1f %s" : "%.0f %s", size, units[unit]);
	return json_string(text);
}

// The months that go; a few by name.
static json_t *gone_months_text(const json_t *table)
{
	const json_t *months = json_object_get(table, "gone_months"), *month;
	size_t i, len = 0, count = json_array_size(months);
	char text[64] = "";

	if (count > 3)
		snprintf(text, sizeof text, "%zu from %.7s on", count,
		        json_string_value(json_array_get(months, 0)));
	else
		json_array_foreach(months, i, month) len += (size_t)snprintf(
		        text + len, sizeof text - len, "%s%.7s", i ? ", " : "", json_string_value(month));
	return json_string(text);
}

// Of whole months PostgreSQL knows about how many there are.
static json_t *gone_rows_text(const json_t *table)
{
	json_int_t rows = json_count(table, "gone_rows");
	bool about = json_array_size(json_object_get(table, "gone_months")) > 0;
	char text[64] = "";

	if (rows || about)
		snprintf(text, sizeof text, "%s%lld", about ? "about " : "", (long long)rows);
	return json_string(text);
}

// Rows that go one by one leave room for others in the same files: their share of it.
static json_t *gone_size_text(const json_t *table)
{
	json_int_t gone = json_count(table, "gone_rows"), rows = json_count(table, "rows");
	json_int_t bytes = json_count(table, "gone_bytes");

	if (!bytes && gone && rows)
		bytes = (json_int_t)((double)json_count(table, "bytes") *
		                     (gone < rows ? (double)gone / (double)rows : 1));
	return bytes ? size_text(bytes) : json_string("");
}

// What a table of the terminal needs beside the answer's own fields.
static void put_words(json_t *tables)
{
	json_t *table;
	size_t i;

	json_array_foreach(tables, i, table)
	{
		json_int_t months = json_count(table, "months");
		char kept[64];

		snprintf(kept, sizeof kept, "%lld %s%s", (long long)months, months_text(months),
		        json_is_true(json_object_get(table, "detach")) ? ", then put aside" : "");
		json_object_set_new(table, "kept", json_string(kept));
		json_object_set_new(table, "size", size_text(json_count(table, "bytes")));
		json_object_set_new(table, "gone", gone_months_text(table));
		json_object_set_new(table, "gone_count", gone_rows_text(table));
		json_object_set_new(table, "gone_size", gone_size_text(table));
	}
}

// --- show ---

Err verb_retention_show(Cli *cli)
{
	CLEANUP(json_decrefp_) json_t *answer = NULL;
	json_int_t every;
	json_t *tables;

	TRY(cli_call(cli, SERVER_DESIGN, SERVICE, "GetRetention", json_object(), &answer));
	if (cli->format != FORMAT_TABLE)
		return print_json(cli, answer);
	tables = json_object_get(answer, "tables");
	every = json_count(answer, "every_seconds");
	put_words(tables);
	TRY(print_items(cli, tables, SHOW_COLUMNS));
	if (every)
		printf("\nWhat is older goes by itself: it is looked at every %lld %s, and at the server's "
		       "start.\n",
		        (long long)(every % 60 ? every : every / 60), every % 60 ? "s" : "min");
	else
		puts("\nNothing goes by itself (retention.apply is false): parley retention apply");
	return OK;
}

// --- apply ---

static bool any_gone(const json_t *tables)
{
	const json_t *table;
	size_t i;

	json_array_foreach(tables, i, table) if (json_array_size(json_object_get(table, "gone_months")) ||
	                                         json_count(table, "gone_rows")) return true;
	return false;
}

static json_t *find_table(const json_t *tables, const char *name)
{
	json_t *table;
	size_t i;

	json_array_foreach(tables, i, table) if (strcmp(json_word(table, "name"), name) == 0) return table;
	return NULL;
}

// What this call removed is added to what the ones before did.
static void add_gone(json_t *total, const json_t *answer)
{
	const json_t *table;
	size_t i;

	json_array_foreach(json_object_get(answer, "tables"), i, table)
	{
		json_t *sum = find_table(json_object_get(total, "tables"), json_word(table, "name"));
		json_t *months = json_object_get(sum, "gone_months");

		if (!sum)
			continue;
		if (months)
			json_array_extend(months, json_object_get(table, "gone_months"));
		else if (json_object_get(table, "gone_months"))
			json_object_set(sum, "gone_months", json_object_get(table, "gone_months"));
		// As answers have numbers of 64 bits.
		json_object_set_new(sum, "gone_rows",
		        json_integer(json_count(sum, "gone_rows") + json_count(table, "gone_rows")));
		json_object_set_new(sum, "gone_bytes",
		        json_integer(json_count(sum, "gone_bytes") + json_count(table, "gone_bytes")));
		json_object_set_new(sum, "held", json_string(json_word(table, "held")));
	}
	json_object_set(total, "complete", json_object_get(answer, "complete"));
}

static Err apply_once(Cli *cli, bool dry_run, json_t **ret)
{
	return cli_call(
	        cli, SERVER_DESIGN, SERVICE, "ApplyRetention", json_pack("{s:b}", "dry_run", dry_run), ret);
}

static Err apply_all(Cli *cli, bool dry_run, json_t **ret)
{
	CLEANUP(json_decrefp_) json_t *total = NULL;
	bool more;

	TRY(apply_once(cli, dry_run, &total));
	more = any_gone(json_object_get(total, "tables"));
	while (!dry_run && more && !json_is_true(json_object_get(total, "complete"))) {
		CLEANUP(json_decrefp_) json_t *answer = NULL;

		if (isatty(STDERR_FILENO))
			fputs("there is more …\n", stderr);
		TRY(apply_once(cli, false, &answer));
		more = any_gone(json_object_get(answer, "tables"));
		add_gone(total, answer);
	}
	*ret = STEAL(total);
	return OK;
}

// Tables of which nothing goes are left out, but for those that would if nothing held them.
static json_t *concerned(const json_t *tables)
{
	json_t *list = json_array(), *table;
	size_t i;

	json_array_foreach(tables, i, table) if (*json_word(table, "gone") ||
	                                         *json_word(table, "gone_count") || *json_word(table, "held"))
	        json_array_append(list, table);
	return list;
}

Err verb_retention_apply(Cli *cli)
{
	CLEANUP(json_decrefp_) json_t *answer = NULL;
	CLEANUP(json_decrefp_) json_t *shown = NULL;
	bool dry_run = cli_given(cli, OPT_DRY_RUN);

	TRY(apply_all(cli, dry_run, &answer));
	if (cli->format != FORMAT_TABLE)
		return print_json(cli, answer);
	put_words(json_object_get(answer, "tables"));
	shown = concerned(json_object_get(answer, "tables"));
	if (json_array_size(shown) == 0)
		puts("Nothing is older than what is kept; parley retention show tells how long that is.");
	TRY(print_table(cli, shown, GONE_COLUMNS));
	if (!json_is_true(json_object_get(answer, "complete")))
		puts(dry_run ? "\nThere is more than could be counted in this time."
		             : "\nNot everything went: HELD says why, or it goes with the next call.");
	if (dry_run)
		puts("\nNothing was changed.");
	return OK;
}
