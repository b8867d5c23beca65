// Files as the durability rules want them: read whole with a limit; write beside, fsync, rename, fsync the
// folder.
#pragma once
#include "base/arena.h"
#include "base/error.h"

// The whole file, with a NUL behind it that `len` does not count. Errors: IO; LIMIT if it is longer than
// `max` bytes (reading stops at max + 1).
Err file_read(const char *path, size_t max, Arena *arena, Str *ret);
// Durable, atomic replacement: after OK either the old or the new content survives a crash, never a mixture.
Err file_write_durable(const char *path, Str content, unsigned mode);
// fsync of a folder, so that renames and removals in it are durable.
Err dir_sync(const char *path);
// For CLEANUP: closes it unless it is -1.
void fd_closep(int *fd);
// mkdir -p.
Err dir_make(const char *path, unsigned mode);
// "dir/name"; an absolute name stands alone.
char *path_join(Arena *arena, Str dir, Str name);
