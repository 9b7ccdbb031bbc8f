# SPDX-License-Identifier: LGPL-2.1-or-later
"""What a node that is not ours answers to the methods of MS-CSVP, and what a client is to make of it."""
# pylint: disable=invalid-name  # methods are named as MS-CSVP names them
import ipaddress
import struct
import uuid as uuids

from foreign_ntlm import wide

OK, NOT_FOUND, UNPREPARED, INSUFFICIENT = 0, 0x80070002, 0x80070548, 0x8007007A
LABEL = "win-node2"
GUID = "5d0a6b5e-3c1f-4b0a-9d3e-8a7b6c5d4e3f"

# DISK_PROPS; the identifier as the client names it, and the flags with their names.
DISKS = (
    {"id": f"guid:{GUID}", "bus": (6, "fibre"), "paths": 4, "clusterable": 1,
     "adapter": "Emulex LightPulse HBA \u2013 Storport Miniport Driver",
     "flags": (0x2000 | 0x8000 | 0x80000 | 0x400000, ["gpt", "basic", "mpio", "redundant"])},
    {"id": "signature:9c0ffee1", "bus": (10, "sas"), "paths": 1, "clusterable": 0, "adapter": "LSI Adapter, SAS 3000",
     "flags": (0x1 | 0x2 | 0x4 | 0x10 | 0x200 | 0x1000 | 0x8000,
               ["boot", "system", "pageFile", "crashDump", "systemBus", "mbr", "basic"])},
    # A bus and a flag of a later day.
    {"id": "number:2", "bus": (17, "17"), "paths": 2, "clusterable": 1, "adapter": "x" * 259,
     "flags": (0x4000 | 0x8000 | 0x80000000, ["raw", "basic", "0x80000000"])},
)

# More than the 4096 bytes for which a client asks first, and than one fragment holds.
IDENTIFIERS = [(1, 3, 0, bytes.fromhex("600507680c80826ae800000000000a5f")), (2, 8, 2, b"iqn.1991-05.com.example:t1\0"),
               (1, 4, 1, bytes.fromhex("00000003")), (2, 0, 0, b"IBM     2145 " + b"v" * 8000)]

DSMS = [("Microsoft DSM", 10, 0, 14393, 2), ("Vendor Specific DSM \u00e9", 2, 1, 7, 0)]


def address(text, prefix=None):
    value = ipaddress.ip_address(text.partition("%")[0])
    if value.version == 4:
        data = struct.pack("<HH", 2, 0) + value.packed
    else:
        data = struct.pack("<HHI", 0x17, 0, 0) + value.packed + struct.pack("<I", int(text.partition("%")[2] or 0))
    return data.ljust(128, b"\0") + (b"" if prefix is None else struct.pack("<I", prefix))


def counted(*pieces):
    return struct.pack("<H", len(pieces)) + b"".join(pieces)


def text(words):
    return struct.pack("<H", len(wide(words))) + wide(words)


def many_adapters():
    """As many as make the list longer than two fragments."""
    for number in range(12):
        yield {
            "friendlyName": f"Ethernet {number}", "name": f"{{{uuids.UUID(int=0xA000 + number)}}}",
            "description": f"Microsoft Network Adapter Multiplexor Driver #{number}", "type": "ethernet",
            "tunnelType": 0, "status": "up" if number else "down", "physicalAddress": f"00-15-5D-01-02-{number:02X}",
            "addresses": [f"192.0.2.{number + 10}/24", f"fe80::{number + 1}%{number + 4}/64"],
            "gateways": ["192.0.2.1"] if number == 1 else [], "dhcp": number == 3, "internal": number == 2,
            "cluster": number == 11,
            "guids": [str(uuids.UUID(int=0xB000 + 2 * number + each)) for each in (0, 1)],
        }


ADAPTERS = list(many_adapters())


