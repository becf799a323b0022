/* SPDX-License-Identifier: MIT */
/*
 * DEFINE_GUID: a declaration, or a definition after INITGUID. Included again by initguid.h, so a
 * driver may set INITGUID late; hence no include guard.
 */
#undef DEFINE_GUID
#undef DDK_GUID_EXTERN
#ifdef __cplusplus
#define DDK_GUID_EXTERN extern "C"
#else
#define DDK_GUID_EXTERN extern
#endif
#ifdef INITGUID
#define DEFINE_GUID(name, a, b, c, d0, d1, d2, d3, d4, d5, d6, d7) \
    DDK_GUID_EXTERN const GUID name;                               \
    DDK_GUID_EXTERN const GUID DECLSPEC_SELECTANY name = {         \
        a, b, c, {d0, d1, d2, d3, d4, d5, d6, d7}}
#else
#define DEFINE_GUID(name, a, b, c, d0, d1, d2, d3, d4, d5, d6, d7) \
    DDK_GUID_EXTERN const GUID name
#endif
