# SPDX-License-Identifier: LGPL-2.1-or-later
"""kernel-watch: what daemon/kernel tells, as it tells it, without the daemon above it.

The program comes from the build folder by `--deb build/tests/lab/tools`.
"""

import glob
import json
import re
import subprocess
import threading
import time
from pathlib import Path

import dm
import sysfs
from shell import TooLate, read, sh
from tap import check, check_fields

PROGRAM = Path("/debs/kernel-watch")
RULE = Path("/debs/70-mpapi.rules")


class KernelWatch:
    """A running kernel-watch; keeps every line, and what is there now."""

    def __init__(self, *options, without=()):
        """`without` are capabilities it shall lack ("net_admin")."""
        drop = ",".join("-" + name for name in without)
        command = ["setpriv", f"--bounding-set={drop}", f"--inh-caps={drop}"] if drop else []
        self.lines, self.disks, self.maps, self.asked = [], {}, {}, {}
        self.news = threading.Condition()
        self.process = subprocess.Popen([*command, str(PROGRAM), *options], stdin=subprocess.PIPE,
                                        stdout=subprocess.PIPE, text=True)
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self):
        for text in self.process.stdout:
            line = json.loads(text)
            with self.news:
                self.lines.append(line)
                kind = line["event"]
                if kind == "disk_present":
                    self.disks[line["device"]] = line
                elif kind == "disk_gone":
                    self.disks.pop(line["device"], None)
                elif kind == "map_present":
                    self.maps[line["number"]] = line
                elif kind == "map_gone":
                    self.maps.pop(line["number"], None)
                elif kind == "asked":
                    self.asked[(line["device"], line.get("command"))] = line
                self.news.notify_all()

    def mark(self):
        """Where the next line will stand: news are looked for from there."""
        return len(self.lines)

    def say(self, command):
        self.process.stdin.write(command + "\n")
        self.process.stdin.flush()

    def expect(self, what, fits, since=0, deadline=10.0):
        """The first line from `since` on that fits, waiting for it up to the deadline."""
        end = time.monotonic() + deadline
        with self.news:
            seen = since
            while True:
                while seen < len(self.lines):
                    if fits(self.lines[seen]):
                        return self.lines[seen]
                    seen += 1
                left = end - time.monotonic()
                if left <= 0:
                    told = "\n".join(json.dumps(line)[:300] for line in self.lines[since:])
                    raise TooLate(f"not told within {deadline:g} s: {what}\nsince then:\n{told}")
                self.news.wait(left)

    def event(self, kind, since=0, deadline=10.0, **fields):
        """The first event of a kind, with these fields."""
        return self.expect(f"{kind} {fields}", lambda line: line["event"] == kind and
                           all(line.get(name) == value for name, value in fields.items()), since, deadline)

    def map_says(self, what, since, deadline=10.0):
        """The first word on a map with `what` in its table or status."""
        return self.expect(f"a map with '{what}'", lambda line: line["event"] == "map_present" and
                           (what in line["table"] or what in line["status"]), since, deadline)

    def settle(self, seconds=20):
        """Waits for settle(); gives what was wrong, or ""."""
        since = self.mark()
        self.say(f"settle {seconds * 1000}")
        return self.event("settled", since, seconds + 5)["error"]

    def change(self, verb, number, text="", deadline=20.0):
        """Asks for a change; gives the line of its end and those told before it."""
        since = self.mark()
        self.say(f"{verb} {number} {text}".rstrip())
        line = self.event("changed", since, deadline, change=verb)
        return line, self.lines[since:self.lines.index(line, since)]

    def switches(self):
        """How often its threads were switched to or away from."""
        found = [re.findall(r"ctxt_switches:\s+(\d+)", read(file))
                 for file in glob.glob(f"/proc/{self.process.pid}/task/*/status")]
        return sum(int(number) for numbers in found for number in numbers)

    def dropped(self):
        """Datagrams that the kernel dropped for its netlink sockets."""
        sockets = {read_link(file) for file in glob.glob(f"/proc/{self.process.pid}/fd/*")}
        rows = [line.split() for line in read("/proc/net/netlink").splitlines()[1:]]
        return sum(int(row[8]) for row in rows if f"socket:[{row[9]}]" in sockets)

    def end(self):
        self.process.terminate()
        self.process.wait(timeout=10)


def read_link(file):
    try:
        return str(Path(file).readlink())
    except OSError:
        return ""


def compare_map(told, name):
    """Field by field with dmsetup."""
    known = dm.info(name)
    check_fields(told, {"name": name, "uuid": known["uuid"], "number": f"{known['major']}:{known['minor']}",
                        "event_number": known["event"], "suspended": known["suspended"]}, name)
    for what in ("table", "status"):
        check(f"0 {told['size'] // 512} multipath {told[what].rstrip()}", sh(f"dmsetup {what} {name}").rstrip(),
              f"{what} of {name}")


def compare_disk(told, disk):
    """Field by field with sysfs."""
    seen = sysfs.device(disk)
    check_fields(told, {"address": seen["hctl"], "state": seen["state"], "vendor": seen["vendor"],
                        "product": seen["product"], "revision": seen["revision"], "size": seen["sectors"] * 512,
                        "number": seen["device"], "holders": sysfs.holders(disk)}, disk)
    check(told["vpd83"], Path(f"/sys/block/{disk}/device/vpd_pg83").read_bytes().hex(), f"{disk}: page 83h")
