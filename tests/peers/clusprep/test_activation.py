# SPDX-License-Identifier: LGPL-2.1-or-later
"""impacket and smbtorture against our DCOM server, in a network namespace where port 135 is free;
tshark looks at every packet."""
import contextlib
import pathlib
import re
import shutil
import subprocess
import tempfile
import unittest

import namespaces
import needs
import played_server
from played_server import PASSWORD, USER
from telling import Telling

# MS-CSVP 1.9: class, interface.
CLASSES = {
    "storage": ("C72B09DB-4D53-4F41-8DCC-2D752AB56F7C", "12108A88-6858-4467-B92F-E6CF4568DFB6"),
    "network": ("E1568352-586D-43E4-933F-8E6DC4DE317A", "2931C32C-F731-4C56-9FEB-3D5F1C5E72BF"),
    "cleanup": ("A6D3E32B-9814-4409-8DE3-CFA673E6D3DE", "D6105110-8917-41A5-AA32-8E0AA2933DC9"),
    "setup": ("04D55210-B6AC-4248-9E69-2A569D1D2AB6", "491260B5-05C9-40D9-B7F2-1F7BDAE0927F"),
    "log": ("88E7AC6D-C561-4F03-9A60-39DD768F867D", "85923CA7-1B6B-4E83-A2E4-F5BA3BFBB8A3"),
    "firewall": ("3CFEE98C-FB4B-44C6-BD98-A1DB14ABCA3F", "F1D6C29C-8FBE-4691-8724-F6D8DEAEAFC8"),
}
REMOTE_UNKNOWN = "00000131-0000-0000-C000-000000000046"

needs.modules("impacket")
needs.tools("smbtorture", "tcpdump", "tshark")

from impacket import uuid  # noqa: E402
from impacket.dcerpc.v5 import dcomrt, epm, rpcrt, transport  # noqa: E402
from impacket.dcerpc.v5.rpcrt import DCERPCException  # noqa: E402


def binary(text):
    return uuid.string_to_bin(text)


