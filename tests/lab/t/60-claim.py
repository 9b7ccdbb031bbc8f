#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
# lab: timeout=900
"""A disabled path is claimed: what is in the record stays out of multipath, and nobody is offered its disk.

Here the record is written by hand, and the line that multipathd obeys too: what udev, multipathd and LVM make of
them is looked at, not who writes them. Whoever opens /dev/sdX by its name as root still reaches the disk; a claim
keeps it out of everything that goes by udev, and no I/O is sent to it by anybody else.
"""

import re
import struct
from pathlib import Path

import dm
import sysfs
from events import Uevents
from lio import lio_map, lio_unmap, plug, scsi_host
from multipathd import SETTINGS, map_names, multipathd_paths, multipathd_start, multipathd_stop
from paths import device_number, path_delete
from san import HOSTS, SERIALS, maps_down, naa_of, san_down, two_alua_units
from shell import read, settle, sh, status, wait_for
from tap import check, check_fields, check_that, main, note, require, require_that, test

PROGRAM = "/usr/lib/udev/mpapi-disabled-path"
RECORD = Path("/etc/mpapi/disabled-paths")
DROP_IN = Path("/etc/multipath/conf.d/mpapi-claim.conf")
NAMES = {unit: "3" + naa_of(serial) for unit, serial in SERIALS.items()}
CHECKER_INTERVAL = 4  # max_polling_interval
MEMBER = {"DM_MULTIPATH_DEVICE_PATH": "1", "ID_FS_TYPE": "mpath_member", "SYSTEMD_READY": "0"}
CLAIMED = {"DM_MPAPI_DISABLED": "1", **MEMBER}
units = {}
disabled = {}  # unit: the disk of its disabled path


def record_line(disk):
    """The path that a disk is, as the record has it. A loopback port has no name of its own: host and target."""
    host, channel, target, lun = sysfs.device(disk)["hctl"].split(":")
    unit = sysfs.device(disk)["wwid"].removeprefix("naa.")
    return f"{unit} host{host} {host}:{channel}:{target} {lun}\n"


def drop_in(selector="service-time 0"):
    DROP_IN.parent.mkdir(exist_ok=True)
    DROP_IN.write_text(f'blacklist {{\n\tproperty "^DM_MPAPI_DISABLED$"\n}}\n'
                       f'overrides {{\n\tpath_selector "{selector}"\n}}\n')


def properties(disk):
    told = sh(f"udevadm info --query=property --name={disk}")
    return dict(line.split("=", 1) for line in told.splitlines())


def trigger(*disks, action="change"):
    sh(f"udevadm trigger --settle --action={action} " + " ".join(f"/sys/class/block/{disk}" for disk in disks),
       timeout=120)


def in_map(unit):
    """The disks of a unit's map, as its table has them."""
    names = {device_number(disk): disk for disk in units[unit]}
    table = dm.table(NAMES[unit])
    return sorted(names.get(path["device"], path["device"]) for group in table["groups"] for path in group["paths"])


def others(unit):
    return sorted(disk for disk in units[unit] if disk != disabled[unit])


def reconfigure(selector):
    """`multipathd reconfigure` answers before it works: done when the maps have the selector that came with it."""
    drop_in(selector)
    sh("multipathd reconfigure")
    wait_for(f"every map has the selector {selector}", lambda: all(
        group["selector"] == selector.split()[0] for name in NAMES.values() for group in dm.table(name)["groups"]), 60)


def stays_out():
    for unit, disk in disabled.items():
        check(in_map(unit), others(unit), f"disks in the map of {unit}")
        check(sysfs.holders(disk), [], f"holders of {disk}")
        check_that(disk not in multipathd_paths(), f"multipathd has no path {disk}", multipathd_paths())
        check_fields(properties(disk), CLAIMED, disk)


def io_of(disk):
    return read(f"/sys/block/{disk}/stat").split()


def before():
    units.update(two_alua_units())
    multipathd_start(maps=2)
    require(sorted(map_names()), sorted(NAMES.values()), "maps")
    disabled.update({unit: sorted(disks)[0] for unit, disks in units.items()})
    # A physical volume on one unit, a partition with a file system on the other.
    sh(f"vgcreate -s 1m claimed /dev/mapper/{NAMES['lu0']}")
    whole = f"/dev/mapper/{NAMES['lu1']}"
    entry = struct.pack("<BBBBBBBBII", 0, 0, 0, 0, 0x83, 0, 0, 0, 2048, 24 * 1024)
    with open(whole, "r+b") as disk:
        disk.seek(446)
        disk.write(entry + bytes(48) + b"\x55\xaa")
    sh(f"kpartx -a -p -part {whole}")
    settle()
    sh(f"mkfs.ext4 -q -L claimed {whole}-part1")
    sh(f"udevadm trigger --settle {whole}-part1")


