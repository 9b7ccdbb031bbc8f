# SPDX-License-Identifier: LGPL-2.1-or-later
"""What an address goes through: moves, links that come and go, and ends of the daemon in every state."""
import re
import shutil
import sys
import unittest

from hosts import *

needs.modules("jeepney")
from caller import Caller

VIP, VIP6 = "10.77.0.100", "fd77::100"
NOW = ("--profile", "none", "--announcements", "1")


class Life(unittest.TestCase):
    def setUp(self):
        self.network = Network()
        self.addCleanup(self.network.close)
        self.a, self.b, self.c = (self.network.host(name, number)
                                  for name, number in (("a", 10), ("b", 11), ("c", 12)))


class Command(Life):
    def setUp(self):
        super().setUp()
        self.a.begin()

    def test_each_mistake_has_its_error_and_changes_nothing(self):
        self.a.ip("link add idle type veth peer name other")
        until("IPv6 has settled", lambda: "tentative" not in self.a.ip("addr"))
        before = self.a.ip("addr")
        for code, *words in (
            (2, "online", "10.77.0.300/24", "eth0"), (2, "online", "host/24", "eth0"),
            (2, "online", "10.77.0.100/33", "eth0"), (2, "online", "10.77.0.100", "eth0"),
            (2, "online", "10.77.0.0/24", "eth0"), (2, "online", "10.77.0.255/24", "eth0"),
            (2, "online", "224.0.0.1/24", "eth0"), (2, "online", "127.0.0.2/8", "eth0"),
            (7, "online", "10.77.0.10/24", "eth0"), (7, "online", "fd77::a/64", "eth0"),
            (4, "online", "10.77.0.100/24", "eth7"), (4, "online", "10.77.0.100/24", "lo"),
            (4, "online", "10.77.0.100/24", "idle"), (4, "online", "10.88.0.1/24"),
            (2, "online", "10.77.0.100/24", "eth0", "--label", "other:1"),
            (2, "online", "10.77.0.100/24", "eth0", "--set", "inet filter"),
            (2, "online", "10.77.0.100/24", "eth0", "--policy", "sometimes"),
            (1, "online", "10.77.0.101/24", "eth0", "--set", "inet no such"),
            (6, "offline", "10.77.0.100"), (6, "announce", "10.77.0.100"), (6, "status", "10.77.0.99"),
            (2, "nothing"),
        ):
            with self.subTest(words=words):
                self.assertIn("ipfailover", self.a.failover(*words, expect=code))
                self.assertEqual(self.a.ip("addr"), before)

    def test_a_duplicate_is_told(self):
        self.a.online(VIP, *NOW)
        self.a.online(VIP, *NOW, expect=7)

    def test_auto_is_the_interface_of_the_network(self):
        self.a.failover("online", f"{VIP}/24", *NOW)
        self.assertTrue(self.a.has(VIP))
        self.assertEqual(self.a.status(VIP)["interface"], "eth0")

    def test_options_reach_the_kernel(self):
        self.a.online(VIP, *NOW, "--label", "eth0:one", "--lifetime", "1000", "--no-prefix-route")
        found, = (each for each in self.a.addresses() if each["local"] == VIP)
        self.assertEqual(found["label"], "eth0:one")
        self.assertTrue(found["noprefixroute"])
        self.assertTrue(0 < found["valid_life_time"] <= 1000)

    def test_ipv6_is_usable_at_once(self):
        self.a.online(VIP6, *NOW)
        found, = (each for each in self.a.addresses() if each["local"] == VIP6)
        self.assertFalse(found.get("tentative") or found.get("dadfailed"))

    def test_status_watch_and_json(self):
        watch = self.a.start(os.environ["IPFAILOVER"], "watch", env=self.a.environment())
        lines = self.a.start(os.environ["IPFAILOVER"], "--json", "watch", env=self.a.environment())
        # Both are there once they have told of one that was online before, or of its coming.
        self.a.online(VIP, *NOW)
        self.a.failover("policy", VIP, "always")
        self.assertEqual(self.a.status(VIP)["options"]["policy"], "always")
        self.assertIn("online", self.a.failover("status"))
        watch.wait_for(f"{VIP}/24: ")
        lines.wait_for(f"{VIP}/24")
        self.a.failover("announce", VIP)
        self.a.failover("offline", VIP)
        watch.wait_for("not managed any more")
        lines.wait_for("InterfacesRemoved")
        for line in lines.told().splitlines():
            json.loads(line)
        self.assertEqual(json.loads(self.a.failover("--json", "status")), {"addresses": []})

    def test_a_set_has_the_address_while_it_is_online(self):
        self.a.run("nft", "add table inet filter; add set inet filter services { type ipv4_addr; }")
        listed = ("nft", "list", "set", "inet", "filter", "services")
        self.a.online(VIP, *NOW, "--set", "inet filter services")
        self.assertIn(VIP, self.a.run(*listed))
        self.a.failover("offline", VIP)
        self.assertNotIn(VIP, self.a.run(*listed))
        # Also where it went with its interface.
        self.a.ip("link add here type veth peer name there")
        self.a.ip("link set there up")
        self.a.ip("link set here up")
        until("here has a carrier", lambda: "LOWER_UP" in self.a.ip("link show here"))
        self.a.failover("online", "10.80.0.1/24", "here", *NOW, "--set", "inet filter services")
        self.assertIn("10.80.0.1", self.a.run(*listed))
        self.a.ip("link del here")
        self.a.until_state("10.80.0.1", "offline")
        self.assertNotIn("10.80.0.1", self.a.run(*listed))

    def test_a_lifetime_ends_and_is_not_renewed_by_a_restart(self):
        other = "10.77.0.101"
        self.a.online(VIP, *NOW, "--lifetime", "1000")
        self.a.online(other, *NOW, "--lifetime", "1")
        until("its lifetime has ended", lambda: not self.a.state(other))
        self.assertFalse(self.a.has(other))
        self.a.kill()
        self.a.ip(f"addr change {VIP}/24 dev eth0 valid_lft 500 preferred_lft 500")
        self.a.begin()
        found, = (each for each in self.a.addresses() if each["local"] == VIP)
        self.assertLessEqual(found["valid_life_time"], 500)
        self.a.online(other, *NOW)  # it can be had again

    def test_secondaries_stay_when_a_primary_goes(self):
        self.a.run("sysctl", "-qw", "net.ipv4.conf.all.promote_secondaries=0", "net.ipv4.conf.eth0.promote_secondaries=0")
        self.a.failover("online", "10.99.0.1/24", "eth0", *NOW)
        self.a.ip("addr add 10.99.0.2/24 dev eth0")
        self.a.failover("online", "10.99.0.3/24", "eth0", *NOW)
        self.a.failover("offline", "10.99.0.1")
        self.assertFalse(self.a.has("10.99.0.1"))
        self.assertTrue(self.a.has("10.99.0.2"))
        self.assertTrue(self.a.has("10.99.0.3"))
        self.assertEqual(self.a.run("sysctl", "-n", "net.ipv4.conf.eth0.promote_secondaries").strip(), "0")

    def test_many_addresses(self):
        # As little room for filters as Linux before 6.7 gives, where it is no number of each network.
        self.a.run("sysctl", "-qe", "-w", "net.core.optmem_max=20480")
        many = [f"10.78.{i // 200}.{i % 200 + 1}" for i in range(500)]
        capture = self.c.capture("arp and ether src", self.a.mac)
        caller = Caller(self.a)
        self.addCleanup(caller.connection.close)
        caller.online_all(many, 16)
        self.assertEqual(len(json.loads(self.a.failover("--json", "status"))["addresses"]), 500)
        until("all are online", lambda: all(each["state"] == "online" for each in json.loads(
            self.a.failover("--json", "status"))["addresses"]))
        self.assertEqual(sum(each["local"].startswith("10.78.") for each in self.a.addresses()), 500)
        packets = capture.packets(["arp.src.proto_ipv4", "arp.opcode", "frame.time_relative"])
        self.assertEqual({(address, form) for address, form, _ in packets},
                         {(address, form) for address in many for form in "12"})
        # 128 at once, then 2000 a second.
        self.assertGreater(float(packets[-1][2]) - float(packets[0][2]), (1000 - 128) / 2000 - 0.05)
        status = pathlib.Path(f"/proc/{self.a.daemon.process.pid}/status").read_text()
        print("memory", re.search(r"VmRSS:\s*(\d+ kB)", status)[1])
        # Who has one more is heard among them.
        self.b.ip(f"addr add {VIP}/24 dev eth0")
        self.assertIn(self.b.mac, self.a.online(VIP, expect=3))


