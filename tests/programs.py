#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What ninja must build for the tests of some suites: programs.py BUILD_FOLDER SUITE..."""

import json
import os
import subprocess
import sys


def introspect(folder, what):
    return json.loads(subprocess.run(["meson", "introspect", folder, what], check=True, stdout=subprocess.PIPE).stdout)


def main(folder, *suites):
    wanted = set()
    for test in introspect(folder, "--tests"):
        if {suite.rpartition(":")[2] for suite in test["suite"]} & set(suites):
            wanted.update(test["depends"])
    for target in introspect(folder, "--targets"):
        if target["id"] in wanted and target["type"] == "executable":
            print(os.path.relpath(target["filename"][0], os.path.realpath(folder)))


if __name__ == "__main__":
    main(*sys.argv[1:])
