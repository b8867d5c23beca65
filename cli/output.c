// Tables are sized by what a terminal shows, not by bytes; the last column is not padded, so that lines end
// where their text does.
#include "output.h"

#include "csv.h"
#include "table_fit.h"

#include <wchar.h>

enum { NAMES_MAX = 3, PLAIN_MAX = 16, DIGEST_DIGITS = 12 };

size_t text_width(Str text)
{
	mbstate_t state = {0};
	size_t width = 0;

	while (text.len) {
		wchar_t wide;
		size_t bytes = mbrtowc(&wide, text.ptr, text.len, &state);
		int columns;

		if (bytes == 0 || bytes > text.len)
			return width + text.len; // not text in this locale: a byte a column
		columns = wcwidth(wide);
		width += columns > 0 ? (size_t)columns : 0;
		text = str_n(text.ptr + bytes, text.len - bytes);
	}
	return width;
}

Str text_printable(Arena *arena, Str text)
{
	char *copy = arena_cstr(arena, text);

	for (size_t i = 0; i < text.len; i++) {
		unsigned char c = (unsigned char)copy[i], next = (unsigned char)copy[i + 1];

		if (c < 0x20 || c == 0x7f)
			copy[i] = ' ';
		else if (c == 0xc2 && next >= 0x80 && next < 0xa0) // U+0080 to U+009F
			copy[i] = copy[i + 1] = ' ';
	}
	return str_n(copy, text.len);
}

// Cut to that many columns of a terminal on a character's border.
static Str cell_cut(Arena *arena, Str text, size_t width)
{
	size_t len = text.len;

	if (text_width(text) <= width)
		return text;
	while (len &&
	        (text_width(str_n(text.ptr, len)) >= width || ((unsigned char)text.ptr[len] & 0xc0) == 0x80))
		len--;
	return str(arena_printf(arena, "%.*s…", (int)len, text.ptr));
}

static const json_t *value_at(const json_t *item, Str path)
{
	while (path.len && item) {
		const char *dot = memchr(path.ptr, '.', path.len);
		size_t len = dot ? (size_t)(dot - path.ptr) : path.len;

		item = json_object_getn(item, path.ptr, len);
		path = dot ? str_n(dot + 1, path.len - len - 1) : (Str){0};
	}
	return item;
}

// "2026-01-31T08:00:00.123456Z" to "2026-01-31 08:00:00"; anything else as it is.
static Str time_short(Arena *arena, Str text)
{
	char *copy;

	if (text.len < 20 || text.len > 27 || text.ptr[4] != '-' || text.ptr[10] != 'T' ||
	        text.ptr[text.len - 1] != 'Z')
		return text;
	copy = arena_cstr(arena, str_n(text.ptr, 19));
	copy[10] = ' ';
	return str_n(copy, 19);
}

// The first of a SHA-256's hex digits say which one it is; JSON and YAML have them all.
static Str digest_short(Str text)
{
	uint8_t bytes[32];

	return hex_decode(text, bytes, sizeof bytes) ? str_n(text.ptr, DIGEST_DIGITS) : text;
}

static Err cell_text(Cli *cli, const json_t *json, Str *ret);

// What a thing in a list is called.
static const json_t *called(const json_t *thing)
{
	static const char *const names[] = {"name", "code", "kind"};
	const json_t *word = NULL;

	for (size_t i = 0; !word && i < ARRAY_COUNT(names); i++)
		word = json_object_get(thing, names[i]);
	return word;
}

// Some plain items and the names of a few things are listed; more are counted.
static Err list_text(Cli *cli, const json_t *list, Str *ret)
{
	const char *joined = "";
	const json_t *item;
	size_t i;

	json_array_foreach(list, i, item)
	{
		const json_t *word = json_is_object(item) ? called(item) : item;
		size_t most = word == item ? PLAIN_MAX : NAMES_MAX;
		Str text;

		if (!word || json_is_array(word) || json_array_size(list) > most) {
			*ret = str(arena_printf(cli->arena, "%zu", json_array_size(list)));
			return OK;
		}
		TRY(cell_text(cli, word, &text));
		joined = arena_printf(cli->arena, "%s%s" STR_FMT, joined, i ? "," : "", STR_ARG(text));
	}
	*ret = str(joined);
	return OK;
}

static Err cell_text(Cli *cli, const json_t *json, Str *ret)
{
	*ret = (Str){0};
	if (!json || json_is_null(json))
		return OK;
	if (json_is_array(json))
		return list_text(cli, json, ret);
	if (!json_is_string(json))
		return json_text(json, false, cli->arena, ret);
	*ret = text_printable(cli->arena, str_n(json_string_value(json), json_string_length(json)));
	*ret = digest_short(time_short(cli->arena, *ret));
	return OK;
}

static void print_padded(Str text, size_t width, bool last)
{
	size_t taken = text_width(text);

	printf(STR_FMT, STR_ARG(text));
	for (; !last && taken < width + 2; taken++)
		putchar(' ');
}

static void print_row(const TableColumn *columns, const Str *cells, size_t count)
{
	size_t last = 0;

	for (size_t i = 0; i < count; i++)
		last = columns[i].used && cells[i].len ? i : last;
	for (size_t i = 0; i <= last; i++)
		if (columns[i].used)
			print_padded(cells[i], columns[i].width, i == last);
	putchar('\n');
}

