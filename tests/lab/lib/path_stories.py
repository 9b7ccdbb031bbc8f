# SPDX-License-Identifier: LGPL-2.1-or-later
"""Paths disabled, enabled and overridden, as it has to be under either path manager."""

import time
from pathlib import Path

import dm
import managers
from bus import Bus, BusError
from events import DmEvents, Uevents
from lio import lio_group, lio_map, lio_unit, lio_unmap, plug
from load import Load, requests
from managers import NAMES, RECORD, act, give_back, in_table, lose, optimized, path, unit, units
from mpapid import (INITIATOR_PORT, LOGICAL_UNIT, PATH, SERVICE, TARGET_PORT, Objects, Story, check_prompt, milliseconds,
                    restart, settled)
from paths import device_number, path_offline, path_online
from san import naa_of
from shell import settle, sh, status, wait_for
from tap import check, check_that, note, test as point


def test(story):
    """A point that leaves everything as it was, whatever became of it."""
    def told():
        try:
            story()
        finally:
            managers.calm()
    told.__name__ = story.__name__
    return point(told)


STRANGER = "9999999999999999abcd"
CHECKER_INTERVAL = 4  # seconds, the longest that managers.py sets


def operands(disk, name="lu0"):
    """What names a path to mpathadm."""
    objects = Objects()
    one = objects.one(PATH, Device=disk, LogicalUnit=objects.one(LOGICAL_UNIT, Name=NAMES[name])["path"])
    return (f"-i {objects.at(one['InitiatorPort'], INITIATOR_PORT)['PortId']} "
            f"-t {objects.at(one['TargetPort'], TARGET_PORT)['PortId']} -l /dev/mapper/{NAMES[name]}")


def disabled(disk, name="lu0"):
    return path(disk, name)["Disabled"]


def check_out_of_use(disk, load, what):
    """It is in no table, and of the I/O that goes on it carries none."""
    check_that(disk not in in_table(), f"{what}: {disk} is in no table", in_table())
    before = requests(disk)
    load.carried([one for one in in_table()])
    check(requests(disk) - before, 0, f"{what}: requests on {disk}")
    check(load.failed(), "", f"{what}: I/O errors")


@test
def a_path_disabled_by_mpathadm_carries_no_io_over_three_checker_intervals():
    disk = optimized()[0][0]
    with Load(NAMES["lu0"]) as load:
        check_that(load.carried([disk], total=20)[disk] > 0, "it carried I/O before")
        sh(f"mpathadm disable path {operands(disk)}", timeout=120)
        check(disabled(disk), True, "Disabled")
        check_out_of_use(disk, load, "at once")
        before, end = requests(disk), time.monotonic() + 3 * CHECKER_INTERVAL
        wait_for("three intervals of the checker", lambda: time.monotonic() >= end, deadline=60, every=0.5)
        check(requests(disk) - before, 0, "requests in three intervals")
        check_that(disk not in in_table(), "it is in no table", in_table())
        note(RECORD.read_text().splitlines()[-1])
        sh(f"mpathadm enable path {operands(disk)}", timeout=120)
        check(disabled(disk), False, "Disabled after enable")
        check_that(disk in in_table(), "it is in its table again", in_table())
        check_that(load.carried([disk], total=20)[disk] > 0, "it carries I/O again")
        check(load.failed(), "", "I/O errors")
    check(RECORD.exists(), False, "the record is gone with its last path")


@test
def a_disabled_path_stays_so_when_it_is_lost_and_returns():
    disk = optimized()[0][0]
    with Load(NAMES["lu0"]) as load:
        one = path(disk)
        sh(f"busctl call {SERVICE} {one['path']} {PATH} Disable 'a{{sv}}' 0", timeout=120)
        lost = lose(disk)
        settled()
        back = give_back(lost)
        settled()
        check(disabled(back), True, "Disabled")
        check_out_of_use(back, load, "after it returned")
        act(path(back), "Enable")
        check_that(back in in_table(), "it is in its table again", in_table())
        check(load.failed(), "", "I/O errors")


@test
def a_disabled_path_stays_so_over_restarts():
    disk = optimized()[0][0]
    with Load(NAMES["lu0"]) as load:
        act(path(disk), "Disable")
        restart()
        managers.in_charge()
        check(disabled(disk), True, "Disabled after a restart of mpapid")
        check_out_of_use(disk, load, "after a restart of mpapid")
        # What a boot does to disks that are there already.
        sh("udevadm trigger --action=add --subsystem-match=block --sysname-match='sd*'")
        settle()
        settled()
        check_out_of_use(disk, load, "after udev saw every disk again")
        act(path(disk), "Enable")
        check(load.failed(), "", "I/O errors")


