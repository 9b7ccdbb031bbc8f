# SPDX-License-Identifier: LGPL-2.1-or-later
"""What is published, held field by field against the kernel's and SCSI's own tools."""

import time
from pathlib import Path

import dm
import sgtools
import sysfs
from mpapid import (DISK, GROUP, INITIATOR_PORT, LOAD_BALANCE, LOGICAL_UNIT, NO_TROUBLE, PATH, PRODUCT, TARGET_PORT)
from shell import read
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


def compare_unit(objects, name, disks, ports=loopback_ports):
    """A map and its logical unit. `disks` are those that the SAN was built of; `ports` names a disk's ports."""
    unit = objects.one(LOGICAL_UNIT, Name=name)
    known, table, status = dm.info(name), dm.table(name), dm.map_status(name)
    first, device = disks[0], f"dm-{known['minor']}"
    inquiry = sgtools.inquiry(first)
    paths = [path for group in status["groups"] for path in group["paths"]]
    active = [index for index, group in enumerate(status["groups"], 1) if group["state"] == "A"]
    check_fields(unit, {
        "Key": key_of(name, known["uuid"]), "Name": name, "Uuid": known["uuid"], "DeviceFile": f"/dev/mapper/{name}",
        "DeviceNumber": (known["major"], known["minor"]), "Vendor": inquiry["vendor"], "Product": inquiry["product"],
        "Revision": inquiry["revision"], "SerialNumber": sgtools.serial(first), "UnitName": sgtools.naa(first),
        "UnitNameType": "naa", "UnitNameSource": "vpd", "DuplicateDesignator": False,
        "Size": table["sectors"] * 512, "SizeMismatch": False,
        "ReadOnly": read(f"/sys/block/{device}/ro") == "1", "PathCount": len(paths),
        "UsablePathCount": sum(path["state"] == "A" for path in paths), "Queueing": "no",
        "QueueIfNoPath": "queue_if_no_path" in table["features"], "Suspended": known["suspended"],
        "CurrentPriorityGroup": active[0] if active else 0, "EventNumber": known["event"],
        "Features": table["features"], "HardwareHandler": " ".join(table["handler"]),
        "Selector": table["groups"][0]["selector"], "SelectorArguments": " ".join(table["groups"][0]["selector_args"]),
        "TableSource": "device-mapper", "Asymmetric": inquiry["tpgs"] != 0,
        "ImplicitFailover": bool(inquiry["tpgs"] & 1), "ExplicitFailover": bool(inquiry["tpgs"] & 2),
        "Trouble": NO_TROUBLE}, f"logical unit {name}")
    check_that(Path(unit["DeviceFile"]).is_block_device(), f"{unit['DeviceFile']} is a block device")
    check_age(unit["TableReadAt"], f"{name}: TableReadAt")
    check_fields(objects.at(unit["DeviceProduct"], PRODUCT),
                 {"Vendor": inquiry["vendor"], "Product": inquiry["product"], "Revision": inquiry["revision"]},
                 f"product of {name}")
    check(objects.at(unit["LoadBalance"], LOAD_BALANCE)["Selector"], table["groups"][0]["selector"],
          f"load balance of {name}")
    compare_groups(objects, unit, disks)
    compare_paths(objects, unit, table, status, disks, ports)
    return unit


def compare_groups(objects, unit, disks):
    """The target port groups of a unit, by REPORT TARGET PORT GROUPS through one of its disks."""
    told = sgtools.rtpg(disks[0])
    known = {sgtools.relative_target_port(disk) for disk in disks}  # only ports with a path are objects
    groups = {group["Number"]: group for group in objects.of(GROUP, LogicalUnit=unit["path"])}
    check(sorted(groups), sorted(told), f"{unit['Name']}: group numbers")
    for number, one in told.items():
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


def compare_paths(objects, unit, table, status, disks, ports):
    paths = {path["Device"]: path for path in objects.of(PATH, LogicalUnit=unit["path"])}
    check(sorted(paths), sorted(disks), f"{unit['Name']}: devices of its paths")
    for index, (listed, seen) in enumerate(zip(table["groups"], status["groups"]), 1):
        for row, state in zip(listed["paths"], seen["paths"]):
            disk = Path(f"/sys/dev/block/{row['device']}").resolve().name
            path, kernel, what = paths.get(disk, {}), sysfs.device(disk), f"path {disk} of {unit['Name']}"
            check_fields(path, {
                "DeviceNumber": tuple(map(int, row["device"].split(":"))), "Address": kernel["hctl"],
                "DeviceState": kernel["state"], "State": "okay" if state["state"] == "A" else "path-error",
                "Active": state["state"] == "A", "FailCount": state["fail_count"], "PriorityGroup": index,
                "SelectorArguments": " ".join(row["args"]), "RelativePortId": sgtools.relative_target_port(disk),
                "Size": kernel["sectors"] * 512, "SizeMismatch": False, "Identity": "verified", "Disabled": False,
                "Designator": sgtools.naa(disk), "IdentitySource": "vpd", "StateSource": "device-mapper",
                "LogicalUnitNumber": int(kernel["hctl"].split(":")[3]), "Trouble": NO_TROUBLE}, what)
            if not path:
                continue
            check(objects.at(path["TargetPortGroup"], GROUP)["Number"], sgtools.target_port_group(disk),
                  f"{what}: number of TargetPortGroup")
            compare_ports(objects, path, kernel, ports, what)
            check_age(path["IdentityReadAt"], f"{what}: IdentityReadAt")
            check_age(path["StateReadAt"], f"{what}: StateReadAt")


def compare_ports(objects, path, kernel, ports, what):
    names = ports(kernel["hctl"])
    check_fields(objects.at(path["InitiatorPort"], INITIATOR_PORT),
                 {"PortId": names["initiator"], "Transport": names["transport"]}, f"initiator port of {what}")
    check_fields(objects.at(path["TargetPort"], TARGET_PORT),
                 {"PortId": names["target"], "Transport": names["transport"],
                  "RelativePortId": path.get("RelativePortId", sgtools.relative_target_port(path["Device"]))},
                 f"target port of {what}")


def compare_disk(objects, disk):
    """A disk that is in no map."""
    one, kernel, inquiry = objects.one(DISK, Device=disk), sysfs.device(disk), sgtools.inquiry(disk)
    check_fields(one, {
        "DeviceNumber": tuple(map(int, kernel["device"].split(":"))), "Address": kernel["hctl"],
        "LogicalUnitNumber": int(kernel["hctl"].split(":")[3]), "DeviceState": kernel["state"],
        "Vendor": inquiry["vendor"], "Product": inquiry["product"], "Revision": inquiry["revision"],
        "SerialNumber": sgtools.serial(disk), "UnitName": sgtools.naa(disk), "UnitNameType": "naa",
        "Size": kernel["sectors"] * 512, "Trouble": NO_TROUBLE}, f"disk {disk}")
    check_that(one["Exclusion"] != "" and one["ExclusionDetail"] != "", f"{disk}: why it is in no map",
               (one["Exclusion"], one["ExclusionDetail"]))
    compare_ports(objects, one, kernel, loopback_ports, f"disk {disk}")
