# SPDX-License-Identifier: LGPL-2.1-or-later
"""mpapid and multipathd over the same disks, at the same time: what each costs while nothing happens, and how
long each takes to tell all it knows. multipathd has its own defaults of how often it checks.

Figures go to figures.jsonl of the results, as bench/report.py reads them."""

import json
import os
import shlex
import statistics
import subprocess
import time
from pathlib import Path

from multipathd import multipathd_start
from scsi_debug import scsi_debug_up
from shell import read, sh
from tap import check, note

FIGURES = Path(os.environ["LAB_OUT"]) / "figures.jsonl"
CONFIG = Path("/etc/mpapi/mpapid.toml")
CALL = "busctl --json=short call org.mpapi.Multipath1 /org/mpapi/Multipath1"
MANAGER = f"{CALL} org.mpapi.Multipath1.Manager"
WARM_UP, IDLE = 75, 60  # seconds; both daemons ask less often while nothing changes


def figure(name, value, unit, peer, bar_of_peer=None, remark=""):
    """One line; the bar is a part of what the peer has."""
    line = {"figure": name, "value": round(value, 4), "unit": unit}
    if bar_of_peer is not None:
        line["bar"] = round(peer * bar_of_peer, 4)
    ratio = f"{value / peer:.3g} of multipathd" if peer else "multipathd: none"
    line.update(peer=round(peer, 4), note=", ".join(filter(None, [ratio, remark])))
    with FIGURES.open("a") as file:
        file.write(json.dumps(line) + "\n")
    note(json.dumps(line))


def cpu(service):
    told = dict(line.split() for line in read(f"/sys/fs/cgroup/system.slice/{service}.service/cpu.stat").splitlines())
    return int(told["usage_usec"]) / 1e6


def resident(service):
    process = sh(f"systemctl show -P MainPID {service}")
    return int(sh(f"sed -n 's/^VmRSS: *//p' /proc/{process}/status").split()[0]) / 1000


def switches(service):
    process = sh(f"systemctl show -P MainPID {service}")
    return sum(int(sh(f"sed -n 's/^voluntary_ctxt_switches:[[:space:]]*//p' {task}/status"))
               for task in Path(f"/proc/{process}/task").iterdir())


def by_thread(service):
    """{thread: nanoseconds on a processor}; threads of one name together."""
    process, found = sh(f"systemctl show -P MainPID {service}"), {}
    for task in Path(f"/proc/{process}/task").iterdir():
        name = read(task / "comm", "")
        found[name] = found.get(name, 0) + int(read(task / "schedstat", "0 0 0").split()[0])
    return found


def seconds(command, times=9):
    """Of a program, no shell around it."""
    took = []
    for _ in range(times):
        began = time.monotonic()
        subprocess.run(shlex.split(command), stdout=subprocess.DEVNULL, check=True, timeout=300)
        took.append(time.monotonic() - began)
    return statistics.median(took)


def without_sg3_rules():
    """Takes away the rules of sg3-utils-udev: a dozen programs for each of a thousand emulated disks, which say
    nothing that udev's own rules do not.
    """
    for rules in Path("/usr/lib/udev/rules.d").glob("*-sg3_*.rules"):
        Path(f"/etc/udev/rules.d/{rules.name}").symlink_to("/dev/null")
    sh("udevadm control --reload")


def patient_multipathd():
    """The stock unit gives multipathd 90 s to start; with a thousand paths it takes longer here."""
    folder = Path("/run/systemd/system/multipathd.service.d")
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "lab.conf").write_text("[Service]\nTimeoutStartSec=20min\n")
    sh("systemctl daemon-reload")


def many_units(units, paths):
    without_sg3_rules()
    scsi_debug_up(units=units, paths=paths)
    patient_multipathd()
    multipathd_start(units, polling=5, max_polling=20)
    return f"{units} x {paths}"


def start_mpapid(refresh):
    CONFIG.write_text(f"[refresh]\nenabled = {'true' if refresh else 'false'}\n")
    sh("systemctl restart mpapid.service", timeout=120)
    sh(f"{MANAGER} Settled t 300000000", timeout=310)


def idle(seconds_before):
    """(mpapid's CPU, multipathd's, mpapid's wake-ups) in IDLE seconds. Time passing is what is measured."""
    time.sleep(seconds_before)
    before, threads = (cpu("mpapid"), cpu("multipathd"), switches("mpapid")), by_thread("mpapid")
    time.sleep(IDLE)
    for name, spent in by_thread("mpapid").items():
        note(f"thread {name}: {(spent - threads.get(name, 0)) / 1e6:.1f} ms in {IDLE} s")
    return tuple(now - then for now, then in zip((cpu("mpapid"), cpu("multipathd"), switches("mpapid")), before))


def compare(units, paths):
    what = f"{units} x {paths}"
    start_mpapid(refresh=True)
    known = sh("busctl --json=short get-property org.mpapi.Multipath1 /org/mpapi/Multipath1 "
               "org.mpapi.Multipath1.Manager LogicalUnitCount PathCount")
    check([json.loads(line)["data"] for line in known.splitlines()], [units, units * paths], "units and paths known")
    ours, theirs, woken = idle(WARM_UP)
    figure(f"{what}: CPU of 30 s idle, with refresh", ours * 30 / IDLE, "s", theirs * 30 / IDLE, 1 / 5,
           f"{woken} wake-ups in {IDLE} s")
    figure(f"{what}: resident memory", resident("mpapid"), "MB", resident("multipathd"), 1 / 2)
    maps_json = seconds("multipathd show maps json")
    figure(f"{what}: everything as JSON (Describe; multipathd show maps json)", seconds(f"{MANAGER} Describe a{{sv}} 0"),
           "s", maps_json, remark="programs started for it are in both")
    multipath_ll = seconds("multipath -ll")
    figure(f"{what}: all objects over the bus (GetManagedObjects; multipath -ll)",
           seconds(f"{CALL} org.freedesktop.DBus.ObjectManager GetManagedObjects"), "s", multipath_ll)
    list_lu = seconds("mpathadm list lu")
    figure(f"{what}: mpathadm list lu (multipathd show maps json)", list_lu, "s", maps_json, 1 / 3)
    figure(f"{what}: mpathadm list lu (multipath -ll)", list_lu, "s", multipath_ll, 1 / 50)
    start_mpapid(refresh=False)
    ours, theirs, woken = idle(10)
    figure(f"{what}: CPU of 30 s idle, without refresh", ours * 30 / IDLE, "s", theirs * 30 / IDLE, 1 / 100,
           f"{woken} wake-ups in {IDLE} s, the watchdog's among them")
