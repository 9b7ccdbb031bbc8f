# SPDX-License-Identifier: LGPL-2.1-or-later
"""istd beside Samba's nmbd, which has UDP port 138 there: both roles go through nmbd's stream; nmbd comes and goes; a
program that is none, or of another version, is told and not used."""
import contextlib
import json
import os
import socket
import subprocess
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

    def sent_by_hand_and_heard(self):
        """Beside nmbd it sends from any port, and says 138 in the header: a question, and an answer."""
        hand = self.lan.machine("hand", 9)
        listener = hand.socket()
        self.addCleanup(listener.close)

        def next_of_istd():
            while True:
                packet, (address, port) = listener.recvfrom(2048)
                if address == self.beside.address and port != mail.PORT:  # nmbd's own come from that one
                    return mail.read(packet)  # which looks at the port in the header

        self.names(self.beside)
        read = next_of_istd()
        self.assertEqual((read.kind, read.mailslot, read.source), (mail.DIRECT_GROUP, mail.SERVICE, "BESIDE"))
        listener.sendto(mail.ask("hand", hand.address, "EXAMPLE"), ("10.77.0.255", mail.PORT))
        read = next_of_istd()
        self.assertEqual((read.kind, read.mailslot, read.text), (mail.DIRECT_UNIQUE, mail.DISCOVERER, self.beside.full))

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
        self.sent_by_hand_and_heard()

        nmbd.kill()
        self.way("socket")
        self.assertEqual(self.names(self.other), both)
        self.assertEqual(self.names(self.beside), both)

        self.nmbd()
        self.way("nmbd")
        self.assertEqual(self.names(self.other), both)
        self.assertEqual(self.names(self.beside), both)
        self.beside.stop()


class Stage:
    """A machine on which something listens where nmbd would, and is what nmbd should not be."""

    def __init__(self, test, lan, name, number):
        self.test, self.machine = test, lan.machine(name, number)
        (self.machine.work / "nmbd").mkdir()
        self.listener = socket.socket(socket.AF_UNIX)
        test.addCleanup(self.listener.close)
        self.listener.bind(str(self.machine.unexpected))
        self.listener.listen(8)
        self.program = self.machine.work / "nmbd-program"

    def version(self, text):
        self.program.write_text(f"#!/bin/sh\necho '{text}'\n", encoding="utf-8")
        self.program.chmod(0o755)

    def serve(self):
        # The last section of the file is [nmbd].
        self.machine.unexpected = f'{self.machine.unexpected}"\nprogram = "{self.program}'
        return self.machine.serve()

    def answer_both(self, stream):
        """Each mailslot has a connection."""
        for _ in range(2):
            connection, _ = self.listener.accept()
            self.test.addCleanup(connection.close)
            with contextlib.suppress(OSError):  # it may have heard enough from the other one
                connection.recv(4096)
                connection.sendall(stream)

    def told_once(self):
        self.machine.istd.wait_for("no mail is exchanged")
        told = self.machine.istd.told()
        self.test.assertEqual(told.count("no mail is exchanged"), 1, told)


class Played(unittest.TestCase):
    def setUp(self):
        self.lan = Lan()
        self.addCleanup(self.lan.close)

    def test_a_version_that_is_not_known_is_told(self):
        stage = Stage(self, self.lan, "beside", 2)
        stage.version("Version 5.0.1")
        stage.serve()
        reason = stage.machine.wait_for("TransportReason", lambda text: "5.0.1" in text)
        self.assertIn("not known", reason)
        self.assertEqual(stage.machine.property("Transport"), "off")
        failed = stage.machine.discover("--timeout", "1", check=False)
        self.assertEqual(failed.returncode, 1)
        self.assertIn("5.0.1", failed.stderr)
        stage.told_once()

    def test_without_its_program_it_is_not_used(self):
        stage = Stage(self, self.lan, "beside", 2)
        stage.serve()
        stage.machine.wait_for("TransportReason", lambda text: str(stage.program) in text)
        stage.told_once()

    def test_one_that_says_nothing_is_told_and_one_that_is_none_is_asked_no_more(self):
        silent, other = Stage(self, self.lan, "silent", 2), Stage(self, self.lan, "other", 3)
        ending = Stage(self, self.lan, "ending", 4)
        for stage in (silent, other):
            stage.version("Version 4.17.12")
            stage.serve()
            self.assertEqual(stage.machine.property("TransportReason"), "nmbd is being asked")
        other.answer_both(b"\0" + b"\x40" + bytes(7) + b"\x07" + bytes(100))
        other.machine.wait_for("TransportReason", lambda text: "another kind" in text)
        ending.version("Version 5.0.1")
        ending.serve()
        ending.machine.wait_for("TransportReason", lambda text: "5.0.1" in text)
        ending.listener.close()  # as nmbd it leaves its socket behind
        # Ten seconds after its start each looks again.
        silent.machine.wait_for("TransportReason", lambda text: "says nothing" in text)
        other.listener.settimeout(5)
        connection, _ = other.listener.accept()
        self.addCleanup(connection.close)
        self.assertEqual(connection.recv(4096), b"")  # whether it is still there, and no question
        self.assertIn("another kind", other.machine.property("TransportReason"))
        ending.machine.wait_for("Transport", lambda way: way == "socket")
        for stage in (silent, other, ending):
            stage.told_once()
            stage.machine.stop()

    def test_where_it_has_to_be_nmbd_and_does_not_run_that_is_told(self):
        machine = self.lan.machine("alone", 2)
        machine.serve(more='transport = "nmbd"')
        self.assertEqual((machine.property("Transport"), machine.property("TransportReason")),
                         ("off", "nmbd does not run"))
        machine.stop()


if __name__ == "__main__":
    own_namespaces()
    unittest.main(verbosity=2)
