#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
# lab: guest=reboot timeout=300
"""They are so after that boot, too: mpapid takes charge of maps that somebody made who knows nothing of it."""

import managers
from managers import NAMES, units
from reboot_stories import check_that_things_are_so
from san import map_by_hand, two_alua_units
from shell import status
from tap import check, main, test


@test
def what_was_asked_for_without_multipathd_is_so_after_a_reboot():
    check(status("systemctl is-active mpapid.service")[1], "active", "mpapid.service")
    units.update(two_alua_units())
    managers.manager = "standalone"
    for name, members in units.items():
        map_by_hand(NAMES[name], members, uuid=f"mpath-{NAMES[name]}")
    managers.in_charge()
    check_that_things_are_so()
    managers.calm()


main(after=managers.all_down)
