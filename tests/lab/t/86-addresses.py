#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
# lab: timeout=1500
"""ipfailoverd as it is installed: systemd starts it, in its sandbox, with two capabilities; addresses come, stay over
restarts and ends, and go; links change below them; polkit says who may ask."""

import json
import re
import time
from pathlib import Path

import failover
from clusprep import network_beside, network_beside_down, nft
from failover import (CONFLICT, HELD, NO_DAEMON, NO_INTERFACE, NO_PERMISSION, NOT_LET_IN, NOT_MANAGED, UNIT, Connection, Ears,
                      Removals, Service, announcements, claim, ended, ipfailover, mac_of, main_pid, managed,
                      on_interface, state, until_state)
from san import san_down
from shell import CommandFailed, read, sh, status, wait_for, write
from tap import check, check_that, main, note, require_that, test

LINK = "to-there"
VIP, VIP6 = "10.9.0.50", "fd09::50"
RIVALS = "10.9.0.60", "fd09::60"
NOW = ("--profile", "none")  # nobody has it
RULE = Path("/etc/polkit-1/rules.d/10-lab.rules")
MANAGE = "org.mpapi.network1.manage-addresses"
STARTED = time.time()
service = None


def before():
    global service  # pylint: disable=global-statement
    network_beside()
    sh(f"ip addr add fd09::1/64 dev {LINK} nodad; ip -n there addr add fd09::2/64 dev eth0 nodad; "
       "ip -n there link set lo up")
    service = Service("here")


def unit_says(name):
    return sh(f"systemctl show -P {name} {UNIT}")


def length(address):
    return 64 if ":" in address else 24


def online(address, *options, interface=LINK, expect=0):
    return ipfailover("online", f"{address}/{length(address)}", interface, *options, expect=expect)


def both_online():
    """The two addresses of most stories."""
    for address in (VIP, VIP6):
        if state(address) not in HELD:
            online(address, *NOW)


def neighbour(address, interface="eth0"):
    """The hardware address that the neighbour has of it."""
    words = sh(f"ip -n there neigh show {address} dev {interface}").split()
    return words[words.index("lladdr") + 1] if "lladdr" in words else ""


def turns_to(address, hardware, interface="eth0"):
    wait_for(f"the neighbour turns to {hardware} for {address}", lambda: neighbour(address, interface) == hardware, 30)


def believes(address, hardware="02:00:00:00:00:99", interface="eth0"):
    """The neighbour takes the address for somebody else's."""
    sh(f"ip -n there neigh replace {address} lladdr {hardware} dev {interface} nud stale")


def reached(address):
    with Connection("there", address) as connection:
        return connection.asks()


@test
def systemd_starts_it_for_who_asks_with_two_capabilities_and_no_more():
    sh(f"systemctl stop {UNIT}")
    check(ipfailover("status"), "", "nothing is managed")
    pid = main_pid()
    require_that(pid > 0, "it runs", status(f"systemctl status {UNIT}")[1])
    told = {name: value.strip() for name, _, value in
            (line.partition(":") for line in read(f"/proc/{pid}/status").splitlines())}
    for kind in ("Prm", "Eff", "Bnd", "Amb"):
        check(int(told[f"Cap{kind}"], 16), 1 << 12 | 1 << 13, f"Cap{kind}: CAP_NET_ADMIN and CAP_NET_RAW")
    check((told["NoNewPrivs"], told["Seccomp"]), ("1", "2"), "no new privileges, system calls filtered")
    check(sh(f"stat -c %U /proc/{pid} /run/ipfailover"), "ipfailover\nipfailover", "its user")
    check([unit_says(name) for name in ("Type", "WatchdogUSec")], ["notify", "30s"], "watched by systemd")


@test
def an_address_is_taken_and_the_neighbour_turns_to_it():
    ours = mac_of(LINK)
    for address in (VIP, VIP6):
        believes(address)
        began = time.monotonic()
        online(address)
        note(f"{address}: online in {1000 * (time.monotonic() - began):.0f} ms, of the command")
        turns_to(address, ours)
        found = on_interface(address, LINK)
        require_that(found, "it is on the interface", sh("ip addr"))
        check(found["prefixlen"], length(address), f"{address}: prefix")
        check_that(not found.get("tentative") and not found.get("dadfailed"), f"{address}: usable", found)
        check(reached(address), "here", f"{address}: who answers")
    until_state(VIP, "online")
    check(ended("status", VIP)[0], 0, "exit status of status")
    check(managed(VIP)["interface"], LINK, "interface")


