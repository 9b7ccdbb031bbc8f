#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
# lab: timeout=900
"""Each published value is what sg_vpd, sg_inq, sg_rtpg, dmsetup and sysfs say, field by field."""

import re
from pathlib import Path

import dm
from lio import group_state
from mpapid import (DISK, GROUP, INITIATOR_PORT, LOAD_BALANCE, LOGICAL_UNIT, MANAGER, PATH, PLUGIN, PRODUCT, ROOT,
                    SERVICE, TARGET_PORT, Objects, restart, settled)
from multipathd import map_names, multipathd_start, multipathd_stop
from paths import device_number
from san import SERIALS, map_by_hand, maps_down, naa_of, san_down, two_alua_units
from shell import sh
from tap import check, check_fields, check_that, main, note, require, test
from witnesses import compare_disks, compare_units

units = {}


def compare_counts(objects, **wanted):
    interfaces = {"LogicalUnitCount": LOGICAL_UNIT, "PathCount": PATH, "TargetPortGroupCount": GROUP,
                  "InitiatorPortCount": INITIATOR_PORT, "TargetPortCount": TARGET_PORT, "DiskCount": DISK}
    manager = objects.one(MANAGER)
    check_fields(manager, wanted, "manager")
    for name, interface in interfaces.items():
        check(manager[name], len(objects.of(interface)), f"{name} and the objects there are")


def compare_maps(names, manager="observe"):
    """`names` is {unit: name of its map}."""
    objects = compare_units({name: units[unit] for unit, name in names.items()})
    compare_counts(objects, LogicalUnitCount=2, PathCount=8, TargetPortGroupCount=4, InitiatorPortCount=2,
                   TargetPortCount=4, DiskCount=0, DeviceMapperTrouble="", UdevTrouble="")
    if manager == "multipathd":
        note(f"path manager: {objects.one(MANAGER)['PathManager']} ({objects.one(MANAGER)['PathManagerReason']})")
    return objects


@test
def disks_in_no_map_are_as_the_san_built_them():
    restart()
    units.update(two_alua_units())
    objects = compare_disks([disk for paths in units.values() for disk in paths])
    compare_counts(objects, LogicalUnitCount=0, PathCount=0, TargetPortGroupCount=0, DiskCount=8)


@test
def the_driver_is_the_kernel_s():
    objects = Objects()
    plugin = objects.one(PLUGIN)
    target = re.search(r"^multipath\s+v(\S+)", sh("dmsetup targets"), re.M)
    check_fields(plugin, {"Name": "dm_multipath", "DriverVersion": target and target[1],
                          "DeviceFileNamespace": "/dev/mapper/*"}, "plugin")
    check(sorted(plugin["Selectors"]), sorted(one["Selector"] for one in objects.of(LOAD_BALANCE)), "selectors")
    modules = sh("find /lib/modules/$(uname -r) -name 'dm-*.ko*' -printf '%f\\n'").split()
    for selector in plugin["Selectors"]:
        check_that(any(name.startswith(f"dm-{selector}.ko") for name in modules), f"the kernel has {selector}", modules)


@test
def maps_of_multipathd_are_as_its_table_and_the_devices_say():
    multipathd_start(maps=2)
    require(sorted(map_names()), sorted("3" + naa_of(serial) for serial in SERIALS.values()), "maps")
    compare_maps({unit: "3" + naa_of(serial) for unit, serial in SERIALS.items()}, "multipathd")


@test
def a_group_that_moved_is_as_rtpg_says():
    for state in ("standby", "active-optimized"):
        group_state("lu0", "gB", state)
        group_state("lu1", "gA", "active-nonoptimized" if state == "standby" else state)
        for paths in units.values():
            for disk in paths:
                sh(f"sg_turs -n 2 /dev/{disk}", check=False)
        compare_units({"3" + naa_of(serial): units[unit] for unit, serial in SERIALS.items()})
    group_state("lu0", "gB", "active-nonoptimized")


@test
def the_tree_reads_like_the_san():
    objects = Objects()
    tree = sh(f"busctl tree {SERVICE}")
    note(tree)
    listed = set(sh(f"busctl tree --list {SERVICE}").split())
    told = {one["path"] for one in objects.all}
    check(sorted(told - listed), [], "objects that are not in the tree")
    # What is between the objects and the root: the folders of their paths.
    folders = {str(parent) for path in told for parent in Path(path).parents} | {ROOT}
    check(sorted(listed - told - folders), [], "nodes of the tree that are no objects")
    for unit, serial in SERIALS.items():
        lu = f"{ROOT}/lu/3{naa_of(serial)}"
        wanted = [f"{lu}/tpg/10", f"{lu}/tpg/20"] + [
            path["path"] for path in objects.of(PATH, LogicalUnit=lu) if path["Device"] in units[unit]]
        check(sorted(one for one in listed if one.startswith(f"{lu}/") and one in told), sorted(wanted),
              f"below {lu}")
        check(len(wanted), 6, "groups and paths of a unit")


@test
def maps_by_hand_are_published_alike():
    multipathd_stop()
    maps_down()
    settled()
    require([unit["Name"] for unit in Objects().of(LOGICAL_UNIT)], [], "logical units without maps")
    name = "3" + naa_of(SERIALS["lu0"])
    map_by_hand("likempath", units["lu0"], uuid="mpath-" + name)
    map_by_hand("ownuuid", units["lu1"], uuid="LAB-two", queue=True)
    objects = compare_maps({"lu0": "likempath", "lu1": "ownuuid"})
    check(objects.one(LOGICAL_UNIT, Name="likempath")["path"], f"{ROOT}/lu/{name}", "object path of an mpath- map")
    check(objects.one(LOGICAL_UNIT, Name="ownuuid")["path"], f"{ROOT}/lu/uuid_2dLAB_2dtwo",
          "object path of a map with another UUID")


@test
def a_failed_path_is_counted_as_dmsetup_counts_it():
    paths = list(units["lu1"])
    for times in (1, 2):
        dm.message("ownuuid", f"fail_path {device_number(paths[0])}")
        if times == 1:
            dm.message("ownuuid", f"reinstate_path {device_number(paths[0])}")
    objects = compare_units({"ownuuid": paths})
    check(objects.one(PATH, Device=paths[0])["FailCount"], 2, "FailCount")
    sh("dmsetup remove ownuuid")
    map_by_hand("nouuid", {paths[0]: "gA", paths[3]: "gB"}, handler=None)
    objects = compare_units({"nouuid": [paths[0], paths[3]]})
    check(objects.one(LOGICAL_UNIT, Name="nouuid")["path"], f"{ROOT}/lu/name_2dnouuid",
          "object path of a map without UUID")
    compare_disks([paths[1], paths[2]])


main(after=san_down)
