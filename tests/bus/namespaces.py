# SPDX-License-Identifier: LGPL-2.1-or-later
"""Namespaces of one test's own, where nothing else is, and that end with it, however it ends."""
import contextlib
import ctypes
import os
import subprocess

import needs

NETWORK, MOUNTS, HOST_NAME = 0x40000000, 0x00020000, 0x04000000  # CLONE_NEW*, sched.h
LIBC = ctypes.CDLL(None, use_errno=True)


def own(kinds=NETWORK):
    """This process, and what it starts, get them; where that may not be, the whole program is skipped."""
    if LIBC.unshare(kinds) != 0:
        needs.skip(f"namespaces need root ({os.strerror(ctypes.get_errno())})")
    if kinds & MOUNTS:
        subprocess.run(["mount", "--make-rprivate", "/"], check=True)
    if kinds & NETWORK:
        subprocess.run(["ip", "link", "set", "lo", "up"], check=True)


def dead_end():
    """The interface `here`, 10.9.0.1/24, where nobody answers."""
    for words in ("link add there type veth peer name here", "link set here up", "link set there up",
                  "addr add 10.9.0.1/24 brd + dev here"):  # fmt: skip
        subprocess.run(["ip", *words.split()], check=True)


@contextlib.contextmanager
def inside(name):
    """Sockets that this thread opens are in that network; sockets stay where they were opened."""
    with open("/proc/thread-self/ns/net", "rb") as here, open(f"/run/netns/{name}", "rb") as there:
        assert LIBC.setns(there.fileno(), NETWORK) == 0
        try:
            yield
        finally:
            assert LIBC.setns(here.fileno(), NETWORK) == 0
