#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
# lab: timeout=600
"""mpathadm under multipathd: what it lists and shows is what multipathd, sg_rtpg and the devices say."""

import json
import re

import sgtools
from lio import group_state
from mpapid import restart, settled
from multipathd import multipathd_maps, multipathd_start
from san import SERIALS, naa_of, san_down, two_alua_units
from shell import sh
from tap import check, check_fields, main, note, require, test
from witnesses import at_rest

# What the contract calls the states of a group (mpathadm-contract section 2).
ACCESS_STATES = {"active-optimized": "active optimized", "active-nonoptimized": "active not optimized"}

units = {}


def in_order(text, level):
    """[(label, value)] of the lines that are indented by so many tabs."""
    lines = (re.fullmatch(rf"\t{{{level}}}([^\t:][^:]*): {{0,2}}(.*)", line) for line in text.splitlines())
    return [(line[1], line[2]) for line in lines if line]


def blocks(text, level, first):
    """Runs of fields of one level, each beginning with the label `first`."""
    found = []
    for label, value in in_order(text, level):
        if label == first:
            found.append({})
        if found:
            found[-1].setdefault(label, value)
    return found


def listed():
    """`mpathadm list lu`: {device file: (paths, operational paths)}."""
    text = sh("mpathadm list lu")
    one = re.compile(r"\t(\S+)\n\t\tTotal Path Count: (\d+)\n\t\tOperational Path Count: (\d+)\n")
    check(one.sub("", text + "\n"), "", "what `mpathadm list lu` prints beside its blocks")
    return {found[1]: (int(found[2]), int(found[3])) for found in one.finditer(text + "\n")}


def shown(device):
    """`mpathadm show lu`: its fields, its paths and its groups."""
    text = sh(f"mpathadm show lu {device}")
    head, _, rest = text.partition("\tPaths:")
    paths, _, groups = rest.partition("\tTarget Port Groups:")
    return {"text": text, "head": dict(in_order(head, 1)), "paths": blocks(paths, 2, "Initiator Port Name"),
            "groups": blocks(groups, 2, "ID"), "ports": in_order(groups, 3)}


def every_path(described):
    return [path for group in described["path_groups"] for path in group["paths"]]


def told_by_multipathd():
    return {f"/dev/mapper/{one['name']}": one for one in multipathd_maps()}


def device_of(unit):
    return f"/dev/mapper/3{naa_of(SERIALS[unit])}"


def what_all_say():
    """(multipathd's maps, {unit: target port groups}, mpathadm's list, mpathadm's units) of one moment."""
    seen, told = at_rest(
        lambda: (told_by_multipathd(), {unit: sgtools.rtpg(list(disks)[-1]) for unit, disks in units.items()}),
        look=lambda: (listed(), {device_of(unit): shown(device_of(unit)) for unit in units}))
    return *told, *seen


def compare():
    maps, groups, in_list, in_detail = what_all_say()
    check({device: (len(every_path(one)), sum(path["dm_st"] == "active" for path in every_path(one)))
           for device, one in maps.items()}, in_list, "paths and operational paths, as multipathd says")
    for unit in units:
        device = device_of(unit)
        compare_unit(device, maps[device], groups[unit], in_detail[device])


def compare_unit(device, described, groups, told):
    if not check(told["text"].splitlines()[0], f"Logical Unit:  {device}", "first line"):
        note(told["text"])
    inquiry = sgtools.inquiry(next(disk for unit in units.values() for disk in unit
                                   if disk in {path["dev"] for path in every_path(described)}))
    check_fields(told["head"], {
        "mpath-support": "libmpapi-linux.so", "Vendor": f"{inquiry['vendor']:8}", "Product": f"{inquiry['product']:16}",
        "Revision": f"{inquiry['revision']:4}", "Name Type": "SCSI Inquiry VPD Page83 Type3",
        "Name": described["uuid"].removeprefix("3"), "Asymmetric": "yes"}, device)
    check((described["vend"], described["prod"].strip()), (inquiry["vendor"], inquiry["product"]),
          "multipathd has the same of the device")
    # Paths have no device node in this output: as many of each state as multipathd has.
    states = sorted(path["Path State"] for path in told["paths"])
    check(states, sorted("OK" if path["dm_st"] == "active" else "path error" for path in every_path(described)),
          f"{device}: states of its paths")
    check({path["Disabled"] for path in told["paths"]}, {"no"}, f"{device}: disabled paths")
    check({int(group["ID"]): group["Access State"] for group in told["groups"]},
          {number: ACCESS_STATES.get(group["state"], group["state"]) for number, group in groups.items()},
          f"{device}: groups and their states, as sg_rtpg says")
    check(sorted(int(value) for label, value in told["ports"] if label == "Relative ID"),
          sorted(port for group in groups.values() for port in group["ports"]), f"{device}: relative port ids")


@test
def units_and_their_paths_are_as_multipathd_and_rtpg_say():
    restart()
    units.update(two_alua_units())
    multipathd_start(maps=2)
    require(sorted(told_by_multipathd()), sorted(map(device_of, SERIALS)), "maps")
    compare()


@test
def a_failed_path_is_no_operational_one():
    # multipathd's checker would reinstate it; so the disk itself is taken offline.
    lost = next(iter(units["lu0"]))
    sh(f"echo offline > /sys/block/{lost}/device/state")
    device = device_of("lu0")
    sh(f"multipathd fail path {lost}")
    settled()
    maps, _, in_list, _ = what_all_say()
    check(sum(path["dm_st"] == "active" for path in every_path(maps[device])), 3, "active paths, by multipathd")
    check(in_list[device], (4, 3), "paths and operational paths")
    sh(f"echo running > /sys/block/{lost}/device/state")
    sh(f"multipathd reinstate path {lost}")
    settled()
    compare()


@test
def groups_that_moved_are_as_rtpg_says():
    for state in ("standby", "unavailable", "active-optimized"):
        group_state("lu0", "gB", state)
        for disk in units["lu0"]:
            sh(f"sg_turs -n 2 /dev/{disk}", check=False)
        settled()
        compare()
    group_state("lu0", "gB", "active-nonoptimized")


@test
def everything_is_there_as_json_too():
    maps = told_by_multipathd()
    told = json.loads(sh("mpathadm list lu --json"))
    note(json.dumps(told)[:2000])
    check(sorted(one["deviceFile"] for one in told["logicalUnits"]), sorted(maps), "units in JSON")


main(after=san_down)