static void print_titles(const TableColumn *columns, size_t count)
{
	Str titles[COLUMNS_MAX];
	bool bold = cli_colour(stdout);

	for (size_t i = 0; i < count; i++)
		titles[i] = columns[i].title;
	fputs(bold ? "\033[1m" : "", stdout);
	print_row(columns, titles, count);
	fputs(bold ? "\033[0m" : "", stdout);
}

// All cells, row by row; the columns learn how wide they are.
static Err read_cells(Cli *cli, const json_t *items, TableColumn *columns, size_t count, Str *cells)
{
	for (size_t row = 0; row < json_array_size(items); row++) {
		for (size_t i = 0; i < count; i++) {
			Str *cell = &cells[row * count + i];
			size_t width;

			TRY(cell_text(cli, value_at(json_array_get(items, row), columns[i].path), cell));
			width = text_width(*cell);
			columns[i].used = columns[i].used || width || i == 0;
			columns[i].width = width > columns[i].width ? width : columns[i].width;
		}
	}
	return OK;
}

// What is not shown is said beneath the table, and how to see it.
static const char *fit(Cli *cli, TableColumn *columns, size_t count)
{
	TableColumn whole[COLUMNS_MAX];
	size_t room = cli->wide ? 0 : table_room();
	const char *left = "";
	bool shortened = false;

	memcpy(whole, columns, count * sizeof *columns);
	if (room)
		table_fit(columns, count, room);
	for (size_t i = 0; i < count; i++) {
		if (whole[i].used && !columns[i].used)
			left = arena_printf(cli->arena, "%s%s" STR_FMT, left, *left ? ", " : "",
			        STR_ARG(columns[i].title));
		shortened = shortened || (columns[i].used && columns[i].width < whole[i].width);
	}
	if (*left)
		return arena_printf(cli->arena, "no room for %s: -o wide shows all", left);
	return shortened ? "shortened to fit: -o wide shows all" : NULL;
}

Err print_table(Cli *cli, const json_t *items, const char *columns_text)
{
	TableColumn columns[COLUMNS_MAX];
	size_t count = table_columns(columns_text, columns), rows = json_array_size(items);
	Str *cells = ARENA_ARRAY(cli->arena, Str, rows * count + 1);
	const char *note;

	if (!cells)
		return err(ERR_NO_MEMORY, "no memory for a table of %zu rows; ask for fewer", rows);
	TRY(read_cells(cli, items, columns, count, cells));
	note = fit(cli, columns, count);
	for (size_t i = 0; i < rows * count; i++)
		cells[i] = cell_cut(cli->arena, cells[i], columns[i % count].width);
	if (rows)
		print_titles(columns, count);
	for (size_t row = 0; row < rows; row++)
		print_row(columns, &cells[row * count], count);
	if (note) {
		fflush(stdout);
		fprintf(stderr, "%s\n", note);
	}
	return OK;
}

static Err csv_cell(Cli *cli, const json_t *json, Str *ret)
{
	*ret = (Str){0};
	if (json_is_string(json))
		*ret = str_n(json_string_value(json), json_string_length(json));
	else if (json && !json_is_null(json))
		TRY(json_text(json, false, cli->arena, ret));
	return OK;
}

Err print_csv(Cli *cli, const json_t *items, const char *columns_text)
{
	TableColumn columns[COLUMNS_MAX];
	size_t count = table_columns(columns_text, columns);

	for (size_t i = 0; i < count && !cli_given(cli, OPT_NO_HEADER); i++) {
		csv_write_field(stdout, ',', columns[i].path);
		putchar(i + 1 < count ? ',' : '\n');
	}
	for (size_t row = 0; row < json_array_size(items); row++) {
		for (size_t i = 0; i < count; i++) {
			Str cell;

			TRY(csv_cell(cli, value_at(json_array_get(items, row), columns[i].path), &cell));
			csv_write_field(stdout, ',', cell);
			putchar(i + 1 < count ? ',' : '\n');
		}
	}
	return OK;
}

Err print_json(Cli *cli, const json_t *json)
{
	Str text;

	if (cli->format == FORMAT_YAML)
		TRY(json_to_yaml(json, cli->arena, &text));
	else
		TRY(json_text(json, true, cli->arena, &text));
	printf(STR_FMT "%s", STR_ARG(text), cli->format == FORMAT_YAML ? "" : "\n");
	return OK;
}

Err print_items(Cli *cli, const json_t *items, const char *columns)
{
	if (cli->format == FORMAT_TABLE && json_array_size(items) == 0)
		fputs("nothing found\n", stderr);
	if (cli->format == FORMAT_TABLE)
		return print_table(cli, items, columns);
	if (cli->format == FORMAT_CSV)
		return print_csv(cli, items, columns);
	if (cli->format == FORMAT_JSON)
		return print_json(cli, items);
	for (size_t i = 0; i < json_array_size(items); i++) {
		fputs(i ? "---\n" : "", stdout);
		TRY(print_json(cli, json_array_get(items, i)));
	}
	return OK;
}

Err print_one(Cli *cli, const json_t *item)
{
	size_t width = 0;
	const char *key;
	json_t *value;

	if (cli->format != FORMAT_TABLE)
		return print_json(cli, item);
	json_object_foreach((json_t *)(uintptr_t)item, key, value) width =
	        strlen(key) > width ? strlen(key) : width;
	json_object_foreach((json_t *)(uintptr_t)item, key, value)
	{
		Str text;

		TRY(cell_text(cli, value, &text));
		printf("%-*s  " STR_FMT "\n", (int)width, key, STR_ARG(text));
	}
	return OK;
}
