/* SPDX-License-Identifier: MIT */
/*
 * The IA-64 view: the same data model and layouts as x64 (LLP64), on a processor that traps on an
 * unaligned access. So every member that layout_storage.c pins must lie at a multiple of its own
 * alignment, structures that pool hands out must not ask for more than its 16 bytes, and 16-byte
 * data must really be at 16. Compiled, never run (ddk/tests/run.sh).
 */
#define SIZE(type, bytes, alignment)                                                        \
    _Static_assert((bytes) % (alignment) == 0, #type ": an array of it has unaligned members"); \
    _Static_assert((alignment) <= 16, #type " asks for more than pool gives");
#define AT(type, field, offset)                                                          \
    _Static_assert((offset) % _Alignof(__typeof__(((type *)0)->field)) == 0,             \
                   #type "." #field " would trap");
#include "layout_storage.c"

_Static_assert(sizeof(PVOID) == 8 && sizeof(LONG) == 4 && sizeof(ULONG_PTR) == 8, "LLP64");
_Static_assert(MEMORY_ALLOCATION_ALIGNMENT == 16, "pool");
AT(SCSI_PASS_THROUGH_WITH_BUFFERS, SenseInfoBuffer, 64)
_Static_assert(_Alignof(SCSI_PASS_THROUGH_WITH_BUFFERS) == 16, "PTRALIGN");
_Static_assert(_Alignof(DEVICE_OBJECT) == 16, "DEVICE_OBJECT");
