// HTML in which text cannot become markup: what stands in a format is markup, what is put into it is text and
// escaped. So whoever writes markup from others' texts would have to do so on purpose.
#pragma once
#include <stdio.h>

// Takes %s (text; NULL is empty), %lld (a number, digits in groups), %d, and %.Nf.
void html_put(FILE *out, const char *format, ...) __attribute__((format(printf, 2, 3)));
