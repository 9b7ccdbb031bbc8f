#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
# lab: timeout=900
"""Logical units removed by mpapid, which manages the maps itself."""

import managers
import removal_stories  # noqa: F401  its stories are the points
from tap import main

main(before=managers.standalone, after=managers.all_down)
