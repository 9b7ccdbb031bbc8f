# SPDX-License-Identifier: LGPL-2.1-or-later
"""Debian's firewalld on a whole node (whole_node.py): what it writes into the kernel is judged as it applies to packets of
a cluster, whichever of its ways said so; its zones are the adapters' profiles.

It runs from its library: the package of the service would put a firewall on the machine that tests."""
import json
import subprocess
import sys
import unittest

import kerberos_realm
import needs

needs.modules("firewall", "gi", "dbus")
needs.tools(*kerberos_realm.TOOLS)

import whole_node  # noqa: E402
from nft import nft  # noqa: E402
from jeepney import DBusAddress, MessageType, new_method_call  # noqa: E402
from jeepney.bus_messages import DBus  # noqa: E402
from jeepney.io.blocking import open_dbus_connection  # noqa: E402
from telling import Telling  # noqa: E402
from test_san_disks import CLUSTER_SAN, ONE  # noqa: E402

NAME, PATH = "org.fedoraproject.FirewallD1", "/org/fedoraproject/FirewallD1"
ZONES = {"block": "%%REJECT%%", "drop": "DROP", "public": "default", "trusted": "ACCEPT", "work": "default"}
SERVER = """
import sys
from firewall import config
from firewall.core.logger import log
from firewall.server.server import run_server
log.setInfoLogging("*", log.stderr)
config.set_system_config_paths(sys.argv[1] + "/system")
config.set_default_config_paths(sys.argv[1] + "/default")
run_server()
"""


class Firewalld(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.node = whole_node.Node(CLUSTER_SAN, [ONE])
        cls.addClassCleanup(cls.node.close)
        cls.node.played.allowed.update(f"{NAME}.{each}" for each in ("info", "config"))
        settings = cls.node.work / "firewalld"
        zones = settings / "default/zones"
        zones.mkdir(parents=True)
        for name, target in ZONES.items():
            (zones / f"{name}.xml").write_text(f'<zone target="{target}"></zone>')
        cls.firewalld = Telling([sys.executable, "-c", SERVER, str(settings)], "stderr", stdout=subprocess.DEVNULL,
                                env={"PATH": needs.PATH, **cls.node.on_bus})
        cls.addClassCleanup(cls.firewalld.kill)
        cls.bus = open_dbus_connection(cls.node.address)
        cls.addClassCleanup(cls.bus.close)
        whole_node.within(whole_node.DEADLINE, cls.firewalld.told, lambda: cls.bus.send_and_get_reply(
            DBus().NameHasOwner(NAME)).body[0])

    def tell(self, method, signature, *arguments):
        address = DBusAddress(PATH, NAME, f"{NAME}.zone")
        reply = self.bus.send_and_get_reply(new_method_call(address, method, signature, arguments),
                                            timeout=whole_node.DEADLINE)
        self.assertEqual(reply.header.message_type, MessageType.method_return, f"{method}{arguments}: {reply.body}")

    def setUp(self):
        self.all_in("work")
        for protocol in ("tcp", "udp"):
            self.tell("addPort", "sssi", "work", "3343", protocol, 0)
            self.addCleanup(self.tell, "removePort", "sss", "work", "3343", protocol)

    def all_in(self, zone):
        for adapter in ("here", "there"):
            self.tell("changeZoneOfInterface", "ss", zone, adapter)

    def ask(self, *words, status=1):
        """1: something is closed, at least for those who manage."""
        return json.loads(self.node.clusprep(*words, "localhost", "--json", status=status).stdout)

    def server(self):
        return self.ask("network", "firewall")["serverRules"]

    def refused(self, why):
        heard = self.node.heard()
        self.assertFalse(self.server())
        self.node.waits_for(why, heard)

    def test_what_a_zone_opens_is_open(self):
        self.assertTrue(self.server(), self.node.clusprepd.told())

    def test_what_no_zone_opens_is_closed(self):
        self.all_in("public")
        self.refused("UDP port 3343 is not let in on here")

    def test_a_zone_by_source_address_wins(self):
        self.tell("addSource", "ss", "drop", "10.9.0.0/24")
        self.addCleanup(self.tell, "removeSource", "ss", "drop", "10.9.0.0/24")
        self.refused("TCP port 3343 is not let in on here")

    def test_a_rich_rule_wins(self):
        rule = 'rule family="ipv4" source address="10.9.0.128/25" port port="3343" protocol="tcp" drop'
        self.tell("addRichRule", "ssi", "work", rule, 0)
        self.addCleanup(self.tell, "removeRichRule", "ss", "work", rule)
        self.refused("TCP port 3343 is not let in on here")

    def test_rules_beside_those_of_firewalld_count(self):
        nft("table inet beside {\nchain in {\ntype filter hook input priority 0\ntcp dport 3343 drop\n}\n}\n")
        self.addCleanup(nft, "delete table inet beside\n")
        self.refused("inet beside in")

    def test_zones_are_profiles(self):
        self.assertEqual(self.profiles(), {"private"})
        self.all_in("public")
        self.assertEqual(self.profiles(), {"public"})

    def profiles(self):
        """Of those that a cluster uses."""
        used = {each["guids"][0] for each in self.ask("network", "adapters", status=0)["adapters"]}
        return {each["profile"] for each in self.ask("firewall", status=0)["adapters"] if each["adapter"] in used}


if __name__ == "__main__":
    whole_node.own_machine()
    unittest.main(verbosity=2)
