# SPDX-License-Identifier: LGPL-2.1-or-later
"""One QEMU guest: its command line, its accelerator, and what it reports.

The guest's agent speaks to us in JSON lines over a virtio-serial port; the serial
console goes to a file, for the day the agent is silent.
"""

import ctypes
import json
import mmap
import os
import selectors
import subprocess
import time
from pathlib import Path

from image import cache
from needs import LAB, run

BOOT_SECONDS = 600  # from QEMU's start to the agent's first word: 20 s on a host that is not busy with others
GRACE_SECONDS = 60  # past a script's own limit: the agent ends it itself, and tidies up


def accelerator(image):
    """What QEMU shall run on: hardware only if a guest has booted with it.

    /dev/kvm may open and yet fail or hang at the first instruction, so it is tried
    with a guest that says one word and powers off. The answer holds until reboot.
    """
    asked = os.environ.get("LAB_ACCEL")
    if asked:
        return "kvm" if asked == "kvm" else "tcg,thread=multi,tb-size=512"
    boot_id = Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    known = cache() / f"accel-{boot_id}"
    if not known.exists():
        for old in cache().glob("accel-*"):
            old.unlink()
        known.write_text("kvm" if os.access("/dev/kvm", os.R_OK | os.W_OK) and boots_with_kvm(image) else "tcg")
    return "kvm" if known.read_text() == "kvm" else "tcg,thread=multi,tb-size=512"


def boots_with_kvm(image):
    command = [*machine(image, "kvm", 512, 1, "lab.probe"), "-serial", "stdio"]
    try:
        done = subprocess.run(command, capture_output=True, text=True, errors="replace", timeout=20,
                              stdin=subprocess.DEVNULL)
    except subprocess.TimeoutExpired:
        return False
    return "LAB-PROBE-OK" in done.stdout


def tsc_khz():
    """The rate of this machine's time stamp counter, which an emulated guest reads as its own.

    A guest finds it out by counting against emulated timers at its boot; where QEMU has to wait for a
    processor meanwhile it was wrong by a factor of 5, and so were all its clocks from then on.
    """
    with mmap.mmap(-1, mmap.PAGESIZE, prot=mmap.PROT_READ | mmap.PROT_WRITE | mmap.PROT_EXEC) as page:
        page.write(bytes.fromhex("0f31 48c1e220 4809d0 c3"))  # rdtsc; shl rdx,32; or rax,rdx; ret
        address = ctypes.c_char.from_buffer(page)
        counter = ctypes.CFUNCTYPE(ctypes.c_uint64)(ctypes.addressof(address))

        def both():
            """Counter and clock at one moment: of several tries the one with the least between its readings."""
            tries = []
            for _ in range(20):
                before = time.clock_gettime_ns(time.CLOCK_MONOTONIC)
                count = counter()
                after = time.clock_gettime_ns(time.CLOCK_MONOTONIC)
                tries.append((after - before, count, (before + after) / 2))
            return min(tries)[1:]

        first = both()
        time.sleep(0.2)  # time passing is what is measured
        last = both()
        del counter, address  # they refer to the page
    return round((last[0] - first[0]) / (last[1] - first[1]) * 1e6)


def machine(image, accel, memory, cpus, append="", reboots=False):
    """The part of QEMU's command line that every guest has. One that does not reboot ends instead."""
    return ["qemu-system-x86_64", "-M", "q35,usb=off", "-accel", accel, "-cpu", "host" if accel == "kvm" else "max",
            "-smp", str(cpus), "-m", str(memory), "-display", "none", "-nodefaults",
            *([] if reboots else ["-no-reboot"]), "-kernel", str(image / "vmlinuz"), "-initrd", str(image / "initrd"),
            "-append", "console=ttyS0 panic=-1 quiet loglevel=4 mitigations=off selinux=0 apparmor=0 audit=0 nokaslr "
                       f"no_timer_check tsc=reliable tsc_early_khz={tsc_khz()} "
                       "sysrq_always_enabled=1 hung_task_panic=0 systemd.show_status=0 "
                       "systemd.unit=multi-user.target systemd.journald.forward_to_console=1 "
                       "systemd.journald.max_level_console=notice net.ifnames=0 " + append]


