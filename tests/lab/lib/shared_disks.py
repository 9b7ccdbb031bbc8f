# SPDX-License-Identifier: LGPL-2.1-or-later
"""A logical unit as a disk that nodes share: org.mpapi.Multipath1.SharedDisk."""

from pathlib import Path

import managers
from bus import BusError
from managers import NAMES
from mpapid import CONFIG, ROOT, SERVICE, call, get_all, restart
from shell import read, settle, sh, wait_for

SHARED_DISK = f"{SERVICE}.SharedDisk"
MIB = 1 << 20


def allow(*names, manager="auto"):
    """Runs the daemon with these units on the list of disks that programs may use."""
    saved = CONFIG.with_suffix(".installed")
    if not saved.exists():
        saved.write_text(CONFIG.read_text())
    listed = ", ".join(f'"{NAMES[name]}"' for name in names)
    CONFIG.write_text(f'manager = "{manager}"\n[disks]\nallow = [{listed}]\n')
    restart()
    managers.in_charge()


def path_of(name="lu0"):
    return f"{ROOT}/shared/{NAMES[name]}"


def disk(name="lu0"):
    """Its properties."""
    return get_all(path_of(name), SHARED_DISK)


def do(method, signature="", *arguments, name="lu0", deadline=130.0):
    return call(method, signature, *arguments, path=path_of(name), interface=SHARED_DISK, deadline=deadline)


def refused(method, signature="", *arguments, name="lu0"):
    """The error that a method ends with, without what all of ours begin with; "" when it did not fail."""
    try:
        do(method, signature, *arguments, name=name)
    except BusError as error:
        return str(error).removeprefix(f"{SERVICE}.Error.")
    return ""


def our_key():
    """What this node registers, as sg_persist writes it."""
    told = call("Get", "ss", f"{SERVICE}.SharedDisks", "ReservationKey", path=path_of().rpartition("/")[0],
                interface="org.freedesktop.DBus.Properties")
    return f"0x{told:x}"


def node(name="lu0"):
    return f"/dev/mapper/{NAMES[name]}"


def partition(name="lu0"):
    return f"{node(name)}-part1"


def one_partition(name="lu0"):
    """A partition table with one entry, from 1 MiB to 2 MiB before the end, and a map for it. Scratch sectors are not
    in the first and not in the last MiB."""
    sectors = int(read(f"/sys/block/{Path(node(name)).resolve().name}/size"))
    entry = bytes([0, 0, 0, 0, 0x07, 0, 0, 0]) + (2048).to_bytes(4, "little") + (sectors - 6144).to_bytes(4, "little")
    with open(node(name), "r+b", buffering=0) as opened:
        opened.write(bytes(446) + entry + bytes(48) + b"\x55\xaa")
    settle()
    sh(f"kpartx -an -p -part {node(name)}")
    wait_for("the partition is there", lambda: Path(partition(name)).exists(), deadline=30)
    settle()


def read_only(*devices):
    """{device: whether the kernel says so}."""
    return {one: sh(f"blockdev --getro {one}") == "1" for one in devices}
