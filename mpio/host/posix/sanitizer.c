/* SPDX-License-Identifier: MIT */
/*
 * Announces stacks and switches to AddressSanitizer, LeakSanitizer and valgrind. Without them every
 * function here is empty or a few harmless instructions.
 */
#define _GNU_SOURCE
#include "host/posix/state.h"

#include <dlfcn.h>

#if defined(__has_include)
#if __has_include(<valgrind/memcheck.h>)
#include <valgrind/memcheck.h>
#define WITH_VALGRIND 1
#endif
#endif

/* The sanitizer's runtime is found when the program starts, not when it is compiled: a program built
 * without it has it too, when it was preloaded for the sake of a DSM. Constant afterwards. */
static struct {
    void (*poison)(const volatile void *, size_t);
    void (*unpoison)(const volatile void *, size_t);
    void (*add_root)(const void *, size_t);
    void (*remove_root)(const void *, size_t);
    void (*start_switch)(void **, const void *, size_t);
    void (*finish_switch)(void *, const void **, size_t *);
} asan;

__attribute__((constructor)) static void find_runtime(void)
{
    asan.poison = dlsym(RTLD_DEFAULT, "__asan_poison_memory_region");
    asan.unpoison = dlsym(RTLD_DEFAULT, "__asan_unpoison_memory_region");
    asan.add_root = dlsym(RTLD_DEFAULT, "__lsan_register_root_region");
    asan.remove_root = dlsym(RTLD_DEFAULT, "__lsan_unregister_root_region");
    asan.start_switch = dlsym(RTLD_DEFAULT, "__sanitizer_start_switch_fiber");
    asan.finish_switch = dlsym(RTLD_DEFAULT, "__sanitizer_finish_switch_fiber");
}

/* Read by the runtime. Faults of a running machine are ours; the signal stack too. Fake stacks could not be
 * given back for abandoned frames. What the environment says in ASAN_OPTIONS comes after this and wins. */
const char *__asan_default_options(void);
__attribute__((no_sanitize("address"), used)) const char *__asan_default_options(void)
{
    return "allow_user_segv_handler=1:use_sigaltstack=0:detect_stack_use_after_return=0:"
           "detect_leaks=1";
}

void host_poison(const void *memory, size_t bytes)
{
    if (asan.poison != NULL)
        asan.poison(memory, bytes);
}

void host_unpoison(const void *memory, size_t bytes)
{
    if (asan.unpoison != NULL)
        asan.unpoison(memory, bytes);
}

static size_t stack_size(const struct host_context *c)
{
    return (size_t)((char *)c->stack_high - (char *)c->stack_low);
}

void host_stack_created(struct host_context *c)
{
    /* Memory that only a suspended stack refers to is in use. */
    if (asan.add_root != NULL)
        asan.add_root(c->stack_low, stack_size(c));
#ifdef WITH_VALGRIND
    c->valgrind_id = VALGRIND_STACK_REGISTER(c->stack_low, c->stack_high);
#endif
}

void host_stack_destroyed(struct host_context *c)
{
    if (asan.remove_root != NULL)
        asan.remove_root(c->stack_low, stack_size(c));
#ifdef WITH_VALGRIND
    VALGRIND_STACK_DEREGISTER(c->valgrind_id);
#endif
}

void host_stack_forgotten(struct host_context *c)
{
    host_unpoison(c->stack_low, stack_size(c));
#ifdef WITH_VALGRIND
    (void)VALGRIND_MAKE_MEM_UNDEFINED(c->stack_low, stack_size(c));
#endif
}

void host_stack_leaving(struct host_context *from, const struct host_context *to, bool from_ends)
{
    if (asan.start_switch != NULL)
        asan.start_switch(from_ends ? NULL : &from->asan_fake_stack, to->stack_low, stack_size(to));
}

void host_stack_arrived(struct host_context *back_on)
{
    if (asan.finish_switch != NULL)
        asan.finish_switch(back_on != NULL ? back_on->asan_fake_stack : NULL, NULL, NULL);
}

bool host_under_valgrind(void)
{
#ifdef WITH_VALGRIND
    return RUNNING_ON_VALGRIND != 0;
#else
    return false;
#endif
}

bool host_under_asan(void)
{
    return asan.poison != NULL;
}
