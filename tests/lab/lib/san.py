# SPDX-License-Identifier: LGPL-2.1-or-later
"""Whole SANs, and how any of them is taken down again."""

from pathlib import Path

from iscsi import iscsi_logout, sessions
from lio import CONFIG, disk_of, lio_down, lio_group, lio_map, lio_port, lio_unit, plug
from multipathd import multipathd_stop
from paths import device_number, disks
from scsi_debug import scsi_debug_down
from shell import read, settle, sh, status, wait_for

HOSTS = {"naa.5001405000000001": "naa.500140500000aaaa", "naa.5001405000000002": "naa.500140500000bbbb"}
GROUPS = {"gA": 10, "gB": 20}
SERIALS = {"lu0": "0123456789abcdef0000", "lu1": "0123456789abcdef1111"}


def naa_of(serial):
    """The name that LIO makes of a unit's serial: NAA 6, its company id, the first hex digits (SPC-4 7.8.6.6.5)."""
    return "6001405" + "".join(c for c in serial.lower() if c in "0123456789abcdef")[:25].ljust(25, "0")


def two_alua_units(access="implicit"):
    """Two units of four paths each: two hosts, on each a port in group gA (optimized) and one in gB.

    `access` is of both, or {unit: its own}. Gives {unit: {disk: group}}.
    """
    for unit, serial in SERIALS.items():
        kind = access if isinstance(access, str) else access[unit]
        lio_unit(unit, serial)
        lio_group(unit, "gA", GROUPS["gA"], "active-optimized", kind, preferred=True)
        lio_group(unit, "gB", GROUPS["gB"], "active-nonoptimized", kind)
    for host, initiator in HOSTS.items():
        for tag, group in ((1, "gA"), (2, "gB")):
            lio_port(host, tag, initiator)
            for lun, unit in enumerate(SERIALS):
                lio_map(host, tag, lun, unit, group)
    plug()
    return {unit: {disk_of(host, tag, lun): group for host in HOSTS for tag, group in ((1, "gA"), (2, "gB"))}
            for lun, unit in enumerate(SERIALS)}


def map_by_hand(name, paths, uuid=None, queue=False, handler="alua"):
    """Makes a multipath map with dmsetup, without multipathd. `paths` is {disk: group}; a priority group for each."""
    groups = {}
    for disk, group in paths.items():
        groups.setdefault(group, []).append(disk)
    sectors = read(f"/sys/block/{next(iter(paths))}/size")
    table = f"0 {sectors} multipath {'1 queue_if_no_path' if queue else '0'} " \
            f"{f'1 {handler}' if handler else '0'} {len(groups)} 1"
    for members in groups.values():
        table += f" service-time 0 {len(members)} 1 " + " ".join(f"{device_number(disk)} 1" for disk in members)
    sh(f"dmsetup create {name} " + (f"--uuid {uuid} " if uuid else "") + f"--table '{table}'")
    settle()
    return table


def maps():
    """Every device-mapper device there is, those on top of others first."""
    told = sh("dmsetup info -c --noheadings --separator ' ' -o name,minor", check=False)
    found = [line.split() for line in told.splitlines() if len(line.split()) == 2]
    above = {name: len(list(Path(f"/sys/block/dm-{minor}/holders").glob("*"))) for name, minor in found}
    return sorted(above, key=above.get)


def maps_down():
    """Removes every map. Queued I/O is failed first: a map that queues cannot be flushed."""
    for name in maps():
        status(f"dmsetup message {name} 0 fail_if_no_path")
        status(f"dmsetup resume --noflush {name}")

    def none_left():
        for name in maps():
            status(f"dmsetup remove {name}")
        return not maps()

    wait_for("all device-mapper maps are removed", none_left, deadline=60, every=0.2)


def leftovers():
    """What of a SAN is there now; nothing at the start and at the end of a script."""
    found = [f"map {name}" for name in maps()]
    found += [f"session {session['session']}" for session in sessions()]
    found += [f"disk {name}" for name in disks()]
    found += [f"LIO {path.relative_to(CONFIG)}" for pattern in ("core/*/*/alua", "loopback/naa*", "iscsi/iqn*")
              for path in CONFIG.glob(pattern)]
    if Path("/sys/module/scsi_debug").exists():
        found.append("module scsi_debug")
    units = ("multipathd.service", "multipathd.socket", "iscsid.service")
    states = sh("systemctl is-active " + " ".join(units), check=False).split()
    found += [f"unit {unit}" for unit, state in zip(units, states) if state in ("active", "activating", "deactivating")]
    return found


def san_down():
    """Takes down whatever SAN there is, from the top: maps, sessions, targets, disks."""
    multipathd_stop()
    maps_down()
    iscsi_logout()
    lio_down()
    scsi_debug_down()
    settle()
    # The kernel lets go of a disk some time after the write that removed it.
    wait_for("the SAN is gone", lambda: not leftovers(), deadline=60)