@test
def somebody_else_s_address_is_not_taken_and_the_caller_is_told_whose_it_is():
    theirs = mac_of("eth0", "there")
    for address in RIVALS:
        sh(f"ip -n there addr add {address}/{length(address)} dev eth0 nodad")
        told = online(address, expect=CONFLICT)
        check_that(theirs in told, f"{address}: the rival's hardware address", told)
        check(on_interface(address, LINK), None, f"{address}: on the interface")
        check(managed(address)["state"], "conflict", f"{address}: state")
        check(managed(address)["last_conflict"]["rival"], theirs, f"{address}: rival")
        check(ended("status", address)[0], CONFLICT, f"{address}: exit status of status")


@test
def an_address_opens_its_set_of_nftables_while_it_is_online():
    nft("add table inet lab; add set inet lab services { type ipv4_addr; }")
    element = "get element inet lab services { 10.9.0.51 }"
    try:
        online("10.9.0.51", *NOW, "--set", "inet lab services")
        nft(element)
        ipfailover("offline", "10.9.0.51")
        try:
            nft(element)
            check_that(False, "it is in the set no more")
        except CommandFailed:
            pass
    finally:
        nft("delete table inet lab")


@test
def given_back_it_is_gone_and_its_connections_with_it():
    both_online()
    for address in (VIP, VIP6):
        with Connection("there", address) as connection:
            check(connection.asks(), "here", f"{address}: who answers")
            check(ipfailover("offline", address), connection.ours(), f"{address}: connections that ended")
            check(on_interface(address, LINK), None, f"{address}: on the interface")
            check(connection.was_reset(), True, f"{address}: its client was reset")
        check(ended("status", address)[0], NOT_MANAGED, f"{address}: exit status of status")


@test
def connections_of_a_node_that_died_are_tickled():
    # Of a node that had the address before, and ended without a word: nothing leaves when its sockets end.
    sh(f"ip addr add {VIP}/24 dev {LINK}")
    with Connection("there", VIP) as connection:
        check(connection.asks(), "here", "who answers")
        sh(f"ip addr del {VIP}/24 dev {LINK}; ss -K src {VIP}")
        online(VIP, *NOW)
        check(connection.was_reset(1), False, "the client was reset by this already")
        ipfailover("tickle", VIP, connection.ours())
        check(connection.was_reset(), True, "the client was reset by the tickle")


@test
def secondary_addresses_stay_when_the_primary_goes():
    # systemd has it promote them.
    for one in ("all", LINK):
        write(f"/proc/sys/net/ipv4/conf/{one}/promote_secondaries", 0)
    online("10.99.0.1", *NOW)
    sh(f"ip addr add 10.99.0.2/24 dev {LINK}")
    ipfailover("offline", "10.99.0.1")
    check(on_interface("10.99.0.1", LINK), None, "the primary")
    check_that(on_interface("10.99.0.2", LINK), "the secondary is there", sh(f"ip addr show {LINK}"))
    check(read(f"/proc/sys/net/ipv4/conf/{LINK}/promote_secondaries"), "0", "the setting is as it was")
    sh(f"ip addr del 10.99.0.2/24 dev {LINK}")


@test
def what_somebody_removes_is_put_back():
    both_online()
    sh(f"ip addr del {VIP}/24 dev {LINK}")
    wait_for("it is back", lambda: on_interface(VIP, LINK), deadline=30)
    check(managed(VIP)["counters"]["restored"], 1, "restored")


def check_same(before, what):
    """What was managed before is managed now, and answers."""
    for address, known in before.items():
        until_state(address, known["state"] if known["state"] not in HELD else "online")
        now = managed(address)
        check((now["interface"], now["options"]), (known["interface"], known["options"]), f"{address} after {what}")
        check((now["last_conflict"] or {}).get("rival"), (known["last_conflict"] or {}).get("rival"),
              f"{address} after {what}: rival")
    for address in (VIP, VIP6):
        check(reached(address), "here", f"{address} after {what}: who answers")


