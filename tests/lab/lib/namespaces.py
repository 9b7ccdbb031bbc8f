# SPDX-License-Identifier: LGPL-2.1-or-later
"""Sockets of another network namespace, for whom this program can be another host."""

import ctypes
import socket

CLONE_NEWNET = 0x40000000
LIBC = ctypes.CDLL(None, use_errno=True)


def socket_in(namespace, family=socket.AF_INET, kind=socket.SOCK_DGRAM, protocol=0):
    """A socket that belongs to the namespace, for as long as it lives; whoever calls stays in its own."""
    with open("/proc/thread-self/ns/net", "rb") as here, open(f"/run/netns/{namespace}", "rb") as there:
        assert LIBC.setns(there.fileno(), CLONE_NEWNET) == 0
        try:
            return socket.socket(family, kind, protocol)
        finally:
            assert LIBC.setns(here.fileno(), CLONE_NEWNET) == 0
