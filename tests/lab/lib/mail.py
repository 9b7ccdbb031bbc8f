# SPDX-License-Identifier: LGPL-2.1-or-later
"""MS-ISTD by hand, written from the specifications and not from our code: MS-ISTD 2.2, MS-MAIL 2.2.1,
RFC 1002 4.1 and 4.4."""
import dataclasses
import socket
import struct

PORT = 138
DIRECT_UNIQUE, DIRECT_GROUP = 0x10, 0x11
SERVICE, DISCOVERER = r"\MAILSLOT\WINTARGET", r"\MAILSLOT\WTVDSPROV"


def name(text, suffix=0):
    plain = text.upper().encode()[:15].ljust(15) + bytes([suffix])
    return b"\x20" + b"".join(bytes([0x41 + (byte >> 4), 0x41 + (byte & 15)]) for byte in plain) + b"\0"


def plain_name(encoded):
    plain = bytes((encoded[i] - 0x41) << 4 | (encoded[i + 1] - 0x41) for i in range(1, 33, 2))
    return plain[:15].decode().rstrip(), plain[15]


def message(text, version=1, size=260):
    return (struct.pack("<I", version) + text.encode("utf-16-le")).ljust(size, b"\0")[:size]


def question(asker, **more):
    return message(rf"\\{asker}{DISCOVERER}", **more)


def write(mailslot, data):
    slot = mailslot.encode() + b"\0"
    padding = -(69 + len(slot)) % 4
    offset = 69 + len(slot) + padding
    words = struct.pack("<HHHHBBHIHHHHHBBHHH", 0, len(data), 0, 0, 0, 0, 0, 0, 0, 0, 0, len(data), offset, 3, 0, 1, 1, 2)
    assert len(words) == 34
    return (b"\xffSMB\x25" + bytes(27) + b"\x11" + words + struct.pack("<H", len(slot) + padding + len(data))
            + slot + bytes(padding) + data)


def datagram(kind, source, destination, address, data, flags=2):
    body = name(source) + name(destination) + data
    return struct.pack(">BBH4sHHH", kind, flags, 7, socket.inet_aton(address), PORT, len(body), 0) + body


def ask(asker, address, group="WORKGROUP", mailslot=SERVICE, data=None, flags=2):
    """The packet of a question."""
    return datagram(DIRECT_GROUP, asker.split(".")[0], group, address,
                    write(mailslot, question(asker) if data is None else data), flags)


def answer(server, asker, address):
    return datagram(DIRECT_UNIQUE, server.split(".")[0], asker.split(".")[0], address,
                    write(DISCOVERER, message(server)))


@dataclasses.dataclass
class Read:
    kind: int
    source: str
    destination: str
    mailslot: str
    text: str
    size: int


def read(packet):
    kind, flags, _, _, port, length, offset = struct.unpack_from(">BBH4sHHH", packet)
    assert flags == 2 and port == PORT and offset == 0 and length == len(packet) - 14, packet
    source, destination, smb = plain_name(packet[14:48]), plain_name(packet[48:82]), packet[82:]
    assert source[1] == destination[1] == 0
    assert smb[:5] == b"\xffSMB\x25" and smb[32] == 17
    count, at = struct.unpack_from("<HH", smb, 33 + 22)
    mailslot = smb[69:smb.index(b"\0", 69)].decode()
    data = smb[at:at + count]
    assert len(data) == count
    version, = struct.unpack_from("<I", data)
    assert version == 1
    text, rest = data[4:].decode("utf-16-le").split("\0", 1)
    assert not rest.strip("\0"), "unused bytes must be zero"
    return Read(kind, source[0], destination[0], mailslot, text, len(data))
