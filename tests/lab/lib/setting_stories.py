# SPDX-License-Identifier: LGPL-2.1-or-later
"""Load balance types and their parameters, failback, probing and weights, as it has to be under either path manager."""

import time
from pathlib import Path

import dm
import managers
from bus import BusError
from load import Load, requests
from managers import DROP_IN, NAMES, STATE, act, optimized, path, unit, units
from mpapi import FAILED, INVALID_PARAMETER, INVALID_WEIGHT, SUCCESS, UNSUPPORTED, Library
from mpapid import LOAD_BALANCE, PLUGIN, ROOT, SERVICE, Objects, Story, check_prompt, pings, restart, settled
from paths import path_offline, path_online
from probes import Probes
from shell import read, sh, status, wait_for
from tap import check, check_that, note, require_that, test

ROUND_ROBIN, QUEUE_LENGTH, SERVICE_TIME = 1 << 1, 1 << 3, 1 << 16  # MP_LOAD_BALANCE_TYPE


def plugin():
    return Objects().one(PLUGIN)


def multipathd():
    return managers.manager == "multipathd"


def selectors(name="lu0"):
    """Of the groups of a map, as the kernel has them, with their arguments."""
    return {" ".join([group["selector"], str(len(group["selector_args"])), *group["selector_args"]])
            for group in dm.table(NAMES[name])["groups"]}


def answer(one, method, signature, *arguments):
    """How a call ends: "" if it was done, else the last word of its error's name."""
    try:
        act(one, method, signature + "a{sv}", *arguments, {}, deadline=90)
    except BusError as error:
        note(f"{method}{arguments}: {error}")
        return error.name.rpartition(".")[2]
    return ""


def asked():
    """All that is kept of what was asked for, byte by byte."""
    return [read(file, "") for file in (STATE, DROP_IN)]


@test
def mpathadm_changes_the_load_balance_type_of_a_unit_while_io_goes_on():
    before = selectors("lu1")
    with Load(NAMES["lu0"]) as load:
        load.carried(list(units["lu0"]), total=40)
        with Story() as story:
            sh(f"mpathadm modify lu -b round-robin /dev/mapper/{NAMES['lu0']}", timeout=120)
            ended = time.monotonic()
            late = story.becomes(unit(), "LoadBalanceType", ROUND_ROBIN) - ended
            check_prompt([late], pings(), "said after the end")
        check(selectors(), {"round-robin 0"}, "selectors of the table")
        check("round-robin" in sh(f"mpathadm show lu /dev/mapper/{NAMES['lu0']}").lower(), True, "mpathadm says so")
        load.carried(list(units["lu0"]), total=100)
        check(load.failed(), "", "I/O errors")
    check(selectors("lu1"), before, "selectors of the other unit")


@test
def the_default_of_the_plugin_is_for_units_without_one_of_their_own():
    file = next(line.split()[-1] for line in sh("mpathadm list mpath-support").splitlines() if ".so" in line)
    with Load(NAMES["lu1"]) as load:
        sh(f"mpathadm modify mpath-support -b least-used {file}", timeout=120)
        check(plugin()["DefaultSelector"], "queue-length 0", "DefaultSelector")
        check(selectors("lu1"), {"queue-length 0"}, "selectors of a unit without one of its own")
        check(selectors("lu0"), {"round-robin 0"}, "selectors of a unit with one of its own")
        load.carried(list(units["lu1"]), total=100)
        check(load.failed(), "", "I/O errors")


@test
def load_balance_types_stay_over_restarts():
    with Load(NAMES["lu0"]) as load:
        restart()
        managers.in_charge()
        if multipathd():
            sh("multipathd reconfigure", timeout=60)
            wait_for("multipathd has reconfigured", lambda: "idle" in sh("multipathd show daemon"), deadline=60)
            sh("systemctl restart multipathd.service", timeout=120)
            wait_for("both maps are multipathd's", lambda: all(name in sh("multipathd show maps") for name in
                                                               NAMES.values()), deadline=60)
            managers.in_charge()
        check(selectors(), {"round-robin 0"}, "selectors")
        check(selectors("lu1"), {"queue-length 0"}, "selectors of the other")
        check(unit()["LoadBalanceType"], ROUND_ROBIN, "LoadBalanceType")
        check(load.failed(), "", "I/O errors")


