#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
# lab: timeout=900
"""Target port groups moved by mpapid, beside multipathd."""

import group_stories  # noqa: F401  its stories are the points
import managers
from lio import group_preferred
from tap import main


def before():
    managers.under_multipathd(access="both")
    group_preferred("lu0", "gA", False)  # or multipathd would go back to it


main(before=before, after=managers.all_down)
