/* SPDX-License-Identifier: MIT */
/* Trace declarations with everything a project may write: two controls, conditions of its own, types. */
#include <ntddk.h>

#define WPP_CONTROL_GUIDS                                                            \
    WPP_DEFINE_CONTROL_GUID(Main, (0A1B2C3D,0001,0002,0003,0123456789AB),            \
        WPP_DEFINE_BIT(FLAG_INIT) WPP_DEFINE_BIT(FLAG_IO) WPP_DEFINE_BIT(FLAG_PATH)) \
    WPP_DEFINE_CONTROL_GUID(Second, (0A1B2C3E,0001,0002,0003,0123456789AB),          \
        WPP_DEFINE_BIT(FLAG_SECOND))

#define WPP_LEVEL_FLAGS_LOGGER(lvl, flags) WPP_LEVEL_LOGGER(flags)
#define WPP_LEVEL_FLAGS_ENABLED(lvl, flags) \
    (WPP_LEVEL_ENABLED(flags) && WPP_CONTROL(WPP_BIT_ ## flags).Level >= lvl)
#define WPP_LEVEL_COMP_LOGGER(lvl, comp) WPP_LEVEL_LOGGER(comp)
#define WPP_LEVEL_COMP_ENABLED(lvl, comp) WPP_LEVEL_FLAGS_ENABLED(lvl, comp)

typedef enum _PATH_STATE {
    PathUnknown,
    PathActive = 0x10,
    PathStandby,            /* 17 */
    PathFailed = -(1 << 2)
} PATH_STATE;

typedef struct xstr {
    char *_buf;
    short _len;
} xstr_t;
__inline xstr_t log_xstr(void *p, short l)
{
    xstr_t xs = {(char *)p, l};
    return xs;
}

/* Trace calls in a macro of the project. */
#define REPORT(what) \
    TraceEvents(TRACE_LEVEL_ERROR, FLAG_IO, "report: " what)
#define ERROR_FLAG FLAG_PATH

VOID TraceStyles(VOID);
VOID TraceFormats(VOID);
VOID TraceBlock(VOID);
VOID TraceEventsOfBinaries(VOID);

// begin_wpp config
// FUNC TraceEvents(LEVEL, FLAGS, MSG, ...);
// FUNC Trace{FLAGS=FLAG_IO}(LEVEL, MSG, ...);
// FUNC TraceInfo{LEVEL=TRACE_LEVEL_INFORMATION}(FLAGS, MSG,
//     ...);
// FUNC ByComponent(LEVEL, COMP, MSG, ...);
// FUNC MessageFirst(MSG, LEVEL, FLAGS, ...);
// FUNC FuncEntry{LEVEL=TRACE_LEVEL_VERBOSE}(FLAGS);
// USESUFFIX (FuncEntry, "--> %!FUNC!");
// FUNC FuncExit{LEVEL=TRACE_LEVEL_VERBOSE}(FLAGS, EXP);
// USEPREFIX (FuncExit, "%!STDPREFIX! <-- ");
// USESUFFIX (FuncExit, "%!FUNC!: %!STATUS!", EXP);
// FUNC Prefixed(LEVEL, FLAGS, MSG, ...);
// USEPREFIX (Prefixed, "[%s, %d] ", "prefix; here", __LINE__ > 0);
// CUSTOM_TYPE(state, ItemEnum(_PATH_STATE));
// CUSTOM_TYPE(colour, ItemListLong(Red, Green, Blue));
// CUSTOM_TYPE(options, ItemSetByte(A,B,C));
// DEFINE_CPLX_TYPE(DUMP, WPP_LOGHEXDUMP, xstr_t, ItemHEXDump,"s", _HEX_, 0,2);
// end_wpp