class Ends(Life):
    def test_killed_in_each_state_it_takes_up_what_was_its_own(self):
        self.a.begin()
        taken = "10.77.0.101"
        self.b.ip(f"addr add {taken}/24 dev eth0")
        self.a.online(VIP, *NOW)
        self.a.online(VIP6, "--profile", "fast")
        self.a.online(taken, expect=3)
        self.a.online("10.77.0.102", "--profile", "none", "--intervals", "60000")  # announcing
        slow = self.a.start(os.environ["IPFAILOVER"], "online", "10.77.0.103/24", "eth0", "--profile", "rfc5227",
                            env=self.a.environment())
        self.a.until_state("10.77.0.103", "probing")
        self.a.online("10.77.0.104", *NOW, "--policy", "always")
        self.c.send([arp(self.c.mac, "10.77.0.104", "10.77.0.104")])
        self.a.until_state("10.77.0.104", "defending")
        self.a.kill()
        self.assertEqual(slow.process.wait(DEADLINE), 8)
        self.assertTrue(self.a.has(VIP))
        capture = self.c.capture("arp and ether src", self.a.mac)
        self.a.begin()
        self.assertTrue(all(self.a.has(each) for each in (VIP, VIP6, "10.77.0.102", "10.77.0.104")))
        self.assertEqual(self.a.status(taken)["state"], "conflict")
        self.assertEqual(self.a.status(taken)["last_conflict"]["rival"], self.b.mac)
        self.a.until_state(VIP, "online")
        self.a.until_state(VIP6, "announcing", "online")
        self.a.until_state("10.77.0.103", "announcing", "online")
        self.assertIn([VIP], capture.packets(["arp.src.proto_ipv4"]))
        for each in (VIP, VIP6, taken, "10.77.0.102", "10.77.0.103", "10.77.0.104"):
            self.a.failover("offline", each)
            self.assertFalse(self.a.has(each))

    def test_removed_while_it_was_away_it_is_put_back(self):
        self.a.begin()
        self.a.online(VIP, "--announcements", "1")
        self.a.kill()
        self.a.ip(f"addr del {VIP}/24 dev eth0")
        self.a.begin()
        self.a.until_state(VIP, "online")
        self.assertTrue(self.a.has(VIP))

    def test_an_interface_that_was_renamed_while_it_was_away_is_followed(self):
        self.a.begin()
        for address in (VIP, VIP6):
            self.a.online(address, *NOW)
        self.a.kill()
        self.a.ip("link set eth0 name lan0")
        self.a.begin()
        for address in (VIP, VIP6):
            self.a.until_state(address, "online")
            self.assertEqual(self.a.status(address)["interface"], "lan0")
            self.a.failover("offline", address)
            self.assertFalse(self.a.has(address, "lan0"))
        self.a.ip("link set lan0 name eth0")

    def test_told_to_end_it_keeps_or_removes_as_configured(self):
        self.a.begin()
        self.a.online(VIP, *NOW)
        self.a.end()
        self.assertTrue(self.a.has(VIP))
        self.a.begin('on_stop = "remove"\n')
        self.assertTrue(self.a.has(VIP))
        self.a.end()
        self.assertFalse(self.a.has(VIP))
        self.a.begin()
        self.assertEqual(json.loads(self.a.failover("--json", "status")), {"addresses": []})


