# SPDX-License-Identifier: LGPL-2.1-or-later
"""mpapid is killed in the middle of a change: what is found after its restart is the old state or the new one.

The state is everything that could disagree: the file of intents, the record of disabled paths, the drop-in, the
map's table and what is published. Each kind of change is first made in peace, there and back, to know both. Which
moment comes with which change is drawn from a seed that is printed: KILL_SEED tells it to a run to be repeated.
"""

import contextlib
import ctypes
import os
import random
import signal
import struct
import threading
import time
import tomllib
from pathlib import Path

import dm
import managers
from bus import Bus, BusError
from events import DmEvents, Recorder
from lio import group_of
from managers import DROP_IN, NAMES, RECORD, STATE, left_over, optimized, units
from mpapid import GROUP, LOGICAL_UNIT, PATH, SERVICE, UNIT, Objects, main_pid, settled
from san import GROUPS, map_by_hand
from shell import TooLate, read, settle, sh, wait_for
from tap import check, check_that, note, test

FIRST, SECOND = "service-time 0", "queue-length 0"


class Files(Recorder):
    """The files that mpapid replaces: the moment one gets its name or loses it (inotify(7))."""

    MOVED_TO, DELETE = 0x80, 0x200

    def __init__(self):
        super().__init__()
        libc = ctypes.CDLL(None, use_errno=True)
        self._descriptor = libc.inotify_init1(os.O_CLOEXEC | os.O_NONBLOCK)
        self._folders = {libc.inotify_add_watch(self._descriptor, str(file.parent).encode(),
                                                self.MOVED_TO | self.DELETE): file.parent
                         for file in (STATE, RECORD, DROP_IN) if file.parent.exists()}

    def fileno(self):
        return self._descriptor

    def take(self):
        data, found = os.read(self._descriptor, 65536), []
        while data:
            watch, _, _, length = struct.unpack_from("iIII", data)
            found.append(str(self._folders[watch] / data[16:16 + length].rstrip(b"\0").decode()))
            data = data[16 + length:]
        return found

    def close(self):
        os.close(self._descriptor)


def kept(name):
    """What the file of intents says of the unit and of all, without what is only kept to find back."""
    told = tomllib.loads(read(STATE, "") or "")
    unit = next((one for one in told.get("unit", []) if one["key"] in NAMES[name]), {})
    return {"everywhere": told.get("everywhere", {}), "override": unit.get("override_path"),
            **{key: value for key, value in unit.items() if not isinstance(value, (dict, list)) and key != "key"}}


def lines(file):
    return sorted(line.strip() for line in (read(file, "") or "").splitlines()
                  if line.strip() and not line.strip().startswith("#"))


def state(name):
    """Everything that a change of a unit changes, from all who know of it."""
    objects = Objects()
    unit = objects.one(LOGICAL_UNIT, Name=NAMES[name])
    paths = objects.of(PATH, LogicalUnit=unit["path"])
    table = dm.table(NAMES[name])
    return {
        "intents": kept(name), "record": lines(RECORD), "drop-in": lines(DROP_IN),
        "groups": sorted(sorted(Path(f"/sys/dev/block/{path['device']}").resolve().name for path in group["paths"])
                         for group in table["groups"]),
        "selectors": sorted({group["selector"] for group in table["groups"]}),
        "published": {
            "override": unit["OverridePath"].rpartition("/")[2], "selector": unit["Selector"],
            "failback": unit["AutoFailback"], "disabled": sorted(path["Device"] for path in paths if path["Disabled"]),
            "in groups": sorted(path["Device"] for path in paths if path["PriorityGroup"])},
        "access": {group: group_of(name, group)["state"] for group in GROUPS},
        "published access": {one["Number"]: one["AccessState"] for one in objects.of(GROUP, LogicalUnit=unit["path"])}}