@test
def a_selector_that_the_standard_has_no_name_for_is_a_proprietary_type():
    check(answer(unit(), "SetLoadBalanceType", "u", SERVICE_TIME), "", "by its type")
    check(selectors(), {"service-time 0"}, "selectors")
    check(unit()["LoadBalanceType"], SERVICE_TIME, "LoadBalanceType")
    library = Library()
    check(library.set_properties(unit()["ObjectId"], {"selector": "round-robin 0"}), SUCCESS, "by MP_SetProprietaryProperties")
    check(selectors(), {"round-robin 0"}, "selectors")
    check(library.set_properties(library.plugin_id, {"selector": "service-time 0"}), SUCCESS, "of the plugin")
    check(selectors("lu1"), {"service-time 0"}, "selectors of the other")
    check(library.set_properties(unit()["ObjectId"], {"colour": "blue"}), INVALID_PARAMETER, "a foreign name")
    balance = Objects().one(LOAD_BALANCE, Selector="service-time")
    check(library.set_properties(balance["ObjectId"], {"selector args": "0"}), SUCCESS, "of the load balance type")
    check(selectors("lu1"), {"service-time 0"}, "selectors of the other")


@test
def arguments_that_nobody_would_use_are_refused():
    before = asked()
    balance = Objects().one(LOAD_BALANCE, Selector="queue-length")
    check(answer(balance, "SetProprietaryProperties", "a{ss}", {"selector args": "0"}), "Failed", "of a type not in use")
    check(asked(), before, "what is kept")


@test
def what_the_kernel_does_not_do_is_said_and_all_is_as_it_was():
    before, had = asked(), selectors()
    # The kernel takes these arguments and passes over them.
    check(answer(unit(), "SetProprietaryProperties", "a{ss}", {"selector": "service-time 1 5"}),
          "InvalidParameter", "answer")
    check(asked(), before, "what is kept")
    check(selectors(), had, "selectors")


@test
def a_setting_of_the_administrator_that_wins_is_named():
    if not multipathd():
        check(DROP_IN.exists(), False, "nothing is told to multipathd")
        return
    before = asked()
    local = DROP_IN.with_name("zzz-local.conf")
    local.write_text(f"multipaths {{\n\tmultipath {{\n\t\twwid {NAMES['lu0']}\n\t\tpath_selector \"round-robin 0\"\n"
                     "\t}\n}\ndefaults {\n\tpolling_interval 7\n\tmax_polling_interval 7\n}\n")
    try:
        for one, method, value in ((unit(), "SetLoadBalanceType", QUEUE_LENGTH), (plugin(), "SetProbingPollingRate", 2)):
            try:
                act(one, method, "ua{sv}", value, {}, deadline=90)
                check_that(False, f"{method} is refused")
            except BusError as error:
                check_that(str(local) in str(error) and "wins over" in str(error), "the file is named", str(error))
                note(error)
            check(asked(), before, f"what is kept after {method}")
            check(selectors(), {"round-robin 0"}, f"selectors after {method}")
    finally:
        local.unlink()
        sh("multipathd reconfigure", timeout=60)
    check(answer(unit(), "SetLoadBalanceType", "u", QUEUE_LENGTH), "", "without that file")
    check(selectors(), {"queue-length 0"}, "selectors")


def carries_all(load, disks):
    """Whether all I/O of now is on these disks."""
    carried = load.carried(list(units["lu0"]), total=30)
    return {disk for disk, count in carried.items() if count} <= set(disks)


def preferred_group_fails_and_returns(load, first):
    for disk in first:
        path_offline(disk)
    wait_for("I/O is on the other group", lambda: carries_all(load, optimized()[1]), deadline=30)
    for disk in first:
        path_online(disk)
    wait_for("the paths of the preferred group work again",
             lambda: all(path(disk)["State"] == "okay" and path(disk)["Active"] for disk in first), deadline=60, every=0.1)
    return time.monotonic()


@test
def with_failback_on_io_is_back_within_the_polling_rate():
    rate = 4
    first = optimized()[0]
    sh(f"mpathadm modify lu -a on /dev/mapper/{NAMES['lu0']}", timeout=120)
    check(answer(unit(), "SetFailbackPollingRate", "u", rate), "", "rate")
    check((unit()["AutoFailback"], unit()["FailbackPollingRate"]), ("on", rate), "published")
    with Load(NAMES["lu0"]) as load:
        back = preferred_group_fails_and_returns(load, first)
        wait_for("I/O is back", lambda: carries_all(load, first), deadline=60)
        took = time.monotonic() - back
        note(f"{took:.2f} s after the group had returned")
        # The time that it takes to see it: 30 requests, and multipathd counts whole turns of its checker.
        check_that(took < rate + 2, "within the rate", took)
        check(load.failed(), "", "I/O errors")


