// A private PostgreSQL for C tests, by postgres.sh. It ends with the test's process at the latest. Start it
// before threads.
#pragma once

typedef struct TestPostgres {
	char dir[256];
	char conninfo[320]; // a superuser's
} TestPostgres;

// Prints why and exits with 1 if it cannot be started.
void test_postgres_start(TestPostgres *postgres);
void test_postgres_stop(TestPostgres *postgres);
// Stops it as a crash would, and starts it again with its data.
void test_postgres_halt(TestPostgres *postgres);
void test_postgres_resume(TestPostgres *postgres);
