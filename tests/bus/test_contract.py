# SPDX-License-Identifier: LGPL-2.1-or-later
"""What dbus/org.mpapi.Multipath1.xml promises is what the daemon answers, each way."""
import re
import xml.etree.ElementTree as xml

from private_bus import *

WRITTEN = os.path.join(os.environ["SOURCE_ROOT"], "dbus/org.mpapi.Multipath1.xml")


def members(interface_node):
    """Everything of an interface but its documentation, in a form that can be compared."""
    found = {}
    for node in interface_node:
        if node.tag is xml.Comment:
            continue
        notes = {note.get("name"): note.get("value") for note in node.findall("annotation")}
        arguments = [
            (arg.get("name"), arg.get("type"), arg.get("direction")) for arg in node.findall("arg")
        ]
        key = (node.tag, node.get("name"))
        assert key not in found, f"{key} is there twice"
        found[key] = (node.get("type"), node.get("access"), notes, arguments)
    return found


class Contract(PublisherTest):
    maxDiff = None

    def setUp(self):
        super().setUp()
        for verb in ("ports", "populate 1 1", "disk 1"):
            self.do(verb)
        self.tell("hold 1 /srv/db")
        self.lines.next()
        self.tell("removal 1 0 0")
        self.lines.next(), self.lines.next()
        parser = xml.XMLParser(target=xml.TreeBuilder(insert_comments=True))
        self.root = xml.parse(WRITTEN, parser).getroot()
        self.written = {node.get("name"): node for node in self.root.findall("interface")}
        self.answered = {}
        for path in self.client.managed_objects():
            for node in xml.fromstring(self.client.introspect(path)).findall("interface"):
                if node.get("name").startswith(NAME):
                    self.answered.setdefault(node.get("name"), node)

    def test_the_interfaces_are_the_same(self):
        self.assertEqual(set(self.written), set(self.answered))

    def test_the_members_are_the_same(self):
        for name, node in self.written.items():
            with self.subTest(interface=name):
                self.assertEqual(members(node), members(self.answered[name]))

    def test_everything_is_documented(self):
        for parent in [self.root, *self.written.values()]:
            before = None
            for each in parent:
                if each.tag is not xml.Comment:
                    with self.subTest(parent=parent.get("name"), member=each.get("name")):
                        self.assertIsNotNone(before, "the comment before it is its documentation")
                        self.assertGreater(len(before.strip()), 5)
                        if each.tag == "method":
                            self.assertIn("Errors:", before)
                        told = re.findall(r"@(\w+):", before)
                        self.assertEqual(told, [arg.get("name") for arg in each.findall("arg")])
                before = each.text if each.tag is xml.Comment else None

    def test_the_properties_are_those_of_get_managed_objects(self):
        for path, interfaces in self.client.managed_objects().items():
            for name, properties in interfaces.items():
                promised = {
                    node.get("name"): node.get("type")
                    for node in self.written[name].findall("property")
                }
                with self.subTest(path=path):
                    self.assertEqual({n: v[0] for n, v in properties.items()}, promised)


if __name__ == "__main__":
    main()
