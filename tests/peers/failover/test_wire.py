# SPDX-License-Identifier: LGPL-2.1-or-later
"""What is on the wire, field by field, and what neighbours and rivals make of it."""
import unittest

from hosts import *

VIP, VIP6 = "10.77.0.100", "fd77::100"


class Wire(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.network = Network()
        cls.addClassCleanup(cls.network.close)
        cls.a, cls.b, cls.c = (cls.network.host(name, number) for name, number in (("a", 10), ("b", 11), ("c", 12)))
        for host in (cls.a, cls.b):
            host.begin()

    def setUp(self):
        self.addCleanup(self.nobody_has_it)  # done last

    def nobody_has_it(self):
        for host in (self.a, self.b):
            for address in (VIP, VIP6):
                if host.state(address):
                    host.failover("offline", address)
                self.assertFalse(host.has(address), host.ip("addr"))

    def plain(self, host, address):
        """Another's way to have it: iproute2."""
        length, more = ("64", " nodad") if ":" in address else ("24", "")
        host.ip(f"addr add {address}/{length} dev eth0{more}")
        self.addCleanup(lambda: host.has(address) and host.ip(f"addr del {address}/{length} dev eth0"))


class Packets(Wire):
    def test_probes_and_announcements_of_arp(self):
        capture = self.c.capture("arp and ether src", self.a.mac)
        self.a.online(VIP, "--announcements", "2", "--intervals", "100")
        self.a.until_state(VIP, "online")
        fields = ("eth.dst", "arp.opcode", "arp.hw.type", "arp.proto.type", "arp.src.hw_mac", "arp.src.proto_ipv4",
                  "arp.dst.hw_mac", "arp.dst.proto_ipv4")
        everybody, nobody, own = "ff:ff:ff:ff:ff:ff", "00:00:00:00:00:00", self.a.mac
        probe = [everybody, "1", "1", "0x0800", own, "0.0.0.0", nobody, VIP]
        request = [everybody, "1", "1", "0x0800", own, VIP, nobody, VIP]
        reply = [everybody, "2", "1", "0x0800", own, VIP, own, VIP]
        self.assertEqual(capture.packets(fields), [probe] * 3 + [request, reply] * 2)

    def test_times_of_the_fast_profile_and_the_spread_of_announcements(self):
        capture = self.c.capture("arp and ether src", self.a.mac)
        self.a.online(VIP, "--announcements", "3", "--intervals", "200,400", "--forms", "request")
        self.a.until_state(VIP, "online")
        times = [float(time) for time, in capture.packets(["frame.time_relative"])]
        gaps = [after - before for before, after in zip(times, times[1:])]
        self.assertEqual(len(gaps), 5)
        # On a busy machine a frame is late, and so the next one near to it. That no time is too short or too long
        # is tested with a clock of the tests' own.
        for gap, meant in zip(gaps, (0.05, 0.05, 0.1, 0.2, 0.4)):
            self.assertGreater(gap, meant / 4, gaps)
        self.assertGreater(sum(gaps), 0.75)

    def test_it_is_announced_again_and_again_where_that_is_asked_for(self):
        capture = self.c.capture("arp and ether src", self.a.mac)
        self.a.online(VIP, "--profile", "none", "--announcements", "1", "--forms", "request", "--refresh", "1000")
        until("three announcements", lambda: self.a.status(VIP)["counters"]["announcements"] >= 3)
        packets = capture.packets(["arp.opcode", "arp.src.proto_ipv4"])
        self.assertGreaterEqual(len(packets), 3)
        self.assertEqual(set(map(tuple, packets)), {("1", VIP)})

    def test_each_form_alone(self):
        for form, operation in (("request", "1"), ("reply", "2")):
            capture = self.c.capture("arp and ether src", self.a.mac)
            self.a.online(VIP, "--profile", "none", "--announcements", "1", "--forms", form)
            self.a.until_state(VIP, "online")
            self.assertEqual(capture.packets(["arp.opcode"]), [[operation]])
            self.a.failover("offline", VIP)

    def test_solicitations_and_advertisements(self):
        capture = self.c.capture("icmp6 and (ip6[40] == 135 or ip6[40] == 136) and ether src", self.a.mac)
        self.a.online(VIP6, "--announcements", "2")
        self.a.until_state(VIP6, "online")
        fields = ("eth.dst", "ipv6.src", "ipv6.dst", "ipv6.hlim", "icmpv6.type", "icmpv6.code",
                  "icmpv6.checksum.status", "icmpv6.nd.ns.target_address", "icmpv6.nd.na.target_address",
                  "icmpv6.nd.na.flag.r", "icmpv6.nd.na.flag.s", "icmpv6.nd.na.flag.o", "icmpv6.opt.linkaddr")
        only = f"icmpv6.nd.ns.target_address == {VIP6} or icmpv6.nd.na.target_address == {VIP6}"
        packets = capture.packets(fields, only)
        solicitation = ["33:33:ff:00:01:00", "::", "ff02::1:ff00:100", "255", "135", "0", "1", VIP6, "", "", "", "", ""]
        advertisement = ["33:33:00:00:00:01", VIP6, "ff02::1", "255", "136", "0", "1", "", VIP6, "0", "0", "1",
                         self.a.mac]
        self.assertEqual(packets, [solicitation] * 3 + [advertisement] * 2)

    def test_the_router_flag_is_as_forwarding_is(self):
        self.a.run("sysctl", "-qw", "net.ipv6.conf.all.forwarding=1")
        self.addCleanup(self.a.run, "sysctl", "-qw", "net.ipv6.conf.all.forwarding=0")
        capture = self.c.capture("icmp6 and ip6[40] == 136 and ether src", self.a.mac)
        self.a.online(VIP6, "--profile", "none", "--announcements", "1")
        self.a.until_state(VIP6, "online")
        only = f"icmpv6.nd.na.target_address == {VIP6}"
        self.assertEqual(capture.packets(["icmpv6.nd.na.flag.r"], only), [["1"]])


class Caches(Wire):
    def moved(self, address, *options):
        """A neighbour that talks to b turns to a."""
        self.plain(self.b, address)
        self.c.ip("neigh flush all")  # iproute2 has told nobody
        self.c.run("ping", "-c1", "-W5", address)
        self.assertEqual(self.c.neighbour(address), self.b.mac)
        self.b.ip(f"addr del {address}/{64 if ':' in address else 24} dev eth0")
        self.a.online(address, "--profile", "none", "--announcements", "1", *options)
        until(f"c turns to a: {self.c.ip('neigh')}", lambda: self.c.neighbour(address) == self.a.mac, 5)

    def test_the_first_announcement_turns_a_neighbour_to_us(self):
        self.moved(VIP)

    def test_a_request_alone_does(self):
        self.moved(VIP, "--forms", "request")

    def test_a_reply_alone_does(self):
        self.moved(VIP, "--forms", "reply")

    def test_an_advertisement_does(self):
        self.moved(VIP6)


class Rivals(Wire):
    def test_an_address_that_another_host_has_is_not_used_and_its_holder_named(self):
        for address in (VIP, VIP6):
            with self.subTest(address=address):
                self.plain(self.b, address)
                told = self.a.online(address, expect=3)
                self.assertIn(self.b.mac, told)
                self.assertFalse(self.a.has(address))
                status = self.a.status(address)
                self.assertEqual(status["state"], "conflict")
                self.assertEqual(status["last_conflict"]["rival"], self.b.mac)

    def test_after_the_rival_has_gone_it_can_be_had(self):
        self.plain(self.b, VIP)
        self.a.online(VIP, expect=3)
        self.b.ip(f"addr del {VIP}/24 dev eth0")
        self.a.online(VIP)
        self.assertTrue(self.a.has(VIP))

    def taken_later(self, policy):
        self.a.online(VIP, "--policy", policy)
        self.a.until_state(VIP, "online")
        self.plain(self.b, VIP)
        rival = self.b.start("arping", "-U", "-I", "eth0", "-c", "5", VIP)
        self.addCleanup(rival.kill)
        return rival

    def test_who_never_defends_gives_it_up(self):
        self.taken_later("never")
        self.a.until_state(VIP, "conflict")
        self.assertFalse(self.a.has(VIP))

    def test_who_defends_once_gives_it_up_at_the_second(self):
        self.taken_later("once")
        self.a.until_state(VIP, "conflict")
        counters = self.a.status(VIP)["counters"]
        self.assertEqual((counters["defences"], counters["conflicts"]), (1, 2))
        self.assertFalse(self.a.has(VIP))

    def test_who_always_defends_keeps_it(self):
        self.taken_later("always").process.wait(DEADLINE)
        self.a.until_state(VIP, "defending")
        self.assertTrue(self.a.has(VIP))
        self.assertIn(self.a.status(VIP)["counters"]["defences"], (1, 2))  # one in ten seconds

    def test_of_two_of_ours_exactly_one_keeps_it(self):
        for policy in ("always", "once", "never"):
            for address in (VIP, VIP6):
                with self.subTest(policy=policy, address=address):
                    for host in (self.a, self.b):
                        host.online(address, "--profile", "none", "--policy", policy)
                    self.b.until_state(address, "conflict")
                    self.assertTrue(self.a.has(address))
                    self.assertFalse(self.b.has(address))
                    for host in (self.a, self.b):
                        host.failover("offline", address)

    def test_of_two_of_ours_that_want_it_at_once_one_gets_it(self):
        tries = [host.start(os.environ["IPFAILOVER"], "online", f"{VIP}/24", "eth0", env=host.environment())
                 for host in (self.a, self.b)]
        # On a busy machine the one may be done before the other begins.
        ends = [each.process.wait(DEADLINE) for each in tries]
        self.assertEqual(sorted(ends), [0, 3])
        self.assertEqual([host.has(VIP) for host in (self.a, self.b)], [end == 0 for end in ends])

    def test_of_two_of_ours_that_take_it_at_once_exactly_one_keeps_it(self):
        for policy in ("always", "once", "never"):
            for address in (VIP, VIP6):
                with self.subTest(policy=policy, address=address):
                    length = 64 if ":" in address else 24
                    takes = [host.start(os.environ["IPFAILOVER"], "online", f"{address}/{length}", "eth0", "--profile",
                                        "none", "--policy", policy, env=host.environment())
                             for host in (self.b, self.a)]
                    self.assertEqual([each.process.wait(DEADLINE) for each in takes], [0, 0])
                    self.b.until_state(address, "conflict")
                    self.assertTrue(self.a.has(address))
                    self.assertFalse(self.b.has(address))
                    for host in (self.a, self.b):
                        host.failover("offline", address)

    def test_a_late_announcement_of_who_gave_it_back_is_asked_about_and_outlived(self):
        own, before = self.a.mac, "02:00:00:00:00:01"  # which is the lower one
        late = {VIP: [arp(before, VIP, VIP, 1) + MARK, arp(before, VIP, VIP, 2, before) + MARK],
                VIP6: [advertisement(before, VIP6)]}
        announced = {VIP: lambda frame: frame[6:14] == mac(own) + b"\x08\x06" and frame[28:32] == ip(VIP),
                     VIP6: lambda frame: (frame[6:14] == mac(own) + b"\x86\xdd" and frame[54] == 136
                                          and frame[62:78] == ip(VIP6))}
        row, probes = {VIP: ["1", "2"], VIP6: ["136"]}, {VIP: ["1"] * 2, VIP6: ["135"] * 2}
        for address, frames in late.items():
            with self.subTest(address=address):
                for _ in range(10):
                    capture = self.c.capture("(arp or icmp6) and ether src", own)
                    sent = self.c.send_after(announced[address], frames)
                    self.a.online(address, "--profile", "none", "--announcements", "1", "--policy", "never")
                    sent()
                    until("they are heard", lambda: self.counters(address)["conflicts"] >= len(frames)
                          or self.a.state(address) == "conflict")
                    if self.counters(address)["probes"]:
                        break
                    self.a.failover("offline", address)  # on a busy machine the first moment is soon over
                else:
                    self.fail("it was never asked whether they are late")
                until("nobody has answered", lambda: self.counters(address)["defences"])
                self.assertEqual(self.a.state(address), "defending")
                self.assertTrue(self.a.has(address))
                of_it = f"arp.dst.proto_ipv4 == {address}" if address == VIP else \
                    f"icmpv6.nd.na.target_address == {address} or icmpv6.nd.ns.target_address == {address}"
                told = [first or second for first, second in capture.packets(["arp.opcode", "icmpv6.type"], of_it)]
                self.assertEqual(told, row[address] + probes[address] + row[address])

    def counters(self, address):
        return self.a.status(address)["counters"]

    def test_a_storm_of_forged_answers(self):
        storm = [arp(self.c.mac, VIP, VIP)] * 1000
        for policy, end, defences in (("always", "defending", 1), ("once", "conflict", 1), ("never", "conflict", 0)):
            with self.subTest(policy=policy):
                self.a.online(VIP, "--profile", "none", "--announcements", "1", "--policy", policy)
                self.a.until_state(VIP, "online")
                capture = self.c.capture("arp and ether src", self.a.mac, "and arp[6:2] == 1")
                begun = time.monotonic()
                self.c.send(storm)
                self.a.until_state(VIP, end)
                counters = self.a.status(VIP)["counters"]
                if policy == "always":  # once in ten seconds
                    defences += int((time.monotonic() - begun) / 10)
                    self.assertTrue(1 <= counters["defences"] <= defences, counters)
                    defences = counters["defences"]
                self.assertEqual(counters["defences"], defences)
                self.assertEqual(self.a.has(VIP), end == "defending")
                ours = [each for each in capture.packets(["arp.src.proto_ipv4"]) if each == [VIP]]
                self.assertEqual(len(ours), defences)
                self.a.failover("offline", VIP)

    def test_a_storm_of_many_rivals_is_told_of_now_and_then(self):
        watch = self.a.start(os.environ["IPFAILOVER"], "watch", env=self.a.environment())
        self.a.online(VIP, "--profile", "none", "--announcements", "1", "--policy", "always")
        watch.wait_for("online")
        begun = time.monotonic()
        self.c.send([arp(f"02:00:00:01:{i >> 8:02x}:{i & 255:02x}", VIP, VIP) for i in range(1000)])
        self.a.until_state(VIP, "defending")
        self.a.failover("offline", VIP)
        watch.wait_for("not managed any more")
        told = watch.told().count("conflict with")
        self.assertTrue(1 <= told <= 10 * (2 + int(time.monotonic() - begun)), watch.told())

    def test_another_vlan_is_another_network(self):
        self.a.online(VIP, "--profile", "none", "--announcements", "1", "--policy", "never")
        before = self.malformed()
        claim = arp(self.c.mac, VIP, VIP)
        # With a tag; and after it something that is counted, so that it was seen.
        self.c.send([claim[:12] + b"\x81\x00\x00\x05" + claim[12:]] * 3 + [claim[:30]])
        until("it was seen", lambda: self.malformed() > before)
        self.assertEqual(self.a.status(VIP)["counters"]["conflicts"], 0)
        self.assertTrue(self.a.has(VIP))

    def test_an_interface_on_another_hears_and_tells_for_itself(self):
        self.a.ip("link add link eth0 name above type macvlan mode bridge")
        self.addCleanup(self.a.ip, "link del above")
        # eth0 does not speak for it, as ipfailoverd(8) has it.
        self.a.run("sysctl", "-qw", "net.ipv4.conf.all.arp_ignore=1", "net.ipv4.conf.all.arp_announce=2")
        self.a.ip("link set above address 02:00:00:00:01:0a up")
        until("it has a carrier", lambda: "LOWER_UP" in self.a.ip("link show above"))
        self.a.failover("online", f"{VIP}/24", "above", "--policy", "never")
        self.c.run("ping", "-c1", "-W5", VIP)
        self.assertEqual(self.c.neighbour(VIP), "02:00:00:00:01:0a")
        self.assertEqual(self.a.status(VIP)["counters"]["conflicts"], 0)
        self.c.send([arp(self.c.mac, VIP, VIP)])
        self.a.until_state(VIP, "conflict")
        self.assertFalse(self.a.has(VIP, "above"))

    def malformed(self):
        told = run("busctl", f"--address=unix:path={self.a.directory}/bus", "get-property", "org.mpapi.Network1",
                   "/org/mpapi/Network1", "org.mpapi.Network1.Addresses", "Statistics")
        return int(told.split('"malformed"')[1].split()[0])

    def test_malformed_packets_are_counted_and_nothing_else(self):
        self.a.online(VIP, "--profile", "none", "--announcements", "1", "--policy", "never")
        whole = arp(self.c.mac, VIP, VIP)
        wrong_length, wrong_protocol = bytearray(whole), bytearray(whole)
        wrong_length[18] = 7
        wrong_protocol[17] = 1
        before = self.malformed()
        self.c.send([whole[:30], bytes(wrong_length), bytes(wrong_protocol)] * 10)
        until("30 are counted", lambda: self.malformed() >= before + 30)
        self.assertEqual(self.a.state(VIP), "online")

    def test_keepalived_that_has_it_is_found(self):
        config = self.b.directory / "keepalived.conf"
        config.write_text("vrrp_instance one {\n state MASTER\n interface eth0\n virtual_router_id 7\n priority 200\n"
                          f" virtual_ipaddress {{ {VIP}/24 }}\n}}\n")
        other = self.b.start("keepalived", "-n", "-l", "-f", str(config), "-p", str(self.b.directory / "k.pid"), "-r",
                             str(self.b.directory / "vrrp.pid"), "--vrrp", stream="stderr")
        until(f"keepalived has it: {other.told()}", lambda: self.b.has(VIP))
        self.assertIn(self.b.mac, self.a.online(VIP, expect=3))
        other.process.terminate()
        other.process.wait(DEADLINE)
        until("keepalived gives it back", lambda: not self.b.has(VIP))


if __name__ == "__main__":
    needs.tools("arping", "busctl", "dbus-daemon", "ip", "keepalived", "ping", "tcpdump", "tshark")
    own_world()
    unittest.main(verbosity=2)
