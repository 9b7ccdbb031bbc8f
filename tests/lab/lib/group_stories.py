# SPDX-License-Identifier: LGPL-2.1-or-later
"""Explicit failover between target port groups (SET TARGET PORT GROUPS), as it has to be under either path manager."""

import json
import time

import managers
import sgtools
from bus import BusError
from lio import group_of, group_state, unit_folder
from load import Load
from managers import NAMES, act, calm, in_table, unit, units
from mpapi import ACCESS_STATE_INVALID, INVALID_PARAMETER, SUCCESS, Library
from mpapid import GROUP, PLUGIN, SERVICE, Objects, Story, check_prompt, pings, settled
from san import GROUPS
from shell import sh, status, wait_for, write
from tap import check, check_that, note, test as point


def test(story):
    """A point that begins with gA optimized and gB in standby."""
    def told():
        # multipathd may have made one group of both while they were alike, and the kernel, which activates priority
        # groups as a whole, may move them once more.
        wait_for("the groups are as they begin, each with a priority group of its own", as_they_begin, deadline=90,
                 every=0.5)
        story()
    told.__name__ = story.__name__
    return point(told)


def group(name, of="lu0"):
    return Objects().one(GROUP, Number=GROUPS[name], LogicalUnit=unit(of)["path"])


def as_they_begin():
    wanted = {"gA": "active-optimized", "gB": "standby"}
    for name, state in wanted.items():
        if group_of("lu0", name)["state"] != state:
            group_state("lu0", name, state)
            act(unit(), "Refresh", "")
    settled()
    return states() == wanted == reported() and apart() and multipathd_knows()


def multipathd_knows():
    """It goes by the priorities that it read last, for as long as its checker's interval."""
    if managers.manager != "multipathd":
        return True
    told = dict(line.split() for line in sh('multipathd show paths raw format "%d %p"').splitlines())
    by_group = {name: {int(told[disk]) for disk, of in units["lu0"].items() if of == name} for name in GROUPS}
    return min(by_group["gA"]) > max(by_group["gB"])


def states():
    """As published."""
    return {name: group(name)["AccessState"] for name in GROUPS}


def apart():
    table, disks = in_table(), units["lu0"]
    return len(table) == len(disks) and len({(disks[disk], index) for disk, index in table.items()}) == len(
        GROUPS) == len(set(table.values()))


def reported():
    """As REPORT TARGET PORT GROUPS has them."""
    told = sgtools.rtpg(next(iter(units["lu0"])))
    return {name: told[number]["state"] for name, number in GROUPS.items()}


SWAPPED = {"gA": "standby", "gB": "active-optimized"}


def check_swapped():
    check(reported(), SWAPPED, "by sg_rtpg")
    check(states(), SWAPPED, "published")


@test
def mpathadm_activates_the_group_in_standby_while_io_goes_on():
    with Load(NAMES["lu0"]) as load:
        sh(f"mpathadm failover lu /dev/mapper/{NAMES['lu0']}", timeout=120)
        # One pair, as the contract says: what becomes of the other group is the array's affair.
        check(reported(), {"gA": "active-optimized", "gB": "active-optimized"}, "by sg_rtpg")
        check(states(), {"gA": "active-optimized", "gB": "active-optimized"}, "published")
        load.carried(list(units["lu0"]), total=100)
        check(load.failed(), "", "I/O errors")


@test
def busctl_sets_both_groups_in_one_command_while_io_goes_on():
    one, first, second = unit(), group("gA"), group("gB")
    with Load(NAMES["lu0"]) as load:
        load.carried(list(units["lu0"]), total=40)
        with Story() as story:
            sh(f"busctl call {SERVICE} {one['path']} {one['interface']} SetAccessStates 'a(os)a{{sv}}' 2 "
               f"{first['path']} standby {second['path']} active-optimized 0", timeout=120)
            ended = time.monotonic()
            late = max(story.becomes(first, "AccessState", "standby"),
                       story.becomes(second, "AccessState", "active-optimized")) - ended
            check_prompt([late], pings(), "said after the end")
            check_swapped()
            load.carried([disk for disk, name in units["lu0"].items() if name == "gB"], total=100)
            story.settled()
            check(story.values(first, "AccessState"), ["standby"], "what was said of the first")
            check(story.values(second, "AccessState"), ["active-optimized"], "what was said of the second")
        check(load.failed(), "", "I/O errors")
    check_swapped()


