// What the design server exports to Prometheus: figures that its parts keep, and what the database says,
// which is read now and then and not by whoever asks.
#pragma once
#include "http/http.h"
#include "retention/retention.h"
#include "rollout/rollout.h"

typedef struct Exposition Exposition;

typedef struct ExpositionParts {
	const Services *services;
	Rollouts *rollouts;
	Retention *retention;
	const RpcServer *rpc;
	const bool *ready; // read atomically
} ExpositionParts;

// NULL if memory is out. What `parts` points to outlives it.
Exposition *exposition_new(const ExpositionParts *parts);
void exposition_free(Exposition *exposition); // NULL is fine
// To be called about every second, from one thread: asks the database, if it is time.
void exposition_tick(Exposition *exposition);
// A handler for /metrics, whose context is an Exposition.
void exposition_tell(void *exposition, HttpRequest *request);