@test
def a_disabled_path_stays_so_when_all_begins_anew():
    disk, other = optimized()[0]
    act(path(disk), "Disable")
    managers.begin_anew()
    check(disabled(disk), True, "Disabled")
    check(sorted(in_table()), sorted(one for one in units["lu0"] if one != disk), "table")
    with Load(NAMES["lu0"]) as load:
        check_out_of_use(disk, load, "after all began anew")
        act(path(disk), "Enable")
        check_that(disk in in_table(), "it is in its table again", in_table())
        check_that(load.carried([disk], total=20)[disk] > 0, "it carries I/O again")
        check(load.failed(), "", "I/O errors")
    check(disabled(other), False, "Disabled of another")


@test
def the_disk_of_a_disabled_path_stays_claimed():
    disk = optimized()[0][0]
    act(path(disk), "Disable")
    settle()
    known = dict(line.split("=", 1) for line in sh(f"udevadm info -q property -n {disk}").splitlines())
    check(known.get("DM_MULTIPATH_DEVICE_PATH"), "1", "DM_MULTIPATH_DEVICE_PATH")
    check(known.get("SYSTEMD_READY"), "0", "SYSTEMD_READY")
    check(known.get("ID_FS_TYPE"), "mpath_member", "ID_FS_TYPE")
    act(path(disk), "Enable")


@test
def the_last_usable_path_is_not_disabled():
    first, *others = units["lu0"]
    for disk in others:
        act(path(disk), "Disable")
    try:
        act(path(first), "Disable")
        check_that(False, "it is refused")
    except BusError as error:
        check_that(error.name.endswith(".NotPermitted"), "NotPermitted", error.name)
        check_that(first in str(error), "the path is named", str(error))
    code, told = status(f"mpathadm disable path {operands(first)}")
    note(told)
    check_that(code != 0, "mpathadm says so too", told)
    check(list(in_table()), [first], "table")
    # What does not work is no path to be left with.
    act(path(others[0]), "Enable")
    path_offline(others[0])
    try:
        # Nobody may know it yet: reading through it tells.
        read_on = f"dd if=/dev/mapper/{NAMES['lu0']} of=/dev/null bs=4k count=8 iflag=direct"
        wait_for("it is known not to work", lambda: status(read_on) and path(others[0])["State"] != "okay",
                 deadline=60, every=0.2)
        try:
            act(path(first), "Disable")
            check_that(False, "it is refused while the other does not work")
        except BusError as error:
            check_that(error.name.endswith(".NotPermitted"), "NotPermitted beside one that does not work", error.name)
        try:
            act(unit(), "SetOverridePath", "oa{sv}", path(others[0])["path"], {})
            check_that(False, "what does not work is no override path")
        except BusError as error:
            check_that(error.name.endswith(".PathNonoperational"), "PathNonoperational", error.name)
    finally:
        path_online(others[0])
    for disk in others:
        act(path(disk), "Enable")
    check(sorted(in_table()), sorted(units["lu0"]), "table after all")


@test
def an_override_path_carries_all_io_until_it_is_cancelled():
    disk = optimized()[1][0]
    with Load(NAMES["lu0"]) as load:
        usual = {one for one, count in load.carried(list(units["lu0"])).items() if count}
        note(f"usual: {usual}")
        sh(f"mpathadm override path {operands(disk)}", timeout=120)
        check(unit()["OverridePath"], path(disk)["path"], "OverridePath")
        load.carried([disk], total=40)  # what was under way on others has ended by then
        carried = load.carried(list(units["lu0"]))
        check({one for one, count in carried.items() if count}, {disk}, "paths that carry I/O")
        sh(f"mpathadm override path -c -l /dev/mapper/{NAMES['lu0']}", timeout=120)
        check(unit()["OverridePath"], "/", "OverridePath after cancel")
        load.carried(list(usual), total=40)
        carried = load.carried(list(units["lu0"]), total=800)
        check({one for one, count in carried.items() if count}, usual, "paths that carry I/O after cancel")
        check(load.failed(), "", "I/O errors")


@test
def io_goes_on_when_the_override_path_is_lost_and_comes_back_with_it():
    disk = optimized()[1][0]
    with Load(NAMES["lu0"]) as load:
        act(unit(), "SetOverridePath", "oa{sv}", path(disk)["path"], {})
        load.carried([disk], total=40)
        path_offline(disk)
        others = [one for one in units["lu0"] if one != disk]
        load.carried(others, total=40)
        check(load.failed(), "", "I/O errors when it was lost")
        check(unit()["OverridePath"], path(disk)["path"], "it is still the override path")
        path_online(disk)
        load.carried([disk], total=40)
        wait_for("all I/O is on it again",
                 lambda: {one for one, count in load.carried(list(units["lu0"])).items() if count} == {disk},
                 deadline=60)
        act(unit(), "CancelOverridePath")
        check(load.failed(), "", "I/O errors")


