# SPDX-License-Identifier: LGPL-2.1-or-later
"""multipathd, started for a story and stopped after it."""

import json
from pathlib import Path

from shell import settle, sh, wait_for

# Braces must not share a line with what they hold; LIO's built-in entry overrides
# `no_path_retry` of the defaults, so it stands under overrides.
SETTINGS = """defaults {{
\tfind_multipaths off
\tuser_friendly_names no
\tpolling_interval {polling}
\tmax_polling_interval {max_polling}
\tpath_grouping_policy group_by_prio
\tfailback immediate
\tverbosity 2
}}
blacklist {{
\tdevnode "^(vd|sr|loop)"
}}
overrides {{
\tno_path_retry {retry}
}}
"""


def with_keys(polling=2, max_polling=4, retry="6"):
    """Settings with which it takes a map's reservation key and registers paths that return."""
    text = SETTINGS.format(polling=polling, max_polling=max_polling, retry=retry)
    return text.replace("defaults {\n", "defaults {\n\treservation_key file\n")


def multipathd_start(maps, polling=2, max_polling=4, retry="6", settings=None):
    """Starts multipathd and waits until it has made `maps` maps."""
    Path("/etc/multipath.conf").write_text(settings or SETTINGS.format(polling=polling, max_polling=max_polling,
                                                                       retry=retry))
    Path("/etc/multipath").mkdir(exist_ok=True)
    sh("systemctl start multipathd.service", timeout=1500)
    wait_for(f"multipathd has made {maps} maps", lambda: len(map_names()) == maps, deadline=60 + 2 * maps, every=0.1)
    settle(1800)


def multipathd_stop():
    """Stops it, its socket too; the maps stay. Its files of this story go."""
    sh("systemctl stop multipathd.socket multipathd.service", timeout=120)
    for file in ("/etc/multipath.conf", "/etc/multipath/bindings", "/etc/multipath/wwids"):
        Path(file).unlink(missing_ok=True)
    for file in Path("/etc/multipath/conf.d").glob("*.conf"):
        file.unlink()


def map_names():
    told = sh("dmsetup ls --target multipath 2>/dev/null", check=False)
    return [line.split()[0] for line in told.splitlines() if "\t" in line]


def multipathd_paths():
    """What multipathd thinks of each path: {disk: (dm state, checker state)}."""
    told = sh('multipathd show paths raw format "%d %t %T"')
    return {words[0]: tuple(words[1:3]) for words in map(str.split, told.splitlines()) if len(words) >= 3}


def multipathd_maps():
    return json.loads(sh("multipathd show maps json"))["maps"]
