/* SPDX-License-Identifier: MIT */
/*
 * Execution contexts: a mapped stack with a guard area below it, entered by a switch. Top of stack:
 * what to run first; below it the frame that the switch pops. One thread; nothing guards a context.
 */
#define _GNU_SOURCE
#include "host/posix/machine.h"
#include "host/posix/state.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/mman.h>

/* Wide enough that a frame with large local arrays does not step over it. */
#define GUARD_BYTES 65536u

/* At the very top of every stack made here. */
struct start {
    void (*entry)(void *);
    void *argument;
};

static struct start *start_of(char *stack_high)
{
    return (struct start *)(stack_high - sizeof(struct start));
}

static void begin(void)
{
    host_stack_arrived(NULL);
    struct start *start = start_of(host_state.stack_high);
    start->entry(start->argument);
    host_log("mpio: the entry function of a context returned; contexts end by a switch");
    abort();
}

bool host_context_create(struct host_context *c, size_t bytes, void (*entry)(void *),
                         void *argument)
{
    size_t page = host_page_size();
    size_t usable = (bytes + page - 1) / page * page;
    char *base = mmap(NULL, usable + GUARD_BYTES, PROT_READ | PROT_WRITE,
                      MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (base == MAP_FAILED)
        return host_fail(errno, "cannot map a stack of %zu bytes", usable);
    if (mprotect(base, GUARD_BYTES, PROT_NONE) != 0) {
        int error = errno;
        munmap(base, usable + GUARD_BYTES);
        return host_fail(error, "cannot protect the guard area of a stack");
    }
    *c = (struct host_context){.stack_low = base + GUARD_BYTES,
                               .stack_high = base + GUARD_BYTES + usable};
    host_stack_created(c);
    host_context_reset(c, entry, argument);
    return true;
}

void host_context_reset(struct host_context *c, void (*entry)(void *), void *argument)
{
    host_stack_forgotten(c);
    struct start *start = start_of(c->stack_high);
    *start = (struct start){entry, argument};
    c->sp = machine_prepare(c->stack_low, (char *)start, begin);
}

void host_context_destroy(struct host_context *c)
{
    if (c->stack_low == NULL)
        return;
    host_stack_forgotten(c);
    host_stack_destroyed(c);
    char *base = (char *)c->stack_low - GUARD_BYTES;
    munmap(base, (size_t)((char *)c->stack_high - base));
    *c = (struct host_context){0};
}

void host_context_adopt(struct host_context *c)
{
    struct host_state *s = &host_state;
    if (s->thread_low == NULL) {
        pthread_attr_t attributes;
        void *low = NULL;
        size_t size = 0;
        if (pthread_getattr_np(pthread_self(), &attributes) == 0) {
            pthread_attr_getstack(&attributes, &low, &size);
            pthread_attr_destroy(&attributes);
        }
        s->thread_low = low;
        s->thread_high = s->thread_low + size;
    }
    *c = (struct host_context){.stack_low = s->thread_low, .stack_high = s->thread_high};
    s->stack_low = s->thread_low;
    s->stack_high = s->thread_high;
}

void host_context_switch(struct host_context *from, struct host_context *to, bool from_ends)
{
    host_state.stack_low = to->stack_low;
    host_state.stack_high = to->stack_high;
    host_stack_leaving(from, to, from_ends);
    host_context_swap(&from->sp, to->sp);
    host_stack_arrived(from);
}

#ifdef HOST_SWITCHES_BY_UCONTEXT
void host_context_swap(void **save_sp, void *load_sp)
{
    ucontext_t here; /* lives on the suspended stack, like the frame of the assembly */
    *save_sp = &here;
    swapcontext(&here, load_sp);
}
#endif
