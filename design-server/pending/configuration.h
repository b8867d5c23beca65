// Stored configurations: the exact resources that a snapshot is built from, kept for as long as it may be
// compared with, and which environment runs which. All functions work in a transaction of the caller's.
#pragma once
#include "admin/resource.h"
#include "snapshot/snapshot.h"

// The closed world of a channel: the channel, what belongs to it, and those global resources that it reaches.
typedef struct Collected {
	Str channel;
	Resource *
	        items; // by kind (as in `kinds`), then name; etag and times are set in some and not in others
	size_t count;
	int64_t *marks; // what chose them; none: the whole working configuration
	size_t mark_count;
} Collected;

// What a build of the channel is made of. Without a mark, with all of the channel marked, and if
// `environment`, the first of its line, runs nothing: the working configuration. Else what it runs, with the
// marked resources as they are now; without those that are marked and gone. To be read on one view of the
// database (store_read). Errors: RESOURCE_NOT_FOUND (no such channel), MARKS_INCOMPLETE (what is marked needs
// something that is not: the message has the commands that mark it).
Err configuration_collect(Pg *pg, Str channel, Str environment, Arena *arena, Collected *ret);
// The working configuration, whatever is marked. Error: RESOURCE_NOT_FOUND.
Err configuration_working(Pg *pg, Str channel, Arena *arena, Collected *ret);
// What a build was made of. Error: RESOURCE_NOT_FOUND.
Err configuration_of_build(Pg *pg, int64_t build, Arena *arena, Collected *ret);

// The resource of that kind and name, or NULL.
const Resource *configuration_find(const Collected *collected, const Kind *kind, Str name);
// All of a kind, one after the other.
const Resource *configuration_kind(const Collected *collected, const Kind *kind, size_t *ret_count);

// Keeps what the snapshot with that digest was built from. Keeping the same again gives the same build.
Err configuration_keep(Pg *pg, const Collected *collected, const Digest *digest, Str author, int64_t now_us,
        Arena *arena, int64_t *ret_build);
// From now on the environment runs that build of the channel (0: nothing). To be called for every deployment
// that is recorded, a promotion and a rollback with the build of the snapshot that it brings; also when the
// bytes are those that run already, because descriptions change no bytes.
Err configuration_deployed(Pg *pg, Str environment, Str channel, int64_t build, int64_t now_us);
// The deployment was undone: its environment runs again what it ran before.
Err configuration_returned(Pg *pg, int64_t deployment, int64_t now_us);
// Which build of the channel the environment runs; 0 if none is known.
Err configuration_running(Pg *pg, Str environment, Str channel, int64_t *ret_build);
// Ends the marks that the build was made for, and tells the audit. To be called when a deployment of the
// build to the first environment of a line is recorded.
Err marks_deployed(Pg *pg, Str channel, int64_t build, Str actor, int64_t now_us, Arena *arena);
