// Opening, closing and telling.
#include "visitor/keeper.h"

#include "base/cleanup.h"
#include "base/file.h"

#include <stdio.h>
#include <stdlib.h>

enum {
	DEFAULT_VISITORS = 2000000,
	DEFAULT_FACTS = 256,
	FACTS_LEAST = 8,
	DEFAULT_TREATMENTS = 64 << 20,
	DEFAULT_OFFERS = 1 << 15,
	PLACES = 64, // audience levels of all channels, as many as most servers have
	TREATMENTS_LEAST = 1 << 20,
};
static const int64_t US_PER_DAY = 86400 * US_PER_S;

static Err fill_options(Visitors *visitors, const VisitorsOptions *options)
{
	visitors->options = *options;
	VisitorsOptions *o = &visitors->options;
	o->max_visitors = o->max_visitors ? o->max_visitors : DEFAULT_VISITORS;
	o->max_facts = o->max_facts ? o->max_facts : DEFAULT_FACTS;
	o->retention_us = o->retention_us ? o->retention_us : 400 * US_PER_DAY;
	o->treatment_bytes = o->treatment_bytes ? o->treatment_bytes : DEFAULT_TREATMENTS;
	o->treatment_age_us = o->treatment_age_us ? o->treatment_age_us : TREATMENT_AGE_DAYS * US_PER_DAY;
	o->checkpoint_us = o->checkpoint_us ? o->checkpoint_us : 300 * US_PER_S;
	if (o->max_facts < FACTS_LEAST || o->max_facts > DECIDE_FACTS_MAX)
		return err(ERR_CONFIG_INVALID, "a visitor has %d to %d facts at most", FACTS_LEAST,
		        DECIDE_FACTS_MAX);
	if (o->treatment_bytes < TREATMENTS_LEAST)
		return err(ERR_CONFIG_INVALID, "treatments take %d bytes at least", TREATMENTS_LEAST);
	snprintf(visitors->dir, sizeof visitors->dir, "%s", options->dir);
	o->dir = visitors->dir;
	visitors->seed = o->hash_seed;
	visitors->shard_most = (o->max_visitors + VISITOR_SHARDS - 1) / VISITOR_SHARDS;
	visitors->treatment_most = o->treatment_bytes / (o->alone ? 1 : TREATMENT_SHARDS) & ~(size_t)7;
	return OK;
}

void visitors_clear(Visitors *visitors)
{
	for (size_t i = 0; i < VISITOR_SHARDS; i++)
		shard_clear(&visitors->shards[i]);
	for (size_t i = 0; i < TREATMENT_SHARDS; i++)
		treatments_clear(&visitors->treatments[i]);
	for (uint32_t i = 0, count = names_count(visitors->offers); i < count; i++) {
		OfferCounts *counts = atomic_load(&names_at(visitors->offers, i)->counts);
		if (counts != NULL)
			memset(counts, 0, sizeof *counts);
	}
	atomic_store(&visitors->dropped, 0);
	atomic_store(&visitors->forgotten, 0);
	visitors->seed = visitors->options.hash_seed;
}

void visitors_free(Visitors *visitors)
{
	if (visitors->offers != NULL)
		visitors_clear(visitors);
	for (size_t i = 0; i < VISITOR_SHARDS; i++)
		pthread_mutex_destroy(&visitors->shards[i].lock);
	for (size_t i = 0; i < TREATMENT_SHARDS; i++)
		pthread_mutex_destroy(&visitors->treatments[i].lock);
	pthread_mutex_destroy(&visitors->cutting);
	pthread_mutex_destroy(&visitors->viewing);
	names_free(visitors->offers);
	names_free(visitors->places);
	free(visitors->views);
	free(visitors->recent);
	free(visitors);
}

static void visitors_freep(Visitors **visitors)
{
	if (*visitors != NULL)
		visitors_free(*visitors);
}

static Visitors *visitors_alloc(size_t offers)
{
	Visitors *visitors = aligned_alloc(_Alignof(Visitors), sizeof *visitors);
	if (visitors == NULL)
		return NULL;
	memset(visitors, 0, sizeof *visitors);
	// Read only where it has been written.
	visitors->recent = malloc(VISITOR_SHARDS * sizeof *visitors->recent);
	for (size_t i = 0; i < VISITOR_SHARDS; i++) {
		pthread_mutex_init(&visitors->shards[i].lock, NULL);
		visitors->shards[i].recent = visitors->recent != NULL ? visitors->recent[i] : NULL;
	}
	for (size_t i = 0; i < TREATMENT_SHARDS; i++)
		pthread_mutex_init(&visitors->treatments[i].lock, NULL);
	pthread_mutex_init(&visitors->cutting, NULL);
	pthread_mutex_init(&visitors->viewing, NULL);
	visitors->offers = names_new(offers);
	visitors->places = names_new(PLACES);
	return visitors;
}

Err visitors_new(const VisitorsOptions *options, Visitors **ret)
{
	CLEANUP(visitors_freep)
	Visitors *visitors = visitors_alloc(options->offers ? options->offers : DEFAULT_OFFERS);
	if (visitors == NULL || visitors->recent == NULL || visitors->offers == NULL ||
	        visitors->places == NULL)
		return err(ERR_NO_MEMORY, "no memory for visitor state");
	TRY(fill_options(visitors, options));
	*ret = STEAL(visitors);
	return OK;
}

Err visitors_open(const VisitorsOptions *options, Visitors **ret)
{
	CLEANUP(visitors_freep) Visitors *visitors = NULL;
	TRY(visitors_new(options, &visitors));
	TRY(dir_make(visitors->dir, 0700));
	Found found;
	TRY(keeper_load(visitors, &found));
	TRY(visitors_fold(visitors, &found.info.coverage, &found.folded));
	TRY(keeper_start(visitors, &found, &visitors->keeper));
	*ret = STEAL(visitors);
	return OK;
}

void visitors_close(Visitors *visitors)
{
	if (visitors == NULL)
		return;
	keeper_stop(visitors->keeper);
	visitors_free(visitors);
}

static void add_shard(Shard *shard, VisitorsStatus *ret)
{
	LOCKED(&shard->lock);
	ret->visitors += shard->count;
	ret->slots += shard->slots;
	ret->bytes += shard->bytes + shard->bucket_count * sizeof(Known *);
}

static void add_treatments(TreatmentShard *shard, VisitorsStatus *ret)
{
	LOCKED(&shard->lock);
	ret->treatments += shard->treatments;
	ret->bytes += shard->bytes;
}

void visitors_status(Visitors *visitors, VisitorsStatus *ret)
{
	*ret = (VisitorsStatus){
	        .bytes = sizeof *visitors + VISITOR_SHARDS * sizeof *visitors->recent,
	        .forgotten = atomic_load(&visitors->forgotten),
	        .dropped_facts = atomic_load(&visitors->dropped),
	        .unaccounted = atomic_load(&visitors->unaccounted),
	};
	for (size_t i = 0; i < VISITOR_SHARDS; i++)
		add_shard(&visitors->shards[i], ret);
	for (size_t i = 0; i < TREATMENT_SHARDS; i++)
		add_treatments(&visitors->treatments[i], ret);
	keeper_status(visitors->keeper, ret);
}

void visitors_checkpoint_soon(Visitors *visitors)
{
	keeper_ask(visitors->keeper);
}
