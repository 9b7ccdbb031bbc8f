# SPDX-License-Identifier: LGPL-2.1-or-later
"""ADAPTERLIST (MS-CSVP 2.2.11 to 2.2.13), read by the text of the specification and to its last byte."""
import ipaddress
import struct
import uuid


class Reader:
    def __init__(self, data):
        self.data, self.at = data, 0

    def take(self, size):
        assert self.at + size <= len(self.data), f"it ends at {len(self.data)}, within an item at {self.at}"
        piece = self.data[self.at:self.at + size]
        self.at += size
        return piece

    def number(self):
        return struct.unpack("<H", self.take(2))[0]

    def text(self):
        return self.take(self.number()).decode("utf-16-le")

    def address(self):
        """A sockaddr of Windows, 128 bytes."""
        family, port = struct.unpack("<HH", self.take(4))
        if family == 2:
            address = ipaddress.IPv4Address(self.take(4))
            rest = self.take(120)
        else:
            assert (family, self.take(4)) == (0x17, bytes(4)), family
            address = ipaddress.IPv6Address(self.take(16))
            (scope,) = struct.unpack("<I", self.take(4))
            assert (scope != 0) == address.is_link_local, (address, scope)
            rest = self.take(100)
        assert port == 0 and not any(rest), (port, rest)
        return str(address)

    def prefix(self):
        address = self.address()
        return address, struct.unpack("<I", self.take(4))[0]

    def many(self, item):
        return [item() for _ in range(self.number())]

    def adapter(self):
        assert self.text() == "class mscs::Adapter"
        found = {
            "description": self.text(), "friendly": self.text(), "name": self.text(),
            "prefixes": self.many(self.prefix), "physical": self.text(), "addresses": self.many(self.address),
            "gateways": self.many(self.address),
        }
        words = ("type", "tunnel", "status", "dhcp", "internal", "cluster")
        return found | dict(zip(words, struct.unpack("<6I", self.take(24))))


def decode(data):
    """The server's name, the adapters, the Guids."""
    reader = Reader(data)
    assert reader.text() == "class mscs::AdapterList"
    told = reader.text(), reader.many(reader.adapter), [uuid.UUID(each) for each in reader.many(reader.text)]
    assert reader.at == len(data), f"{len(data) - reader.at} bytes behind its end"
    for which in ("description", "friendly", "name"):
        texts = [each[which] for each in told[1]]
        assert len(set(texts)) == len(texts), texts
    assert len(set(told[2])) == len(told[2]) >= 2 * len(told[1]), told[2]
    return told
