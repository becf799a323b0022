# SPDX-License-Identifier: MIT
"""An initiator that knows nothing of SCSI but how to carry it: logs in to an iSCSI target without
authentication and stores what INQUIRY and a few other commands return, byte for byte.

    python3 wire.py ADDRESS:PORT TARGET LUN DIRECTORY

Files: inquiry, vpd_00 and one vpd_XX for each page it lists, capacity, groups (REPORT TARGET PORT
GROUPS with the extended header), vpd_c0.sense (the sense data of a page that no profile has).
"""
import os
import socket
import struct
import sys

LOGIN, TEXT_NUL = 0x43, "\0"


class Session:
    def __init__(self, address, target, lun, initiator="iqn.2026-01.test:wire"):
        host, port = address.rsplit(":", 1)
        self.socket = socket.create_connection((host, int(port)), 10)
        self.lun, self.sn = lun, 1
        keys = ["InitiatorName=" + initiator, "TargetName=" + target, "SessionType=Normal", "HeaderDigest=None",
                "DataDigest=None", ""]
        header = struct.pack(">BBH I 6sH IHHII16x", LOGIN, 0x87, 0, 0, b"\x80\0\0\0\0\1", 0, 1, 0, 0, self.sn, 0)
        self.send(header, TEXT_NUL.join(keys).encode())
        answer, _ = self.receive()
        if answer[0] != 0x23 or answer[36] or answer[37]:
            sys.exit("login refused: %02x%02x" % (answer[36], answer[37]))

    def send(self, header, data=b""):
        header = header[:5] + len(data).to_bytes(3, "big") + header[8:]
        self.socket.sendall(header + data + bytes(-len(data) % 4))

    def take(self, length):
        data = b""
        while len(data) < length:
            part = self.socket.recv(length - len(data))
            if not part:
                sys.exit("the target has closed the connection")
            data += part
        return data

    def receive(self):
        header = self.take(48)
        length = int.from_bytes(header[5:8], "big")
        return header, self.take(length + -length % 4)[:length]

    def command(self, cdb, length):
        """Returns (data, sense); sense is empty after GOOD."""
        header = struct.pack(">BBH I H6x IIII", 0x01, 0xC1, 0, 0, self.lun, self.sn, length, self.sn, 0)
        self.sn += 1
        self.send(header + bytes(cdb).ljust(16, b"\0"))
        data = b""
        while True:
            header, part = self.receive()
            if header[0] == 0x25:
                data += part
                if header[1] & 1:  # with status
                    return data, b""
            elif header[0] == 0x21:
                return data, part[2:] if header[3] == 2 else b""
            else:
                sys.exit("PDU %02x in the place of an answer" % header[0])


def main():
    address, target, lun, directory = sys.argv[1:5]
    session = Session(address, target, int(lun))

    def keep(name, data):
        with open(os.path.join(directory, name), "wb") as file:
            file.write(data)
        return data

    session.command([0] * 6, 0)  # the unit attention that a new nexus finds
    keep("inquiry", session.command([0x12, 0, 0, 0, 255, 0], 255)[0])
    pages = keep("vpd_00", session.command([0x12, 1, 0, 0, 255, 0], 255)[0])
    for page in pages[4:]:
        data, sense = session.command([0x12, 1, page, 4, 0, 0], 1024)
        if sense:
            sys.exit("page %02x is listed and refused" % page)
        keep("vpd_%02x" % page, data)
    keep("vpd_c0.sense", session.command([0x12, 1, 0xC0, 4, 0, 0], 1024)[1])
    keep("capacity", session.command([0x9E, 0x10] + [0] * 11 + [32, 0, 0], 32)[0])
    keep("groups", session.command([0xA3, 0x2A, 0, 0, 0, 0, 0, 0, 4, 0, 0, 0], 1024)[0])


if __name__ == "__main__":
    main()