def all_managed():
    return {address: managed(address) for address in failover.all_states()}


@test
def a_restart_takes_nothing_off_its_interface():
    both_online()
    ipfailover("policy", VIP, "always")
    known = all_managed()
    check(sorted(known), sorted([VIP, VIP6, *RIVALS]), "managed before")
    pid = main_pid()
    with Removals() as removals, Ears("there", "eth0") as ears:
        sh(f"systemctl restart {UNIT}", timeout=120)
        check(ears.announced(VIP), mac_of(LINK), "it is announced again, by")
        check_same(known, "a restart")
    check(removals.seen, set(), "removals meanwhile")
    check_that(main_pid() not in (0, pid), "it is another process", pid)


@test
def killed_it_is_started_again_and_takes_up_what_it_had():
    known = all_managed()
    restarts = int(unit_says("NRestarts"))
    with Removals() as removals, Ears("there", "eth0") as ears:
        _, seconds = failover.kill()
        note(f"it answered {seconds:.1f} s after the kill")
        check(ears.announced(VIP), mac_of(LINK), "it is announced again, by")
        check_same(known, "a kill")
    check(removals.seen, set(), "removals meanwhile")
    check(int(unit_says("NRestarts")), restarts + 1, "starts by systemd")


@test
def killed_often_it_is_started_each_time():
    for _ in range(6):
        failover.kill()
    check_same({VIP: managed(VIP)}, "six kills")


@test
def told_to_stop_it_keeps_its_addresses_and_takes_them_up_at_the_next_start():
    known = all_managed()
    with Removals() as removals:
        sh(f"systemctl stop {UNIT}", timeout=120)
        check(main_pid(), 0, "process")
        for address in (VIP, VIP6):
            check(reached(address), "here", f"{address}: who answers while it is stopped")
        # The bus starts it.
        check_same(known, "a stop")
    check(removals.seen, set(), "removals meanwhile")


@test
def told_to_stop_it_gives_them_back_where_it_is_configured_so():
    failover.configure('on_stop = "remove"\n')
    try:
        sh(f"systemctl restart {UNIT}", timeout=120)
        check_same({address: managed(address) for address in (VIP, VIP6)}, "the restart that reads it")
        sh(f"systemctl stop {UNIT}", timeout=120)
        for address in (VIP, VIP6):
            check(on_interface(address, LINK), None, f"{address}: on the interface")
        check(ipfailover("status"), "", "managed at the next start")
        check(list(Path("/run/ipfailover").iterdir()), [], "records")
    finally:
        failover.as_installed()


@test
def a_mistake_in_the_configuration_is_told_and_not_tried_again():
    both_online()
    failover.configure('on_stop = "perhaps"\n')
    try:
        check_that(status(f"systemctl restart {UNIT}", timeout=120)[0] != 0, "the restart fails")
        check([unit_says(name) for name in ("Result", "ExecMainStatus", "NRestarts")], ["exit-code", "78", "0"],
              "its end, and starts after it")
        told = failover.journal("-2min")
        check_that(f"{failover.CONFIG}:1" in told, "file and line are told", told[-500:])
        check(ended("status")[0], NO_DAEMON, "exit status of status")
        check_that(on_interface(VIP, LINK), "its address stays")
    finally:
        failover.as_installed()
    until_state(VIP, "online")


def announced_anew(address, act, interface, hardware, count=None):
    """It is announced after that, by ipfailoverd and from that hardware address, and the neighbour turns to it."""
    before = announcements(address)
    with Ears("there", interface) as ears:
        act()
        check(ears.announced(address), hardware, f"{address}: announced by")
    check_that(announcements(address) > before, f"{address}: announcements grew", before)
    turns_to(address, hardware, interface)
    until_state(address, "online")


@test
def another_hardware_address_is_announced():
    both_online()
    for address in (VIP, VIP6):
        check(reached(address), "here", f"{address}: who answers")
    first, other = mac_of(LINK), "02:00:00:00:0a:0a"
    for hardware in (other, first):
        announced_anew(VIP, lambda to=hardware: sh(f"ip link set {LINK} address {to}"), "eth0", hardware)
        turns_to(VIP6, hardware)


