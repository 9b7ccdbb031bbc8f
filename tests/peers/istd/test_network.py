# SPDX-License-Identifier: LGPL-2.1-or-later
"""istd on a network: machines that ask and answer, each in a namespace of its own; what is on the wire as tshark
reads it; a client and a server that are written by hand."""
import contextlib
import json
import os
import pathlib
import socket
import stat
import struct
import subprocess
import threading
import time
import unittest

from lan import DEADLINE, ISTD, Lan, Telling, own_namespaces, until
import mail
import namespaces
import needs

needs.modules("jeepney")
needs.tools("ip", "nsenter", "dbus-daemon", "tshark")


SO_RCVBUFFORCE = 33  # asm-generic/socket.h


class Wire:
    """All that passes a machine's cable, as a file for tshark."""

    def __init__(self, path, interface):
        self.path = path
        with namespaces.inside("switch"):
            self.socket = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(3))
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4 << 20)
        self.socket.bind((interface, 0))
        self.socket.setblocking(False)

    def read(self, *fields, only="nbdgm"):
        """The fields of each packet that is so."""
        with open(self.path, "ab") as file:
            if not file.tell():
                file.write(struct.pack("<IHHiIII", 0xa1b2c3d4, 2, 4, 0, 0, 65535, 1))
            with contextlib.suppress(BlockingIOError):
                while True:
                    frame = self.socket.recv(65535)
                    file.write(struct.pack("<IIII", int(time.time()), 0, len(frame), len(frame)) + frame)
        words = ["tshark", "-n", "-r", str(self.path), "-Y", only, "-T", "fields", "-E", "separator=/t"]
        for field in fields:
            words += ["-e", field]
        told = subprocess.run(words, capture_output=True, text=True, check=True, timeout=DEADLINE).stdout
        return [line.split("\t") for line in told.splitlines()]

    def close(self):
        self.socket.close()


class NetworkTest(unittest.TestCase):
    networks = 1

    def setUp(self):
        self.lan = Lan(self.networks)
        self.addCleanup(self.lan.close)

    def names(self, machine, *options):
        found = json.loads(machine.discover("--json", *options).stdout)["servers"]
        return {server["name"]: (server["address"], server["interface"]) for server in found}