class Activation(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.work = pathlib.Path(tempfile.mkdtemp())
        cls.addClassCleanup(shutil.rmtree, cls.work)
        cls.captured = cls.work / "traffic.pcap"
        cls.capture = Telling(
            ["tcpdump", "--immediate-mode", "-U", "-Z", "root", "-i", "lo", "-w", str(cls.captured), "tcp"],
            "stderr", stdout=subprocess.DEVNULL)
        cls.addClassCleanup(cls.capture.kill)
        cls.capture.wait_for("listening on")
        cls.server = played_server.Server(cls.work)

    @classmethod
    def tearDownClass(cls):
        cls.server.end()
        cls.capture.end()
        cls.look_at_traffic()

    @classmethod
    def look_at_traffic(cls):
        """Each packet of RPC is decoded, and none is malformed."""
        def count(expression):
            out = subprocess.run(
                ["tshark", "-r", str(cls.captured), "-d", f"tcp.port=={cls.server.port},dcerpc",
                 "-d", "tcp.port==135,dcerpc", "-o", f"ntlmssp.nt_password:{PASSWORD}", "-Y", expression, "-T", "fields",
                 "-e", "frame.number", "-e", "_ws.col.Info"],
                stdin=subprocess.DEVNULL, capture_output=True, text=True, check=True).stdout
            return out.splitlines()
        malformed = count("_ws.malformed")
        assert not malformed, "malformed:\n" + "\n".join(malformed)
        assert len(count("dcerpc")) > 100, "tshark saw no RPC"
        # Also of what was sealed.
        assert len(count("isystemactivator.opnum == 4 && dcerpc.pkt_type == 2 && dcom.oxid")) > 3, \
            "tshark saw no answer of RemoteCreateInstance"

    def connection(self, user=USER, password=PASSWORD, host="127.0.0.1"):
        connection = dcomrt.DCOMConnection(host, user, password, "", oxidResolver=False)

        def disconnect():
            with contextlib.suppress(KeyError):  # it keeps one connection for each thread
                connection.disconnect()

        self.addCleanup(disconnect)
        return connection

    def bound(self, host="127.0.0.1", port=135, level=rpcrt.RPC_C_AUTHN_LEVEL_PKT_PRIVACY,
              user=USER):
        channel = transport.DCERPCTransportFactory(f"ncacn_ip_tcp:{host}[{port}]")
        if user:
            channel.set_credentials(user, PASSWORD, "")
        rpc = channel.get_dce_rpc()
        rpc.set_auth_level(level)
        if level != rpcrt.RPC_C_AUTHN_LEVEL_NONE:
            rpc.set_auth_type(rpcrt.RPC_C_AUTHN_WINNT)
        rpc.connect()
        self.addCleanup(rpc.disconnect)
        return rpc

    def anonymous(self):
        return self.bound(level=rpcrt.RPC_C_AUTHN_LEVEL_NONE, user=None)

    def test_anybody_asks_where_the_server_is(self):
        bindings = dcomrt.IObjectExporter(self.anonymous()).ServerAlive2()
        addresses = [binding["aNetworkAddr"].rstrip("\0") for binding in bindings]
        self.assertEqual(addresses, ["127.0.0.1", "node1"])

    def test_each_class_is_activated_by_remote_create_instance(self):
        for name, (clsid, iid) in CLASSES.items():
            with self.subTest(name):
                made = self.connection().CoCreateInstanceEx(binary(clsid), binary(iid))
                self.assertEqual(len(made.get_iPid()), 16)
                self.assertNotEqual(made.get_oid(), 0)
                self.server.wait_for(f"activated {clsid.lower()} by NODE1\\alice")

    def test_each_class_is_activated_by_remote_activation(self):
        for name, (clsid, iid) in CLASSES.items():
            with self.subTest(name):
                activation = dcomrt.IActivation(self.bound())
                made = activation.RemoteActivation(binary(clsid), binary(iid))
                self.assertEqual(len(made.get_iPid()), 16)

    def test_a_method_is_called_over_the_object_s_own_port(self):
        clsid, iid = CLASSES["storage"]
        made = self.connection().CoCreateInstanceEx(binary(clsid), binary(iid))

        class PrepareNode(dcomrt.DCOMCALL):
            opnum = 5
            structure = ()

        class PrepareNodeResponse(dcomrt.DCOMANSWER):
            structure = (("AttachDisksOnSystemBus", dcomrt.ULONG), ("MajorVersion", dcomrt.ULONG),
                         ("MinorVersion", dcomrt.ULONG), ("ErrorCode", dcomrt.error_status_t))

        globals()["PrepareNodeResponse"] = PrepareNodeResponse
        answer = made.request(PrepareNode(), binary(iid), made.get_iPid())
        self.assertEqual(answer["ErrorCode"], 0)

    def test_another_interface_of_an_object_is_not_had_and_iunknown_is(self):
        clsid, iid = CLASSES["setup"]
        made = self.connection().CoCreateInstanceEx(binary(clsid), binary(iid))
        unknown = made.RemQueryInterface(1, (uuid.uuidtup_to_bin(
            ("00000000-0000-0000-C000-000000000046", "0.0")),))
        self.assertNotEqual(unknown.get_iPid(), made.get_iPid())
        newer = "11942D87-A1DE-4E7F-83FB-A840D9C5928D"
        with self.assertRaises(Exception) as caught:
            made.RemQueryInterface(1, (uuid.uuidtup_to_bin((newer, "0.0")),))
        self.assertIn("80004002", f"{caught.exception.get_error_code():08x}")
        self.server.wait_for(f"no interface {newer.lower()}")

    def test_the_last_release_ends_the_object(self):
        clsid, iid = CLASSES["log"]
        heard = self.server.heard()
        made = self.connection().CoCreateInstanceEx(binary(clsid), binary(iid))
        for _ in range(5):  # as many as an activation gives; impacket takes one at a time
            made.RemRelease()
        self.server.wait_for("ended", heard)
        with self.assertRaises(DCERPCException) as caught:
            made.RemQueryInterface(1, (binary(iid) + b"\0\0\0\0",))
        self.assertIn("80010114", str(caught.exception) + f"{caught.exception.get_error_code():x}")

    def test_a_class_that_is_not_ours_is_not_registered(self):
        with self.assertRaises(DCERPCException) as caught:
            self.connection().CoCreateInstanceEx(binary("00000000-1111-2222-3333-444444444444"),
                                                 binary(CLASSES["log"][1]))
        self.assertIn("80040154", str(caught.exception) + f"{caught.exception.get_error_code():x}")

    def test_who_is_not_on_the_list_gets_nothing(self):
        with self.assertRaises(DCERPCException) as caught:
            clsid, iid = CLASSES["storage"]
            self.connection(user="mallory").CoCreateInstanceEx(binary(clsid), binary(iid))
        self.assertIn("access_denied", str(caught.exception))
        self.server.wait_for("not allowed NODE1\\mallory IRemoteSCMActivator")

    def test_a_wrong_password_gets_nothing(self):
        with self.assertRaises(DCERPCException) as caught:
            clsid, iid = CLASSES["storage"]
            self.connection(password="wrong").CoCreateInstanceEx(binary(clsid), binary(iid))
        self.assertIn("access_denied", str(caught.exception))
        self.server.wait_for("failed logon")

    def test_activation_needs_more_than_a_connection_that_was_authenticated(self):
        rpc = self.bound(level=rpcrt.RPC_C_AUTHN_LEVEL_CONNECT)
        clsid, iid = CLASSES["storage"]
        with self.assertRaises(DCERPCException) as caught:
            dcomrt.IActivation(rpc).RemoteActivation(binary(clsid), binary(iid))
        self.assertIn("access_denied", str(caught.exception))

    def test_the_endpoint_map_tells_the_exporter_s_port(self):
        rpc = self.anonymous()
        found = epm.hept_map("127.0.0.1", uuid.uuidtup_to_bin((REMOTE_UNKNOWN, "0.0")),
                             protocol="ncacn_ip_tcp", dce=rpc)
        self.assertEqual(found, f"ncacn_ip_tcp:127.0.0.1[{self.server.port}]")

    def test_the_endpoint_map_is_listed(self):
        rpc = self.anonymous()
        entries = epm.hept_lookup("127.0.0.1", dce=rpc)
        ports = set()
        for entry in entries:
            text = epm.PrintStringBinding(entry["tower"]["Floors"])
            ports.add(int(re.search(r"\[(\d+)\]", text).group(1)))
        self.assertEqual(ports, {135, self.server.port})
        self.assertGreaterEqual(len(entries), 12)

    def test_smbtorture_finds_the_object_resolver_in_order(self):
        run = subprocess.run(
            ["smbtorture", "--option=log level=0", "-U", f"{USER}%{PASSWORD}", "--workgroup=NODE1",
             f"--option=private dir={self.work}", f"--option=state directory={self.work}",
             f"--option=cache directory={self.work}", f"--option=lock directory={self.work}",
             f"--option=pid directory={self.work}", "ncacn_ip_tcp:127.0.0.1[135]",
             "rpc.oxidresolve"],
            stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60, cwd=self.work)
        # What else is in that suite activates a class of Windows.
        for case in ("ServerAlive", "ServerAlive2"):
            self.assertIn(f"success: oxidresolver.{case}\n", run.stdout)
        # It pings a set of whatever number its stack holds, which is none of ours: the answer is the one that
        # MS-DCOM 3.1.2.5.1.2 demands for it.
        self.assertRegex(run.stdout, r"(?s)oxidresolver.SimplePing \[\n[^\]]*"
                                     r"r.out.result was WERR_OR_INVALID_SET")


if __name__ == "__main__":
    namespaces.own()  # where port 135 is free
    unittest.main(verbosity=2)
