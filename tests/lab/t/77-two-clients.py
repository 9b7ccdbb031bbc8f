#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
# lab: timeout=600
"""Two clients at once, and one without permission, with multipathd as the path manager."""

import managers
import rivals  # noqa: F401  its stories are the points
import strangers  # noqa: F401  and these
from tap import main

main(before=managers.under_multipathd, after=managers.all_down)