def furnished(image, shares, memory, cpus, reboots=False):
    """The whole command line but for where console and agent go."""
    command = machine(image, accelerator(image), memory, cpus, reboots=reboots)
    command += ["-drive", f"file={image / 'root.ext4'},if=virtio,format=raw,snapshot=on", "-device", "virtio-rng-pci"]
    for tag, (folder, writable) in shares.items():
        access = "" if writable else ",readonly=on"
        command += ["-fsdev", f"local,id={tag},path={folder},security_model=none{access}",
                    "-device", f"virtio-9p-pci,fsdev={tag},mount_tag={tag}"]
    return command


# What two guests of a script know each other by; `node` is one of these.
NODES = ("main", "peer")


def network_card(folder, node):
    """A network card at one end of a wire between two guests. What is sent before the other is there is lost."""
    other = NODES[1 - NODES.index(node)]
    return ["-netdev", f"dgram,id=wire,local.type=unix,local.path={folder / node},remote.type=unix,"
                       f"remote.path={folder / other}",
            "-device", f"virtio-net-pci,netdev=wire,mac=52:54:00:00:00:{NODES.index(node) + 1:02}"]


def newest_debs(folder):
    """The newest version of each package in a folder, debug symbols left out."""
    chosen = {}
    for deb in sorted(Path(folder).glob("*.deb")):
        fields = run("dpkg-deb", "-W", "--showformat", "${Package} ${Version}", str(deb)).split()
        name, version = fields
        if name.endswith("-dbgsym"):
            continue
        held = chosen.get(name)
        if not held or subprocess.run(["dpkg", "--compare-versions", version, "gt", held[0]]).returncode == 0:
            chosen[name] = (version, deb.name)
    return [name for _, name in chosen.values()]


class Guest:
    """A running guest. `events()` yields what its agent says, with deadlines kept."""

    def __init__(self, image, results, plan, debs=None, memory=1024, cpus=2, wire=None):
        self.results = Path(results)
        self.results.mkdir(parents=True, exist_ok=True)
        (self.results / "plan.json").write_text(json.dumps(plan))
        shares = {"lab": (LAB, False), "out": (self.results, True)}
        if debs:
            shares["debs"] = (Path(debs).resolve(), False)
        # What it wrote to its disk is kept from one boot to the next: they are QEMU's one process.
        command = furnished(image, shares, memory, cpus, any(script["reboots"] for script in plan["scripts"]))
        if wire:
            command += network_card(Path(wire), plan["node"])
        command += ["-serial", f"file:{self.results / 'console.txt'}", "-device", "virtio-serial-pci",
                    "-chardev", "stdio,id=agent,signal=off",
                    "-device", "virtserialport,chardev=agent,name=lab.agent"]
        self.started = time.monotonic()
        # A pipe that stays open: at end of file QEMU would close the port, and the agent's writes block.
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                        stderr=open(self.results / "qemu.txt", "w"))

    def events(self, deadline):
        """Yields the agent's messages; ends with None if a deadline passed.

        `deadline` is the whole guest's, monotonic seconds; each script and the boot
        have one of their own besides.
        """
        os.set_blocking(self.process.stdout.fileno(), False)
        pending, limit = b"", self.started + BOOT_SECONDS
        with selectors.DefaultSelector() as selector:
            selector.register(self.process.stdout, selectors.EVENT_READ)
            while True:
                left = min(limit, deadline) - time.monotonic()
                if left <= 0 or not selector.select(left):
                    yield None
                    return
                data = self.process.stdout.read(65536)
                if not data:
                    return
                *lines, pending = (pending + data).split(b"\n")
                for line in lines:
                    try:
                        event = json.loads(line)
                    except ValueError:
                        continue  # half a line that a dying guest left
                    if event["event"] == "start":
                        limit = time.monotonic() + event["timeout"] + GRACE_SECONDS
                    elif event["event"] in ("hello", "installed", "end", "reboots"):
                        limit = time.monotonic() + BOOT_SECONDS
                    yield event

    def end(self):
        """Makes sure that nothing of the guest is left."""
        try:
            self.process.wait(timeout=10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.process.stdin.close()
        self.process.stdout.close()

    def console_tail(self, lines=45):
        parts = []
        for name in ("console.txt", "qemu.txt"):
            file = self.results / name
            if file.exists():
                parts += file.read_text(errors="replace").splitlines()[-lines:]
        return [line for line in parts if line.strip()]