@test
def a_carrier_that_comes_back_is_announced_to():
    for _ in range(2):
        sh("ip -n there link set eth0 down")
        wait_for("the carrier is lost", lambda: read(f"/sys/class/net/{LINK}/carrier") == "0", deadline=30)
        check_that(on_interface(VIP, LINK), "the address stays meanwhile")
        check_that(state(VIP) in HELD, "and is held", state(VIP))
        before = announcements(VIP)
        sh("ip -n there link set eth0 up; ip -n there addr add fd09::2/64 dev eth0 nodad; "
           "ip -n there addr replace fd09::60/64 dev eth0 nodad")
        wait_for("it is announced", lambda known=before: announcements(VIP) > known, deadline=30)
        check(reached(VIP), "here", "who answers")
        until_state(VIP, "online")


@test
def down_it_is_offline_and_up_it_is_asked_for_and_taken_again():
    sh(f"ip link set {LINK} down")
    for address in (VIP, VIP6):
        until_state(address, "offline")
        check(on_interface(address, LINK), None, f"{address}: on the interface")
    check(ended("status", VIP)[0], NO_INTERFACE, "exit status of status")
    probes = managed(VIP)["counters"]["probes"]
    sh(f"ip link set {LINK} up; ip addr replace fd09::1/64 dev {LINK} nodad")
    for address in (VIP, VIP6):
        until_state(address, "online")
        check(reached(address), "here", f"{address}: who answers")
    check_that(managed(VIP)["counters"]["probes"] > probes, "it was asked for, though nobody was to have it", probes)


@test
def who_took_it_while_the_link_was_down_keeps_it():
    theirs = mac_of("eth0", "there")
    sh(f"ip link set {LINK} down")
    until_state(VIP, "offline")
    sh(f"ip -n there addr add {VIP}/32 dev eth0")
    sh(f"ip link set {LINK} up; ip addr replace fd09::1/64 dev {LINK} nodad")
    until_state(VIP, "conflict")
    check(managed(VIP)["last_conflict"]["rival"], theirs, "rival")
    check(on_interface(VIP, LINK), None, "on the interface")
    sh(f"ip -n there addr del {VIP}/32 dev eth0")
    online(VIP)
    check(reached(VIP), "here", "who answers once it has gone")


@test
def on_a_vlan_is_another_network():
    sh(f"modprobe 8021q; ip link add link {LINK} name {LINK}.7 type vlan id 7; ip link set {LINK}.7 up; "
       f"ip addr add 10.9.7.1/24 dev {LINK}.7; ip -n there link add link eth0 name eth0.7 type vlan id 7; "
       "ip -n there link set eth0.7 up; ip -n there addr add 10.9.7.2/24 dev eth0.7")
    address = "10.9.7.50"
    believes(address, interface="eth0.7")
    ipfailover("online", f"{address}/24")
    check(managed(address)["interface"], f"{LINK}.7", "the interface that was found for it")
    turns_to(address, mac_of(f"{LINK}.7"), "eth0.7")
    check(reached(address), "here", "who answers")
    # Who has an address of ours on the VLAN is no rival on the wire below; who has it there is.
    conflicts = managed(VIP)["counters"]["conflicts"]
    claim("there", "eth0.7", VIP)
    claim("there", "eth0.7", address)
    wait_for("it has heard them", lambda: managed(address)["counters"]["conflicts"] == 1, deadline=30)
    check(managed(VIP)["counters"]["conflicts"], conflicts, "conflicts on the wire below")
    claim("there", "eth0", VIP)
    wait_for("it has heard it", lambda: managed(VIP)["counters"]["conflicts"] == conflicts + 1, deadline=30)
    check_that(state(VIP) in HELD and state(address) in HELD, "both were defended", failover.all_states())
    sh(f"ip link del {LINK}.7")
    until_state(address, "offline")
    ipfailover("offline", address)
    sh("ip -n there link del eth0.7")