def adapter_list():
    """ADAPTERLIST (MS-CSVP 2.2.10)."""
    adapters = []
    for each in ADAPTERS:
        addresses = [one.rpartition("/") for one in each["addresses"]]
        adapters.append(b"".join((
            text("class mscs::Adapter"), text(each["description"]), text(each["friendlyName"]), text(each["name"]),
            counted(*(address(one, int(prefix)) for one, _, prefix in addresses)),
            text(each["physicalAddress"].ljust(23, "\0")), counted(*(address(one) for one, _, _ in addresses)),
            counted(*(address(one) for one in each["gateways"])),
            struct.pack("<6I", 6, each["tunnelType"], 1 if each["status"] == "up" else 2, each["dhcp"],
                        each["internal"], each["cluster"]))))
    guids = [text(guid) for each in ADAPTERS for guid in each["guids"]]
    return text("class mscs::AdapterList") + text(f"{LABEL}.example.org") + counted(*adapters) + counted(*guids)


def unique_ids():
    """STORAGE_DEVICE_ID_DESCRIPTOR (MS-CSVP 2.2.8)."""
    made = b""
    for number, (code_set, kind, association, identifier) in enumerate(IDENTIFIERS):
        filled = identifier + bytes(-len(identifier) % 4)
        following = 16 + len(filled) if number + 1 < len(IDENTIFIERS) else 0
        made += struct.pack("<IIHHI", code_set, kind, len(identifier), following, association) + filled
    return struct.pack("<III", 16, 12 + len(made), len(IDENTIFIERS)) + made


def registered_dsms():
    made = struct.pack("<I", len(DSMS))
    for name, *version in DSMS:
        made += wide(name).ljust(128, b"\0") + struct.pack("<4I", *version)
    return made


