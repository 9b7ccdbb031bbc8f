# SPDX-License-Identifier: LGPL-2.1-or-later
"""Peers and our own client against a whole node (whole_node.py): every method over the wire, through clusprepd, the bus
and mpapid to the embedded SAN; then what becomes of it when parts of the node are killed, and after very many calls."""
import concurrent.futures
import contextlib
import json
import os
import pathlib
import platform
import re
import signal
import struct
import subprocess
import sys
import time
import unittest
import uuid as uuids

import kerberos_realm
import needs

needs.modules("impacket")
needs.tools("tcpdump", "tshark", *kerberos_realm.TOOLS)

from impacket.dcerpc.v5 import dcomrt, rpcrt  # noqa: E402

import adapter_list  # noqa: E402
import csvp_methods  # noqa: E402
import every_method  # noqa: E402
import whole_node  # noqa: E402
from csvp_methods import number  # noqa: E402
from embedded_san import San  # noqa: E402
from nft import nft  # noqa: E402
from telling import Telling  # noqa: E402
from test_san_disks import ALONE, CLUSTER_SAN, ONE, SHARED, TWO, where  # noqa: E402
from whole_node import DEADLINE, HOST, PASSWORD, STRANGER, USER, Node  # noqa: E402

HERE = pathlib.Path(__file__).resolve().parent
OK, NOT_FOUND, DENIED, BUSY = 0, 0x80070002, 0x80070005, 0x800700AA
SECTORS = 1 << 21  # of a unit of 1 GiB
# What a node's version is: "12" is 12.0.
RELEASE = [*map(int, platform.freedesktop_os_release()["VERSION_ID"].split(".")), 0][:2]
LISTED = ["number:0", "number:1", "number:2", "number:3"]


def wide(text):
    return text.encode("utf-16-le")


class WholeNode(unittest.TestCase):
    """With a node for the class."""

    @classmethod
    def setUpClass(cls):
        cls.node = Node(CLUSTER_SAN, [ONE, ALONE])
        cls.addClassCleanup(cls.node.close)

    def ask(self, *words, **more):
        """What the command says as JSON, the password read from a descriptor."""
        return json.loads(self.node.clusprep(*words, "--json", **more).stdout)

    def on_bus(self, act):
        with self.node.client() as client:
            return act(client)


class LookedAt(WholeNode):
    """tshark looks on: each packet is one of RPC, what we sealed can be opened, and nothing is malformed."""

    LEAST = ()  # pairs: what there must be more of than that

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.captured = cls.node.work / "traffic.pcap"
        cls.capture = Telling(["tcpdump", "-Z", "root", "-i", "lo", "-s", "0", "-w", str(cls.captured), "tcp"], "stderr")
        cls.addClassCleanup(cls.capture.kill)
        cls.capture.wait_for("listening on")

    @classmethod
    def tearDownClass(cls):
        cls.capture.end()
        ours = f"tcp.len > 0 && (tcp.port == 135 || tcp.port == {cls.node.exporter})"
        for what, expression in (
            # Within SPNEGO tshark 4.0 loses NTLM's key stream after the first call; what it shows of later ones is none.
            ("malformed", "_ws.malformed && !(dcerpc.auth_type == 9 && ntlmssp.verf && dcerpc.encrypted_stub_data)"),
            ("no RPC", f"{ours} && !dcerpc && !tcp.reassembled_in && !tcp.analysis.retransmission"),
            # What it opened is shown as bytes, or as a call of DCOM, which it knows.
            ("sealed by us and not opened",
             "dcerpc.pkt_type == 2 && dcerpc.encrypted_stub_data && !dcerpc.decrypted_stub_data && !dcom"),
        ):
            found = cls.packets(expression)
            assert not found, f"{what}:\n" + "\n".join(found[:50])
        for expression, least in cls.LEAST:
            found = cls.packets(expression)
            assert len(found) > least, f"tshark saw {len(found)} of {expression}"

    @classmethod
    def packets(cls, expression):
        told = subprocess.run(
            ["tshark", "-r", str(cls.captured), "-d", f"tcp.port=={cls.node.exporter},dcerpc", "-d",
             "tcp.port==135,dcerpc", "-o", f"ntlmssp.nt_password:{PASSWORD}", "-o", "kerberos.decrypt:TRUE", "-o",
             f"kerberos.file:{cls.node.realm.keytab}", "-Y", expression, "-T", "fields", "-e", "frame.number", "-e",
             "_ws.col.Info"], stdin=subprocess.DEVNULL, capture_output=True, text=True, check=True)
        return told.stdout.splitlines()


