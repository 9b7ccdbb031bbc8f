#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
# lab: isolate peer timeout=1800
"""Two guests, Pacemaker and Corosync: the engine decides where an address and a disk are, ocf:mpapi:IPaddr and
ocf:mpapi:lun take them there; a node dies, and a client goes on."""

import time

import failover
import managers
import pacemaker
import peer
import two_nodes
from clusprep import nft
from failover import Client, Service
from pacemaker import CLIENT, calm, failures, nodes_online, primitive, until_on, where
from shared_disks import allow
from shell import CommandFailed, sh, status, wait_for
from tap import check, check_that, main, note, require, require_that, test
from two_nodes import Node

MAIN, PEER = Node("main"), Node("peer")
BOTH = (MAIN, PEER)
VIP, OTHER = "10.8.0.50", "10.8.0.51"
DISK = managers.NAMES["lu0"]
PREFERRED = '<rsc_location id="{0}-at" rsc="{0}" node="peer" score="50"/>'
# Of a move that nobody planned, as the journal tells them.
STEPS = {"Corosync: lost": r"corosync\[\d+\]: .*A processor failed",
         "Corosync: new membership": r"corosync\[\d+\]: .*A new membership .* was formed",
         "vip: start": "Initiating start operation vip_start", "vip: started": "Result of start operation for vip",
         "IPaddr2: start": "Initiating start operation other_start",
         "IPaddr2: started": "Result of start operation for other",
         "disk: start": "Initiating start operation disk_start", "disk: started": "Result of start operation for disk"}
service = None


def before():
    global service  # pylint: disable=global-statement
    pacemaker.client_beside()
    managers.standalone()
    allow("lu0", manager="standalone")
    two_nodes.share(pacemaker.BRIDGE)
    peer.up()
    note(f"the peer's paths: {peer.call('two_nodes.join', deadline=400)}")
    service = Service("main")
    peer.call("failover.serve", "peer")


def has(node, address):
    """Whether the address is on an interface of the node."""
    return node.status(f"ip -o addr show to {address} | grep -q .")[0] == 0


def only_on(node, address):
    other = next(one for one in BOTH if one is not node)
    check((has(node, address), has(other, address)), (True, False), f"{address} on {node.name}, and on the other")


@test
def two_nodes_form_a_cluster():
    began = time.monotonic()
    later = PEER.later("pacemaker.start", deadline=300)
    MAIN.call("pacemaker.start")
    later.result(300)
    wait_for("both nodes are online", lambda: nodes_online() == ["main", "peer"], deadline=240, every=0.5)
    calm()
    note(f"after {time.monotonic() - began:.0f} s")
    # Nobody can switch the other off here; the disk's reservation keeps a node out that is not gone.
    sh("crm_attribute --name stonith-enabled --update false")
    sh("crm_attribute --type rsc_defaults --name resource-stickiness --update 100")


@test
def the_engine_knows_both_agents():
    check(sh("crm_resource --list-agents ocf:mpapi").split(), ["IPaddr", "lun"], "agents of mpapi")
    for agent in ("IPaddr", "lun"):
        told = sh(f"crm_resource --show-metadata ocf:mpapi:{agent}")
        check_that(f'<resource-agent name="{agent}"' in told, f"{agent}: its description", told[:300])


@test
def an_address_comes_online_on_one_node():
    pacemaker.configure("resources", primitive("vip", "ocf:mpapi:IPaddr", ip=VIP, cidr_netmask=24) +
                        primitive("other", "ocf:heartbeat:IPaddr2", ip=OTHER, cidr_netmask=24))
    pacemaker.configure("constraints", PREFERRED.format("vip") + PREFERRED.format("other"))
    until_on("peer", "vip", "other")
    only_on(PEER, VIP)
    check(failures(), [], "failures")
    check(PEER.call("failover.state", VIP) in failover.HELD, True, "ipfailoverd on the peer has it")
    check(MAIN.call("failover.state", VIP), None, "ipfailoverd on main has it")
    with Client(CLIENT, VIP, "udp") as client:
        client.answered_by("peer")


@test
def what_somebody_removes_and_a_daemon_that_is_killed_are_no_failure():
    with Client(CLIENT, VIP, "udp") as client:
        client.answered_by("peer")
        client.longest = 0.0
        PEER.status(f"ip addr del {VIP}/24 dev eth0")
        wait_for("it is back", lambda: has(PEER, VIP), deadline=30)
        _, seconds = PEER.call("failover.kill")
        note(f"ipfailoverd answered {seconds:.1f} s after it was killed")
        # The engine asks anew meanwhile.
        time.sleep(12)
        calm()
        client.answered_by("peer")
        note(f"longest gap of the client: {1000 * client.longest:.0f} ms")
        check([node for node, _ in client.answers], ["peer"], "who answered")
    check((where("vip"), failures()), (["peer"], []), "where it is, and failures")
    check(PEER.call("failover.state", VIP) in failover.HELD, True, "ipfailoverd has it")


def moved(resource, address, node):
    """A planned move: the gaps of a client of datagrams and of one of connections."""
    other = "main" if node == "peer" else "peer"
    with Client(CLIENT, address, "udp") as datagrams, Client(CLIENT, address, "tcp") as connections:
        for client in (datagrams, connections):
            client.answered_by(other)
        pacemaker.move(resource, node)
        gaps = [client.answered_by(node) for client in (datagrams, connections)]
        until_on(node, resource)
    return gaps


