// What the program's files share. A cell is one caller (or database login) with one thing that it tries; it
// is right if it was let in or refused as the checked-in file says.
#pragma once
#include "malformed/client.h"

#include "base/error.h"

// What the program is told: all of it by tests/access/run.
typedef struct Options {
	const char *design, *runtime, *ca;
	const char *password; // file; of all users
	const char *keys;     // folder of certificates
	const char *tokens;   // folder of the touchpoints' tokens
	const char *methods, *tables;
	const char *postgres; // socket folder
} Options;

typedef struct Score {
	size_t right, wrong;
} Score;

// Counts the cell; prints it if it is wrong.
void score_add(Score *score, bool right, const char *fmt, ...) __attribute__((format(printf, 3, 4)));
_Noreturn void die(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
// A file's text.
Str text_of(const char *path, Arena *arena);
// The next line of `text` without what follows a "#", cut into at most `max` words; their number, and -1 at
// the end.
int next_words(Str *text, Str *words, int max);

// --- callers.c ---

// In whose shoes a call is made.
typedef enum CallerKind {
	CALLER_NONE,
	CALLER_WRONG,
	CALLER_USER,
	CALLER_CERTIFICATE,
	CALLER_TOKEN
} CallerKind;

typedef struct Caller {
	Credential credential;
	CallerKind kind;
	const char *role;        // viewer …, runtime, touchpoint, design, operator; NULL: none
	const char *environment; // of the role; "*": all
} Caller;

enum { CALLERS_MAX = 40 };
typedef struct Callers {
	Caller items[CALLERS_MAX];
	size_t count;
} Callers;

// Opens a connection for each, of users by signing in.
void callers_open(const Options *options, Arena *arena, Callers *ret);
void callers_close(Callers *callers);

// --- methods.c, tables.c ---
void methods_matrix(const Options *options, const Callers *callers, Score *score);
void tables_matrix(const Options *options, Score *score);
