# SPDX-License-Identifier: LGPL-2.1-or-later
"""Addresses of ipfailoverd as a program on the bus meets them: every interface, every error, who may do what, and
what is signalled. What happens on the wire is in tests/peers/failover."""
import pathlib
import xml.etree.ElementTree as xml

from polkit_authority import *
from test_contract import members
from test_network import ERROR, NETWORK, NETWORK_PATH, NetworkTest, own_network

ADDRESSES, ADDRESS = f"{NETWORK}.Addresses", f"{NETWORK}.Address"
FOLDER = f"{NETWORK_PATH}/address"
MANAGE = "org.mpapi.network1.manage-addresses"
ONE = "10.9.0.100"
NOW = {"profile": ("s", "none"), "announcements": ("u", 1)}
# What takes some seconds, so that something can come between.
SLOW = {"profile": ("s", "rfc5227")}


def path_of(address):
    """192_2e0_2e2_2e7"""
    return f"{FOLDER}/" + "".join(each if each.isalnum() else f"_{ord(each):02x}" for each in address)


class AddressesTest(NetworkTest):
    settings = 'on_stop = "remove"\n'

    def send_to(self, path, kind, method, signature="", body=(), client=None):
        client = client or self.client
        message = new_method_call(DBusAddress(path, bus_name=NETWORK, interface=kind), method, signature, body)
        serial = next(client.connection.outgoing_serial)
        client.connection.send(message, serial=serial)
        return serial

    def call(self, *arguments, client=None):
        client = client or self.client
        return client.answer_of(self.send_to(*arguments, client=client))

    def send_online(self, address=f"{ONE}/24", interface="here", options=None, client=None):
        body = (address, interface, NOW if options is None else options)
        return self.send_to(NETWORK_PATH, ADDRESSES, "Online", "ssa{sv}", body, client=client)

    def online(self, *arguments, **more):
        client = more.get("client") or self.client
        return client.answer_of(self.send_online(*arguments, **more))[0]

    def offline(self, path=path_of(ONE), options=None):
        return self.call(path, ADDRESS, "Offline", "a{sv}", (options or {},))[0]

    def property(self, name, path=path_of(ONE), client=None):
        return self.call(path, PROPERTIES, "Get", "ss", (ADDRESS, name), client=client)[0][1]

    def no(self, error, call, *arguments, **more):
        return self.assert_bus_error(ERROR + error, lambda: call(*arguments, **more))

    @staticmethod
    def there():
        told = subprocess.run(["ip", "-o", "addr"], capture_output=True, text=True, check=True).stdout
        return told.replace(" tentative", "")  # the kernel asks about its own link-local one meanwhile


