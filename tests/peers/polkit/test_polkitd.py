#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""polkit itself on a bus of the test's own, in a mount namespace of its own, with our policy: it understands our
questions, and we understand its answers, under an administrator's rules; and the rules that we ship mean what they
shall mean."""

import glob
import os
import shutil
import subprocess
import tempfile
import unittest
import xml.etree.ElementTree as ElementTree

SOURCE_ROOT = os.environ["SOURCE_ROOT"]
from polkit_authority import *

POLICY = os.path.join(SOURCE_ROOT, "polkit/org.mpapi.multipath1.policy")
SHIPPED = sorted(glob.glob(os.path.join(SOURCE_ROOT, "polkit/*.rules")))
POLKITD = "/usr/lib/polkit-1/polkitd"
# Nothing outside of the namespace changes. $1: actions/, rules/ and passwd.
START = """
mount -t tmpfs none /mnt && cp -r "$1/." /mnt && chmod -R a+rX /mnt &&
mount --bind /mnt/actions /usr/share/polkit-1/actions && mount --bind /mnt/rules /usr/share/polkit-1/rules.d &&
mount --bind /mnt/none /etc/polkit-1/rules.d && mount --bind /mnt/passwd /etc/passwd && exec "$2" --no-debug
"""
RULES = """
polkit.addRule(function(action, subject) {
    if (action.id == "org.mpapi.multipath1.refresh" && subject.user == "daemon" &&
        action.lookup("object") == "%s" && action.lookup("method") == "Refresh")
        return polkit.Result.YES;
    if (subject.user == "bin") return polkit.Result.NO;
});
""" % lu_path(2)


# An action of somebody else's, as its own policy has it.
FOREIGN = """<?xml version="1.0"?>
<!DOCTYPE policyconfig PUBLIC "-//freedesktop//DTD PolicyKit Policy Configuration 1.0//EN"
 "http://www.freedesktop.org/standards/PolicyKit/1/policyconfig.dtd">
