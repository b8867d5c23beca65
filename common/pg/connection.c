// A connection and its waits. libpq is used in its nonblocking mode throughout and every wait is a poll with
// a deadline, because a PostgreSQL that accepts and then hangs must cost a caller its time-out and not its
// thread.
#include "base/cleanup.h"
#include "base/clock.h"
#include "internal.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>

// How long a cancelled statement may take to end before the connection is given up.
enum { CANCEL_GRACE_MS = 2000 };

int64_t deadline_in(int timeout_ms)
{
	return monotonic_us() + (int64_t)timeout_ms * US_PER_MS;
}

// Waits until the socket can do `events` (POLLIN, POLLOUT). False when the deadline has passed.
static bool wait_socket(const Pg *pg, short events, int64_t deadline)
{
	for (;;) {
		int64_t left = deadline - monotonic_us();
		if (left < 0)
			left = 0;
		int64_t left_ms = (left + US_PER_MS - 1) / US_PER_MS;
		struct pollfd fd = {.fd = PQsocket(pg->conn), .events = events};
		int n = poll(&fd, 1, left_ms > INT32_MAX ? INT32_MAX : (int)left_ms);
		if (n > 0)
			return true;
		if (n == 0 && monotonic_us() >= deadline)
			return false;
		if (n < 0 && errno != EINTR)
			return true; // the next libpq call reports what is wrong with the socket
	}
}

// libpq's messages end in a newline and may have several lines; the first says it.
static int first_line(const char *message)
{
	return (int)strcspn(message, "\n");
}

Err lose(Pg *pg, const char *what)
{
	const char *message = PQerrorMessage(pg->conn);
	pg->lost = true;
	pg->copy.active = false;
	return err_retry(ERR_DB_UNAVAILABLE, 1000, "%s: %.*s", what, first_line(message), message);
}

Err flush_out(Pg *pg, int64_t deadline)
{
	for (;;) {
		int left = PQflush(pg->conn);
		if (left < 0)
			return lose(pg, "the connection to PostgreSQL was lost while sending");
		if (left == 0)
			return OK;
		if (!wait_socket(pg, POLLIN | POLLOUT, deadline))
			return err(ERR_TIMEOUT, "PostgreSQL did not take a statement in time");
		if (!PQconsumeInput(pg->conn))
			return lose(pg, "the connection to PostgreSQL was lost while sending");
	}
}

static Err cancel(Pg *pg)
{
	char text[256] = "";
	PGcancel *request = PQgetCancel(pg->conn);
	int sent = request ? PQcancel(request, text, sizeof(text)) : 0;
	PQfreeCancel(request);
	if (sent)
		return OK;
	pg->lost = true;
	return err(ERR_TIMEOUT, "a statement took too long and could not be cancelled: %.*s",
	        first_line(text), text);
}

// Waits until the next result can be taken without blocking; cancels once when the deadline passes.
static Err wait_result(Pg *pg, int64_t *deadline, bool *cancelled)
{
	while (PQisBusy(pg->conn)) {
		if (!wait_socket(pg, POLLIN, *deadline)) {
			if (*cancelled) {
				pg->lost = true;
				return err(ERR_TIMEOUT,
				        "a statement took too long and did not end when cancelled");
			}
			TRY(cancel(pg));
			*cancelled = true;
			*deadline = deadline_in(CANCEL_GRACE_MS);
			continue;
		}
		if (!PQconsumeInput(pg->conn))
			return lose(pg, "the connection to PostgreSQL was lost");
	}
	return OK;
}

static bool is_failure(const PGresult *result)
{
	ExecStatusType status = PQresultStatus(result);
	return status == PGRES_FATAL_ERROR || status == PGRES_BAD_RESPONSE;
}

Err collect(Pg *pg, int64_t deadline, PGresult **ret)
{
	bool cancelled = false;
	*ret = NULL;
	for (;;) {
		TRY(wait_result(pg, &deadline, &cancelled));
		PGresult *next = PQgetResult(pg->conn);
		if (!next)
			break;
		if (*ret && is_failure(*ret)) {
			PQclear(next);
			continue;
		}
		PQclear(*ret);
		*ret = next;
		ExecStatusType status = PQresultStatus(next);
		if (status == PGRES_COPY_IN || status == PGRES_COPY_OUT)
			break;
	}
	if (PQstatus(pg->conn) != CONNECTION_OK)
		return lose(pg, "the connection to PostgreSQL was lost");
	return OK;
}

static Err poll_connect(Pg *pg, int64_t deadline)
{
	PostgresPollingStatusType state = PGRES_POLLING_WRITING;
	while (state != PGRES_POLLING_OK) {
		if (state == PGRES_POLLING_FAILED)
			return lose(pg, "cannot connect to PostgreSQL");
		short events = state == PGRES_POLLING_READING ? POLLIN : POLLOUT;
		if (!wait_socket(pg, events, deadline)) {
			pg->lost = true;
			return err_retry(ERR_DB_UNAVAILABLE, 1000,
			        "cannot connect to PostgreSQL: no answer in time; see whether it runs and is "
			        "reachable");
		}
		state = PQconnectPoll(pg->conn);
	}
	return OK;
}

static void ignore_notice(void *context, const PGresult *notice)
{
	(void)context;
	(void)notice;
}

// Reading relies on these forms; what the server or the role has as defaults must not change them.
static const char session_settings[] = "SET datestyle = 'ISO'; SET timezone = 'UTC'; SET bytea_output = "
                                       "'hex'; SET standard_conforming_strings = on";

Err pg_connect(const char *conninfo, int timeout_ms, Pg **ret)
{
	int64_t deadline = deadline_in(timeout_ms);
	CLEANUP(pg_closep) Pg *pg = calloc(1, sizeof(*pg));
	if (!pg)
		return err(ERR_NO_MEMORY, "no memory for a database connection");
	// Defaults first: what conninfo says wins. They bound how long a vanished peer can hold a socket.
	const char *names[] = {"tcp_user_timeout", "keepalives_idle", "client_encoding", "dbname", NULL};
	const char *values[] = {"10000", "30", "UTF8", conninfo, NULL};
	pg->conn = PQconnectStartParams(names, values, 1);
	if (!pg->conn)
		return err(ERR_NO_MEMORY, "no memory for a database connection");
	if (PQstatus(pg->conn) == CONNECTION_BAD)
		return lose(pg, "cannot connect to PostgreSQL");
	PQsetNoticeReceiver(pg->conn, ignore_notice, NULL);
	TRY(poll_connect(pg, deadline));
	if (PQsetnonblocking(pg->conn, 1) != 0)
		return lose(pg, "cannot connect to PostgreSQL");
	int left_ms = (int)((deadline - monotonic_us()) / US_PER_MS);
	if (pg_script(pg, left_ms > 0 ? left_ms : 0, session_settings) != OK)
		return lose(pg, "cannot set up a PostgreSQL session");
	*ret = STEAL(pg);
	return OK;
}

void pg_close(Pg *pg)
{
	if (!pg)
		return;
	PQfinish(pg->conn);
	free(pg->params.ptr);
	free(pg->copy.out.ptr);
	free(pg);
}

bool pg_alive(const Pg *pg)
{
	return !pg->lost && PQstatus(pg->conn) == CONNECTION_OK;
}

bool pg_in_transaction(const Pg *pg)
{
	return PQtransactionStatus(pg->conn) != PQTRANS_IDLE;
}

const char *pg_sqlstate(const Pg *pg)
{
	return pg->sqlstate;
}
