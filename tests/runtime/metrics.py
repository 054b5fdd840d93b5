#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""metrics.py SAMPLE: other people's parsers read what weir measures.

The OpenMetrics text goes through the reference parser of prometheus_client, which is strict; the text format through
`promtool check metrics`, which also knows Prometheus' rules for names and units.
"""

import os
import shutil
import subprocess
import sys

# Where Debian's python3-prometheus-client lies, whichever Python this is.
sys.path.append("/usr/lib/python3/dist-packages")
from prometheus_client.openmetrics.parser import text_string_to_metric_families  # noqa: E402

SKIPPED = 77


def sample(program, exposition):
    return subprocess.run([program, exposition], stdout=subprocess.PIPE, check=True, text=True).stdout


def families(text):
    """Family -> (type, unit, samples) as the reference parser sees them; it raises where a rule is broken."""
    return {family.name: family for family in text_string_to_metric_families(text)}


def check_openmetrics(text):
    found = families(text)
    assert len(found) > 40, f"only {len(found)} families"
    usage = found["weir_pool_cpu_usage_seconds"]
    assert (usage.type, usage.unit) == ("counter", "seconds"), usage
    assert {s.labels["pool"]: s.value for s in usage.samples} == dict.fromkeys(("web", "team", "nightly"), 123456.789012)
    assert found["weir_pool"].type == "info"
    memory = found["weir_container_memory_usage_bytes"]
    assert (memory.type, memory.unit) == ("gauge", "bytes") and memory.samples[0].value == 4096, memory
    for family in found.values():
        assert family.documentation.endswith("."), family.name
        assert not family.unit or family.name.endswith(family.unit), family.name


def check_parser_is_strict():
    """What the parser lets pass it cannot vouch for."""
    for broken in ("# TYPE a counter\na 1\n# EOF\n", "# UNIT a bytes\n# TYPE a gauge\na 1\n# EOF\n", "a 1\n"):
        try:
            families(broken)
        except ValueError:
            continue
        raise AssertionError(f"accepted: {broken!r}")


def check_with_promtool(promtool, text):
    done = subprocess.run([promtool, "check", "metrics"], input=text, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          text=True)
    assert done.returncode == 0, done.stdout


def main():
    program = sys.argv[1]
    check_parser_is_strict()
    check_openmetrics(sample(program, "openmetrics"))
    promtool = os.environ.get("PROMTOOL") or shutil.which("promtool")
    if not promtool or not os.path.exists(promtool):
        print("no promtool: `./dev setup` fetches it")
        return SKIPPED
    check_with_promtool(promtool, sample(program, "prometheus"))
    return 0


if __name__ == "__main__":
    sys.exit(main())
