/* SPDX-License-Identifier: MIT */
/*
 * Names of %!NAME! that the emulator's formatter knows (mpio/nt/format_trace.c; its test walks this
 * list). PLACE: about the message itself, takes no argument. VALUE: takes one.
 */
#ifndef WPP_KNOWN_H
#define WPP_KNOWN_H

#define WPP_PLACES(X) \
    X(FUNC) X(FILE) X(LINE) X(LEVEL) X(FLAGS) X(COMPNAME) X(STDPREFIX) X(CPU)
#define WPP_VALUES(X)                                                                              \
    X(bool) X(BOOLEAN) X(BOOL) X(irql) X(IRQL) X(STATUS) X(NTSTATUS) X(status) X(WINERROR)         \
    X(winerr) X(HRESULT) X(hresult) X(GUID) X(guid) X(CLSID) X(IID) X(LIBID) X(REFGUID)            \
    X(TIMESTAMP) X(datetime) X(TIME) X(time) X(DATE) X(date) X(delta) X(DELTA) X(due) X(WAITTIME)  \
    X(IPADDR) X(ipaddr) X(PORT) X(port) X(sid) X(SID) X(ptr) X(PTR) X(HANDLE) X(PVOID) X(s) X(S)   \
    X(astr) X(wstr) X(ustr) X(USTR) X(HEXDUMP) X(hexdump) X(xstr) X(b1) X(b2) X(b4) X(b8) X(b16)   \
    X(b32) X(sbyte) X(ubyte) X(sshort) X(ushort) X(sint) X(uint) X(slong) X(ulong) X(xint)         \
    X(xlong) X(sint64) X(uint64) X(xint64)

#endif
