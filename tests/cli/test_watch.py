#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""mpathadm watch."""
import fcntl
import json
import os
import signal
import subprocess
import time

from fake import DEADLINE, MPATHADM, SAMPLE, Mpathadm, Running, main

WATCHED = "mpath-support libmpfake.so watched: logicalUnits 1, paths 2"
TIME = r"^20\d\d-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}\+00:00 "


class Watch(Mpathadm):
    def watching(self, *arguments, objects=SAMPLE, name="libmpfake.so", **more):
        self.plugin(objects, name)
        return Running(self, "watch", *arguments, events=name, **more)

    def becomes(self, condition):
        end = time.monotonic() + DEADLINE
        while not condition():
            self.assertLess(time.monotonic(), end)
            time.sleep(0.01)

    def assert_line(self, running, expected):
        line = running.line()
        self.assertRegex(line, TIME)
        self.assertEqual(line.split(" ", 1)[1], expected)

    def test_each_change_is_a_line(self):
        running = self.watching()
        self.assert_line(running, WATCHED)
        for told, line in {
            "set path 2 state=1 disabled=1":
                "path /dev/mapper/mpatha /dev/sdc changed: state okay -> path-error, disabled no -> yes",
            "set path 2 state=0 disabled=0":
                "path /dev/mapper/mpatha /dev/sdc changed: state path-error -> okay, disabled yes -> no",
            "set group 2 state=0":
                "target-port-group /dev/mapper/mpatha 2 changed: accessState standby -> active-optimized",
            "set unit 1 loadbalance=0x40":
                "logical-unit /dev/mapper/mpatha changed: loadBalanceType round-robin -> failover-only",
            "set plugin 1 failbackon=0":
                "mpath-support libmpfake.so changed: autoFailbackEnabled yes -> no",
            "set initiator 1 friendly=left":
                "initiator-port 2100000e1e09a4c0 changed: osFriendlyName - -> left",
            "set port 1 relative=9": "target-port 50060e801049c1f0 changed: relativeId 1 -> 9",
            "hide path 1": "path /dev/mapper/mpatha /dev/sdb disappeared",
            "unhide path 1": "path /dev/mapper/mpatha /dev/sdb appeared",
            "hide unit 1": "logical-unit /dev/mapper/mpatha disappeared",
        }.items():
            running.tell(told)
            self.assert_line(running, line)
        self.assertEqual(running.interrupt(), ("", "", -signal.SIGINT))

    def test_what_did_not_change_is_not_told(self):
        running = self.watching()
        self.assert_line(running, WATCHED)
        running.tell("unhide unit 1")
        running.tell("set group 1 state=0")
        running.tell("set path 1 weight=5")
        self.assert_line(running, "path /dev/mapper/mpatha /dev/sdb changed: weight 0 -> 5")

    def test_what_belongs_to_a_unit_is_told_under_the_name_it_has(self):
        running = self.watching(objects=SAMPLE + "unit device=/dev/mapper/mpathb\npath unit=2 device=/dev/sdd\n")
        running.line()
        for told, line in {
            "set unit 1 device=/dev/mapper/data":
                "logical-unit /dev/mapper/data changed: deviceFile /dev/mapper/mpatha -> /dev/mapper/data",
            "set unit 2 device=/dev/mapper/mpatha":
                "logical-unit /dev/mapper/mpatha changed: deviceFile /dev/mapper/mpathb -> /dev/mapper/mpatha",
            "hide path 1": "path /dev/mapper/data /dev/sdb disappeared",
            "hide path 3": "path /dev/mapper/mpatha /dev/sdd disappeared",
            "hide unit 1": "logical-unit /dev/mapper/data disappeared",
            "hide path 2": "path /dev/mapper/data /dev/sdc disappeared",
        }.items():
            running.tell(told)
            self.assert_line(running, line)

    def test_json_is_an_object_a_line(self):
        running = self.watching("--json")
        first = json.loads(running.line())
        self.assertEqual((first["event"], first["logicalUnits"], first["paths"]), ("watched", 1, 2))
        running.tell("set path 2 state=1")
        event = json.loads(running.line())
        self.assertRegex(event.pop("time") + " ", TIME)
        self.assertEqual(event, {
            "event": "changed", "type": "path", "object": "/dev/sdc", "mpathSupport": "libmpfake.so",
            "logicalUnit": "/dev/mapper/mpatha",
            "changes": {"state": {"from": "okay", "to": "path-error"}}})
        running.tell("hide path 2")
        self.assertEqual(json.loads(running.line())["event"], "disappeared")
        running.tell("unhide path 2")
        event = json.loads(running.line())
        self.assertEqual((event["event"], event["properties"]["state"]), ("appeared", "path-error"))

    def test_signals_end_it(self):
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            running = self.watching(name=f"lib{number}.so")
            running.line()
            self.assertEqual(running.interrupt(number), ("", "", -number))
            open(self.config, "w").close()

    def test_a_signal_that_is_ignored_does_not_end_it(self):
        running = self.watching(preexec_fn=lambda: signal.signal(signal.SIGHUP, signal.SIG_IGN))  # as nohup(1) does
        self.assert_line(running, WATCHED)
        running.process.send_signal(signal.SIGHUP)
        running.tell("set path 1 weight=5")
        self.assert_line(running, "path /dev/mapper/mpatha /dev/sdb changed: weight 0 -> 5")

    def test_a_signal_ends_it_while_nobody_reads_its_lines(self):
        self.plugin()
        reading, writing = os.pipe()
        self.addCleanup(os.close, reading)
        room = fcntl.fcntl(writing, fcntl.F_SETPIPE_SZ, 4096)
        os.write(writing, b"x" * room)
        with open(writing, "wb") as full:
            process = subprocess.Popen([MPATHADM, "watch"], stdout=full, env=self.environment())
        self.addCleanup(process.kill)
        self.becomes(lambda: "pipe_write" in open(f"/proc/{process.pid}/wchan").read())
        process.send_signal(signal.SIGINT)
        self.assertEqual(process.wait(timeout=DEADLINE), -signal.SIGINT)

    def test_a_signal_ends_it_while_a_plugin_keeps_it_waiting(self):
        os.mkfifo(self.file("libmpfake.so.waits"))
        running = self.watching(objects=SAMPLE + "answer call=MP_GetMultipathLusPlugin status=1000\n")
        with open(self.file("libmpfake.so.waits"), "w"):  # opened when the plugin waits
            self.assertEqual(running.interrupt(), ("", "", -signal.SIGINT))

    def test_a_reader_that_goes_away_ends_it(self):
        running = self.watching()
        running.line()
        running.process.stdout.close()
        self.assertEqual(running.process.wait(timeout=20), 0)
        running.process.stdout = None

    def test_a_daemon_that_goes_away_and_comes_back_is_told(self):
        running = self.watching(objects=SAMPLE.replace("driver=", "mpapid=running driver="), name="libmpapi-linux.so")
        running.line()
        running.tell("set plugin 1 mpapid=mpapid%20is%20not%20running")
        self.assertIn("mpapid=running -> mpapid=mpapid is not running", running.line())
        for call in ("MP_GetInitiatorPortOidListPlugin", "MP_GetMultipathLusPlugin"):
            running.tell(f"answer call={call} status=3")
        self.assert_line(running, "mpath-support libmpapi-linux.so unreachable: status failed")
        # Of what happens meanwhile nobody is told.
        running.tell("answer call=MP_GetPathLogicalUnitProperties status=3")
        for call in ("MP_GetInitiatorPortOidListPlugin", "MP_GetMultipathLusPlugin"):
            running.tell(f"answer call={call} status=0")
        self.assert_line(running, "mpath-support libmpapi-linux.so reachable")
        out, err, status = running.interrupt(signal.SIGTERM)
        self.assertEqual((err, status), (
            "mpathadm: mpapid is not running; start it: systemctl start mpapid.service\n", -signal.SIGTERM))

    def test_a_daemon_that_is_not_there_at_the_start_is_waited_for(self):
        calls = ("MP_GetMultipathLusPlugin", "MP_RegisterForObjectPropertyChangesPlugin")
        running = self.watching(objects=SAMPLE + "".join(f"answer call={call} status=3\n" for call in calls))
        self.assert_line(running, "mpath-support libmpfake.so unreachable: status failed")
        for call in reversed(calls):  # when there are lists it can be registered with, too
            running.tell(f"answer call={call} status=0")
        self.assert_line(running, "mpath-support libmpfake.so reachable")
        self.assert_line(running, WATCHED)
        running.tell("set path 1 weight=5")
        self.assert_line(running, "path /dev/mapper/mpatha /dev/sdb changed: weight 0 -> 5")
        self.assertEqual(running.interrupt(), ("", "", -signal.SIGINT))

    def test_a_plugin_that_cannot_tell_changes(self):
        silent = "answer call=MP_RegisterForObjectPropertyChangesPlugin status=7\n"
        self.plugin(silent, "libsilent.so")
        self.assertEqual(self.fails("watch"), "mpathadm: libsilent.so cannot tell changes\n"
                                              "mpathadm: Error: Unable to be told changes: unsupported\n")
        running = self.watching()
        self.assertIn("libsilent.so", running.line())
        self.assert_line(running, WATCHED)
        running.tell("set path 1 weight=5")
        self.assert_line(running, "path /dev/mapper/mpatha /dev/sdb changed: weight 0 -> 5")

    def test_two_plugins(self):
        self.plugin("unit device=/dev/other\npath unit=1\n", "libother.so")
        running = self.watching()
        self.assert_line(running, "mpath-support libother.so watched: logicalUnits 1, paths 1")
        self.assert_line(running, WATCHED)
        running.tell("hide unit 1")
        self.assert_line(running, "logical-unit /dev/mapper/mpatha disappeared")

    def test_time_has_the_offset_of_the_place(self):
        self.plugin()
        for zone, offset in {"XXX-05:30": "+05:30", "XXX+03:30": "-03:30", "UTC": "+00:00"}.items():
            process = subprocess.Popen([MPATHADM, "watch", "--json"], stdout=subprocess.PIPE,
                                       env=self.environment(TZ=zone))
            self.addCleanup(process.wait)
            with process.stdout:
                self.assertTrue(json.loads(process.stdout.readline())["time"].endswith(offset))
            process.terminate()

    def test_without_an_output_it_fails(self):
        self.plugin()
        ran = subprocess.run(["sh", "-c", 'exec "$0" watch >&-', MPATHADM], stderr=subprocess.PIPE, text=True,
                             timeout=DEADLINE, env=self.environment())  # fmt: skip
        self.assertEqual((ran.returncode, ran.stderr),
                         (1, "mpathadm: Error: Unable to write the output: Bad file descriptor\n"
                             f"{MPATHADM}: Unable to complete operation\n"))  # fmt: skip

    def test_a_plugin_that_refuses_to_be_registered_with_is_looked_at_and_asked_again(self):
        running = self.watching(objects=SAMPLE + "answer call=MP_RegisterForObjectPropertyChangesPlugin status=3\n")
        self.assert_line(running, WATCHED)
        for weight in range(2):
            running.tell(f"set path 1 weight={weight + 1}")
            self.assert_line(running, f"path /dev/mapper/mpatha /dev/sdb changed: weight {weight} -> {weight + 1}")
        running.tell("answer call=MP_RegisterForObjectPropertyChangesPlugin status=0")
        running.tell("hide path 2")
        self.assert_line(running, "path /dev/mapper/mpatha /dev/sdc disappeared")
        self.assertEqual(running.interrupt()[1], "mpathadm: libmpfake.so does not tell changes (failed); "
                                                 "it is looked at every 2 seconds until it does\n")

    def test_without_plugins(self):
        self.assertEqual(self.fails("watch"), "mpathadm: Error: Unable to get mpath-support list.\n")


main()
