#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
# lab: timeout=900
"""A path whose commands never return: told as unknown, and nobody else waits for it."""

import re
import time

from bus import Bus
from mpapid import (LOGICAL_UNIT, MANAGER, PATH, ROOT, SERVICE, Objects, Story, call, configure,
                    configure_as_installed, main_pid, memory_kib, milliseconds, settled, thread_count)
from san import map_by_hand, san_down
from scsi_debug import hang, heal, recovering, scsi_debug_disks, scsi_debug_up
from shell import wait_for
from tap import check, check_fields, check_that, main, note, require, require_that, test

# For a command: far more than a healthy one takes on a busy machine, for those must not be taken for stuck.
TIMEOUT = 2
THREADS, REPLACEMENTS = 4, 8
# For clients, on the machine the bar is written for.
BAR = 0.010
disks, before_it, stuck = [], {}, []


def before():
    configure(f'[refresh]\nshortest = "1s"\nlongest = "2s"\n[commands]\ntimeout = "{int(TIMEOUT * 1000)}ms"\n'
              f'threads = {THREADS}\nreplacements = {REPLACEMENTS}\n')
    # A host of its own for each path: while the kernel recovers one, the others go on.
    scsi_debug_up(units=1, paths=4)
    disks.extend(scsi_debug_disks())
    # Not "mpath-": udev's rules would have multipath compare the UUID, and fail each path for it.
    map_by_hand("stuck", {disk: "one" for disk in disks}, uuid="LAB-stuck", handler=None)
    settled()
    require([path["State"] for path in Objects().of(PATH)], ["okay"] * 4, "path states")
    stuck.extend(disks[:2])


def ask(rounds):
    """(How long queries take, how long the bus itself takes), in turn, so often for each path.

    A query is one Get, on a connection that is there already. The bus is asked for what it knows itself: of a
    query, so much and as much again, for it passes the bus twice, is the client's and the machine's.
    """
    queries, pings = [], []
    with Bus() as bus:
        paths = [path["path"] for path in Objects().of(PATH)]
        for _ in range(rounds):
            for path in paths:
                began = time.monotonic()
                bus.get(SERVICE, path, PATH, "State")
                queries.append(time.monotonic() - began)
                pings.append(bus.ping())
    return queries, pings


def of_hundred(part, latencies):
    return sorted(latencies)[len(latencies) * part // 100]


def metric(name):
    found = re.search(rf"^{name}(?:{{[^}}]*}})? (\S+)$", call("Metrics"), re.M)
    require_that(found, f"a metric {name}")
    return float(found[1])


@test
def queries_are_quick_while_all_is_well():
    pid = main_pid()
    before_it.update(threads=thread_count(pid), memory=memory_kib(pid), latencies=ask(30)[0])
    note(f"a query: {milliseconds(before_it['latencies'])}")
    note(f"{before_it['threads']} threads, {before_it['memory']} KiB resident")


@test
def stuck_paths_are_unknown_with_since_when_and_which_command():
    objects = {path["Device"]: path for path in Objects().of(PATH)}
    with Story() as story:
        began = time.time()
        for disk in stuck:
            hang(disk, stuck_seconds=3)
        call("Refresh", path=Objects().one(LOGICAL_UNIT)["path"], interface=LOGICAL_UNIT)
        for disk in stuck:
            at = story.becomes(objects[disk], "State", "unknown", deadline=60)
            note(f"{disk} is unknown {at - story.began:.2f} s after its commands began to hang")
        for disk in stuck:
            check(story.values(objects[disk], "State"), ["unknown"], f"{disk}: State in signals")
            check(len(story.values(objects[disk], "Trouble")), 1, f"{disk}: Trouble in signals")
    told = Objects()
    for disk in stuck:
        path = told.one(PATH, Device=disk)
        check_fields(path, {"State": "unknown", "Identity": "unverified"}, disk)
        since, command, reason = path["Trouble"]
        note(f"{disk}: {command}: {reason}, since {since / 1e6 - began:+.2f} s")
        check_that(command.startswith(("INQUIRY", "REPORT TARGET PORT GROUPS", "open")), "it names the command",
                   path["Trouble"])
        check_that(began - 0.1 < since / 1e6 < time.time(), "since is when the command was sent", path["Trouble"])
        check_that(reason, "it gives a reason", path["Trouble"])
    for disk in disks[2:]:
        check_fields(told.one(PATH, Device=disk), {"State": "okay", "Identity": "verified"}, disk)
    check(told.one(LOGICAL_UNIT)["UsablePathCount"], 2, "UsablePathCount")


@test
def meanwhile_everybody_else_is_served():
    # The kernel counts whole seconds: it gives up on a command later than the daemon does.
    wait_for("the kernel tries to recover a host", recovering, 60)
    pid, latencies, bus = main_pid(), [], []
    for _ in range(4):
        for all_of_them, now in zip((latencies, bus), ask(12)):
            all_of_them += now
        call("Refresh", path=Objects().one(LOGICAL_UNIT)["path"], interface=LOGICAL_UNIT)
    note(f"a query while paths are stuck: {milliseconds(latencies)}")
    note(f"the bus itself: {milliseconds(bus)}")
    for part in (50, 95):
        check_that(of_hundred(part, latencies) < BAR + 2 * of_hundred(part, bus),
                   f"{part} of 100 within 10 ms, the bus's own time apart", milliseconds(latencies))
    threads, memory = thread_count(pid), memory_kib(pid)
    note(f"{threads} threads ({before_it['threads']} before), {memory} KiB ({before_it['memory']} KiB before)")
    check_that(threads <= before_it["threads"] + THREADS + REPLACEMENTS, "threads are bounded", threads)
    check_that(memory <= before_it["memory"] + 2048, "memory is bounded", memory)
    check_that(1 <= metric("mpapi_commands_stuck") <= REPLACEMENTS, "commands stuck", metric("mpapi_commands_stuck"))
    check(metric("mpapi_paths_unanswering"), 2.0, "paths that do not answer")
    check(main_pid(), pid, "process")


@test
def a_path_that_answers_again_is_okay_again():
    objects = {path["Device"]: path for path in Objects().of(PATH)}
    with Story() as story:
        for disk in stuck:
            heal(disk)
        wait_for("the recovery ends", lambda: not recovering(), 120)
        for disk in stuck:
            heal(disk)
        for disk in stuck:
            story.becomes(objects[disk], "State", "okay", deadline=60)
        story.settled()
    for path in Objects().of(PATH):
        check_fields(path, {"State": "okay", "Identity": "verified", "Trouble": (0, "", "")}, path["Device"])
    pid = main_pid()
    wait_for("no command is stuck", lambda: metric("mpapi_commands_stuck") == 0, 30)
    note(f"{thread_count(pid)} threads, {memory_kib(pid)} KiB resident afterwards")
    check_that(thread_count(pid) <= before_it["threads"] + THREADS, "no more than the pool is left", thread_count(pid))


def after():
    configure_as_installed()
    san_down()


main(before=before, after=after)
