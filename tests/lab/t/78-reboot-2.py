#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
# lab: guest=reboot reboots timeout=600
"""They are so after the boot. Then things are asked for without multipathd, and the machine is rebooted."""

import managers
from managers import units
from multipathd import map_names
from reboot_stories import ask_for_things, check_that_things_are_so
from san import two_alua_units
from shell import sh, status, wait_for
from tap import check, main, test


@test
def the_boot_started_both_daemons():
    wait_for("the boot is over", lambda: "running" in status("systemctl is-system-running")[1] or
             "degraded" in status("systemctl is-system-running")[1], deadline=120)
    for service in ("mpapid.service", "multipathd.service"):
        check(status(f"systemctl is-active {service}")[1], "active", service)


@test
def what_was_asked_for_through_multipathd_is_so_after_a_reboot():
    units.update(two_alua_units())
    managers.manager = "multipathd"
    wait_for("multipathd has made both maps", lambda: len(map_names()) == 2, deadline=60)
    managers.in_charge()
    check_that_things_are_so()


@test
def without_multipathd_things_are_asked_for():
    managers.calm()
    managers.all_down()
    sh("systemctl disable --quiet multipathd.service")
    managers.standalone()
    ask_for_things()


main()
