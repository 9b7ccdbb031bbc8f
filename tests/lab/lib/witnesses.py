# SPDX-License-Identifier: LGPL-2.1-or-later
"""What is published, held field by field against the kernel's and SCSI's own tools.

multipathd loads tables, udev probes and the kernel fails paths while a test looks, so a comparison
is made of a moment in which the witnesses stood still (`at_rest`).
"""

import time
from pathlib import Path

import dm
import sgtools
import sysfs
from mpapid import (DISK, GROUP, INITIATOR_PORT, LOAD_BALANCE, LOGICAL_UNIT, NO_TROUBLE, PATH, PRODUCT, TARGET_PORT,
                    Objects, settled)
from shell import CommandFailed, TooLate, read
from tap import check, check_fields, check_that

# The bus writes the state as SPC does, with a hyphen; the lab's other witnesses without.
STATES = {"active-nonoptimized": "active-non-optimized"}
BEGAN = time.time()
STATUS_CODES = {0: "none", 1: "explicit", 2: "implicit"}


def published_state(state):
    return STATES.get(state, state)


def check_age(microseconds, what):
    """A value was read, by CLOCK_REALTIME, after this story began: not before, and not in the future."""
    check_that(BEGAN < microseconds / 1000000 <= time.time(), f"{what} is a time since the story began",
               microseconds / 1000000 - BEGAN)


def key_of(name, uuid):
    if uuid.startswith("mpath-"):
        return uuid.removeprefix("mpath-")
    return f"uuid-{uuid}" if uuid else f"name-{name}"


def loopback_ports(hctl):
    """What names a port where the transport has no names: the SCSI host, and its target."""
    host, channel, target, _ = hctl.split(":")
    return {"initiator": f"host{host}", "target": f"{host}:{channel}:{target}", "transport": "unknown"}


def at_rest(witnesses, deadline=60, look=Objects):
    """(what `look()` saw, what `witnesses()` told) of one moment.

    The witnesses are heard, the daemon says that it has taken in all that happened, it is looked at,
    and the witnesses are heard again. Only if they said the same twice is what they said true of the moment
    in between; else again. What is published has no part in that: a wrong value is compared, not waited out.
    """
    end = time.monotonic() + deadline
    before = hear(witnesses)
    while True:
        settled()
        seen = look()
        after = hear(witnesses)
        if before == after and not isinstance(after, str):
            return seen, after
        if time.monotonic() >= end:
            raise TooLate(f"the witnesses did not stand still for {deadline:g} s\nfirst: {before}\nthen:  {after}")
        before = after


def hear(witnesses):
    """What they say, or why one says nothing: a map or a disk may go while it is looked at."""
    try:
        return witnesses()
    except (CommandFailed, OSError) as error:
        return str(error)


def disk_witness(disk):
    """What sysfs and the disk itself say of it, as far as it is published."""
    kernel, page = sysfs.device(disk), sgtools.vpd_di(disk)
    return {**{name: kernel[name] for name in ("hctl", "state", "sectors", "device")}, **sgtools.inquiry(disk),
            "serial": sgtools.serial(disk), "naa": sgtools.naa(disk, page),
            "relative_port": sgtools.relative_target_port(disk, page),
            "group": sgtools.target_port_group(disk, page),
            "logical_unit_group": sgtools.logical_unit_group(disk, page)}


def unit_witness(name, disks):
    """What dmsetup, sysfs and its disks say of a map and its logical unit, as far as it is published."""
    known, table, status = dm.info(name), dm.table(name), dm.map_status(name)
    if not known:
        raise CommandFailed(f"there is no map {name}")
    rows = [{"disk": Path(f"/sys/dev/block/{listed['device']}").resolve().name, "number": listed["device"],
             "priority_group": index, "args": listed["args"], "state": seen["state"], "fail_count": seen["fail_count"]}
            for index, groups in enumerate(zip(table["groups"], status["groups"]), 1)
            for listed, seen in zip(groups[0]["paths"], groups[1]["paths"])]
    return {"name": name, "uuid": known["uuid"], "number": (known["major"], known["minor"]), "event": known["event"],
            "suspended": known["suspended"], "read_only": read(f"/sys/block/dm-{known['minor']}/ro") == "1",
            "table": {key: table[key] for key in ("sectors", "features", "handler")},
            "selector": table["groups"][0]["selector"], "selector_args": table["groups"][0]["selector_args"],
            "group_states": [group["state"] for group in status["groups"]], "paths": rows,
            "disks": {disk: disk_witness(disk) for disk in disks}, "groups": sgtools.rtpg(disks[0])}


