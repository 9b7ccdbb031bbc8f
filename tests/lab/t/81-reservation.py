#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
# lab: timeout=600
"""Two nodes and one unit: mpapid arbitrates and defends, sg_persist from another initiator is its rival."""

import os
import signal

import managers
from bus import Signals
from lio import disk_of, lio_map, lio_port, plug
from managers import units
from mpapid import SERVICE, main_pid
from sgtools import reservation_holder, reservation_keys
from shared_disks import allow, disk, do, our_key, path_of, refused
from shell import status, wait_for
from tap import check, check_that, main, require, test

RIVAL_HOST, RIVAL_PORT = "naa.5001405000000003", "naa.500140500000cccc"
RIVAL_KEY = "0xbad"
rival = ""


def before():
    global rival
    managers.standalone()
    lio_port(RIVAL_HOST, 1, RIVAL_PORT)
    lio_map(RIVAL_HOST, 1, 0, "lu0", "gA")
    plug()
    rival = f"/dev/{disk_of(RIVAL_HOST, 1, 0)}"
    allow("lu0", manager="standalone")


def keys():
    """Of each registered nexus, as the rival reads them."""
    return reservation_keys(rival)


def holder():
    return reservation_holder(rival)


def out(arguments):
    return status(f"sg_persist --out {arguments} {rival}")[0] == 0


def register():
    require(out(f"--register-ignore --param-sark={RIVAL_KEY}"), True, "the rival registers")


def preempt(victim):
    return out(f"--preempt --param-rk={RIVAL_KEY} --param-sark={victim} --prout-type=5")


def rival_writes():
    return status(f"dd if=/dev/zero of={rival} bs=4096 seek=1024 count=1 oflag=direct conv=notrunc")[0] == 0


@test
def a_free_unit_is_owned_at_once_on_every_path():
    check_that(rival_writes(), "anybody writes before")
    do("Arbitrate")
    check(disk()["Ownership"], "this-node", "Ownership")
    check(keys(), [our_key()] * len(units["lu0"]), "keys")
    check(holder(), our_key(), "holder")
    check(rival_writes(), False, "the rival writes")


@test
def a_rival_s_key_goes_within_an_interval():
    register()
    wait_for("its key is gone", lambda: RIVAL_KEY not in keys(), deadline=10)
    check(preempt(our_key()), False, "it takes over then")
    check(rival_writes(), False, "it writes")
    check(disk()["Ownership"], "this-node", "Ownership")


@test
def a_path_that_comes_back_is_registered():
    back = managers.give_back(managers.lose(next(iter(units["lu0"]))))
    wait_for(f"{back} is registered", lambda: keys() == [our_key()] * len(units["lu0"]), deadline=30, every=0.2)


@test
def a_daemon_that_stands_still_loses_and_learns_it():
    key, pid = our_key(), main_pid()
    with Signals(SERVICE) as signals:
        os.kill(pid, signal.SIGSTOP)
        try:
            register()
            check(preempt(key), True, "the rival takes over")
        finally:
            os.kill(pid, signal.SIGCONT)
        signals.expect("OwnershipLost", lambda one: one["member"] == "OwnershipLost" and one["path"] == path_of(),
                       deadline=15)
    wait_for("it is the other's", lambda: disk()["Ownership"] == "another-node", deadline=30)
    check(keys(), [RIVAL_KEY], "keys: none of ours was put back")
    check(rival_writes(), True, "the rival writes")


@test
def a_dead_owner_loses_to_a_challenge():
    """The rival defends nothing: it is dead."""
    do("Arbitrate", deadline=60)
    check(disk()["Ownership"], "this-node", "Ownership")
    check(keys(), [our_key()] * len(units["lu0"]), "keys")
    check(holder(), our_key(), "holder")


@test
def the_defence_of_a_disk_in_use_does_not_just_stop():
    told = refused("StopDefense")
    check_that(told.startswith("NotOffline"), "it is refused", told)
    do("TakeOffline")
    do("StopDefense")
    check(disk()["Ownership"], "none", "Ownership")
    check(keys(), [], "keys")
    check(holder(), "", "holder")
    do("BringOnline")


def after():
    out("--register-ignore --param-sark=0x1")
    out("--clear --param-rk=0x1")
    refused("BringOnline")
    managers.all_down()


main(before=before, after=after)
