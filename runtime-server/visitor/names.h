// Texts that state refers to by number: offers by channel and code, audience levels by channel and name.
// Found without a lock, added under one, never removed in a life; they come from verified snapshots and from
// what those left in the journal.
#pragma once
#include "base/error.h"
#include "visitor/counts.h"

enum { NAMES_MAX = 1 << 20 };

// What has been counted of an offer on this server. One half is counted in, the other is empty or, after a
// cut (internal.h), stands still.
typedef struct OfferCounts {
	Counts contacts[2], accepts[2]; // by half
} OfferCounts;

typedef struct Name {
	struct Name *next;
	uint64_t hash; // the same in every life
	uint32_t id;   // 0, 1, 2 … in this life
	uint32_t channel_len, len;
	_Atomic(OfferCounts *) counts; // of an offer; NULL: never counted
	char text[];                   // the channel, then the name
} Name;

typedef struct Names Names;

// Finding is quickest while there are no more names than expected. NULL if memory is out.
Names *names_new(size_t expected);
void names_free(Names *names);
// Errors: NO_MEMORY, LIMIT.
Err names_add(Names *names, Str channel, Str text, Name **ret);
Name *names_at(const Names *names, uint32_t id);
uint32_t names_count(const Names *names);
// The counts of an offer, made if there are none. NULL if memory is out.
OfferCounts *name_counts(Name *name);

static inline Str name_channel(const Name *name)
{
	return (Str){name->text, name->channel_len};
}

static inline Str name_text(const Name *name)
{
	return (Str){name->text + name->channel_len, name->len};
}
