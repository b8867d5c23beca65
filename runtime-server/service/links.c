#include "service/links.h"

#include <stdlib.h>

Linking links_begin(const Service *service, int64_t now_us)
{
	const ServiceLinks *links = service->options.links;
	return (Linking){links, links != NULL ? (now_us + links->age_us) / US_PER_S : 0};
}

Str links_write(const Linking *linking, const PreparedOffer *offer, const char *treatment_code,
        char space[LINK_URL_MAX])
{
	const ServiceLinks *links = linking->links;
	if (links == NULL || offer->link == 0 || *treatment_code == '\0')
		return STR("");
	memcpy(space, links->prefix.ptr, links->prefix.len);
	Str code = str_n(treatment_code, TREATMENT_CODE_SIZE - 1);
	if (!link_click_write(&links->keys, code, offer->link, linking->expires_s, space + links->prefix.len))
		return STR("");
	return str_n(space, links->prefix.len + LINK_TOKEN_CHARS);
}

static int by_ref(const void *a, const void *b)
{
	const PreparedLink *left = a, *right = b;
	return (left->offer > right->offer) - (left->offer < right->offer);
}

Err links_prepare(const Snapshot *snapshot, Arena *arena, PreparedOffer *offers, Prepared *prepared)
{
	_Static_assert(LINK_TREATMENT_CHARS == TREATMENT_CODE_SIZE - 1, "links hold whole treatment codes");
	PreparedLink *links = ARENA_ARRAY(arena, PreparedLink, snapshot->n_offers + 1);
	if (links == NULL)
		return err(ERR_NO_MEMORY, "no memory to make the snapshot ready");
	for (uint32_t i = 0; i < snapshot->n_offers; i++) {
		if (!link_destination_fine(str(snapshot->offers[i]->destination)))
			continue; // it leads nowhere, or was never checked
		offers[i].link = link_offer_ref(str(snapshot->channel), str(snapshot->offers[i]->code));
		links[prepared->link_count++] = (PreparedLink){offers[i].link, i};
	}
	qsort(links, prepared->link_count, sizeof *links, by_ref);
	prepared->links = links;
	return OK;
}

int64_t links_find(const Prepared *prepared, uint64_t offer)
{
	const PreparedLink wanted = {.offer = offer};
	const PreparedLink *found =
	        bsearch(&wanted, prepared->links, prepared->link_count, sizeof wanted, by_ref);
	return found != NULL ? (int64_t)found->index : -1;
}