@test
def mp_set_tpg_access_sets_two_pairs():
    library = Library()
    pairs = [(group("gA")["ObjectId"], "standby"), (group("gB")["ObjectId"], "active-optimized")]
    check(library.set_tpg_access(unit()["ObjectId"], pairs), SUCCESS, "MP_STATUS")
    check_swapped()
    check(library.set_tpg_access(unit()["ObjectId"], pairs), SUCCESS, "MP_STATUS where it is so already")


@test
def what_is_refused_has_its_status_and_changes_nothing():
    library, first = Library(), group("gA")["ObjectId"]
    check(library.set_tpg_access(unit()["ObjectId"], [(group("gA", "lu1")["ObjectId"], "standby")]), INVALID_PARAMETER,
          "a group of another unit")
    # The device itself refuses what its group does not support (LIO: ILLEGAL REQUEST).
    support = unit_folder("lu0") / "alua" / "gA" / "alua_support_unavailable"
    write(support, 0)
    check(library.set_tpg_access(unit()["ObjectId"], [(first, "unavailable")]), ACCESS_STATE_INVALID,
          "a state that the group does not support")
    write(support, 1)
    for state in ("offline", "transitioning", "nonsense"):
        try:
            act(unit(), "SetAccessStates", "a(os)a{sv}", [(group("gA")["path"], state)], {})
            check_that(False, f"{state} is refused")
        except BusError as error:
            note(f"{state}: {error}")
    check(reported(), {"gA": "active-optimized", "gB": "standby"}, "by sg_rtpg")


@test
def what_sg_stpg_does_is_seen():
    first = group("gA")
    with Story() as story:
        disk = next(disk for disk, name in units["lu0"].items() if name == "gB")
        sh(f"sg_stpg --tp={GROUPS['gA']},{GROUPS['gB']} --state=s,ao /dev/{disk}", timeout=60)
        began = time.monotonic()
        check(reported(), SWAPPED, "by sg_rtpg")
        story.becomes(first, "AccessState", "standby", deadline=60)
        note(f"published {time.monotonic() - began:.2f} s after sg_stpg had ended")
    settled()
    check(states(), SWAPPED, "published")


@test
def an_array_that_is_in_transition_is_waited_for():
    """LIO answers NOT READY while a group is in transition; it ends as if another had ended it."""
    write(unit_folder("lu0") / "alua" / "gB" / "alua_access_state", 15)
    act(unit(), "Refresh", "")
    code, told = status(f"mpathadm failover lu /dev/mapper/{NAMES['lu0']}", timeout=120)
    note(told)
    check_that(code != 0, "without a group in standby there is nothing to fail over to", told)
    group_state("lu0", "gB", "standby")


@test
def the_capability_is_true():
    check(Objects().one(PLUGIN)["CanSetAccessStates"], True, "CanSetAccessStates")
    described = json.loads(sh("mpathadm show mpath-support --json"))["mpathSupport"][0]
    check(described["canSetTargetPortGroupAccess"], True, "by mpathadm")


@point
def units_that_move_by_themselves_only_are_unsupported():
    access = unit_folder("lu1") / "alua" / "gA" / "alua_access_type"
    write(access, 1)
    write(unit_folder("lu1") / "alua" / "gB" / "alua_access_type", 1)
    for disk in units["lu1"]:
        write(f"/sys/block/{disk}/device/rescan", 1)
    act(unit("lu1"), "Refresh", "")
    wait_for("it is published so", lambda: not unit("lu1")["ExplicitFailover"], deadline=60, every=0.5)
    code, told = status(f"mpathadm failover lu /dev/mapper/{NAMES['lu1']}", timeout=120)
    check_that(code == 1 and "The logical unit doesn't support explicit state change." in told, "mpathadm says so", told)


@point
def everything_is_calm_again():
    group_state("lu0", "gA", "active-optimized")
    group_state("lu0", "gB", "active-nonoptimized")
    calm()
    wait_for("no map is suspended or has a table that waits", lambda: managers.left_over() == [], deadline=20)
