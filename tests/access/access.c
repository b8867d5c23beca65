// Both matrices of who may do what: methods of the servers by callers, tables of the databases by logins.
// Every cell is tried on servers and a PostgreSQL that are the real ones, and held against methods.txt and
// tables.txt.
#include "access.h"

#include "base/cleanup.h"
#include "base/file.h"
#include "rpc/rpc.h"

#include <stdio.h>
#include <stdlib.h>

enum { FILE_MAX = 1 << 20 };

void die(const char *fmt, ...)
{
	va_list arguments;

	va_start(arguments, fmt);
	vfprintf(stderr, fmt, arguments);
	va_end(arguments);
	fputc('\n', stderr);
	exit(2);
}

void score_add(Score *score, bool right, const char *fmt, ...)
{
	va_list arguments;

	score->right += right;
	score->wrong += !right;
	if (right)
		return;
	va_start(arguments, fmt);
	fputs("    WRONG  ", stdout);
	vprintf(fmt, arguments);
	va_end(arguments);
	putchar('\n');
}

Str text_of(const char *path, Arena *arena)
{
	Str text;

	if (file_read(path, FILE_MAX, arena, &text) != OK)
		die("%s", err_detail()->message);
	return text;
}

static Str next_line(Str *text)
{
	const char *end = memchr(text->ptr, '\n', text->len);
	size_t len = end ? (size_t)(end - text->ptr) : text->len;
	Str line = str_n(text->ptr, len);
	const char *remark = line.len ? memchr(line.ptr, '#', line.len) : NULL;

	*text = str_n(text->ptr + len + (end != NULL), text->len - len - (end != NULL));
	return remark ? str_n(line.ptr, (size_t)(remark - line.ptr)) : line;
}

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r';
}

int next_words(Str *text, Str *words, int max)
{
	Str line;
	int count = 0;

	if (!text->len)
		return -1;
	line = next_line(text);
	for (size_t i = 0; i < line.len && count < max;) {
		size_t begin;

		while (i < line.len && is_blank(line.ptr[i]))
			i++;
		begin = i;
		while (i < line.len && !is_blank(line.ptr[i]))
			i++;
		if (i > begin)
			words[count++] = str_n(line.ptr + begin, i - begin);
	}
	return count;
}

static void read_options(int argc, char **argv, Options *ret)
{
	const struct {
		const char *name;
		const char **value;
	} known[] = {
	        {"--design", &ret->design},
	        {"--runtime", &ret->runtime},
	        {"--ca", &ret->ca},
	        {"--password", &ret->password},
	        {"--keys", &ret->keys},
	        {"--tokens", &ret->tokens},
	        {"--methods", &ret->methods},
	        {"--tables", &ret->tables},
	        {"--postgres", &ret->postgres},
	};

	for (int i = 1; i + 1 < argc; i += 2)
		for (size_t k = 0; k < ARRAY_COUNT(known); k++)
			if (strcmp(argv[i], known[k].name) == 0)
				*known[k].value = argv[i + 1];
	for (size_t k = 0; k < ARRAY_COUNT(known); k++)
		if (!*known[k].value)
			die("%s is missing: this program is started by tests/access/run", known[k].name);
}

int main(int argc, char **argv)
{
	static Callers callers;
	CLEANUP(arena_freep) Arena *arena = arena_new(1 << 16, 0);
	Options options = {0};
	Score score = {0};

	read_options(argc, argv, &options);
	rpc_init();
	callers_open(&options, arena, &callers);
	methods_matrix(&options, &callers, &score);
	callers_close(&callers);
	rpc_shutdown();
	tables_matrix(&options, &score);
	printf("%zu cells right, %zu wrong\n", score.right, score.wrong);
	return score.wrong ? 1 : 0;
}
