// A visitor who asks again, with nothing changed, is answered from memory (decide/lasting.h).
#pragma once
#include "decide/receipt.h"
#include "service/internal.h"

// What the session's visitor is answered; false: it is to be decided. The receipt has visitor and request.
bool repeat_decision(
        const Service *service, const Session *session, const Receipt *receipt, Arena *arena, Decision *ret);
// Remembers what was decided, if it lasts.
void repeat_remember(
        const Service *service, Session *session, const Receipt *receipt, const Decision *decision);