class Node:
    """`parameters` has what was last asked for, by method."""

    def __init__(self):
        self.sectors, self.secret, self.parameters, self.results = {}, None, {}, {}

    def __call__(self, name, request, state):
        self.parameters[name] = {field: request[field] for field, _ in request.structure}
        if name in self.results:
            return self.results[name], {}, None
        state.setdefault("attached", set())
        disk = None
        if "DiskId" in self.parameters[name]:
            disk = request["DiskId"]["Number"]
            if not state.get("prepared"):
                return UNPREPARED, {}, None
            if disk >= len(DISKS) or name != "CprepDiskGetProps" and name != "CprepDiskAttach" and (
                    disk not in state["attached"]):
                return NOT_FOUND, {}, None
        act = getattr(self, name, None)
        told = act(request, state, disk) if act else {}
        return told if isinstance(told, tuple) else (OK, told, None)

    # ---- IClusterStorage2 ----

    def CprepPrepareNode(self, _request, _state, _disk):
        return {"pulMajorVersion": 10, "pulMinorVersion": 1, "pdwCPrepVersion": 3}

    def CprepPrepareNodePhase2(self, request, state, _disk):
        state["prepared"] = request["AttachDisksOnSystemBus"] == 1
        return {"pulNumDisks": len(DISKS)}

    def CprepDiskAttach(self, _request, state, disk):
        state["attached"].add(disk)
        return {}

    def CprepDiskGetProps(self, _request, _state, disk):
        told = DISKS[disk]
        kind, _, value = told["id"].partition(":")
        identifier = {
            "guid": lambda: {"Type": 1, "Tag": 1, "Guid": uuids.UUID(value).bytes_le},
            "signature": lambda: {"Type": 0, "Tag": 0, "Number": int(value, 16)},
            "number": lambda: {"Type": 0xFA0, "Tag": 0xFA0, "Number": int(value)},
        }[kind]()
        return OK, {"DiskProps": {
            "DiskNumber": disk, "DiskId": identifier, "DiskBusType": told["bus"][0], "StackType": 1, "Length": 8,
            "PortNumber": 2, "PathId": 0, "TargetId": 3, "Lun": disk, "DiskIsClusterable": told["clusterable"],
            "AdapterDesc": wide(told["adapter"]).ljust(520, b"\0"), "NumPaths": told["paths"],
            "Flags": told["flags"][0]}}, "CprepDiskGetPropsOfGpt" if kind == "guid" else None

    def CprepDiskRawRead(self, request, _state, _disk):
        data = self.sectors.get(request["ulSector"], bytes(512))[:request["cbData"]]
        return {"pbData": (data, request["cbData"]), "pcbDataRead": len(data), "ulLatency": 4}

    def CprepDiskRawWrite(self, request, _state, _disk):
        self.sectors[request["ulSector"]] = b"".join(request["pbData"])
        return {"pcbDataWritten": 512, "ulLatency": 9}

    def CprepDiskOnline(self, _request, _state, _disk):
        return {"MaxPartitionNumber": 2}

    def CprepDiskGetUniqueIds(self, request, _state, _disk):
        told, room = unique_ids(), request["cbData"]
        if room < len(told):
            return INSUFFICIENT, {"pbData": (b"", room), "pcbDataOut": 0, "pcbNeeded": len(told)}, None
        return {"pbData": (told, room), "pcbDataOut": len(told), "pcbNeeded": len(told)}

    def CprepDiskGetArbSectors(self, _request, _state, _disk):
        return {"SectorX": 12, "SectorY": 11}

    def CprepDiskIsPRPresent(self, _request, _state, _disk):
        return {"Present": 1}

    def CprepDiskGetFSName(self, _request, _state, _disk):
        return {"FsName": wide("NTFS\0").ljust(200, b"\xcd")}  # what is behind the NUL is nothing

    def CprepDiskGetDsms(self, request, _state, _disk):
        told = registered_dsms()
        return {"pReserved": len(told), "RegisteredDsms": (told, request["Size"])}

    # ---- IClusterNetwork2 ----

    def InitializeNode(self, request, _state, _disk):
        return {"BoundUDPPort": request["RequestUDPPort"] or 3343, "NodeMajorVersion": 10, "NodeMinorVersion": 1,
                "ClusprepVersion": 3}

    def SendRTMessage(self, _request, _state, _disk):
        return {"RTElapsedTime": 7}

    def GetIpConfigSerialized(self, _request, _state, _disk):
        told = adapter_list()
        bound = {"cElements": len(told), "lLbound": 0}
        return {"Data": {"cDims": 1, "fFeatures": 0x80, "cbElements": 1, "cLocks": 0x110000, "sfType": 0x10,
                         "clSize": len(told), "pData": (told, len(told)), "rgsabound": [bound]}, "pcbOut": len(told)}

    def QueryFirewallConfiguration(self, _request, _state, _disk):
        return {"serverRulesEnabled": 1, "mgmtRulesEnabled": 0}

    # ---- the other four ----

    def InitializeAdapterConfiguration(self, _request, _state, _disk):
        return {"cRetAdapters": 2}

    def GetNextAdapterFirewallConfiguration(self, request, _state, _disk):
        first = request["idx"] == 0
        return {"adapterId": uuids.UUID(ADAPTERS[request["idx"]]["guids"][1]).bytes_le,
                "adapterProfile": 2 if first else 0, "serverRulesEnabled": 1 if first else 0,
                "managementRulesEnabled": 1, "commonRulesEnabled": 0}

    def ConfigSvcSecret(self, request, _state, _disk):
        self.secret = request["SecretBLOB"]["asData"]
        return {}

    def RetrieveSvcSecret(self, _request, _state, _disk):
        return {"SecretBLOB": {"asData": self.secret}}

    def RetrieveHostLabel(self, _request, _state, _disk):
        return {"HostLabel": {"asData": LABEL}}

    def GenerateClusterLog(self, _request, _state, _disk):
        return {"LogFilePath": {"asData": "ClusterLog$\\win-node2_cluster.log"}}

    def GenerateTimeSpanLog(self, _request, _state, _disk):
        return {"LogFilePath": {"asData": "ClusterLog$\\win-node2_span.log"}}
