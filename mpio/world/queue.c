/* SPDX-License-Identifier: MIT */
/*
 * The event queue: a 4-ary heap ordered by (time, order). `heap` of an event is its index + 1. The
 * growing array is the only allocation. Runs wherever the world runs; one thread.
 */
#include "world/world_private.h"

#include <stdlib.h>

#define QUEUE_FIRST_ROOM 256

bool queue_init(struct queue *q)
{
    *q = (struct queue){.room = QUEUE_FIRST_ROOM};
    q->slot = malloc(q->room * sizeof(*q->slot));
    return q->slot != NULL;
}

void queue_destroy(struct queue *q)
{
    free(q->slot);
}

/* One comparison without branches: which of two events is earlier is a coin toss to a predictor. */
static inline bool before(const struct queue_slot *a, const struct queue_slot *b)
{
#ifdef __SIZEOF_INT128__
    return ((unsigned __int128)a->time << 64 | a->order) <
           ((unsigned __int128)b->time << 64 | b->order);
#else
    return (a->time < b->time) | ((a->time == b->time) & (a->order < b->order));
#endif
}

static inline void set(struct queue *q, uint32_t i, struct queue_slot s)
{
    q->slot[i] = s;
    s.event->heap = i + 1;
}

/* Puts `s` where the hole at `i` ends up after moving towards the root. */
static inline void sift_up(struct queue *q, uint32_t i, struct queue_slot s)
{
    while (i > 0) {
        uint32_t parent = (i - 1) / 4;
        if (!before(&s, &q->slot[parent]))
            break;
        set(q, i, q->slot[parent]);
        i = parent;
    }
    set(q, i, s);
}

static inline void sift_down(struct queue *q, uint32_t i, struct queue_slot s)
{
    const struct queue_slot *slot = q->slot;
    uint32_t count = q->count;
    for (;;) {
        uint32_t child = 4 * i + 1, least;
        if (child + 4 <= count) {
            uint32_t left = child + before(&slot[child + 1], &slot[child]);
            uint32_t right = child + 2 + before(&slot[child + 3], &slot[child + 2]);
            least = before(&slot[right], &slot[left]) ? right : left;
        } else if (child < count) {
            least = child;
            for (uint32_t c = child + 1; c < count; c++)
                if (before(&slot[c], &slot[least]))
                    least = c;
        } else {
            break;
        }
        if (!before(&slot[least], &s))
            break;
        set(q, i, slot[least]);
        i = least;
    }
    set(q, i, s);
}

static __attribute__((noinline)) void grow(struct queue *q)
{
    uint32_t room = q->room * 2;
    struct queue_slot *slot =
        room > q->room ? realloc(q->slot, (size_t)room * sizeof(*slot)) : NULL;
    if (slot == NULL) {
        host_log("mpio: no memory for the event queue; use a smaller topology");
        abort();
    }
    q->slot = slot;
    q->room = room;
}

void queue_put(struct queue *q, struct event *e, uint64_t time, uint64_t order)
{
    if (q->count == q->room)
        grow(q);
    sift_up(q, q->count++, (struct queue_slot){time, order, e});
}

void queue_take(struct queue *q, struct event *e)
{
    uint32_t i = e->heap - 1;
    assert(i < q->count && q->slot[i].event == e);
    e->heap = 0;
    struct queue_slot last = q->slot[--q->count];
    if (i == q->count)
        return;
    if (i > 0 && before(&last, &q->slot[(i - 1) / 4]))
        sift_up(q, i, last);
    else
        sift_down(q, i, last);
}

struct event *queue_pop(struct queue *q)
{
    struct event *e = q->slot[0].event;
    e->heap = 0;
    struct queue_slot last = q->slot[--q->count];
    if (q->count > 0)
        sift_down(q, 0, last);
    return e;
}

/* Puts the events of other machines first; their number. */
static uint32_t part_machine(struct queue *q, const struct machine *m, uint64_t before_time)
{
    uint32_t kept = 0;
    for (uint32_t i = 0; i < q->count; i++) {
        struct queue_slot s = q->slot[i];
        if (s.event->machine == m && s.time < before_time)
            continue;
        q->slot[i] = q->slot[kept];
        q->slot[kept++] = s;
    }
    return kept;
}

static void make_heap(struct queue *q)
{
    for (uint32_t i = 0; i < q->count; i++)
        q->slot[i].event->heap = i + 1;
    for (uint32_t i = (q->count + 2) / 4; i-- > 0;)
        sift_down(q, i, q->slot[i]);
}

static int compare_slots(const void *a, const void *b)
{
    return before(a, b) ? -1 : before(b, a);
}

void queue_delay_machine(struct world *w, const struct machine *m, uint64_t until)
{
    struct queue *q = &w->queue;
    uint32_t kept = part_machine(q, m, until);
    qsort(q->slot + kept, q->count - kept, sizeof *q->slot, compare_slots);
    for (uint32_t i = kept; i < q->count; i++) {
        struct event *e = q->slot[i].event;
        e->time = q->slot[i].time = until;
        q->slot[i].order = world_event_order(w, e);
    }
    make_heap(q);
}

void queue_drop_machine(struct queue *q, const struct machine *m)
{
    uint32_t kept = part_machine(q, m, UINT64_MAX);
    for (uint32_t i = kept; i < q->count; i++)
        q->slot[i].event->heap = 0;
    q->count = kept;
    make_heap(q);
}