class Rights(Life):
    def test_two_capabilities_are_enough(self):
        self.a.begin(as_user="nobody")
        self.b.begin(as_user="nobody")
        status = pathlib.Path(f"/proc/{self.a.daemon.process.pid}/status").read_text()
        for kind in ("Prm", "Eff", "Bnd"):
            self.assertIn(f"Cap{kind}:\t{1 << 12 | 1 << 13:016x}\n", status)
        self.assertRegex(status, r"Uid:\t([1-9]\d*)\t\1\t\1\t\1\n")
        sockets = str(pathlib.Path(__file__).with_name("sockets.py"))
        for host in (self.a, self.b):
            host.run("nft", "add table inet filter; add set inet filter services { type ipv4_addr; }")
            host.start(sys.executable, sockets, "tcp", "serve", host.name).wait_for("ready")
        self.a.online(VIP, "--set", "inet filter services")
        self.a.online(VIP6)
        self.b.online(VIP6, expect=3)
        client = self.c.start(sys.executable, sockets, "tcp", "wait", VIP)
        client.wait_for("answered by a")
        connections = self.a.failover("offline", "--no-reset", VIP)
        self.b.online(VIP, "--set", "inet filter services", *NOW)
        self.b.failover("tickle", VIP, input=connections)
        client.wait_for("answered by b")
        self.a.failover("offline", VIP6)
        self.assertFalse(self.a.has(VIP) or self.a.has(VIP6))
        self.a.kill()
        self.a.begin(as_user="nobody")
        self.assertEqual(json.loads(self.a.failover("--json", "status")), {"addresses": []})


