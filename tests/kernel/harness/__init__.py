# SPDX-License-Identifier: Apache-2.0
"""What the tests of the suite stand on: the registry, weir itself, the cgroup tree, load and checks."""
