#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
# lab: timeout=300
"""mpapid is killed while the map it changes waits for I/O in flight: the map goes on, with its old table or the new one."""

import os
import signal
import subprocess
import threading
from pathlib import Path

import dm
from bus import Bus, BusError
from mpapid import LOGICAL_UNIT, PATH, SERVICE, UNIT, Objects, configure, configure_as_installed, main_pid, settled
from san import map_by_hand, san_down
from scsi_debug import FAULTS, NEVER_RETURNS, address_of, scsi_debug_disks, scsi_debug_up
from shell import TooLate, read, sh, wait_for, write
from tap import check, check_that, main, note, require_that, test

RECORD = Path("/etc/mpapi/disabled-paths")
READ_10 = 0x28
COMMAND_SECONDS = 12  # until the kernel takes a command back that does not return, and sends it again
disks, names = [], []


def one_unit():
    sh("systemctl mask --now multipathd.service multipathd.socket", timeout=120)
    scsi_debug_up(units=1, paths=4)
    disks.extend(scsi_debug_disks())
    # Under another name udev's rules would have multipath fail each path of the map.
    names.append(sh(f"udevadm info -q property --property=ID_SERIAL --value -n {disks[0]}"))
    Path("/etc/multipath").mkdir(exist_ok=True)
    Path("/etc/multipath/wwids").write_text(f"/{names[0]}/\n")
    map_by_hand(names[0], {disk: "one" for disk in disks}, uuid=f"mpath-{names[0]}", handler=None)
    configure('manager = "standalone"\n[refresh]\nenabled = false\n')
    ready()


def ready():
    wait_for("the unit is there with its four paths",
             lambda: Objects().of(LOGICAL_UNIT, Name=names[0]) and len(Objects().of(PATH)) == 4, deadline=60, every=0.2)
    settled()


def in_table():
    return {Path(f"/sys/dev/block/{path['device']}").resolve().name
            for group in dm.table(names[0])["groups"] for path in group["paths"]}


class InFlight:
    """A read of the map whose first command does not return for some seconds, whichever path it takes."""

    def __enter__(self):
        for disk in disks:
            write(f"/sys/block/{disk}/device/timeout", COMMAND_SECONDS)
            write(FAULTS / address_of(disk) / "error", f"{NEVER_RETURNS} -1 {READ_10:#x}")
        self.process = subprocess.Popen(["dd", f"if=/dev/mapper/{names[0]}", "of=/dev/null", "iflag=direct", "bs=4k",
                                         "count=1", "skip=7"], stderr=subprocess.PIPE, text=True)
        wait_for("the read is in flight, or ended", lambda: self.carrier() or not self.under_way(), deadline=10, every=0.05)
        require_that(self.under_way(), "the read is in flight", self.process.poll())
        return self

    def carrier(self):
        """The disk that has it: it was sent a command more than it has answered."""
        def sent(disk, what):
            return int(read(f"/sys/block/{disk}/device/{what}"), 16)

        return next((disk for disk in disks if sent(disk, "iorequest_cnt") > sent(disk, "iodone_cnt")), None)

    def under_way(self):
        return self.process.poll() is None

    def __exit__(self, *what):
        said = self.process.communicate(timeout=90)[1]
        check(self.process.returncode, 0, f"the read ({said.strip()})")
        for disk in disks:
            for line in read(FAULTS / address_of(disk) / "error").splitlines():
                if (words := line.split()) and words[0].isdigit():
                    write(FAULTS / address_of(disk) / "error", f"- {words[0]} {words[2]}")


def asked(path, method):
    def ask():
        try:
            with Bus() as bus:
                bus.call(SERVICE, path, PATH, method, "a{sv}", {}, deadline=90)
        except (BusError, TooLate) as error:
            note(f"{method}: {error}")
    thread = threading.Thread(target=ask, daemon=True)
    thread.start()
    return thread


def waits_in_device_mapper(process):
    """A map takes another table when what is in flight has come back: the ioctl that asks for it sleeps until then."""
    return any("dm_" in read(task / "wchan", "") for task in Path(f"/proc/{process}/task").iterdir())


def killed_while_it_waits(method):
    """Gives the path's disk."""
    with InFlight() as read_of_the_map:
        disk = next(one for one in disks if one != read_of_the_map.carrier()) if method == "Disable" else \
            Objects().one(PATH, Disabled=True)["Device"]
        path, process = Objects().one(PATH, Device=disk)["path"], main_pid()
        call = asked(path, method)
        wait_for("mpapid waits in device-mapper", lambda: waits_in_device_mapper(process), deadline=8, every=0.05)
        require_that(call.is_alive() and read_of_the_map.under_way(), "the change waits for the read")
        os.kill(process, signal.SIGKILL)
        call.join(30)
        sh(f"systemctl reset-failed {UNIT}", check=False)
        wait_for("another mpapid runs", lambda: main_pid() not in (0, process), deadline=60, every=0.1)
    ready()
    wait_for("nothing waits and nothing is suspended", lambda: not dm.info(names[0])["suspended"] and
             not sh(f"dmsetup table --inactive {names[0]}"), deadline=60, every=0.2)

    def agree():
        out = disk not in in_table()
        told = Objects().one(PATH, Device=disk)["Disabled"]
        return out == told == bool(read(RECORD, "")) or None

    wait_for("table, record and bus say the same", agree, deadline=60, every=0.2)
    state = "out of its table" if disk not in in_table() else "in its table"
    note(f"{disk} is {state}")
    check(sorted(in_table() | {disk}), sorted(disks), "the other paths are where they were")
    check_that(sh(f"dd if=/dev/mapper/{names[0]} of=/dev/null iflag=direct bs=4k count=1 2>&1"), "the map carries I/O")
    return disk


@test
def killed_while_a_path_is_being_disabled():
    disk = killed_while_it_waits("Disable")
    if disk in in_table():
        with Bus() as bus:
            bus.call(SERVICE, Objects().one(PATH, Device=disk)["path"], PATH, "Disable", "a{sv}", {}, deadline=60)
    check(disk in in_table(), False, "it can be disabled afterwards")


@test
def killed_while_it_is_being_enabled():
    disk = killed_while_it_waits("Enable")
    if disk not in in_table():
        with Bus() as bus:
            bus.call(SERVICE, Objects().one(PATH, Device=disk)["path"], PATH, "Enable", "a{sv}", {}, deadline=60)
    check(sorted(in_table()), sorted(disks), "it can be enabled afterwards")
    check(RECORD.exists(), False, "the record is gone with its last path")


def all_down():
    sh("systemctl stop mpapid.service", timeout=120)
    RECORD.unlink(missing_ok=True)
    san_down()
    sh("systemctl unmask multipathd.service multipathd.socket")
    configure_as_installed()


main(before=one_unit, after=all_down)
