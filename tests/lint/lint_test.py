#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Each check finds what it is there for, and leaves good code alone."""

import sys
import tempfile
import unittest
from pathlib import Path

sys.dont_write_bytecode = True

from calls import check_calls
from headers import compile_alone
from layers import check_cycles, check_layers, headers_to_compile
from links import check_links, slug
from shape import check_build_paths, check_lengths, check_licence, check_notes, functions
from tree import Tree

SPDX = "// SPDX-License-Identifier: Apache-2.0\n"


class LintTest(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.root = Path(folder.name)

    def found(self, check, **files):
        """The findings of `check` on files given as path=text, '__' for '/' and '_dot_' for '.'."""
        for name, text in files.items():
            path = self.root / name.replace("__", "/").replace("_dot_", ".")
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
        return [str(finding) for finding in check(Tree(self.root))]

    def assert_found(self, message, findings):
        self.assertEqual(len(findings), 1, findings)
        self.assertIn(message, findings[0])


class Layers(LintTest):
    def test_lower_layers_and_the_own_folder_are_fine(self):
        self.assertEqual([], self.found(
            check_layers,
            include__weir__base__text_dot_h="#pragma once\n",
            include__weir__model__pool_dot_h='#include "weir/base/text.h"\n',
            src__model__own_dot_h="", src__model__sub__deep_dot_h='#include "own.h"\n',
            src__model__pool_dot_cpp='#include "weir/model/pool.h"\n#include "own.h"\n#include <vector>\n',
            cli__main_dot_cpp='#include "weir/model/pool.h"\n'))

    def test_upward_include(self):
        self.assert_found("src/model/a.cpp:2: model includes 'weir/runtime/run.h' of runtime: upward", self.found(
            check_layers, include__weir__runtime__run_dot_h="", src__model__a_dot_cpp='\n#include "weir/runtime/run.h"\n'))

    def test_sideways_include(self):
        self.assert_found("policy includes 'weir/cgroup/fs.h' of cgroup: sideways", self.found(
            check_layers, include__weir__cgroup__fs_dot_h="", src__policy__a_dot_cpp='#include "weir/cgroup/fs.h"\n'))

    def test_private_header_of_another_folder(self):
        self.assert_found("not in src/runtime/a.cpp's own folder", self.found(
            check_layers, src__policy__crew_dot_h="", src__runtime__a_dot_cpp='#include "../policy/crew.h"\n'))

    def test_public_header_spelled_with_angles(self):
        self.assert_found("upward", self.found(
            check_layers, include__weir__runtime__run_dot_h="", src__base__a_dot_cpp="#include <weir/runtime/run.h>\n"))

    def test_unknown_layer(self):
        self.assert_found("'extra' is no layer", self.found(check_layers, src__extra__a_dot_cpp=""))

    def test_header_cycle(self):
        self.assert_found("headers include each other", self.found(
            check_cycles,
            include__weir__base__a_dot_h='#include "weir/base/b.h"\n',
            include__weir__base__b_dot_h='#include "weir/base/a.h"\n'))

    def test_headers_without_a_cycle(self):
        self.assertEqual([], self.found(
            check_cycles,
            include__weir__base__a_dot_h='#include "weir/base/b.h"\n#include "weir/base/c.h"\n',
            include__weir__base__b_dot_h='#include "weir/base/c.h"\n', include__weir__base__c_dot_h=""))

    def test_only_headers_that_no_source_proves_are_compiled(self):
        self.found(check_layers, include__weir__base__a_dot_h="", include__weir__base__b_dot_h="",
                   src__base__a_dot_cpp='#include "weir/base/a.h"\n', src__base__x_dot_cpp='#include "weir/base/b.h"\n')
        self.assertEqual(["include/weir/base/b.h"], headers_to_compile(Tree(self.root)))


    def test_a_header_that_needs_another_first(self):
        self.found(check_layers, src__base__bad_dot_h="#pragma once\nstd::string name();\n",
                   src__base__good_dot_h="#pragma once\n#include <string>\nstd::string name();\n")
        self.assertIn("std", compile_alone(self.root, ["c++"], "src/base/bad.h"))
        self.assertEqual("", compile_alone(self.root, ["c++"], "src/base/good.h"))


class Calls(LintTest):
    def test_cgroup_may_do_all(self):
        self.assertEqual([], self.found(check_calls, cgroup__a_dot_cpp="#include <unistd.h>\nint x = ::open(p, 0);\n"))

    def test_comments_and_strings_are_no_calls(self):
        self.assertEqual([], self.found(
            check_calls, src__policy__a_dot_cpp='// ::open(path)\nauto a = "getenv(HOME)";\nCgroupFs::open(root);\n'))

    def test_offenders(self):
        for text, message in (
                ("#include <fcntl.h>\n", "<fcntl.h> belongs in cgroup/"),
                ("#include <sys/stat.h>\n", "<sys/stat.h> belongs in cgroup/"),
                ("int x = ::read(fd, p, 1);\n", "::read() belongs in cgroup/"),
                ("auto p = std::getenv(name);\n", "reads the environment"),
                ("auto t = std::chrono::steady_clock::now();\n", "reads the clock"),
                ("auto t = Clock::now();\n", "reads the clock"),
                ("std::ifstream in(path);\n", "opens files"),
                ("std::filesystem::exists(p);\n", "opens files"),
                ("std::system(text);\n", "runs a shell")):
            with self.subTest(text):
                self.assert_found(message, self.found(check_calls, src__policy__a_dot_cpp=text))


class Shape(LintTest):
    def test_licence(self):
        self.assertEqual([], self.found(check_licence, src__base__a_dot_cpp=SPDX, dev="#!/bin/sh\n#" + SPDX[2:]))
        self.assert_found("b.cpp:1: no line", self.found(check_licence, src__base__b_dot_cpp="int x;\n"))

    def test_a_script_without_licence(self):
        self.assert_found("dev:1", self.found(check_licence, dev="#!/bin/sh\n"))

    def test_notes(self):
        self.assert_found("docs/a.md:2", self.found(check_notes, docs__a_dot_md="x\nTO" "DO: y\n"))

    def test_build_paths(self):
        self.assert_found("dev:1", self.found(check_build_paths, dev=f"cd {self.root.resolve()}/build\n"))

    def test_long_file(self):
        self.assert_found("301 lines", self.found(check_lengths, src__base__a_dot_cpp="int x;\n" * 301))
        self.assertEqual([], self.found(check_lengths, src__base__a_dot_cpp="int x;\n" * 300))

    def test_long_function(self):
        body = "  x();\n" * 59
        text = f"namespace weir {{\n// A comment.\nint f(int a,\n      int b) {{\n{body}}}\n}}\n"
        self.assert_found("a.cpp:3: 62 lines", self.found(check_lengths, src__base__a_dot_cpp=text))

    def test_function_of_just_the_right_length(self):
        text = "int f() {\n" + "  if (x) {\n    y(\"}\");  // }\n  }\n" * 19 + "}\n"
        self.assertEqual([(1, 59, "int f()")], list(functions(text)))
        self.assertEqual([], self.found(check_lengths, src__base__a_dot_cpp=text))

    def test_methods_and_tables(self):
        text = ("constexpr int a[] = {\n" + "1,\n" * 80 + "};\nclass A {\n public:\n  void f() {\n" + "  x();\n" * 60
                + "  }\n};\n")
        self.assert_found("62 lines", self.found(check_lengths, src__base__a_dot_cpp=text))


class Links(LintTest):
    def test_good_links(self):
        self.assertEqual([], self.found(
            check_links, docs__b_dot_md="# The Second: `one`, two\n",
            README_dot_md="[a](docs/b.md) [b](docs/b.md#the-second-one-two) [c](https://example.org/x) [d](#here)\n# Here\n"
                          "```\n[no](link.md)\n```\n"))

    def test_broken_link(self):
        self.assert_found("README.md:1: the link leads nowhere: docs/none.md",
                          self.found(check_links, README_dot_md="[a](docs/none.md)\n"))

    def test_broken_anchor(self):
        self.assert_found("has no heading '#x'", self.found(check_links, docs__b_dot_md="# Y\n[a](#x)\n"))

    def test_slug(self):
        self.assertEqual("a-b_c--d", slug("A b_c & D"))


if __name__ == "__main__":
    unittest.main()