class Contract(AddressesTest):
    maxDiff = None

    def test_what_is_served_is_what_the_xml_says(self):
        path = self.online()
        self.assertEqual(path, path_of(ONE))
        written = xml.parse(pathlib.Path(os.environ["SOURCE_ROOT"]) / "dbus" / f"{NETWORK}.xml").getroot()
        found = set()
        for where in (NETWORK_PATH, path):
            served = xml.fromstring(self.call(where, "org.freedesktop.DBus.Introspectable", "Introspect")[0])
            for each in served.findall("interface"):
                if each.get("name").startswith(NETWORK):
                    found.add(each.get("name"))
                    wanted = written.find(f"interface[@name='{each.get('name')}']")
                    self.assertEqual(members(wanted), members(each))
        self.assertEqual(found, {each.get("name") for each in written.findall("interface")})

    def test_objects_come_and_go(self):
        def objects():
            return self.call(NETWORK_PATH, OBJECT_MANAGER, "GetManagedObjects")[0]

        self.assertEqual(objects(), {})
        self.online()
        self.online("fd09::7/64")
        self.assertEqual(set(objects()), {path_of(ONE), path_of("fd09::7")})
        self.assertEqual(objects()[path_of(ONE)][ADDRESS]["Address"], ("s", f"{ONE}/24"))
        for path in objects():
            self.offline(path)
        self.assertEqual(objects(), {})
        self.assert_bus_error("org.freedesktop.DBus.Error.UnknownObject", self.offline)

    def test_what_happens_is_signalled_in_order(self):
        rule = MatchRule(type="signal", path_namespace=NETWORK_PATH)
        self.client.unpack(self.client.connection.send_and_get_reply(DBus().AddMatch(rule)))
        self.online()
        self.offline()
        # What came before the answers.
        told = [(message.header.fields[HeaderFields.member], message.body) for message in self.client.later
                if message.header.message_type == MessageType.signal]
        self.assertEqual([member for member, _ in told][:1], ["InterfacesAdded"])
        self.assertEqual([member for member, _ in told][-1:], ["InterfacesRemoved"])
        changes = [body for member, body in told if member == "StateChanged"]
        self.assertEqual(changes, [("offline", "online", ""), ("online", "offline", "given back")])
        for at, (member, body) in enumerate(told):
            if member == "StateChanged":
                before = next(body for member, body in reversed(told[:at]) if member == "PropertiesChanged")
                self.assertEqual(before[1]["State"], ("s", body[1]))

    def test_options_are_told_as_they_were_given(self):
        given = {"profile": ("s", "none"), "policy": ("s", "always"), "forms": ("s", "reply"), "announcements": ("u", 2),
                 "intervals": ("au", [150, 250]), "refresh": ("u", 5000), "lifetime": ("u", 1000),
                 "no-prefix-route": ("b", True), "label": ("s", "here:1"), "set": ("s", "")}
        self.online(options=given)
        self.assertEqual(self.property("Options"), given)
        self.call(path_of(ONE), ADDRESS, "SetPolicy", "s", ("never",))
        self.assertEqual(self.property("Options")["policy"], ("s", "never"))


    def test_a_link_local_address_is_another_one_on_each_interface(self):
        for interface in ("here", "there"):
            self.assertEqual(self.online("fe80::100/64", interface), path_of(f"fe80::100%{interface}"))
        self.assertEqual(self.property("Interface", path_of("fe80::100%here")), "here")


class Errors(AddressesTest):
    settings = AddressesTest.settings + "addresses = 2\n"

    def test_each_mistake_has_an_error_of_its_own(self):
        before = self.there()
        for error, *arguments in (
            ("InvalidAddress", "10.9.0.300/24"), ("InvalidAddress", "localhost/8"), ("InvalidAddress", "127.0.0.2/8"),
            ("InvalidAddress", "0.0.0.0/0"), ("InvalidAddress", "::ffff:10.9.0.9/120"), ("InvalidAddress", "1" * 100_000),
            ("InvalidPrefix", "10.9.0.100"), ("InvalidPrefix", "10.9.0.100/0"), ("InvalidPrefix", "10.9.0.100/33"),
            ("InvalidPrefix", "10.9.0.100/24 "), ("NetworkAddress", "10.9.0.0/24"), ("NetworkAddress", "fd09::/64"),
            ("BroadcastAddress", "10.9.0.255/24"), ("BroadcastAddress", "255.255.255.255/32"),
            ("MulticastAddress", "224.0.0.1/4"), ("MulticastAddress", "ff02::1/64"),
            ("NoSuchInterface", f"{ONE}/24", "nowhere"), ("NoSuchInterface", f"{ONE}/24", "x" * 100_000),
            ("NoSuchInterface", f"{ONE}/24", ""), ("NoInterface", "10.77.0.1/24", "auto"),
            ("WrongInterface", f"{ONE}/24", "lo"), ("InterfaceDown", f"{ONE}/24", "idle"),
            ("HostsOwn", "10.9.0.1/24"), ("HostsOwn", "fe80::9/64"),
        ):  # fmt: skip
            with self.subTest(error=error, address=arguments[0][:40]):
                self.no(error, self.online, *arguments)
        for options in (
            {"profile": ("s", "slow")}, {"profile": ("u", 1)}, {"policy": ("s", "")}, {"forms": ("s", "none")},
            {"announcements": ("u", 0)}, {"announcements": ("u", 33)}, {"announcements": ("s", "4")},
            {"intervals": ("au", [0])}, {"intervals": ("au", [1] * 33)}, {"intervals": ("s", "1s")},
            {"refresh": ("u", 999)}, {"refresh": ("t", 5000)}, {"lifetime": ("u", 2**32 - 1)}, {"label": ("s", "other:1")},
            {"label": ("s", "here:" + "1" * 100_000)}, {"set": ("s", "inet filter s; flush ruleset")},
            {"no-prefix-route": ("s", "yes")}, {"x" * 100_000: ("b", True)},
        ):  # fmt: skip
            with self.subTest(options=str(options)[:60]):
                self.assertLess(len(self.no("InvalidOption", self.online, options=options)), 300)
        self.assertEqual(self.there(), before)
        self.assertEqual(os.listdir(self.state.name), ["ipfailoverd.toml"])

    def test_what_is_managed_and_what_is_not(self):
        self.online()
        self.no("AlreadyManaged", self.online)
        self.no("AlreadyManaged", self.online, f"{ONE}/25")
        self.online("10.9.0.101/24")
        self.no("LimitsExceeded", self.online, "10.9.0.102/24")
        self.offline(path_of("10.9.0.101"))
        for options in ({"reset": ("s", "no")}, {"force": ("b", True)}):
            self.no("InvalidOption", self.offline, options=options)
        self.no("InvalidOption", self.call, path_of(ONE), ADDRESS, "SetPolicy", "s", ("sometimes",))
        self.no("InvalidOption", self.call, path_of(ONE), ADDRESS, "Tickle", "a(qsq)", ([(80, "somebody", 1)],))
        self.assertIn(ONE, self.there())
        # One that waits for its link is managed, and not online.
        subprocess.run(["ip", "link", "set", "there", "down"], check=True)
        subprocess.run(["ip", "link", "set", "here", "down"], check=True)
        try:
            end = time.monotonic() + DEADLINE
            while self.property("State") != "offline":
                self.assertLess(time.monotonic(), end)
            self.no("NotManaged", self.call, path_of(ONE), ADDRESS, "Announce")
            self.no("NotManaged", self.call, path_of(ONE), ADDRESS, "Tickle", "a(qsq)", ([],))
            self.offline()
        finally:
            remake()

    def test_who_waits_for_one_that_is_given_back_is_told(self):
        waiting = self.send_online(options=SLOW)
        end = time.monotonic() + DEADLINE
        while not self.call(NETWORK_PATH, OBJECT_MANAGER, "GetManagedObjects")[0]:
            self.assertLess(time.monotonic(), end)
        self.assertEqual(self.property("State"), "probing")
        self.no("AlreadyManaged", self.online)
        self.offline()
        self.no("Superseded", self.client.answer_of, waiting)
        self.assertNotIn(ONE, self.there())


