#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""install.py BUILD: everything lands where Debian would put it."""

import subprocess
import sys
import tempfile
from pathlib import Path

WANTED = (
    "bin/weir",
    "bin/weir-runtime",
    "libexec/weir/weir-hook",
    "share/bash-completion/completions/weir",
    "share/zsh/vendor-completions/_weir",
    "share/fish/vendor_completions.d/weir.fish",
    "lib/systemd/system/weir-agent.service",
    "lib/systemd/system/weir-apply.service",
    "share/doc/weir/README.md",
    "share/doc/weir/CHANGELOG.md",
    "share/doc/weir/configuration.md",
    "share/doc/weir/runtimes.md",
    "share/doc/weir/examples/weir.toml",
)
MAN = ("share/man/man1/weir.1", "share/man/man5/weir.toml.5", "share/man/man8/weir-hook.8",
       "share/man/man8/weir-runtime.8")


def main():
    build = Path(sys.argv[1])
    wanted = list(WANTED)
    if (build / "docs/man/weir.1").exists():
        wanted += MAN
    else:
        print("scdoc is not installed: no man pages")
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run(["meson", "install", "-C", build, "--no-rebuild", "--quiet", "--destdir", folder],
                       check=True, stdout=subprocess.DEVNULL)
        roots = [path.parent.parent for path in Path(folder).glob("**/bin/weir")]
        missing = [name for name in wanted if not roots or not (roots[0] / name).is_file()]
        empty = [name for name in wanted if name not in missing and (roots[0] / name).stat().st_size == 0]
    print("\n".join([f"missing: {name}" for name in missing] + [f"empty: {name}" for name in empty]))
    return 1 if missing or empty else 0


if __name__ == "__main__":
    sys.exit(main())