def compare_units(disks_of, ports=loopback_ports):
    """Maps and their logical units, `disks_of` them {name: disks that the SAN was built of}; `ports` names a disk's
    ports. Gives the objects of that moment.
    """
    objects, told = at_rest(lambda: {name: unit_witness(name, list(disks)) for name, disks in disks_of.items()})
    for one in told.values():
        compare_unit(objects, one, ports)
    return objects


def compare_unit(objects, told, ports):
    name, disks = told["name"], told["disks"]
    unit, first, table = objects.one(LOGICAL_UNIT, Name=name), next(iter(disks.values())), told["table"]
    active = [index for index, state in enumerate(told["group_states"], 1) if state == "A"]
    check_fields(unit, {
        "Key": key_of(name, told["uuid"]), "Name": name, "Uuid": told["uuid"], "DeviceFile": f"/dev/mapper/{name}",
        "DeviceNumber": told["number"], "Vendor": first["vendor"], "Product": first["product"],
        "Revision": first["revision"], "SerialNumber": first["serial"], "UnitName": first["naa"],
        "UnitNameType": "naa", "UnitNameSource": "vpd", "DuplicateDesignator": False,
        "LogicalUnitGroup": 0xFFFFFFFF if first["logical_unit_group"] is None else first["logical_unit_group"],
        "Size": table["sectors"] * 512, "SizeMismatch": False, "ReadOnly": told["read_only"],
        "PathCount": len(told["paths"]), "UsablePathCount": sum(path["state"] == "A" for path in told["paths"]),
        "Queueing": "no", "QueueIfNoPath": "queue_if_no_path" in table["features"], "Suspended": told["suspended"],
        "CurrentPriorityGroup": active[0] if active else 0, "EventNumber": told["event"],
        "Features": table["features"], "HardwareHandler": " ".join(table["handler"]),
        "Selector": told["selector"], "SelectorArguments": " ".join(told["selector_args"]),
        "TableSource": "device-mapper", "Asymmetric": first["tpgs"] != 0,
        "ImplicitFailover": bool(first["tpgs"] & 1), "ExplicitFailover": bool(first["tpgs"] & 2),
        "Trouble": NO_TROUBLE}, f"logical unit {name}")
    check_that(Path(unit["DeviceFile"]).is_block_device(), f"{unit['DeviceFile']} is a block device")
    check_age(unit["TableReadAt"], f"{name}: TableReadAt")
    check_fields(objects.at(unit["DeviceProduct"], PRODUCT),
                 {"Vendor": first["vendor"], "Product": first["product"], "Revision": first["revision"]},
                 f"product of {name}")
    check(objects.at(unit["LoadBalance"], LOAD_BALANCE)["Selector"], told["selector"], f"load balance of {name}")
    compare_groups(objects, unit, told)
    compare_paths(objects, unit, told, ports)


