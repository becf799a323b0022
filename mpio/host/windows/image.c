/* SPDX-License-Identifier: MIT */
/*
 * Images that our own loader mapped: their function tables are made known to Windows' unwinder, their
 * names to host_locate. The list is the process's; a lock guards it. An entry found is used until its image is removed,
 * which the world that runs its code does.
 */
#include "host/windows/state.h"

#include <stdlib.h>

struct known {
    struct known *next;
    struct host_image image;
};

static struct {
    SRWLOCK lock;
    struct known *first;
} host_images = {.lock = SRWLOCK_INIT};

bool host_image_add(const struct host_image *image)
{
    struct known *k = malloc(sizeof(*k));
    if (k == NULL)
        return host_fail(0, "no memory to remember the image %s", image->path);
    k->image = *image;
    if (image->function_count > 0 && !RtlAddFunctionTable((PRUNTIME_FUNCTION)image->functions, image->function_count,
                                                          (uintptr_t)image->base)) {
        free(k);
        return host_fail_system(GetLastError(), "Windows does not take the function table of %s", image->path);
    }
    AcquireSRWLockExclusive(&host_images.lock);
    k->next = host_images.first;
    host_images.first = k;
    ReleaseSRWLockExclusive(&host_images.lock);
    return true;
}

void host_image_remove(void *base)
{
    struct known *k = NULL;
    AcquireSRWLockExclusive(&host_images.lock);
    for (struct known **link = &host_images.first; *link != NULL; link = &(*link)->next) {
        if ((*link)->image.base == base) {
            k = *link;
            *link = k->next;
            break;
        }
    }
    ReleaseSRWLockExclusive(&host_images.lock);
    if (k == NULL)
        return;
    if (k->image.function_count > 0)
        RtlDeleteFunctionTable((PRUNTIME_FUNCTION)k->image.functions);
    free(k);
}

const struct host_image *host_image_find(const void *pc)
{
    const struct host_image *found = NULL;
    AcquireSRWLockShared(&host_images.lock);
    for (struct known *k = host_images.first; k != NULL && found == NULL; k = k->next)
        if ((uintptr_t)pc - (uintptr_t)k->image.base < k->image.size)
            found = &k->image;
    ReleaseSRWLockShared(&host_images.lock);
    return found;
}
