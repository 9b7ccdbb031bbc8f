# SPDX-License-Identifier: LGPL-2.1-or-later
"""I/O on a map that goes on while a story is told, and the kernel's counters of which path carries it."""

import json
import signal
import subprocess
import tempfile

from shell import read, wait_for


def requests(disk):
    """Reads and writes that a disk has completed (Documentation/block/stat.rst). A checker's commands are not counted."""
    fields = read(f"/sys/block/{disk}/stat").split()
    return int(fields[0]) + int(fields[4])


class Load:
    """Direct reads all over a map, until its end; an error ends it, and `failed` tells."""

    def __init__(self, map_name):
        self.map = map_name
        self.process = None

    def __enter__(self):
        self.process = subprocess.Popen(
            ["fio", "--name=load", f"--filename=/dev/mapper/{self.map}", "--rw=randread", "--bs=4k", "--direct=1",
             "--ioengine=libaio", "--iodepth=4", "--rate_iops=400", "--time_based", "--runtime=3600", "--readonly"],
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        return self

    def __exit__(self, *_):
        self.process.terminate()
        self.process.communicate(timeout=60)

    def failed(self):
        """What it said if it has ended, else ''."""
        return "" if self.process.poll() is None else self.process.communicate()[0] or "it ended"

    def carried(self, disks, total=400, deadline=60):
        """{disk: requests} while the disks together carried that many more."""
        before = {disk: requests(disk) for disk in disks}

        def since():
            return {disk: requests(disk) - before[disk] for disk in disks}

        wait_for(f"{total} requests on {', '.join(disks)}", lambda: sum(since().values()) >= total, deadline=deadline)
        return since()


class VerifiedLoad(Load):
    """Direct writes all over a map, each read back and compared soon after, until its end."""

    def __enter__(self):
        self.process = subprocess.Popen(
            ["fio", "--name=verified", f"--filename=/dev/mapper/{self.map}", "--rw=randwrite", "--bs=4k", "--direct=1",
             "--ioengine=libaio", "--iodepth=8", "--rate_iops=100", "--time_based", "--runtime=3600",
             "--verify=crc32c", "--verify_backlog=32", "--verify_fatal=1", "--output-format=json",
             f"--aux-path={tempfile.gettempdir()}"],
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        return self

    def end(self):
        """Ends it; gives {written, compared, error, text}: requests, an errno, and what it said of them."""
        self.process.send_signal(signal.SIGINT)
        text = self.process.communicate(timeout=120)[0]
        said, _, report = text.partition("\n{")
        job = json.loads("{" + report)["jobs"][0]
        return {"written": job["write"]["total_ios"], "compared": job["read"]["total_ios"], "error": job["error"],
                "text": said}
