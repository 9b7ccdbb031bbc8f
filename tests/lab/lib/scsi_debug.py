# SPDX-License-Identifier: LGPL-2.1-or-later
"""The kernel's scsi_debug disks: many at little cost, and faults that LIO cannot make.

Rules are written to /sys/kernel/debug/scsi_debug/<h:c:t:l>/error (Linux 6.7 or later):
`TYPE COUNT OPCODE` adds one, `- TYPE OPCODE` takes it away, reading lists them. A count
of -N makes a rule hold N times, a positive one for ever; opcode 0xff is every command.
Type 0 drops the command (it never returns), 3 makes the abort of it fail, 4 the reset
of the LUN. A reset of the target fails while target<h:c:t>/fail_reset is 1.
"""

from pathlib import Path

from shell import read, settle, sh, status, wait_for, write

FAULTS = Path("/sys/kernel/debug/scsi_debug")
NEVER_RETURNS, ABORT_FAILS, LUN_RESET_FAILS = 0, 3, 4
EVERY_COMMAND = 0xff


def scsi_debug_up(units=1, paths=2, megabytes=8, **options):
    """Loads scsi_debug with `units` LUNs seen through `paths` hosts; gives the disks' names.

    `vpd_use_hostno=0` gives a LUN one name on every host, so they are paths of one unit.
    """
    settings = {"max_luns": units, "add_host": paths, "num_tgts": 1, "dev_size_mb": megabytes, "vpd_use_hostno": 0,
                "ndelay": 0, **options}
    sh("modprobe sd_mod; modprobe sg; mountpoint -q /sys/kernel/debug || mount -t debugfs none /sys/kernel/debug")
    sh("modprobe scsi_debug " + " ".join(f"{key}={value}" for key, value in settings.items()), timeout=600)
    wait_for(f"{units * paths} scsi_debug disks", lambda: len(scsi_debug_disks()) == units * paths,
             deadline=10 + units * paths)
    settle(600)
    return scsi_debug_disks()


def scsi_debug_disks():
    """The disks of scsi_debug, ordered by host, target and LUN."""
    found = []
    for host in Path("/sys/bus/pseudo/drivers/scsi_debug").glob("adapter*/host*"):
        for block in host.glob("target*/*/block/*"):
            found.append(([int(part) for part in block.parent.parent.name.split(":")], block.name))
    return [name for _, name in sorted(found)]


def address_of(disk):
    return Path(f"/sys/block/{disk}/device").resolve().name


def hang(disk, opcode=EVERY_COMMAND, stuck_seconds=10):
    """From now on the disk's commands never return, and no abort or reset helps.

    The kernel still times a command out and tries to recover: the abort and the resets
    fail, and the TEST UNIT READY it probes with gets `stuck_seconds` and hangs too. So a
    command is stuck for its own time-out plus several times that; then the kernel sets
    the disk offline. `heal` does not shorten a wait that has begun. While the kernel
    recovers, every command of the same SCSI host waits too; here a host is one path.
    """
    address = address_of(disk)
    write(f"/sys/block/{disk}/device/eh_timeout", stuck_seconds)
    for kind in (NEVER_RETURNS, ABORT_FAILS, LUN_RESET_FAILS):
        write(FAULTS / address / "error", f"{kind} 1 {opcode:#x}")
    write(FAULTS / f"target{address.rpartition(':')[0]}" / "fail_reset", 1)


def heal(disk):
    """Takes all faults off a disk, and sets it running if the kernel had given it up."""
    address = address_of(disk)
    for line in read(FAULTS / address / "error").splitlines():
        words = line.split()
        if words and words[0].isdigit():
            write(FAULTS / address / "error", f"- {words[0]} {words[2]}")
    write(FAULTS / f"target{address.rpartition(':')[0]}" / "fail_reset", 0)
    if read(f"/sys/block/{disk}/device/state") == "offline":
        write(f"/sys/block/{disk}/device/state", "running")


def faults(disk):
    """The rules that hold for a disk now: {(type, opcode): count}."""
    rules = {}
    for line in read(FAULTS / address_of(disk) / "error").splitlines():
        words = line.split()
        if words and words[0].isdigit():
            rules[(int(words[0]), int(words[2], 16))] = int(words[1])
    return rules


def scsi_debug_down():
    """Removes every scsi_debug disk, healed first so that nothing stays stuck."""
    if not Path("/sys/module/scsi_debug").exists():
        return
    for disk in scsi_debug_disks():
        heal(disk)
    # A command that is still stuck holds its disk, and the disk the module.
    wait_for("scsi_debug is removed", lambda: status("modprobe -r scsi_debug")[0] == 0, deadline=120, every=0.5)


def recovering():
    """The scsi_debug hosts that the kernel's error handler is at work on."""
    return [host.name for host in Path("/sys/bus/pseudo/drivers/scsi_debug").glob("adapter*/host*")
            if read(host / f"scsi_host/{host.name}/state", "running") != "running"]
