#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""interface-page.py XML DATE: D-Bus introspection XML with its documentation, as a manual page (mdoc).

The text of an element is the comment before it (of the first interface: before it, after the node's), or
its annotation org.gtk.GDBus.DocString, as mdoc.py reads it. Everything but the words is taken from the
declarations, so the page cannot say anything else than the interface."""

import re
import sys
import xml.etree.ElementTree as ElementTree
from pathlib import Path

from mdoc import arguments, escaped, escaped_words, prose

DOC = "org.gtk.GDBus.DocString"
EMITS = "org.freedesktop.DBus.Property.EmitsChangedSignal"
CHANGES = {
    "true": "",
    "invalidates": "A change is signalled without the new value.",
    "const": "Never changes while the object exists.",
    "false": "No signal tells a change.",
}


def parse(path):
    """The root element, comments kept, and the text that belongs to each element."""
    builder = ElementTree.TreeBuilder(insert_comments=True)
    text = Path(path).read_text(encoding="utf-8")
    root = ElementTree.fromstring(text, parser=ElementTree.XMLParser(target=builder))
    texts = {}

    def visit(element):
        pending = ""
        for child in element:
            if child.tag is ElementTree.Comment:
                pending = child.text
                continue
            words = annotation(child, DOC) or pending
            if words and "SPDX-License-Identifier" not in words:
                texts[child] = words
            pending = ""
            visit(child)

    visit(root)
    inside = [child.text for child in root if child.tag is ElementTree.Comment]
    before = re.findall(r"<!--(.*?)-->", text.partition("<node")[0], re.S)
    preamble = [words for words in before if "SPDX-License-Identifier" not in words]
    first = next((child for child in root if child.tag == "interface"), None)
    if len(preamble) == 0 and len(inside) > 1 and root[0].tag is ElementTree.Comment \
            and root[1].tag is ElementTree.Comment:
        preamble = inside[:1]
    if first is None:
        raise SystemExit(f"{path}: no interface")
    return root, texts, "\n\n".join(preamble)


def annotation(element, name):
    for child in element.findall("annotation"):
        if child.get("name") == name:
            return child.get("value")
    return None


def signature(member):
    def listed(direction):
        return ", ".join(f"{arg.get('type')} {arg.get('name') or ''}".strip() for arg in member.findall("arg")
                         if arg.get("direction", "in" if member.tag == "method" else "out") == direction)
    if member.tag == "property":
        access = {"read": "read only", "readwrite": "read and write", "write": "write only"}
        return f"{member.get('name')} {member.get('type')} ({access[member.get('access')]})"
    if member.tag == "signal":
        return f"{member.get('name')}({listed('out')})"
    outs = listed("out")
    return f"{member.get('name')}({listed('in')})" + (f" -> ({outs})" if outs else "")


def described(member, texts):
    text = texts.get(member, "")
    out = prose(text)
    known = arguments(text)
    args = [arg for arg in member.findall("arg") if texts.get(arg) or known.get(arg.get("name"))]
    if args:
        out.append(".Bl -tag -width Ds -compact")
        for arg in args:
            out.append(f".It Ar {arg.get('name')} Pq {arg.get('type')}")
            out += prose(texts.get(arg) or known[arg.get("name")])
        out.append(".El")
    if member.tag == "property":
        out += [CHANGES[annotation(member, EMITS) or "true"]]
    return [line for line in out if line]


def page(path, date):
    root, texts, preamble = parse(path)
    interfaces = root.findall("interface")
    name = interfaces[0].get("name").rpartition(".")[0] if len(interfaces) > 1 else interfaces[0].get("name")
    title = Path(path).stem
    yield from (
        '.\\" SPDX-License-Identifier: LGPL-2.1-or-later',
        f'.\\" Made from {Path(path).name}; change that.',
        f".Dd {date}", f".Dt {title.upper()} 5", ".Os",
        ".Sh NAME", f".Nm {title}", f".Nd D-Bus interfaces {name}.*" if len(interfaces) > 1 else
        ".Nd D-Bus interface",
        ".Sh DESCRIPTION")
    yield from prose(preamble) or [f"Interfaces of the service {name}."]
    for interface in interfaces:
        yield f".Sh INTERFACE {escaped(interface.get('name'))}"
        yield from prose(texts.get(interface, ""))
        for tag, heading in (("method", "Methods"), ("signal", "Signals"), ("property", "Properties")):
            members = interface.findall(tag)
            if not members:
                continue
            yield from (f".Ss {heading}", ".Bl -tag -width Ds")
            for member in members:
                yield f".It Li {escaped_words(signature(member))}"
                yield from described(member, texts)
            yield ".El"
    yield from (".Sh SEE ALSO", ".Xr busctl 1 ,", ".Xr mpapid.toml 5 ,", ".Xr mpapid 8")


def undocumented(path):
    root, texts, _ = parse(path)
    return [f"{interface.get('name')}.{member.get('name')}" for interface in root.findall("interface")
            for member in interface if member.tag in ("method", "signal", "property")
            and not texts.get(member, "").strip()]


def main():
    missing = undocumented(sys.argv[1])
    if missing:
        raise SystemExit(f"{sys.argv[1]}: without a word of documentation: {', '.join(missing)}")
    print("\n".join(page(sys.argv[1], sys.argv[2])))


main()