def is_run_for(disk):
    told = sh(f"udevadm test --action=change /sys/block/{disk} 2>&1", check=False)
    require_that("multipath -u" in told, "udevadm tells what is run", told[-500:])
    return f"mpapi-disabled-path {disk}" in told


@test
def nothing_is_run_while_nothing_is_disabled():
    check_that(not RECORD.exists(), "there is no record")
    disk = disabled["lu0"]
    require(status(f"{PROGRAM} {disk}"), (0, ""), "the program by hand")
    check_that(not is_run_for(disk), f"the program is not run for {disk}")


@test
def the_program_knows_the_disks_of_the_record():
    RECORD.write_text("# by hand\n" + "".join(record_line(disk) for disk in disabled.values()))
    for unit, disks in units.items():
        for disk in disks:
            expected = "DM_MPAPI_DISABLED=1" if disk == disabled[unit] else ""
            check(status(f"{PROGRAM} {disk}"), (0, expected), disk)
    check_that(is_run_for(disabled["lu0"]), "udev runs it")
    check(status(f"{PROGRAM} sdzzz"), (0, ""), "a disk that is not there")
    check(status(f"{PROGRAM} vda")[0], 2, "exit status for what is no SCSI disk")
    opened = sh(f"strace -f -e trace=openat {PROGRAM} {disabled['lu0']} 2>&1")
    check_that("/dev/" not in opened, "it opens no device", opened)
    loop = "for i in {1..100}; do %s >/dev/null; done"
    for what, command in (("nothing", "/bin/true"), ("the program", f"{PROGRAM} {disabled['lu0']}"),
                          ("multipath -u", f"multipath -u {disabled['lu0']}")):
        took = re.search(r"real\s+(\d+)m([0-9.]+)s", status(f"time ({loop % command})", timeout=120)[1])
        note(f"{what}, run from a shell: {10 * (60 * int(took[1]) + float(took[2])):.2f} ms each")


@test
def a_disabled_path_leaves_its_map_and_is_claimed():
    # With the line in place, the record and an event are enough for `del path`; without, a reconfiguration takes it in.
    drop_in()
    trigger(disabled["lu0"])
    sh("multipathd reconfigure")
    wait_for("the map of lu0 has its other paths only", lambda: in_map("lu0") == others("lu0"), 30)
    trigger(disabled["lu1"])
    check(in_map("lu1"), sorted(units["lu1"]), "disks in the map of lu1, before")
    check(sh(f"multipathd del path {disabled['lu1']}"), "ok", "del path")
    check(in_map("lu1"), others("lu1"), "disks in the map of lu1")
    settle()
    stays_out()
    for unit in units:
        for disk in others(unit):
            check_that("DM_MPAPI_DISABLED" not in properties(disk), f"{disk} is not marked")


@test
def it_stays_out_over_reconfigure():
    for selector in ("queue-length 0", "round-robin 0", "service-time 0"):
        reconfigure(selector)
        stays_out()


@test
def it_stays_out_over_events_and_a_request_to_add_it():
    for action in ("change", "add"):
        trigger(*disabled.values(), action=action)
        stays_out()
    for disk in disabled.values():
        code, told = status(f"multipathd add path {disk}")
        note(f"multipathd add path {disk}: {told} ({code})")
    stays_out()


@test
def it_carries_no_io_over_three_checker_intervals():
    start = {disk: io_of(disk) for disks in units.values() for disk in disks}
    for unit in units:
        sh(f"fio --name={unit} --filename=/dev/mapper/{NAMES[unit]} --rw=randread --direct=1 --bs=4k --readonly "
           f"--time_based --runtime={3 * CHECKER_INTERVAL + 1}", timeout=120)
    for unit, disks in units.items():
        for disk in disks:
            if disk == disabled[unit]:
                check(io_of(disk), start[disk], f"statistics of {disk}")
        moved = [disk for disk in others(unit) if io_of(disk) != start[disk]]
        check_that(moved, f"other paths of {unit} carry it", io_of(others(unit)[0]))
    stays_out()


@test
def nobody_is_offered_its_disk():
    whole, parted = disabled["lu0"], disabled["lu1"]
    check(sh(f"lsblk -dno FSTYPE /dev/{whole}"), "mpath_member", "lsblk")
    for disk in disabled.values():
        told = properties(disk)
        check([name for name in told if name.startswith(("ID_FS_UUID", "ID_FS_LABEL", "ID_PART_TABLE"))], [],
              f"what udev read of {disk}")
        check(sh(f"systemctl show -P ActiveState dev-{disk}.device"), "inactive", f"systemd's unit of {disk}")
        check([link for link in Path("/dev/disk").glob("by-*/*") if link.parent.name in ("by-uuid", "by-label",
               "by-partuuid") and link.resolve().name.startswith(disk)], [], f"links to {disk}")
    part = Path(f"/dev/mapper/{NAMES['lu1']}-part1").resolve()
    check(Path("/dev/disk/by-label/claimed").resolve(), part, "the file system's label leads to the map")
    check(list(Path(f"/sys/block/{parted}").glob(f"{parted}*")), [], f"partitions of {parted}")
    for what, setting in {
            "as installed": "", "by udev alone":
            "--config 'devices { external_device_info_source=\"udev\" multipath_wwids_file=\"\" }'"}.items():
        code, told = status(f"pvs --noheadings -o pv_name {setting}")
        check((code, told.split()), (0, [f"/dev/mapper/{NAMES['lu0']}"]), f"pvs, {what}")
    # Not a claim on the device itself: the name works for root, and says nothing to anybody else.
    check(status(f"dd if=/dev/{whole} of=/dev/null bs=4k count=1 iflag=direct")[0], 0, "dd of the disk by its name")


