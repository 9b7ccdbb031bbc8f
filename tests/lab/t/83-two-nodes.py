#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
# lab: peer timeout=1200
"""Two guests and one unit, two paths and more to each: who may write, who wins, who loses, and offline on both."""

import time

import clusprep
import managers
import peer
import two_nodes
from bus import Signals
from clusprep import BUSY, PASSWORD, USER, Held, ran
from lio import disk_of, lio_map, lio_port, plug
from mpapid import SERVICE
from sgtools import reservation_holder, reservation_keys
from shared_disks import allow
from shell import sh, status, wait_for
from tap import check, check_that, main, note, require, require_that, test
from two_nodes import Node

MAIN, PEER = Node("main"), Node("peer")
BOTH = (MAIN, PEER)
# A third initiator, of a node that is dead from the beginning: it has reserved and defends nothing.
DEAD_HOST, DEAD_PORT, DEAD_KEY = "naa.5001405000000003", "naa.500140500000cccc", "0xdead"
dead = ""


def before():
    global dead
    managers.standalone()
    lio_port(DEAD_HOST, 1, DEAD_PORT)
    lio_map(DEAD_HOST, 1, 0, "lu0", "gA")
    plug()
    dead = f"/dev/{disk_of(DEAD_HOST, 1, 0)}"
    allow("lu0", manager="standalone")
    two_nodes.share()
    peer.up()
    note(f"the peer's paths: {peer.call('two_nodes.join', deadline=400)}")
    for node in BOTH:
        node.call("clusprep.add_account")
        node.call("clusprep.clusprepd_start", USER)


def keys():
    """Of each registered nexus, as the third initiator reads them."""
    return reservation_keys(dead)


def holder():
    return reservation_holder(dead)


def all_keys_of(node):
    return [node.key()] * len(node.members())


def owned_by(node, other):
    """`node` and nobody else has it, as the device and both nodes say."""
    check(node.owns(), "this-node", f"{node.name}: Ownership")
    check_that(other.owns() != "this-node", f"{other.name} does not own it", other.owns())
    wait_for(f"only {node.name} is registered", lambda: keys() == all_keys_of(node), deadline=15, every=0.3)
    check(holder(), node.key(), "holder")
    check(node.writes(), "", f"a write of {node.name}")
    check_that(other.writes(), f"a write of {other.name} is refused")


def nobody_owns():
    check((keys(), holder()), ([], ""), "keys and holder")
    for node in BOTH:
        check(node.writes(), "", f"a write of {node.name}")


def one_of(outcomes):
    """Exactly one challenge was won; gives the winner and the loser."""
    note({node.name: outcome for node, outcome in outcomes.items()})
    winners = [node for node, outcome in outcomes.items() if outcome["won"]]
    require(len(winners), 1, "winners")
    loser = next(node for node in BOTH if node is not winners[0])
    check_that(outcomes[loser]["why"].startswith("OwnedByAnother"), "the other lost", outcomes[loser])
    return winners[0], loser


def check_time(*outcomes):
    """Ten seconds, of the time in which the guests ran: on a busy host they stand still now and then."""
    took = outcomes[0]["seconds"] - sum(one["stood_still"] for one in outcomes)
    check_that(took <= 10, "the winner, told first, has it within 10 s", outcomes)


def both_arbitrate():
    begun = {node: node.later("two_nodes.arbitrate") for node in BOTH}
    return {node: later.result() for node, later in begun.items()}


@test
def both_see_one_disk():
    require_that(len(MAIN.members()) >= 2 and len(PEER.members()) == 2, "two paths at least to each",
                 (MAIN.members(), PEER.members()))
    one, other = (node.disk() for node in BOTH)
    for name in ("Identity", "Wwid", "Size", "SectorSize", "PersistentReservations", "Ownership", "Online"):
        check(other[name], one[name], f"{name} on both")
    check(list(PEER.do("FindScratchSectors")), list(MAIN.do("FindScratchSectors")), "scratch sectors on both")
    check_that(MAIN.key() != PEER.key(), "keys differ", (MAIN.key(), PEER.key()))
    nobody_owns()


@test
def the_device_refuses_writes_of_who_is_not_registered():
    MAIN.do("ReservationRegister")
    check(keys(), all_keys_of(MAIN), "keys after register")
    check(PEER.writes(), "", "a registration alone keeps nobody out")
    MAIN.do("ReservationReserve")
    check(holder(), MAIN.key(), "holder")
    for one in (None, *MAIN.members()):
        check(MAIN.writes(one), "", f"main writes through {one or 'the map'}")
    for one in (None, *PEER.members()):
        check_that(PEER.writes(one), f"the peer's write through {one or 'the map'} is refused")
    check(PEER.status(f"dd if={PEER.members()[0]} of=/dev/null bs=4096 count=1 iflag=direct status=none")[0], 0,
          "the peer reads")
    for method in ("ReservationReserve", "ReservationRelease", "ReservationPreempt", "ReservationClear"):
        told = PEER.refused(method)
        check_that(told.startswith("ReservationConflict"), f"{method} of who is not registered", told)


