# SPDX-License-Identifier: LGPL-2.1-or-later
"""The methods of the manager."""
import fcntl
import mmap
import re
import struct
import subprocess

from private_bus import *

ERROR = f"{NAME}.Error."


class Methods(PublisherTest):
    arguments = ["--calls-per-sender", "4", "--changes-kept", "10"]

    def setUp(self):
        super().setUp()
        self.do("ports")
        self.do("populate 2 2")

    def test_settled_answers_when_the_model_has_settled(self):
        self.client.manager("Settled", "t", (1_000_000,))
        self.do("settle hold")
        waiting = self.client.send(ROOT, interface("Manager"), "Settled", "t", (1_500,))
        self.assertEqual(self.lines.next(), "settling 2", "rounded up to milliseconds")
        self.client.get(lu_path(1), "LogicalUnit", "Name")
        self.do("settle finish")
        self.assertEqual(self.client.answer(waiting), ())

    def test_settled_says_when_it_did_not_happen_in_time(self):
        self.do("settle hold")
        waiting = self.client.send(ROOT, interface("Manager"), "Settled", "t", (2**64 - 1,))
        self.assertEqual(self.lines.next(), "settling 300000")
        self.do("settle fail")
        text = self.assert_bus_error(ERROR + "TimedOut", self.client.answer, waiting)
        self.assertIn("the queue is not empty", text)

    def test_a_sender_has_a_limited_number_of_unanswered_calls(self):
        self.do("settle hold")
        first = self.new_client()
        for _ in range(4):
            first.send(ROOT, interface("Manager"), "Settled", "t", (10**9,))
            self.lines.next()
        self.assert_bus_error(
            ERROR + "LimitsExceeded", first.manager, "Settled", "t", (10**9,)
        )
        second = self.client.send(ROOT, interface("Manager"), "Settled", "t", (10**9,))
        self.assertEqual(self.lines.next(), "settling 300000", "another sender is not affected")
        self.do("settle finish")
        self.assertEqual(self.client.answer(second), ())
        first.get(lu_path(1), "LogicalUnit", "Name")

    def test_a_sender_that_leaves_is_forgotten(self):
        self.do("settle hold")
        for _ in range(3):
            leaving = Client(self.address)
            for _ in range(4):
                leaving.send(ROOT, interface("Manager"), "Settled", "t", (10**9,))
                self.lines.next()
            leaving.close()
        self.do("settle finish")
        self.assertEqual(self.client.get(ROOT, "Manager", "PathManager"), "observe")

    def test_describe_is_json_of_every_object(self):
        document = self.load(self.client.manager("Describe", "a{sv}", ({},))[0])
        self.assertEqual(document["Format"], 1)
        self.assertEqual(int(document["Instance"]), 0xFEEDFACECAFEF00D)
        objects = [document["Manager"]]
        for table in (
            "Plugins",
            "LoadBalances",
            "DeviceProducts",
            "InitiatorPorts",
            "TargetPorts",
            "LogicalUnits",
            "Disks",
        ):
            objects += document[table]
        for unit in document["LogicalUnits"]:
            objects += unit["Paths"] + unit["TargetPortGroups"]
        managed = self.client.managed_objects()
        self.assertEqual({each["ObjectPath"] for each in objects}, set(managed))
        for each in objects:
            properties = next(iter(managed[each["ObjectPath"]].values()))
            self.assertLessEqual(set(properties), set(each))
        self.assertEqual(document["LogicalUnits"][0]["Name"], "mpath1")
        self.assertIsNone(document["LogicalUnits"][0]["Trouble"])

    def test_describe_can_be_asked_for_some_units(self):
        key = lu_path(2).rsplit("/", 1)[1]
        options = {"LogicalUnits": ("as", [key, "unknown"])}
        document = self.load(self.client.manager("Describe", "a{sv}", (options,))[0])
        self.assertEqual([unit["Key"] for unit in document["LogicalUnits"]], [key])
        for bad in ({"Indent": ("u", 2)}, {"LogicalUnits": ("s", key)}):
            self.assert_bus_error(
                ERROR + "InvalidParameter", self.client.manager, "Describe", "a{sv}", (bad,)
            )

    def changes(self, since, instance=0xFEEDFACECAFEF00D):
        return self.client.manager("GetChanges", "tt", (instance, since))

    def test_get_changes_tells_what_happened_since(self):
        start = self.do("settle now")
        instance, generation, resync, changes = self.changes(start)
        self.assertEqual((instance, generation), (0xFEEDFACECAFEF00D, start))
        self.assertEqual((resync, changes), (False, []))
        self.do("fail 1 0")
        end = self.do("remove 2")
        _, generation, resync, changes = self.changes(start)
        self.assertEqual((generation, resync), (end, False))
        self.assertEqual(changes[0], (start + 1, "changed", 5, 1))
        self.assertEqual(changes[-1], (end, "removed", 4, 2))
        self.assertEqual(len(changes), 1 + 5)
        self.assertEqual(self.changes(end - 1)[3], changes[1:])

    def test_get_changes_asks_for_a_resync_when_it_cannot_know(self):
        start = self.do("settle now")
        for _ in range(5):
            self.do("fail 1 0")
            self.do("restore 1 0")
        self.assertEqual([c[0] for c in self.changes(start)[3]], list(range(start + 1, start + 11)))
        self.do("fail 1 0")
        self.assertTrue(self.changes(start)[2], "forgotten")
        self.assertFalse(self.changes(start + 1)[2])
        self.assertTrue(self.changes(start + 99)[2], "the future")
        self.assertTrue(self.changes(start + 1, instance=7)[2], "another instance")

    def test_the_generation_page_shows_each_step_and_cannot_be_written(self):
        fd = self.client.manager("GetGenerationPage")[0].to_raw_fd()
        page = mmap.mmap(fd, 4096, prot=mmap.PROT_READ)
        self.assertEqual(page[:8], b"mpapipg2")
        for _ in range(3):
            generation = self.do("fail 1 0")
            self.assertEqual(
                struct.unpack("QQ", page[8:24]), (0xFEEDFACECAFEF00D, generation)
            )
        with self.assertRaises(PermissionError):
            mmap.mmap(fd, 4096, prot=mmap.PROT_READ | mmap.PROT_WRITE)
        with self.assertRaises(PermissionError):
            os.pwrite(fd, b"x", 8)
        page.close()
        os.close(fd)

    def test_the_generation_page_tells_of_a_daemon_that_was_killed(self):
        fd = self.client.manager("GetGenerationPage")[0].to_raw_fd()
        page = mmap.mmap(fd, 4096, prot=mmap.PROT_READ)
        # common/flat/generation_page.hpp: the thread that holds the robust mutex.
        holder = lambda: struct.unpack("I", page[24:28])[0] & 0x3FFFFFFF
        self.assertEqual(holder(), self.publisher.pid)
        self.publisher.kill()
        self.publisher.wait()
        self.assertEqual(holder(), 0)
        page.close()
        os.close(fd)

    def test_a_snapshot_is_sealed_and_shared_until_the_next_generation(self):
        first, fd = self.client.manager("GetSnapshot")
        again, same = self.new_client().manager("GetSnapshot")
        with fd.to_file("rb") as one, same.to_file("rb") as other:
            self.assertEqual(os.fstat(one.fileno()).st_ino, os.fstat(other.fileno()).st_ino)
            seals = fcntl.fcntl(one.fileno(), fcntl.F_GET_SEALS)
            self.assertEqual(
                seals,
                fcntl.F_SEAL_SEAL | fcntl.F_SEAL_SHRINK | fcntl.F_SEAL_GROW | fcntl.F_SEAL_WRITE,
            )
            content = one.read()
        magic, _, size, _, instance, generation, _, total = struct.unpack_from("<8sIIQQQQQ", content)
        self.assertEqual(magic, b"mapflat1")
        self.assertEqual((instance, generation), (0xFEEDFACECAFEF00D, first))
        self.assertEqual(total, len(content))
        self.assertEqual(again, first)
        newer = self.do("fail 1 0")
        later, fd = self.client.manager("GetSnapshot")
        self.assertEqual(later, newer)
        self.assertNotEqual(self.client.read_fd(fd), content)

    def test_all_who_ask_for_a_snapshot_at_once_get_one(self):
        self.do("populate 300 8")
        clients = [self.new_client() for _ in range(8)]
        calls = [each.send(ROOT, interface("Manager"), "GetSnapshot") for each in clients]
        files = set()
        for each, call in zip(clients, calls):
            with each.answer(call)[1].to_file("rb") as file:
                files.add(os.fstat(file.fileno()).st_ino)
        self.assertEqual(len(files), 1)

    def test_a_client_that_never_reads_its_descriptors_holds_up_nobody(self):
        hostile = self.new_client()
        calls = []
        # Some hundred answers lie in its socket before any waits in the bus.
        for _ in range(120):
            calls += [hostile.send(ROOT, interface("Manager"), "GetGenerationPage") for _ in range(8)]
            self.client.manager("GetGenerationPage")[0].close()
            self.client.get(ROOT, "Manager", "Generation")
        self.new_client().manager("GetSnapshot")[1].close()

        pages, refused = 0, 0
        for call in calls:
            try:
                hostile.answer_of(call)[0].close()
                pages += 1
            except BusError as error:
                self.assertEqual(error.name, "org.mpapi.Multipath1.Error.LimitsExceeded")
                refused += "has not read" in error.text
        self.assertGreater(pages, 100)
        self.assertGreater(refused, 100)
        hostile.manager("GetGenerationPage")[0].close()

    def test_a_client_that_never_reads_large_answers_holds_up_nobody(self):
        self.do("populate 200 16")
        hostile, calls = self.new_client(), []
        # At 127 MB the bus would stop reading. Whoever asks later is answered later, so each has been
        # decided before the next.
        for _ in range(60):
            calls.append(hostile.send(ROOT, interface("Manager"), "Metrics"))
            self.client.manager("Metrics")
        self.new_client().manager("GetSnapshot")[1].close()
        too_many = hostile.send(ROOT, interface("Manager"), "GetChanges", "tt", (0, 0))
        all_objects = hostile.send(ROOT, OBJECT_MANAGER, "GetManagedObjects")
        # The next one's turn comes after it.
        self.assertGreater(len(self.client.call(ROOT, OBJECT_MANAGER, "GetManagedObjects")[0]), 3000)
        given, refused = 0, 0
        for call in calls:
            try:
                given += len(hostile.answer_of(call)[0])
            except BusError as error:
                self.assertEqual(error.name, "org.mpapi.Multipath1.Error.LimitsExceeded")
                refused += "has not read" in error.text
        self.assertGreater(given, 16 << 20)
        self.assertLess(given, 48 << 20)
        self.assertGreater(refused, 10)
        self.assertTrue(hostile.answer_of(too_many)[2])
        self.assert_bus_error(ERROR + "LimitsExceeded", hostile.answer_of, all_objects)
        self.assertGreater(len(hostile.manager("Metrics")[0]), 100_000)

    def metrics(self):
        """Samples by name and labels; fails where the text is not as OpenMetrics wants it."""
        text = self.client.manager("Metrics")[0]
        self.assertTrue(text.endswith("\n# EOF\n"))
        samples, types, family = {}, {}, None
        suffixes = {
            "gauge": [""],
            "counter": ["_total"],
            "info": ["_info"],
            "histogram": ["_bucket", "_count", "_sum"],
        }
        label = r'([a-z_]+)="((?:[^"\\\n]|\\[n"\\])*)"'
        for line in text.splitlines()[:-1]:
            if line.startswith("# TYPE "):
                _, _, family, kind = line.split(" ")
                self.assertNotIn(family, types, "a family must not come twice")
                types[family] = kind
                continue
            if line.startswith("# "):
                self.assertEqual(line.split(" ")[2], family)
                continue
            match = re.fullmatch(rf"([a-z_]+)(?:{{({label}(?:,{label})*)}})? ([0-9.]+)", line)
            self.assertIsNotNone(match, line)
            name = match.group(1)
            self.assertIn(name, [family + each for each in suffixes[types[family]]])
            key = (name, tuple(re.findall(label, match.group(2) or "")))
            self.assertNotIn(key, samples, "a sample must not come twice")
            samples[key] = float(match.group(7))
        return samples

    def test_metrics_are_open_metrics_and_count_what_happens(self):
        before = self.metrics()
        self.assertEqual(before["mpapi_paths", (("state", "okay"),)], 4)
        self.assertEqual(before["mpapi_failures_total", ()], 0)
        for _ in range(3):
            self.do("fail 1 0")
            self.do("restore 1 0")
        self.do("fail 1 0")
        self.do("hang 2 1")
        after = self.metrics()
        self.assertEqual(after["mpapi_paths", (("state", "okay"),)], 2)
        self.assertEqual(after["mpapi_paths", (("state", "path-error"),)], 1)
        self.assertEqual(after["mpapi_paths_unanswering", ()], 1)
        key = lu_path(1).rsplit("/", 1)[1]
        failures = ("mpapi_path_failures_total", (("path", "1"), ("logical_unit", key)))
        self.assertEqual(after[failures], 4)
        self.assertEqual(after["mpapi_failures_total", ()], 4)
        self.assertEqual(after["mpapi_commands_stalled_total", ()], 3)
        self.assertEqual(
            after["mpapi_target_port_groups", (("access_state", "active-optimized"),)], 2
        )
        info = [dict(labels) for name, labels in after if name == "mpapi_path_info"]
        self.assertEqual(len(info), 4)
        self.assertEqual((info[0]["device"], info[0]["map"]), ("sd1", "mpath1"))
        count = after["mpapi_event_to_signal_seconds_count", ()]
        self.assertGreater(count, before["mpapi_event_to_signal_seconds_count", ()])
        buckets = [v for (n, _), v in after.items() if n == "mpapi_event_to_signal_seconds_bucket"]
        self.assertEqual(buckets, sorted(buckets))
        self.assertEqual(buckets[-1], count)

    def test_metrics_escape_what_devices_say(self):
        self.do("hostile 1")
        self.assertTrue(self.metrics())

    def test_root_may_have_devices_asked_again(self):
        if os.geteuid() != 0:
            self.skipTest("needs root")
        self.client.call(lu_path(2), interface("LogicalUnit"), "Refresh")
        self.client.manager("Refresh")
        self.tell("refreshed")
        self.assertEqual(self.lines.next(), "refreshed 2 1 2")

    def as_nobody(self, *words):
        if os.geteuid() != 0:
            self.skipTest("needs root")
        return subprocess.run(
            ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", "busctl"]
            + [f"--address={self.address}", *words],
            capture_output=True,
            text=True,
            timeout=30,
        )

    def test_what_others_leave_unread_does_not_keep_root_out(self):
        asked = ("call", NAME, ROOT, interface("Manager"), "GetGenerationPage")
        self.assertEqual(self.as_nobody(*asked).returncode, 0)
        # Each leaves as many in the bus as one client may; what its socket holds comes before.
        for hostile in [self.new_client() for _ in range(8)]:
            for _ in range(120):
                for _ in range(8):
                    hostile.send(ROOT, interface("Manager"), "GetGenerationPage")
                self.client.manager("GetGenerationPage")[0].close()
        refused = self.as_nobody(*asked)
        self.assertNotEqual(refused.returncode, 0)
        self.assertIn("Too much was not read", refused.stderr)
        self.new_client().manager("GetGenerationPage")[0].close()

    def test_nobody_else_may_have_devices_asked_again_but_may_read(self):
        manager = interface("Manager")
        denied = self.as_nobody("call", NAME, ROOT, manager, "Refresh")
        self.assertNotEqual(denied.returncode, 0)
        # busctl has a text of its own for this error.
        self.assertEqual(denied.stderr, "Call failed: Access denied\n")
        self.tell("refreshed")
        self.assertEqual(self.lines.next(), "refreshed")
        read = self.as_nobody("get-property", NAME, ROOT, manager, "PathManager")
        self.assertEqual(read.stdout, 's "observe"\n', read.stderr)


if __name__ == "__main__":
    main()
