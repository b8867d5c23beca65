// Offer against offer as a table whose cells are the darker the more often an answer moves.
#pragma once
#include <jansson.h>
#include <stdio.h>

// `matrix`: {before: {after: times}}. The offers that move most stand by name, the rest together.
void plan_html_matrix(FILE *out, const json_t *matrix);
