#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
# lab: timeout=600
"""Load balance types, failback, probing and weights set by mpapid, which manages the maps itself."""

import managers
import setting_stories  # noqa: F401  its stories are the points
from tap import main

main(before=managers.standalone, after=managers.all_down)
