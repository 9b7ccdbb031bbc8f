#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
# lab: timeout=900
"""What befalls paths, groups and maps: the right signal, once, in time, and the right end state."""

import time

import dm
import sgtools
from events import DmEvents, Uevents
from lio import group_state, lio_map, lio_unmap, plug
from mpapid import (GROUP, LOGICAL_UNIT, PATH, ROOT, Objects, Story, configure, configure_as_installed,
                    milliseconds, settled)
from multipathd import map_names, multipathd_start, multipathd_stop
from paths import device_number, path_delete, path_offline, path_online
from san import HOSTS, SERIALS, map_by_hand, maps_down, naa_of, san_down, two_alua_units
from shell import sh
from tap import check, check_fields, check_that, main, note, require, require_that, test
from witnesses import published_state

# From an event of the kernel to the signal, on an emulated machine that is left alone. Where a host
# is busy with other work a round is repeated: one undisturbed round shows what the daemon can do.
BAR = 0.1
ROUNDS = 4
REFRESH_LONGEST = 2
CONFIG = f'[refresh]\nshortest = "1s"\nlongest = "{REFRESH_LONGEST}s"\n'
NAMES = {unit: "3" + naa_of(serial) for unit, serial in SERIALS.items()}
MOVES = ("standby", "transitioning", "unavailable", "active-nonoptimized", "offline", "active-optimized")
units = {}


def lu_of(name):
    return Objects().one(LOGICAL_UNIT, Name=name)


def path_of(disk):
    return Objects().one(PATH, Device=disk)


def group_of(name, number):
    return Objects().one(GROUP, LogicalUnit=lu_of(name)["path"], Number=number)


def in_group(unit, group):
    return [disk for disk in units[unit] if units[unit][disk] == group]


def nudge(disk):
    """The next command on a nexus carries the unit attention, and the kernel makes a uevent of it."""
    sh(f"sg_turs /dev/{disk}", check=False)


def before():
    configure(CONFIG)
    units.update(two_alua_units())
    multipathd_start(maps=2)
    settled()
    require(sorted(map_names()), sorted(NAMES.values()), "maps")


@test
def a_path_goes_offline_and_comes_online():
    disk = in_group("lu0", "gA")[0]
    path, lu = path_of(disk), lu_of(NAMES["lu0"])
    with Story() as story, DmEvents() as events:
        path_offline(disk)
        at, _ = events.expect("dm event", since=story.began, deadline=20)
        late = story.becomes(path, "Active", False) - at
        note(f"signal {1000 * late:+.1f} ms from the dm event as a bare poller sees it")
        settled()
        for name, values in {"Active": [False], "State": ["path-error"], "DeviceState": ["offline"]}.items():
            check(story.values(path, name), values, f"{name} in signals")
        check(story.values(lu, "UsablePathCount"), [3], "UsablePathCount in signals")
    check_fields(path_of(disk), {"Active": False, "State": "path-error", "DeviceState": "offline"}, disk)
    with Story() as story:
        path_online(disk)
        story.becomes(path, "State", "okay")
        settled()
        for name, values in {"Active": [True], "State": ["okay"], "DeviceState": ["running"]}.items():
            check(story.values(path, name), values, f"{name} in signals")
        check(story.values(lu, "UsablePathCount"), [4], "UsablePathCount in signals")


@test
def a_path_is_deleted_and_added():
    disk, host = in_group("lu1", "gA")[0], next(iter(HOSTS))
    path = path_of(disk)
    with Story() as story:
        path_delete(disk)
        story.removed(path["path"])
        settled()
        check(len(story.objects("InterfacesRemoved", path["path"])), 1, "InterfacesRemoved of the path")
        check(story.values(path, "State") in ([], ["removed"]), True, "State in signals before")
    check([one["Device"] for one in Objects().of(PATH, path=path["path"])], [], "the path")
    check(lu_of(NAMES["lu1"])["PathCount"], 3, "PathCount")
    with Story() as story:
        lio_unmap(host, 1, 1)
        lio_map(host, 1, 1, "lu1", "gA")
        again, = plug()
        story.added(path["path"])
        settled()
        check(len(story.objects("InterfacesAdded", path["path"])), 1, "InterfacesAdded of the path")
    units["lu1"] = {(again if one == disk else one): group for one, group in units["lu1"].items()}
    check_fields(path_of(again), {"path": path["path"], "ObjectId": path["ObjectId"], "State": "okay",
                                  "Identity": "verified"}, "the path at the same nexus")


