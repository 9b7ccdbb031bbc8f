# SPDX-License-Identifier: LGPL-2.1-or-later
"""ocf:mpapi:lun as a cluster engine calls it, over mpapid-san; the other node is played by San1.Execute."""
import shutil

from embedded_san import *
from test_san_control import ControlTest
from test_san_disks import CONFLICT, ONE, PREEMPT, RESERVE, THEIRS, where

AGENT = os.path.join(os.environ["SOURCE_ROOT"], "failover/ocf/lun")
OCF_TESTER = shutil.which("ocf-tester", path="/usr/sbin:/sbin")
# OCF Resource Agent API 1.1, 6.
SUCCESS, GENERIC, ARGUMENTS, UNIMPLEMENTED, INSTALLED, CONFIGURED, NOT_RUNNING = 0, 1, 2, 3, 5, 6, 7


class Agent(ControlTest):
    def environment(self, wwid):
        return {**os.environ, "DBUS_SYSTEM_BUS_ADDRESS": self.address, "OCF_RESKEY_wwid": wwid}

    def agent(self, *words, wwid=ONE, expect=SUCCESS):
        done = subprocess.run([AGENT, *words], env=self.environment(wwid), capture_output=True, text=True,
                              timeout=DEADLINE, check=False)
        self.assertEqual(done.returncode, expect, f"{words}: {done.stdout}{done.stderr}")
        return done.stderr

    def test_the_node_that_has_it_owns_it_and_the_others_do_not_use_it(self):
        self.agent("monitor", expect=NOT_RUNNING)
        self.agent("start")
        self.agent("monitor")
        self.agent("start")
        self.shown(Ownership="this-node", Online=True)
        self.assertEqual(self.other_writes(), CONFLICT)
        self.agent("stop")
        self.agent("monitor", expect=NOT_RUNNING)
        self.agent("stop")
        self.shown(Ownership="none", Online=False)
        self.assertEqual(self.other_writes(), 0)
        self.agent("start")
        self.shown(Ownership="this-node", Online=True)

    def test_what_another_node_has_taken_does_not_run_and_is_stopped(self):
        self.agent("start")
        self.watching()
        self.theirs()
        self.assertEqual(self.other(PREEMPT, THEIRS, self.key()), 0)
        self.becomes(where(ONE), Ownership="another-node")
        self.agent("monitor", expect=NOT_RUNNING)
        self.agent("stop")
        self.shown(Ownership="another-node", Online=False)

    def test_a_start_that_cannot_own_it_leaves_it_as_it_was(self):
        self.do("TakeOffline")
        self.theirs()
        self.assertEqual(self.other(RESERVE, THEIRS, kind=3), 0)
        self.assertIn("reserved in another way", self.agent("start", expect=GENERIC))
        self.shown(Online=False)
        self.agent("stop")

    def test_a_disk_that_somebody_has_open_is_not_stopped(self):
        self.agent("start")
        self.san.map_held("mpatha")
        self.assertIn("map_held", self.agent("stop", expect=GENERIC))
        self.shown(Ownership="this-node", Online=True)
        self.agent("monitor")

    def test_one_that_is_half_stopped_is_no_clear_case(self):
        self.agent("start")
        self.do("TakeOffline")
        self.agent("monitor", expect=GENERIC)
        self.agent("stop")
        self.agent("monitor", expect=NOT_RUNNING)

    def test_mistakes(self):
        unknown = "3600140500000000000000000000000ff"
        self.agent("start", wwid=unknown, expect=INSTALLED)
        self.agent("monitor", wwid=unknown, expect=NOT_RUNNING)
        self.agent("stop", wwid=unknown)
        for wwid in ("", "a b", "$(id)", "a/b"):
            self.agent("start", wwid=wwid, expect=CONFIGURED)
        self.agent("promote", expect=UNIMPLEMENTED)
        self.agent(expect=ARGUMENTS)
        self.stop(signal.SIGKILL)
        self.agent("monitor", expect=GENERIC)
        self.agent("stop", expect=GENERIC)

    def test_ocf_tester_finds_nothing(self):
        agent = os.path.join(self.scratch.name, "lun")  # where anybody can read it
        os.chmod(self.scratch.name, 0o755)
        shutil.copy(AGENT, agent)
        done = subprocess.run([OCF_TESTER, "-n", "lun", "-o", f"wwid={ONE}", agent], env=self.environment(""),
                              capture_output=True, text=True, timeout=2 * DEADLINE, check=False)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        self.assertIn("passed all tests", done.stdout)


if __name__ == "__main__":
    if not OCF_TESTER:
        print("skipped: not installed: resource-agents; ./dev test installs it")
        raise SystemExit(77)
    main()
