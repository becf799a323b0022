# SPDX-License-Identifier: MIT
# gdb and DSMs that are PE images: gdb learns of every .sys that mpio maps and where it runs, and forgets it when it is
# unmapped. Shared objects (.so) it finds by itself. One line is all:
#
#     gdb -x openmpio.py --args mpio run --dsm mydsm.sys --topology two-paths.ini
#
# It stops, unseen, in two functions of mpio/host/posix/image.c and reads their arguments from the registers;
# attached to a running mpio, it reads the list there first.
import os
import struct

import gdb

loaded = {}  # where an image runs -> an address in its code, by which gdb knows the file


def first_code(base):
    """Where the first executable section of a mapped image begins."""
    page = bytes(gdb.selected_inferior().read_memory(base, 4096))
    header = struct.unpack_from("<I", page, 60)[0]
    sections, optional = struct.unpack_from("<6xH12xH", page, header)
    for i in range(sections):
        rva, flags = struct.unpack_from("<12xI20xI", page, header + 24 + optional + 40 * i)
        if flags & 0x20000000:
            return base + rva
    raise ValueError("no executable section")


def mapped(path, base, linked_base):
    unmapped(base)
    if not os.path.isabs(path):  # mpio's working directory counts, not gdb's
        path = os.path.join("/proc/%d/cwd" % gdb.selected_inferior().pid, path)
    try:
        code = first_code(base)
        # One offset moves all sections and lines from where the linker placed them.
        gdb.execute('add-symbol-file "%s" -o %d' % (os.path.realpath(path), base - linked_base), to_string=True)
        loaded[base] = code
    except (gdb.error, struct.error, ValueError) as reason:
        print("openmpio: no symbols of %s: %s" % (path, reason))


def unmapped(base):
    code = loaded.pop(base, None)
    if code is not None:
        gdb.execute("remove-symbol-file -a %d" % code, to_string=True)


def argument(register):
    return int(gdb.parse_and_eval("(unsigned long long)$" + register))


class Mapped(gdb.Breakpoint):
    def stop(self):
        mapped(gdb.parse_and_eval("(char *)$rdi").string(), argument("rsi"), argument("rdx"))
        return False


class Unmapped(gdb.Breakpoint):
    def stop(self):
        unmapped(argument("rdi"))
        return False


def forget(event):
    for base in list(loaded):
        unmapped(base)


def begin():
    gdb.execute("set breakpoint pending on")  # a DSM comes later than the breakpoints in it
    gdb.execute("set confirm off")
    Mapped("*mpio_image_mapped", internal=True)
    Unmapped("*mpio_image_unmapped", internal=True)
    gdb.events.exited.connect(forget)
    if gdb.selected_inferior().pid != 0:
        entry = gdb.parse_and_eval("host_state.images")
        while entry != 0:
            image = entry["image"]
            mapped(image["path"].string(), int(image["base"]), int(image["linked_base"]))
            entry = entry["next"]


begin()