def bond_up():
    """bond0 of two ports, each with a wire to a switch in the neighbour's namespace, and a VLAN on it."""
    sh("modprobe bonding max_bonds=0; ip link add bond0 type bond mode active-backup miimon 100; "
       "ip -n there link add switch type bridge forward_delay 0; ip -n there link set switch up; "
       "ip -n there addr add 10.9.1.2/24 dev switch")
    for port in ("one", "two"):
        sh(f"ip link add {port} type veth peer name to-{port} netns there; ip link set {port} master bond0; "
           f"ip -n there link set to-{port} master switch up")
    sh("ip link set bond0 up; ip addr add 10.9.1.1/24 dev bond0; ip link add link bond0 name bond0.8 type vlan id 8; "
       "ip link set bond0.8 up; ip addr add 10.9.8.1/24 dev bond0.8; "
       "ip -n there link add link switch name switch.8 type vlan id 8; ip -n there link set switch.8 up; "
       "ip -n there addr add 10.9.8.2/24 dev switch.8")
    wait_for("both ports have a carrier", lambda: [read(f"/sys/class/net/{port}/carrier") for port in ("one", "two")] ==
             ["1", "1"], deadline=30)


def active_port():
    return read("/sys/class/net/bond0/bonding/active_slave")


def learned_on():
    """The port on which the neighbour's switch knows the bond."""
    told = sh(f"bridge -n there fdb show br switch | grep -i '^{mac_of('bond0')} '", check=False)
    ports = re.findall(r"dev (\S+)", told)
    return ports[0] if ports else told


@test
def of_a_bond_another_active_port_is_announced_through():
    bond_up()
    addresses = {"10.9.1.50": "switch", "10.9.8.50": "switch.8"}
    for address in addresses:
        ipfailover("online", f"{address}/24")
        until_state(address, "online")
        check(reached(address), "here", f"{address}: who answers")
    check([managed(address)["interface"] for address in addresses], ["bond0", "bond0.8"], "interfaces")
    hardware = mac_of("bond0")
    for how in ("a carrier that is lost", "an order"):
        first = active_port()
        other = "two" if first == "one" else "one"
        check(learned_on(), f"to-{first}", "the switch knows the bond at")
        before = {address: announcements(address) for address in addresses}
        with Ears("there", "switch") as ears, Ears("there", "switch.8") as tagged:
            if how == "an order":
                write("/sys/class/net/bond0/bonding/active_slave", other)
            else:
                sh(f"ip -n there link set to-{first} down")
            wait_for(f"{other} is active", lambda to=other: active_port() == to, deadline=30)
            check(ears.announced("10.9.1.50"), hardware, f"{how}: announced by")
            check(tagged.announced("10.9.8.50"), hardware, f"{how}: announced on the VLAN by")
        for address in addresses:
            check_that(announcements(address) > before[address], f"{how}: announcements of {address} grew", before)
            check(reached(address), "here", f"{how}: who answers at {address}")
        check(learned_on(), f"to-{other}", f"{how}: the switch knows the bond at")
        sh(f"ip -n there link set to-{first} up")
        wait_for("both ports are up", lambda: [read(f"/sys/class/net/{port}/bonding_slave/mii_status")
                                               for port in ("one", "two")] == ["up", "up"], deadline=30)
        for address in addresses:
            until_state(address, "online")
    for address in addresses:
        ipfailover("offline", address)
    bond_down()


def bond_down():
    status("ip link del bond0; ip link del one; ip link del two; ip -n there link del switch; rmmod bonding")


def allowed_by_rule(text):
    RULE.parent.mkdir(parents=True, exist_ok=True)
    RULE.write_text(f"// of the lab\npolkit.addRule(function(action, subject) {{ {text} }});\n")


