# SPDX-License-Identifier: LGPL-2.1-or-later
"""clusprep, the command, against a server that is not ours (foreign_server.py): it works against any server of the
protocol, and believes none that errs or that somebody else speaks for."""
import json
import os
import pathlib
import shutil
import struct
import subprocess
import tempfile
import unittest
import uuid as uuids

import namespaces
import needs

needs.modules("impacket")

from impacket.dcerpc.v5 import dcomrt  # noqa: E402

import csvp_methods  # noqa: E402
import every_method  # noqa: E402
import foreign_node  # noqa: E402
from foreign_ntlm import wide  # noqa: E402
from foreign_node import ADAPTERS, DISKS, DSMS, IDENTIFIERS, LABEL  # noqa: E402
from foreign_server import ForeignServer, Habits  # noqa: E402

CLUSPREP, DEADLINE = os.environ["CLUSPREP"], 20
DOMAIN, USER, PASSWORD = "EXAMPLE", "Admin\u00e9", "Pa55 w\u00f6rd"
LABEL_METHOD, PREPARE = "RetrieveHostLabel", "CprepPrepareNode"
SETUP_CLASS, SETUP_INTERFACE = map(uuids.UUID, csvp_methods.CLASSES["setup"][:2])
FAILED, DENIED, UNREACHABLE, GARBLED = 3, 4, 5, 6


