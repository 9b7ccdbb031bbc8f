#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
# lab: timeout=600
"""mpapi-holders as systemd starts it, in its sandbox: who has a map in use, asked at its socket."""

import os
import socket
import subprocess
from pathlib import Path

from san import map_by_hand, san_down, two_alua_units
from shell import read, settle, sh, status, wait_for
from tap import check, check_that, main, require_that, test

SOCKET = "/run/mpapi-holders.socket"
NOBODY = 65534
HERE = Path("/mnt/held")
numbers = {}
processes = []


def ask(request):
    """All that it answers until it hangs up, as lines."""
    with socket.socket(socket.AF_UNIX) as connection:
        connection.settimeout(60)
        connection.connect(SOCKET)
        connection.sendall(request.encode())
        connection.shutdown(socket.SHUT_WR)
        answer = b""
        try:
            while piece := connection.recv(65536):
                answer += piece
        except ConnectionResetError:  # it hung up without reading all
            pass
    return answer.decode().splitlines()


def found(*names):
    settle()  # udev opens what changed, too
    answer = ask(" ".join(numbers[name] for name in names) + "\n")
    require_that(answer[-1:] == ["end"], "the answer has an end", answer)
    return answer[:-1]


def keep_open(device, user=0):
    """A process that has the device open and does nothing with it."""
    sh(f"chmod o+r {device}")
    with open(device, "rb", buffering=0) as opened:
        process = subprocess.Popen(["setpriv", f"--reuid={user}", "--clear-groups", "sleep", "600"], stdin=opened)
    processes.append(process)
    wait_for("it is that program", lambda: read(f"/proc/{process.pid}/comm") == "sleep")
    return process


def ended(process):
    process.terminate()
    process.wait()
    processes.remove(process)


def before():
    units = two_alua_units()
    map_by_hand("held", units["lu0"], uuid="LAB-held")
    map_by_hand("other", units["lu1"], uuid="LAB-other")
    for name in ("held", "other"):
        numbers[name] = sh(f"dmsetup info -c --noheadings --separator : -o major,minor {name}")
    HERE.mkdir(exist_ok=True)
    sh("systemctl start mpapi-holders.socket")


@test
def the_socket_is_for_root():
    check(oct(os.stat(SOCKET).st_mode & 0o777), "0o600", "mode")
    code, told = status(f"setpriv --reuid={NOBODY} --regid={NOBODY} --clear-groups python3 -c "
                        f"'import socket; socket.socket(socket.AF_UNIX).connect(\"{SOCKET}\")'")
    check_that(code != 0 and "PermissionError" in told, "others are refused", told)


@test
def a_map_that_nobody_uses_has_no_holders():
    check(found("held", "other"), [], "holders")


@test
def processes_of_root_and_of_others_are_found():
    root, other = keep_open("/dev/mapper/held"), keep_open("/dev/mapper/held", NOBODY)
    check(found("held"), [f"process {root.pid} 0 {numbers['held']} sleep",
                          f"process {other.pid} {NOBODY} {numbers['held']} sleep"], "of the map")
    check(found("other"), [], "of the other map")
    ended(root), ended(other)
    check(found("held"), [], "after they have ended")


@test
def mounts_are_found_in_every_namespace():
    sh("mkfs.ext4 -q /dev/mapper/held")
    sh(f"mount /dev/mapper/held {HERE}")
    check(found("held"), [f"mount 1 {numbers['held']} {HERE}"], "mounted for all")
    process = subprocess.Popen(["unshare", "--mount", "--propagation", "private", "sleep", "600"])
    processes.append(process)
    wait_for("it is that program", lambda: read(f"/proc/{process.pid}/comm") == "sleep")
    sh(f"umount {HERE}")
    check(found("held"), [f"mount {process.pid} {numbers['held']} {HERE}"], "left in a namespace")
    code, _ = status("dmsetup remove held")
    check_that(code != 0, "and the kernel does not remove it")
    ended(process)
    wait_for("nobody holds it", lambda: found("held") == [])


@test
def below_home_is_seen_too():
    place = Path("/home/held")
    place.mkdir(exist_ok=True)
    sh(f"mount /dev/mapper/held {place}")
    check(found("held"), [f"mount 1 {numbers['held']} {place}"], "mounts")
    sh(f"umount {place}")


@test
def nonsense_gets_no_answer():
    for request in ("\n", "all\n", "253:0", "1:1 " * 2000 + "\n"):
        check(ask(request), [], repr(request[:20]))


@test
def nothing_is_left_of_it():
    wait_for("no instance is left",
             lambda: not sh("systemctl list-units --all --no-legend --plain 'mpapi-holders@*'"))


def after():
    for process in list(processes):
        ended(process)
    status(f"umount {HERE}")
    status("umount /home/held")
    san_down()


main(before=before, after=after)