class Agent(Life):
    """ocf:mpapi:IPaddr as a cluster engine calls it."""

    AGENT = pathlib.Path(__file__).parents[3] / "failover/ocf/IPaddr"
    SUCCESS, GENERIC, ARGUMENTS, UNIMPLEMENTED, CONFIGURED, NOT_RUNNING = 0, 1, 2, 3, 6, 7

    def environment(self, host, **parameters):
        given = {"ip": VIP, "cidr_netmask": "24", "nic": "eth0", **parameters}
        return {**host.environment(), "MPAPI_IPFAILOVER": os.environ["IPFAILOVER"],
                **{f"OCF_RESKEY_{name}": value for name, value in given.items()}}

    def agent(self, host, *words, expect=SUCCESS, **parameters):
        done = subprocess.run([self.AGENT, *words], env=self.environment(host, **parameters), capture_output=True,
                              text=True, timeout=2 * DEADLINE, check=False)
        self.assertEqual(done.returncode, expect, f"{words}, {parameters}: {done.stdout}{done.stderr}")
        return done.stderr

    def test_it_moves_as_the_engine_says(self):
        for host in (self.a, self.b):
            host.begin()
            self.agent(host, "monitor", expect=self.NOT_RUNNING)
        self.agent(self.a, "start")
        self.agent(self.a, "start")
        self.agent(self.a, "monitor")
        self.assertTrue(self.a.has(VIP))
        self.assertIn(self.a.mac, self.agent(self.b, "start", expect=self.GENERIC))
        self.agent(self.b, "monitor", expect=self.NOT_RUNNING)
        self.agent(self.b, "stop")
        self.agent(self.a, "stop")
        self.assertFalse(self.a.has(VIP))
        self.agent(self.a, "stop")
        self.agent(self.b, "start", profile="none", policy="always")
        self.assertTrue(self.b.has(VIP))
        self.agent(self.b, "stop")

    def test_it_does_not_run_without_its_link(self):
        self.a.begin()
        self.agent(self.a, "start")
        self.a.ip("link set eth0 down")
        self.a.until_state(VIP, "offline")
        self.agent(self.a, "monitor", expect=self.NOT_RUNNING)
        self.agent(self.a, "stop")
        self.a.ip("link set eth0 up")

    def test_mistakes(self):
        self.a.begin()
        for parameters in ({"ip": ""}, {"ip": "10.77.0.100/24"}, {"ip": "$(id)"}, {"cidr_netmask": "x"},
                           {"cidr_netmask": "33"}, {"profile": "slow"}, {"policy": "sometimes"}):
            self.agent(self.a, "start", expect=self.CONFIGURED, **parameters)
        self.agent(self.a, "start", expect=self.GENERIC, nic="eth7")
        self.agent(self.a, "promote", expect=self.UNIMPLEMENTED)
        self.agent(self.a, expect=self.ARGUMENTS)
        self.a.end()
        self.agent(self.a, "monitor", expect=self.GENERIC)  # nobody can tell
        self.agent(self.a, "stop", expect=self.GENERIC)

    def test_ocf_tester_finds_nothing(self):
        agent = self.network.directory / "IPaddr"  # where anybody can read it
        shutil.copy(self.AGENT, agent)
        self.a.begin()
        done = subprocess.run([shutil.which("ocf-tester", path=needs.PATH), "-n", "ip", "-o", f"ip={VIP}", "-o",
                               "cidr_netmask=24", "-o", "nic=eth0", str(agent)], env=self.environment(self.a),
                              capture_output=True, text=True, timeout=2 * DEADLINE, check=False)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        self.assertIn("passed all tests", done.stdout)


