# SPDX-License-Identifier: LGPL-2.1-or-later
"""Text of comments as mdoc. In a comment `name` is literal, an empty line begins a paragraph, a line
`@argument: text` describes an argument, and lines that begin with "- " are a list."""

import re


def escaped(text):
    text = text.replace("\\", "\\e").replace('"', "\\(dq")
    return "\\&" + text if text[:1] in (".", "'") else text


def words(text):
    """A line of prose as lines of mdoc: literals get a macro, sentences a line each."""
    text = " ".join(text.split())
    for part in re.split(r"(?<=[.:;!?]) +(?=[A-Z`(])", text):
        pieces = re.split(r"([(\[]*`[^`]+`[^\s`]*)", part)
        for piece in pieces:
            piece = piece.strip()
            literal = re.fullmatch(r"([(\[]*)`([^`]+)`(\S*)", piece)
            if literal:
                before, inner, after = literal.groups()
                quoted = escaped(inner)
                quoted = f'"{quoted}"' if " " in quoted else quoted
                if before:
                    yield f".No \\&{before} Ns Li {quoted}" + (f" Ns {escaped_tail(after)}" if after else "")
                elif after and re.fullmatch(r"[.,:;!?)\]]+", after):
                    yield f".Li {quoted} " + " ".join(after)
                elif after:
                    yield f".Li {quoted} Ns {escaped_tail(after)}"
                else:
                    yield f".Li {quoted}"
            elif piece:
                yield from wrapped(escaped(piece))


def escaped_tail(text):
    return "No \\&" + escaped(text)


def wrapped(text, width=78):
    line = ""
    for word in text.split(" "):
        if line and len(line) + 1 + len(word) > width:
            yield line
            line = ("\\&" + word) if word[:1] in (".", "'") else word
        else:
            line = f"{line} {word}" if line else word
    if line:
        yield line


def prose(text):
    """Paragraphs and lists of a comment; argument lines are left to arguments()."""
    out = []
    text = re.sub(r"^[ \t]*@\w+:.*(\n(?![ \t]*(@\w+:|- |\n|$)).*)*", "", text, flags=re.M)
    lines = [line.strip() for line in text.strip().splitlines()]
    for paragraph in re.split(r"\n\s*\n", "\n".join(lines)):
        if not paragraph.strip():
            continue
        if out:
            out.append(".Pp")
        head, *items = re.split(r"(?:^|\n)- ", paragraph)
        out += words(head)
        if items:
            out.append(".Bl -bullet -compact")
            for item in items:
                out += [".It", *words(item)]
            out.append(".El")
    return out


def arguments(text):
    found = {}
    for match in re.finditer(r"^[ \t]*@(\w+):(.*(?:\n(?![ \t]*(?:@\w+:|- |\n|$)).*)*)", text, re.M):
        found[match[1]] = match[2]
    return found


def escaped_words(text):
    """For the arguments of a macro: nothing in them may be taken for another macro or a delimiter."""
    return " ".join(f'"\\&{escaped(word)}"' for word in text.split(" "))
