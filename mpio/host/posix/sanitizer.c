/* SPDX-License-Identifier: MIT */
/*
 * Announces stacks and switches to AddressSanitizer, LeakSanitizer and valgrind. Without them every
 * function here is empty or a few harmless instructions.
 */
#include "host/posix/state.h"

#if defined(__has_feature)
#if __has_feature(address_sanitizer)
#define WITH_ASAN 1
#endif
#endif
#if defined(__SANITIZE_ADDRESS__)
#define WITH_ASAN 1
#endif

#if defined(__has_include)
#if __has_include(<valgrind/memcheck.h>)
#include <valgrind/memcheck.h>
#define WITH_VALGRIND 1
#endif
#endif

#ifdef WITH_ASAN
#include <sanitizer/asan_interface.h>
#include <sanitizer/common_interface_defs.h>
#include <sanitizer/lsan_interface.h>

/* Faults of a running machine are ours; the signal stack too. Fake stacks could not be given back
 * for abandoned frames. What the environment says in ASAN_OPTIONS comes after this and wins. */
const char *__asan_default_options(void);
const char *__asan_default_options(void)
{
    return "allow_user_segv_handler=1:use_sigaltstack=0:detect_stack_use_after_return=0:"
           "detect_leaks=1";
}
#endif

static size_t stack_size(const struct host_context *c)
{
    return (size_t)((char *)c->stack_high - (char *)c->stack_low);
}

void host_stack_created(struct host_context *c)
{
#ifdef WITH_ASAN
    /* Memory that only a suspended stack refers to is in use. */
    __lsan_register_root_region(c->stack_low, stack_size(c));
#endif
#ifdef WITH_VALGRIND
    c->valgrind_id = VALGRIND_STACK_REGISTER(c->stack_low, c->stack_high);
#endif
    (void)c;
}

void host_stack_destroyed(struct host_context *c)
{
#ifdef WITH_ASAN
    __lsan_unregister_root_region(c->stack_low, stack_size(c));
#endif
#ifdef WITH_VALGRIND
    VALGRIND_STACK_DEREGISTER(c->valgrind_id);
#endif
    (void)c;
}

void host_stack_forgotten(struct host_context *c)
{
#ifdef WITH_ASAN
    __asan_unpoison_memory_region(c->stack_low, stack_size(c));
#endif
#ifdef WITH_VALGRIND
    (void)VALGRIND_MAKE_MEM_UNDEFINED(c->stack_low, stack_size(c));
#endif
    (void)c;
    (void)stack_size;
}

void host_stack_leaving(struct host_context *from, const struct host_context *to, bool from_ends)
{
#ifdef WITH_ASAN
    __sanitizer_start_switch_fiber(from_ends ? NULL : &from->asan_fake_stack, to->stack_low,
                                   stack_size(to));
#endif
    (void)from, (void)to, (void)from_ends;
}

void host_stack_arrived(struct host_context *back_on)
{
#ifdef WITH_ASAN
    __sanitizer_finish_switch_fiber(back_on != NULL ? back_on->asan_fake_stack : NULL, NULL, NULL);
#endif
    (void)back_on;
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
#ifdef WITH_ASAN
    return true;
#else
    return false;
#endif
}