class Links(Life):
    def setUp(self):
        super().setUp()
        self.a.begin()
        for address in (VIP, VIP6):
            self.a.online(address, *NOW)
            self.a.until_state(address, "online")

    def announced(self, act):
        """It is announced after that."""
        capture = self.c.capture("arp and ether src", self.a.mac, "and arp[6:2] == 2")
        before = self.a.status(VIP)["counters"]["announcements"]
        act()
        until("announced again", lambda: self.a.status(VIP)["counters"]["announcements"] > before)
        self.a.until_state(VIP, "online")
        self.assertIn([VIP], capture.packets(["arp.src.proto_ipv4"]))

    def test_down_it_is_offline_and_up_it_is_back(self):
        self.a.ip("link set eth0 down")
        for address in (VIP, VIP6):
            self.a.until_state(address, "offline")
            self.assertFalse(self.a.has(address))
        self.announced(lambda: self.a.ip("link set eth0 up"))
        self.a.until_state(VIP6, "online")
        self.assertTrue(self.a.has(VIP) and self.a.has(VIP6))

    def test_carrier_that_was_lost_is_announced_to_when_it_is_back(self):
        run("ip", "link", "set", "to-a", "down")
        until("no carrier", lambda: "LOWER_UP" not in self.a.ip("link show eth0"))
        self.assertTrue(self.a.has(VIP))
        self.announced(lambda: run("ip", "link", "set", "to-a", "up"))

    def test_another_hardware_address_is_announced(self):
        self.a.mac = "02:00:00:00:00:aa"
        self.announced(lambda: self.a.ip(f"link set eth0 address {self.a.mac}"))

    def test_renamed_it_is_the_same(self):
        self.a.ip("link set eth0 name lan0")
        until("the name is known", lambda: self.a.status(VIP)["interface"] == "lan0")
        self.assertTrue(self.a.has(VIP, "lan0"))
        self.a.failover("offline", VIP)
        self.assertFalse(self.a.has(VIP, "lan0"))
        self.a.ip("link set lan0 name eth0")

    def test_removed_it_waits_for_one_of_that_name(self):
        run("ip", "link", "del", "to-a")
        self.a.until_state(VIP, "offline")
        run("ip", "link", "add", "to-a", "type", "veth", "peer", "name", "eth0", "netns", "a")
        run("ip", "link", "set", "to-a", "master", "bridge", "up")
        self.a.mac = json.loads(run("ip", "-n", "a", "-j", "link", "show", "eth0"))[0]["address"]
        self.announced(lambda: self.a.ip("link set eth0 up"))
        self.assertTrue(self.a.has(VIP))

    def test_removed_by_somebody_it_is_put_back(self):
        self.announced(lambda: self.a.ip(f"addr del {VIP}/24 dev eth0"))
        self.assertTrue(self.a.has(VIP))
        self.assertEqual(self.a.status(VIP)["counters"]["restored"], 1)

    def test_stopped_for_a_while_it_announces_again(self):
        def stop():
            self.a.daemon.process.send_signal(signal.SIGSTOP)
            time.sleep(5)
            self.a.daemon.process.send_signal(signal.SIGCONT)
        self.announced(stop)


