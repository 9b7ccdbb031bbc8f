# SPDX-License-Identifier: LGPL-2.1-or-later
"""Logical units removed, as it has to be under either path manager."""

import subprocess
import time
from pathlib import Path

import dm
import managers
from bus import BusError
from events import Uevents
from load import Load
from managers import NAMES, act, unit, units
from mpapid import LOGICAL_UNIT, SERVICE, Objects, Story, call, check_prompt, get_all, pings, settled
from san import map_by_hand
from shell import read, settle, sh, status, wait_for
from tap import check, check_fields, check_that, note, require_that, test as point

JOB = f"{SERVICE}.Job"
HERE = Path("/mnt/held")
ERROR = f"{SERVICE}.Error."
VICTIM = "lu1"
NAME = NAMES[VICTIM]
MINUTE = 60 * 1000000


def test(story):
    """A point after which nobody holds the unit and it is there."""
    def told():
        try:
            story()
        finally:
            let_go()
            there_again()
    told.__name__ = story.__name__
    return point(told)


processes = []


def keep_open():
    """A process that has the map open and does nothing with it."""
    with open(f"/dev/mapper/{NAME}", "rb", buffering=0) as opened:
        process = subprocess.Popen(["sleep", "600"], stdin=opened)
    processes.append(process)
    wait_for("it is that program", lambda: read(f"/proc/{process.pid}/comm") == "sleep")
    return process


def end_process():
    process = processes.pop()
    process.terminate()
    process.wait()


def let_go():
    while processes:
        end_process()
    status(f"umount {HERE}")
    status("vgchange -an held")


def there_again():
    """The unit's map as at the beginning: made by whoever makes maps here."""
    if not dm.info(NAME):
        if managers.manager == "multipathd":
            sh("multipathd reconfigure", timeout=120)
        else:
            map_by_hand(NAME, units[VICTIM], uuid=f"mpath-{NAME}")
    wait_for("the unit is there with all its paths", lambda: dm.info(NAME) and
             sorted(managers.in_table(VICTIM)) == sorted(units[VICTIM]) and
             Objects().of(LOGICAL_UNIT, Name=NAME), deadline=60, every=0.2)
    settled()


def remove(wait=0):
    """Begins the removal; gives the job's object path."""
    return act(unit(VICTIM), "Remove", "a{sv}", {"Wait": ("t", wait)} if wait else {})


def job(path):
    return {**get_all(path, JOB), "path": path, "interface": JOB}


def ended(path, deadline=60):
    wait_for("the job has ended", lambda: job(path)["State"] != "running", deadline, every=0.1)
    told = job(path)
    note(f"{told['State']}: {told['Message']}")
    check(told["Stage"], "", "Stage of an ended job")
    return told


def waits(path):
    return wait_for("the job waits for holders", lambda: job(path)["Stage"].startswith("waiting") and job(path),
                    deadline=30, every=0.1)


def untouched(what):
    known = dm.info(NAME)
    if check_that(known, f"{what}: the map is there"):
        check(known["suspended"], False, f"{what}: suspended")
        check(sh(f"dmsetup table --inactive {NAME}", check=False), "", f"{what}: a table that waits")
        check(sorted(managers.in_table(VICTIM)), sorted(units[VICTIM]), f"{what}: paths of its table")
        check(status(f"dd if=/dev/mapper/{NAME} of=/dev/null bs=4k count=1 iflag=direct")[0], 0, f"{what}: reading")
    check(len(Objects().of(LOGICAL_UNIT, Name=NAME)), 1, f"{what}: published")


@test
def a_unit_that_nobody_holds_is_removed_at_once():
    one = unit(VICTIM)
    with Load(NAMES["lu0"]) as load, Story() as story:
        told = ended(remove())
        check_fields(told, {"State": "done", "Error": "", "Kind": "remove", "Object": one["path"], "Holders": [],
                            "Progress": 1.0, "User": 0}, "the job")
        check(dm.info(NAME), None, "the map")
        story.removed(one["path"])
        check(Objects().of(LOGICAL_UNIT, Name=NAME), [], "published")
        load.carried(list(units["lu0"]))
        check(load.failed(), "", "I/O errors of the other unit")
    settle()
    settled()
    check(dm.info(NAME), None, "the map, when all is calm")
    there_again()
    check(unit(VICTIM)["ObjectId"], one["ObjectId"], "its id, when it is there again")


