# SPDX-License-Identifier: LGPL-2.1-or-later
"""Two clients that change the same logical unit at once: one order, and both are told the truth."""

import json
import threading

import managers
from bus import Bus, BusError
from managers import act, in_table, left_over, optimized, path, unit, units
from mpapid import LOGICAL_UNIT, PATH, SERVICE, settled
from shell import sh, wait_for
from tap import check, check_that, note, test

ROUNDS = 4
SELECTORS = ("queue-length", "round-robin")


def at_once(*calls):
    """Makes all calls at the same time, each on a connection of its own; gives "done" or the error of each."""
    answers = [None] * len(calls)
    start = threading.Barrier(len(calls))

    def ask(index, call):
        with Bus() as bus:
            start.wait()
            try:
                bus.call(SERVICE, *call, deadline=90)
                answers[index] = "done"
            except BusError as error:
                answers[index] = error.name.rpartition(".")[2]

    threads = [threading.Thread(target=ask, args=each) for each in enumerate(calls)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    settled()
    return answers


def of_unit(method, signature, *arguments):
    return (unit()["path"], LOGICAL_UNIT, method, signature, *arguments)


def of_path(disk, method):
    return (path(disk)["path"], PATH, method, "a{sv}", {})


def journal_since(cursor, count):
    """So many records of changes, in order: the daemon writes them when it has answered."""
    def recorded():
        sh("journalctl --sync")
        # With a filter it would pass over the first that fits where the cursor's own entry does not.
        told = sh(f"journalctl -o json --after-cursor='{cursor}' --no-pager")
        found = [entry for entry in map(json.loads, told.splitlines()) if "MPAPI_METHOD" in entry]
        return found if len(found) >= count else None
    return wait_for(f"{count} records in the journal", recorded, deadline=20, every=0.2)


def cursor():
    sh("journalctl --sync")
    return sh("journalctl -n 0 --show-cursor --no-pager").rpartition("-- cursor: ")[2]


@test
def of_two_selectors_set_at_once_the_later_one_stays():
    seen = []
    for _ in range(ROUNDS):
        began = cursor()
        answers = at_once(*(of_unit("SetProprietaryProperties", "a{ss}a{sv}", {"selector": f"{selector} 0"}, {})
                            for selector in SELECTORS))
        check(answers, ["done", "done"], "answers")
        final = unit()["Selector"]
        check_that(final in SELECTORS, "one of both is in force", final)
        intents = managers.STATE.read_text()
        check([selector for selector in SELECTORS if f'"{selector} 0"' in intents], [final], "what is kept")
        recorded = journal_since(began, 2)
        check([entry["MPAPI_RESULT"] for entry in recorded], ["done", "done"], "the journal has both")
        seen.append(final)
    note(seen)
    check(left_over(), [], "maps left suspended or half loaded")


@test
def a_path_is_not_disabled_and_made_the_override_path_at_once():
    for _ in range(ROUNDS):
        disk = optimized()[1][0]
        answers = at_once(of_path(disk, "Disable"), of_unit("SetOverridePath", "oa{sv}", path(disk)["path"], {}))
        note(answers)
        check(answers.count("done"), 1, f"one of both is done: {answers}")
        disabled = answers[0] == "done"
        check(answers[disabled], "PathNonoperational" if disabled else "NotPermitted", "what the other is told")
        check(path(disk)["Disabled"], disabled, "Disabled")
        check(disk not in in_table(), disabled, "it is in no table")
        check(unit()["OverridePath"] == path(disk)["path"], not disabled, "it is the override path")
        managers.calm()


@test
def two_clients_do_not_disable_the_last_two_paths():
    first, second, *others = units["lu0"]
    for disk in others:
        act(path(disk), "Disable")
    for _ in range(2):
        answers = at_once(of_path(first, "Disable"), of_path(second, "Disable"))
        note(answers)
        check(sorted(answers), ["NotPermitted", "done"], "answers")
        left = [first, second][answers.index("NotPermitted")]
        check(list(in_table()), [left], "table")
        act(path(first if left == second else second), "Enable")
    managers.calm()


@test
def a_path_disabled_and_enabled_at_once_is_one_of_both():
    disk = optimized()[0][1]
    for _ in range(ROUNDS):
        answers = at_once(of_path(disk, "Disable"), of_path(disk, "Enable"))
        check(answers, ["done", "done"], "answers")
        disabled = path(disk)["Disabled"]
        record = managers.RECORD.exists()
        note(f"disabled: {disabled}")
        check(record, disabled, "there is a record of it")
        check(disk not in in_table(), disabled, "it is in no table")
        managers.calm()


@test
def two_clients_that_set_different_things_both_have_them():
    disk = optimized()[0][0]
    for on in (False, True):
        answers = at_once(of_path(disk, "Disable"), of_unit("SetAutoFailback", "ba{sv}", on, {}))
        check(answers, ["done", "done"], "answers")
        check(path(disk)["Disabled"], True, "Disabled")
        check(unit()["AutoFailback"], "on" if on else "off", "AutoFailback")
        managers.calm()
