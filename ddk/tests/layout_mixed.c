/* SPDX-License-Identifier: MIT */
/*
 * Bit-fields of mixed types, as vendors' own structures have them: Microsoft's rules differ from other
 * compilers' (a field of another type begins a new unit). profiles.sh compiles this in every profile
 * and compares the bytes of `mixed`; the static assertions say what they must come to.
 */
#include <ntddk.h>

typedef struct _MIXED {
    UCHAR A : 3;
    ULONG B : 5;
    USHORT C : 9;
    UCHAR D;
    ULONG E : 20;
    ULONG F : 20;
    BOOLEAN G : 1;
    UCHAR H : 7;
    ULONGLONG I : 33;
    UCHAR J : 4;
} MIXED;

typedef struct _EMPTY_FIELD {
    UCHAR A : 2;
    ULONG : 0;
    UCHAR B : 2;
} EMPTY_FIELD;

C_ASSERT(sizeof(MIXED) == 40);
C_ASSERT(sizeof(EMPTY_FIELD) == 8);

const MIXED mixed = {5, 17, 0x155, 0xD0, 0xABCDE, 0x54321, 1, 0x55, 0x1DEADBEEF, 9};
