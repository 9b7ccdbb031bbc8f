# SPDX-License-Identifier: LGPL-2.1-or-later
"""What the machine must have, from Debian packages alone."""

import os
import subprocess
import sys
from pathlib import Path

LAB = Path(__file__).resolve().parent.parent


class Refusal(Exception):
    """The lab cannot do this here; the text says why and what to do."""


def names(file):
    """The words of a list file: one a line, `#` starts a comment."""
    lines = (line.split("#", 1)[0].strip() for line in Path(file).read_text().splitlines())
    return [line for line in lines if line]


def run(*command, **options):
    """Runs a command to success and gives what it printed."""
    done = subprocess.run(command, capture_output=True, text=True, **options)
    if done.returncode != 0:
        raise Refusal(f"{' '.join(command)} ended with {done.returncode}:\n{done.stderr.strip()[-2000:]}")
    return done.stdout


def missing_packages():
    wanted = names(LAB / "packages")
    shown = subprocess.run(["dpkg-query", "-W", "-f", "${Package} ${db:Status-Status}\n", *wanted],
                           capture_output=True, text=True).stdout
    present = {line.split()[0] for line in shown.splitlines() if line.endswith(" installed")}
    return [name for name in wanted if name not in present]


def ensure_packages():
    """Installs what is missing as root; as anyone else says what that is."""
    missing = missing_packages()
    if not missing:
        return
    if os.geteuid() != 0:
        raise Refusal("missing Debian packages: " + " ".join(missing) +
                      "\n  run as root: apt-get install --no-install-recommends " + " ".join(missing))
    print(f"# lab: installing {' '.join(missing)}", file=sys.stderr)
    environment = dict(os.environ, DEBIAN_FRONTEND="noninteractive")
    run("apt-get", "update", "-q", env=environment)
    run("apt-get", "install", "-y", "-q", "--no-install-recommends", *missing, env=environment)