class Discovery(NetworkTest):
    networks = 2

    def test_three_services_of_which_one_has_no_target_and_one_is_behind_a_second_interface(self):
        asker = self.lan.machine("asker", 1, (0, 1))
        near = self.lan.machine("near", 2)
        idle = self.lan.machine("idle", 3)
        far = self.lan.machine("far", 4, (1,))
        wire = Wire(self.lan.work / "wire.pcap", "asker-0")
        self.addCleanup(wire.close)
        asker.serve("never")
        for machine in (near, idle, far):
            machine.serve("auto")
        for machine in (near, far):
            machine.enable_target(True)
        idle.enable_target(False)
        began = time.monotonic()
        done = asker.discover("--json", "--timeout", "2")
        self.assertLess(time.monotonic() - began, 20)
        found = {server["name"]: server for server in json.loads(done.stdout)["servers"]}
        self.assertEqual({name: (server["address"], server["interface"]) for name, server in found.items()},
                         {near.full: (near.address, "eth0"), far.full: (far.address, "eth1")})
        for server in found.values():
            self.assertLess(server["answered_in_us"], 2_000_000)
        self.assertEqual(idle.property("Counters")["not-serving"], 1)
        self.assertIs(idle.property("Serving"), False)
        self.assertIs(near.property("Serving"), True)

        # A target that is enabled makes it answer, one that is disabled makes it silent.
        idle.enable_target(True)
        near.enable_target(False)
        until("istd has looked again", lambda: idle.property("Serving") and not near.property("Serving"))
        self.assertEqual(set(self.names(asker, "--interface", "eth0", "--timeout", "2")), {idle.full})

        # As others read it.
        self.assertEqual(wire.read("frame.number", only="_ws.malformed || _ws.expert.severity >= 0x800000"), [])
        read = wire.read("nbdgm.type", "nbdgm.flags", "nbdgm.src.ip", "nbdgm.src.port", "nbdgm.source_name",
                         "nbdgm.destination_name", "udp.srcport", "udp.dstport", "ip.dst", "smb.wct", "smb.dc",
                         "smb.bcc", "mailslot.name", "mailslot.opcode", "mailslot.class", "udp.length")
        questions = [row for row in read if row[0] in ("17", "0x11")]
        answers = [row for row in read if row[0] in ("16", "0x10")]
        self.assertEqual(len(questions), 2, read)
        self.assertEqual(len(answers), 2, read)
        self.assertEqual(len(read), 4, read)
        for row, source, destination, mailslot, to in (
                (questions[0], "ASKER", "EXAMPLE", mail.SERVICE, "10.77.0.255"),
                (answers[0], "NEAR", "ASKER", mail.DISCOVERER, asker.address)):
            self.assertIn(f"{source}<00>", row[4])
            self.assertIn(f"{destination}<00>", row[5])
            self.assertEqual(row[3], "138")
            self.assertEqual((row[6], row[7], row[8]), ("138", "138", to))
            self.assertEqual((int(row[9], 0), int(row[10], 0), int(row[11], 0)), (17, 260, 283))
            self.assertEqual(row[12], mailslot)
            self.assertEqual((int(row[13], 0), int(row[14], 0)), (1, 2))
            self.assertEqual(int(row[15]), 8 + 14 + 34 + 34 + 352)

        for machine in (asker, near, idle, far):
            machine.stop()

    def test_interfaces_come_and_go(self):
        asker = self.lan.machine("asker", 1)
        server = self.lan.machine("server", 2, (0, 1))
        asker.serve("never")
        server.serve()
        self.assertEqual(asker.property("Interfaces"), ["eth0"])
        self.assertEqual(self.names(asker, "--timeout", "1"), {server.full: (server.addresses[0], "eth0")})
        asker.plug(1, 1)
        asker.wait_for("Interfaces", lambda names: names == ["eth0", "eth1"])
        self.assertEqual(self.names(asker, "--interface", "eth1", "--timeout", "1"),
                         {server.full: (server.addresses[1], "eth1")})
        asker.unplug(0)
        asker.wait_for("Interfaces", lambda names: names == ["eth1"])
        self.assertEqual(self.names(asker, "--timeout", "1"), {server.full: (server.addresses[1], "eth1")})
        gone = asker.discover("--interface", "eth0", "--timeout", "1", check=False)
        self.assertEqual(gone.returncode, 1)
        self.assertIn("eth0", gone.stderr)

    def test_an_interface_that_is_left_out_is_silent(self):
        asker, server = self.lan.machine("asker", 1, (0, 1)), self.lan.machine("server", 2, (0, 1))
        asker.serve("never")
        server.serve(more='interfaces = ["*1"]')
        self.assertEqual(server.property("Interfaces"), ["eth1"])
        self.assertEqual(self.names(asker, "--timeout", "1"), {server.full: (server.addresses[1], "eth1")})
        self.assertEqual(server.property("Counters")["interface"], 1)

    def test_a_machine_finds_itself_once(self):
        machine = self.lan.machine("alone", 1, (0, 1))
        machine.serve()
        self.assertEqual(list(self.names(machine, "--timeout", "1")), [machine.full])
        self.assertEqual(machine.property("Servers")[0][0], machine.full)

    def test_watch_tells_who_comes_and_who_is_gone(self):
        asker = self.lan.machine("asker", 1)
        server = self.lan.machine("server", 2)
        asker.serve("never")
        server.serve()
        watch = Telling(asker.inside(ISTD, "discover", "--watch", "--json", "--timeout", "1"),
                        env=asker.environment())
        self.addCleanup(watch.kill)
        watch.wait_for('{"event":"answered","name":"server.example.org","address":"10.77.0.2"')
        server.stop()
        watch.wait_for('{"event":"gone","name":"server.example.org"}')


