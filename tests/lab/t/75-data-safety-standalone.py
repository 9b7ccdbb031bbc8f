#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
# lab: timeout=600
"""No I/O error and no mismatch through 200 random changes and faults, mpapid managing the maps itself."""

import managers
import random_changes  # noqa: F401  its stories are the points
from tap import main


def maps_over_explicit_groups():
    managers.standalone(access="both")


main(before=maps_over_explicit_groups, after=managers.all_down)