class ByImpacket(LookedAt):
    """RemoteCreateInstance and RemoteActivation, NTLM and Kerberos; all methods, every output."""

    LEAST = (("dcerpc.pkt_type == 2", 200), ("dcerpc.pkt_type == 2 && dcom.oxid", 12))

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        # impacket asks a KDC at port 88 only, so the tickets are fetched for it.
        cls.tickets = {**os.environ, **cls.node.realm.environment}
        subprocess.run(["kvno", "-q", "host/localhost"], env=cls.tickets, check=True)
        os.environ["KRB5CCNAME"] = cls.node.realm.tickets.removeprefix("FILE:")
        os.environ["KRB5_CONFIG"] = cls.tickets["KRB5_CONFIG"]

    @contextlib.contextmanager
    def connected(self, kerberos=False):
        # Other names: impacket keeps its connections by them.
        connection = dcomrt.DCOMConnection("localhost" if kerberos else "127.0.0.1", USER, PASSWORD,
                                           kerberos_realm.REALM if kerberos else "", oxidResolver=False,
                                           doKerberos=kerberos, kdcHost="localhost")
        try:
            yield connection
        finally:
            with contextlib.suppress(KeyError):  # it keeps one connection for each thread
                connection.disconnect()

    @contextlib.contextmanager
    def object_of(self, name, kerberos=False, activation=False):
        with self.connected(kerberos) as connection:
            made = csvp_methods.Object(
                connection, name, dcomrt.IActivation(connection.get_dce_rpc()) if activation else None)
            if kerberos:  # else impacket calls by NTLM what it activated so by RemoteActivation
                made.interface.get_cinstance().set_auth_type(rpcrt.RPC_C_AUTHN_GSS_NEGOTIATE)
            try:
                yield made
            finally:
                for _ in range(5):  # as many references as an activation gives; impacket takes one at a time
                    made.interface.RemRelease()

    def made(self, name, **how):
        return self.enterContext(self.object_of(name, **how))

    def expect(self, made, method, result, parameters, **outs):
        answer = made.call(method, **parameters)
        self.assertEqual(f"{answer.result:08x}", f"{result:08x}",
                         f"{method}\n{self.node.clusprepd.told()[-1500:]}")
        for name, value in outs.items():
            self.assertEqual(answer[name], value, f"{method}: {name}")
        return answer

    def storage(self, *attached, **how):
        made = self.made("storage", **how)
        self.expect(made, "CprepPrepareNode", OK, {}, pulMajorVersion=RELEASE[0], pulMinorVersion=RELEASE[1],
                    pdwCPrepVersion=3)
        self.expect(made, "CprepPrepareNodePhase2", OK, {"AttachDisksOnSystemBus": 1}, pulNumDisks=4)
        for disk in attached:
            self.expect(made, "CprepDiskAttach", OK, {"DiskId": disk})
        return made

    def test_each_class_by_each_activation_and_mechanism(self):
        for kerberos in (False, True):
            for activation in (False, True):
                for name in csvp_methods.CLASSES:
                    with self.subTest(name, kerberos=kerberos, activation=activation):
                        heard = self.node.heard()
                        with self.object_of(name, kerberos, activation) as made:
                            who = f"{USER}@{kerberos_realm.REALM}" if kerberos else f"{HOST.upper()}\\{USER}"
                            self.node.waits_for(who, heard)
                            call, result = {
                                "storage": (("CprepDiskGetDsms", {"Size": 0}), 0x80070548),
                                "network": (("CleanupNode", {}), 0x80070548),
                                "cleanup": (("ClearPR", {"DeviceNumber": 99}), None),
                                "setup": (("RetrieveHostLabel", {}), OK),
                                "log": (("GenerateTimeSpanLog", {"SpanMinutes": 1}), OK),
                                "firewall": (("GetNextAdapterFirewallConfiguration", {"idx": 0}), 0x8000FFFF),
                            }[name]
                            answer = made.call(call[0], **call[1])
                            if result is not None:
                                self.assertEqual(f"{answer.result:08x}", f"{result:08x}")
                            else:
                                self.assertNotEqual(answer.result, OK)

    def test_properties_of_each_disk(self):
        made = self.storage()
        for disk, (bus, paths, flags, clusterable, lun) in {
            0: (6, 4, {"mpio", "redundant", "raw", "basic"}, 1, 0),
            1: (6, 4, {"mpio", "redundant", "basic"}, 0, 1),
            3: (6, 1, {"raw", "basic"}, 1, 3),
        }.items():
            props = made.call("CprepDiskGetProps", DiskId=number(disk))["DiskProps"]
            self.assertEqual((props["DiskNumber"], props["DiskId"]["Type"], props["DiskId"]["Tag"],
                              props["DiskId"]["Number"]), (disk, 0xFA0, 0xFA0, disk))
            self.assertEqual((props["DiskBusType"], props["StackType"], props["Length"]), (bus, 1, 8))
            self.assertEqual((props["PathId"], props["TargetId"], props["Lun"]), (0, 0, lun))
            self.assertIn(props["PortNumber"], (3, 4))
            self.assertEqual(props["NumPaths"], paths)
            bits = {"raw": 0x4000, "basic": 0x8000, "mpio": 0x80000, "redundant": 0x400000}
            named = {name for name, bit in bits.items() if props["Flags"] & bit}
            self.assertEqual(named, flags, f"disk {disk}: {props['Flags']:x}")
            self.assertEqual(props["DiskIsClusterable"], clusterable)
            text = props["AdapterDesc"].decode("utf-16-le").rstrip("\0")
            self.assertEqual(text, f"host{props['PortNumber']} (qla2xxx)")
            self.assertEqual(props["AdapterDesc"], wide(text).ljust(520, b"\0"))
        self.expect(made, "CprepDiskGetProps", NOT_FOUND, {"DiskId": number(9)})

    def test_a_disk_that_is_not_allowed_is_refused(self):
        disk = {"DiskId": number(1)}
        made = self.storage(number(1))
        for method in ("CprepDiskOnline", "CprepDiskOffline", "CprepDiskPRArbitrate", "CprepDiskPRRegister",
                       "CprepDiskPRUnRegister", "CprepDiskPRReserve", "CprepDiskPRRelease", "CprepDiskGetArbSectors",
                       "CprepDiskIsPRPresent", "CprepDiskPRPreempt", "CprepDiskPRClear", "CprepDiskIsReadable"):
            with self.subTest(method):
                self.expect(made, method, DENIED, disk)
        self.expect(made, "CprepDiskRawRead", DENIED, {**disk, "ulSector": 0, "cbData": 512}, pbData=b"",
                    pcbDataRead=0, ulLatency=0)
        self.expect(made, "CprepDiskGetUniqueIds", DENIED, {**disk, "cbData": 4096}, pbData=b"", pcbDataOut=0)

    def test_a_disk_that_the_system_runs_from_is_refused(self):
        disk = {"DiskId": number(0)}
        file = {**disk, "ulPartition": 0, "FileName": "\\probe.txt\0"}
        content = {"cbDataIn": 3, "DataIn": b"abc"}
        made = self.storage(number(0))
        self.on_bus(lambda client: San(client).map_is_system("mpatha"))
        try:
            for method, parameters in (
                    *((f"CprepDisk{name}", disk) for name in (
                        "Online", "Offline", "PRArbitrate", "PRRegister", "PRUnRegister", "PRReserve",
                        "PRRelease", "PRPreempt", "PRClear", "IsPRPresent", "GetArbSectors", "IsReadable")),
                    ("CprepDiskGetFSName", {**disk, "Partition": 0}),
                    ("CprepDiskDiskPartitionIsNtfs", {**disk, "ulPartition": 0}),
                    ("CprepDiskWriteFileData", {**file, **content}), ("CprepDiskVerifyFileData", {**file, **content}),
                    ("CprepDiskDeleteFile", file), ("CprepDiskRawRead", {**disk, "ulSector": 0, "cbData": 512}),
                    ("CprepDiskRawWrite", {**disk, "ulSector": 5, "cbData": 512, "pbData": bytes(512)})):
                with self.subTest(method):
                    self.expect(made, method, DENIED, parameters)
        finally:
            self.on_bus(lambda client: San(client).map_released("mpatha"))
        self.expect(made, "CprepDiskIsReadable", OK, disk)

    def test_a_key_that_a_path_in_use_did_not_take_is_no_success(self):
        disk = {"DiskId": number(0)}
        made, cleanup = self.storage(number(0)), self.made("cleanup")
        device = self.on_bus(lambda client: client.call(where(ONE), SHARED, "ReservationUnregister"))[0][1][2]
        heard = self.node.heard()
        self.on_bus(lambda client: San(client).command_hangs(device, b"\x5f"))
        try:
            for made_of, method, parameters in ((made, "CprepDiskPRRegister", disk),
                                                (made, "CprepDiskPRUnRegister", disk),
                                                (cleanup, "ClearPR", {"DeviceNumber": 0})):
                with self.subTest(method):
                    self.expect(made_of, method, 0x80070079, parameters)
                    self.node.waits_for(f"every path: {device} (", heard)
                    heard = self.node.heard()
        finally:
            self.on_bus(lambda client: San(client).command_released(device))
        # What is down is another matter.
        self.on_bus(lambda client: San(client).path_lost(device))
        try:
            whole_node.within(DEADLINE, "the path is known to be down", lambda: self.on_bus(
                lambda client: client.get(where(ONE), "SharedDisk", "UsablePathCount")) == 3)
            self.expect(made, "CprepDiskPRRegister", OK, disk)
            self.expect(made, "CprepDiskPRUnRegister", OK, disk)
        finally:
            self.on_bus(lambda client: San(client).path_restored(device))
        whole_node.within(DEADLINE, "the path is back", lambda: self.on_bus(
            lambda client: client.get(where(ONE), "SharedDisk", "UsablePathCount")) == 4)

    def test_sectors_are_found_written_and_read_by_both_mechanisms(self):
        disk = number(0)
        for kerberos in (False, True):
            made = self.storage(disk, kerberos=kerberos)
            x = SECTORS - 2048 - 2
            self.expect(made, "CprepDiskGetArbSectors", OK, {"DiskId": disk}, SectorX=x, SectorY=x + 1)
            data = os.urandom(512)
            at = {"DiskId": disk, "ulSector": x, "cbData": 512}
            answer = self.expect(made, "CprepDiskRawWrite", OK, {**at, "pbData": data}, pcbDataWritten=512)
            self.assertLess(answer["ulLatency"], DEADLINE * 1000)
            answer = self.expect(made, "CprepDiskRawRead", OK, at, pbData=data, pcbDataRead=512)
            self.assertEqual(answer.max_count, 512)
            self.assertEqual(self.on_bus(
                lambda client: client.call(where(ONE), SHARED, "RawRead", "tu", (x, 512))[0]), data)
            whole = self.expect(made, "CprepDiskRawRead", OK,
                                {"DiskId": disk, "ulSector": x - 2046, "cbData": 1 << 20}, pcbDataRead=1 << 20)
            self.assertEqual(whole["pbData"][2046 * 512:2047 * 512], data)
            self.expect(made, "CprepDiskRawWrite", DENIED,
                        {"DiskId": disk, "ulSector": 5, "cbData": 512, "pbData": data}, pcbDataWritten=0, ulLatency=0)
            self.expect(made, "CprepDiskIsReadable", OK, {"DiskId": disk})

    def test_unique_ids_and_dsms(self):
        disk = number(0)
        made = self.storage(disk)
        needed = self.expect(made, "CprepDiskGetUniqueIds", 0x8007007A, {"DiskId": disk, "cbData": 0}, pbData=b"",
                             pcbDataOut=0)["pcbNeeded"]
        data = self.expect(made, "CprepDiskGetUniqueIds", OK, {"DiskId": disk, "cbData": needed},
                           pcbDataOut=needed)["pbData"]
        _, size, count = struct.unpack_from("<3I", data)
        self.assertEqual(size, len(data))
        self.assertGreaterEqual(count, 1)
        code_set, kind, length, _, association = struct.unpack_from("<IIHHI", data, 12)
        self.assertEqual((code_set, kind, association, data[28:28 + length].hex()), (1, 3, 0, ONE[1:]))
        self.expect(made, "CprepDiskGetDsms", 0x800700EA, {"Size": 4}, pReserved=0, RegisteredDsms=b"")
        answer = self.expect(made, "CprepDiskGetDsms", OK, {"Size": 4096})
        told = answer["RegisteredDsms"]
        (dsms,) = struct.unpack_from("<I", told)
        self.assertEqual((answer["pReserved"], len(told)), (4 + dsms * 144,) * 2)
        self.assertEqual(told[4:132], wide("dm_multipath").ljust(128, b"\0"))

    def test_ownership_files_offline_and_online(self):
        disk = number(0)
        made = self.storage(disk)

        def expect(method, result=OK, **outs):
            return self.expect(made, method, result, {"DiskId": disk}, **outs)

        file = {"DiskId": disk, "ulPartition": 0, "FileName": "\\probe.txt\0"}
        content = {"cbDataIn": 3, "DataIn": b"abc"}
        self.expect(made, "CprepDiskWriteFileData", 0x8007139F, {**file, **content})
        expect("CprepDiskPRArbitrate")
        expect("CprepDiskOnline", MaxPartitionNumber=1)
        expect("CprepDiskVerifyUnique")
        self.assertEqual(self.on_bus(lambda client: client.get(where(ONE), "SharedDisk", "Ownership")), "this-node")
        answer = self.expect(made, "CprepDiskGetFSName", OK, {"DiskId": disk, "Partition": 0})
        self.assertEqual(answer["FsName"], wide("NTFS").ljust(200, b"\0"))
        self.expect(made, "CprepDiskDiskPartitionIsNtfs", OK, {"DiskId": disk, "ulPartition": 0})
        self.expect(made, "CprepDiskDiskPartitionIsNtfs", 0x80070057, {"DiskId": disk, "ulPartition": 1})
        self.expect(made, "CprepDiskWriteFileData", OK, {**file, **content})
        self.expect(made, "CprepDiskVerifyFileData", OK, {**file, **content})
        self.expect(made, "CprepDiskVerifyFileData", 0x80070017, {**file, "cbDataIn": 3, "DataIn": b"abd"})
        self.expect(made, "CprepDiskDeleteFile", OK, file)
        self.expect(made, "CprepDiskDeleteFile", NOT_FOUND, file)
        self.expect(made, "CprepDiskDeleteFile", 0x8007007B, {**file, "FileName": "..\\x\0"})
        expect("CprepDiskStopDefense", 0x8007139F)
        expect("CprepDiskOffline")
        expect("CprepDiskIsOnline", 0x80070015)
        expect("CprepDiskStopDefense")
        expect("CprepDiskSetOnline")
        whole_node.within(10, "the disk is online",
                          lambda: made.call("CprepDiskIsOnline", DiskId=disk).result == OK)

    def test_reservations(self):
        disk = number(3)
        made = self.storage(disk)

        def expect(method, result=OK, **outs):
            self.expect(made, method, result, {"DiskId": disk}, **outs)

        expect("CprepDiskIsPRPresent", Present=0)
        expect("CprepDiskPRReserve", BUSY)
        expect("CprepDiskPRRegister")
        expect("CprepDiskPRReserve")
        expect("CprepDiskIsPRPresent", Present=1)
        expect("CprepDiskPRPreempt")
        expect("CprepDiskPRRelease")
        expect("CprepDiskPRUnRegister")
        expect("CprepDiskPRClear", BUSY)
        expect("CprepDiskPRRegister")
        expect("CprepDiskPRClear")
        for opnum in (8, 9, 10, 11, 15, 16, 21):
            self.expect(made, f"Opnum{opnum}NotUsedOnWire", 0x80004001, {})
        expect("CprepDiskPRRegister")
        expect("CprepDiskPRReserve")
        cleanup = self.made("cleanup")
        self.expect(cleanup, "ClearPR", OK, {"DeviceNumber": 3})
        expect("CprepDiskIsPRPresent", Present=0)
        self.expect(cleanup, "ClearPR", DENIED, {"DeviceNumber": 1})
        self.expect(cleanup, "ClearPR", NOT_FOUND, {"DeviceNumber": 99})

    def test_the_network(self):
        made = self.made("network")
        message = {"SourceIPAddress": "10.9.0.1", "DestIPAddress": "10.9.0.1", "DestPort": 3343, "AddressFamily": 2,
                   "MessageSize": 64, "Timeout": 500}
        self.expect(made, "SendRTMessage", 0x80070548, message, RTElapsedTime=0)
        self.expect(made, "InitializeNode", OK, {"RequestUDPPort": 0}, BoundUDPPort=3343, NodeMajorVersion=RELEASE[0],
                    NodeMinorVersion=RELEASE[1], ClusprepVersion=3)
        answer = self.expect(made, "SendRTMessage", OK, message)
        self.assertLess(answer["RTElapsedTime"], 500)
        self.expect(made, "SendRTMessage", 0x800705B4, {**message, "DestIPAddress": "10.9.0.2", "Timeout": 50},
                    RTElapsedTime=0)
        self.expect(made, "SendRTMessage", 0x80070057, {**message, "SourceIPAddress": "10.9.0.77"})
        self.expect(made, "QueryFirewallConfiguration", OK, {}, serverRulesEnabled=1, mgmtRulesEnabled=1)
        nft("table inet f {\nchain in {\ntype filter hook input priority 0\niif lo accept\n"
                       "tcp dport 3343 drop\n}\n}\n")
        try:
            self.expect(made, "QueryFirewallConfiguration", OK, {}, serverRulesEnabled=0, mgmtRulesEnabled=1)
        finally:
            nft("flush ruleset")
        for filtered in (0, 1):
            answer = self.expect(made, "GetIpConfigSerialized", OK, {"ApplyClusterFilter": filtered})
            data = b"".join(answer["Data"]["pData"])
            self.assertEqual(answer["pcbOut"], len(data))
            server, adapters, _ = adapter_list.decode(data)
            self.assertEqual(server, f"{HOST}.example.org")
            named = {each["name"]: each for each in adapters}
            self.assertEqual(set(named), {"here", "there"} if filtered else {"here", "there", "lo"})
            here = named["here"]
            (link,) = json.loads(subprocess.run(["ip", "-j", "link", "show", "here"], capture_output=True,
                                                check=True).stdout)
            link = link["address"].upper().replace(":", "-")
            self.assertEqual(here["physical"], link.ljust(23, "\0"))
            self.assertEqual(here["addresses"][0], "10.9.0.1")
            self.assertEqual(here["prefixes"][0][1], 24)
            self.assertEqual(len(here["prefixes"]), len(here["addresses"]))
            self.assertEqual([here[each] for each in ("type", "tunnel", "status", "dhcp", "internal", "cluster")],
                             [6, 0, 1, 0, 1, 0])
            self.assertEqual(here["gateways"], [])
            if not filtered:
                self.assertEqual((named["lo"]["type"], named["lo"]["addresses"][0]), (24, "127.0.0.1"))
        self.expect(made, "CleanupNode", OK, {})
        self.expect(made, "CleanupNode", 0x80070548, {})

    def test_the_firewall_of_each_adapter(self):
        made = self.made("firewall")
        count = made.call("InitializeAdapterConfiguration")["cRetAdapters"]
        self.assertGreaterEqual(count, 1)
        seen = set()
        for index in range(count):
            answer = self.expect(made, "GetNextAdapterFirewallConfiguration", OK, {"idx": index}, serverRulesEnabled=1,
                                 managementRulesEnabled=1, commonRulesEnabled=1)
            self.assertIn(answer["adapterProfile"], (0, 1, 2))
            seen.add(uuids.UUID(bytes_le=answer["adapterId"]))
        self.assertEqual(len(seen), count)
        self.expect(made, "GetNextAdapterFirewallConfiguration", 0x80070057, {"idx": count})
        # Each is one of the adapter list's, of an adapter of its own. That ends with its Guids, two for an adapter.
        told = self.made("network").call("GetIpConfigSerialized", ApplyClusterFilter=0)
        listed = adapter_list.decode(b"".join(told["Data"]["pData"]))[2]
        self.assertEqual(len({listed.index(each) // 2 for each in seen}), count)

    def test_the_secret_the_label_and_the_cleanup(self):
        made = self.made("setup")
        self.expect(made, "ConfigSvcSecret", OK, {"SecretBLOB": "secr\0et"})
        answer = self.expect(made, "RetrieveSvcSecret", OK, {})
        self.assertEqual((answer["SecretBLOB"]["asData"], answer["SecretBLOB"]["cBytes"]), ("secr\0et", 14))
        kept = (self.node.work / "state/secret").read_bytes()
        self.assertNotIn(wide("secr"), kept)
        self.assertEqual(self.expect(made, "RetrieveHostLabel", OK, {})["HostLabel"]["asData"], HOST)
        disk = number(0)
        storage = self.storage(disk)
        self.expect(storage, "CprepDiskPRArbitrate", OK, {"DiskId": disk})
        cleanup = self.made("cleanup")
        self.expect(cleanup, "CleanUpEvictedNode", 0x80070057,
                    {"DelayBeforeCleanup": 0, "TimeOut": 60000, "Flags": 4})
        self.expect(cleanup, "CleanUpEvictedNode", OK, {"DelayBeforeCleanup": 0, "TimeOut": 60000, "Flags": 0})
        self.assertIn("pacemaker.service", self.node.played.asked)
        answer = self.expect(made, "RetrieveSvcSecret", NOT_FOUND, {})
        self.assertEqual((answer["SecretBLOB"]["cBytes"], answer["SecretBLOB"]["clSize"]), (0xFFFFFFFF, 0))
        self.assertEqual(self.on_bus(lambda client: client.get(where(ONE), "SharedDisk", "Ownership")), "none")
        self.assertEqual(self.on_bus(lambda client: client.call(where(ONE), SHARED, "ReservationRead"))[3], [])

    def test_logs_are_gathered(self):
        made = self.made("log")
        for method, parameters in (("GenerateClusterLog", {}), ("GenerateTimeSpanLog", {"SpanMinutes": 90})):
            told = self.expect(made, method, OK, parameters)["LogFilePath"]["asData"]
            share, _, file = told.partition("\\")
            self.assertEqual(share, "ClusterLogs")
            self.assertTrue((self.node.work / "logs" / file).is_file(), told)


class BySamba(LookedAt):
    LEAST = (("dcerpc.pkt_type == 2", 20),)

    def test_each_protection_for_two_classes(self):
        for options in ("ntlm,seal", "spnego,seal", "krb5,seal"):
            for name, wanted in (
                ("setup", {"set": OK, "secret": "of samba", "label": HOST}),
                ("storage", {"disks": 4, "attached": OK, "read": [65536, 65536, OK], "not allowed": OK,
                             "refused": DENIED}),
            ):
                with self.subTest(options=options, name=name):
                    ran = subprocess.run(
                        [sys.executable, "-W", "ignore", str(HERE / "samba_whole_client.py"), options, USER, PASSWORD,
                         name],
                        env={**os.environ, **self.node.realm.environment}, capture_output=True, text=True,
                        timeout=DEADLINE, check=False)
                    self.assertEqual(ran.returncode, 0, ran.stderr + self.node.clusprepd.told()[-2000:])
                    told = json.loads(ran.stdout.splitlines()[-1])
                    told.pop("version", None)
                    self.assertEqual(told, wanted)


class ByOurClient(LookedAt):
    LEAST = (("dcerpc.pkt_type == 2", 100),)

    def lines(self):
        return every_method.lines(self.node.work, [("10.9.0.1", "10.9.0.1")], 3)

    def test_every_method_in_a_session_by_each_mechanism(self):
        lines = self.lines()
        for how in ({"options": ["--auth", "ntlm"]}, {"options": ["--auth", "negotiate"]}, {"ticket": True}):
            with self.subTest(how=how):
                ran = self.node.clusprep("session", "localhost", "--json", stdin="\n".join(lines) + "\n", **how)
                by_name = every_method.answers(self, lines, ran.stdout)
                self.assertEqual([disk["id"] for disk in by_name["disk list"]["disks"]], LISTED)
                self.assertEqual(by_name["disk online"]["partitions"], 1)
                self.assertGreaterEqual(len(by_name["network adapters"]["adapters"]), 2)
                guids = {guid for each in by_name["network adapters"]["adapters"] for guid in each["guids"]}
                asked = {each["adapter"] for each in by_name["firewall"]["adapters"]}
                self.assertTrue(asked and asked <= guids, (asked, guids))
                self.assertTrue(by_name["log all"]["path"].startswith("ClusterLogs\\"), by_name["log all"])

    def test_every_command_by_itself_as_text(self):
        """An object each, which brings about what its method needs."""
        seen = set()
        for line in self.lines():
            words = line.split(" --")[0].split()
            verb = " ".join(word for word in words if re.fullmatch("[a-z-]+", word) and word != "x")
            if verb in seen:
                continue
            seen.add(verb)
            words = line.split()
            at = len(verb.split())
            # Keys and reservations are the node's. Ownership ends with the object, files need it.
            status = 3 if verb == "pr stop-defense" else 0
            with self.subTest(line):
                ran = self.node.clusprep(*words[:at], "localhost", *words[at:], status=status)
                self.assertTrue(ran.stdout if status == 0 else ran.stderr, line)
                self.assertNotIn(PASSWORD, ran.stdout + ran.stderr)

    def in_memory(self, wanted):
        """How often clusprepd has these bytes anywhere."""
        process, found = f"/proc/{self.node.clusprepd.process.pid}", 0
        maps = re.findall(r"^([0-9a-f]+)-([0-9a-f]+) r\S+ \S+ \S+ \S+ *(?!\[v)",
                          pathlib.Path(f"{process}/maps").read_text(), re.MULTILINE)
        with open(f"{process}/mem", "rb", buffering=0) as memory:
            for begin, end in ((int(begin, 16), int(end, 16)) for begin, end in maps):
                with contextlib.suppress(OSError):  # what is mapped and yet not there
                    memory.seek(begin)
                    found += memory.read(end - begin).count(wanted)
        return found

    def test_a_secret_does_not_stay_in_memory(self):
        # No core is written of it, and nobody but root looks into it.
        self.assertEqual(os.stat(f"/proc/{self.node.clusprepd.process.pid}/mem").st_uid, 0)
        for size in (24, 20_000):
            with self.subTest(size=size):
                mark = b"mark-" + os.urandom(8).hex().encode() + b"-"
                secret = self.node.work / "secret"
                secret.write_bytes((mark * size)[:size])
                self.node.clusprep("setup", "secret", "set", "localhost", "--input", str(secret))
                told = self.ask("setup", "secret", "get", "localhost")["secret"]
                self.assertEqual(bytes.fromhex(told), (mark * size)[:size])
                whole_node.within(10, "the connections have ended, and no copy is left",
                                  lambda: self.in_memory(mark) == 0)

    def test_who_is_not_known_or_not_allowed(self):
        for user, password in ((USER, "wrong"), ("nobody", PASSWORD), (STRANGER, PASSWORD)):
            for auth in ("ntlm", "negotiate"):
                with self.subTest(user=user, auth=auth):
                    heard = self.node.heard()
                    ran = self.node.clusprep("disk", "list", "127.0.0.1", user=user, password=password,
                                             options=["--auth", auth], status=4)
                    self.assertEqual(ran.stdout, "")
                    self.assertIn("127.0.0.1: IClusterStorage2: ", ran.stderr)
                    self.node.waits_for(user, heard)
                    self.assertNotIn("activated", self.node.clusprepd.told()[heard:])

    def test_a_disk_that_is_not_allowed_and_one_in_use(self):
        told = json.loads(self.node.clusprep("pr", "register", "localhost", "1", "--json", status=3).stderr)
        self.assertEqual((told["method"], told["hresult"]), ("CprepDiskPRRegister", "0x80070005"))
        self.node.clusprepd.wait_for(f"{TWO} is not on the list of allowed disks")
        self.on_bus(lambda client: San(client).map_held("mpatha"))
        try:
            told = json.loads(self.node.clusprep("disk", "offline", "localhost", "0", "--json", status=3).stderr)
            self.assertEqual((told["method"], told["hresult"]), ("CprepDiskOffline", "0x800700AA"))
            self.node.clusprepd.wait_for("map_held")
            told = json.loads(self.node.clusprep("disk", "read", "localhost", "0", "0", "--json", status=3).stderr)
            self.assertEqual(told["hresult"], "0x80070005")
        finally:
            self.on_bus(lambda client: San(client).map_released("mpatha"))
        self.node.clusprep("disk", "read", "localhost", "0", "0")

    def test_a_node_that_does_not_answer(self):
        self.assertIn("Connection refused",
                      self.node.clusprep("disk", "list", "127.0.0.1", options=["--port", "1"], status=5).stderr)
        self.node.clusprepd.process.send_signal(signal.SIGSTOP)
        try:
            begun = time.monotonic()
            ran = self.node.clusprep("disk", "list", "127.0.0.1", options=["--timeout", "1"], status=5)
            self.assertLess(time.monotonic() - begun, 15)
        finally:
            self.node.clusprepd.process.send_signal(signal.SIGCONT)
        self.assertIn("127.0.0.1", ran.stderr)
        self.node.clusprep("setup", "label", "localhost")

    def test_two_clients_go_through_the_flows_at_once(self):
        secret = self.node.work / "secret"
        secret.write_bytes(b"of both")
        for flows in ((("online", "0"), ("online", "3")), (("network", "10.9.0.1", "10.9.0.1"),) * 2,
                      (("setup", "--input", str(secret)),) * 2):
            with concurrent.futures.ThreadPoolExecutor(2) as both:
                runs = [both.submit(self.node.clusprep, "flow", flow[0], "localhost", *flow[1:], "--json",
                                    ticket=ticket)
                        for flow, ticket in zip(flows, (False, True))]
                for run, flow in zip(runs, flows):
                    steps = [step["name"] for step in json.loads(run.result().stdout)["steps"]]
                    self.assertEqual(steps, {
                        "online": ["connect", "CprepPrepareNode", "CprepPrepareNodePhase2", "CprepDiskGetProps",
                                   "CprepDiskAttach", "CprepDiskPRArbitrate", "CprepDiskOnline"],
                        "network": ["connect", "InitializeNode", "SendRTMessage", "QueryFirewallConfiguration",
                                    "CleanupNode"],
                        "setup": ["connect", "ConfigSvcSecret", "RetrieveSvcSecret", "RetrieveHostLabel"],
                    }[flow[0]], flow)


class Endurance(WholeNode):
    def measured(self):
        """Of each daemon the bytes of its own memory, and its descriptors."""
        def of(daemon):
            process = f"/proc/{daemon.process.pid}"
            anonymous = re.search(r"RssAnon:\s+(\d+) kB", pathlib.Path(f"{process}/status").read_text())
            return int(anonymous.group(1)) * 1024, len(os.listdir(f"{process}/fd"))
        return {name: of(getattr(self.node, name)) for name in ("clusprepd", "san", "failover")}

    def hammer(self, objects, calls):
        ran = subprocess.run(
            [os.environ["HAMMER"], "127.0.0.1", f"{HOST.upper()}\\{USER}", str(objects), str(calls), "10.9.0.1"],
            input=PASSWORD + "\n", capture_output=True, text=True, timeout=240, check=False)
        self.assertEqual((ran.returncode, ran.stdout), (0, "done\n"), ran.stderr)

    def test_a_thousand_activations_and_a_hundred_thousand_calls(self):
        self.hammer(100, 100)  # what is kept for good is kept by now
        before = self.measured()
        begun = time.monotonic()
        self.hammer(1000, 100)
        took = time.monotonic() - begun

        def back():
            now = self.measured()
            return now if all(now[name][1] <= before[name][1] for name in now) else None
        after = whole_node.within(10, lambda: f"descriptors: {before} before, {self.measured()} now", back)
        print(f"{took:.1f} s; bytes and descriptors {before} before, {after} after")
        for name, (memory, _) in after.items():
            with self.subTest(name):
                self.assertLess(memory - before[name][0], 512 << 10)


class Crashes(WholeNode):
    def refused(self, *words):
        ran = self.node.clusprep(*words, "--json", status=3)
        return json.loads(ran.stderr)

    def listed(self):
        with contextlib.suppress(AssertionError):
            return json.loads(self.node.clusprep("disk", "list", "localhost", "--json").stdout)["disks"]
        return None

    def held(self, *words):
        held = self.node.begin_clusprep(*words, "--hold")
        self.addCleanup(held.communicate)
        self.addCleanup(held.kill)
        for line in held.stdout:
            if "until this ends" in line or "CprepDiskOnline" in line:
                return held
        raise AssertionError(held.stderr.read())

    def test_what_is_held_is_told_to_be_lost_with_clusprepd(self):
        for words in (("pr", "arbitrate", "localhost", "0"), ("flow", "online", "localhost", "0")):
            for end in (self.node.clusprepd.end, self.node.clusprepd.kill):
                with self.subTest(words=words, end=end.__name__):
                    held = self.held(*words)
                    self.assertIsNone(held.poll())
                    getattr(self.node.clusprepd, end.__name__)()
                    self.node.start_clusprepd()
                    _, told = held.communicate(timeout=DEADLINE)
                    self.assertIn(held.returncode, (3, 5), told)
                    self.assertIn("does not keep the disk any more", told)

    def test_mpapid_killed_while_it_works(self):
        with self.node.client() as client:
            san = San(client)
            for device in ("sda", "sdb", "sdc", "sdd"):
                san.command_hangs(device, b"")
            with concurrent.futures.ThreadPoolExecutor(1) as other:
                asked = len(self.node.played.asked)
                waits = other.submit(self.refused, "disk", "read", "localhost", "0", "0")
                whole_node.within(DEADLINE, "the read is begun", lambda: len(self.node.played.asked) > asked)
                self.node.san.kill()
                told = waits.result()
        self.assertEqual(told["method"], "CprepDiskRawRead")
        self.assertIn(told["hresult"], ("0x80070079", "0x80070037", "0x8007045D"))
        told = self.refused("disk", "list", "localhost")
        self.assertEqual(told["method"], "CprepPrepareNodePhase2")
        self.assertEqual(self.ask("setup", "label", "localhost")["label"], HOST)  # the rest goes on
        self.node.start_san()
        found = whole_node.within(DEADLINE, "the disks are listed again", self.listed)
        self.assertEqual([disk["id"] for disk in found], LISTED)
        self.node.clusprep("flow", "online", "localhost", "0")

    def test_the_bus_is_gone(self):
        """clusprepd ends, for systemd to start it again: then everything is as before."""
        self.node.lose_bus()
        self.assertEqual(self.node.clusprepd.process.wait(DEADLINE), 1, self.node.clusprepd.told())
        self.node.clusprepd.wait_for("the connection to the system bus was lost")
        self.assertIn("Connection", self.node.clusprep("setup", "label", "localhost", options=["--timeout", "1"],
                                                       status=5).stderr)
        self.node.start_again()
        self.assertEqual([disk["id"] for disk in self.ask("disk", "list", "localhost")["disks"]], LISTED)
        self.node.clusprep("network", "ping", "localhost", "10.9.0.1", "10.9.0.1")


if __name__ == "__main__":
    whole_node.own_machine()
    unittest.main(verbosity=2)
