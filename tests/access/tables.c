// Tables by logins. Each login tries each verb on each table by a statement that changes nothing, in a
// transaction that is rolled back: only whether PostgreSQL lets it run is asked. A cell's text has a letter a
// verb: Select, Insert, Update (with the columns, if only some), Delete, Truncate, eXecute, Create; "-" is
// none and "!" that the login cannot connect.
#include "access.h"

#include "base/cleanup.h"
#include "pg/pg.h"

#include <stdio.h>
#include <stdlib.h>

enum { LOGINS_MAX = 8, ROWS_MAX = 200, WAIT_MS = 20000, TEXT_MAX = 400 };

typedef struct Row {
	Str database, thing, cells[LOGINS_MAX];
	bool met;
} Row;

typedef struct Tables {
	const Options *options;
	Arena *arena;
	Score *score;
	Str logins[LOGINS_MAX];
	size_t login_count;
	Row rows[ROWS_MAX];
	size_t row_count;
	Pg *connections[LOGINS_MAX]; // to the database that is being looked at; NULL: refused
	Pg *superuser;
} Tables;

// --- what should be ---

static void read_rows(Tables *tables)
{
	Str text = text_of(tables->options->tables, tables->arena), words[LOGINS_MAX + 2];
	int count;

	while ((count = next_words(&text, words, LOGINS_MAX + 2)) >= 0) {
		Row *row = &tables->rows[tables->row_count];

		if (count == 0)
			continue;
		if (!tables->login_count) { // the first row names them
			tables->login_count = (size_t)count - 2;
			memcpy(tables->logins, &words[2], sizeof(Str) * tables->login_count);
			continue;
		}
		if ((size_t)count != tables->login_count + 2 || tables->row_count == ROWS_MAX)
			die("%s: a row is DATABASE THING and a cell for each login", tables->options->tables);
		*row = (Row){.database = words[0], .thing = words[1]};
		memcpy(row->cells, &words[2], sizeof(Str) * tables->login_count);
		tables->row_count++;
	}
}

// --- what is ---

static Pg *connect_as(const Tables *tables, Str database, Str login)
{
	Pg *pg = NULL;
	char conninfo[512];

	snprintf(conninfo, sizeof conninfo, "host=%s dbname=" STR_FMT " user=" STR_FMT,
	        tables->options->postgres, STR_ARG(database), STR_ARG(login));
	return pg_connect(conninfo, WAIT_MS, &pg) == OK ? pg : NULL;
}

// Whether it may; `fine` is an SQLSTATE that comes after the right was seen to.
static bool may(Pg *pg, const char *statement, const char *fine)
{
	if (pg_script(pg, WAIT_MS, "BEGIN READ WRITE") != OK)
		die("BEGIN: %s", err_detail()->message);
	Err failed = pg_script(pg, WAIT_MS, statement);
	bool denied = failed != OK && strcmp(pg_sqlstate(pg), "42501") == 0;
	if (failed != OK && !denied && strcmp(pg_sqlstate(pg), fine) != 0)
		die("%s: %s", statement, err_detail()->message);
	if (pg_script(pg, WAIT_MS, "ROLLBACK") != OK)
		die("ROLLBACK: %s", err_detail()->message);
	return !denied;
}

static void add_letter(char *text, bool there, const char *letter)
{
	size_t len = strlen(text);

	if (there)
		snprintf(text + len, TEXT_MAX - len, "%s", letter);
}

// "U", "U(column,…)" or nothing.
static void add_update(Pg *pg, const char *table, const PgResult *columns, char *text)
{
	char some[TEXT_MAX] = "", statement[TEXT_MAX];
	size_t count = 0;

	for (size_t i = 0; i < pg_rows(columns); i++) {
		Str column = pg_text(columns, i, 0);

		snprintf(statement, sizeof statement, "UPDATE %s SET \"" STR_FMT "\" = DEFAULT WHERE false",
		        table, STR_ARG(column));
		if (!may(pg, statement, ""))
			continue;
		snprintf(some + strlen(some), TEXT_MAX - strlen(some), "%s" STR_FMT, count++ ? "," : "",
		        STR_ARG(column));
	}
	add_letter(text, count > 0, "U");
	if (count == 0 || count == pg_rows(columns))
		return;
	add_letter(text, true, "(");
	add_letter(text, true, some);
	add_letter(text, true, ")");
}

// Views are written by nobody: what was granted is asked for, because not all can be.
static void look_at_view(Pg *pg, Str view, char *text)
{
	static const char *const verbs[][2] = {
	        {"SELECT", "S"}, {"INSERT", "I"}, {"UPDATE", "U"}, {"DELETE", "D"}};

	for (size_t i = 0; i < ARRAY_COUNT(verbs); i++) {
		CLEANUP(pg_result_freep) PgResult *answer = NULL;

		if (PG_QUERY(pg, WAIT_MS, &answer, "SELECT has_table_privilege(current_user, $1, $2)",
		            P_TEXT(view), P_CTEXT(verbs[i][0])) != OK)
			die("%s", err_detail()->message);
		add_letter(text, pg_bool(answer, 0, 0), verbs[i][1]);
	}
}

