# SPDX-License-Identifier: LGPL-2.1-or-later
"""TEST UNIT READY as the kernel sends it to disks, counted by its own tracing: whoever probes is seen so."""

from pathlib import Path

from shell import sh, wait_for, write

TRACING = Path("/sys/kernel/tracing")
EVENT = TRACING / "events/scsi/scsi_dispatch_cmd_start"


def address(disk):
    """How a disk stands in the trace."""
    host, channel, target, lun = Path(f"/sys/block/{disk}/device").resolve().name.split(":")
    return f"host_no={host} channel={channel} id={target} lun={lun} "


class Probes:
    """Records from its beginning to its end."""

    def __enter__(self):
        sh(f"mountpoint -q {TRACING} || mount -t tracefs tracefs {TRACING}")
        write(TRACING / "trace_clock", "mono")
        write(EVENT / "filter", "opcode == 0")
        write(TRACING / "trace", "")
        write(EVENT / "enable", 1)
        return self

    def __exit__(self, *_):
        write(EVENT / "enable", 0)

    def times(self, disk):
        """Seconds of CLOCK_MONOTONIC at which a disk was probed."""
        here = address(disk)
        return [float(line.split(": scsi_dispatch_cmd_start:")[0].split()[-1])
                for line in (TRACING / "trace").read_text(errors="replace").splitlines()
                if here in line and "TEST_UNIT_READY" in line]

    def gaps(self, disk, count, deadline):
        """Seconds between probes of a disk, from now until there are `count` of them."""
        before = len(self.times(disk))
        wait_for(f"{count + 1} probes of {disk}", lambda: len(self.times(disk)) > before + count, deadline, every=0.2)
        # The one under way when this began may have been due by what was in force before.
        times = self.times(disk)[before:]
        return [later - earlier for earlier, later in zip(times, times[1:])]
