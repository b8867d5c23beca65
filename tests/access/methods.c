// Methods by callers. A caller who is refused must be refused with a body that no server can read: then
// nobody has read it. One who is let in must hear that the body is broken. Methods of an environment are also
// called with a sound request about the caller's environment, about another one, and about all.
#include "access.h"

#include "base/cleanup.h"

#include <grpc/slice.h>
#include <stdio.h>
#include <stdlib.h>

enum { WORDS_MAX = 12, ROWS_MAX = 400, TIMEOUT_MS = 30000, BODY_MAX = 128 };

typedef struct Row {
	ServerIndex server;
	Str method; // "OfferService/GetOffer"
	Str scope;  // of the design server: own, shared, global, environment
	Str who[WORDS_MAX];
	int who_count;
	bool met; // there is such a method
} Row;

typedef struct Matrix {
	const Callers *callers;
	Methods methods;
	Row rows[ROWS_MAX];
	size_t row_count;
	grpc_completion_queue *queue;
	Request request;
	Score *score;
} Matrix;

// --- what should be ---

static void read_rows(Matrix *matrix, const char *path, Arena *arena)
{
	Str text = text_of(path, arena), words[WORDS_MAX];
	int count;

	while ((count = next_words(&text, words, WORDS_MAX)) >= 0) {
		Row *row = &matrix->rows[matrix->row_count];

		if (count == 0)
			continue;
		if (count < 4 || matrix->row_count == ROWS_MAX)
			die("%s: a row is SERVER SERVICE/METHOD SCOPE WHO …", path);
		*row = (Row){.server = str_eq(words[0], STR("design")) ? DESIGN : RUNTIME,
		        .method = words[1],
		        .scope = words[2],
		        .who_count = count - 3};
		memcpy(row->who, &words[3], sizeof(Str) * (size_t)row->who_count);
		matrix->row_count++;
	}
}

static Row *row_of(Matrix *matrix, const Method *method)
{
	for (size_t i = 0; i < matrix->row_count; i++) {
		Row *row = &matrix->rows[i];

		if (row->server == method->server && str_ends(str(method->path), row->method) &&
		        strchr("/.", method->path[strlen(method->path) - row->method.len - 1]))
			return row;
	}
	return NULL;
}

static bool names(const Row *row, const char *who)
{
	for (int i = 0; who && i < row->who_count; i++)
		if (str_eq(row->who[i], str(who)))
			return true;
	return false;
}

static bool is_everywhere(const Caller *caller)
{
	return caller->environment && strcmp(caller->environment, "*") == 0;
}

// What a broken body must be answered with.
static grpc_status_code expected(const Row *row, const Caller *caller)
{
	bool may = names(row, caller->role),
	     here = !caller->environment || strcmp(caller->environment, "test") == 0;

	if (names(row, "anyone"))
		return GRPC_STATUS_INVALID_ARGUMENT;
	if (caller->kind == CALLER_NONE || caller->kind == CALLER_WRONG)
		return GRPC_STATUS_UNAUTHENTICATED;
	if (caller->kind == CALLER_TOKEN && !here)
		return GRPC_STATUS_UNAUTHENTICATED; // of another place, where it is known
	if (caller->kind == CALLER_USER)
		may = names(row, "signed-in") ||
		      (may && (is_everywhere(caller) || !str_eq(row->scope, STR("global"))));
	else if (row->server == RUNTIME)
		may = may && here;
	return may ? GRPC_STATUS_INVALID_ARGUMENT : GRPC_STATUS_PERMISSION_DENIED;
}

// --- what is ---

static grpc_status_code call(Matrix *matrix, Method *method, const Caller *caller, Str body)
{
	Request *request = &matrix->request;
	grpc_status_code code;

	request->method = method;
	request->credential = &caller->credential;
	request->body = (Body){.bytes = body};
	request_send(request, matrix->queue, TIMEOUT_MS);
	grpc_completion_queue_next(matrix->queue, gpr_inf_future(GPR_CLOCK_MONOTONIC), NULL);
	code = request->code;
	request_done(request);
	return code;
}

static void try_broken(Matrix *matrix, const Row *row, Method *method, const Caller *caller)
{
	grpc_status_code want = expected(row, caller), got = call(matrix, method, caller, STR("\xff"));

	score_add(matrix->score, got == want, "%s by %s with a broken body: status %d, should be %d",
	        method->path, caller->credential.name, (int)got, (int)want);
}

