# SPDX-License-Identifier: LGPL-2.1-or-later
"""10 000 units with 8 paths each: it works at all. How fast is for bench to say."""
from embedded_san import *

SCALE = os.path.join(os.environ["SOURCE_ROOT"], "daemon/san/examples/scale.toml")


class Scale(SanTest):
    def test_one_path_and_then_a_whole_array(self):
        self.start(SCALE, FAST, deadline=60)
        self.assertEqual(self.client.get(ROOT, "Manager", "LogicalUnitCount"), 10_000)
        self.assertEqual(self.client.get(ROOT, "Manager", "PathCount"), 80_000)
        self.watch, self.heard = self.client.watch(), []
        self.san.path_lost("sda")

        def failed(_path, _kind, member, body):
            return member == "PropertiesChanged" and body[1].get("State") == ("s", "path-error")

        self.hear("one path failed", failed)
        self.assertLessEqual(len(self.heard), 3, "its unit, its shared disk and itself")

        self.san.array_fails_over("left", 0)
        groups = {}

        def over(path, _, member, body):
            if member == "PropertiesChanged" and "AccessState" in body[1]:
                groups[path] = groups.get(path, 0) + 1
            return len(groups) == 10_000

        self.hear("two groups of each of 5 000 units", over, deadline=60)
        self.assertEqual(max(groups.values()), 1, "each is told once")
        text = self.assert_bus_error(ERROR + "TooLarge", self.client.managed_objects)
        self.assertIn("GetSnapshot", text)


if __name__ == "__main__":
    main()
