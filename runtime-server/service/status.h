// What GetStatus and Steer tell of a channel.
#pragma once
#include "service/internal.h"

// Of a channel that there is; everything lives in the arena or as long as the Current. Error: NO_MEMORY.
Err status_channel(Current *current, Str channel, Arena *arena, ChannelStatus **ret);