def remake():
    """What a link that was down has lost."""
    for words in ("link set here up", "link set there up", "addr replace 10.9.0.1/24 dev here",
                  "-6 addr replace fe80::9/64 dev here nodad"):  # fmt: skip
        subprocess.run(["ip", *words.split()], check=True)


class Permission(AddressesTest):
    def setUp(self):
        super().setUp()
        self.stranger = self.new_client(NOBODY)

    def test_without_polkit_a_stranger_reads_and_nothing_else(self):
        text = self.assert_bus_error(DENIED, lambda: self.online(client=self.stranger))
        self.assertIn(MANAGE, text)
        self.assertNotIn(ONE, self.there())
        self.online()
        for method, signature, body in (("Offline", "a{sv}", ({},)), ("Announce", "", ()), ("SetPolicy", "s", ("never",)),
                                        ("Tickle", "a(qsq)", ([],))):  # fmt: skip
            with self.subTest(method):
                self.assert_bus_error(DENIED, lambda: self.call(path_of(ONE), ADDRESS, method, signature, body,
                                                                client=self.stranger))  # fmt: skip
        self.assertIn(ONE, self.there())
        self.assertEqual(self.property("State", client=self.stranger), "online")
        self.assertEqual(self.property("Options")["policy"], ("s", "once"))

    def test_polkit_lets_a_stranger_in_or_not(self):
        authority = Authority(self.address)
        self.addCleanup(authority.close)
        for allowed in (False, True):
            serial = self.send_online(client=self.stranger)
            question = authority.question()
            self.assertEqual(question.action, MANAGE)
            self.assertEqual(question.details, {"object": NETWORK_PATH, "method": "Online"})
            self.assertNotIn(ONE, self.there())
            authority.answer(question, authorized=allowed)
            if allowed:
                self.assertEqual(self.stranger.answer_of(serial)[0], path_of(ONE))
            else:
                self.assert_bus_error(DENIED, self.stranger.answer_of, serial)
        self.assertIn(ONE, self.there())


if __name__ == "__main__":
    own_network()
    subprocess.run(["ip", *"link add idle type veth peer name other".split()], check=True)
    main()
