# SPDX-License-Identifier: LGPL-2.1-or-later
"""clusprep, the command, against our DCOM server over a played node, in a network namespace where
port 135 is free: over TCP, authenticated, sealed."""
import json
import os
import pathlib
import pty
import re
import select
import shutil
import signal
import subprocess
import tempfile
import unittest

import every_method
import kerberos_realm
import namespaces
import needs
import played_server
from played_server import PASSWORD, USER

DEADLINE = 20
CLUSPREP = os.environ["CLUSPREP"]


class Client(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.work = pathlib.Path(tempfile.mkdtemp())
        cls.addClassCleanup(shutil.rmtree, cls.work)
        cls.realm = kerberos_realm.Realm(str(cls.work))
        cls.addClassCleanup(cls.realm.stop)
        cls.server = played_server.Server(
            cls.work, "--keytab", cls.realm.keytab, "--allow", f"alice@{kerberos_realm.REALM}",
            env={**os.environ, **cls.realm.environment})

    @classmethod
    def tearDownClass(cls):
        cls.server.end()

    def environment(self):
        return {"PATH": os.environ["PATH"], "KRB5CCNAME": f"FILE:{self.work}/no-tickets"}

    def command(self, *words, user=USER, password=PASSWORD, options=()):
        """The words, and the descriptor that the password is read from."""
        reader, writer = os.pipe()
        os.write(writer, password.encode() + b"\n")
        os.close(writer)
        self.addCleanup(os.close, reader)
        return [CLUSPREP, *words, "--user", "NODE1\\" + user, "--password-fd", str(reader),
                *options], reader

    def run_client(self, *words, stdin="", **more):
        command, reader = self.command(*words, **more)
        return subprocess.run(command, input=stdin, capture_output=True, text=True,
                              timeout=DEADLINE, pass_fds=[reader], env=self.environment())

    def ask(self, *words, status=0, **more):
        """What the command says as JSON."""
        ran = self.run_client(*words, "--json", **more)
        self.assertEqual(ran.returncode, status, ran.stderr)
        return json.loads(ran.stdout)

    def test_disks_are_listed_over_the_wire(self):
        for auth in ("ntlm", "negotiate"):
            with self.subTest(auth=auth):
                told = self.ask("disk", "list", "127.0.0.1", options=["--auth", auth])
                self.assertEqual([disk["id"] for disk in told["disks"]],
                                 ["guid:0f0e0d0c-0b0a-0908-0706-050403020100",
                                  "signature:1234abcd", "number:2"])
                self.assertEqual(told["disks"][1]["adapter"], "Fibre Channel HBA")

    def test_a_ticket_is_used_without_asking(self):
        for how in ([], ["--auth", "kerberos"], ["--auth", "negotiate"]):
            with self.subTest(how=how):
                heard = self.server.heard()
                ran = subprocess.run(
                    [CLUSPREP, "setup", "label", "localhost", *how], stdin=subprocess.DEVNULL,
                    capture_output=True, text=True, timeout=DEADLINE, start_new_session=True,
                    env={**self.environment(), **self.realm.environment})
                self.assertEqual(ran.returncode, 0, ran.stderr)
                self.assertEqual(ran.stdout, "Host label: node1\n")
                self.server.wait_for(f"by alice@{kerberos_realm.REALM}", heard)

    def test_objects_are_released(self):
        heard = self.server.heard()
        self.ask("setup", "label", "127.0.0.1")
        self.server.wait_for("ended", heard)
        heard = self.server.heard()
        self.ask("flow", "network", "127.0.0.1", "192.0.2.10", "192.0.2.1", status=1)
        self.server.wait_for("ended", heard)

    def test_every_method_over_the_wire(self):
        lines = every_method.lines(self.work, [("192.0.2.10", "192.0.2.1"), ("fe80::1%2", "fe80::2%2")], 1)
        ran = self.run_client("session", "127.0.0.1", "--json", stdin="\n".join(lines) + "\n")
        self.assertEqual(ran.returncode, 0, ran.stderr)
        by_name = every_method.answers(self, lines, ran.stdout)
        self.assertEqual(by_name["disk online"]["partitions"], 3)
        self.assertEqual(len(by_name["network adapters"]["adapters"]), 3)
        self.assertEqual(by_name["log all"]["path"], "ClusterLogs\\node1.log")

    def test_who_is_not_known_or_not_allowed_is_told_so(self):
        for user, password in ((USER, "wrong"), ("nobody", PASSWORD), ("mallory", PASSWORD)):
            for auth in ("ntlm", "negotiate"):
                with self.subTest(user=user, auth=auth):
                    ran = self.run_client("disk", "list", "127.0.0.1", user=user,
                                          password=password, options=["--auth", auth])
                    self.assertEqual(ran.returncode, 4, ran.stderr)
                    self.assertEqual(ran.stdout, "")
                    self.assertIn("127.0.0.1: IClusterStorage2: ", ran.stderr)
                    self.assertNotIn(password, ran.stderr)

    def test_a_node_that_is_not_there_is_told_so(self):
        ran = self.run_client("disk", "list", "127.0.0.1", options=["--port", "1"])
        self.assertEqual(ran.returncode, 5, ran.stderr)
        self.assertIn("Connection refused", ran.stderr)
        self.assertIn("does a firewall let us in", ran.stderr)

    def test_a_failure_names_its_result(self):
        ran = self.run_client("pr", "stop-defense", "127.0.0.1", "1", "--json")
        self.assertEqual(ran.returncode, 3)
        told = json.loads(ran.stderr)
        self.assertEqual((told["method"], told["hresult"], told["name"]),
                         ("CprepDiskStopDefense", "0x8007139F", "ERROR_INVALID_STATE"))

    def test_ownership_is_held_until_interrupted(self):
        heard = self.server.heard()
        command, reader = self.command("pr", "arbitrate", "127.0.0.1", "1", "--hold")
        held = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                stderr=subprocess.PIPE, text=True, pass_fds=[reader],
                                env=self.environment())
        self.assertEqual(held.stdout.readline(), "Disk: number:1\n")
        self.assertEqual(held.stdout.readline(), "Done: the node owns the disk until this ends\n")
        self.assertNotIn("ended", self.server.told()[heard:])
        held.send_signal(signal.SIGINT)
        self.assertEqual(held.wait(timeout=DEADLINE), 0)
        self.assertEqual(held.stderr.read(), "")
        held.stdout.close()
        held.stderr.close()
        self.server.wait_for("ended", heard)

    def test_two_clients_run_a_flow_at_once(self):
        both = []
        for disk in ("0", "1"):
            command, reader = self.command("flow", "online", "127.0.0.1", disk, "--json")
            both.append(subprocess.Popen(command, stdin=subprocess.DEVNULL, text=True,
                                         stdout=subprocess.PIPE, pass_fds=[reader],
                                         env=self.environment()))
        for each in both:
            out, _ = each.communicate(timeout=DEADLINE)
            self.assertEqual(each.returncode, 0)
            self.assertEqual([step["name"] for step in json.loads(out)["steps"]],
                             ["connect", "CprepPrepareNode", "CprepPrepareNodePhase2",
                              "CprepDiskGetProps", "CprepDiskAttach", "CprepDiskPRArbitrate",
                              "CprepDiskOnline"])

    def at_terminal(self, command, passed=()):
        """Starts it at a terminal of its own. Gives the process and a function that waits for a
        pattern and gives all that was seen."""
        process, terminal = pty.fork()
        if process == 0:
            for descriptor in passed:
                os.set_inheritable(descriptor, True)
            os.execve(command[0], command,
                      {**self.environment(), "TERM": "xterm", "NO_COLOR": "1"})
        self.addCleanup(os.close, terminal)
        seen = b""

        def until(pattern):
            nonlocal seen
            while not re.search(pattern, seen):
                self.assertTrue(select.select([terminal], [], [], DEADLINE)[0], seen)
                try:
                    part = os.read(terminal, 65536)
                except OSError:  # Linux says so when the other end is closed
                    part = b""
                self.assertTrue(part, seen)
                seen += part
            return seen

        return process, terminal, until

    def test_a_password_is_asked_for_without_an_echo(self):
        process, terminal, until = self.at_terminal(
            [CLUSPREP, "setup", "label", "127.0.0.1", "-u", "NODE1\\alice"])
        until(rb"Password of NODE1\\alice at 127.0.0.1: $")
        os.write(terminal, PASSWORD.encode() + b"\n")
        seen = until(rb"Host label: node1\r\n")
        self.assertEqual(os.waitstatus_to_exitcode(os.waitpid(process, 0)[1]), 0)
        self.assertNotIn(PASSWORD.encode(), seen)

    def test_who_waits_at_a_terminal_sees_for_what(self):
        heard = self.server.heard()
        command, reader = self.command("setup", "label", "127.0.0.1")
        self.server.process.send_signal(signal.SIGSTOP)
        try:
            process, _, until = self.at_terminal(command, [reader])
            until(rb"127.0.0.1: IClusterSetup: 1 s")
        finally:
            self.server.process.send_signal(signal.SIGCONT)
        until(rb"\r\x1b\[KHost label: node1\r\n")
        self.assertEqual(os.waitstatus_to_exitcode(os.waitpid(process, 0)[1]), 0)
        self.server.wait_for("ended", heard)  # not in another test

    def test_an_interrupt_waits_for_the_call_and_gives_back_what_it_got(self):
        heard = self.server.heard()
        command, reader = self.command("setup", "label", "127.0.0.1")
        self.server.process.send_signal(signal.SIGSTOP)
        try:
            process, _, until = self.at_terminal(command, [reader])
            until(rb"IClusterSetup: 1 s")
            os.kill(process, signal.SIGINT)
            until(rb"clusprep: waiting for IClusterSetup to end")
        finally:
            self.server.process.send_signal(signal.SIGCONT)
        until(rb"RetrieveHostLabel: interrupted")
        self.assertEqual(os.waitstatus_to_exitcode(os.waitpid(process, 0)[1]), -signal.SIGINT)
        self.server.wait_for("ended", heard)

    def test_without_ticket_terminal_and_user_nothing_is_sent(self):
        heard = self.server.heard()
        ran = subprocess.run([CLUSPREP, "disk", "list", "127.0.0.1"], stdin=subprocess.DEVNULL,
                             capture_output=True, text=True, timeout=DEADLINE,
                             start_new_session=True, env=self.environment())
        self.assertEqual(ran.returncode, 2)
        self.assertIn("no Kerberos ticket, and no --user", ran.stderr)
        self.assertEqual(self.server.told()[heard:], "")


if __name__ == "__main__":
    needs.modules("impacket")
    needs.tools(*kerberos_realm.TOOLS)
    namespaces.own()  # where port 135 is free
    unittest.main(verbosity=2)