@test
def who_preempts_takes_it_from_the_other():
    PEER.do("ReservationRegister")
    check(keys(), sorted(all_keys_of(MAIN) + all_keys_of(PEER)), "keys of both")
    for node in BOTH:
        check(node.writes(), "", f"{node.name} is registered and writes")
    told = PEER.refused("ReservationReserve")
    check_that(told.startswith("ReservationConflict"), "a second reserve", told)
    PEER.do("ReservationPreempt")
    check((keys(), holder()), (all_keys_of(PEER), PEER.key()), "keys and holder after preempt")
    check(PEER.writes(), "", "the peer writes")
    check_that(MAIN.writes(), "main's write is refused")
    told = MAIN.refused("ReservationRelease")
    check_that(told.startswith("ReservationConflict"), "main does not release what is not its own", told)
    PEER.do("ReservationClear")
    nobody_owns()


@test
def who_defends_keeps_it():
    for node, other in (BOTH, BOTH[::-1]):
        node.do("Arbitrate")
        owned_by(node, other)
        outcome = other.call("two_nodes.arbitrate")
        note(f"{other.name} against {node.name}: {outcome}")
        check(outcome["won"], False, "the challenger won")
        check_that(outcome["why"].startswith("OwnedByAnother"), "it is told why", outcome)
        owned_by(node, other)
        node.give_up()
        nobody_owns()


@test
def who_defends_keeps_it_also_when_he_stands_still_for_two_seconds():
    MAIN.do("Arbitrate")
    challenge = PEER.later("two_nodes.arbitrate")
    wait_for("the challenger is registered", lambda: PEER.key() in keys(), deadline=60)
    two_nodes.freeze()
    time.sleep(2)  # the stall itself
    two_nodes.thaw()
    check(challenge.result()["won"], False, "the challenger won")
    owned_by(MAIN, PEER)
    MAIN.give_up()


@test
def a_daemon_that_stands_still_for_long_loses_and_learns_it():
    MAIN.do("Arbitrate")
    with Signals(SERVICE) as signals:
        two_nodes.freeze()
        try:
            outcome = PEER.call("two_nodes.arbitrate")
        finally:
            two_nodes.thaw()
        note(outcome)
        require(outcome["won"], True, "the challenger won")
        check_time(outcome)
        why = two_nodes.expect_loss(signals, 20)
    note(f"what it was told: {why}")
    owned_by(PEER, MAIN)
    check(MAIN.owns(), "another-node", "main: Ownership")
    PEER.give_up()
    nobody_owns()


@test
def of_two_challengers_of_a_free_disk_one_wins():
    for _ in range(2):
        winner, loser = one_of(both_arbitrate())
        owned_by(winner, loser)
        winner.give_up()
        nobody_owns()


@test
def of_two_challengers_of_a_dead_owner_one_wins_within_ten_seconds():
    for _ in range(2):
        # What the round before has left udev to do is no part of the ten seconds.
        for node in BOTH:
            node.call("shell.settle")
        sh(f"sg_persist --out --register-ignore --param-sark={DEAD_KEY} {dead}")
        sh(f"sg_persist --out --reserve --param-rk={DEAD_KEY} --prout-type=5 {dead}")
        for node in BOTH:
            check_that(node.writes(), f"{node.name}'s write is refused while the dead one holds it")
        outcomes = both_arbitrate()
        winner, loser = one_of(outcomes)
        check_time(outcomes[winner], outcomes[loser])
        owned_by(winner, loser)
        winner.give_up()
        nobody_owns()


def try_to_use(node):
    """Everything that a node that has it offline must keep out."""
    name = managers.NAMES["lu0"]
    for one in (f"/dev/mapper/{name}", *node.members()):
        check_that(node.writes(one), f"{node.name}: dd to {one} is refused")
        told = node.status(f"mount -t ext4 {one} /mnt")
        check_that(told[0] != 0, f"{node.name}: mount of {one} is refused", told)
        told = node.status(f"pvcreate -ff -y {one}")
        check_that(told[0] != 0, f"{node.name}: pvcreate of {one} is refused", told)


@test
def offline_keeps_everybody_out_on_both_nodes():
    sh(f"mkfs.ext4 -q -F /dev/mapper/{managers.NAMES['lu0']}")
    for node in BOTH:
        devices = [f"/dev/mapper/{managers.NAMES['lu0']}", *node.members()]
        node.call("open_writers.hold", devices)
        node.do("TakeOffline")
        check(node.disk()["Online"], False, f"{node.name}: Online")
        check(node.call("open_writers.tried"), dict.fromkeys(devices, "EPERM"),
              f"{node.name}: writes of who had it open before")
        node.call("open_writers.drop")
    for node in BOTH:
        try_to_use(node)
    # What one has online, the other keeps out all the same.
    MAIN.do("BringOnline")
    check(MAIN.writes(), "", "main writes again")
    try_to_use(PEER)
    PEER.do("BringOnline")
    nobody_owns()


