/* SPDX-License-Identifier: MIT */
/* Trace calls in every shape; those in comments and strings are none. */
#include "trace.h"
#include "styles.tmh"

static int calls;

static int Count(void)
{
    return ++calls;
}

static inline NTSTATUS Inner(PSTR text)
{
    FuncEntry(FLAG_IO);
    if (text == NULL)
        TraceEvents(TRACE_LEVEL_ERROR, FLAG_IO, "no braces");
    else
        TraceEvents(TRACE_LEVEL_ERROR, FLAG_IO, "%s", text);
    FuncExit(FLAG_IO, STATUS_NOT_SUPPORTED);
    return STATUS_NOT_SUPPORTED;
}

VOID TraceStyles(VOID)
{
    const char *text = "TraceEvents(TRACE_LEVEL_ERROR, FLAG_IO, \"in a string\")";
    int result;

    /* TraceEvents(TRACE_LEVEL_ERROR, FLAG_IO, "in a comment"); */
    // TracePrint((TRACE_LEVEL_ERROR, FLAG_IO, "%d in another"));
    TracePrint((TRACE_LEVEL_ERROR, FLAG_INIT, "double parentheses %!LEVEL! %!FLAGS! %d\n", 1));
    TraceEvents(TRACE_LEVEL_WARNING, FLAG_IO, "level %!LEVEL! flags %!FLAGS! of %!FUNC! in %!FILE!");
    DoTraceMessage(FLAG_IO, "without level");
    Trace(TRACE_LEVEL_INFORMATION, "preset flag %!FLAGS! %u", 7u);
    TraceInfo(FLAG_PATH, "preset level %!LEVEL!");
    ByComponent(TRACE_LEVEL_ERROR, FLAG_SECOND, "own condition, %!COMPNAME!");
    MessageFirst("message first %d", TRACE_LEVEL_ERROR, FLAG_IO, 42);
    Plain(FLAG_SECOND, ("inner parentheses %s %d", "and", 2));
    Prefixed(TRACE_LEVEL_ERROR, FLAG_IO, "text %d", 5);
    TraceEvents(TRACE_LEVEL_ERROR,
                FLAG_IO, "over "
                "several "
                "lines %d %s",
                3,
                text);
    REPORT("from a macro");
    TraceEvents(TRACE_LEVEL_ERROR, ERROR_FLAG, "flag by another name: %!FLAGS!");
    TraceEvents(TRACE_LEVEL_ERROR, FLAG_IO, "nested (a, b), \"quoted, too\" %c", ',');
    result = TraceEvents(TRACE_LEVEL_ERROR, FLAG_IO, "as an expression");
    if (result >= 0 && calls == 0)
        for (UCHAR level = TRACE_LEVEL_ERROR; level < 9; level += 4)
            TraceEvents(level, FLAG_IO, "level by value %u", level);
    Inner(NULL);
    Inner("two");
    ASSERT(calls == 4711); /* a checked build tells it and goes on */
    /* Arguments of a message that is off are not evaluated. */
    TraceEvents(9, FLAG_IO, "off: %d", Count());
    TraceEvents(TRACE_LEVEL_ERROR, FLAG_IO, "evaluated %d", calls);
}
