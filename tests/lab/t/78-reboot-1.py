#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
# lab: guest=reboot reboots timeout=300
"""Things are asked for through multipathd; then the machine is rebooted."""

import managers
from reboot_stories import ask_for_things
from shell import sh
from tap import main, test


@test
def things_are_asked_for():
    ask_for_things()
    sh("systemctl enable --quiet multipathd.service")  # as Debian installs it


main(before=managers.under_multipathd)
