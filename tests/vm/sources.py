# SPDX-License-Identifier: Apache-2.0
"""Where the guest's packages come from: the host's own Debian sources, in either of their two forms."""

import re
import subprocess
from pathlib import Path

SUITE = "bookworm"


def apt_proxies():
    """The proxies of the host's apt, as pairs of option and value."""
    output = subprocess.run(["apt-config", "dump", "Acquire"], capture_output=True, text=True, check=False).stdout
    return re.findall(r'^(Acquire::https?::Proxy) "(.+)";$', output, re.MULTILINE)


def debian_sources():
    """The Debian entries of the host's own package sources, one line each."""
    apt = Path("/etc/apt")
    lines = []
    for path in [apt / "sources.list", *sorted((apt / "sources.list.d").glob("*.list"))]:
        lines += one_line_sources(path.read_text()) if path.exists() else []
    for path in sorted((apt / "sources.list.d").glob("*.sources")):
        lines += deb822_sources(path.read_text())
    return lines


def source_line(options, uri, suite, components):
    if not re.fullmatch(f"{SUITE}(-updates|-security|-backports)?", suite) or "main" not in components:
        return []
    return [f"deb {f'[{options}] ' if options else ''}{uri} {suite} main"]


def one_line_sources(text):
    lines = []
    for match in re.finditer(r"^deb\s+(?:\[([^]]*)\]\s+)?(\S+)\s+(\S+)\s+(.*)$", text, re.MULTILINE):
        lines += source_line((match[1] or "").strip(), match[2], match[3], match[4].split())
    return lines


def deb822_sources(text):
    text = re.sub(r"^#.*\n", "", text, flags=re.MULTILINE)
    lines = []
    for paragraph in re.split(r"\n\s*\n", text):
        fields = {name.lower(): " ".join(value.split())
                  for name, value in re.findall(r"^(\S+):((?:.*)(?:\n[ \t].*)*)", paragraph, re.MULTILINE)}
        if "deb" not in fields.get("types", "").split() or fields.get("enabled", "yes") == "no":
            continue
        options = deb822_options(fields)
        for uri in fields.get("uris", "").split():
            for suite in fields.get("suites", "").split():
                lines += source_line(options, uri, suite, fields.get("components", "").split())
    return lines


def deb822_options(fields):
    names = ("signed-by", "trusted", "check-valid-until")
    return " ".join(f"{name}={fields[name].replace(' ', ',')}" for name in names
                    if name in fields and "BEGIN PGP" not in fields[name])
