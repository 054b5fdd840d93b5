# SPDX-License-Identifier: Apache-2.0
"""Relative links of the documentation lead somewhere."""

import re
from pathlib import PurePosixPath

from tree import Finding

LINK = re.compile(r"(?<!!)\[[^\]]*\]\(([^)\s]+)\)|!\[[^\]]*\]\(([^)\s]+)\)")
HEADING = re.compile(r"^#+\s+(.*?)\s*#*$", re.MULTILINE)


def slug(heading):
    """As GitHub and GitLab make an anchor of a heading."""
    text = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", heading).replace("`", "")
    return re.sub(r"[^\w\- ]", "", text.lower()).replace(" ", "-")


def without_code(text):
    return re.sub(r"^```.*?^```", lambda match: "\n" * match[0].count("\n"), text, flags=re.DOTALL | re.MULTILINE)


def normal(path):
    parts = []
    for part in PurePosixPath(path).parts:
        if part == ".." and parts:
            parts.pop()
        elif part != ".":
            parts.append(part)
    return "/".join(parts)


def check_links(tree):
    for name, text in tree.files.items():
        if not name.endswith(".md"):
            continue
        for number, line in enumerate(without_code(text).splitlines(), 1):
            for match in LINK.finditer(line):
                yield from check_link(tree, name, number, match[1] or match[2])


def check_link(tree, name, number, target):
    if re.match(r"[a-z]+:", target):
        return
    path, _, anchor = target.partition("#")
    other = normal(PurePosixPath(name).parent / path) if path else name
    if not (tree.root / other).exists():
        yield Finding(name, number, f"the link leads nowhere: {target}")
        return
    if anchor and other in tree.files:
        anchors = {slug(heading) for heading in HEADING.findall(without_code(tree.files[other]))}
        if anchor not in anchors:
            yield Finding(name, number, f"{other} has no heading '#{anchor}'")
