/* SPDX-License-Identifier: MIT */
/*
 * Runs what the DSM library gives x86 drivers, compiled with their convention (-mrtd) but as a static
 * ELF program, since nothing here runs x86 images: that the compiler and the library agree on who
 * pops the arguments of memcpy, memset, memcmp and 64-bit division, and that a comparison routine is
 * called with cdecl. Exit code 7: all well. A wrong convention ends in a crash or another code.
 */
#include <openmpio_crt.h>

struct large {
    char bytes[30000];
};
static struct large one, two;

static void __attribute__((noreturn)) leave(int code)
{
    __asm__ volatile("int $0x80" : : "a"(1), "b"(code));
    __builtin_unreachable();
}

static int __attribute__((cdecl)) compare(const void *a, const void *b)
{
    return *(const int *)a - *(const int *)b;
}

static void divide(void)
{
    static const unsigned long long values[] = {
        1, 2, 3, 10, 0xFFFFFFFF, 0x100000000, 0x100000001, 0x123456789ABCDEF, 0x7FFFFFFFFFFFFFFF,
        0x8000000000000000, 0xFFFFFFFE00000001, 0xFFFFFFFFFFFFFFFF,
    };
    enum { COUNT = sizeof(values) / sizeof(*values) };

    for (unsigned i = 0; i < COUNT * COUNT; i++) {
        volatile unsigned long long a = values[i / COUNT], b = values[i % COUNT];
        unsigned long long quotient = a / b, rest = a % b;
        volatile long long c = (long long)a, d = (long long)b;

        if (quotient * b + rest != a || rest >= b) {
            leave(2);
        }
        if (c == (long long)0x8000000000000000 && d == -1) {
            continue; /* has no answer */
        }
        /* C rounds towards zero: the rest has the sign of the dividend. */
        if (c / d * d + c % d != c || (c % d != 0 && (c % d < 0) != (c < 0))) {
            leave(3);
        }
    }
}

void start(void)
{
    int values[] = {3, 1, 2};

    for (int i = 1; i < 1000; i++) { /* often: a convention that is off by some bytes drifts away */
        memset(&one, i, sizeof(one));
        two = one;
        if (memcmp(&one, &two, sizeof(one)) != 0 || two.bytes[29999] != (char)i) {
            leave(4);
        }
    }
    divide();
    qsort(values, 3, sizeof(*values), compare);
    if (values[0] != 1 || values[1] != 2 || values[2] != 3) {
        leave(5);
    }
    leave(7);
}
