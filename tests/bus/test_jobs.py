# SPDX-License-Identifier: LGPL-2.1-or-later
"""Jobs on the bus: how they appear, end, are canceled and go."""
import xml.etree.ElementTree as xml

from private_bus import *

JOB = interface("Job")
ACCESS_DENIED = "org.freedesktop.DBus.Error.AccessDenied"
OTHER_USER = 65534


class Jobs(PublisherTest):
    def setUp(self):
        super().setUp()
        for verb in ("ports", "populate 2 1"):
            self.do(verb)

    def hold(self, unit):
        self.do(f"hold {unit} /srv/db{unit}")

    def removal(self, unit, wait=0, user=None):
        self.tell(f"removal {unit} {wait} {os.getuid() if user is None else user}")
        line = self.lines.next()
        self.assertTrue(self.lines.next().startswith("ok "))
        return line.removeprefix("job ")

    def job(self, path):
        return self.client.get_all(path, "Job")

    def children(self, path):
        return [node.get("name") for node in xml.fromstring(self.client.introspect(path)).findall("node")]

    def test_a_job_is_an_object_like_the_others(self):
        self.assertNotIn("job", self.children(ROOT))
        before = time.time()
        self.hold(1)
        path = self.removal(1)
        self.assertEqual(path, f"{ROOT}/job/1")
        self.assertIn("job", self.children(ROOT))
        self.assertEqual(self.children(f"{ROOT}/job"), ["1"])
        found = self.job(path)
        managed = self.client.managed_objects()[path]
        self.assertEqual(set(managed), {JOB})
        self.assertEqual({name: value for name, (_, value) in managed[JOB].items()}, found)
        self.assertTrue(before - 1 <= found.pop("StartedAt") / 1e6 <= time.time() + 1)
        self.assertEqual(
            found,
            {
                "Kind": "remove",
                "Object": lu_path(1),
                "State": "failed",
                "Progress": -1.0,
                "Stage": "",
                "Error": f"{NAME}.Error.TryAgain",
                "Message": "The map mpath1 is in use: /srv/db1 (xfs). Unmount /srv/db1, then try again.",
                "Holders": [("mount", "/srv/db1", "xfs")],
                "User": os.getuid(),
            },
        )
        for other in ("0", "2", "01", "1/x", "x", ""):
            with self.assertRaises(BusError):
                self.client.get(f"{ROOT}/job/{other}".rstrip("/"), "Job", "State")

    def test_a_removal_is_told_from_its_beginning_to_its_end(self):
        self.hold(1)
        watch = self.client.watch()
        path = self.removal(1, wait=60_000_000)
        signals = watch.until_answered()
        self.assertEqual(signals[0][2], "InterfacesAdded")
        self.assertEqual(signals[0][3][0], path)
        self.assertEqual(signals[0][3][1][JOB]["State"], ("s", "running"))
        self.assertEqual(
            watch.changes(signals)[-1][2],
            {"Stage": "waiting for /srv/db1 (xfs)", "Holders": [("mount", "/srv/db1", "xfs")]},
        )
        self.do("free 1")  # heard of, and looked at within a second
        told, ended = [], False
        while not ended:
            signal = watch.next()
            told.append(signal)
            ended = any(change.get("State") for _, kind, change in watch.changes([signal]) if kind == JOB)
        self.assertEqual(
            watch.changes(told)[-1],
            (
                path,
                JOB,
                {"State": "done", "Progress": 1.0, "Stage": "", "Message": "The map mpath1 was removed."},
            ),
        )
        self.assertNotIn(lu_path(1), self.client.managed_objects())

    def test_a_job_is_canceled_by_who_started_it(self):
        self.hold(1)
        path = self.removal(1, wait=60_000_000)
        self.client.call(path, JOB, "Cancel")
        found = self.job(path)
        self.assertEqual((found["State"], found["Error"]), ("canceled", ""))
        self.client.call(path, JOB, "Cancel")
        self.assertIn(lu_path(1), self.client.managed_objects())

    def test_a_job_of_another_user_is_canceled_by_root_only(self):
        self.hold(1)
        if os.getuid() == 0:
            path = self.removal(1, wait=60_000_000, user=OTHER_USER)
            self.client.call(path, JOB, "Cancel")
            self.assertEqual(self.job(path)["State"], "canceled")
            path = self.removal(1, wait=60_000_000)
            stranger = self.as_user(OTHER_USER)
        else:
            path = self.removal(1, wait=60_000_000, user=OTHER_USER)
            stranger = self.client
        text = self.assert_bus_error(ACCESS_DENIED, stranger.call, path, JOB, "Cancel")
        self.assertIn("Only root and the user who started the job", text)
        self.assertEqual(self.job(path)["State"], "running")

    def as_user(self, user):
        """A client whose connection the bus takes for another user's."""
        os.setresuid(user, user, 0)
        try:
            return self.new_client()
        finally:
            os.setresuid(0, 0, 0)

    def test_a_job_that_is_gone_is_no_object(self):
        self.hold(1)
        first = self.removal(1)
        for _ in range(64):
            self.removal(1)
        self.assertNotIn(first, self.client.managed_objects())
        with self.assertRaises(BusError) as caught:
            self.client.call(first, JOB, "Cancel")
        self.assertEqual(caught.exception.name, "org.freedesktop.DBus.Error.UnknownObject")

    def test_a_job_that_goes_is_told(self):
        self.hold(1)
        first = self.removal(1)
        for _ in range(63):
            self.removal(1)
        watch = self.client.watch()
        self.removal(1)
        gone = [body for _, _, member, body in watch.until_answered() if member == "InterfacesRemoved"]
        self.assertEqual(gone, [(first, [JOB])])


if __name__ == "__main__":
    main()