// A request about an environment, by somebody who is who he says, on a channel that is nowhere.
static Str about(const Method *method, const char *environment, char body[BODY_MAX])
{
	const struct {
		const char *field, *value;
	} said[] = {{"environment", environment}, {"channel", "nowhere"}, {"runtime_id", "runtime-1"}};
	size_t at = 0;
	bool fits = false;

	for (size_t i = 0; i < method->input->n_field; i++)
		for (size_t k = 0; k < ARRAY_COUNT(said); k++) {
			const Google__Protobuf__FieldDescriptorProto *field = method->input->field[i];
			size_t len = strlen(said[k].value);

			if (strcmp(field->name, said[k].field) != 0 || field->number > 15)
				continue;
			fits |= k == 0;
			body[at] = (char)(field->number << 3 | 2);
			body[at + 1] = (char)len;
			memcpy(body + at + 2, said[k].value, len);
			at += len ? len + 2 : 0;
		}
	if (!fits)
		die("%s is of an environment, and its request names none", method->path);
	return str_n(body, at);
}

// Let in it may fail otherwise, for it asks for nothing that could succeed.
static void try_environments(Matrix *matrix, const Row *row, Method *method, const Caller *caller)
{
	static const char *const environments[] = {"test", "staging", ""};
	char body[BODY_MAX];

	for (size_t i = 0; i < ARRAY_COUNT(environments); i++) {
		const char *where = environments[i];
		bool may = names(row, caller->role) &&
		           (is_everywhere(caller) || strcmp(caller->environment, where) == 0);
		grpc_status_code got = call(matrix, method, caller, about(method, where, body));
		bool denied = got == GRPC_STATUS_PERMISSION_DENIED;

		// Deploying to an environment that is promoted to is an administrator's: its handler asks.
		if (str_eq(row->method, STR("DeploymentService/Deploy")) && strcmp(where, "staging") == 0)
			may = may && strcmp(caller->role, "administrator") == 0;
		score_add(matrix->score, denied != may && got != GRPC_STATUS_UNAUTHENTICATED,
		        "%s of %s by %s: status %d", method->path, *where ? where : "all",
		        caller->credential.name, (int)got);
	}
}

static bool is_for_environments(const Row *row, const Caller *caller)
{
	return str_eq(row->scope, STR("environment")) && caller->environment &&
	       (caller->kind == CALLER_USER || names(row, caller->role));
}

static void try_method(Matrix *matrix, Method *method)
{
	Row *row = row_of(matrix, method);
	size_t wrong = matrix->score->wrong, right = matrix->score->right;

	score_add(matrix->score, row != NULL, "%s is not in methods.txt", method->path);
	if (!row)
		return;
	row->met = true;
	for (size_t i = 0; i < matrix->callers->count; i++) {
		const Caller *caller = &matrix->callers->items[i];

		if (caller->credential.server != method->server)
			continue;
		try_broken(matrix, row, method, caller);
		if (is_for_environments(row, caller))
			try_environments(matrix, row, method, caller);
	}
	printf("%-5s  %-7s  %-44s  " STR_FMT "  %zu cells\n",
	        matrix->score->wrong == wrong ? "right" : "WRONG",
	        method->server == DESIGN ? "design" : "runtime", strrchr(method->path, '.') + 1,
	        STR_ARG(row->scope), matrix->score->right + matrix->score->wrong - right - wrong);
}

void methods_matrix(const Options *options, const Callers *callers, Score *score)
{
	CLEANUP(arena_freep) Arena *arena = arena_new(1 << 16, 0);
	Matrix *matrix = ARENA_NEW(arena, Matrix);

	matrix->callers = callers;
	matrix->score = score;
	matrix->queue = grpc_completion_queue_create_for_next(NULL);
	matrix->request.arena = arena_new(1 << 12, 0);
	read_rows(matrix, options->methods, arena);
	methods_find(arena, &matrix->methods);
	for (size_t i = 0; i < matrix->methods.count; i++)
		try_method(matrix, &matrix->methods.items[i]);
	for (size_t i = 0; i < matrix->row_count; i++)
		score_add(score, matrix->rows[i].met, "methods.txt has " STR_FMT ", which is no method",
		        STR_ARG(matrix->rows[i].method));
	arena_free(matrix->request.arena);
	grpc_completion_queue_shutdown(matrix->queue);
	grpc_completion_queue_destroy(matrix->queue);
}
