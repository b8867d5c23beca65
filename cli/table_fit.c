// Columns are left out before any is shortened, because half a code is of no use to anybody: it cannot be
// copied. What stays, stays in its order, so that a table looks alike on every terminal.
#include "table_fit.h"

#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

// A cell as wide as a moment or a code is never shortened.
enum { CELL_MAX = 60, CELL_LEAST = 20, GAP = 2 };

size_t table_columns(const char *text, TableColumn columns[COLUMNS_MAX])
{
	size_t count = 0;

	while (*text && count < COLUMNS_MAX) {
		size_t len = strcspn(text, " "), title = strcspn(text, ":"), path = strcspn(text, " /");

		columns[count] = (TableColumn){
		        .title = str_n(text, title), .path = str_n(text + title + 1, path - title - 1)};
		columns[count].turn = text[path] == '/' ? atoi(text + path + 1) : 0;
		columns[count].width = title;
		count++;
		text += len + (text[len] == ' ');
	}
	return count;
}

size_t table_room(void)
{
	const char *told = getenv("COLUMNS");
	int64_t columns = 0;
	struct winsize size = {0};

	if (!isatty(STDOUT_FILENO))
		return 0;
	if (told && str_to_i64(str(told), &columns) && columns > 0)
		return (size_t)columns;
	return ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 ? size.ws_col : 0;
}

static size_t shown(const TableColumn *column)
{
	return column->width < CELL_MAX ? column->width : CELL_MAX;
}

// The widest that is still long enough to be shortened; NULL: none is.
static TableColumn *widest(TableColumn *columns, size_t count)
{
	TableColumn *found = NULL;

	for (size_t i = 0; i < count; i++)
		if (columns[i].used && columns[i].width > CELL_LEAST &&
		        (!found || columns[i].width > found->width))
			found = &columns[i];
	return found;
}

// Takes what is most important as long as there is room for it. A wide column may find none where a narrow
// one that matters less does. Returns the width of a row.
static size_t choose(TableColumn *columns, size_t count, size_t room)
{
	size_t taken = 0;
	int most = 0;

	for (size_t i = 0; i < count; i++)
		most = columns[i].turn > most ? columns[i].turn : most;
	for (int turn = 0; turn <= most; turn++) {
		for (size_t i = 0; i < count; i++) {
			size_t more = shown(&columns[i]) + (taken ? GAP : 0);

			if (!columns[i].used || columns[i].turn != turn)
				continue;
			columns[i].used = !turn || taken + more <= room;
			taken += columns[i].used ? more : 0;
		}
	}
	return taken;
}

void table_fit(TableColumn *columns, size_t count, size_t room)
{
	size_t whole = 0, taken;
	TableColumn *column;

	for (size_t i = 0; i < count; i++)
		whole += columns[i].used ? columns[i].width + (whole ? GAP : 0) : 0;
	if (whole <= room)
		return;
	taken = choose(columns, count, room);
	for (size_t i = 0; i < count; i++) {
		size_t width = shown(&columns[i]), more = columns[i].width - width;

		more = taken >= room ? 0 : more < room - taken ? more : room - taken;
		taken += columns[i].used ? more : 0;
		columns[i].width = width + more;
	}
	for (; taken > room && (column = widest(columns, count)) != NULL; taken--)
		column->width--;
}
