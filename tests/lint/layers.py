# SPDX-License-Identifier: Apache-2.0
"""A file includes its own layer and lower ones; private headers stay in their folder; no cycles."""

import re
from pathlib import PurePosixPath

from tree import Finding

# docs/architecture.md: policy, config and cgroup are siblings that never see each other.
RANK = {"base": 0, "model": 1, "policy": 2, "config": 2, "cgroup": 2, "runtime": 3, "cli": 4}
INCLUDE = re.compile(r'^\s*#\s*include\s*([<"])([^>"]+)[>"]')


def layer_of(name):
    parts = PurePosixPath(name).parts
    if parts[0] in ("cgroup", "cli"):
        return parts[0]
    if parts[0] == "src":
        return parts[1]
    return parts[2] if parts[:2] == ("include", "weir") else None


def includes(text):
    for number, line in enumerate(text.splitlines(), 1):
        match = INCLUDE.match(line)
        if match:
            yield number, match[1] == "<", match[2]


def folder_of(name, layer):
    """Where the private headers of a layer lie."""
    return layer if name.startswith((f"{layer}/",)) else f"src/{layer}"


def resolve(tree, name, target):
    """The file that a quoted include means, or None."""
    if target.startswith("weir/"):
        public = f"include/{target}"
        return public if public in tree.files else None
    candidates = [PurePosixPath(name).parent / target]
    layer = layer_of(name)
    if layer:
        candidates.append(PurePosixPath(folder_of(name, layer)) / target)
    for candidate in candidates:
        if str(candidate) in tree.files:
            return str(candidate)
    return None


def check_layers(tree):
    for name, text in tree.code().items():
        own = layer_of(name)
        if own not in RANK:
            yield Finding(name, 1, f"'{own}' is no layer (docs/architecture.md)")
            continue
        for number, system, target in includes(text):
            if not system or target.startswith("weir/"):
                yield from check_include(tree, name, own, number, target)


def check_include(tree, name, own, number, target):
    found = resolve(tree, name, target)
    if found is None or ".." in PurePosixPath(target).parts:
        yield Finding(name, number, f"'{target}' is no public header and not in {name}'s own folder")
        return
    other = layer_of(found)
    if not found.startswith("include/") and name.startswith("include/"):
        yield Finding(name, number, f"a public header includes the private '{target}'")
    if other != own and RANK.get(other, 99) >= RANK[own]:
        direction = "sideways" if RANK.get(other) == RANK[own] else "upward"
        yield Finding(name, number, f"{own} includes '{target}' of {other}: {direction}")


def check_cycles(tree):
    graph = {}
    for name, text in tree.code().items():
        if name.endswith(".h"):
            graph[name] = [found for _, _, target in includes(text) if (found := resolve(tree, name, target))]
    state = {}

    def visit(name, trail):
        state[name] = "open"
        for target in graph.get(name, []):
            if state.get(target) == "open":
                cycle = [*trail[trail.index(target):], target]
                yield Finding(target, 1, "headers include each other: " + " -> ".join(cycle))
            elif target not in state:
                yield from visit(target, [*trail, target])
        state[name] = "done"

    for name in graph:
        if name not in state:
            yield from visit(name, [name])


def headers_to_compile(tree):
    """Public and private headers that no source of the same name includes first, which would prove the same."""
    proved = set()
    for name, text in tree.code().items():
        if not name.endswith(".cpp"):
            continue
        first = next((target for _, system, target in includes(text) if not system), None)
        if first:
            proved.add(resolve(tree, name, first) if PurePosixPath(first).stem == PurePosixPath(name).stem else None)
    return [name for name in tree.code() if name.endswith(".h") and name not in proved]
