# SPDX-License-Identifier: LGPL-2.1-or-later
"""What the SCSI tools of Debian (sg3-utils 1.46) say about a disk, as values.

This is the other witness: a test compares what the daemon publishes with it, so
nothing here shares code with the daemon.
"""

import re

from shell import CommandFailed, sh, status

# sg_rtpg prints the codes of SPC-4 6.37 too; they are what is read here.
ACCESS_STATES = {0: "active-optimized", 1: "active-nonoptimized", 2: "standby", 3: "unavailable",
                 4: "logical-block-dependent", 14: "offline", 15: "transitioning"}
SUPPORTED = {"AO_SUP": "active-optimized", "AN_SUP": "active-nonoptimized", "S_SUP": "standby",
             "U_SUP": "unavailable", "LBD_SUP": "logical-block-dependent", "O_SUP": "offline",
             "T_SUP": "transitioning"}
ASSOCIATIONS = {"Addressed logical unit": "logical-unit", "Target port": "target-port",
                "Target device that contains addressed lu": "target-device"}
UNIT_ATTENTION = 6  # exit status of sg3-utils
UNIT_ATTENTIONS = 6  # more than a nexus has to tell at once


def parse_rtpg(text):
    """`sg_rtpg -d`: {group id: {state, preferred, supported, status, ports}}."""
    groups, group, in_ports = {}, None, False
    for line in text.splitlines():
        found = re.match(r"\s*target port group id : (0x[0-9a-f]+) , Pref=([01])", line)
        if found:
            group = groups[int(found[1], 16)] = {"state": None, "preferred": found[2] == "1", "supported": set(),
                                                 "status": None, "ports": []}
            in_ports = False
        elif group is None:
            continue
        elif found := re.match(r"\s*target port group asymmetric access state : (0x[0-9a-f]+)", line):
            group["state"] = ACCESS_STATES.get(int(found[1], 16), "reserved")
        elif "_SUP :" in line:
            flags = re.findall(r"(\w+_SUP) : ([01])", line)
            group["supported"] = {SUPPORTED[name] for name, value in flags if value == "1"}
        elif found := re.match(r"\s*status code : (0x[0-9a-f]+)", line):
            group["status"] = int(found[1], 16)
        elif "Relative target port ids" in line:
            in_ports = True
        elif in_ports and (found := re.match(r"\s*(0x[0-9a-f]+)\s*$", line)):
            group["ports"].append(int(found[1], 16))
    return groups


def rtpg(disk):
    return parse_rtpg(sh(f"sg_rtpg -d /dev/{disk}"))


def parse_vpd_di(text):
    """`sg_vpd -p di`: a list of {association, type, code_set, transport, value} in the page's order.

    The value is as the tool prints it: hexadecimal with 0x for binary designators, the
    text itself for names, "vendor: specific" joined by one colon for T10.
    """
    designators, association, current = [], None, None
    for line in text.splitlines()[1:]:
        stripped = line.strip()
        if line.startswith("  ") and not line.startswith("   ") and stripped.endswith(":"):
            association = ASSOCIATIONS.get(stripped[:-1], stripped[:-1])
        elif found := re.match(r"designator type: (.*?),\s+code set: (.*)", stripped):
            current = {"association": association, "type": found[1], "code_set": found[2], "transport": None,
                       "value": ""}
            designators.append(current)
        elif current is None or not stripped:
            continue
        elif found := re.match(r"transport: (.*)", stripped):
            current["transport"] = found[1]
        elif found := re.match(r"vendor id: (.*)", line.lstrip()):
            current["value"] = found[1]
        elif found := re.match(r"vendor specific: (.*)", line.lstrip()):
            current["value"] += ":" + found[1]
        elif found := re.match(r"(?:Relative target port|(?:Target port|Logical unit) group): (0x[0-9a-f]+)", stripped):
            current["value"] = found[1]
        elif stripped != "SCSI name string:":
            current["value"] = stripped
    return designators


def vpd_di(disk):
    return parse_vpd_di(sh(f"sg_vpd -p di /dev/{disk}"))


def designator(disk, association, kind, page=None):
    """The value of a disk's first designator of one association and type, or None; of `page` where it was read."""
    for one in page if page is not None else vpd_di(disk):
        if one["association"] == association and one["type"] == kind:
            return one["value"]
    return None


def relative_target_port(disk, page=None):
    value = designator(disk, "target-port", "Relative target port", page)
    return int(value, 16) if value else None


def target_port_group(disk, page=None):
    value = designator(disk, "target-port", "Target port group", page)
    return int(value, 16) if value else None


def logical_unit_group(disk, page=None):
    value = designator(disk, "logical-unit", "Logical unit group", page)
    return int(value, 16) if value else None


def naa(disk, page=None):
    """The logical unit's NAA designator as hexadecimal digits, without 0x."""
    value = designator(disk, "logical-unit", "NAA", page)
    return value.removeprefix("0x") if value else None


def serial(disk):
    found = re.search(r"Unit serial number: (.*)", sh(f"sg_vpd -p sn /dev/{disk}"))
    return found[1].strip() if found else None


def parse_inquiry(text):
    """`sg_inq`: vendor, product, revision, and the target port group support (TPGS)."""
    def field(pattern):
        found = re.search(pattern, text)
        return found[1].strip() if found else None
    return {"vendor": field(r"Vendor identification: (.*)"), "product": field(r"Product identification: (.*)"),
            "revision": field(r"Product revision level: (.*)"), "tpgs": int(field(r"TPGS=(\d)") or 0)}


def inquiry(disk):
    return parse_inquiry(sh(f"sg_inq /dev/{disk}"))


def persist_in(device, option):
    """PERSISTENT RESERVE IN. What happened to the nexus meanwhile is told to it first, as a unit attention for each."""
    for _ in range(UNIT_ATTENTIONS):
        code, told = status(f"sg_persist --in {option} {device}")
        if code != UNIT_ATTENTION:
            break
    if code != 0:
        raise CommandFailed(f"`sg_persist --in {option} {device}` ended with {code}\n{told}")
    return told


def reservation_keys(device):
    """Of each registered nexus, sorted."""
    return sorted(re.findall(r"^\s+(0x[0-9a-f]+)$", persist_in(device, "-k"), re.MULTILINE))


def reservation_holder(device):
    """Its key; "" while nobody holds a reservation."""
    found = re.search(r"Key=(0x[0-9a-f]+)", persist_in(device, "-r"))
    return found[1] if found else ""
