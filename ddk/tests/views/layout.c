/* SPDX-License-Identifier: MIT */
/*
 * What NTDDI_VERSION must make of the headers: one view per run of the compiler, at every pointer
 * size (ddk/tests/views.sh). Sizes: contract 02 section 2, ddk-surface 4.4.
 */
#include <dsm.h>

#ifdef _WIN64
#define BYTES(x64, x86) (x64)
#else
#define BYTES(x64, x86) (x86)
#endif
#define IS(what, x64, x86) _Static_assert((what) == BYTES(x64, x86), #what);
#define INIT(field) __builtin_offsetof(DSM_INIT_DATA, field)

/* The same in every view. */
IS(INIT(DsmInquireDriver), 8, 4)
IS(INIT(DsmInterpretError), 120, 60)
IS(INIT(DsmWmiInfo), 160, 80)
IS(INIT(DisplayName), 256, 128)
IS(INIT(Reserved), 272, 136)
IS(DSM_INIT_DATA_TYPE_1_SIZE, 276, 140)
IS(DsmType5, 5, 5)

#if NTDDI_VERSION < NTDDI_WS03
IS(sizeof(DSM_INIT_DATA), 280, 140) /* x64: four bytes of padding */
#ifdef DSM_INIT_DATA_TYPE_2_SIZE
#error "a Windows 2000 view knows no type 2"
#endif
#else
IS(DSM_INIT_DATA_TYPE_2_SIZE, 280, 144)
IS(DSM_INIT_DATA_TYPE_3_SIZE, 280, 144)
IS(INIT(DsmType), 276, 140)
#if NTDDI_VERSION < NTDDI_VISTA
IS(sizeof(DSM_INIT_DATA), 280, 144)
#ifdef DSM_INIT_DATA_TYPE_4_SIZE
#error "a Server 2003 view knows no type 4"
#endif
#else
IS(DSM_INIT_DATA_TYPE_4_SIZE, 296, 160)
IS(INIT(DsmVersion), 280, 144)
#if NTDDI_VERSION < NTDDI_WIN7
IS(sizeof(DSM_INIT_DATA), 296, 160)
#ifdef DSM_INIT_DATA_TYPE_5_SIZE
#error "a Server 2008 view knows no type 5 structure"
#endif
#else
IS(DSM_INIT_DATA_TYPE_5_SIZE, 376, 200)
IS(INIT(DsmWmiGlobalInfo), 296, 160)
#if NTDDI_VERSION < NTDDI_WIN8
IS(sizeof(DSM_INIT_DATA), 376, 200)
IS(DsmTypeMax, 6, 6)
#ifdef DSM_INIT_DATA_TYPE_6_SIZE
#error "a Server 2008 R2 view knows no type 6"
#endif
#else
IS(DSM_INIT_DATA_TYPE_6_SIZE, 392, 208)
IS(sizeof(DSM_INIT_DATA), 392, 208)
IS(INIT(DsmIsAddressTypeSupported), 376, 200)
IS(INIT(DsmDeviceNotUsed), 384, 204)
IS(DsmType6, 6, 6)
IS(DsmTypeMax, 8, 8)
#endif
#endif
#endif
#endif

/* ntddstor.h */
#if NTDDI_VERSION < NTDDI_WIN8
IS(sizeof(STORAGE_ADAPTER_DESCRIPTOR), 32, 32)
IS(NO_SRBTYPE_ADAPTER_DESCRIPTOR_SIZE, 30, 30)
#else
IS(__builtin_offsetof(STORAGE_ADAPTER_DESCRIPTOR, SrbType), 30, 30)
IS(__builtin_offsetof(STORAGE_ADAPTER_DESCRIPTOR, AddressType), 31, 31)
IS(sizeof(STORAGE_ADAPTER_DESCRIPTOR), 32, 32)
#endif
IS(DEVICE_LB_PROVISIONING_DESCRIPTOR_V1_SIZE, 32, 32)
IS(sizeof(DEVICE_LB_PROVISIONING_DESCRIPTOR), NTDDI_VERSION >= NTDDI_WINBLUE ? 40 : 32,
   NTDDI_VERSION >= NTDDI_WINBLUE ? 40 : 32)

/* wmistr.h */
IS(WMIGUID_ALL_ACCESS, NTDDI_VERSION < NTDDI_WINXP ? 0x207FF : 0x120FFF,
   NTDDI_VERSION < NTDDI_WINXP ? 0x207FF : 0x120FFF)
