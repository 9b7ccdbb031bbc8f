#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
# lab: timeout=600
"""A shared disk offline under multipathd: nobody gets in by the map or a path, and it comes back whole."""

import os
import subprocess
from pathlib import Path

import managers
import open_writers
from managers import give_back, lose, units
from mpapid import restart, settled
from shared_disks import allow, disk, do, node, one_partition, partition, read_only, refused
from shell import settle, sh, status, wait_for
from tap import check, check_that, main, require, require_that, test

HERE = Path("/mnt/shared")


def before():
    managers.under_multipathd()
    allow("lu0")
    one_partition()
    sh(f"mkfs.ext4 -q {partition()}")
    HERE.mkdir(exist_ok=True)


def mounted():
    sh(f"mount {partition()} {HERE}")


def try_to_write(device):
    code, told = status(f"dd if=/dev/zero of={device} bs=4096 seek=1024 count=1 oflag=direct conv=notrunc")
    return code == 0 or told


def kept():
    """Claims that systemd keeps for mpapid."""
    return int(sh("systemctl show -P NFileDescriptorStore mpapid"))


# Claims the device as soon as it is free, and says so.
RIVAL = """
import os, sys, time
while True:
    try:
        os.open(sys.argv[1], os.O_RDONLY | os.O_EXCL)
        sys.exit(1)
    except OSError:
        time.sleep(0.001)
"""


def members():
    return [f"/dev/{one}" for one in units["lu0"]]


@test
def who_has_files_open_is_named_and_keeps_them():
    mounted()
    with open(HERE / "kept", "w", encoding="ascii") as opened:
        opened.write("kept")
        told = refused("TakeOffline")
        check_that(told.startswith("InUse") and str(HERE) in told, "busy, and where", told)
    check(disk()["Online"], True, "Online")
    check_that(not any(read_only(node(), *members()).values()), "nothing is read-only")
    check((HERE / "kept").read_text(), "kept", "the file")


@test
def offline_unmounts_in_every_namespace():
    other = subprocess.Popen(["unshare", "--mount", "--propagation", "private", "sleep", "600"])
    try:
        wait_for("it is that program", lambda: "sleep" in Path(f"/proc/{other.pid}/comm").read_text())
        open_writers.hold((node(), *members()))
        do("TakeOffline")
    finally:
        other.terminate()
        other.wait()
    require(disk()["Online"], False, "Online")
    check(kept(), 1, "claims that systemd keeps")
    check(os.path.ismount(HERE), False, "mounted")
    check(Path(partition()).exists(), False, "the partition map is there")


@test
def nobody_writes_to_the_map_or_a_path():
    check_that(all(read_only(node(), *members()).values()), "all are read-only", read_only(node(), *members()))
    for one in (node(), *members()):
        told = try_to_write(one)
        check_that(told is not True, f"dd to {one} fails", told)
    check(open_writers.tried(), dict.fromkeys((node(), *members()), "EPERM"), "writes of who had it open before")
    open_writers.drop()


@test
def nobody_builds_on_it():
    for command in (f"mount {node()} {HERE}", f"pvcreate -ff -y {node()}", f"kpartx -a {node()}",
                    f"dmsetup create over --table '0 2048 linear {node()} 0'"):
        code, told = status(command)
        check_that(code != 0, f"refused: {command.split()[0]}", told)
    code, _ = status("dmsetup info over")
    check_that(code != 0, "no map is on it")
    wait_for("udev's rules know", lambda: sh(
        f"udevadm info --query=property --property=MPAPI_OFFLINE --value {node()}") == "1", deadline=30, every=0.2)


@test
def it_stays_so_over_a_restart():
    rival = subprocess.Popen(["python3", "-c", RIVAL, node()])
    try:
        restart()
        managers.in_charge()
        wait_for("it is offline", lambda: disk()["Online"] is False, deadline=30)
        check(rival.poll(), None, "whoever wants it has not got it")
    finally:
        rival.terminate()
        rival.wait()
    check(kept(), 1, "claims that systemd keeps")
    told = try_to_write(node())
    check_that(told is not True, "dd fails", told)
    code, told = status(f"dmsetup create over --table '0 2048 linear {node()} 0'")
    check_that(code != 0, "it is claimed", told)


@test
def a_path_that_returns_is_read_only_too():
    lost = lose(next(iter(units["lu0"])))
    settled()
    back = give_back(lost)
    wait_for("the path is read-only", lambda: read_only(f"/dev/{back}")[f"/dev/{back}"], deadline=60, every=0.2)


@test
def it_comes_back_whole():
    # multipathd loads its table while paths are read-only.
    sh("multipathd reconfigure", timeout=120)
    settle()
    do("BringOnline")
    require(disk()["Online"], True, "Online")
    check(kept(), 0, "claims that systemd keeps")
    check_that(not any(read_only(node(), *members()).values()), "all are writable", read_only(node(), *members()))
    wait_for("the partition is there", lambda: Path(partition()).exists(), deadline=30)
    mounted()
    check((HERE / "kept").read_text(), "kept", "the file")
    (HERE / "new").write_text("new")
    sh(f"umount {HERE}")


@test
def the_list_is_what_counts():
    told = refused("TakeOffline", name="lu1")
    require_that(told.startswith("NotAllowed"), "another disk is refused", told)


def after():
    open_writers.drop()
    status("dmsetup remove over")
    status(f"umount {HERE}")
    refused("BringOnline")
    managers.all_down()


main(before=before, after=after)
