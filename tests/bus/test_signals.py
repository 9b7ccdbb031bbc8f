# SPDX-License-Identifier: LGPL-2.1-or-later
"""Each change is told once, in an order that can be followed."""
from private_bus import *

PATH_0 = f"{lu_path(1)}/path/2100000e1e09a4c0__5006016012345678__1"


class Signals(PublisherTest):
    def setUp(self):
        super().setUp()
        self.do("ports")
        self.do("populate 2 4")
        self.watch = self.client.watch()

    def test_a_failed_path_is_one_signal_of_the_path_and_one_of_its_unit(self):
        self.do("fail 1 0")
        signals = self.watch.until_answered()
        self.assertEqual(
            Watch.changes(signals),
            [
                (lu_path(1), interface("LogicalUnit"), {"UsablePathCount": 3}),
                (
                    PATH_0,
                    interface("Path"),
                    {"State": "path-error", "Active": False, "FailCount": 1},
                ),
            ],
        )
        self.assertEqual(len(signals), 2)

    def test_a_step_is_announced_once_and_before_what_it_brought(self):
        generation = self.do("fail 1 0")
        kinds = [message.header.fields[HeaderFields.member] for message in self.wait_all()]
        self.assertEqual(kinds[0], "GenerationChanged")
        self.assertEqual(kinds.count("GenerationChanged"), 1)
        self.watch.until_answered()
        self.assertEqual(self.watch.generations, [generation])

    def wait_all(self):
        """What was signalled up to now, left where it is."""
        self.client.get(ROOT, "Manager", "Generation")
        return list(self.watch.queue)

    def test_each_state_of_a_flapping_path_is_told(self):
        for _ in range(5):
            self.do("fail 1 0")
            self.do("restore 1 0")
        states = [
            changed["State"]
            for path, _, changed in Watch.changes(self.watch.until_answered())
            if path == PATH_0
        ]
        self.assertEqual(states, ["path-error", "okay"] * 5)

    def test_a_path_that_leads_elsewhere_raises_identity_changed_once(self):
        self.do("identity 1 0 600999")
        self.do("fail 1 0")
        signals = self.watch.until_answered()
        told = [(path, body) for path, _, member, body in signals if member == "IdentityChanged"]
        self.assertEqual(told, [(PATH_0, (f"6001405{1:024d}", "600999"))])
        changes = [c for path, _, c in Watch.changes(signals) if path == PATH_0]
        self.assertEqual(changes[0], {"Identity": "changed", "Designator": "600999"})

    def test_a_hanging_path_says_since_when_and_in_which_command(self):
        self.do("hang 1 0")
        changes = [c for p, _, c in Watch.changes(self.watch.until_answered()) if p == PATH_0]
        self.assertEqual(
            changes,
            [
                {
                    "State": "unknown",
                    "Trouble": (1_700_000_000_000_077, "TEST UNIT READY", "no answer after 5 s"),
                }
            ],
        )

    def test_a_unit_appears_before_its_parts_and_vanishes_after_them(self):
        self.do("add 7 2")
        added = self.watch.until_answered()
        self.assertEqual([member for _, _, member, _ in added], ["InterfacesAdded"] * 5)
        paths = [body[0] for _, _, _, body in added]
        self.assertEqual(paths[0], lu_path(7))
        managed = self.client.managed_objects()
        for _, _, _, (path, interfaces) in added:
            self.assertEqual(interfaces, managed[path])
        self.do("remove 7")
        removed = self.watch.until_answered()
        self.assertEqual([member for _, _, member, _ in removed], ["InterfacesRemoved"] * 5)
        self.assertEqual(removed[-1][3], (lu_path(7), [interface("LogicalUnit")]))
        self.assertEqual({body[0] for _, _, _, body in removed}, set(paths))

    def test_a_lost_path_changes_the_count_of_its_unit(self):
        self.do("lose-path 1 0")
        signals = self.watch.until_answered()
        self.assertEqual(
            Watch.changes(signals),
            [(lu_path(1), interface("LogicalUnit"), {"PathCount": 3, "UsablePathCount": 3})],
        )
        self.assertEqual(signals[1][2:], ("InterfacesRemoved", (PATH_0, [interface("Path")])))

    def follow(self, state, signals):
        for path, kind, member, body in signals:
            if member == "GenerationChanged":
                continue
            if member == "InterfacesAdded":
                state[body[0]] = body[1]
            elif member == "InterfacesRemoved":
                del state[body[0]]
            else:
                state[path][body[0]].update(body[1])
        now = self.client.managed_objects()
        # The figures of the manager change without a signal.
        self.assertEqual(state.pop(ROOT).keys(), now.pop(ROOT).keys())
        self.assertEqual(state, now)

    def test_the_end_state_by_signals_is_the_state_by_reading(self):
        self.do("populate 40 8")
        state = self.client.managed_objects()
        self.watch.until_answered()
        for verb in ("failover", "fail 3 1", "failover", "remove 9", "add 41 3", "failover"):
            self.do(verb)
        self.follow(state, self.watch.until_answered())

    def test_steps_that_the_bus_cannot_keep_up_with_are_merged(self):
        units, steps, of_each = 40, 81, 1 + 1 + 4
        self.do("populate 40 8")
        state = self.client.managed_objects()
        self.watch.until_answered()
        generation = self.do(f"burst {steps}")
        signals = self.watch.until_answered()
        self.assertEqual(self.client.get(ROOT, "Manager", "Generation"), generation)
        self.assertGreaterEqual(len(signals), units * of_each)
        self.assertLess(len(signals), units * of_each * steps)
        self.follow(state, signals)

    def test_what_changed_again_before_its_turn_is_told_as_it_is_by_then(self):
        units, of_each = 400, 1 + 1 + 4
        self.do("populate 400 8")
        state = self.client.managed_objects()
        self.watch.until_answered()
        self.do("burst 2")  # there and back
        signals = self.watch.until_answered()
        # Some have had their turn before they are back; for the others nothing has happened.
        self.assertGreater(len(signals), 0)
        self.assertLess(len(signals), units * of_each)
        self.follow(state, signals)

    def test_calls_are_answered_while_much_is_told(self):
        self.do("populate 400 8")
        self.watch.until_answered()
        other = self.new_client()
        self.tell("burst 9")
        answered_before = 0
        while not self.lines.ready():
            other.get(lu_path(1), "LogicalUnit", "Name")
            answered_before += not self.lines.ready()
        # How many depends on the machine; that one is says that calls do not wait for the end.
        self.assertGreater(answered_before, 0)
        self.lines.next()
        self.assertGreaterEqual(len(self.watch.until_answered()), 400 * (1 + 1 + 4))

    def test_signals_of_what_happened_come_before_the_answer_of_settled(self):
        self.do("populate 150 8")
        state = self.client.managed_objects()
        self.watch.until_answered()
        self.do("settle hold")
        waiting = self.client.send(ROOT, interface("Manager"), "Settled", "t", (60_000_000,))
        self.lines.next()
        self.tell("burst 9")
        self.tell("settle finish")
        self.assertEqual(self.client.answer(waiting), ())
        before = [one for one in self.client.later if HeaderFields.member in one.header.fields]
        for _ in range(2):
            self.lines.next()
        self.follow(state, [Watch.told(one) for one in before])


if __name__ == "__main__":
    main()
