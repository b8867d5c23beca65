// What is to be told with the next answer although nobody asked for it. Texts are bounded, and cut between
// one thing and the next; a text for which there is no memory is left out.
#include "session/session.h"

#include <stdio.h>
#include <stdlib.h>

static const char more[] = "; and more";
enum { TEXT_SIZE = SESSION_NOTE_TEXT + sizeof more };

static char **place(Session *session, unsigned note)
{
	return &session->note_texts[note == SESSION_NOTE_FAILED ? 0 : 1];
}

// As many whole things of a list with "; " between them as there is room for.
static Str cut(Str text, size_t room)
{
	size_t len = text.len;
	if (len <= room)
		return text;
	for (len = room; len > 0 && text.ptr[len] != ';'; len--)
		;
	return str_n(text.ptr, len);
}

void session_note(Session *session, unsigned note, Str text)
{
	session->notes |= note;
	if (text.len == 0)
		return;
	char **held = place(session, note);
	if (*held == NULL)
		*held = calloc(1, TEXT_SIZE);
	if (*held == NULL)
		return;
	size_t len = strlen(*held);
	const char *between = len > 0 ? "; " : "";
	size_t used = len + strlen(between);
	Str fits = cut(text, used < SESSION_NOTE_TEXT ? SESSION_NOTE_TEXT - used : 0);
	if (len > SESSION_NOTE_TEXT || (fits.len == 0 && len == 0))
		return; // there is more already, or one thing alone is too long
	if (fits.len > 0)
		len += (size_t)snprintf(*held + len, TEXT_SIZE - len, "%s" STR_FMT, between, STR_ARG(fits));
	if (fits.len < text.len)
		memcpy(*held + len, more, sizeof more);
}

const char *session_note_text(const Session *session, unsigned note)
{
	const char *text = *place((Session *)(uintptr_t)session, note);
	return text != NULL ? text : "";
}

void session_forget_notes(Session *session)
{
	if (session->notes == 0) // then there are no texts either
		return;
	session->notes = 0;
	for (size_t i = 0; i < SESSION_NOTE_TEXTS; i++) {
		free(session->note_texts[i]);
		session->note_texts[i] = NULL;
	}
}
