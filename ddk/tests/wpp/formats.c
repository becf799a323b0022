/* SPDX-License-Identifier: MIT */
/* Every format, each followed by a number that shows that the arguments were read right. */
#include "trace.h"
#include "formats.tmh"

#define SHOW(...) TraceEvents(TRACE_LEVEL_INFORMATION, FLAG_SECOND, __VA_ARGS__)

VOID TraceFormats(VOID)
{
    static const GUID guid = {0x12345678, 0x9abc, 0xdef0, {1, 2, 3, 4, 5, 6, 7, 8}};
    UCHAR sid[] = {1, 1, 0, 0, 0, 0, 0, 5, 18, 0, 0, 0};
    UCHAR bytes[] = {0xde, 0xad, 0xbe, 0xef};
    UNICODE_STRING counted = RTL_CONSTANT_STRING(L"counted");
    LARGE_INTEGER time;

    time.QuadPart = 134116992000000000ll + 98765432;
    SHOW("%d %u %x %X %o %c %s %ws %S %hs %ls %wZ", -1, 2u, 0xab, 0xab, 8, 'c', "s", L"ws", L"S", "hs", L"ls", &counted);
    SHOW("%I64d %I64x %I64u %llu %hd %hhu %ld %lx", -5ll, 0x123456789abcull, ~0ull, 7ull, (SHORT)-2, (UCHAR)250, -3, 0xffu);
    SHOW("[%5d|%-5d|%05d|%+d|%#x|%*d|%.2s|%6.2s]", 1, 2, 3, 4, 5, 3, 6, "abc", "xyz");
    SHOW("%p|100%%|%d", NULL, 1);
    SHOW("%!bool! %!BOOLEAN! %!BOOL! %d", TRUE, (BOOLEAN)FALSE, 5, 1);
    SHOW("%!STATUS! %!NTSTATUS! %!status! %d", STATUS_NO_MEMORY, STATUS_SUCCESS, 0x1234, 1);
    SHOW("%!HRESULT! %!hresult! %!WINERROR! %!winerr! %d", 0x80070005, 0, 5, 6, 1);
    SHOW("%!GUID! %!guid! %d", &guid, (PVOID)NULL, 1);
    SHOW("%!irql! %!IRQL! %d", PASSIVE_LEVEL, DISPATCH_LEVEL, 1);
    SHOW("%!sid! %d", sid, 1);
    SHOW("%!IPADDR! %!PORT! %d", 0x0100007f, 0xbc0c, 1);
    SHOW("%!TIMESTAMP!|%!datetime!|%!TIME!|%!DATE!|%!date!|%d", time.QuadPart, time.QuadPart, time.QuadPart, time.QuadPart,
         time.QuadPart, 1);
    SHOW("%!delta! %!delta! %!due! %!WAITTIME! %d", 90061001ll, -1500ll, -15000000ll, time.QuadPart, 1);
    SHOW("%!s! %!S! %!ustr! %!ptr! %d", "narrow", L"wide", &counted, (PVOID)(ULONG_PTR)0xabc, 1);
    SHOW("%d %d %d %d %!HEXDUMP! %!DUMP! %!xstr! %d", 1, 2, 3, 4, log_xstr(bytes, 4), log_xstr(bytes, 1), log_xstr(NULL, 0), 5);
    SHOW("%!b1! %!b2! %!b4! %!b8! %!b16! %!b32! %d", 5, 0x8000, 1u << 31, 0, 3, 0x10001, 1);
    SHOW("%!state! %!state! %!state! %!state! %d", PathActive, PathStandby, PathFailed, 3, 1);
    SHOW("%!colour! %!colour! %!options! %!options! %d", 2, 3, 5, 0x48, 1);
    SHOW("%!sbyte! %!ubyte! %!sshort! %!ushort! %!sint! %!uint! %!xint! %d", (CHAR)-1, (UCHAR)255, (SHORT)-1, (USHORT)65535,
         -1, 0xffffffffu, 0xabcd, 1);
    SHOW("%!sint64! %!uint64! %!xint64! %d", -1ll, ~0ull, 0xabcull, 1);
    SHOW("%!NOSUCH! %d", (PVOID)(ULONG_PTR)0x77, 1);
    SHOW("two\nlines");
}