def in_time(what, one_round, bar=BAR):
    """A round in which every signal comes within the bar; all rounds stand in the log."""
    rounds = []
    while len(rounds) < ROUNDS and not (rounds and max(rounds[-1]) < bar):
        rounds.append(one_round())
        note(f"{what}: {milliseconds(rounds[-1])}")
    check_that(max(rounds[-1]) < bar, f"{what}: a round with each within {1000 * bar:.0f} ms", rounds)


@test
def a_group_moves_through_its_states_and_back():
    group, disk = group_of(NAMES["lu0"], 10), in_group("lu0", "gA")[0]

    def moves():
        latencies = []
        with Story() as story:
            for state in MOVES:
                began = time.monotonic()
                group_state("lu0", "gA", state)
                nudge(disk)
                at, _ = uevents.expect("uevent of the unit attention",
                                       lambda event: event.get("SDEV_UA") == "ASYMMETRIC_ACCESS_STATE_CHANGED",
                                       since=began)
                latencies.append(story.becomes(group, "AccessState", published_state(state), since=began) - at)
                check(group_of(NAMES["lu0"], 10)["AccessState"], published_state(state), "AccessState afterwards")
                if state == "transitioning":
                    path = path_of(disk)  # multipathd may have failed it in the state before
                    check(path["State"], "transitioning" if path["Active"] else "path-error", "state of its path")
            # Not before: the kernel holds back udev's reading of a disk in transition.
            settled()
            check(story.values(group, "AccessState"), [published_state(state) for state in MOVES],
                  "AccessState in signals")
        check(group_of(NAMES["lu1"], 10)["AccessState"], "active-optimized", "the same group of the other unit")
        return latencies

    with Uevents() as uevents:
        # udev's rules come between: 100 ms is what the log is read for, a refresh interval the bound.
        in_time("from the kernel's uevent to the signal", moves, REFRESH_LONGEST)
    for disk in units["lu0"]:
        sh(f"sg_turs -n 3 /dev/{disk}", check=False)


@test
def the_last_path_is_lost_and_the_unit_stays():
    lu = lu_of(NAMES["lu1"])
    require(lu["UsablePathCount"], 4, "usable paths before")
    with Story() as story:
        for disk in units["lu1"]:
            path_offline(disk)
        story.becomes(lu, "UsablePathCount", 0, deadline=40)
        settled()
        check(story.objects("InterfacesRemoved", lu["path"]), [], "InterfacesRemoved of the unit")
    check_fields(lu_of(NAMES["lu1"]), {"path": lu["path"], "PathCount": 4, "UsablePathCount": 0,
                                       "UnitName": naa_of(SERIALS["lu1"])}, "unit without a usable path")
    check({path["State"] for path in Objects().of(PATH, LogicalUnit=lu["path"])}, {"path-error"}, "path states")
    with Story() as story:
        for disk in units["lu1"]:
            path_online(disk)
        story.becomes(lu, "UsablePathCount", 4, deadline=40)
        settled()
    multipathd_stop()
    maps_down()


@test
def a_map_is_made_removed_and_made_again():
    settled()
    table = map_by_hand("byhand", units["lu0"], uuid="mpath-" + NAMES["lu0"], queue=True)
    settled()
    lu = lu_of("byhand")
    check(lu["path"], f"{ROOT}/lu/{NAMES['lu0']}", "object path")
    below = sorted(path for path in Objects().ids() if path.startswith(lu["path"]))
    require(len(below), 7, "unit, groups and paths")
    with Story() as story:
        sh("dmsetup remove byhand")
        story.removed(lu["path"])
        settled()
        for path in below:
            check(len(story.objects("InterfacesRemoved", path)), 1, f"InterfacesRemoved of {path}")
    check(Objects().of(LOGICAL_UNIT), [], "logical units")
    with Story() as story:
        sh(f"dmsetup create byhand --uuid mpath-{NAMES['lu0']} --table '{table}'")
        story.added(lu["path"])
        settled()
        for path in below:
            check(len(story.objects("InterfacesAdded", path)), 1, f"InterfacesAdded of {path}")
    check(lu_of("byhand")["ObjectId"], lu["ObjectId"], "id of the same unit")


