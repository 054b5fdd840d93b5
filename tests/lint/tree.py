# SPDX-License-Identifier: Apache-2.0
"""The files that the checks look at, and what they say of them."""

from dataclasses import dataclass
from pathlib import Path

FOLDERS = ("src", "include", "cgroup", "cli", "tests", "docs")
PRODUCTION = ("src", "include", "cgroup", "cli")
CODE = (".cpp", ".h")
SCRIPTS = (".py", ".sh")


@dataclass(frozen=True)
class Finding:
    file: str
    line: int
    message: str

    def __str__(self):
        return f"{self.file}:{self.line}: {self.message}"


class Tree:
    """A checkout: its text files by their path from the root, build folders left out."""

    def __init__(self, root):
        self.root = Path(root)
        self.files = {}
        for path in sorted(self._paths()):
            try:
                self.files[path.relative_to(self.root).as_posix()] = path.read_text()
            except UnicodeDecodeError:
                continue

    def _paths(self):
        yield from (path for path in self.root.iterdir() if path.is_file() and not path.name.startswith(".git"))
        for folder in FOLDERS:
            yield from (path for path in (self.root / folder).rglob("*")
                        if path.is_file() and "__pycache__" not in path.parts)

    def code(self, folders=PRODUCTION):
        return {name: text for name, text in self.files.items()
                if name.endswith(CODE) and name.split("/")[0] in folders}

    def sources(self):
        """Everything that people wrote as code, tests and scripts included."""
        return {name: text for name, text in self.files.items()
                if name.endswith(CODE + SCRIPTS) or text.startswith("#!")}
