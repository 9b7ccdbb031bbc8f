# SPDX-License-Identifier: LGPL-2.1-or-later
"""A whole node (whole_node.py) whose clusprepd asks a real winbindd: impacket and our client log on with accounts that
only that one knows, and call."""
import contextlib
import json
import unittest

import kerberos_realm
import needs
import winbind

needs.modules("impacket")
needs.tools(*kerberos_realm.TOOLS, *winbind.TOOLS)

from impacket.dcerpc.v5 import dcomrt  # noqa: E402

import csvp_methods  # noqa: E402
import every_method  # noqa: E402
import whole_node  # noqa: E402
from test_san_disks import ALONE, CLUSTER_SAN, ONE  # noqa: E402
from whole_node import HOST, SOMEBODY, STRANGER, USER, Node  # noqa: E402
from winbind import DOMAIN, Winbind  # noqa: E402

# Of the host's users: allowed by name, allowed by SID, not allowed.
NAMED, NUMBERED, OTHER = "games", "news", "backup"
PASSWORDS = {NAMED: "Pa55 of games", NUMBERED: "Pa55 of news", OTHER: "Pa55 of backup"}


class WinbindNode(Node):
    def configure(self):
        super().configure()
        self.winbind = Winbind(self.work / "winbind", PASSWORDS, SOMEBODY)
        self.ends.callback(lambda: self.winbind.stop())
        lines = self.winbind.run("pdbedit", "-L", "-v", "-s", str(self.winbind.settings), NUMBERED).stdout.splitlines()
        (sid,) = [line.split()[-1] for line in lines if line.startswith("User SID:")]
        self.both = self.config.read_text().replace("[authentication]", f"[authentication]\nwinbind = true\n"
                                                                        f"domain = \"{DOMAIN}\"")
        self.allow(f"users = ['{HOST.upper()}\\{USER}', '{DOMAIN}\\{NAMED}']\nsids = ['{sid}']\n")

    def allow(self, who):
        before, _, rest = self.both.partition("[allow]\n")
        self.config.write_text(f"{before}[allow]\n{who}[authentication]{rest.partition('[authentication]')[2]}")


class WithWinbind(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.node = WinbindNode(CLUSTER_SAN, [ONE, ALONE])
        cls.addClassCleanup(cls.node.close)

    def label(self, user, password=None, status=0, auth="ntlm"):
        """What our client is told, as `user` of winbind's."""
        return self.node.clusprep("setup", "label", "127.0.0.1", "--json", user=f"{DOMAIN}\\{user}", status=status,
                                  password=PASSWORDS[user] if password is None else password,
                                  options=["--auth", auth])

    @contextlib.contextmanager
    def impacket(self, password):
        connection = dcomrt.DCOMConnection("127.0.0.1", NAMED, password, DOMAIN, oxidResolver=False)
        try:
            yield connection
        finally:
            with contextlib.suppress(KeyError):  # it keeps one connection for each thread
                connection.disconnect()

    def test_our_client_logs_on_and_calls_every_method(self):
        lines = every_method.lines(self.node.work, [("10.9.0.1", "10.9.0.1")], 3)
        for auth in ("ntlm", "negotiate"):
            with self.subTest(auth):
                heard = self.node.heard()
                ran = self.node.clusprep("session", "localhost", "--json", stdin="\n".join(lines) + "\n",
                                         user=f"{DOMAIN}\\{NAMED}", password=PASSWORDS[NAMED], options=["--auth", auth])
                every_method.answers(self, lines, ran.stdout)
                self.node.waits_for(f"{DOMAIN}\\{NAMED}", heard)

    def test_impacket_activates_each_class_and_calls(self):
        calls = {"storage": ("CprepPrepareNode", {}), "network": ("InitializeNode", {"RequestUDPPort": 0}),
                 "cleanup": ("CleanUpEvictedNode", {"DelayBeforeCleanup": 0, "TimeOut": 60000, "Flags": 0}),
                 "setup": ("RetrieveHostLabel", {}), "log": ("GenerateTimeSpanLog", {"SpanMinutes": 1}),
                 "firewall": ("InitializeAdapterConfiguration", {})}
        for name, (method, parameters) in calls.items():
            with self.subTest(name), self.impacket(PASSWORDS[NAMED]) as connection:
                heard = self.node.heard()
                made = csvp_methods.Object(connection, name)
                self.node.waits_for(f"{DOMAIN}\\{NAMED}", heard)
                answer = made.call(method, **parameters)
                self.assertEqual(f"{answer.result:08x}", "00000000")
                if name == "setup":
                    self.assertEqual(answer["HostLabel"]["asData"], HOST)
                for _ in range(5):  # as many references as an activation gives
                    made.interface.RemRelease()

    def test_a_user_and_a_group_are_let_in_by_their_sids(self):
        for auth in ("ntlm", "negotiate"):
            self.assertEqual(json.loads(self.label(NUMBERED, auth=auth).stdout)["label"], HOST)
        self.label(OTHER, status=4)
        allowed = self.node.config.read_text()
        for group, status in ((513, 0), (512, 4)):  # Domain Users, in which all are, and Domain Admins
            with self.subTest(group):
                self.node.clusprepd.end()
                self.node.allow(f"groups = ['{self.node.winbind.sid}-{group}']\n")
                self.node.start_clusprepd()
                self.label(OTHER, status=status)
        self.node.clusprepd.end()
        self.node.config.write_text(allowed)
        self.node.start_clusprepd()

    def test_who_is_not_known_or_not_allowed(self):
        for user, password in ((NAMED, "wrong"), ("nobody", "wrong"), (OTHER, PASSWORDS[OTHER])):
            for auth in ("ntlm", "negotiate"):
                with self.subTest(user=user, auth=auth):
                    heard = self.node.heard()
                    ran = self.label(user, password, status=4, auth=auth)
                    self.assertEqual(ran.stdout, "")
                    self.node.waits_for(f"{DOMAIN}\\{user}", heard)
                    self.assertNotIn("activated", self.node.clusprepd.told()[heard:])
        with self.assertRaisesRegex(Exception, "access_denied"), self.impacket("wrong") as connection:
            csvp_methods.Object(connection, "setup")

    def test_accounts_of_the_node_are_beside_it(self):
        self.assertEqual(self.node.clusprep("setup", "label", "127.0.0.1").stdout, f"Host label: {HOST}\n")
        self.node.clusprep("setup", "label", "127.0.0.1", user=STRANGER, status=4)

    def test_a_winbindd_that_is_gone_and_comes_back(self):
        self.node.winbind.stop()
        try:
            heard = self.node.heard()
            self.label(NAMED, status=4)
            self.node.waits_for(f"{DOMAIN}\\{NAMED}", heard)
            self.node.clusprep("setup", "label", "127.0.0.1")
        finally:
            self.node.winbind.start()
        self.label(NAMED)


if __name__ == "__main__":
    whole_node.own_machine()
    unittest.main(verbosity=2)
