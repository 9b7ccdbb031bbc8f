# SPDX-License-Identifier: LGPL-2.1-or-later
"""istd beside Samba's nmbd, which has UDP port 138 there: both roles go through nmbd's stream; nmbd comes and goes; a
program that is none, or of another version, is told and not used."""
import json
import os
import socket
import subprocess
import threading
import unittest

from lan import Lan, Telling, own_namespaces
import mail
import needs

needs.modules("jeepney")
needs.tools("ip", "nsenter", "dbus-daemon", "nmbd")

CONF = """[global]
workgroup = EXAMPLE
netbios name = {name}
server role = standalone server
private dir = {work}/private
lock directory = {work}/lock
state directory = {work}/state
cache directory = {work}/cache
pid directory = {work}/pid
ncalrpc dir = {work}/ncalrpc
nmbd:socket dir = {work}/nmbd
log level = 1
local master = no
domain master = no
"""


class Nmbd(Telling):
    def __init__(self, machine):
        work = machine.work / "samba"
        for folder in ("private", "lock", "state", "cache", "pid", "ncalrpc"):
            (work / folder).mkdir(parents=True, exist_ok=True)
        os.makedirs(work / "nmbd", exist_ok=True)
        (work / "smb.conf").write_text(CONF.format(name=machine.name, work=work), encoding="utf-8")
        machine.unexpected = work / "nmbd" / "unexpected"
        super().__init__(machine.inside("nmbd", "-F", "--no-process-group", "--debug-stdout", "-s",
                                        str(work / "smb.conf")), stderr=subprocess.STDOUT)


class BesideNmbd(unittest.TestCase):
    def setUp(self):
        self.lan = Lan()
        self.addCleanup(self.lan.close)
        self.beside, self.other = self.lan.machine("beside", 2), self.lan.machine("other", 3)
        self.other.serve()

    def nmbd(self):
        nmbd = Nmbd(self.beside)
        self.addCleanup(nmbd.kill)
        return nmbd

    def names(self, machine):
        return {server["name"]: server["address"]
                for server in json.loads(machine.discover("--json", "--timeout", "2").stdout)["servers"]}

    def way(self, wanted):
        self.beside.wait_for("Transport", lambda way: way == wanted)

    def test_both_roles_beside_nmbd_which_comes_and_goes(self):
        nmbd = self.nmbd()
        self.beside.serve()
        self.way("nmbd")
        self.assertIn("nmbd", self.beside.property("TransportReason"))
        both = {self.beside.full: self.beside.address, self.other.full: self.other.address}
        self.assertEqual(self.names(self.other), both)
        self.assertEqual(self.names(self.beside), both)

        nmbd.kill()
        self.way("socket")
        self.assertEqual(self.names(self.other), both)
        self.assertEqual(self.names(self.beside), both)

        self.nmbd()
        self.way("nmbd")
        self.assertEqual(self.names(self.other), both)
        self.assertEqual(self.names(self.beside), both)
        self.beside.stop()


class Played(unittest.TestCase):
    """What listens at nmbd's socket is not what it should be."""

    def setUp(self):
        self.lan = Lan()
        self.addCleanup(self.lan.close)
        self.machine = self.lan.machine("beside", 2)
        (self.machine.work / "nmbd").mkdir()
        self.listener = socket.socket(socket.AF_UNIX)
        self.addCleanup(self.listener.close)
        self.listener.bind(str(self.machine.unexpected))
        self.listener.listen(8)
        self.program = self.machine.work / "nmbd-program"

    def version(self, text):
        self.program.write_text(f"#!/bin/sh\necho '{text}'\n", encoding="utf-8")
        self.program.chmod(0o755)

    def serve(self):
        # The last section of the file is [nmbd].
        self.machine.unexpected = f'{self.machine.unexpected}"\nprogram = "{self.program}'
        self.machine.serve()

    def answering(self, stream):
        def serve():
            while True:
                try:
                    connection, _ = self.listener.accept()
                except OSError:
                    return
                connection.recv(4096)
                connection.sendall(stream)
                self.addCleanup(connection.close)

        threading.Thread(target=serve, daemon=True).start()

    def test_a_version_that_is_not_known_is_told(self):
        self.version("Version 5.0.1")
        self.serve()
        reason = self.machine.wait_for("TransportReason", lambda text: "5.0.1" in text)
        self.assertIn("not known", reason)
        self.assertEqual(self.machine.property("Transport"), "off")
        failed = self.machine.discover("--timeout", "1", check=False)
        self.assertEqual(failed.returncode, 1)
        self.assertIn("5.0.1", failed.stderr)

    def test_a_stream_that_is_another_is_told(self):
        self.version("Version 4.17.12")
        self.answering(b"\0" + b"\x40" + bytes(7) + b"\x07" + bytes(100))
        self.serve()
        self.machine.wait_for("TransportReason", lambda text: "another kind" in text)
        self.machine.stop()


if __name__ == "__main__":
    own_namespaces()
    unittest.main(verbosity=2)