class Kind:
    """A change of a unit and the one that undoes it, as calls.

    Where target port groups are changed, how paths are grouped is multipathd's affair, in its own time.
    """

    def __init__(self, there, back, unit="lu0", without=()):
        self.calls = {"there": there, "back": back}
        self.unit, self.without = unit, without
        self.states = {}
        self.at = "back"  # which of both was the last

    def make(self, way):
        with Bus() as bus:
            bus.call(SERVICE, *self.calls[way], deadline=90)
        self.at = way

    def state(self):
        """The state once nothing of it is under way any more."""
        seen = []

        def twice():
            settled()
            seen.append({key: value for key, value in state(self.unit).items() if key not in self.without})
            return len(seen) > 1 and seen[-1] == seen[-2]

        wait_for("two looks see the same", twice, deadline=60, every=0.2)
        return seen[-1]

    def became(self, old, new, deadline=40):
        """"old" or "new" once it is one of them; what it is where that does not come."""
        end = time.monotonic() + deadline
        while True:
            found = self.state()
            if found in (old, new):
                return "old" if found == old else "new"
            if time.monotonic() >= end:
                return found

    def learn(self):
        """Both states in peace, and how long it takes to get there."""
        self.states["back"] = self.state()
        began = time.monotonic()
        self.make("there")
        self.seconds = time.monotonic() - began
        self.states["there"] = self.state()
        self.make("back")
        again = self.state()
        check(again, self.states["back"], "there and back in peace")
        return again == self.states["back"]


def kinds():
    objects = Objects()
    unit = objects.one(LOGICAL_UNIT, Name=NAMES["lu0"])["path"]
    of_disk = {one["Device"]: one["path"] for one in objects.of(PATH, LogicalUnit=unit)}
    explicit = objects.one(LOGICAL_UNIT, Name=NAMES["lu1"])["path"]
    groups = {one["Number"]: one["path"] for one in objects.of(GROUP, LogicalUnit=explicit)}
    disk, other = optimized()[0][0], optimized()[1][0]

    def access(first, second):
        return (explicit, LOGICAL_UNIT, "SetAccessStates", "a(os)a{sv}",
                [(groups[GROUPS[first]], "active-optimized"), (groups[GROUPS[second]], "active-non-optimized")], {})

    def select(selector):
        return (unit, LOGICAL_UNIT, "SetProprietaryProperties", "a{ss}a{sv}", {"selector": selector}, {})

    found = {
        "disabling": Kind((of_disk[disk], PATH, "Disable", "a{sv}", {}), (of_disk[disk], PATH, "Enable", "a{sv}", {})),
        "override": Kind((unit, LOGICAL_UNIT, "SetOverridePath", "oa{sv}", of_disk[other], {}),
                         (unit, LOGICAL_UNIT, "CancelOverridePath", "a{sv}", {})),
        "selector": Kind(select(SECOND), select(FIRST)),
        "failback": Kind((unit, LOGICAL_UNIT, "SetAutoFailback", "ba{sv}", False, {}),
                         (unit, LOGICAL_UNIT, "SetAutoFailback", "ba{sv}", True, {})),
    }
    # The same code under both managers; beside multipathd the kernel may move a group once more by itself.
    if managers.manager == "standalone":
        found["access states"] = Kind(access("gB", "gA"), access("gA", "gB"), unit="lu1", without=("groups",))
    return found


class Killed:
    """A call whose daemon is killed at a moment; `answered` tells whether it had answered before."""

    def __init__(self, call):
        self._call, self.answered = call, False
        self._thread = threading.Thread(target=self._ask, daemon=True)

    def _ask(self):
        try:
            with Bus() as bus:
                bus.call(SERVICE, *self._call, deadline=90)
            self.answered = True
        except (BusError, TooLate):
            pass

    def at(self, moment, both_units=True):
        """The moment is waited for while the call is under way; gives whether it came before the answer."""
        process = main_pid()
        with moment() as wait:
            self._thread.start()
            wait(self._thread)
            early = not self.answered
            os.kill(process, signal.SIGKILL)
        self._thread.join(100)
        sh(f"systemctl reset-failed {UNIT}", check=False)
        wait_for("another mpapid runs", lambda: main_pid() not in (0, process), deadline=60, every=0.1)
        if both_units:
            managers.in_charge()
        wait_for("it is ready", lambda: Objects().of(LOGICAL_UNIT, Name=NAMES["lu0"]), deadline=60, every=0.2)
        return early