class HandedOver(NetworkTest):
    """As systemd starts it: with the socket of istd.socket, and the question on it that was why."""

    def test_a_socket_keeps_its_room_and_the_question_that_was_waiting_is_answered(self):
        server, hand = self.lan.machine("server", 2), self.lan.machine("hand", 9)
        given, asker = server.socket(), hand.socket()
        self.addCleanup(given.close)
        self.addCleanup(asker.close)
        given.setsockopt(socket.SOL_SOCKET, SO_RCVBUFFORCE, 4 << 20)  # as ReceiveBuffer= does, past any limit
        asker.sendto(mail.ask("hand", hand.address, "EXAMPLE"), (server.address, mail.PORT))
        server.serve(given=given)
        self.assertEqual(mail.read(asker.recv(2048)).text, server.full)
        self.assertEqual(server.property("Transport"), "socket")
        self.assertEqual(given.getsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF), 8 << 20)  # told twofold, socket(7)
        server.stop()


class ByHand(NetworkTest):
    def setUp(self):
        super().setUp()
        self.server = self.lan.machine("server", 2)
        self.server.serve()
        self.hand = self.lan.machine("hand", 9)
        self.socket = self.hand.socket()
        self.addCleanup(self.socket.close)

    def ask(self, packet, to="10.77.0.255", via=None):
        (via or self.socket).sendto(packet, (to, mail.PORT))

    def answered(self):
        """The next answer; our own broadcasts are passed over."""
        while True:
            packet, (address, port) = self.socket.recvfrom(2048)
            if address != self.hand.address:
                self.assertEqual((address, port), (self.server.address, 138))
                read = mail.read(packet)
                self.assertEqual(read.mailslot, mail.DISCOVERER)
                return read

    def count(self, name):
        return self.server.property("Counters")[name]

    def test_a_client_by_hand_is_answered_at_port_138_whatever_port_it_asked_from(self):
        other = self.hand.socket(0)
        self.addCleanup(other.close)
        self.ask(mail.ask("hand.example.org", self.hand.address, "EXAMPLE"), via=other)
        read = self.answered()
        self.assertEqual((read.kind, read.source, read.destination), (mail.DIRECT_UNIQUE, "SERVER", "HAND"))
        self.assertEqual((read.text, read.size), (self.server.full, 260))

    def test_a_server_by_hand_is_found(self):
        self.server.stop()
        self.server.serve("never")
        heard = {}

        def serve():
            packet, (address, _) = self.socket.recvfrom(2048)
            heard["question"] = mail.read(packet)
            for name in ("by-hand.example.org", "BY-HAND.example.org", "odd name", "a" * 127, "a" * 128, ""):
                self.socket.sendto(mail.answer(name, "server", self.hand.address), (address, mail.PORT))

        thread = threading.Thread(target=serve)
        thread.start()
        found = self.names(self.server, "--timeout", "2")
        thread.join()
        self.assertEqual(heard["question"].text, rf"\\{self.server.full}\MAILSLOT\WTVDSPROV")
        self.assertEqual(set(found), {"by-hand.example.org", "a" * 127})
        self.assertEqual(self.count("name"), 3)

    def test_what_is_wrong_is_met_by_silence(self):
        def question(text=r"\\hand\MAILSLOT\WTVDSPROV", **more):
            return mail.ask("hand", self.hand.address, "EXAMPLE", data=mail.message(text, **more))

        longest = "h" * 106
        for kind, packets in {
            "version": [question(version=0), question(version=2)],
            "size": [question(size=259), question(size=261), question(size=0)],
            "name": [question(""), question(r"\\hand"), question(r"\\*\MAILSLOT\WTVDSPROV"),
                     question(r"\\.\MAILSLOT\WTVDSPROV"), question(r"\\hand\MAILSLOT\BROWSE"), question("x" * 128),
                     question(rf"\\{longest}h\MAILSLOT\WTVDSPROV"), question("\\\\h\u00e4nd\\MAILSLOT\\WTVDSPROV")],
            "other-name": [mail.ask("hand", self.hand.address, "OTHER")],
            "other-mailslot": [mail.ask("hand", self.hand.address, "EXAMPLE", r"\MAILSLOT\BROWSE")],
            "malformed": [b"", b"\x11", question()[:200], mail.ask("hand", self.hand.address, "EXAMPLE", flags=3),
                          question()[:14 + 68] + b"x" * 100, os.urandom(500)],
        }.items():
            with self.subTest(kind=kind):
                before = self.count(kind)
                for packet in packets:
                    self.ask(packet)
                # Behind them all, one that is answered; a name of 106 characters at most.
                self.ask(question(rf"\\{longest}\mailslot\wtvdsprov"))
                self.assertEqual(self.answered().destination, "H" * 15)
                self.assertEqual(self.count(kind) - before, len(packets))
        for text in ("malformed", "another size", "another version", "without a proper name"):
            self.server.istd.wait_for(text)
            self.assertEqual(self.server.istd.told().count(text), 1, self.server.istd.told())

    def test_nobody_has_us_send_to_a_third_party(self):
        victim = self.lan.machine("victim", 7)
        caught = victim.socket()
        self.addCleanup(caught.close)
        # A name that is somebody else's is answered to who asked.
        self.ask(mail.ask("victim", victim.address, "EXAMPLE"))
        self.assertEqual(self.answered().destination, "VICTIM")
        # From an address of another network nobody is answered.
        self.hand.ip("addr", "add", "10.200.0.9/32", "dev", "lo")
        self.server.ip("route", "add", "10.200.0.9", "via", self.hand.address)
        stranger = self.hand.socket(138, "10.200.0.9")
        self.addCleanup(stranger.close)
        self.ask(mail.ask("hand", "10.200.0.9", "EXAMPLE"), self.server.address, via=stranger)
        self.ask(mail.ask("hand", self.hand.address, "EXAMPLE"))
        self.answered()
        self.assertEqual(self.count("foreign"), 1)
        caught.settimeout(0)
        packets = []
        with contextlib.suppress(BlockingIOError):
            while True:
                packets.append(mail.read(caught.recv(2048)))
        self.assertEqual([each.mailslot for each in packets if each.mailslot == mail.DISCOVERER], [])

    def test_answers_that_nobody_asked_for_are_not_taken(self):
        self.ask(mail.answer("liar.example.org", "server", self.hand.address), self.server.address)
        self.ask(mail.ask("hand", self.hand.address, "EXAMPLE"))
        self.answered()
        self.assertEqual(self.count("unasked"), 1)
        self.assertEqual(self.server.property("Servers"), [])

    def test_targets_are_listed_by_iscsiadm(self):
        programs = pathlib.Path(self.lan.work) / "bin"
        programs.mkdir()
        script = programs / "iscsiadm"
        script.write_text('#!/bin/sh\n[ "$*" = "-m discovery -t sendtargets -p 10.77.0.2:3260 -o nonpersistent" ] '
                          '|| { echo "wrong words: $*"; exit 7; }\n'
                          'echo 10.77.0.2:3260,1 iqn.2003-01.org.linux-iscsi.server:sn.1\n', encoding="utf-8")
        script.chmod(script.stat().st_mode | stat.S_IXUSR)
        path = {"PATH": f"{programs}:{os.environ['PATH']}"}
        told = self.server.discover("--targets", "--timeout", "1", environment=path).stdout
        self.assertIn("    iqn.2003-01.org.linux-iscsi.server:sn.1  10.77.0.2:3260,1\n", told)
        found = json.loads(self.server.discover("--targets", "--json", "--timeout", "1", environment=path).stdout)
        self.assertEqual(found["servers"][0]["targets"], [
            {"name": "iqn.2003-01.org.linux-iscsi.server:sn.1", "portals": ["10.77.0.2:3260,1"]}])
        script.write_text("#!/bin/sh\necho connection refused >&2\nexit 4\n", encoding="utf-8")
        failed = self.server.discover("--targets", "--timeout", "1", check=False, environment=path)
        self.assertEqual(failed.returncode, 1)
        self.assertIn("connection refused", failed.stdout)


if __name__ == "__main__":
    own_namespaces()
    unittest.main(verbosity=2)
