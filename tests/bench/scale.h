// Tables of how the engine's cost, memory and building time grow with rules, offers, segments and lists.
#pragma once

void scale_tables(void);