@test
def it_moves_as_it_is_told_and_clients_go_on():
    for node, name in ((MAIN, "main"), (PEER, "peer")):
        for resource, address in (("vip", VIP), ("other", OTHER)):
            udp, tcp = moved(resource, address, name)
            note(f"{'IPaddr' if resource == 'vip' else 'IPaddr2'} to {name}: gap UDP {1000 * udp:.0f} ms, "
                 f"TCP {1000 * tcp:.0f} ms")
            only_on(node, address)
        calm()
    check(failures(), [], "failures")
    for resource in ("vip", "other"):
        sh(f"crm_resource --resource {resource} --clear")


@test
def of_two_halves_that_do_not_hear_each_other_one_has_the_address():
    """Nobody is fenced here, so that each half starts all that it does not see: the agent is refused the address."""
    with Client(CLIENT, VIP, "udp") as client:
        client.answered_by("peer")
        client.longest = 0.0
        nft("add table inet lab; " + "".join(
            f"add chain inet lab {hook} {{ type filter hook {hook} priority 0; policy accept; }}; "
            f"add rule inet lab {hook} udp dport 5405 drop; " for hook in ("input", "output")))
        try:
            wait_for("main's half has tried to start it", lambda: [
                one for one in failures() if (one.get("op_key"), one.get("node")) == ("vip_start_0", "main")],
                deadline=120, every=0.5)
            check(nodes_online(), ["main"], "nodes that main hears")
            calm()
            only_on(PEER, VIP)
            note(f"meanwhile IPaddr2 has its own on main: {has(MAIN, OTHER)}, on the peer: {has(PEER, OTHER)}")
        finally:
            nft("delete table inet lab")
        wait_for("both nodes are online", lambda: nodes_online() == ["main", "peer"], deadline=120, every=0.5)
        sh("crm_resource --cleanup", timeout=120)
        wait_for("IPaddr2 is on one node again", lambda: len(where("other")) == 1, deadline=180, every=0.5)
        calm()
        if where("other") != ["peer"]:
            pacemaker.move("other", "peer")
        until_on("peer", "vip", "other")
        sh("crm_resource --resource other --clear")
        only_on(PEER, VIP)
        note(f"longest gap of the client: {1000 * client.longest:.0f} ms")
        check([node for node, _ in client.answers], ["peer"], "who answered")
    check(failures(), [], "failures")


@test
def a_disk_is_owned_by_the_node_where_it_is_started():
    sh(f"cibadmin --create --scope resources --xml-text '{primitive('disk', 'ocf:mpapi:lun', wwid=DISK)}'")
    sh("cibadmin --create --scope constraints --xml-text "
       "'<rsc_colocation id=\"together\" rsc=\"disk\" with-rsc=\"vip\" score=\"INFINITY\"/>'")
    until_on("peer", "disk")
    owned_by(PEER, MAIN)
    pacemaker.move("vip", "main")
    until_on("main", "vip", "disk")
    owned_by(MAIN, PEER)
    pacemaker.move("vip", "peer")
    until_on("peer", "vip", "disk")
    owned_by(PEER, MAIN)
    sh("crm_resource --resource vip --clear")
    calm()
    check(failures(), [], "failures")


def owned_by(node, other):
    check(node.owns(), "this-node", f"{node.name}: Ownership")
    check(node.disk()["Online"], True, f"{node.name}: Online")
    check_that(other.owns() != "this-node", f"{other.name} does not own it", other.owns())
    check(node.writes(), "", f"a write of {node.name}")
    check_that(other.writes(), f"a write of {other.name} is refused")


@test
def of_a_node_that_dies_the_other_takes_all_over_and_clients_go_on():
    require([where(one) for one in ("vip", "other", "disk")], [["peer"]] * 3, "where all is")
    clients = {(address, kind): Client(CLIENT, address, kind) for address in (VIP, OTHER) for kind in ("udp", "tcp")}
    for client in clients.values():
        client.__enter__()
        client.answered_by("peer")
    with two_nodes.StoodStill() as stalls:
        died = time.monotonic()
        peer.crash()
        gaps = {one: client.answered_by("main") for one, client in clients.items()}
        until_on("main", "vip", "other", "disk")
    for client in clients.values():
        client.__exit__()
    for (address, kind), gap in gaps.items():
        note(f"{'IPaddr' if address == VIP else 'IPaddr2'}, client of {kind}: gap {gap:.2f} s")
    seen = pacemaker.times(*STEPS.values(), since=f"-{time.monotonic() - died + 1:.0f}s")
    note({name: f"{seen[one] - died:.2f} s" for name, one in STEPS.items() if one in seen})
    note(f"this guest stood still for {stalls.seconds:.1f} s of it")
    check_that(gaps[VIP, "udp"] < 30 and gaps[VIP, "tcp"] < 31, "clients of the address go on in half a minute", gaps)
    check((nodes_online(), failures()), (["main"], []), "nodes online, and failures")
    check_that(has(MAIN, VIP), "the address is here", sh("ip addr"))
    check((MAIN.owns(), MAIN.disk()["Online"], MAIN.writes()), ("this-node", True, ""), "the disk: owner, online, write")


def after():
    for resource in ("vip", "other", "disk"):
        status(f"cibadmin --delete --xml-text '<primitive id=\"{resource}\"/>'")
    try:
        calm(120)
    except CommandFailed as error:
        note(error)
    alive = peer.alive()
    if alive:
        peer.call("pacemaker.stop", deadline=300)
    pacemaker.stop()
    for node in BOTH if alive else (MAIN,):
        node.call("failover.nothing_managed")
    for method in ("TakeOffline", "StopDefense", "BringOnline"):
        MAIN.refused(method)
    if alive:
        peer.call("two_nodes.leave")
    two_nodes.unshare(pacemaker.BRIDGE)
    if service:
        service.end()
    managers.all_down()
    pacemaker.client_gone()


main(before=before, after=after)
