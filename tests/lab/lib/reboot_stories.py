# SPDX-License-Identifier: LGPL-2.1-or-later
"""What was asked for before a reboot, and is so after it. The SAN is an array elsewhere: it comes back after the boot, to
daemons that run already.
"""

import json
from pathlib import Path

import managers
from load import Load
from managers import NAMES, act, in_table, optimized, path, unit, units
from mpapid import INITIATOR_PORT, PATH, TARGET_PORT, Objects
from path_stories import check_out_of_use
from setting_stories import ROUND_ROBIN, selectors
from shell import sh, wait_for
from tap import _points, check, check_that, require_that

_points.clear()  # those of the other stories have scripts of their own

KEPT = Path("/var/lib/lab/asked.json")


def ports(one):
    """Of a path, by the names that do not depend on an order of discovery."""
    objects = Objects()
    return [objects.at(one["InitiatorPort"], INITIATOR_PORT)["PortId"],
            objects.at(one["TargetPort"], TARGET_PORT)["PortId"]]


def ask_for_things():
    disk, override = optimized("lu0")[0][0], optimized("lu1")[1][0]
    act(path(disk), "Disable")
    act(unit("lu0"), "SetLoadBalanceType", "ua{sv}", ROUND_ROBIN, {}, deadline=90)
    act(unit("lu1"), "SetOverridePath", "oa{sv}", path(override, "lu1")["path"], {}, deadline=90)
    check(selectors("lu0"), {"round-robin 0"}, "selectors")
    KEPT.write_text(json.dumps({"disabled": ports(path(disk)), "override": ports(path(override, "lu1"))}))


def check_that_things_are_so():
    asked = json.loads(KEPT.read_text())
    disabled = wait_for("the disabled path is published as such", lambda: Objects().of(PATH, Disabled=True), deadline=60)
    check([ports(one) for one in disabled], [asked["disabled"]], "disabled paths")
    disk = disabled[0]["Device"]
    others = sorted(one for one in units["lu0"] if one != disk)
    wait_for("the tables are as they were asked for",
             lambda: sorted(in_table()) == others and selectors("lu0") == {"round-robin 0"}, deadline=60)
    with Load(NAMES["lu0"]) as load:
        check_out_of_use(disk, load, "after the boot")
        check(load.failed(), "", "I/O errors")
    check(sh(f"udevadm info -q property -n {disk}").count("DM_MULTIPATH_DEVICE_PATH=1"), 1, "it is claimed")
    overridden = unit("lu1")["OverridePath"]
    require_that(overridden != "/", "lu1 has its override path")
    override = Objects().at(overridden, PATH)
    check(ports(override), asked["override"], "override path")
    with Load(NAMES["lu1"]) as load:
        rest = [one for one in in_table("lu1") if one != override["Device"]]
        carried = load.carried([override["Device"], *rest], total=40)
        check_that(carried[override["Device"]] >= 40, "all I/O is on the override path", carried)
