// A small shop's configuration, as an administrator's resources; every part can be changed to break it.
#pragma once
#include "compile/compile.h"

typedef struct Shop {
	Configuration in;
	Parley__Design__V1__Channel channel;
	Parley__Design__V1__AudienceLevel customer, visitor;
	Parley__Design__V1__ProfileAttribute age, tier, joined, page;
	Parley__Design__V1__AudienceKey customer_id, cookie;
	Parley__Design__V1__Zone front, checkout;
	Parley__Design__V1__InteractionPoint banner, basket;
	Parley__Design__V1__Event shown;
	Parley__Design__V1__Segment adults, gold;
	Parley__Design__V1__OfferTemplate coupon;
	Parley__Design__V1__TemplateAttribute percent, text;
	Parley__Design__V1__Offer ten, twenty, unused;
	Parley__Design__V1__OfferAttribute ten_percent, twenty_percent, twenty_text;
	Parley__Design__V1__TreatmentRule adults_ten, gold_twenty;
	// What the lists above point to.
	const void *lists[8][4];
	void *parts[8][4];
	Parley__Design__V1__EventAction action, *actions[1];
	Parley__Design__V1__Literal literals[5];
	Google__Protobuf__Timestamp moments[2];
} Shop;

void shop_make(Shop *shop);
// Turns every list around: another order, the same configuration.
void shop_reverse(Shop *shop);
