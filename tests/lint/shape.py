# SPDX-License-Identifier: Apache-2.0
"""Licence lines, file and function lengths, left-over notes, and traces of the machine it was built on."""

import re
from pathlib import Path

from tree import Finding

LONGEST_FILE = 300
LONGEST_FUNCTION = 60
NOTES = re.compile(r"\b(" + "|".join(("TO" + "DO", "FIX" + "ME", "XX" + "X")) + r")\b")
TOKEN = re.compile(
    r'//[^\n]*|/\*.*?\*/|R"(?P<tag>[^()\s]*)\(.*?\)(?P=tag)"|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])+\'|[{};]|\n', re.DOTALL)
CONTAINER = re.compile(r"^\s*(?:template\s*<.*?>\s*)?(?:inline\s+)?(namespace|struct|class|union|enum|extern)\b")


def check_licence(tree):
    for name, text in tree.sources().items():
        if "SPDX-License-Identifier: Apache-2.0" not in "".join(text.splitlines(keepends=True)[:3]):
            yield Finding(name, 1, "no line 'SPDX-License-Identifier: Apache-2.0' at the top")


def check_notes(tree):
    for name, text in tree.files.items():
        for number, line in enumerate(text.splitlines(), 1):
            if NOTES.search(line):
                yield Finding(name, number, "a note to oneself: do it, or write an issue")


def check_build_paths(tree):
    # /root is everybody's, and a common mount point.
    traces = [f"{folder}/" for folder in {str(tree.root.resolve()), str(Path.home())} - {"/", "/root"}]
    for name, text in tree.files.items():
        for number, line in enumerate(text.splitlines(), 1):
            for trace in traces:
                if re.search(r"(?<![\w.-])" + re.escape(trace), line):
                    yield Finding(name, number, f"a path of the machine it was built on: {trace}")


def check_lengths(tree):
    for name, text in tree.code().items():
        lines = text.count("\n")
        if lines > LONGEST_FILE:
            yield Finding(name, 1, f"{lines} lines; a file of more than {LONGEST_FILE} asks to be two")
        for first, last, head in functions(text):
            if last - first + 1 > LONGEST_FUNCTION:
                yield Finding(name, first, f"{last - first + 1} lines; a function of more than {LONGEST_FUNCTION} "
                                           f"asks to be two: {head}")


def functions(text):
    """First line, last line and head of every function body that lies in a namespace or class."""
    line, head_at, start = 1, 0, None
    open_blocks = []  # (is container, first line, head)
    for match in TOKEN.finditer(text):
        token = match[0]
        if token == "\n" or token.startswith(("//", "/*", '"', "'", 'R"')):
            line += token.count("\n")
            if token.startswith("//"):
                continue
        elif token == "{":
            head = text[head_at:match.start()]
            inside_function = bool(open_blocks) and not open_blocks[-1][0]
            words = " ".join(strip_comments(head).split())
            container = not inside_function and bool(CONTAINER.match(words))
            start = line - strip_leading(head).count("\n")
            is_function = not inside_function and not container and "(" in words
            open_blocks.append((container, start if is_function else 0, words[:80]))
            head_at = match.end()
        elif token == "}":
            if open_blocks:
                _, first, words = open_blocks.pop()
                if first:
                    yield first, line, words
            head_at = match.end()
        elif token == ";":
            head_at = match.end()


def strip_comments(text):
    return re.sub(r"//[^\n]*|/\*.*?\*/|^\s*#[^\n]*", "", text, flags=re.DOTALL | re.MULTILINE)


def strip_leading(head):
    """Without blank lines and comments in front of the first word."""
    return re.sub(r"\A(\s*//[^\n]*\n|\s*/\*.*?\*/|\s*#[^\n]*\n|\s*(public|protected|private):|\s*\n)*", "", head, flags=re.DOTALL)