@test
def a_failed_path_is_a_signal_within_100_ms_of_the_dm_event():
    disk = in_group("lu0", "gA")[0]
    path = path_of(disk)

    def failures():
        latencies = []
        for message, active in (("fail_path", False), ("reinstate_path", True)) * 4:
            with Story() as story:
                dm.message("byhand", f"{message} {device_number(disk)}")
                at, _ = events.expect("dm event", since=story.began, deadline=5)
                latencies.append(story.becomes(path, "Active", active) - at)
                settled()
                check(story.values(path, "State"), ["okay" if active else "path-error"], "State in signals")
        return latencies

    with DmEvents() as events:
        in_time("from the dm event to the signal", failures)


@test
def a_group_that_nobody_asks_is_seen_within_a_refresh_interval():
    # No nudge, no multipathd: the daemon's own question meets the unit attention.
    group = group_of("byhand", 20)
    for state in ("standby", "active-nonoptimized"):
        with Story() as story:
            group_state("lu0", "gB", state)
            late = story.becomes(group, "AccessState", published_state(state)) - story.began
            settled()
            check(story.values(group, "AccessState"), [published_state(state)], "AccessState in signals")
        note(f"{state} seen after {late:.2f} s, refresh intervals up to {REFRESH_LONGEST} s")
        check_that(late < REFRESH_LONGEST + 1, "within a refresh interval and the asking", late)
    check(sgtools.rtpg(in_group("lu0", "gB")[0])[20]["state"], "active-nonoptimized", "state in RTPG")


@test
def a_map_is_renamed():
    lu = lu_of("byhand")
    with Story() as story:
        sh("dmsetup rename byhand renamed")
        story.becomes(lu, "Name", "renamed")
        settled()
        check(story.values(lu, "Name"), ["renamed"], "Name in signals")
        check(story.values(lu, "DeviceFile"), ["/dev/mapper/renamed"], "DeviceFile in signals")
        check(story.objects("InterfacesRemoved", lu["path"]), [], "InterfacesRemoved of the unit")
    check_fields(lu_of("renamed"), {"path": lu["path"], "ObjectId": lu["ObjectId"]}, "the renamed map")


@test
def a_map_is_suspended_and_resumed():
    lu = lu_of("renamed")
    with Story() as story:
        sh("dmsetup suspend --noflush renamed")
        # The kernel tells nobody of it: it is seen when the map is looked at next.
        late = story.becomes(lu, "Suspended", True) - story.began
        note(f"suspension seen after {late:.2f} s")
        check_that(late < REFRESH_LONGEST + 0.5, "within a refresh interval", late)
        asked = time.monotonic()
        check(lu_of("renamed")["Queueing"], "suspended", "Queueing")
        check_that(time.monotonic() - asked < 1, "a suspended map blocks nobody", time.monotonic() - asked)
        check(story.values(lu, "Suspended"), [True], "Suspended in signals")
    with Story() as story:
        sh("dmsetup resume renamed")
        story.becomes(lu, "Suspended", False)
        settled()
        check(story.values(lu, "Suspended"), [False], "Suspended in signals")
        check(lu_of("renamed")["Queueing"], "no", "Queueing")


@test
def a_map_that_queues_loses_its_last_disk():
    lu = lu_of("renamed")
    paths = {disk: path_of(disk) for disk in units["lu0"]}
    with Story() as story:
        for disk in units["lu0"]:
            dm.message("renamed", f"fail_path {device_number(disk)}")
        story.becomes(lu, "Queueing", "no-usable-path")
        check_fields(lu_of("renamed"), {"UsablePathCount": 0, "QueueIfNoPath": True}, "unit that queues")
        # udev's own probing of a map that queues does not end.
        dm.message("renamed", "fail_if_no_path")
        story.becomes(lu, "QueueIfNoPath", False)
        for disk in units["lu0"]:
            path_delete(disk)
        for disk, path in paths.items():
            story.becomes(path, "State", "removed")
        settled()
        for disk, path in paths.items():
            check(story.values(path, "State"), ["path-error", "removed"], f"State of {disk} in signals")
        check(story.objects("InterfacesRemoved", lu["path"]), [], "InterfacesRemoved of the unit")
    check_fields(lu_of("renamed"), {
        "path": lu["path"], "PathCount": 4, "UsablePathCount": 0, "Queueing": "no",
        "UnitName": naa_of(SERIALS["lu0"]), "Vendor": "LIO-ORG"}, "unit without a disk")
    require_that(Objects().of(PATH), "its paths are still told")


def after():
    configure_as_installed()
    san_down()


main(before=before, after=after)