class Moves(Life):
    def setUp(self):
        super().setUp()
        for host in (self.a, self.b):
            host.begin()
        self.sockets = str(pathlib.Path(__file__).with_name("sockets.py"))

    def serve(self, kind):
        for host in (self.a, self.b):
            host.start(sys.executable, self.sockets, kind, "serve", host.name).wait_for("ready")

    def test_a_client_of_datagrams_goes_on(self):
        self.serve("udp")
        self.a.online(VIP, *NOW)
        client = self.c.start(sys.executable, self.sockets, "udp", "ask", VIP)
        client.wait_for("answered by a")
        self.a.failover("offline", VIP)
        self.b.online(VIP, *NOW)
        client.wait_for("answered by b")
        print("\n", client.told().splitlines()[-1])

    def test_a_client_of_a_connection_connects_anew(self):
        self.serve("tcp")
        self.a.online(VIP, *NOW)
        client = self.c.start(sys.executable, self.sockets, "tcp", "ask", VIP)
        client.wait_for("answered by a")
        self.a.failover("offline", VIP)
        self.b.online(VIP, *NOW)
        client.wait_for("answered by b")

    def test_connections_of_the_node_that_failed_are_tickled(self):
        self.serve("tcp")
        self.a.online(VIP, *NOW)
        client = self.c.start(sys.executable, self.sockets, "tcp", "wait", VIP)
        client.wait_for("answered by a")
        port = re.search(r"from port (\d+)", client.told())[1]
        run("ip", "link", "set", "to-a", "nomaster")  # it fails without a word
        self.b.online(VIP, *NOW)
        # Without a tickle it waits for ever: nothing is to be sent.
        self.b.failover("tickle", VIP, f"7777,10.77.0.12,{port}")
        client.wait_for("answered by b")
        run("ip", "link", "set", "to-a", "master", "bridge")

    def test_offline_tells_the_connections_that_end(self):
        self.serve("tcp")
        self.a.online(VIP, *NOW)
        client = self.c.start(sys.executable, self.sockets, "tcp", "wait", VIP)
        client.wait_for("answered by a")
        port = re.search(r"from port (\d+)", client.told())[1]
        self.assertEqual(self.a.failover("offline", VIP).split(), [f"7777,10.77.0.12,{port}"])

    def test_a_connection_that_is_handed_over_is_reset_by_the_node_that_takes_the_address(self):
        self.serve("tcp")
        self.a.online(VIP, *NOW)
        client = self.c.start(sys.executable, self.sockets, "tcp", "wait", VIP)
        client.wait_for("answered by a")
        capture = self.c.capture("tcp[tcpflags] & tcp-rst != 0")
        connections = self.a.failover("offline", "--no-reset", VIP)
        self.assertEqual(len(connections.split()), 1)
        self.assertEqual(self.a.run("ss", "-Htn", "src", VIP), "")
        self.b.online(VIP, *NOW)
        self.b.failover("tickle", VIP, input=connections)
        client.wait_for("answered by b")
        resets = capture.packets(["eth.src"], f"tcp.flags.reset == 1 and ip.src == {VIP}")
        self.assertTrue(resets)
        self.assertNotIn([self.a.mac], resets)


if __name__ == "__main__":
    needs.tools("dbus-daemon", "ip", "nft", "ocf-tester", "setpriv", "ss", "sysctl", "tcpdump", "tshark")
    own_world()
    unittest.main(verbosity=2)