def compare_groups(objects, unit, told):
    """The target port groups of a unit, by REPORT TARGET PORT GROUPS through one of its disks."""
    known = {disk["relative_port"] for disk in told["disks"].values()}  # only ports with a path are objects
    groups = {group["Number"]: group for group in objects.of(GROUP, LogicalUnit=unit["path"])}
    check(sorted(groups), sorted(told["groups"]), f"{unit['Name']}: group numbers")
    for number, one in told["groups"].items():
        group, what = groups.get(number, {}), f"{unit['Name']}: group {number}"
        check_fields(group, {
            "path": f"{unit['path']}/tpg/{number}", "AccessState": published_state(one["state"]),
            "Preferred": one["preferred"], "StatusCode": STATUS_CODES.get(one["status"], "reserved"),
            "RelativePortIds": one["ports"], "Source": "rtpg", "Trouble": NO_TROUBLE,
            "ExplicitFailover": unit["ExplicitFailover"]}, what)
        check({*group.get("SupportedStates", [])}, {published_state(state) for state in one["supported"]},
              f"{what}: SupportedStates")
        check(sorted(objects.at(port, TARGET_PORT)["RelativePortId"] for port in group.get("TargetPorts", [])),
              sorted(known & set(one["ports"])), f"{what}: relative ids of TargetPorts")
        check_age(group.get("ReadAt", 0), f"{what}: ReadAt")


def compare_paths(objects, unit, told, ports):
    paths = {path["Device"]: path for path in objects.of(PATH, LogicalUnit=unit["path"])}
    check(sorted(paths), sorted(told["disks"]), f"{unit['Name']}: devices of its paths")
    check(sorted(row["disk"] for row in told["paths"]), sorted(told["disks"]), f"{unit['Name']}: disks of its table")
    for row in told["paths"]:
        path, disk = paths.get(row["disk"]), told["disks"].get(row["disk"])
        what = f"path {row['disk']} of {unit['Name']}"
        if not path or not disk:
            continue
        check_fields(path, {
            "DeviceNumber": tuple(map(int, row["number"].split(":"))), "Address": disk["hctl"],
            "DeviceState": disk["state"], "State": "okay" if row["state"] == "A" else "path-error",
            "Active": row["state"] == "A", "FailCount": row["fail_count"], "PriorityGroup": row["priority_group"],
            "SelectorArguments": " ".join(row["args"]), "RelativePortId": disk["relative_port"],
            "Size": disk["sectors"] * 512, "SizeMismatch": False, "Identity": "verified", "Disabled": False,
            "Designator": disk["naa"], "IdentitySource": "vpd", "StateSource": "device-mapper",
            "LogicalUnitNumber": int(disk["hctl"].split(":")[3]), "Trouble": NO_TROUBLE}, what)
        check(objects.at(path["TargetPortGroup"], GROUP)["Number"], disk["group"], f"{what}: number of TargetPortGroup")
        compare_ports(objects, path, disk, ports, what)
        check_age(path["IdentityReadAt"], f"{what}: IdentityReadAt")
        check_age(path["StateReadAt"], f"{what}: StateReadAt")


def compare_ports(objects, path, disk, ports, what):
    names = ports(disk["hctl"])
    check_fields(objects.at(path["InitiatorPort"], INITIATOR_PORT),
                 {"PortId": names["initiator"], "Transport": names["transport"]}, f"initiator port of {what}")
    check_fields(objects.at(path["TargetPort"], TARGET_PORT),
                 {"PortId": names["target"], "Transport": names["transport"], "RelativePortId": disk["relative_port"]},
                 f"target port of {what}")


def compare_disks(disks):
    """Disks that are in no map. Gives the objects of that moment."""
    objects, told = at_rest(lambda: {disk: disk_witness(disk) for disk in disks})
    for disk, one in told.items():
        compare_disk(objects, disk, one)
    return objects


def compare_disk(objects, disk, told):
    one = objects.one(DISK, Device=disk)
    check_fields(one, {
        "DeviceNumber": tuple(map(int, told["device"].split(":"))), "Address": told["hctl"],
        "LogicalUnitNumber": int(told["hctl"].split(":")[3]), "DeviceState": told["state"],
        "Vendor": told["vendor"], "Product": told["product"], "Revision": told["revision"],
        "SerialNumber": told["serial"], "UnitName": told["naa"], "UnitNameType": "naa",
        "Size": told["sectors"] * 512, "Trouble": NO_TROUBLE}, f"disk {disk}")
    check_that(one["Exclusion"] != "" and one["ExclusionDetail"] != "", f"{disk}: why it is in no map",
               (one["Exclusion"], one["ExclusionDetail"]))
    compare_ports(objects, one, told, loopback_ports, f"disk {disk}")
