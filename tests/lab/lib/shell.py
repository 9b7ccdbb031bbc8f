# SPDX-License-Identifier: LGPL-2.1-or-later
"""Running programs, waiting for conditions, reading and writing the kernel's files."""

import subprocess
import time
from pathlib import Path


class CommandFailed(Exception):
    """A program ended with another status than the test counts on."""


class TooLate(Exception):
    """A condition did not come true by its deadline."""


def sh(command, check=True, timeout=60):
    """Runs a shell command line and gives its standard output, without the last newline.

    With `check`, any other exit status than 0 raises CommandFailed with all that was printed.
    """
    done = subprocess.run(["bash", "-c", command], capture_output=True, text=True, errors="replace", timeout=timeout)
    if check and done.returncode != 0:
        raise CommandFailed(f"`{command}` ended with {done.returncode}\n{done.stdout}{done.stderr}".rstrip())
    return done.stdout.rstrip("\n")


def status(command, timeout=60):
    """Runs a shell command line and gives (exit status, output of both streams)."""
    done = subprocess.run(["bash", "-c", command], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                          errors="replace", timeout=timeout)
    return done.returncode, done.stdout.rstrip("\n")


def write(path, value):
    """Writes one value to a sysfs or configfs attribute, in one write(2)."""
    try:
        with open(path, "wb", buffering=0) as file:
            file.write(f"{value}\n".encode())
    except OSError as error:
        raise CommandFailed(f"writing '{value}' to {path}: {error.strerror}") from error


def read(path, default=None):
    """Reads an attribute without its last newline; `default` if it is not there or has no value now."""
    try:
        return Path(path).read_text(errors="replace").rstrip("\n")
    except OSError:
        if default is None:
            raise
        return default


def wait_for(what, condition, deadline=10.0, every=0.05):
    """Waits until `condition()` is true, and gives what it gave.

    `what` says in words what is waited for. For conditions that have no event to wait
    for; where there is one, see events.py. A command that fails in the condition counts
    as not yet: what it looks at may just be being made. TooLate tells the last value.
    """
    end = time.monotonic() + deadline
    while True:
        try:
            value = condition()
        except CommandFailed as error:
            value, seen = None, str(error)
        else:
            seen = repr(value)
        if value:
            return value
        if time.monotonic() >= end:
            raise TooLate(f"not within {deadline:g} s: {what} (last seen: {seen})")
        time.sleep(every)


def settle(timeout=120):
    """Returns when udev has handled every event that it has."""
    sh(f"udevadm settle --timeout={timeout}", timeout=timeout + 10)