@test
def a_mount_on_lvm_is_told_from_the_top_and_waited_for():
    sh(f"vgcreate -y -s 1m held /dev/mapper/{NAME} && lvcreate -y -n data -L 10m held && "
       f"mkfs.ext4 -q /dev/held/data", timeout=120)
    HERE.mkdir(exist_ok=True)
    sh(f"mount /dev/held/data {HERE}")
    told = ended(remove())
    check_fields(told, {"State": "failed", "Error": ERROR + "TryAgain"}, "without time to wait")
    found = [(kind, name) for kind, name, _ in told["Holders"]]
    check(found, [("mount", str(HERE)), ("device", "held/data")], "holders")
    for name in (str(HERE), "held/data"):
        check_that(name in told["Message"], f"{name} is named", told["Message"])
    untouched("after it was refused")
    sh(f"touch {HERE}/written && sync -f {HERE}")

    path = remove(5 * MINUTE)
    check([(kind, name) for kind, name, _ in waits(path)["Holders"]], found, "holders that it waits for")
    try:
        remove()
        check_that(False, "a second removal is refused")
    except BusError as error:
        check(error.name, ERROR + "TryAgain", "a second removal")
    untouched("while it waits")
    sh(f"umount {HERE}")
    wait_for("only the volume is left", lambda: [kind for kind, _, _ in job(path)["Holders"]] == ["device"], 30)
    sh("vgchange -an held")
    check(ended(path)["State"], "done", "the job, when all is free")
    check(dm.info(NAME), None, "the map")
    # LVM activates what it finds on a map that comes; the others shall find none.
    there_again()
    sh(f"udevadm settle; vgremove -ff -y held && pvremove -y /dev/mapper/{NAME}", timeout=120)


@test
def a_process_is_told_and_the_job_can_be_canceled():
    process = keep_open()
    path = remove(5 * MINUTE)
    held = waits(path)
    check([(kind, name) for kind, name, _ in held["Holders"]], [("process", str(process.pid))], "holders")
    call("Cancel", path=path, interface=JOB)
    check(job(path)["State"], "canceled", "State as soon as Cancel has returned")
    ended(path)
    end_process()
    settled()
    untouched("after it was canceled and nobody holds it")
    check(ended(remove())["State"], "done", "asked for once more")


@test
def time_runs_out_and_nothing_was_done():
    keep_open()
    began = time.monotonic()
    told = ended(remove(2 * 1000000))
    took = time.monotonic() - began
    check_fields(told, {"State": "failed", "Error": ERROR + "TimedOut"}, "the job")
    check_that(2 <= took < 20, "after the time that was given", took)
    untouched("after the time was over")


@test
def who_comes_between_keeps_the_map():
    # Whatever was found: the kernel has the last word. Somebody opens and closes the map all the time.
    loop = subprocess.Popen(["bash", "-c", f"while :; do dd if=/dev/mapper/{NAME} of=/dev/null bs=64k count=64 "
                             "iflag=direct 2>/dev/null; done"])
    try:
        told = ended(remove())
    finally:
        loop.terminate()
        loop.wait()
    if told["State"] == "done":
        check(dm.info(NAME), None, "the map, if it was removed")
    else:
        check(told["Error"], ERROR + "TryAgain", "the error, if it was not")
        settle()
        untouched("if it was not")


@test
def the_end_is_told_within_100_milliseconds():
    delays, handed_over = [], []
    for _ in range(3):
        known = dm.info(NAME)
        with Story() as story, Uevents(Uevents.KERNEL) as events:
            path = remove()
            at, _ = events.expect("removal of the map by the kernel", lambda event, number=known["minor"]:
                                  event.get("ACTION") == "remove" and
                                  event.get("DEVNAME", "").endswith(f"dm-{number}"), deadline=30)
            delays.append(story.becomes({"path": path, "interface": JOB}, "State", "done") - at)
        handed_over += pings(1)
        require_that(job(path)["State"] == "done", "it is done", job(path))
        there_again()
    check_prompt(delays, handed_over, "told")
