// The design server's database: a pool, transactions that are tried again on conflicts, migrations. SQL is in
// ../sql, embedded at build; a query named `offer_get` there is `sql_offer_get` here.
#pragma once
#include "audit/chain.h"
#include "pg/pg.h"

#include "sql.h" // generated: extern const char sql_NAME[];

typedef struct Store Store;

enum { STORE_TIMEOUT_MS = 10000 }; // of one statement

// Does not connect yet. NULL if memory is out. `conninfo` logs in as somebody who is, or may become,
// parley_design (see README.md).
Store *store_new(const char *conninfo, size_t connections);
// The same for another of the database's roles.
Store *store_new_as(const char *conninfo, const char *role, size_t connections);
#define STORE_ROLE        "parley_design"
#define STORE_ROLE_INGEST "parley_ingest"
void store_free(Store *store);
void store_pool(Store *store, PgPoolStatus *ret);

// Applies the migrations that the database lacks, as the role of `conninfo`, which owns all tables. Safe to
// run at any time and from several processes. Errors: MIGRATION_FAILED (also if one that ran was changed
// afterwards), DB_UNAVAILABLE.
Err store_migrate(const char *conninfo, int *ret_applied);
// Whether the database has exactly the schema that this program knows. Errors: MIGRATION_FAILED,
// DB_UNAVAILABLE.
Err store_check(Store *store);

// One unit of work on one connection; runs again from the start after a conflict, so it must set all that it
// sets anew.
typedef Err (*StoreWork)(Pg *pg, void *context);
// In a transaction (read committed), committed if the work is OK and rolled back otherwise. Tried up to five
// times while it ends in DB_CONFLICT. DB_UNAVAILABLE from the commit: whether it took effect is not known.
Err store_transact(Store *store, StoreWork work, void *context);
// The same work with all its effects checked, and then rolled back in any case.
Err store_rehearse(Store *store, StoreWork work, void *context);
// One statement, outside a transaction; not tried again.
Err store_run(Store *store, StoreWork work, void *context);
// In a transaction, read only, on one consistent view of all tables (repeatable read).
Err store_read(Store *store, StoreWork work, void *context);

// Runs the embedded query `name`: SQL_RUN(pg, &result, offer_get, P_TEXT(name)).
#define SQL_RUN(pg, ret, name, ...) PG_QUERY((pg), STORE_TIMEOUT_MS, (ret), sql_##name, __VA_ARGS__)

// Appends to the audit, in the transaction of the change that it tells: from here to its end no other one can
// append, so let it be near the end.
typedef AuditEntry Audit;
Err audit_write(Pg *pg, const Audit *audit);
// Where the audit stands: its newest entry.
Err audit_head(Pg *pg, AuditHead *ret);
// Keeps that an environment's timestamp (a DSSE envelope) says where the audit stood; again is harmless.
Err audit_checkpoint_add(Pg *pg, Str environment, const AuditHead *head, Str envelope, int64_t signed_us);
