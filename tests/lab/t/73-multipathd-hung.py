#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
# lab: timeout=900
"""Changes while multipathd reconfigures, is started anew, hangs, or dies: done, or refused with nothing changed."""

import os
import signal
import threading
import time
from pathlib import Path

import managers
from bus import BusError
from load import Load
from managers import DROP_IN, NAMES, RECORD, act, in_table, optimized, path, unit, units
from mpapid import PATH, Objects, main_pid, settled
from path_stories import check_out_of_use
from paths import device_number
from shell import read, settle, sh, status, wait_for
from tap import _points, check, check_that, main, note, require_that, test

_points.clear()  # those of path_stories have a script of their own
ANSWERED_WITHIN = 15  # seconds that mpapid gives multipathd for one answer
SOCKET = "@/org/kernel/linux/storage/multipathd"


def multipathd_pid():
    return int(sh("systemctl show -P MainPID multipathd.service"))


def cpu_seconds(pid):
    fields = read(f"/proc/{pid}/stat").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def connections():
    """Connections to multipathd's socket that it has not taken yet."""
    told = sh(f"ss -Hxl src '{SOCKET}'").split()
    require_that(len(told) > 2, "the socket is there", told)
    return int(told[2])


def state():
    """All that a change of paths would change."""
    return {"table": sorted(in_table()), "record": read(RECORD, ""), "drop-in": read(DROP_IN, ""),
            "disabled": [one["Device"] for one in Objects().of(PATH, Disabled=True)],
            "override": unit()["OverridePath"],
            "marked": [disk for disk in units["lu0"]
                       if "DM_MPAPI_DISABLED" in sh(f"udevadm info -q property -n {disk}")]}


class Asked(threading.Thread):
    """A call that is under way: what it was answered, and how long that took."""

    def __init__(self, *arguments):
        super().__init__()
        self.arguments, self.error, self.took = arguments, None, None
        self.start()

    def run(self):
        began = time.monotonic()
        try:
            act(*self.arguments, deadline=180)
        except BusError as error:
            self.error = error
        self.took = time.monotonic() - began

    def answer(self):
        self.join()
        note(f"{self.error or 'done'} after {self.took:.1f} s")
        return self.error.name.rpartition(".")[2] if self.error else "done"


@test
def a_disabled_path_stays_so_over_reconfigure():
    disk = optimized()[0][0]
    with Load(NAMES["lu0"]) as load:
        act(path(disk), "Disable")
        for _ in range(2):
            sh("multipathd reconfigure", timeout=120)
            # It answers before it works; this waits for its lock.
            sh("multipathd show config local", timeout=120)
            settle()
            check_out_of_use(disk, load, "after reconfigure")
        check(path(disk)["Disabled"], True, "Disabled")


@test
def a_disabled_path_stays_so_over_a_restart_of_multipathd():
    disk = optimized()[0][0]
    with Load(NAMES["lu0"]) as load:
        require_that(path(disk)["Disabled"], "it is disabled already")
        sh("systemctl restart multipathd.service", timeout=120)
        managers.in_charge()
        settle()
        check_out_of_use(disk, load, "after a restart of multipathd")
        check(path(disk)["Disabled"], True, "Disabled")
        act(path(disk), "Enable")
        check(sorted(in_table()), sorted(units["lu0"]), "table")
        check(load.failed(), "", "I/O errors")


@test
def one_that_hangs_is_given_up_and_nothing_is_changed():
    disk = optimized()[0][0]
    settled()
    before, hung, ours = state(), multipathd_pid(), main_pid()
    os.kill(hung, signal.SIGSTOP)
    try:
        spent = cpu_seconds(ours)
        asked = Asked(path(disk), "Disable")
        most = 0
        while asked.is_alive():
            began = time.monotonic()
            unit()
            check_that(time.monotonic() - began < 5, "readers are answered meanwhile", time.monotonic() - began)
            most = max(most, connections())
            asked.join(0.5)
        check(asked.answer(), "TimedOut", "answer")
        check_that(asked.took < ANSWERED_WITHIN + 10, "in time", asked.took)
        check_that(most <= 2, "connections at once", most)
        # Nor does it try again when nobody asks it to.
        rest, end = connections(), time.monotonic() + 10
        wait_for("ten seconds", lambda: time.monotonic() >= end, deadline=30, every=0.5)
        check(connections(), rest, "connections ten seconds later")
        spent = cpu_seconds(ours) - spent
        note(f"mpapid took {spent:.2f} s of processor time; {most} connections at most")
        check_that(spent < 5, "processor time", spent)
        check(state(), before, "state while it hangs")
    finally:
        os.kill(hung, signal.SIGCONT)
    sh("multipathd show config local", timeout=120)
    settled()
    check(state(), before, "state when it goes on")
    act(path(disk), "Disable")
    check_that(disk not in in_table(), "then it can be disabled", in_table())
    act(path(disk), "Enable")
    check(state(), before, "state in the end")


def stopped_amid(disk, pid):
    """Disables a path and stops multipathd when udev has marked the disk: it is told to drop the path next."""
    told = Path(f"/run/udev/data/b{device_number(disk)}")
    asked = Asked(path(disk), "Disable")
    end = time.monotonic() + 60
    while "DM_MPAPI_DISABLED" not in read(told, "-"):
        require_that(time.monotonic() < end and asked.is_alive(), "the disk is marked")
    os.kill(pid, signal.SIGSTOP)
    check_that(asked.is_alive(), "it is amid the change")
    return asked


@test
def one_that_hangs_amid_a_change_finds_all_as_it_was():
    disk = optimized()[0][0]
    settled()
    before, hung = state(), multipathd_pid()
    asked = stopped_amid(disk, hung)
    try:
        told = asked.answer()
    finally:
        os.kill(hung, signal.SIGCONT)
    check(told, "TimedOut", "answer")
    check_that(asked.took < 4 * ANSWERED_WITHIN, "in time", asked.took)
    wait_for("all is as it was", lambda: state() == before or None, deadline=60, every=0.5)
    end = time.monotonic() + 8
    wait_for("two intervals of the checker", lambda: time.monotonic() >= end, deadline=30, every=0.5)
    settled()
    check(state(), before, "and stays so")


@test
def one_that_is_killed_amid_a_change_is_told_and_nothing_is_changed():
    disk = optimized()[0][0]
    settled()
    before, killed = state(), multipathd_pid()
    with Load(NAMES["lu0"]) as load:
        asked = stopped_amid(disk, killed)
        os.kill(killed, signal.SIGKILL)
        told = asked.answer()
        check(told, "TryAgain", "answer")
        check_that(asked.took < ANSWERED_WITHIN, "at once", asked.took)
        sh("systemctl reset-failed multipathd.service; systemctl start multipathd.service", timeout=120)
        managers.in_charge()
        wait_for("all is as it was", lambda: state() == before or None, deadline=60, every=0.5)
        act(path(disk), "Disable")
        check_out_of_use(disk, load, "when it runs again")
        act(path(disk), "Enable")
        check(state(), before, "state in the end")
        check(load.failed(), "", "I/O errors")


@test
def nobody_starts_what_the_administrator_stopped():
    sh("systemctl stop multipathd.service multipathd.socket && systemctl start multipathd.socket", timeout=120)
    asked = Asked(path(optimized()[0][0]), "Disable")
    check(asked.answer(), "TryAgain", "answer")
    check(status("systemctl is-active multipathd.service")[1], "inactive", "multipathd.service")
    sh("systemctl start multipathd.service", timeout=120)
    managers.in_charge()


main(before=managers.under_multipathd, after=managers.all_down)
