#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
# lab: timeout=600
"""Files on an NTFS partition of a shared disk: written, compared, tampered with, deleted."""

from pathlib import Path

import managers
from shared_disks import MIB, allow, do, one_partition, partition, refused
from shell import sh, status, wait_for
from tap import check, check_that, main, test

HERE = Path("/mnt/outside")
FILE = ["test.txt"]
DATA = b"written by a cluster node\r\n"


def before():
    managers.under_multipathd()
    allow("lu0")
    one_partition()
    sh(f"mkntfs -F -Q -p 2048 -s 512 -H 255 -S 63 {partition()}")
    HERE.mkdir(exist_ok=True)


def outside(command):
    """With the partition mounted as anybody would."""
    sh(f"mount -t ntfs3 {partition()} {HERE}")
    try:
        return sh(command)
    finally:
        sh(f"umount {HERE}")


@test
def the_file_system_has_its_name():
    partitions = do("ListPartitions")
    check(len(partitions), 1, "partitions")
    check(partitions[0][0], MIB, "start")
    check(partitions[0][2], "NTFS", "file system")


@test
def nobody_writes_to_what_he_does_not_own():
    told = refused("WriteFile", "uasay", 0, FILE, DATA)
    check_that(told.startswith("NotOwned"), "it is refused", told)


@test
def what_is_written_is_there():
    do("Arbitrate")
    do("WriteFile", "uasay", 0, FILE, DATA)
    do("VerifyFile", "uasay", 0, FILE, DATA)
    # A line's end is read as any other.
    check(outside(f"cat {HERE}/test.txt"), DATA.decode().rstrip("\r\n"), "seen from outside")


@test
def what_was_tampered_with_is_noticed():
    outside(f"printf x | dd of={HERE}/test.txt bs=1 seek=3 conv=notrunc status=none")
    told = refused("VerifyFile", "uasay", 0, FILE, DATA)
    check_that(told.startswith("FileDiffers"), "it differs", told)


@test
def nothing_leads_out_of_the_partition():
    outside(f"ln -s /etc/passwd {HERE}/link")
    for path in (["link"], [".."], ["..", "etc", "passwd"], ["NUL"], ["a\\b"]):
        told = refused("WriteFile", "uasay", 0, path, b"x")
        check_that(told.startswith("InvalidParameter"), f"{path} is refused", told)
    check_that("root:" in Path("/etc/passwd").read_text(), "what it leads to is whole")


@test
def what_is_deleted_is_gone():
    do("DeleteFile", "uas", 0, FILE)
    for told in (refused("DeleteFile", "uas", 0, FILE), refused("VerifyFile", "uasay", 0, FILE, DATA)):
        check_that(told.startswith("FileNotFound"), "it is gone", told)
    check_that("test.txt" not in outside(f"ls {HERE}"), "seen from outside")


@test
def nothing_of_it_is_mounted_and_its_process_has_ended():
    check_that(partition() not in sh("cat /proc/mounts"), "no mount is left")
    wait_for("no instance is left",
             lambda: not sh("systemctl list-units --all --no-legend --plain 'mpapi-disk-files@*'"))


@test
def offline_there_are_no_files():
    do("TakeOffline")
    told = refused("WriteFile", "uasay", 0, FILE, DATA)
    check_that(told.startswith("NotOnline"), "it is refused", told)
    do("StopDefense")
    do("BringOnline")


def after():
    status(f"umount {HERE}")
    refused("TakeOffline")
    refused("StopDefense")
    refused("BringOnline")
    managers.all_down()


main(before=before, after=after)
