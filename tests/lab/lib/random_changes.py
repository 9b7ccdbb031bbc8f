# SPDX-License-Identifier: LGPL-2.1-or-later
"""I/O that is verified, while paths, groups and settings of its map are changed at random, by mpapid and behind its back.

What comes next is drawn from a seed that is printed: RANDOM_CHANGES_SEED tells it to a run that is to be repeated.
A fault is only drawn where a path is left that works and that device-mapper knows to work.
"""

import os
import random
import time
from collections import Counter
from pathlib import Path

import dm
import managers
from bus import Bus, BusError
from lio import group_of, group_state
from load import VerifiedLoad
from managers import NAMES, give_back, lose, left_over, units
from mpapid import GROUP, LOGICAL_UNIT, PATH, SERVICE, Objects
from paths import path_offline, path_online
from san import GROUPS
from shell import read, sh, wait_for
from tap import check, check_that, note, test

ACTIONS = 200
SELECTORS = ("service-time 0", "queue-length 0", "round-robin 0")
# What a caller may be told when the moment is not right. Anything else is a failure of the daemon.
# UnknownObject: multipathd leaves a path that does not work out of a table that it makes anew.
NOT_NOW = {"NotPermitted", "TryAgain", "PathNonoperational", "ObjectNotFound", "AccessStateInvalid", "UnknownObject"}