@test
def with_failback_off_io_stays_where_it_is():
    first, second = optimized()
    sh(f"mpathadm modify lu -a off /dev/mapper/{NAMES['lu0']}", timeout=120)
    check(unit()["AutoFailback"], "off", "published")
    with Load(NAMES["lu0"]) as load:
        back = preferred_group_fails_and_returns(load, first)
        before = {disk: requests(disk) for disk in first}
        wait_for("three polling rates", lambda: time.monotonic() - back > 12, deadline=60, every=0.5)
        check({disk: requests(disk) - before[disk] for disk in first}, {disk: 0 for disk in first},
              "requests on the group that returned")
        load.carried(second, total=50)
        check(load.failed(), "", "I/O errors")
        sh(f"mpathadm modify lu -a on /dev/mapper/{NAMES['lu0']}", timeout=120)
        wait_for("switched on, it goes back", lambda: carries_all(load, first), deadline=60)


@test
def the_probing_rate_is_the_rate_of_probes():
    with Probes() as probes:
        disk = next(iter(units["lu1"]))
        for rate in (1, 4):
            check(answer(plugin(), "SetProbingPollingRate", "u", rate), "", f"rate {rate}")
            check(plugin()["ProbingPollingRate"], rate, "published")
            probes.gaps(disk, 1, deadline=60)
            gaps = probes.gaps(disk, 3, deadline=60)
            note(f"rate {rate}: gaps {[round(gap, 2) for gap in gaps]}")
            # mpapid spreads them: up to a quarter early.
            # multipathd counts turns of its loop, which take longer on a busy machine.
            check_that(0.6 * rate < sum(gaps) / len(gaps) < 1.5 * rate + 1.5, f"probes every {rate} s", gaps)


@test
def probing_that_is_off_probes_nothing():
    one = unit("lu1")
    if multipathd():
        for whose in (one, plugin()):
            check(answer(whose, "SetAutoProbing", "b", False), "Unsupported", "multipathd always probes")
        check(plugin()["AutoProbing"], "on", "published")
        return
    disk, other = next(iter(units["lu1"])), next(iter(units["lu0"]))
    with Probes() as probes:
        sh(f"mpathadm modify lu -p off /dev/mapper/{NAMES['lu1']}", timeout=60)
        check(unit("lu1")["AutoProbing"], "off", "published")
        before = len(probes.times(disk))
        probes.gaps(other, 3, deadline=60)
        check(len(probes.times(disk)) - before, 0, "probes while the other unit was probed three times")
        path_offline(disk)
        sh(f"dmsetup message {NAMES['lu1']} 0 fail_path {read(f'/sys/block/{disk}/dev')}")
        path_online(disk)
        probes.gaps(other, 2, deadline=60)
        check(path(disk, "lu1")["Active"], False, "nobody found it healthy")
        sh(f"mpathadm modify lu -p on /dev/mapper/{NAMES['lu1']}", timeout=60)
        wait_for("it is found healthy", lambda: path(disk, "lu1")["Active"], deadline=30)


@test
def the_path_with_the_highest_weight_carries_io():
    first = optimized()[0]
    library = Library()
    if multipathd():
        check(plugin()["MaximumWeight"], 1, "MaximumWeight")
        check(library.set_weight(path(first[0])["ObjectId"], 1), SUCCESS, "weight 1")
        check(library.set_weight(path(first[0])["ObjectId"], 0), UNSUPPORTED, "weight 0")
        check(library.set_weight(path(first[0])["ObjectId"], 2), INVALID_WEIGHT, "weight 2")
        return
    check(plugin()["MaximumWeight"], 255, "MaximumWeight")
    with Load(NAMES["lu0"]) as load:
        heavy = first[1]
        with Story() as story:
            check(library.set_weight(path(heavy)["ObjectId"], 255), SUCCESS, "weight 255")
            ended = time.monotonic()
            check_prompt([story.becomes(path(heavy), "Weight", 255) - ended], pings(), "said")
        wait_for("all I/O is on it", lambda: carries_all(load, [heavy]), deadline=30)
        check(len(dm.table(NAMES["lu0"])["groups"]), 3, "groups")
        path_offline(heavy)
        wait_for("the other of its group takes over", lambda: carries_all(load, [first[0]]), deadline=30)
        path_online(heavy)
        wait_for("it is back", lambda: carries_all(load, [heavy]), deadline=60)
        restart()
        managers.in_charge()
        check(path(heavy)["Weight"], 255, "Weight after a restart")
        check(library.set_weight(path(heavy)["ObjectId"], 256), INVALID_WEIGHT, "weight 256")
        check(library.set_weight(path(heavy)["ObjectId"], 1), SUCCESS, "weight 1")
        check(len(dm.table(NAMES["lu0"])["groups"]), 2, "groups as before")
        wait_for("both carry I/O", lambda: all(load.carried(first, total=100).values()), deadline=30)
        check(load.failed(), "", "I/O errors")


