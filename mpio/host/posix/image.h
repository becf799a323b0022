/* SPDX-License-Identifier: MIT */
/* What faults.c and locate.c ask about PE images; see image.c. */
#ifndef MPIO_HOST_POSIX_IMAGE_H
#define MPIO_HOST_POSIX_IMAGE_H

#include "host/host.h"

#include <ucontext.h>

struct host_image_entry {
    struct host_image image;
    struct host_image_entry *next;
};

const struct host_image *host_image_find(uintptr_t pc);

/* PE unwind information does not describe the way out of a function. Interrupted there, the rest of
 * it is carried out on the saved registers: they become those of the caller, at its call. */
bool host_image_finish_function(ucontext_t *u, const char *low, const char *high);

#endif
