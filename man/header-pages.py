#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""header-pages.py HEADER DATE DIRECTORY: mpapi.h as manual pages (mdoc): libMPAPI(3) from its opening comment and
one page of section 3mpapi for each function, from the comment before it. --list HEADER: the pages' names.

A function's comment begins with "name - what it is"; then come paragraphs and "@parameter: text" (mdoc.py),
"Returns:" with an item for each status, and the clause of the standard. Structures and enumerations come from their
declarations, each field and constant with its comment: beside or before it."""

import re
import sys
from pathlib import Path

from mdoc import arguments, escaped, prose

HEAD = '.\\" SPDX-License-Identifier: LGPL-2.1-or-later'
COMMENT = r"/\*(?:[^*]|\*(?!/))*\*/"


def plain(comment):
    """The words of a comment."""
    text = comment.strip().removeprefix("/*").removesuffix("*/")
    return re.sub(r"^[ \t]*\*? ?", "", text, flags=re.M).strip()


def signature(declaration):
    name, parameters = re.fullmatch(r"MP_STATUS\s+(MP_\w+)\(([^)]*)\);", declaration.strip()).groups()
    return name, [" ".join(parameter.split()) for parameter in parameters.split(",")]


class Function:
    def __init__(self, comment, declarations):
        (self.name, self.parameters), *others = [signature(text) for text in declarations]
        self.aliases = [name for name, _ in others]
        text = plain(comment)
        title, _, text = text.partition("\n")
        name, _, self.what = title.partition(" - ")
        if name != self.name:
            raise SystemExit(f"the comment before {self.name} is about {name}")
        self.text, _, rest = text.partition("\nReturns:\n")
        items, _, self.clause = rest.rpartition("\n\n")
        self.statuses = [re.match(r"(\w+)(?:: (.*))?$", " ".join(item.split())).groups()
                         for item in re.split(r"^- ", items, flags=re.M) if item.strip()]
        described = arguments(self.text)
        missing = [argument for argument in map(argument_name, self.parameters) if argument not in described]
        if missing or not self.statuses or not re.fullmatch(r"ISO/IEC 11002 7\.\d+", self.clause):
            raise SystemExit(f"{self.name}: parameters without a text: {missing}; statuses: {self.statuses}; "
                             f"clause: {self.clause}")


def argument_name(parameter):
    return re.search(r"(\w+)$", parameter)[1]


class Header:
    def __init__(self, path):
        text = Path(path).read_text(encoding="utf-8")
        first, second = re.findall(COMMENT, text)[:2]
        self.opening = plain(second if "SPDX" in first else first)
        declaration = r"MP_STATUS\s+MP_\w+\([^;]*\);"
        self.functions = [
            Function(comment, re.findall(declaration, declarations)) for comment, declarations in
            re.findall(rf"({COMMENT})\n((?:(?:/\* As [^\n]* \*/\n)?{declaration}\n)+)", text)]
        if sum(1 + len(function.aliases) for function in self.functions) != len(re.findall(declaration, text)):
            raise SystemExit(f"{path}: a function without a comment")
        self.enumerations = {name: self.members(body, r"(MP_\w+) = \w+,?") for body, name in
                             re.findall(r"typedef enum \w+ \{\n(.*?)\n\} (\w+);", text, re.S)}
        self.structures = {name: self.members(body, r"([^;/]*[^;/\s]);") for body, name in
                           re.findall(r"typedef struct \w+ \{\n(.*?)\n\} (\w+);", text, re.S)}

    @staticmethod
    def members(body, pattern):
        """Each member and its comment, which stands behind it or before it."""
        found = re.findall(rf"(?:({COMMENT})\s*)?{pattern}[ \t]*({COMMENT})?", body)
        return [(" ".join(member.split()), " ".join(plain(behind or before).split()))
                for before, member, behind in found]

    def meaning(self, status):
        return dict(self.enumerations["MP_STATUS"])["MP_STATUS_" + status]

    def types_of(self, function):
        """Structures and enumerations that the function's parameters bring, in the order of their need."""
        found = []

        def add(declaration):
            for name in re.findall(r"MP_\w+", declaration):
                if name in found or name in ("MP_STATUS", "MP_OID", "MP_OID_LIST", "MP_OBJECT_TYPE"):
                    continue
                if name in self.structures:
                    found.append(name)
                    for field, _ in self.structures[name]:
                        add(field)
                elif name in self.enumerations:
                    found.append(name)

        for parameter in function.parameters:
            add(parameter)
        return found