@test
def each_capability_is_what_calls_do():
    can, one = plugin(), unit("lu1")
    for support, method, signature, value in (("LoadBalanceSupport", "SetLoadBalanceType", "u", SERVICE_TIME),
                                              ("AutoFailbackSupport", "SetAutoFailback", "b", True),
                                              ("FailbackPollingRateSupport", "SetFailbackPollingRate", "u", 0),
                                              ("AutoProbingSupport", "SetAutoProbing", "b", True),
                                              ("ProbingPollingRateSupport", "SetProbingPollingRate", "u", 5)):
        for whose, words in ((can, ("plugin", "both")), (one, ("logical-unit", "both"))):
            got = answer(whose, method, signature, value)
            check(got, "" if can[support] in words else "Unsupported", f"{method} of {whose['interface']} ({can[support]})")
    for most, support, method in (("FailbackPollingRateMax", "FailbackPollingRateSupport", "SetFailbackPollingRate"),
                                  ("ProbingPollingRateMax", "ProbingPollingRateSupport", "SetProbingPollingRate")):
        for whose, words in ((can, ("plugin", "both")), (one, ("logical-unit", "both"))):
            if can[support] in words:
                check(answer(whose, method, "u", can[most] + 1), "InvalidParameter", f"{method} over {most}")
    check(can["CanOverridePaths"] and can["CanDisablePaths"] and can["CanSetAccessStates"], True, "the others")
    kernel = {one["Selector"]: one["Type"] for one in Objects().of(LOAD_BALANCE)}
    check(can["SupportedLoadBalanceTypes"] & ~1, sum(kernel.values()), f"types of {kernel}")


@test
def what_is_no_value_is_refused_and_nothing_happens():
    before, had = asked(), selectors()
    for type_, error in ((0, "InvalidParameter"), (1, "InvalidParameter"), (ROUND_ROBIN | QUEUE_LENGTH, "InvalidParameter"),
                         (1 << 7, "InvalidParameter"), (1 << 31, "Failed"), (1 << 4, "Failed")):
        for whose in (unit(), plugin()):
            check(answer(whose, "SetLoadBalanceType", "u", type_), error, f"type {type_:#x}")
    for text, error in (("fastest 0", "Failed"), ("", "InvalidParameter"), ("round-robin 0\n}", "InvalidParameter"),
                        ('round-robin 0"', "InvalidParameter"), ("round-robin 2 1", "InvalidParameter"),
                        ("round-robin " + "1 " * 200, "InvalidParameter")):
        check(answer(unit(), "SetProprietaryProperties", "a{ss}", {"selector": text}), error, f"selector {text[:20]!r}")
    gone = {**unit(), "path": f"{ROOT}/lu/nowhere"}
    check(answer(gone, "SetAutoFailback", "b", True), "UnknownObject", "a unit that is not there")
    library = Library()
    check(library.set_weight(unit()["ObjectId"], 1) != SUCCESS, True, "a unit has no weight")
    code, told = status(f"mpathadm modify lu -b nonsense /dev/mapper/{NAMES['lu0']}")
    check_that(code != 0, "mpathadm refuses a type it does not know", told)
    for wrong in ("SetAutoFailback s on", "SetFailbackPollingRate i -1"):
        code, told = status(f"busctl call {SERVICE} {unit()['path']} {unit()['interface']} {wrong}")
        check_that(code != 0, f"{wrong} is refused", told)
    check(asked(), before, "what is kept")
    check(selectors(), had, "selectors")


@test
def every_setting_in_our_file_has_its_reason():
    if not multipathd():
        check(DROP_IN.exists(), False, "there is no such file")
        return
    lines = [line.strip() for line in DROP_IN.read_text().splitlines()]
    note("\n".join(lines))
    explained = False
    for line in lines:
        if line.startswith("#"):
            explained = True
        elif not line or line.endswith(("{", "}")):
            explained = False
        elif not line.startswith("wwid"):
            check_that(explained, f"a comment stands before {line!r}")
    check_that(any(line.startswith("failback") for line in lines), "failback is there")


@test
def nothing_is_left_suspended():
    settled()
    check(managers.left_over(), [], "maps that are suspended or have a table that waits")
