// The forms of names. They are narrow on purpose: a name is also part of paths, columns of tables on a
// terminal and addresses of the admin API.
#include "snapshot/internal.h"

enum { NAME_MAX_LEN = 63, CODE_MAX_LEN = 64 };

static bool is_lower(char c)
{
	return c >= 'a' && c <= 'z';
}

static bool is_letter(char c)
{
	return is_lower(c) || (c >= 'A' && c <= 'Z');
}

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

bool name_is_plain(Str name)
{
	if (name.len == 0 || name.len > NAME_MAX_LEN || !is_lower(name.ptr[0]))
		return false;
	for (size_t i = 1; i < name.len; i++) {
		char c = name.ptr[i];
		if (!is_lower(c) && !is_digit(c) && c != '-' && c != '_')
			return false;
	}
	return true;
}

bool name_is_identifier(Str name)
{
	if (name.len == 0 || name.len > NAME_MAX_LEN || is_digit(name.ptr[0]))
		return false;
	for (size_t i = 0; i < name.len; i++) {
		char c = name.ptr[i];
		if (!is_letter(c) && !is_digit(c) && c != '_')
			return false;
	}
	return true;
}

bool name_is_code(Str name)
{
	if (name.len == 0 || name.len > CODE_MAX_LEN)
		return false;
	for (size_t i = 0; i < name.len; i++) {
		char c = name.ptr[i];
		if (!is_letter(c) && !is_digit(c) && c != '-' && c != '_')
			return false;
	}
	return true;
}

bool name_is_login(Str name)
{
	if (name.len == 0 || name.len > NAME_MAX_LEN || !is_lower(name.ptr[0]))
		return false;
	for (size_t i = 1; i < name.len; i++) {
		char c = name.ptr[i];
		if (!is_lower(c) && !is_digit(c) && (!c || !strchr(".-_@", c)))
			return false;
	}
	return true;
}