@test
def over_the_wire_it_is_the_same_story():
    """The client on main asks both nodes, as a cluster's set-up does."""
    numbers = {}
    for node in BOTH:
        user = f"{node.name.upper()}\\{USER}"
        disks = clusprep.asked("disk", "list", node.name, user=user)["disks"]
        found = [one["number"] for one in disks if one["paths"] == len(node.members()) and one["clusterable"]]
        require(len(found), 1, f"{node.name}: {disks}")
        numbers[node] = (node.name, found[0])
    as_user = {node: {"user": f"{node.name.upper()}\\{USER}"} for node in BOTH}
    ids = [clusprep.asked("disk", "ids", *numbers[node], **as_user[node])["identifiers"] for node in BOTH]
    naa = [[each["identifier"] for each in one if each["association"] == "logicalUnit" and each["type"] == "naa"]
           for one in ids]
    check(naa[0], naa[1], "both name the same unit")
    with Held("flow", "online", *numbers[MAIN], **as_user[MAIN]) as held:
        held.waits_for("main owns it", lambda: MAIN.owns() == "this-node")
        code, told = ran("flow", "online", *numbers[PEER], **as_user[PEER])
        check((code, told.get("hresult"), told.get("method")), (3, BUSY, "CprepDiskPRArbitrate"), "the peer's flow")
        owned_by(MAIN, PEER)
        held.interrupt()
    wait_for("main has given it up", lambda: MAIN.owns() == "none", deadline=60, every=0.3)
    with Held("flow", "online", *numbers[PEER], **as_user[PEER]) as held:
        held.waits_for("the peer owns it", lambda: PEER.owns() == "this-node")
        check(holder(), PEER.key(), "holder")
    wait_for("the peer has given it up", lambda: PEER.owns() == "none", deadline=60, every=0.3)
    for node in BOTH:
        node.do("BringOnline")
    check_that(PASSWORD not in clusprep.journal(), "no password in the journal")
    nobody_owns()


@test
def a_path_of_the_owner_that_falls_silent_costs_it_nothing():
    """What the other path tells counts: it is asked long before the silent one's command ends."""
    PEER.do("Arbitrate")
    for portal in two_nodes.PORTALS:
        clusprep.nft("add table inet lab; add chain inet lab in { type filter hook input priority 0; policy accept; }; "
                     f"add rule inet lab in ip daddr {portal} tcp dport 3260 drop")
        try:
            outcome = MAIN.call("two_nodes.arbitrate")
            note(outcome)
            check(outcome["won"], False, f"{portal} is silent: the challenger won")
            check(PEER.owns(), "this-node", f"{portal} is silent: the peer's Ownership")
        finally:
            clusprep.nft("delete table inet lab")
        PEER.call("two_nodes.paths_answer")
        wait_for("its paths are back", lambda: PEER.disk()["UsablePathCount"] == 2, deadline=180, every=1)
    owned_by(PEER, MAIN)
    PEER.give_up()
    nobody_owns()


@test
def a_node_that_loses_its_san_stops_and_learns_that_it_lost():
    PEER.do("Arbitrate")
    clusprep.nft("add table inet lab; add chain inet lab in { type filter hook input priority 0; policy accept; }; "
                 "add rule inet lab in tcp dport 3260 drop")
    try:
        lost = PEER.later("two_nodes.lost_within", 90)
        outcome = MAIN.call("two_nodes.arbitrate")
        note(outcome)
        check(outcome["won"], True, "main takes over from a node that cannot defend")
        note(lost.result())
    finally:
        clusprep.nft("delete table inet lab")
    check(MAIN.owns(), "this-node", "main: Ownership")
    PEER.call("two_nodes.paths_answer")
    wait_for("its paths are back", lambda: PEER.disk()["UsablePathCount"] == 2, deadline=180, every=1)
    owned_by(MAIN, PEER)
    MAIN.give_up()


@test
def of_a_node_that_died_the_other_takes_over_within_ten_seconds():
    PEER.do("Arbitrate")
    owned_by(PEER, MAIN)
    peer.crash()
    outcome = MAIN.call("two_nodes.arbitrate")
    note(outcome)
    check(outcome["won"], True, "main won")
    check_time(outcome)
    check((keys(), holder()), (all_keys_of(MAIN), MAIN.key()), "keys and holder")
    check(MAIN.writes(), "", "a write of main")
    MAIN.give_up()


def after():
    for node in BOTH:
        if node is MAIN or peer.alive():
            node.call("open_writers.drop")
    for method in ("TakeOffline", "StopDefense", "BringOnline"):
        MAIN.refused(method)
    if peer.alive():
        peer.call("two_nodes.leave")
        peer.call("clusprep.clusprepd_as_installed")
    clusprep.clusprepd_as_installed()
    two_nodes.unshare()
    status(f"sg_persist --out --register-ignore --param-sark=0x1 {dead}; sg_persist --out --clear --param-rk=0x1 {dead}")
    managers.all_down()


main(before=before, after=after)
