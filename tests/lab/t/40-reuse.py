#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
# lab: timeout=900
"""iSCSI: paths bear the names of both ends, and a LUN that is given to another unit is told at once."""

import re

import sgtools
from iscsi import iscsi_login, iscsi_replace, iscsi_target
from lio import lio_group, lio_unit
from mpapid import (GROUP, INITIATOR_PORT, LOGICAL_UNIT, PATH, TARGET_PORT, Objects, Story, configure,
                    configure_as_installed, milliseconds, settled)
from san import SERIALS, map_by_hand, naa_of, san_down
from shell import sh, wait_for
from tap import check, check_fields, check_that, main, note, test
from witnesses import compare_units

IQN = "iqn.2026-01.org.mpapi:lab"
NODES = {"nodea": "iqn.2026-01.org.mpapi:node-a", "nodeb": "iqn.2026-01.org.mpapi:node-b"}
NAMES = {unit: "3" + naa_of(serial) for unit, serial in SERIALS.items()}
OTHER = "9999999999999999abcd"
sessions, units = [], {"lu0": {}, "lu1": {}}


def before():
    configure('[refresh]\nshortest = "1s"\nlongest = "2s"\n')
    for unit, serial in {**SERIALS, "lu9": OTHER}.items():
        lio_unit(unit, serial)
        lio_group(unit, "gA", 10)
        lio_group(unit, "gB", 20, "active-nonoptimized")
    luns = {group: {0: ("lu0", group), 1: ("lu1", group)} for group in ("gA", "gB")}
    iscsi_target(IQN, {1: ("127.0.1.11", luns["gA"]), 2: ("127.0.1.12", luns["gB"])})
    sessions.extend(iscsi_login("127.0.1.11", NODES, count=4, each=2))
    for session in sessions:
        for disk in session["disks"]:
            unit = "lu0" if sgtools.serial(disk) == SERIALS["lu0"] else "lu1"
            units[unit][disk] = "gA" if session["tag"] == 1 else "gB"
    for unit, disks in units.items():
        map_by_hand(unit, disks, uuid="mpath-" + NAMES[unit])
    settled()


@test
def paths_bear_the_names_of_both_ends():
    objects, initiators = Objects(), set()
    for session in sessions:
        for disk in session["disks"]:
            path = objects.one(PATH, Device=disk)
            initiator = objects.at(path["InitiatorPort"], INITIATOR_PORT)
            check(initiator["PortId"].split(",")[0], session["initiator"], f"{disk}: initiator name")
            check(initiator["Transport"], "iscsi", f"{disk}: transport of the initiator port")
            check_fields(objects.at(path["TargetPort"], TARGET_PORT),
                         {"PortId": f"{IQN},t,0x{session['tag']:04x}", "Transport": "iscsi"}, f"{disk}: target port")
            check(objects.at(path["TargetPortGroup"], GROUP)["Number"], 10 * session["tag"], f"{disk}: group")
            initiators.add(initiator["PortId"])
        # A registration is kept by I_T nexus, so the target can be asked for the ISIDs that it saw.
        sh(f"sg_persist -o -G -S 0xabc{session['session'][7:]} /dev/{session['disks'][0]}")
    registered = sh(f"sg_persist -i -s /dev/{sessions[0]['disks'][0]}")
    seen = {f"{iqn},{isid}" for iqn, isid in re.findall(r"unique port id: (\S+),i,0x([0-9a-f]{12})", registered)}
    check(sorted(initiators), sorted(seen), "initiator ports, as READ FULL STATUS has them")
    check(len(objects.of(TARGET_PORT)), 2, "target ports")
    for session in sessions:
        sh(f"sg_persist -o -G -K 0xabc{session['session'][7:]} /dev/{session['disks'][0]}")


@test
def values_are_what_the_devices_say():
    def ports(hctl):
        session = next(one for one in sessions
                       if any(sh(f"readlink -f /sys/block/{disk}/device").endswith("/" + hctl)
                              for disk in one["disks"]))
        disk = next(one for one in session["disks"]
                    if sh(f"readlink -f /sys/block/{one}/device").endswith("/" + hctl))
        path = Objects().one(PATH, Device=disk)
        initiator = Objects().at(path["InitiatorPort"], INITIATOR_PORT)["PortId"]
        return {"initiator": initiator, "target": f"{IQN},t,0x{session['tag']:04x}", "transport": "iscsi"}

    compare_units(units, ports)


@test
def a_lun_given_to_another_unit_is_told():
    objects = Objects()
    unit = objects.one(LOGICAL_UNIT, Name="lu0")
    paths = objects.of(PATH, LogicalUnit=unit["path"])
    check({path["Identity"] for path in paths}, {"verified"}, "Identity before")
    old, new = naa_of(SERIALS["lu0"]), naa_of(OTHER)
    with Story() as story:
        for tag in (1, 2):
            iscsi_replace(IQN, tag, 0, "lu9", "gA" if tag == 1 else "gB")
        for disk in units["lu0"]:
            sh(f"sg_turs -n 2 /dev/{disk}", check=False)
        latencies = []
        for path in paths:
            signal = story.signals.expect(
                f"IdentityChanged of {path['Device']}",
                lambda s, at=path["path"]: s["member"] == "IdentityChanged" and s["path"] == at, story.began, 30)
            latencies.append(signal["at"] - story.began)
            check(signal["body"], (old, new), f"{path['Device']}: old and new designator")
            story.becomes(path, "Identity", "changed")
        story.settled()
        for path in paths:
            check(story.values(path, "Identity"), ["changed"], f"{path['Device']}: Identity in signals")
            check(story.values(path, "Designator"), [new], f"{path['Device']}: Designator in signals")
            check(len(story.signals.matching(
                lambda s, at=path["path"]: s["member"] == "IdentityChanged" and s["path"] == at)), 1,
                f"{path['Device']}: IdentityChanged")
    note(f"from the first LUN's change to each IdentityChanged: {milliseconds(latencies)}")
    objects = Objects()
    for disk in units["lu0"]:
        check(sgtools.naa(disk), new, f"{disk}: what the device says")
        check_fields(objects.one(PATH, Device=disk), {"Identity": "changed", "Designator": new}, disk)
    check_fields(objects.one(LOGICAL_UNIT, Name="lu0"), {"path": unit["path"], "UnitName": old}, "the unit")
    for disk in units["lu1"]:
        check_fields(objects.one(PATH, Device=disk), {"Identity": "verified"}, f"{disk} of the other unit")


@test
def a_lun_that_is_given_back_is_verified_again():
    # Nobody nudges: the daemon's own question meets the unit attention.
    for tag in (1, 2):
        iscsi_replace(IQN, tag, 0, "lu0", "gA" if tag == 1 else "gB")
    wait_for("every path is verified again", lambda: {
        path["Identity"] for path in Objects().of(PATH)} == {"verified"}, 60, every=0.5)
    settled()
    compare = Objects()
    for disk in units["lu0"]:
        check(compare.one(PATH, Device=disk)["Designator"], naa_of(SERIALS["lu0"]), f"{disk}: Designator")
    check_that(all(group == "okay" for group in {path["State"] for path in compare.of(PATH)}), "all paths are okay",
               [(path["Device"], path["State"]) for path in compare.of(PATH)])


def after():
    configure_as_installed()
    san_down()


main(before=before, after=after)
