#include "session/pending.h"

#include <stdlib.h>

static const size_t texts[] = {
        offsetof(PendingAction, id),
        offsetof(PendingAction, cause),
        offsetof(PendingAction, quoted.code),
        offsetof(PendingAction, quoted.facts.offer_code),
        offsetof(PendingAction, quoted.facts.rule),
        offsetof(PendingAction, quoted.facts.segment),
        offsetof(PendingAction, quoted.facts.point),
        offsetof(PendingAction, quoted.facts.zone),
        offsetof(PendingAction, quoted.facts.campaign),
        offsetof(PendingAction, quoted.facts.cell),
        offsetof(PendingAction, quoted.level),
        offsetof(PendingAction, quoted.audience_id),
};

static Str *text_of(const PendingAction *action, size_t i)
{
	return (Str *)(void *)((char *)action + texts[i]);
}

PendingAction *pending_new(const PendingAction *like)
{
	size_t size = sizeof *like;
	for (size_t i = 0; i < ARRAY_COUNT(texts); i++)
		size += text_of(like, i)->len;
	PendingAction *action = malloc(size);
	if (action == NULL)
		return NULL;
	*action = *like;
	char *free_space = (char *)(action + 1);
	for (size_t i = 0; i < ARRAY_COUNT(texts); i++) {
		Str *text = text_of(action, i);
		if (text->len > 0)
			memcpy(free_space, text->ptr, text->len);
		text->ptr = free_space;
		free_space += text->len;
	}
	return action;
}

void pending_add(PendingList *list, PendingAction *action)
{
	PendingAction **link = &list->first;
	while (*link != NULL && (*link)->due_us <= action->due_us)
		link = &(*link)->next;
	action->next = *link;
	*link = action;
	list->count++;
}

PendingAction *pending_take(PendingList *list, int64_t now_us)
{
	PendingAction *first = list->first;
	if (first == NULL || first->due_us > now_us)
		return NULL;
	list->first = first->next;
	list->count--;
	return first;
}

static bool find_again(PendingAction *action, const Plan *from, const Plan *to)
{
	const Parley__Snapshot__V1__Event *old = plan_snapshot(from)->events[action->event];
	int event = plan_event(to, str(old->name));
	if (event < 0)
		return false;
	const Parley__Snapshot__V1__Event *declared = plan_snapshot(to)->events[event];
	action->event = (uint32_t)event;
	return action->action < declared->n_actions &&
	       declared->actions[action->action]->kind == old->actions[action->action]->kind;
}

bool pending_follow(PendingList *list, const Plan *from, const Plan *to)
{
	bool dropped = false;
	for (PendingAction **link = &list->first; *link != NULL;) {
		PendingAction *action = *link;
		if (find_again(action, from, to)) {
			link = &action->next;
			continue;
		}
		*link = action->next;
		free(action);
		list->count--;
		dropped = true;
	}
	return dropped;
}

void pending_clear(PendingList *list)
{
	while (list->first != NULL) {
		PendingAction *next = list->first->next;
		free(list->first);
		list->first = next;
	}
	list->count = 0;
}