static void look_at_table(Tables *tables, Pg *pg, Str table, char *text)
{
	CLEANUP(pg_result_freep) PgResult *columns = NULL;
	char name[128], statement[TEXT_MAX];

	if (PG_QUERY(tables->superuser, WAIT_MS, &columns,
	            "SELECT attname FROM pg_attribute WHERE attrelid = ($1::text)::regclass AND attnum > 0"
	            " AND NOT attisdropped ORDER BY attidentity <> '', attnum",
	            P_TEXT(table)) != OK)
		die("%s", err_detail()->message);
	snprintf(name, sizeof name, "\"" STR_FMT "\"", STR_ARG(table));
	snprintf(statement, sizeof statement, "SELECT 1 FROM %s LIMIT 0", name);
	add_letter(text, may(pg, statement, ""), "S");
	snprintf(statement, sizeof statement, "INSERT INTO %s (\"" STR_FMT "\") SELECT NULL WHERE false",
	        name, STR_ARG(pg_text(columns, 0, 0)));
	add_letter(text, may(pg, statement, ""), "I");
	add_update(pg, name, columns, text);
	snprintf(statement, sizeof statement, "DELETE FROM %s WHERE false", name);
	add_letter(text, may(pg, statement, ""), "D");
	snprintf(statement, sizeof statement, "TRUNCATE %s", name);
	add_letter(text, may(pg, statement, "0A000"), "T"); // others refer to it
}

static void look_at_function(Pg *pg, Str function, char *text)
{
	CLEANUP(pg_result_freep) PgResult *answer = NULL;

	if (PG_QUERY(pg, WAIT_MS, &answer, "SELECT has_function_privilege(current_user, $1, 'EXECUTE')",
	            P_TEXT(function)) != OK)
		die("%s", err_detail()->message);
	add_letter(text, pg_bool(answer, 0, 0), "X");
}

static void look_at(Tables *tables, Pg *pg, Str kind, Str name, char *text)
{
	if (str_eq(kind, STR("function")))
		look_at_function(pg, name, text);
	else if (str_eq(kind, STR("schema")))
		add_letter(text, may(pg, "CREATE TABLE of_my_own (a int)", ""), "C");
	else if (str_eq(kind, STR("view")))
		look_at_view(pg, name, text);
	else
		look_at_table(tables, pg, name, text);
	if (!*text)
		add_letter(text, true, "-");
}

static Row *row_of(Tables *tables, Str database, Str thing)
{
	for (size_t i = 0; i < tables->row_count; i++)
		if (str_eq(tables->rows[i].database, database) && str_eq(tables->rows[i].thing, thing))
			return &tables->rows[i];
	return NULL;
}

static void try_thing(Tables *tables, Str database, Str kind, Str name, Str shown)
{
	Row *row = row_of(tables, database, shown);
	size_t wrong = tables->score->wrong;

	printf("       " STR_FMT "  %-30.*s ", STR_ARG(database), STR_ARG(shown));
	for (size_t i = 0; i < tables->login_count; i++) {
		char text[TEXT_MAX] = "";

		if (tables->connections[i])
			look_at(tables, tables->connections[i], kind, name, text);
		else
			add_letter(text, true, "!");
		printf(" %s", text);
		if (row && !str_eq(row->cells[i], str(text)))
			printf("[should be " STR_FMT "]", STR_ARG(row->cells[i]));
		tables->score->wrong += !row || !str_eq(row->cells[i], str(text));
		tables->score->right += row && str_eq(row->cells[i], str(text));
	}
	puts(!row ? "  WRONG: not in tables.txt" : tables->score->wrong == wrong ? "  right" : "  WRONG");
	if (row)
		row->met = true;
}

static const char things_sql[] =
        "SELECT kind, name, regexp_replace(name, '_[0-9]{4}_[0-9]{2}$', '_YYYY_MM') FROM ("
        " SELECT 'schema' AS kind, 'public' AS name"
        " UNION ALL SELECT CASE relkind WHEN 'v' THEN 'view' ELSE 'table' END, relname::text FROM pg_class"
        "  WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p', 'v')"
        " UNION ALL SELECT 'function', oid::regprocedure::text FROM pg_proc"
        "  WHERE pronamespace = 'public'::regnamespace AND prorettype <> 'trigger'::regtype"
        ") AS thing ORDER BY kind = 'function', kind <> 'schema', name";

static void try_database(Tables *tables, Str database)
{
	CLEANUP(pg_result_freep) PgResult *things = NULL;

	tables->superuser = connect_as(tables, database, STR("parley"));
	if (!tables->superuser || pg_query(tables->superuser, WAIT_MS, things_sql, NULL, 0, &things) != OK)
		die("%s", err_detail()->message);
	for (size_t i = 0; i < tables->login_count; i++)
		tables->connections[i] = connect_as(tables, database, tables->logins[i]);
	for (size_t i = 0; i < pg_rows(things); i++) {
		char *shown = arena_cstr(tables->arena, pg_text(things, i, 2));
		for (char *c = shown; *c; c++) // a word in the file
			*c = *c == ' ' ? '_' : *c;
		try_thing(tables, database, pg_text(things, i, 0), pg_text(things, i, 1), str(shown));
	}
	for (size_t i = 0; i < tables->login_count; i++)
		pg_close(tables->connections[i]);
	pg_close(tables->superuser);
}

void tables_matrix(const Options *options, Score *score)
{
	CLEANUP(arena_freep) Arena *arena = arena_new(1 << 16, 0);
	Tables *tables = ARENA_NEW(arena, Tables);

	*tables = (Tables){.options = options, .arena = arena, .score = score};
	read_rows(tables);
	for (size_t i = 0; i < tables->row_count; i++)
		if (i == 0 || !str_eq(tables->rows[i].database, tables->rows[i - 1].database))
			try_database(tables, tables->rows[i].database);
	for (size_t i = 0; i < tables->row_count; i++)
		score_add(score, tables->rows[i].met, "tables.txt has " STR_FMT ", which is nowhere",
		        STR_ARG(tables->rows[i].thing));
}
