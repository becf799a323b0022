/* SPDX-License-Identifier: MIT */
/*
 * 64-bit division for x86 images: what compilers call for it. libgcc's own routines leave their
 * arguments on the stack, but gcc -mrtd expects the callee to pop them, so these are compiled
 * like the driver. Clang for Microsoft's system calls other names, always with callee-pop. Long
 * division by 32-bit steps. Any IRQL; no state.
 */
#if defined(_WIN32) && defined(__i386__)

typedef unsigned long long u64;
typedef long long s64;

#ifdef _MSC_VER
#define MICROSOFT(name) __asm__(name)
#else
#define MICROSOFT(name)
#endif

u64 __udivdi3(u64 a, u64 b) MICROSOFT("__aulldiv");
u64 __umoddi3(u64 a, u64 b) MICROSOFT("__aullrem");
s64 __divdi3(s64 a, s64 b) MICROSOFT("__alldiv");
s64 __moddi3(s64 a, s64 b) MICROSOFT("__allrem");
u64 __udivmoddi4(u64 a, u64 b, u64 *remainder);
s64 __divmoddi4(s64 a, s64 b, s64 *remainder);

/* (high:low) / divisor; high < divisor, or the processor raises a divide error. */
static unsigned divide_step(unsigned high, unsigned low, unsigned divisor, unsigned *remainder)
{
    unsigned quotient;

    __asm__("divl %4" : "=a"(quotient), "=d"(*remainder) : "0"(low), "1"(high), "rm"(divisor) : "cc");
    return quotient;
}

u64 __udivmoddi4(u64 a, u64 b, u64 *remainder)
{
    unsigned divisor = (unsigned)b, high = (unsigned)(a >> 32), low = (unsigned)a, rest;
    u64 quotient = 0;

    if (b >> 32 == 0) {
        unsigned upper = divide_step(0, high, divisor, &rest); /* a divide error when b is 0 */

        quotient = (u64)upper << 32;
        quotient |= divide_step(rest, low, divisor, &rest);
        if (remainder != 0) {
            *remainder = rest;
        }
        return quotient;
    }
    /* b has more than 32 bits, so the quotient has less: one bit of it at a time. */
    for (int bit = __builtin_clz((unsigned)(b >> 32)); bit >= 0; bit--) {
        if (a >= b << bit) {
            a -= b << bit;
            quotient |= 1ull << bit;
        }
    }
    if (remainder != 0) {
        *remainder = a;
    }
    return quotient;
}

s64 __divmoddi4(s64 a, s64 b, s64 *remainder)
{
    u64 rest, quotient = __udivmoddi4(a < 0 ? 0 - (u64)a : (u64)a, b < 0 ? 0 - (u64)b : (u64)b, &rest);

    if (remainder != 0) {
        *remainder = (s64)(a < 0 ? 0 - rest : rest);
    }
    return (s64)((a < 0) != (b < 0) ? 0 - quotient : quotient);
}

u64 __udivdi3(u64 a, u64 b)
{
    return __udivmoddi4(a, b, 0);
}

u64 __umoddi3(u64 a, u64 b)
{
    u64 rest;

    __udivmoddi4(a, b, &rest);
    return rest;
}

s64 __divdi3(s64 a, s64 b)
{
    return __divmoddi4(a, b, 0);
}

s64 __moddi3(s64 a, s64 b)
{
    s64 rest;

    __divmoddi4(a, b, &rest);
    return rest;
}
#endif
