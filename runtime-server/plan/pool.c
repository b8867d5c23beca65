// Threads that take numbered tasks until there are none left; the caller is one of them.
#include "plan/internal.h"

#include "base/cleanup.h"

#include <signal.h>
#include <stdlib.h>

struct Pool {
	pthread_mutex_t lock;
	pthread_cond_t work, done;
	uint64_t turn; // which run it is
	size_t tasks, next, busy;
	Err (*task)(void *context, size_t number);
	void *context;
	size_t failed; // the first task that did
	ErrDetail why;
	bool stopping;
	unsigned count;
	pthread_t threads[];
};

static void note_failure(Pool *pool, size_t number)
{
	ErrDetail why = *err_detail();
	pthread_mutex_lock(&pool->lock);
	if (number < pool->failed) {
		pool->failed = number;
		pool->why = why;
	}
	pthread_mutex_unlock(&pool->lock);
}

static void do_tasks(Pool *pool)
{
	for (;;) {
		pthread_mutex_lock(&pool->lock);
		size_t number = pool->next < pool->tasks ? pool->next++ : SIZE_MAX;
		pthread_mutex_unlock(&pool->lock);
		if (number == SIZE_MAX)
			return;
		if (pool->task(pool->context, number) != OK)
			note_failure(pool, number);
	}
}

static void *work(void *context)
{
	Pool *pool = context;
	uint64_t turn = 0;
	pthread_mutex_lock(&pool->lock);
	for (;;) {
		while (pool->turn == turn && !pool->stopping)
			pthread_cond_wait(&pool->work, &pool->lock);
		if (pool->stopping)
			break;
		turn = pool->turn;
		pthread_mutex_unlock(&pool->lock);
		do_tasks(pool);
		pthread_mutex_lock(&pool->lock);
		if (--pool->busy == 0)
			pthread_cond_signal(&pool->done);
	}
	pthread_mutex_unlock(&pool->lock);
	return NULL;
}

// Signals are the main thread's affair.
static Err start(Pool *pool, unsigned threads)
{
	sigset_t all, before;
	int failed = 0;
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	while (failed == 0 && pool->count + 1 < threads) {
		failed = pthread_create(&pool->threads[pool->count], NULL, work, pool);
		pool->count += failed == 0;
	}
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	return failed == 0 ? OK : err(ERR_NO_MEMORY, "no memory for another thread");
}

Err pool_new(unsigned threads, Pool **ret)
{
	Pool *pool = calloc(1, sizeof *pool + threads * sizeof *pool->threads);
	if (pool == NULL)
		return err(ERR_NO_MEMORY, "no memory for threads");
	pthread_mutex_init(&pool->lock, NULL);
	pthread_cond_init(&pool->work, NULL);
	pthread_cond_init(&pool->done, NULL);
	*ret = pool;
	return start(pool, threads);
}

void pool_free(Pool *pool)
{
	if (pool == NULL)
		return;
	pthread_mutex_lock(&pool->lock);
	pool->stopping = true;
	pthread_cond_broadcast(&pool->work);
	pthread_mutex_unlock(&pool->lock);
	for (unsigned i = 0; i < pool->count; i++)
		pthread_join(pool->threads[i], NULL);
	pthread_mutex_destroy(&pool->lock);
	pthread_cond_destroy(&pool->work);
	pthread_cond_destroy(&pool->done);
	free(pool);
}

Err pool_run(Pool *pool, size_t tasks, Err (*task)(void *context, size_t number), void *context)
{
	pthread_mutex_lock(&pool->lock);
	pool->tasks = tasks;
	pool->next = 0;
	pool->task = task;
	pool->context = context;
	pool->failed = SIZE_MAX;
	pool->busy = pool->count;
	pool->turn++;
	pthread_cond_broadcast(&pool->work);
	pthread_mutex_unlock(&pool->lock);
	do_tasks(pool);
	pthread_mutex_lock(&pool->lock);
	while (pool->busy > 0)
		pthread_cond_wait(&pool->done, &pool->lock);
	Err e = pool->failed != SIZE_MAX ? err_restore(&pool->why) : OK;
	pthread_mutex_unlock(&pool->lock);
	return e;
}
