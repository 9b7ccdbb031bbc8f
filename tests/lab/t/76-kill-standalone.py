#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
# lab: timeout=600
"""mpapid, managing the maps itself, is killed in the middle of its changes."""

import kill_stories  # noqa: F401  its stories are the points
import managers
from tap import main


def maps_over_explicit_groups():
    managers.standalone(access="both")


main(before=maps_over_explicit_groups, after=managers.all_down)
