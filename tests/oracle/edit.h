// What the files of edits share. Every edit takes a case and a place and makes the case smaller there.
#pragma once
#include "case.h"

typedef EditResult (*EditAt)(World *world, Visit *visit, uint32_t at);

// Takes item `at` out of an array.
#define EDIT_REMOVE(items, count, at)                                                                        \
	do {                                                                                                 \
		(count)--;                                                                                   \
		for (size_t i_ = (at); i_ < (count); i_++)                                                   \
			(items)[i_] = (items)[i_ + 1];                                                       \
	} while (0)

// Objects that others refer to (edit_objects.c).
EditResult edit_offer(World *world, Visit *visit, uint32_t at);
EditResult edit_segment(World *world, Visit *visit, uint32_t at);
EditResult edit_audience_list(World *world, Visit *visit, uint32_t at);
EditResult edit_offer_list(World *world, Visit *visit, uint32_t at);
EditResult edit_campaign(World *world, Visit *visit, uint32_t at);
EditResult edit_cell(World *world, Visit *visit, uint32_t at);
EditResult edit_point(World *world, Visit *visit, uint32_t at);
EditResult edit_zone(World *world, Visit *visit, uint32_t at);
EditResult edit_flow(World *world, Visit *visit, uint32_t at);
EditResult edit_flow_step(World *world, Visit *visit, uint32_t at);
EditResult edit_flow_branch(World *world, Visit *visit, uint32_t at);

// Expressions (edit_formula.c).
EditResult edit_formula_drop(World *world, Visit *visit, uint32_t at);
EditResult edit_formula_hoist(World *world, Visit *visit, uint32_t at);
EditResult edit_formula_literal(World *world, Visit *visit, uint32_t at);
size_t formula_nodes(World *world);