@test
def it_stays_out_after_its_disk_went_and_came_back():
    for lun, unit in enumerate(SERIALS):
        disk = disabled[unit]
        number, _, tag, _ = sysfs.device(disk)["hctl"].split(":")
        host = next(host for host in HOSTS if scsi_host(host) == int(number))
        path_delete(disk)
        with Uevents(Uevents.UDEV) as events:
            lio_unmap(host, int(tag), lun)
            lio_map(host, int(tag), lun, unit, units[unit][disk])
            again, = plug()
            node = f"/dev/{again}"
            _, first = events.expect(f"event of {node}", lambda event, node=node: event.get("DEVNAME") == node)
            parts = [event for _, event in events.seen if event.get("DEVNAME", "").startswith(node) and
                     event.get("DEVTYPE") == "partition" and event.get("ACTION") == "add"]
        check(first.get("ACTION"), "add", "first event")
        check_fields(first, CLAIMED, f"first event of {again}")
        for event in parts:
            check_fields(event, {"DM_MPAPI_DISABLED": "1", "DM_MULTIPATH_DEVICE_PATH": "1", "ID_FS_TYPE": "none",
                                 "SYSTEMD_READY": "0"}, f"event of {event['DEVNAME']}")
            check_that("ID_FS_UUID" not in event, "nothing was read of the partition", event)
        if unit == "lu1":
            check(len(parts), 1, "partitions that the kernel told of")
        units[unit] = {again if one == disk else one: where for one, where in units[unit].items()}
        disabled[unit] = again
    stays_out()
    reconfigure("queue-length 0")
    stays_out()
    nobody_is_offered_its_disk()


@test
def it_stays_out_when_udev_and_multipathd_begin_anew():
    sh("vgchange -an claimed")
    multipathd_stop()
    maps_down()
    every = [disk for disks in units.values() for disk in disks]
    for disk in every:
        Path(f"/run/udev/data/b{device_number(disk)}").unlink()
    trigger(*every, action="add")
    drop_in()
    multipathd_start(maps=2, settings=SETTINGS.format(polling=2, max_polling=4, retry="6"))
    stays_out()


def becomes_enabled(unit):
    """Takes a unit's path out of the record; gives its disk and what the next event says of it."""
    disk = disabled.pop(unit)
    RECORD.write_text("".join(record_line(other) for other in disabled.values()))
    if not disabled:
        RECORD.unlink()
    trigger(disk)
    told = properties(disk)
    check_that("DM_MPAPI_DISABLED" not in told, f"{disk} is not marked", told)
    check_fields(told, MEMBER, f"{disk}, claimed until multipath has seen that it may have it")
    check_that("ID_FS_UUID" not in told, f"nothing was read of {disk}", told)
    return disk


@test
def an_enabled_path_comes_back_and_was_never_offered_to_anybody():
    for unit in list(disabled):
        disk = becomes_enabled(unit)
        sh(f"multipathd add path {disk}")
        wait_for(f"{disk} is in the map again", lambda unit=unit: in_map(unit) == sorted(units[unit]), 30)
        stays_out()
        trigger(disk)
        check_fields(properties(disk), {"DM_MULTIPATH_DEVICE_PATH": "1", "SYSTEMD_READY": "0"}, f"{disk} as a member")


@test
def without_multipathd_a_path_is_claimed_and_let_go_too():
    sh("vgchange -an claimed")
    multipathd_stop()
    maps_down()
    disk = disabled["lu0"] = sorted(units["lu0"])[0]
    RECORD.write_text(record_line(disk))
    trigger(disk)
    check_fields(properties(disk), CLAIMED, disk)
    becomes_enabled("lu0")
    trigger(disk)
    told = properties(disk)
    check_fields(told, {"DM_MULTIPATH_DEVICE_PATH": "0", "ID_FS_TYPE": "LVM2_member"}, f"{disk}, that nobody claims")
    check_that("SYSTEMD_READY" not in told, "systemd may have it", told)


def after():
    RECORD.unlink(missing_ok=True)
    status("vgchange -an claimed")
    DROP_IN.unlink(missing_ok=True)
    san_down()


main(before=before, after=after)