class Walk:
    """The map lu0, and what has been done to it so far."""

    def __init__(self, seed):
        self.draw = random.Random(seed)
        self.steps, self.made = 0, set()
        self.bus = Bus()
        self.unit = managers.unit()["path"]
        self.name = NAMES["lu0"]
        self.paths = {one["Device"]: one["path"] for one in Objects().of(PATH, LogicalUnit=self.unit)}
        self.groups = {number: one["path"] for one in Objects().of(GROUP, LogicalUnit=self.unit)
                       for number in [one["Number"]]}
        self.disabled, self.offline, self.lost = set(), set(), []
        self.override = None
        self.refused, self.wrong = Counter(), []

    # What is true now

    def active(self):
        """The unit's groups through which I/O goes, as the array has them."""
        return {group for group in GROUPS if group_of("lu0", group)["state"].startswith("active")}

    def working(self):
        """Disks in the table that device-mapper takes to work, that do, and whose group lets I/O through."""
        states, active, found = dm.path_states(self.name), self.active(), []
        for disk, group in units["lu0"].items():
            number = read(f"/sys/block/{disk}/dev", "")
            if states.get(number) == "A" and disk not in self.offline and group in active:
                found.append(disk)
        return found

    def spare(self):
        """Disks of which any one can be done without."""
        working = self.working()
        return [disk for disk in units["lu0"] if disk not in self.offline and set(working) - {disk}]

    def call(self, path, interface, method, signature, *arguments):
        self.bus.call(SERVICE, path, interface, method, signature, *arguments, deadline=60)

    # Each gives what it did, or None where there is nothing for it to be done to.

    def disable(self):
        left = [disk for disk in self.spare() if disk not in self.disabled]
        if not left:
            return None
        disk = self.draw.choice(left)
        self.call(self.paths[disk], PATH, "Disable", "a{sv}", {})
        self.disabled.add(disk)
        return disk

    def enable(self):
        here = sorted(self.disabled)
        if not here:
            return None
        disk = self.draw.choice(here)
        self.call(self.paths[disk], PATH, "Enable", "a{sv}", {})
        self.disabled.discard(disk)
        return disk

    def set_override(self):
        working = self.working()
        if not working:
            return None
        disk = self.draw.choice(working)
        self.call(self.unit, LOGICAL_UNIT, "SetOverridePath", "oa{sv}", self.paths[disk], {})
        self.override = disk
        return disk

    def cancel_override(self):
        if not self.override:
            return None
        self.call(self.unit, LOGICAL_UNIT, "CancelOverridePath", "a{sv}", {})
        was, self.override = self.override, None
        return was

    def select(self):
        selector = self.draw.choice(SELECTORS)
        self.call(self.unit, LOGICAL_UNIT, "SetProprietaryProperties", "a{ss}a{sv}", {"selector": selector}, {})
        return selector

    def fail_over(self):
        """Explicitly: a group is asked to become optimized, the other to step back."""
        first, second = self.draw.sample(sorted(GROUPS), 2)
        working = self.working()
        if not any(units["lu0"][disk] == first for disk in working):
            return None
        self.call(self.unit, LOGICAL_UNIT, "SetAccessStates", "a(os)a{sv}",
                  [(self.groups[GROUPS[first]], "active-optimized"),
                   (self.groups[GROUPS[second]], "active-non-optimized")], {})
        return f"{first} optimized"

    def array_moves(self):
        group = self.draw.choice(sorted(GROUPS))
        state = self.draw.choice(("active-optimized", "active-nonoptimized", "standby"))
        if state == "standby" and not any(units["lu0"][disk] != group for disk in self.working()):
            return None
        group_state("lu0", group, state)
        return f"{group} {state}"

    def cut(self):
        left = self.spare()
        if not left:
            return None
        disk = self.draw.choice(left)
        path_offline(disk)
        self.offline.add(disk)
        return disk

    def mend(self):
        if not self.offline:
            return None
        disk = self.draw.choice(sorted(self.offline))
        path_online(disk)
        self.offline.discard(disk)
        return disk

    def fail(self):
        """What an administrator does with dmsetup, and whoever looks after paths undoes.

        A path that was enabled while it was cut comes into its table when multipathd has found it well.
        """
        left = [disk for disk in self.spare() if disk in managers.in_table()]
        if not left:
            return None
        disk = self.draw.choice(left)
        dm.message(self.name, f"fail_path {read(f'/sys/block/{disk}/dev')}")
        return disk

    def remove(self):
        left = self.spare()
        if not left or len(self.lost) == 1:
            return None
        disk = self.draw.choice(left)
        lost = lose(disk)
        self.lost.append((lost, disk, self.paths.pop(disk), disk in self.disabled, self.override == disk))
        self.disabled.discard(disk)
        return disk

    def bring_back(self):
        if not self.lost:
            return None
        lost, was, path, disabled, overriding = self.lost.pop()
        disk = give_back(lost)
        self.paths[disk] = path
        if disabled:
            self.disabled.add(disk)
        if overriding:
            self.override = disk
        return f"{was} as {disk}"

    KINDS = {disable: 36, enable: 36, set_override: 7, cancel_override: 9, select: 6, fail_over: 16, array_moves: 22,
             cut: 24, mend: 26, fail: 8, remove: 1, bring_back: 3}

    def step(self):
        """One action; (its kind, what it was done to, seconds). In the second half rare kinds get their turn."""
        self.steps += 1
        overdue = [kind for kind in self.KINDS if self.steps > ACTIONS // 2 and kind not in self.made]
        while True:
            kind = overdue.pop() if overdue else self.draw.choices([*self.KINDS], [*self.KINDS.values()])[0]
            began = time.monotonic()
            try:
                done = kind(self)
            except BusError as error:
                word = error.name.rpartition(".")[2]
                self.refused[f"{kind.__name__}: {word}"] += 1
                if word not in NOT_NOW:
                    self.wrong.append(f"{kind.__name__}: {error}")
                done = f"refused: {error}"
            if done is not None:
                self.made.add(kind)
                return kind.__name__, done, time.monotonic() - began

    def all_well(self):
        """Everything that was done is undone."""
        for disk in list(self.offline):
            path_online(disk)
        self.offline.clear()
        while self.lost:
            self.bring_back()
        group_state("lu0", "gA", "active-optimized")
        group_state("lu0", "gB", "active-nonoptimized")
        managers.calm()


@test
def verified_io_goes_through_200_random_changes_and_faults():
    seed = int(os.environ.get("RANDOM_CHANGES_SEED") or random.SystemRandom().randrange(1 << 32))
    note(f"RANDOM_CHANGES_SEED={seed}")
    walk = Walk(seed)
    took, count = Counter(), Counter()
    log = Path(os.environ.get("LAB_OUT", "/tmp"), f"random-changes-{managers.manager}.txt").open("w")
    with VerifiedLoad(walk.name) as load:
        began = time.monotonic()
        for number in range(1, ACTIONS + 1):
            kind, done, seconds = walk.step()
            took[kind] += seconds
            count[kind] += 1
            print(f"{number} {time.monotonic() - began:.2f} s: {kind} {done} ({seconds:.2f} s)", file=log, flush=True)
            if load.process.poll() is not None:
                check_that(False, f"fio goes on after action {number}, {kind} {done}", load.failed())
                break
        note(f"{sum(count.values())} actions in {time.monotonic() - began:.1f} s")
        for kind in count:
            note(f"{kind}: {count[kind]}, {took[kind] / count[kind]:.2f} s each")
        note(f"refused: {dict(walk.refused)}")
        walk.all_well()
        if load.process.poll() is None:
            told = load.end()
            note(told)
            check(told["error"], 0, f"error that fio met ({told['text']})")
            check_that(told["compared"] > 500, "requests were read back and compared", told)
        check(sorted(count), sorted(kind.__name__ for kind in Walk.KINDS), "kinds of actions")
        check(walk.wrong, [], "answers that no caller should get")
    check(left_over(), [], "maps that are suspended or have a table that waits")
    check(sorted(managers.in_table()), sorted(units["lu0"]), "table at the end")
    log.close()
