/* SPDX-License-Identifier: MIT */
/*
 * Call stacks by Windows' own unwinder, which knows this program's function tables and those of the mapped
 * images (image.c). No state.
 */
#include "host/windows/state.h"

bool host_unwind_step(CONTEXT *frame, const char *low, const char *high)
{
    uintptr_t sp = frame->Rsp;
    DWORD64 base = 0, establisher = 0;
    void *handler_data = NULL;
    if (sp < (uintptr_t)low || sp > (uintptr_t)high - sizeof(uint64_t) || (sp & 7) != 0)
        return false;
    PRUNTIME_FUNCTION function = RtlLookupFunctionEntry(frame->Rip, &base, NULL);
    if (function != NULL) {
        RtlVirtualUnwind(UNW_FLAG_NHANDLER, base, frame->Rip, function, frame, &handler_data, &establisher, NULL);
    } else { /* a leaf, or no code at all: a call went there, and its return address is on top */
        frame->Rip = *(const uint64_t *)sp;
        frame->Rsp = sp + 8;
    }
    return frame->Rip != 0 && frame->Rsp > sp;
}

__attribute__((noinline)) unsigned host_backtrace(void **pc, unsigned limit, unsigned skip)
{
    const char *low = *host_thread_field(THREAD_DEALLOCATION), *high = *host_thread_field(THREAD_STACK_BASE);
    CONTEXT frame;
    unsigned count = 0;
    RtlCaptureContext(&frame);
    while (count < limit && host_unwind_step(&frame, low, high)) {
        if (skip > 0)
            skip--;
        else
            pc[count++] = (void *)frame.Rip;
    }
    return count;
}
