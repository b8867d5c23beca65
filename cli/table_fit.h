// Which columns of a table a terminal has room for, and how wide they are there.
#pragma once
#include "base/str.h"

enum { COLUMNS_MAX = 32 };

typedef struct TableColumn {
	Str title, path;
	size_t width; // of its widest cell, the title among them; table_fit may make it less
	int turn;     // those with the highest number are left out first; 0: never
	bool used;    // it has a value; table_fit ends that for those which it leaves out
} TableColumn;

// Reads what print_table is given; returns how many.
size_t table_columns(const char *text, TableColumn columns[COLUMNS_MAX]);
// How many columns standard output's terminal shows, or $COLUMNS says; 0: it is no terminal, or it does not
// say.
size_t table_room(void);
// Makes a row as wide as `room` at most, if it can be done: by leaving out what may be left out, the least
// important first, and if that is not enough by shortening what is widest.
void table_fit(TableColumn *columns, size_t count, size_t room);