@test
def who_is_not_root_is_let_in_by_polkit_alone():
    both_online()
    known, there = all_managed(), sh("ip addr")
    orders = {"online": ("10.9.0.70/24", LINK), "offline": (VIP,), "announce": (VIP,), "policy": (VIP, "never"),
              "tickle": (VIP, "80,10.9.0.2,4000")}
    for word, rest in orders.items():
        code, told = ended(word, *rest, user="nobody")
        check(code, NO_PERMISSION, f"{word} as nobody: {told}")
    check((sh("ip addr"), {address: one["options"] for address, one in all_managed().items()}),
          (there, {address: one["options"] for address, one in known.items()}), "what is there")
    code, told = ended("status", VIP, user="nobody")
    check_that(code == 0 and VIP in told, "everybody may read", told)

    def games(word):
        return ended(word, *orders[word], user="games")[0]

    allowed_by_rule(f'if (action.id == "{MANAGE}" && subject.user == "games" && action.lookup("method") == "Announce") '
                    'return polkit.Result.YES;')
    wait_for("polkit has read the rule", lambda: games("announce") == 0, deadline=60, every=0.5)
    check(games("online"), NO_PERMISSION, "the rule is of one method")
    allowed_by_rule(f'if (action.id == "{MANAGE}" && subject.user == "games") return polkit.Result.YES;')
    wait_for("polkit has read the rule", lambda: games("online") == 0, deadline=60, every=0.5)
    check_that(on_interface("10.9.0.70", LINK), "it was taken")
    check(ended("offline", "10.9.0.70", user="nobody")[0], NO_PERMISSION, "the rule is of one user")
    echo = "setpriv --reuid=games --regid=nogroup --clear-groups busctl call org.mpapi.Network1 /org/mpapi/Network1 " \
           "org.mpapi.Network1 Echo sssuu 10.9.0.1 10.9.0.2 ipv4 32 1000"
    code, told = status(echo)
    check_that(code != 0 and "denied" in told.lower(), "the rule is of one action", told)
    check(ended("offline", "10.9.0.70", user="games"), (0, ""), "given back by that user")
    RULE.unlink()
    wait_for("polkit has forgotten the rule", lambda: games("announce") == NO_PERMISSION, deadline=60, every=0.5)


@test
def everybody_is_told_of_adapters_and_only_whom_it_is_for_of_the_firewall():
    code, told = ended("--json", "adapters", user="nobody")
    check(code, 0, f"adapters as nobody: {told[-300:]}")
    adapters = {one["name"]: one for one in json.loads(told)["adapters"]}
    check_that("10.9.0.1/24" in adapters[LINK]["addresses"], f"{LINK} has its address", adapters[LINK])
    check((adapters[LINK]["kind"], adapters[LINK]["hardware-address"]), ("veth", mac_of(LINK)), LINK)
    note(f"drivers: {sorted({one['driver'] for one in adapters.values()})}")
    asked = ("firewall", LINK, "tcp/22", "echo", "--from", "10.9.0.0/24")
    check(ended(*asked, user="nobody")[0], NO_PERMISSION, "the firewall as nobody")
    code, told = ended(*asked)
    check(code, 0, f"without rules: {told}")
    nft("add table inet lab; add chain inet lab in { type filter hook input priority 0; policy drop; }; "
        "add rule inet lab in tcp dport 22 accept; add rule inet lab in iifname eth0 accept")
    try:
        code, told = ended(*asked)
        check(code, NOT_LET_IN, f"with rules: {told}")
        check_that("tcp/22 from 10.9.0.0/24 to 10.9.0.1: let in" in told and "policy drop" in told, "each is judged", told)
    finally:
        nft("delete table inet lab")
    path, interface = "/org/mpapi/Network1", "org.mpapi.Network1.Firewall"
    for user, may in (("clusprep", True), ("games", False)):
        code, told = status(f"setpriv --reuid={user} --regid=nogroup --clear-groups "
                            f"busctl call org.mpapi.Network1 {path} {interface} Zones")
        check(code == 0, may, f"zones of firewalld as {user}: {told}")


@test
def its_sandbox_refused_nothing():
    told = failover.journal(f"@{STARTED:.0f}")
    require_that("Started ipfailoverd.service" in told, "its journal is read", told)
    check(re.findall(r".*(?:not permitted|denied|SIGSYS|watchdog).*", told, re.I), [], "refused by its sandbox")


def after():
    failover.as_installed()
    failover.nothing_managed()
    RULE.unlink(missing_ok=True)
    bond_down()
    status(f"ip link del {LINK}.7")
    if service:
        service.end()
    network_beside_down()
    san_down()


main(before=before, after=after)
