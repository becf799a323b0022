/* SPDX-License-Identifier: MIT */
/*
 * DEFINE_GUID: a declaration, or a definition after INITGUID. Included again by initguid.h, so a
 * driver may set INITGUID late; hence no include guard.
 */
#undef DEFINE_GUID
#undef DDK_GUID_EXTERN
#undef DDK_GUID_DEFINITION
#ifdef __cplusplus
#define DDK_GUID_EXTERN     extern "C"
#define DDK_GUID_DEFINITION extern "C" const GUID
#else
#define DDK_GUID_EXTERN     extern
#define DDK_GUID_DEFINITION const GUID
#endif
#ifdef INITGUID
#define DEFINE_GUID(name, a, b, c, d0, d1, d2, d3, d4, d5, d6, d7) \
    DDK_GUID_EXTERN const GUID name;                               \
    DDK_GUID_DEFINITION DECLSPEC_SELECTANY name = {a, b, c, {d0, d1, d2, d3, d4, d5, d6, d7}}
#else
#define DEFINE_GUID(name, a, b, c, d0, d1, d2, d3, d4, d5, d6, d7) \
    DDK_GUID_EXTERN const GUID name
#endif