<policyconfig><action id="%s"><description>x</description><message>x</message><defaults>
<allow_any>auth_admin</allow_any><allow_inactive>auth_admin</allow_inactive><allow_active>auth_admin</allow_active>
</defaults></action></policyconfig>
"""


class PolkitdTest(PolkitTest):
    policies, foreign, users = [POLICY], (), {}

    def rules(self):
        """What is in each file of rules, by its name."""
        raise NotImplementedError

    def prepare(self, folder):
        for name in ("actions", "rules", "none"):
            os.mkdir(os.path.join(folder, name))
        for policy in self.policies:
            shutil.copy(policy, os.path.join(folder, "actions"))
        for action in self.foreign:
            with open(os.path.join(folder, "actions", f"{action}.policy"), "w", encoding="utf-8") as file:
                file.write(FOREIGN % action)
        for name, text in self.rules().items():
            with open(os.path.join(folder, "rules", name), "w", encoding="utf-8") as file:
                file.write(text)
        with open("/etc/passwd", encoding="utf-8") as file:
            lines = file.read().splitlines()
        for name, uid in self.users.items():  # users that are there, by these names
            lines = [f"{name}:x:{uid}:{uid}::/:/bin/false" if line.split(":")[2] == str(uid) else line
                     for line in lines]  # fmt: skip
        with open(os.path.join(folder, "passwd"), "w", encoding="utf-8") as file:
            file.write("\n".join(lines) + "\n")

    def setUp(self):
        if os.geteuid() != 0:
            self.skipTest("needs root")
        for wanted in (POLKITD, shutil.which("pkaction")):
            if not wanted or not os.path.exists(wanted):
                print(f"skipped: {wanted} is missing (Debian: polkitd)")
                raise SystemExit(77)
        super().setUp()
        self.environment = {**os.environ, "DBUS_SYSTEM_BUS_ADDRESS": self.address}
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.prepare(folder.name)
        appears = MatchRule(type="signal", member="NameOwnerChanged")
        appears.add_arg_condition(0, POLKIT)
        connection = self.client.connection
        Client.unpack(connection.send_and_get_reply(DBus().AddMatch(appears)))
        with connection.filter(appears) as queue:
            polkitd = subprocess.Popen(
                ["unshare", "--mount", "sh", "-c", START, "sh", folder.name, POLKITD],
                env=self.environment, stdout=subprocess.DEVNULL)  # fmt: skip
            self.addCleanup(self.end, polkitd)
            connection.recv_until_filtered(queue, timeout=DEADLINE)


class AnAdministratorsRules(PolkitdTest):
    def rules(self):
        return {"99-test.rules": RULES}

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


class OurRules(PolkitdTest):
    """The files of polkit/, all of them, each question as its asker puts it."""

    users = {"clusprep": SOMEBODY, "ipfailover": ANYBODY}
    policies = sorted(glob.glob(os.path.join(SOURCE_ROOT, "polkit/*.policy")))
    FIREWALL = "org.fedoraproject.FirewallD1.info"
    UNITS = "org.freedesktop.systemd1.manage-units"
    foreign = (FIREWALL, UNITS, "org.fedoraproject.FirewallD1.config", "org.fedoraproject.FirewallD1.config.info",
               "org.freedesktop.systemd1.manage-unit-files")

    def rules(self):
        texts = {}
        for path in SHIPPED:
            with open(path, encoding="utf-8") as file:
                texts[os.path.basename(path)] = file.read()
        return texts

    def authorized(self, uid, action, **details):
        """Whether a client of this user may, as the owner of the action is told."""
        subject = self.new_client(uid)
        who = ("system-bus-name", {"name": ("s", subject.connection.unique_name)})
        question = new_method_call(
            DBusAddress("/org/freedesktop/PolicyKit1/Authority", bus_name=POLKIT, interface=AUTHORITY),
            "CheckAuthorization", "(sa{sv})sa{ss}us", (who, action, details, 0, ""))  # fmt: skip
        ((yes, _challenge, _details),) = Client.unpack(
            self.client.connection.send_and_get_reply(question, timeout=DEADLINE))  # fmt: skip
        return yes

    def check(self, action, user="clusprep", **details):
        """This one may, and nobody else."""
        for name, uid in {**self.users, "nobody": NOBODY}.items():
            self.assertEqual(self.authorized(uid, action, **details), name == user, f"{name}: {action} {details}")

    def check_not(self, action, **details):
        self.check(action, None, **details)

    def test_all_of_them_are_looked_at(self):
        self.assertEqual([os.path.basename(path) for path in SHIPPED],
                         ["50-clusprep-disks.rules", "50-clusprep-stop-service.rules",
                          "50-ipfailover-read-firewall.rules"])  # fmt: skip

    def test_clusprep_has_disks_and_nothing_else_of_mpapid(self):
        actions = [action.get("id") for action in ElementTree.parse(POLICY).iter("action")]
        self.assertIn("org.mpapi.multipath1.disk", actions)
        for action in actions:
            (self.check if action == "org.mpapi.multipath1.disk" else self.check_not)(action)

    def test_ipfailover_reads_the_firewall_and_does_not_change_it(self):
        self.check(self.FIREWALL, "ipfailover")
        for action in ("org.fedoraproject.FirewallD1.config", "org.fedoraproject.FirewallD1.config.info"):
            self.check_not(action)

    def test_clusprep_stops_the_one_unit_and_does_nothing_else_with_it(self):
        self.check(self.UNITS, verb="stop", unit="pacemaker.service")
        for verb in ("start", "restart", "reload", "kill", "set-property", "try-restart", "Stop", ""):
            self.check_not(self.UNITS, verb=verb, unit="pacemaker.service")
        for unit in ("sshd.service", "pacemaker.socket", "pacemaker.service.evil", "mpapid.service", ""):
            self.check_not(self.UNITS, verb="stop", unit=unit)
        self.check_not(self.UNITS)
        self.check_not("org.freedesktop.systemd1.manage-unit-files", verb="stop", unit="pacemaker.service")


if __name__ == "__main__":
    unittest.main(verbosity=2)