def quoted(text):
    return f'"{escaped(text)}"'


def listed(entries, macro):
    yield ".Bl -tag -width Ds -compact"
    for name, text in entries:
        yield f".It {macro} {quoted(name)}"
        yield from prose(text)
    yield ".El"


def function_page(header, function, date):
    yield from (HEAD, '.\\" Made from mpapi.h; change that.', f".Dd {date}", f".Dt {function.name} 3", ".Os",
                ".Sh NAME")
    names = [function.name, *function.aliases]
    yield from (f".Nm {name}" + (" ," if name != names[-1] else "") for name in names)
    yield from (f".Nd {function.what}", ".Sh SYNOPSIS", ".In mpapi.h")
    for name in names:
        yield from (".Ft MP_STATUS", f".Fn {name} " + " ".join(map(quoted, function.parameters)))
    yield ".Sh DESCRIPTION"
    text = prose(function.text)
    yield from text or [function.what[0].upper() + function.what[1:] + "."]
    described = arguments(function.text)
    yield ".Pp"
    yield from listed([(argument, described[argument]) for argument in map(argument_name, function.parameters)], "Fa")
    for name in header.types_of(function):
        yield f".Ss {name}"
        yield from listed(header.structures[name], "Vt") if name in header.structures else \
            listed(header.enumerations[name], "Dv")
    yield ".Sh RETURN VALUES"
    yield from listed([("MP_STATUS_" + status, text or header.meaning(status))
                       for status, text in function.statuses], "Dv")
    yield ".Sh SEE ALSO"
    if any("MP_OID_LIST**" in parameter for parameter in function.parameters):
        yield from (".Xr libMPAPI 3 ,", ".Xr MP_FreeOidList 3mpapi")
    else:
        yield ".Xr libMPAPI 3"
    yield from (".Sh STANDARDS", function.clause.replace("11002", "11002:2008, clause") + ".")


def library_page(header, date):
    yield from (HEAD, '.\\" Made from mpapi.h; change that.', f".Dd {date}", ".Dt LIBMPAPI 3", ".Os",
                ".Sh NAME", ".Nm libMPAPI", ".Nd Multipath Management API",
                ".Sh SYNOPSIS", ".In mpapi.h", ".Pp", ".Li cc ... -lMPAPI",
                ".Sh DESCRIPTION")
    # The first paragraph is the title, the last for those who change the header.
    yield from prose("\n\n".join(header.opening.split("\n\n")[1:-1]))
    yield ".Ss Functions"
    yield from (".Bl -tag -width Ds -compact",)
    for function in header.functions:
        yield from (f".It Xr {function.name} 3mpapi", *prose(function.what))
    yield ".El"
    for name, types in (("Status values", "MP_STATUS"), ("Object types", "MP_OBJECT_TYPE")):
        yield f".Ss {name}"
        yield from listed(header.enumerations[types], "Dv")
    yield ".Ss Object ids and lists of them"
    for name in ("MP_OID", "MP_OID_LIST"):
        yield from listed([(name + "." + argument_name(re.sub(r"\[.*", "", field)), text)
                           for field, text in header.structures[name]], "Va")
    yield from (
        ".Sh ENVIRONMENT", ".Bl -tag -width Ds", ".It Ev MPAPI_CONF",
        "The configuration, instead of", ".Pa /etc/mpapi.conf .",
        "Ignored in a program with more privileges than its caller.", ".El",
        ".Sh FILES", ".Bl -tag -width Ds -compact",
        ".It Pa /etc/mpapi.conf", "Which plugins there are.",
        ".It Pa /usr/share/doc/libmpapi-dev/examples", "Programs that use the library.", ".El",
        ".Sh SEE ALSO", ".Xr mpapi.conf 5",
        ".Sh STANDARDS", "ISO/IEC 11002:2008, Multipath management (API).",
        "Where the standard leaves something open, the pages of the functions say what this library does.")


def main():
    if sys.argv[1] == "--list":
        header = Header(sys.argv[2])
        print("libMPAPI.3", *(function.name + ".3mpapi" for function in header.functions))
        return
    header, date, directory = Header(sys.argv[1]), sys.argv[2], Path(sys.argv[3])
    pages = {"libMPAPI.3": library_page(header, date)}
    for function in header.functions:
        pages[function.name + ".3mpapi"] = function_page(header, function, date)
    for name, lines in pages.items():
        (directory / name).write_text("\n".join(lines) + "\n", encoding="utf-8")


main()
