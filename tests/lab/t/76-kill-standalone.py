#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
# lab: timeout=600
"""mpapid, managing the maps itself, is killed in the middle of its changes."""

import kill_stories  # noqa: F401  its stories are the points
import managers
from tap import main


def one_unit_with_explicit_access():
    # Where it is explicit the kernel moves the groups when I/O moves: only the kind that does so has that unit.
    managers.standalone(access={"lu0": "implicit", "lu1": "both"})


main(before=one_unit_with_explicit_access, after=managers.all_down)
