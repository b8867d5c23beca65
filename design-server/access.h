// Who may call what. Every method of the design server has a row in access_table.h; a method without one is
// open to nobody, and the server does not start with one, nor with a row that no method has. What a row asks
// is checked twice: before the request's body is parsed (may this caller call it at all?), and, for methods
// that are about one environment, when the request has told which. Both checks are made for all methods in
// one place, so that no handler can forget them.
#pragma once
#include "base/error.h"
#include "base/str.h"

#include <protobuf-c/protobuf-c.h>

struct Principal; // services.h
struct RpcServer;

// Sets of callers are bits. A user's roles are not a ladder: none contains another.
typedef enum Callers {
	CALLER_VIEWER = 1 << 0,
	CALLER_DESIGNER = 1 << 1,
	CALLER_QA = 1 << 2,
	CALLER_APPROVER = 1 << 3,
	CALLER_ADMINISTRATOR = 1 << 4,
	CALLER_SIGNED_IN = 1 << 5, // every user, whatever roles
	CALLER_RUNTIME = 1 << 6,   // a runtime server by its certificate, in its own environment
	CALLER_ANYONE = 1 << 7,    // also who shows nothing
	// The sets that the table uses.
	CALLERS_ANYONE = CALLER_ANYONE,
	CALLERS_SIGNED_IN = CALLER_SIGNED_IN,
	CALLERS_RUNTIMES = CALLER_RUNTIME,
	CALLERS_READERS =
	        CALLER_VIEWER | CALLER_DESIGNER | CALLER_QA | CALLER_APPROVER | CALLER_ADMINISTRATOR,
	CALLERS_DESIGNERS = CALLER_DESIGNER | CALLER_ADMINISTRATOR,
	CALLERS_TESTERS = CALLER_QA | CALLER_ADMINISTRATOR,
	CALLERS_DESIGNERS_TESTERS = CALLER_DESIGNER | CALLER_QA | CALLER_ADMINISTRATOR,
	CALLERS_APPROVERS = CALLER_APPROVER, // a personal act: no administrator's
	CALLERS_APPROVERS_ADMINISTRATORS = CALLER_APPROVER | CALLER_ADMINISTRATOR,
	CALLERS_ADMINISTRATORS = CALLER_ADMINISTRATOR,
} Callers;

// For which environments the caller must have the role.
typedef enum AccessScope {
	SCOPE_OWN,         // none: it is about the caller alone
	SCOPE_SHARED,      // any: it reads what all environments share
	SCOPE_GLOBAL,      // all: it changes what all environments share
	SCOPE_ENVIRONMENT, // the one in the request's field `environment`; all, if that is empty
} AccessScope;

typedef struct AccessRow {
	const char *path; // "/parley.design.v1.OfferService/GetOffer"
	unsigned callers;
	AccessScope scope;
} AccessRow;

extern const AccessRow access_rows[];
extern const size_t access_row_count;

// The row of a method; NULL if it has none.
const AccessRow *access_find(Str path);
// Whether the caller has one of the roles in the environment; in all of them if it is empty or "*".
bool access_has(const struct Principal *who, unsigned callers, Str environment);
// The same as an error that says what is missing and whom to ask; `what` begins it, such as "promoting". For
// what a handler has to ask beyond its method's row. Error: PERMISSION_DENIED.
Err access_require(const struct Principal *who, unsigned callers, Str environment, const char *what);
// Before the body is parsed: whether the caller might call this method, in whatever environment. `row` may be
// NULL. Error: PERMISSION_DENIED.
Err access_method(const AccessRow *row, const struct Principal *who, Str path);
// When it is parsed: whether in the environment that it names. Error: PERMISSION_DENIED.
Err access_request(const AccessRow *row, const struct Principal *who, const ProtobufCMessage *request);
// That the table and the server's methods are the same. Error: INTERNAL, naming the method.
Err access_check(const struct RpcServer *server);
