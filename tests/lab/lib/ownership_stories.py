# SPDX-License-Identifier: LGPL-2.1-or-later
"""A shared disk that this node owns while its paths go and come back, as it has to be under either path manager.

The device refuses a write through a nexus that is not registered, the kernel says so in its log, and the
map's user gets an error: so verified writes go on all the while.
"""

from pathlib import Path

from lio import scsi_host, transport
from load import VerifiedLoad, requests
from managers import NAMES, give_back, in_table, lose, optimized, units
from mpapid import settled
from san import HOSTS
from sgtools import reservation_keys
from shared_disks import disk, do, node, our_key, read_only
from shell import sh, wait_for
from tap import check, note, require, test

ROUNDS = 3


def keys():
    """Of each registered nexus."""
    return reservation_keys(f"/dev/{next(iter(units['lu0']))}")


def conflicts():
    """What the kernel says of commands that the device refused."""
    return [line for line in sh("dmesg").splitlines() if "reservation conflict" in line]


def carries_writes(disk_name):
    before = requests(disk_name)
    wait_for(f"{disk_name} carries I/O", lambda: disk_name in in_table() and requests(disk_name) > before + 20,
             deadline=90, every=0.2)


def writes_went_on(load, seen):
    outcome = load.end()
    note({name: outcome[name] for name in ("written", "compared")})
    check(outcome["error"], 0, f"error that fio met ({outcome['text']})")
    check(conflicts()[seen:], [], "writes that the device refused")
    check(keys(), [our_key()] * len(units["lu0"]), "keys")
    check(disk()["Ownership"], "this-node", "Ownership")


@test
def a_path_that_comes_back_is_registered_before_it_carries_writes():
    do("Arbitrate")
    require(keys(), [our_key()] * len(units["lu0"]), "keys")
    seen = len(conflicts())
    with VerifiedLoad(NAMES["lu0"]) as load:
        for _ in range(ROUNDS):
            one = optimized()[0][0]
            carries_writes(one)
            lost = lose(one)
            settled()
            carries_writes(give_back(lost))
            require(load.failed(), "", "errors of writes so far")
        writes_went_on(load, seen)


@test
def a_path_whose_link_was_down_carries_writes_again():
    seen = len(conflicts())
    with VerifiedLoad(NAMES["lu0"]) as load:
        host = next(iter(HOSTS))
        one = next(name for name, group in units["lu0"].items() if group == "gA" and name in of_host(host))
        carries_writes(one)
        transport(host, 1, "offline")
        wait_for(f"{one} carries nothing", lambda: disk()["UsablePathCount"] < len(units["lu0"]), deadline=60, every=0.2)
        transport(host, 1, "online")
        carries_writes(one)
        writes_went_on(load, seen)


def of_host(host):
    """Disks behind a loopback host."""
    return [path.name for path in Path(f"/sys/class/scsi_host/host{scsi_host(host)}/device").glob("target*/*/block/*")]


@test
def a_path_that_comes_back_while_it_is_offline_is_registered_too():
    do("TakeOffline")
    back = give_back(lose(optimized()[1][0]))
    wait_for(f"{back} is registered", lambda: keys() == [our_key()] * len(units["lu0"]), deadline=60, every=0.2)
    do("StopDefense")
    check(keys(), [], "keys in the end")
    # The path manager has loaded a table meanwhile, while all of it was read-only.
    do("BringOnline")
    flags = read_only(node(), *(f"/dev/{one}" for one in units["lu0"]))
    check(flags, dict.fromkeys(flags, False), "read-only")
