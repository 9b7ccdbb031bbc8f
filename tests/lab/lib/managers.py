# SPDX-License-Identifier: LGPL-2.1-or-later
"""The two path managers that mpapid acts through, each over the two ALUA units, ready for actions.

A story that is true of both is told once, in a module of its own, and run by a script for each.
"""

from pathlib import Path

import dm
from lio import disk_of, lio_map, lio_unmap, plug
from mpapid import (LOGICAL_UNIT, PATH, Objects, call, configure, configure_as_installed, manager_property, restart,
                    settled)
from multipathd import map_names, multipathd_start
from paths import device_number
from san import GROUPS, HOSTS, SERIALS, map_by_hand, maps_down, naa_of, san_down, two_alua_units
from shell import settle, sh, wait_for

STATE = Path("/var/lib/mpapi/intents")
RECORD = Path("/etc/mpapi/disabled-paths")
DROP_IN = Path("/etc/multipath/conf.d/zz-mpapi.conf")
NAMES = {unit: "3" + naa_of(serial) for unit, serial in SERIALS.items()}  # of the maps, as multipathd names them

manager = ""
units = {}  # {unit: {disk: group}}


def under_multipathd(access="implicit", polling=2, max_polling=4, settings=None):
    """multipathd has made both maps and mpapid works through it."""
    global manager
    manager = "multipathd"
    units.update(two_alua_units(access))
    multipathd_start(maps=2, polling=polling, max_polling=max_polling, settings=settings)
    restart()
    in_charge()


def standalone(access="implicit"):
    """multipathd cannot be started by anybody; the maps are made by hand and mpapid manages them."""
    global manager
    manager = "standalone"
    units.update(two_alua_units(access))
    sh("systemctl mask --now multipathd.service multipathd.socket", timeout=120)
    # What udev's rules ask before they let a disk be a path of a map (multipath -u).
    Path("/etc/multipath").mkdir(exist_ok=True)
    Path("/etc/multipath/wwids").write_text("".join(f"/{name}/\n" for name in NAMES.values()))
    for unit, name in NAMES.items():
        map_by_hand(name, units[unit], uuid=f"mpath-{name}")
    configure('manager = "standalone"\n')
    in_charge()


def in_charge(deadline=60):
    wait_for(f"{manager} is the path manager and both units are there",
             lambda: manager_property("PathManager") == manager and manager_property("Ready") and
             len(Objects().of(LOGICAL_UNIT)) == 2, deadline=deadline, every=0.2)
    settled()


def begin_anew():
    """What a boot does, but for the kernel: no daemon, no map, nothing that udev knows of a disk; then all again."""
    sh("systemctl stop mpapid.service", timeout=120)
    if manager == "multipathd":
        sh("systemctl stop multipathd.socket multipathd.service", timeout=120)
    maps_down()
    disks = [disk for members in units.values() for disk in members]
    for disk in disks:
        Path(f"/run/udev/data/b{device_number(disk)}").unlink(missing_ok=True)
    sh("udevadm trigger --settle --action=add " + " ".join(f"/sys/block/{disk}" for disk in disks), timeout=120)
    if manager == "multipathd":
        sh("systemctl start multipathd.service", timeout=120)
        wait_for("multipathd has made both maps", lambda: len(map_names()) == 2, deadline=60)
    else:
        # Whoever makes maps here knows nothing of what was disabled.
        for name, members in units.items():
            map_by_hand(NAMES[name], members, uuid=f"mpath-{NAMES[name]}")
    restart()
    in_charge()


def all_down():
    """The SAN goes, and with it everything that was asked for."""
    sh("systemctl stop mpapid.service", timeout=120)
    for kept in (STATE, RECORD, DROP_IN):
        kept.unlink(missing_ok=True)
    san_down()
    sh("systemctl unmask multipathd.service multipathd.socket")
    configure_as_installed()
    units.clear()


def unit(name="lu0"):
    """The logical unit of a LIO unit, as published."""
    return Objects().one(LOGICAL_UNIT, Name=NAMES[name])


def path(disk, name="lu0"):
    """The path that a disk is, as published."""
    objects = Objects()
    return objects.one(PATH, Device=disk, LogicalUnit=objects.one(LOGICAL_UNIT, Name=NAMES[name])["path"])


def optimized(name="lu0"):
    """Disks of the unit in its optimized group, and the others."""
    disks = units[name]
    return [disk for disk in disks if disks[disk] == "gA"], [disk for disk in disks if disks[disk] == "gB"]


def in_table(name="lu0"):
    """Disks that the map's table has, {disk: number of its priority group}."""
    table = dm.table(NAMES[name])
    return {Path(f"/sys/dev/block/{one['device']}").resolve().name: index
            for index, group in enumerate(table["groups"], 1) for one in group["paths"]}


def act(one, method, signature="a{sv}", *arguments, deadline=60):
    """Calls a method of a published object."""
    return call(method, signature, *(arguments or ({},)), path=one["path"], interface=one["interface"],
                deadline=deadline)


def lose(disk):
    """The disk goes, as on a surprise removal; gives what `give_back` wants to know."""
    name = next(name for name, disks in units.items() if disk in disks)
    place = next((host, tag, list(SERIALS).index(name)) for host in HOSTS for tag in range(1, len(GROUPS) + 1)
                 if disk_of(host, tag, list(SERIALS).index(name)) == disk)
    lio_unmap(*place)
    wait_for(f"{disk} is gone", lambda: not Path(f"/sys/block/{disk}").exists(), deadline=60)
    settle()
    return place, name, units[name].pop(disk)


def give_back(lost):
    """The path comes back; gives the disk, whose name may be another."""
    place, name, group = lost
    lio_map(*place, name, group)
    disk = plug()[0]
    units[name][disk] = group
    return disk


def calm():
    """As at the beginning: every path enabled and in its table, no override path."""
    objects = Objects()
    for one in objects.of(LOGICAL_UNIT):
        if one["OverridePath"] != "/":
            act(one, "CancelOverridePath")
    for one in objects.of(PATH, Disabled=True):
        act(one, "Enable")
    wait_for("every path is in its table and works",
             lambda: all(sorted(in_table(name)) == sorted(units[name]) for name in units) and
             all(one["State"] == "okay" for one in Objects().of(PATH)), deadline=60, every=0.2)


def left_over():
    """Maps that are suspended or have a table that waits, by name: nothing may be left so."""
    return [name for name in NAMES.values() if (known := dm.info(name)) and
            (known["suspended"] or sh(f"dmsetup table --inactive {name}", check=False))]
