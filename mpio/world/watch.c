/* SPDX-License-Identifier: MIT */
/*
 * What reaches a world from outside: sockets (host clock) and calls from other threads. Both become
 * events at the present time, so their handlers run like any other event and may block. The list of
 * foreign posts is the only thing here that other threads touch; it is a push-only atomic list.
 */
#include "world/world_private.h"

#include <stdlib.h>

/* ---- other threads -------------------------------------------------------------------------- */

bool world_post_foreign(struct world *w, void (*run)(void *argument), void *argument)
{
    struct foreign *f = calloc(1, sizeof(*f));
    if (f == NULL)
        return false;
    f->run = run;
    f->argument = argument;
    f->next = atomic_load_explicit(&w->foreign, memory_order_relaxed);
    while (!atomic_compare_exchange_weak_explicit(&w->foreign, &f->next, f, memory_order_release,
                                                  memory_order_relaxed))
        ;
    if (w->waker.wait_fd >= 0)
        host_waker_signal(&w->waker);
    return true;
}

static void run_foreign(struct event *e)
{
    struct world *w = MPIO_CONTAINER(e, struct world, foreign_event);
    struct foreign *oldest = w->taken;
    struct foreign f = *oldest;
    w->taken = f.next;
    free(oldest);
    if (w->taken != NULL)
        world_post(w, e, w->now, EVENT_INTERRUPT);
    f.run(f.argument);
}

void world_take_foreign(struct world *w)
{
    struct foreign *newest = atomic_exchange_explicit(&w->foreign, NULL, memory_order_acquire);
    struct foreign *oldest = NULL;
    while (newest != NULL) {
        struct foreign *next = newest->next;
        newest->next = oldest;
        oldest = newest;
        newest = next;
    }
    struct foreign **end = &w->taken;
    while (*end != NULL)
        end = &(*end)->next;
    *end = oldest;
    w->foreign_event.run = run_foreign;
    if (w->taken != NULL && !event_is_queued(&w->foreign_event))
        world_post(w, &w->foreign_event, w->now, EVENT_INTERRUPT);
}

/* ---- sockets -------------------------------------------------------------------------------- */

static void run_watch(struct event *e)
{
    struct watch *watch = MPIO_CONTAINER(e, struct watch, event);
    watch->run(watch->argument, watch->got);
}

bool world_watch(struct world *w, int fd, unsigned want, void (*run)(void *argument, unsigned got),
                 void *argument)
{
    struct watch **link = &w->watches;
    while (*link != NULL && (*link)->fd != fd)
        link = &(*link)->next;
    struct watch *watch = *link;
    if (want == 0) {
        if (watch == NULL)
            return false;
        world_cancel(w, &watch->event);
        *link = watch->next;
        w->watch_count--;
        free(watch);
        return true;
    }
    if (w->clock != WORLD_CLOCK_HOST)
        return false;
    if (watch == NULL) {
        watch = calloc(1, sizeof(*watch));
        if (watch == NULL)
            return false;
        watch->fd = fd;
        watch->event.run = run_watch;
        *link = watch;
        w->watch_count++;
    }
    watch->want = want;
    watch->run = run;
    watch->argument = argument;
    return true;
}

static void make_room(struct world *w)
{
    unsigned needed = w->watch_count + 1;
    if (needed <= w->poll_room)
        return;
    struct host_poll *polls = realloc(w->polls, 2 * needed * sizeof(*polls));
    if (polls == NULL) {
        host_log("mpio: no memory to wait on sockets");
        abort();
    }
    w->polls = polls;
    w->poll_room = 2 * needed;
}

void world_poll_sockets(struct world *w, uint64_t timeout_ns)
{
    make_room(w);
    unsigned count = 0;
    for (const struct watch *watch = w->watches; watch != NULL; watch = watch->next)
        w->polls[count++] = (struct host_poll){.fd = watch->fd, .want = watch->want};
    if (w->waker.wait_fd >= 0)
        w->polls[count++] = (struct host_poll){.fd = w->waker.wait_fd, .want = HOST_POLL_IN};
    int ready = host_poll(w->polls, count, timeout_ns);
    world_look_at_clock(w);
    if (ready <= 0)
        return;
    const struct host_poll *poll = w->polls;
    for (struct watch *watch = w->watches; watch != NULL; watch = watch->next, poll++) {
        if (poll->got == 0)
            continue;
        watch->got = poll->got;
        if (!event_is_queued(&watch->event))
            world_post(w, &watch->event, w->now, EVENT_INTERRUPT);
    }
    if (w->waker.wait_fd >= 0 && poll->got != 0)
        host_waker_drain(&w->waker);
}

void world_destroy_watches(struct world *w)
{
    while (w->watches != NULL) {
        struct watch *watch = w->watches;
        w->watches = watch->next;
        free(watch);
    }
    world_take_foreign(w);
    while (w->taken != NULL) {
        struct foreign *f = w->taken;
        w->taken = f->next;
        free(f);
    }
    free(w->polls);
    if (w->waker.wait_fd >= 0)
        host_waker_close(&w->waker);
}