def when(recorder, what, or_answer=True):
    """The moment of the recorder's first event, or the answer where none comes before."""
    @contextlib.contextmanager
    def prepared():
        with recorder() as seen:
            yield lambda call: wait_for(what, lambda: seen.seen or or_answer and not call.is_alive(), deadline=60,
                                        every=0.0005)
    return prepared


def after(seconds):
    return lambda: contextlib.nullcontext(lambda call: call.join(seconds))


def moments(kind, draw):
    share = draw.uniform(0.1, 0.9)
    return {"a file was replaced": when(Files, "a file is replaced"),
            "an event of device-mapper": when(DmEvents, "an event of device-mapper"),
            f"{100 * share:.0f} % of its time": after(share * kind.seconds)}


@test
def killed_in_any_change_it_finds_the_old_state_or_the_new_one():
    seed = int(os.environ.get("KILL_SEED") or random.SystemRandom().randrange(1 << 32))
    note(f"KILL_SEED={seed}")
    draw, early, tries = random.Random(seed), 0, 0
    every = kinds()
    for first in (every["failback"], every["selector"]):
        first.make("back")  # settings stay set from here on
    for name, kind in every.items():
        if not kind.learn():
            continue
        note(f"{name}: {kind.seconds:.2f} s in peace")
        for moment, wait in draw.sample(sorted(moments(kind, draw).items()), 2):
            way = "there" if kind.at == "back" else "back"
            was = kind.states[kind.at]
            hit = Killed(kind.calls[way]).at(wait)
            tries, early = tries + 1, early + hit
            found = kind.became(was, kind.states[way])
            note(f"{name}, {way}, at {moment}: {'before' if hit else 'after'} the answer; {found}")
            check_that(found in ("old", "new"), f"{name} {way}, killed at {moment}: old or new",
                       differences(found, was, kind.states[way]))
            check(left_over(), [], f"{name} {way}, killed at {moment}: maps left suspended or half loaded")
            if found == "new":
                kind.at = way
        kind.make("back")
    check_that(early * 2 >= tries, "most were hit in the middle", f"{early} of {tries}")


def differences(found, old, new):
    return found if isinstance(found, str) else {
        key: {"found": found[key], "old": old[key], "new": new[key]}
        for key in found if found[key] not in (old[key], new[key]) or old[key] != new[key]}


@test
def killed_while_a_map_is_removed_it_finds_the_map_there_or_gone():
    for moment in (after(0.05), when(DmEvents, "an event of device-mapper", or_answer=False)):
        unit = Objects().one(LOGICAL_UNIT, Name=NAMES["lu1"])["path"]
        Killed((unit, LOGICAL_UNIT, "Remove", "a{sv}", {})).at(moment, both_units=False)
        settled()
        there = dm.info(NAMES["lu1"]) is not None
        note(f"the map is {'there' if there else 'gone'}")
        check(len(Objects().of(LOGICAL_UNIT, Name=NAMES["lu1"])), int(there), "units published of it")
        check(left_over(), [], "maps left suspended or half loaded")
        if not there:
            restore("lu1")


def restore(unit):
    if managers.manager == "multipathd":
        sh(f"multipathd add map {NAMES[unit]}", check=False)
        sh("multipathd reconfigure")
    else:
        map_by_hand(NAMES[unit], units[unit], uuid=f"mpath-{NAMES[unit]}")
    wait_for("the map is there again", lambda: dm.info(NAMES[unit]) and len(managers.in_table(unit)) == 4,
             deadline=60, every=0.2)
    settle()
    managers.in_charge()
