#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
# lab: timeout=900
"""Paths of an owned disk that go and come back, where mpapid itself brings them back."""

import managers
import ownership_stories  # noqa: F401  its stories are the points
from shared_disks import allow, refused
from tap import main


def before():
    managers.standalone()
    allow("lu0", manager="standalone")


def after():
    for method in ("TakeOffline", "StopDefense", "BringOnline"):
        refused(method)
    managers.all_down()


main(before=before, after=after)
