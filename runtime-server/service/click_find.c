// A click comes with the name of an offer and nothing else that counts, so it can only lead where a snapshot
// that serves here, verified and signed, sends people: no part of a request ever becomes part of the answer's
// address. All channels are looked through, stable snapshots before candidates; a link does not say which one
// it is of.
#include "service/click_find.h"

// Whether an offer of the snapshot is the one meant; the first that is, or -1.
typedef int64_t (*FindOffer)(const void *what, const Deployed *deployed);

static const Snapshot *snapshot_of(const Deployed *deployed)
{
	return plan_snapshot(deployed_plan(deployed));
}

static bool is_offered(const Parley__Snapshot__V1__Offer *offer, int64_t now_us)
{
	return offer->published && (offer->effective_us == 0 || offer->effective_us <= now_us) &&
	       (offer->expires_us == 0 || now_us < offer->expires_us);
}

static ClickFound look(const Deployed *deployed, FindOffer find, const void *what, int64_t now_us,
        Arena *arena, ClickTarget *ret)
{
	int64_t index = deployed != NULL ? find(what, deployed) : -1;
	if (index < 0)
		return CLICK_UNKNOWN;
	const Parley__Snapshot__V1__Offer *offer = snapshot_of(deployed)->offers[index];
	if (!is_offered(offer, now_us))
		return CLICK_GONE;
	ret->channel = arena_cstr(arena, deployed_channel(deployed));
	ret->destination = arena_cstr(arena, str(offer->destination));
	return ret->channel != NULL && ret->destination != NULL ? CLICK_LEADS : CLICK_UNKNOWN;
}

static ClickFound look_everywhere(
        Service *service, FindOffer find, const void *what, int64_t now_us, Arena *arena, ClickTarget *ret)
{
	Current *current = service->options.current;
	ClickFound found = CLICK_UNKNOWN;
	size_t channels = current_count(current);
	for (size_t i = 0; i < channels && found != CLICK_LEADS; i++) {
		const Deployed *both[2];
		current_pin_both(current, i, both);
		for (size_t b = 0; b < ARRAY_COUNT(both); b++) {
			ClickFound here = found == CLICK_LEADS
			                          ? CLICK_UNKNOWN
			                          : look(both[b], find, what, now_us, arena, ret);
			found = here > found ? here : found;
			current_release(both[b]);
		}
	}
	return found;
}

// --- links ---

static int64_t find_link(const void *what, const Deployed *deployed)
{
	return links_find(deployed_prepared(deployed), ((const ClickLink *)what)->offer);
}

ClickFound click_find_link(Service *service, Str token, int64_t now_us, Arena *arena, ClickTarget *ret)
{
	const ServiceLinks *links = service->options.links;
	ClickLink link;
	if (links == NULL || !link_click_read(&links->keys, token, &link))
		return CLICK_UNKNOWN;
	ret->id = arena_cstr(arena, str(link.treatment_code));
	if (ret->id == NULL)
		return CLICK_UNKNOWN;
	if (now_us / US_PER_S >= link.expires_s)
		return CLICK_GONE;
	// Its MAC is right: an offer that is nowhere now was somewhere once.
	ClickFound found = look_everywhere(service, find_link, &link, now_us, arena, ret);
	return found == CLICK_UNKNOWN ? CLICK_GONE : found;
}

// --- source codes ---

typedef struct Source {
	const LinkKeys *keys;
	char code[LINK_SOURCE_CHARS + 1];
} Source;

static int64_t find_source(const void *what, const Deployed *deployed)
{
	const Source *source = what;
	const Prepared *prepared = deployed_prepared(deployed);
	const Snapshot *snapshot = snapshot_of(deployed);
	for (size_t i = 0; i < prepared->link_count; i++) {
		const PreparedLink *link = &prepared->links[i];
		if (link_source_may_be(source->code, link->offer) &&
		        link_source_holds(source->keys, source->code, str(snapshot->channel),
		                str(snapshot->offers[link->index]->code)))
			return (int64_t)link->index;
	}
	return -1;
}

ClickFound click_find_source(Service *service, Str text, int64_t now_us, Arena *arena, ClickTarget *ret)
{
	const ServiceLinks *links = service->options.links;
	Source source;
	if (links == NULL || !link_source_normalize(text, source.code))
		return CLICK_UNKNOWN;
	source.keys = &links->keys;
	ret->id = arena_printf(arena, "%.4s-%.4s-%.4s", source.code, source.code + 4, source.code + 8);
	return ret->id != NULL ? look_everywhere(service, find_source, &source, now_us, arena, ret)
	                       : CLICK_UNKNOWN;
}

const char *click_source_code(Service *service, const char *text, Arena *arena)
{
	ClickTarget target = {0};
	ClickFound found = click_find_source(service, str(text), wall_now(service), arena, &target);
	return found != CLICK_UNKNOWN ? target.id : text;
}
