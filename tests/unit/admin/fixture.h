// A design server in this process over a real PostgreSQL, and callers of every role. Requests and answers are
// JSON, so that a story reads as what a person would type.
#pragma once
#include "admin/admin.h"
#include "admin/connect_http.h"
#include "base/cleanup.h"
#include "lib/postgres.h"
#include "wire/json.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

typedef enum Who { ANONYMOUS, VIEWER, DESIGNER, OTHER_DESIGNER, QA, APPROVER, ADMINISTRATOR, WHO_COUNT } Who;

extern TestPostgres postgres;
extern Services services;
extern int grpc_port, http_port;
extern int64_t now_us; // what the server's clock says
extern bool http_is_ready;
#define PASSWORD "correct horse battery"

int fixture_start(void **state);
int fixture_stop(void **state);
// A clean slate: forgets all resources. For use as a test's set-up.
int fixture_clear(void **state);

// The token of a caller who is logged in.
const char *token_of(Who who);

// Calls "OfferService/GetOffer" with a request in JSON (single quotes serve as double ones). The answer's
// JSON is the caller's; NULL if the call failed, and then err_detail() says why. With a token instead of a
// role: ask_as.
json_t *ask(Who who, const char *method, const char *request, ...) __attribute__((format(printf, 3, 4)));
Err ask_as(const char *token, const char *method, const char *request, json_t **ret);
// The call must work; its answer is dropped.
void must(Who who, const char *method, const char *request, ...) __attribute__((format(printf, 3, 4)));
// The call must fail so, with `about` in the message, and at `field` unless that is NULL.
void must_fail(Err expected, const char *field, const char *about, Who who, const char *method,
        const char *request, ...) __attribute__((format(printf, 6, 7)));

// Makes a resource of a kind such as "Offer"; in channel bank, if the kind belongs to one. `fields` is what
// follows its name: "'code': 'GOLD'".
void make(const char *kind, const char *name, const char *fields);
// The same for one that is there already.
void change(const char *kind, const char *name, const char *fields);

// What is wrong with the fields of a resource that shall be made.
typedef struct Refusal {
	Err expected;
	const char *field; // below the resource
	const char *about; // a piece of the message
	const char *fields;
} Refusal;
// Each is refused so, and nothing is stored.
void must_refuse(const char *kind, const Refusal *rows, size_t count);
#define MUST_REFUSE(kind, rows) must_refuse((kind), (rows), ARRAY_COUNT(rows))

// The text at a path such as "offer.code" or "zones.0.name"; "" if there is none.
const char *text_at(const json_t *json, const char *path);
size_t count_at(const json_t *json, const char *path);
// One number from the database, as its owner.
int64_t sql_i64(const char *sql);
// Statements, as its owner.
void sql_script(const char *sql);

// A channel "bank" with the kinds that a first offer needs.
void make_bank(void);
// And with something of every other kind.
void make_whole_bank(void);