class Foreign(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.work = pathlib.Path(tempfile.mkdtemp())
        cls.addClassCleanup(shutil.rmtree, cls.work)
        cls.node = foreign_node.Node()
        cls.server = ForeignServer({USER: PASSWORD}, cls.node)
        cls.addClassCleanup(cls.server.close)

    def setUp(self):
        self.server.habits = Habits()
        self.node.results = {}
        self.server.flaws.clear()
        self.server.called.clear()
        self.server.objects.clear()

    def run_client(self, *words, user=USER, password=PASSWORD, auth="ntlm", stdin=""):
        reader, writer = os.pipe()
        os.write(writer, password.encode() + b"\n")
        os.close(writer)
        try:
            return subprocess.run(
                [CLUSPREP, *words, "--json", "--auth", auth, "--user", f"{DOMAIN}\\{user}", "--password-fd",
                 str(reader)],
                input=stdin, capture_output=True, text=True, timeout=DEADLINE, pass_fds=[reader], check=False,
                env={"PATH": os.environ["PATH"], "KRB5CCNAME": f"FILE:{self.work}/none"})
        finally:
            os.close(reader)

    def ask(self, *words, status=0, **more):
        """What it says; the server finds no fault with it, and has no object any more."""
        ran = self.run_client(*words, **more)
        self.assertEqual(ran.returncode, status, ran.stdout + ran.stderr)
        self.assertEqual(self.server.flaws, [])
        self.assertEqual(self.server.objects, {})
        return json.loads(ran.stdout)

    def fails(self, *words, status, **more):
        """What it says went wrong, with nothing on its output."""
        ran = self.run_client(*words, **more)
        self.assertEqual((ran.returncode, ran.stdout), (status, ""), ran.stderr)
        self.assertEqual(self.server.flaws, [])
        return json.loads(ran.stderr)

    def label(self, **more):
        told = self.ask("setup", "label", "127.0.0.1", **more)
        self.assertEqual(told, {"schema": "clusprep-1", "command": "setup label", "node": "127.0.0.1", "label": LABEL})


class Answers(Foreign):
    def test_every_method_with_every_field(self):
        pings = [("192.0.2.10", "192.0.2.1"), ("fe80::1%4", "fe80::2%4")]
        lines = every_method.lines(self.work, pings, 1)
        for auth in ("ntlm", "negotiate"):
            with self.subTest(auth):
                self.server.called.clear()
                ran = self.run_client("session", "127.0.0.1", stdin="\n".join(lines) + "\n", auth=auth)
                self.assertEqual(ran.returncode, 0, ran.stdout + ran.stderr)
                self.assertEqual((self.server.flaws, self.server.objects), ([], {}))
                self.look_at(every_method.answers(self, lines, ran.stdout))
                named = {name for _, _, methods in csvp_methods.CLASSES.values() for name in methods
                         if "NotUsed" not in name and not name.endswith(("OfGpt", "ByGuid"))}
                self.assertEqual(set(self.server.called), named)

    def look_at(self, by_name):
        def expect(command, **facts):
            self.assertEqual(by_name[command],
                             {"schema": "clusprep-1", "command": command, "node": "127.0.0.1", **facts})

        disk = {"disk": "number:0"}
        props = [{"number": number, "id": each["id"], "bus": each["bus"][1], "paths": each["paths"],
                  "clusterable": bool(each["clusterable"]), "adapter": each["adapter"], "flags": each["flags"][1]}
                 for number, each in enumerate(DISKS)]
        expect("disk prepare", majorVersion=10, minorVersion=1, clusprepVersion=3, diskCount=3)
        expect("disk list", disks=props)
        expect("disk props", **props[0])
        expect("disk unique", **disk, unique=True)
        expect("disk scratch", **disk, sectorX=12, sectorY=11)
        expect("disk write", **disk, sector=12, bytes=512, latencyMilliseconds=9)
        expect("disk read", **disk, sector=12, bytes=512, latencyMilliseconds=4,
               data=b"tic".ljust(512, b"\0").hex())
        expect("disk readable", **disk, readable=True)
        kinds = {0: "vendorSpecific", 3: "naa", 4: "relativeTargetPort", 8: "scsiName"}
        codes = {1: "binary", 2: "ascii"}
        owners = ("logicalUnit", "targetPort", "targetDevice")
        expect("disk ids", **disk, identifiers=[
            {"association": owners[association], "type": kinds[kind], "codeSet": codes[code], "identifier": value.hex()}
            for code, kind, association, value in IDENTIFIERS])
        words = ("name", "majorVersion", "minorVersion", "build", "qfe")
        expect("disk dsms", dsms=[dict(zip(words, each)) for each in DSMS])
        expect("pr present", **disk, reserved=True)
        expect("disk online", **disk, partitions=2)
        expect("disk is-online", **disk, online=True)
        expect("partition fs", **disk, partition=0, fileSystem="NTFS")
        expect("network initialize", majorVersion=10, minorVersion=1, clusprepVersion=3, udpPort=3343)
        expect("network adapters", serverName=f"{LABEL}.example.org", adapters=ADAPTERS)
        expect("network ping", source="fe80::1%4", destination="fe80::2%4", elapsedMilliseconds=7)
        expect("network firewall", serverRules=True, managementRules=False)
        expect("firewall", adapters=[
            {"adapter": ADAPTERS[0]["guids"][1], "profile": "domainAuthenticated", "serverRules": True,
             "managementRules": True, "commonRules": False},
            {"adapter": ADAPTERS[1]["guids"][1], "profile": "public", "serverRules": False, "managementRules": True,
             "commonRules": False}])
        expect("setup label", label=LABEL)
        for command, file in (("log all", "win-node2_cluster.log"), ("log span", "win-node2_span.log")):
            expect(command, path=f"ClusterLog$\\{file}", unc=f"\\\\127.0.0.1\\ClusterLog$\\{file}")
        expect("cleanup pr", number=1)
        expect("cleanup node")

    def test_what_is_asked_for_arrives(self):
        asked = self.node.parameters
        self.ask("cleanup", "node", "127.0.0.1", "--delay", "7", "--wait", "90", "--keep-service")
        self.assertEqual(asked["CleanUpEvictedNode"], {"DelayBeforeCleanup": 7000, "TimeOut": 90000, "Flags": 1})
        self.ask("cleanup", "pr", "127.0.0.1", "2")
        self.assertEqual(asked["ClearPR"], {"DeviceNumber": 2})
        self.ask("network", "ping", "127.0.0.1", "fe80::1%4", "fe80::2%4")
        told = {name: value["asData"] if name.endswith("Address") else value
                for name, value in asked["SendRTMessage"].items()}
        self.assertEqual(
            {name: told[name] for name in ("SourceIPAddress", "DestIPAddress", "AddressFamily", "Timeout")},
            {"SourceIPAddress": "fe80::1%4", "DestIPAddress": "fe80::2%4", "AddressFamily": 0x17, "Timeout": 1000})
        self.ask("network", "adapters", "127.0.0.1")
        self.assertEqual(asked["GetIpConfigSerialized"], {"ApplyClusterFilter": 1})

    def test_impacket_finds_the_server_to_be_one(self):
        self.server.habits.bindings = ("127.0.0.1",)
        connection = dcomrt.DCOMConnection("127.0.0.1", USER, PASSWORD, DOMAIN, oxidResolver=False)
        try:
            made = csvp_methods.Object(connection, "storage")
            answer = made.call(PREPARE)
            self.assertEqual(dict(answer), {"pulMajorVersion": 10, "pulMinorVersion": 1, "pdwCPrepVersion": 3})
            self.assertEqual(self.server.flaws, [])
        finally:
            connection.disconnect()


class HabitsOfServers(Foreign):
    def test_references_of_each_kind(self):
        for kind in (1, 2, 8):
            with self.subTest(kind):
                self.server.habits.reference = kind
                self.label()

    def test_properties_in_another_order_and_unknown_ones(self):
        self.server.habits.reply_first = True
        self.label()

    def test_answers_that_carry_extents(self):
        self.server.habits.extents = True
        self.label()

    def test_headers_that_are_signed_without_being_agreed_on(self):
        self.server.habits.header_signing = False
        self.label()
        self.label(auth="negotiate")

    def test_a_connection_that_ends_between_calls_is_made_again(self):
        """The object outlives it, with all that was brought about."""
        self.server.habits.hangs_up = ("CprepDiskAttach", "CprepDiskPRReserve")
        lines = ["disk attach 1", "pr reserve 1", "pr present 1", "disk attach 1"]
        ran = self.run_client("session", "127.0.0.1", stdin="\n".join(lines) + "\n")
        self.assertEqual(ran.returncode, 0, ran.stderr)
        self.assertEqual(len(ran.stdout.splitlines()), len(lines))
        self.assertEqual((self.server.flaws, self.server.objects), ([], {}))
        self.assertEqual(self.server.called, [PREPARE, "CprepPrepareNodePhase2", "CprepDiskAttach",
                                              "CprepDiskPRReserve", "CprepDiskIsPRPresent"])

    def test_a_success_with_another_number_is_one(self):
        self.node.results = {"CprepDiskPRReserve": 1}
        self.ask("pr", "reserve", "127.0.0.1", "1")

    def test_the_name_that_was_dialled_is_one_of_the_bindings(self):
        self.server.habits.bindings = ("WIN-NODE2", "127.0.0.1")
        self.label()

    def test_fragments_both_ways(self):
        secret = self.work / "large"
        secret.write_bytes(wide("".join(chr(0x3000 + each % 4096) for each in range(15_000))))
        for size in (5840, 4280, 2048):
            with self.subTest(size):
                self.server.habits.fragment = size
                self.ask("setup", "secret", "set", "127.0.0.1", "--input", str(secret))
                told = self.ask("setup", "secret", "get", "127.0.0.1")
                self.assertEqual(bytes.fromhex(told["secret"]), secret.read_bytes())


class Refusals(Foreign):
    def test_who_does_not_know_the_password_is_denied(self):
        for auth in ("ntlm", "negotiate"):
            for user, password in ((USER, PASSWORD + "x"), ("nobody", PASSWORD)):
                with self.subTest(auth=auth, user=user):
                    told = self.fails("setup", "label", "127.0.0.1", user=user, password=password, auth=auth,
                                      status=DENIED)
                    self.assertEqual((told["error"], told["method"]), ("denied", "IClusterSetup"))
                    self.assertNotIn(password, json.dumps(told))
                    self.assertEqual(self.server.called, [])

    def test_a_fault_is_told_by_its_name(self):
        for protected in (False, True):
            with self.subTest(protected=protected):
                self.server.habits.faults = {LABEL_METHOD: (0x1C010002, protected)}
                told = self.fails("setup", "label", "127.0.0.1", status=FAILED)
                self.assertEqual((told["error"], told["method"], told["fault"]), ("fault", LABEL_METHOD, 0x1C010002))
                self.assertIn("no such operation", told["text"])
                self.assertEqual(self.server.objects, {})

    def test_a_failure_of_a_method_is_told_by_its_name(self):
        for extents in (False, True):
            self.server.habits.extents = extents
            self.node.results = {"CprepDiskPRReserve": 0x800700AA}
            told = self.fails("pr", "reserve", "127.0.0.1", "1", status=FAILED)
            self.assertEqual((told["error"], told["method"], told["hresult"], told["name"]),
                             ("method", "CprepDiskPRReserve", "0x800700AA", "ERROR_BUSY"))
            self.node.results = {"CprepDiskPRReserve": 0x80041234}
            self.assertEqual(self.fails("pr", "reserve", "127.0.0.1", "1", status=FAILED)["hresult"], "0x80041234")
            self.assertEqual(self.server.objects, {})

    def test_what_the_server_does_not_have(self):
        for habit, name, status in (({"classes": {SETUP_CLASS: 0x80040154}}, "REGDB_E_CLASSNOTREG", FAILED),
                                    ({"classes": {SETUP_CLASS: 0x80070005}}, "ERROR_ACCESS_DENIED", DENIED),
                                    ({"interfaces": {SETUP_INTERFACE: 0x80004002}}, "E_NOINTERFACE", FAILED)):
            with self.subTest(name):
                self.server.habits = Habits(**habit)
                told = self.fails("setup", "label", "127.0.0.1", status=status)
                self.assertEqual((told["error"], told["method"], told["name"]), ("refused", "IClusterSetup", name))

    def test_an_interface_that_is_not_bound(self):
        self.server.habits.not_bound = (SETUP_INTERFACE,)
        told = self.fails("setup", "label", "127.0.0.1", status=UNREACHABLE)
        self.assertIn("the server does not have this interface", told["text"])


class Untrue(Foreign):
    """Answers that are not the server's, or are none."""

    def refuses(self, method, *words, change, status, says):
        self.server.habits.fragments = {method: change}
        told = self.fails(*words, status=status)
        self.assertIn(says, told["text"])
        return told

    @staticmethod
    def flipped(at):
        def change(pieces):
            raw = bytearray(pieces[-1])
            raw[at] ^= 1
            return [*pieces[:-1], bytes(raw)]
        return change

    def test_a_tampered_answer_is_refused(self):
        for what, at in (("checksum", -12), ("sequence", -1), ("stub", 24), ("padding", -25), ("hint", 16)):
            for auth in ("ntlm", "negotiate"):
                with self.subTest(what, auth=auth):
                    self.server.habits.fragments = {LABEL_METHOD: self.flipped(at)}
                    told = self.fails("setup", "label", "127.0.0.1", auth=auth, status=GARBLED)
                    self.assertEqual(told["method"], LABEL_METHOD)
                    self.assertIn("signature", told["text"])

    def test_a_fragment_left_out_or_sent_again_is_refused(self):
        words = "network", "adapters", "127.0.0.1"
        for what, change in (("left out", lambda pieces: [pieces[0], *pieces[2:]]),
                             ("again", lambda pieces: [pieces[0], pieces[1], pieces[1], *pieces[2:]]),
                             ("turned", lambda pieces: [pieces[0], pieces[2], pieces[1], *pieces[3:]])):
            with self.subTest(what):
                self.refuses("GetIpConfigSerialized", *words, change=change, status=GARBLED, says="signature")

    def test_an_answer_without_protection_is_refused(self):
        def bare(pieces):
            stub = struct.pack("<IIII", 0, 0, 0, 0)
            head = bytearray(pieces[0][:24])
            struct.pack_into("<HH", head, 8, 24 + len(stub), 0)
            return [bytes(head) + stub]
        self.refuses(LABEL_METHOD, "setup", "label", "127.0.0.1", change=bare, status=GARBLED, says="no verifier")

    def test_a_stub_that_is_none_is_told_to_be_so(self):
        for what, change in (("short", lambda stub: stub[:-4]), ("empty", lambda stub: b""),
                             ("an absurd count", lambda stub: stub[:12] + b"\xff\xff\xff\x7f" + stub[16:]),
                             ("more", lambda stub: stub + bytes(8))):
            with self.subTest(what):
                self.server.habits.stubs = {LABEL_METHOD: change}
                told = self.fails("setup", "label", "127.0.0.1", status=GARBLED)
                self.assertEqual((told["error"], told["method"]), ("garbled", LABEL_METHOD))
                self.assertEqual(self.server.objects, {})

    def test_activation_properties_that_are_none(self):
        for what, change in (("short", lambda stub: stub[:200]),
                             ("no OBJREF", lambda stub: stub.replace(b"MEOW", b"WOEM")),
                             ("no properties", lambda stub: bytes(16)),
                             ("a size", lambda stub: stub[:16] + b"\xff\xff\xff\x7f" + stub[20:])):
            with self.subTest(what):
                self.server.habits.stubs = {"RemoteCreateInstance": change}
                told = self.fails("setup", "label", "127.0.0.1", status=GARBLED)
                self.assertEqual((told["error"], told["method"]), ("garbled", "IClusterSetup"))

    def test_an_adapter_list_that_is_none(self):
        self.server.habits.stubs = {"GetIpConfigSerialized": lambda stub: stub.replace(
            wide("class mscs::AdapterList"), wide("class mscs::AdapterLost"))}
        told = self.fails("network", "adapters", "127.0.0.1", status=GARBLED)
        self.assertEqual((told["error"], told["method"]), ("garbled", "GetIpConfigSerialized"))
        self.assertEqual(self.server.objects, {})


if __name__ == "__main__":
    namespaces.own()  # where port 135 is free
    unittest.main(verbosity=2)