@test
def a_change_is_seen_within_100_milliseconds_of_taking_effect():
    # A table takes effect when its map is resumed, which the kernel tells by a uevent of the map.
    disk, map_device = optimized()[0][1], f"dm-{dm.info(NAMES['lu0'])['minor']}"
    shown, answered, handed_over = [], [], []
    for method, value in (("Disable", True), ("Enable", False)) * 3:
        one = path(disk)
        with Story() as story, Uevents(Uevents.KERNEL) as events, Bus() as bus:
            act(one, method)
            ended = time.monotonic()
            at, _ = events.expect("resumed map", lambda event: event.get("ACTION") == "change" and
                                  event.get("DEVNAME", "").endswith(map_device), since=story.began)
            group = story.signals.expect(
                "PriorityGroup", lambda s, where=one["path"], value=value: s["path"] == where and
                s["member"] == "PropertiesChanged" and "PriorityGroup" in s["body"][1] and
                (s["body"][1]["PriorityGroup"] == 0) == value, story.began)["at"]
            # What is disabled is shown so before it takes effect, lest a disk without a map be seen.
            shown.append(max(group, story.becomes(one, "Disabled", value)) - at)
            answered.append(ended - at)
            handed_over.append(bus.ping())
    note(f"from the map's resume to the answer: {milliseconds(answered)}")
    check_prompt(shown, handed_over, "from the map's resume to both signals")


@test
def what_others_do_is_seen_within_100_milliseconds_of_the_kernels_event():
    disk = optimized()[0][1]
    one, number = path(disk), device_number(disk)
    ways = {"dmsetup message": f"dmsetup message {NAMES['lu0']} 0 fail_path {number}"}
    if managers.manager == "multipathd":
        ways["multipathd fail path"] = f"multipathd fail path {disk}"
    for way, command in ways.items():
        seen, handed_over = [], []
        for _ in range(3):
            with Story() as story, DmEvents() as events, Bus() as bus:
                sh(command)
                at, _ = events.expect("dm event", since=story.began)
                seen.append(story.becomes(one, "State", "path-error") - at)
                handed_over.append(bus.ping())
            if managers.manager == "multipathd":
                sh(f"multipathd reinstate path {disk}")
            wait_for("somebody has found it healthy again", lambda: path(disk)["State"] == "okay", deadline=60)
        check_prompt(seen, handed_over, f"{way}: seen")


@test
def foreign_and_gone_objects_are_refused():
    disk = optimized()[0][0]
    other = next(iter(units["lu1"]))
    for text, wrong in (("another unit's path", path(other, "lu1")["path"]), ("a unit", unit()["path"]),
                        ("nothing", "/org/mpapi/Multipath1/lu/nowhere/path/none"), ("root", "/")):
        try:
            act(unit(), "SetOverridePath", "oa{sv}", wrong, {})
            check_that(False, f"{text} is refused as the override path")
        except BusError as error:
            note(f"{text}: {error}")
            check_that("org.mpapi.Multipath1.Error." in error.name, text, error.name)
    check(sorted(in_table()), sorted(units["lu0"]), "table")
    check(unit()["OverridePath"], "/", "OverridePath")
    check(disabled(disk), False, "Disabled")


@test
def a_disk_that_became_another_unit_is_left_alone():
    disk = optimized()[0][0]
    one = path(disk)
    act(one, "Disable")
    lost = lose(disk)
    (host, tag, lun), name, group = lost
    lio_unit("lu9", STRANGER)
    lio_group("lu9", "gA", 10)
    lio_map(host, tag, lun, "lu9", "gA")
    stranger, = plug()
    settled()
    try:
        check("DM_MPAPI_DISABLED" in sh(f"udevadm info -q property -n {stranger}"), False, "the stranger is marked")
        check(Objects().of(PATH, Device=stranger, LogicalUnit=unit()["path"]), [], "the stranger as a path of the unit")
        # What is lost is no object, whatever stands in its place.
        try:
            act(one, "Enable")
            check_that(False, "the lost path is refused")
        except BusError as error:
            check(error.name, "org.freedesktop.DBus.Error.UnknownObject", "the lost path")
        check_that(stranger not in in_table(), "the stranger is in no table of the unit", in_table())
    finally:
        if dm.info("3" + naa_of(STRANGER)):
            sh(f"multipathd del map 3{naa_of(STRANGER)}; dmsetup remove --retry 3{naa_of(STRANGER)}", check=False)
        lio_unmap(host, tag, lun)
        wait_for("the stranger is gone", lambda: not Path(f"/sys/block/{stranger}").exists(), deadline=60)
        settle()
        back = give_back(lost)
        settled()
    check(disabled(back), True, "Disabled, when the path is back")
    act(path(back), "Enable")
    check_that(back in in_table(), "then it can be enabled", in_table())
