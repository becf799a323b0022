/* SPDX-License-Identifier: MIT */
/* The layouts that policies.mof and language.mof must have, in every compiler; -DTYPES takes types
 * of this file instead of the DDK's headers, for targets that those do not know (x86). */
#ifdef TYPES
#include <stddef.h>
typedef unsigned char UCHAR, BOOLEAN;
typedef signed char CHAR;
typedef unsigned short USHORT, WCHAR;
typedef short SHORT;
typedef unsigned int ULONG;
typedef int LONG;
typedef unsigned long long ULONGLONG;
typedef long long LONGLONG;
typedef struct {
    ULONG a;
    USHORT b, c;
    UCHAR d[8];
} GUID;
#define DEFINE_GUID(name, a, b, c, d, e, f, g, h, i, j, k) extern const GUID name
#define FIELD_OFFSET(type, field)                          offsetof(type, field)
#define C_ASSERT(e)                                        _Static_assert(e, #e)
#else
#include <ntddk.h>
#endif
#include "policies.h"
#include "language.h"
#include "policies.h" /* the guard holds */

#define AT(type, field, offset) C_ASSERT(FIELD_OFFSET(type, field) == (offset))
#define SIZE(type, size)        C_ASSERT(sizeof(type) == (size))

SIZE(DEMO_DEVICEPATH_PERF, 32);
AT(DEMO_DEVICEPATH_PERF, PathId, 0);
AT(DEMO_DEVICEPATH_PERF, NumberReads, 8);
AT(DEMO_DEVICEPATH_PERF, NumberWrites, 12);
AT(DEMO_DEVICEPATH_PERF, BytesRead, 16);
AT(DEMO_DEVICEPATH_PERF, BytesWritten, 24);
SIZE(DEMO_DEVICE_PERF, 40);
AT(DEMO_DEVICE_PERF, NumberPaths, 0);
AT(DEMO_DEVICE_PERF, PerfInfo, 8);
C_ASSERT(DemoClearCounters == 1);
SIZE(DEMO_DEFAULT_LOAD_BALANCE_POLICY, 16);
AT(DEMO_DEFAULT_LOAD_BALANCE_POLICY, PreferredPath, 8);
C_ASSERT(DEMO_DEFAULT_LOAD_BALANCE_POLICY_SIZE == 16);
SIZE(DEMO_TARGET_DEFAULT_POLICY_INFO, 80);
AT(DEMO_TARGET_DEFAULT_POLICY_INFO, HardwareId, 0);
AT(DEMO_TARGET_DEFAULT_POLICY_INFO, LoadBalancePolicy, 64);
AT(DEMO_TARGET_DEFAULT_POLICY_INFO, Reserved, 68);
AT(DEMO_TARGET_DEFAULT_POLICY_INFO, PreferredPath, 72);
SIZE(DEMO_TARGETS_DEFAULT_LOAD_BALANCE_POLICY, 88);
AT(DEMO_TARGETS_DEFAULT_LOAD_BALANCE_POLICY, TargetDefaultPolicyInfo, 8);
SIZE(DEMO_SUPPORTED_DEVICES_LIST, 72);
AT(DEMO_SUPPORTED_DEVICES_LIST, DeviceId, 8);
C_ASSERT(sizeof(((DEMO_SUPPORTED_DEVICES_LIST *)0)->DeviceId) == 2 * (31 + 1));

/* _SIZE ends with the last member, sizeof with the padding behind it. */
C_ASSERT(Derived_SIZE == FIELD_OFFSET(Derived, more) + 1);
C_ASSERT(sizeof(Derived) > Derived_SIZE);
AT(Derived, S16, 4);
AT(Inner, u16, 2);
AT(Inner, u64, 16);
C_ASSERT(Inner_when_SIZE == 50);
C_ASSERT(sizeof(((Inner *)0)->name) == 2 * (7 + 1));
C_ASSERT(Inner_fixed_SIZE == 6);
C_ASSERT(Inner_fixed_by_max_SIZE == 2);
C_ASSERT(INNER_OFF == 0 && INNER_ON == 16 && INNER_BROKEN == 2);
C_ASSERT(INNER_LOW == 1u && INNER_HIGH == 0x80000000u && INNER_BEFORE == -1);
AT(Holder, Others, (FIELD_OFFSET(Holder, First) + sizeof(Inner)));
C_ASSERT(Holder_Count_ID == 1 && Holder_First_ID == 2 && Holder_Others_ID == 3);
C_ASSERT(Reset == 1 && Exchange == 2 && WithoutIds == 7);
C_ASSERT(Exchange_IN_Selector_ID == 1 && Exchange_OUT_Count_ID == 2 &&
         Exchange_OUT_Results_ID == 3);
C_ASSERT(Exchange_IN_Both_ID == 4 && Exchange_IN_SIZE == 5);
C_ASSERT(WithoutIds_IN_A_ID == 1 && WithoutIds_OUT_B_ID == 2 && WithoutIds_OUT_SIZE == 2);

GUID HolderGUID = HolderGuid; /* the name a driver gives its own variable */
