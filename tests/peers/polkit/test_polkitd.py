#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""polkit itself on a bus of the test's own, with our policy and an administrator's rules, in a mount
namespace of its own: it understands our questions, and we understand its answers."""

import os
import shutil
import subprocess
import sys
import tempfile
import unittest
import xml.etree.ElementTree as ElementTree

SOURCE_ROOT = os.environ["SOURCE_ROOT"]
sys.path.insert(0, os.path.join(SOURCE_ROOT, "tests/bus"))
from polkit_authority import *  # pylint: disable=wrong-import-position

POLICY = os.path.join(SOURCE_ROOT, "polkit/org.mpapi.multipath1.policy")
POLKITD = "/usr/lib/polkit-1/polkitd"
# Nothing outside of the namespace changes.
START = """
mount -t tmpfs none /mnt && mkdir /mnt/actions /mnt/rules && cp "$1" /mnt/actions && cp "$2" /mnt/rules &&
chmod -R a+rX /mnt && mount --bind /mnt/actions /usr/share/polkit-1/actions &&
mount --bind /mnt/rules /etc/polkit-1/rules.d && exec "$3" --no-debug
"""
RULES = """
polkit.addRule(function(action, subject) {
    if (action.id == "org.mpapi.multipath1.refresh" && subject.user == "daemon" &&
        action.lookup("object") == "%s" && action.lookup("method") == "Refresh")
        return polkit.Result.YES;
    if (subject.user == "bin") return polkit.Result.NO;
});
""" % lu_path(2)


class Polkitd(PolkitTest):
    def setUp(self):
        if os.geteuid() != 0:
            self.skipTest("needs root")
        for wanted in (POLKITD, shutil.which("pkaction")):
            if not wanted or not os.path.exists(wanted):
                print(f"skipped: {wanted} is missing (Debian: polkitd)")
                raise SystemExit(77)
        super().setUp()
        self.environment = {**os.environ, "DBUS_SYSTEM_BUS_ADDRESS": self.address}
        rules = tempfile.NamedTemporaryFile("w", suffix=".rules")
        self.addCleanup(rules.close)
        rules.write(RULES)
        rules.flush()
        appears = MatchRule(type="signal", member="NameOwnerChanged")
        appears.add_arg_condition(0, POLKIT)
        connection = self.client.connection
        Client.unpack(connection.send_and_get_reply(DBus().AddMatch(appears)))
        with connection.filter(appears) as queue:
            polkitd = subprocess.Popen(
                ["unshare", "--mount", "sh", "-c", START, "sh", POLICY, rules.name, POLKITD],
                env=self.environment, stdout=subprocess.DEVNULL)  # fmt: skip
            self.addCleanup(self.end, polkitd)
            connection.recv_until_filtered(queue, timeout=DEADLINE)

    def test_it_knows_our_actions(self):
        known = subprocess.run(["pkaction"], env=self.environment, capture_output=True, text=True, check=True)
        ours = [action.get("id") for action in ElementTree.parse(POLICY).iter("action")]
        self.assertEqual(sorted(known.stdout.split()), sorted(ours))

    def test_without_a_rule_an_administrator_has_to_authenticate(self):
        self.assertIn("call again with interactive", self.denied(self.ask()))
        self.assertIn("no polkit agent", self.denied(self.ask(interactive=True)))
        self.assertEqual(self.refreshed(), [])

    def test_a_rule_lets_a_user_do_one_thing_with_one_object(self):
        somebody = self.new_client(SOMEBODY)
        self.assertEqual(somebody.answer(self.ask(somebody)), ())
        self.assertIn("Authentication", self.denied(self.ask(somebody, lu_path(1)), somebody))
        self.assertEqual(self.refreshed(), [2])

    def test_a_rule_keeps_a_user_out(self):
        anybody = self.new_client(ANYBODY)
        for interactive in (False, True):
            refused = self.denied(self.ask(anybody, interactive=interactive), anybody)
            self.assertIn("polkit does not permit this", refused)
        self.assertEqual(self.refreshed(), [])


if __name__ == "__main__":
    unittest.main(verbosity=2)
