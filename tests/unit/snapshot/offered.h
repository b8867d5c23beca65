// A deployment on offer: in production version 3 of channel bank serves, and version 4 comes. By its root the
// builder and two of anna, ben and carl must have signed; dora is the author.
#pragma once
#include "world/seal.h"

enum { BUILDER = 1, STRANGER = 9 };
#define TYPE         STR(SNAPSHOT_PAYLOAD_TYPE)
#define NUMBERS(...) ((const uint8_t[]){__VA_ARGS__, 0})
#define SIGNERS      NUMBERS(BUILDER, TEST_ANNA, TEST_BEN)

typedef struct Fixture {
	Arena *arena;
	Str blob, payload, envelope;
	Manifest *manifest;     // version 4
	Digest digest, serving; // of version 4 and of version 3
	Place place;
	PlaceState state;
	TrustRoot root;
} Fixture;

int offered_set_up(void **state);
int offered_tear_down(void **state);

// Another root in the place of the first.
void trust(Fixture *f, const Root *root);
Err verify(Fixture *f, Str envelope);
// That an envelope is refused with this error, and that the message has this part.
void refused(Fixture *f, Str envelope, Err id, const char *part);
// The same of the manifest as it is now, signed as it should be.
void resealed(Fixture *f, Err id, const char *part);
Str sealed(Fixture *f);
// The payload as it was, signed by these keys.
Str signed_by(Fixture *f, const uint8_t *numbers);
Str envelope_of(Fixture *f, Str type, Signature *const *signatures, size_t count);
char *offered_at(Str bytes, size_t index);
