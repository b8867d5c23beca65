// The migrations runner. Forward only and checksummed: what has run is history, and a file that was edited
// afterwards is refused, because two databases with the same migration names must have the same schema.
#include "base/cleanup.h"
#include "store/store.h"

#include <sodium.h>

enum {
	CONNECT_TIMEOUT_MS = 10000,
	LOCK_TIMEOUT_MS = 60000,
	MIGRATION_TIMEOUT_MS = 600000,
};

// Any number of our own; only one runner works at a time.
#define LOCK_SQL "SELECT pg_advisory_lock(7105118264)"

// The roles are the cluster's, and another database's runner may make them at the same moment.
static const char prepare_sql[] =
        "DO $$ DECLARE role text; BEGIN"
        "  FOREACH role IN ARRAY ARRAY['parley_design', 'parley_ingest', 'parley_reader'] LOOP"
        "    BEGIN"
        "      IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = role) THEN"
        "        EXECUTE format('CREATE ROLE %I LOGIN', role);"
        "      END IF;"
        "    EXCEPTION WHEN unique_violation OR duplicate_object THEN NULL;"
        "    END;"
        "  END LOOP;"
        "  IF NOT pg_has_role('parley_design', 'MEMBER') THEN"
        "    GRANT parley_design TO CURRENT_USER;"
        "  END IF;"
        "EXCEPTION WHEN unique_violation OR duplicate_object THEN NULL;"
        "END $$;"
        "DO $$ BEGIN"
        "  IF to_regclass('schema_migration') IS NULL THEN"
        "    CREATE TABLE schema_migration (name text PRIMARY KEY, checksum bytea NOT NULL,"
        "      applied timestamptz NOT NULL DEFAULT now());"
        "    COMMENT ON TABLE schema_migration IS 'The migrations that this database has had';"
        "    COMMENT ON COLUMN schema_migration.name IS 'File name';"
        "    COMMENT ON COLUMN schema_migration.checksum IS 'SHA-256 of the file';"
        "    COMMENT ON COLUMN schema_migration.applied IS 'When it ran';"
        "    GRANT SELECT ON schema_migration TO parley_design;"
        "  END IF;"
        "END $$";

static void checksum(const SqlMigration *migration, uint8_t digest[crypto_hash_sha256_BYTES])
{
	crypto_hash_sha256(digest, (const uint8_t *)migration->sql, strlen(migration->sql));
}

// Compares what ran with what this program has; *ret_applied is how many of its migrations ran.
static Err compare(const PgResult *applied, size_t *ret_applied)
{
	CLEANUP(arena_freep) Arena *arena = arena_new(4096, 0);
	size_t count = pg_rows(applied);
	for (size_t i = 0; i < count; i++) {
		Str name = pg_text(applied, i, 0), ran = pg_bytes(applied, i, 1, arena);
		if (i >= sql_migration_count || !str_eq(name, str(sql_migrations[i].name)))
			return err(ERR_MIGRATION_FAILED,
			        "the database has migration " STR_FMT
			        ", which this program does not know at this place: "
			        "use the program version that fits the database",
			        STR_ARG(name));
		uint8_t mine[crypto_hash_sha256_BYTES];
		checksum(&sql_migrations[i], mine);
		if (!str_eq(ran, str_n((const char *)mine, sizeof(mine))))
			return err(ERR_MIGRATION_FAILED,
			        "migration " STR_FMT
			        " was changed after it ran here: restore its file, and put the change "
			        "into a new migration",
			        STR_ARG(name));
	}
	*ret_applied = count;
	return OK;
}

static Err record(Pg *pg, const SqlMigration *migration)
{
	uint8_t digest[crypto_hash_sha256_BYTES];
	checksum(migration, digest);
	return SQL_RUN(pg, NULL, migration_record, P_CTEXT(migration->name),
	        P_BYTES(str_n((const char *)digest, sizeof(digest))));
}

static Err apply(Pg *pg, const SqlMigration *migration)
{
	TRY(pg_script(pg, STORE_TIMEOUT_MS, "BEGIN"));
	Err failed = pg_script(pg, MIGRATION_TIMEOUT_MS, migration->sql);
	if (failed == OK)
		failed = record(pg, migration);
	if (failed == OK)
		failed = pg_script(pg, STORE_TIMEOUT_MS, "COMMIT");
	if (failed == OK || failed == ERR_DB_UNAVAILABLE)
		return failed;
	return err(ERR_MIGRATION_FAILED, "%s: %s", migration->name, err_detail()->message);
}

Err store_migrate(const char *conninfo, int *ret_applied)
{
	CLEANUP(pg_closep) Pg *pg = NULL;
	CLEANUP(pg_result_freep) PgResult *applied = NULL;
	size_t known = 0;
	TRY(pg_connect(conninfo, CONNECT_TIMEOUT_MS, &pg));
	TRY(pg_script(pg, LOCK_TIMEOUT_MS, LOCK_SQL)); // held until the connection closes
	TRY(pg_script(pg, STORE_TIMEOUT_MS, prepare_sql));
	TRY(pg_query(pg, STORE_TIMEOUT_MS, sql_migration_list, NULL, 0, &applied));
	TRY(compare(applied, &known));
	for (size_t i = known; i < sql_migration_count; i++)
		TRY(apply(pg, &sql_migrations[i]));
	*ret_applied = (int)(sql_migration_count - known);
	return OK;
}

static Err check_schema(Pg *pg, void *context)
{
	CLEANUP(pg_result_freep) PgResult *applied = NULL;
	size_t known = 0;
	(void)context;
	TRY(pg_query(pg, STORE_TIMEOUT_MS, sql_migration_list, NULL, 0, &applied));
	TRY(compare(applied, &known));
	if (known < sql_migration_count)
		return err(ERR_MIGRATION_FAILED,
		        "the database lacks %zu migrations: run \"parley-design migrate\" first",
		        sql_migration_count - known);
	return OK;
}

Err store_check(Store *store)
{
	Err failed = store_read(store, check_schema, NULL);
	if (failed != ERR_DB_FAILED)
		return failed;
	// No role, no table, no right to read it: a database that was never migrated.
	return err(ERR_MIGRATION_FAILED,
	        "the database is not set up (%s): run \"parley-design migrate\" first",
	        err_detail()->message);
}
