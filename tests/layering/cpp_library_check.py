#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Finds what the sources use of C++17 that the standard library of GCC 7.5 lacks.

GCC 7.5 is the compiler of JetPack 4. What came with C++20 needs no check: -std=c++17 refuses it.

Usage: cpp_library_check.py SOURCE_ROOT
"""
import re
import sys

from source_text import findings_below

FOLDERS = ["gst", "src", "examples", "tests"]

# The first GCC that has it. from_chars() and to_chars() came with 8 for integers, with 11 for
# floating point.
HEADERS = {"charconv": 8, "execution": 9, "filesystem": 8, "memory_resource": 9, "version": 9}
NAMES = {"exclusive_scan": 9, "execution": 9, "filesystem": 8, "from_chars": 8,
         "hardware_constructive_interference_size": 12,
         "hardware_destructive_interference_size": 12, "inclusive_scan": 9, "pmr": 9, "reduce": 9,
         "to_chars": 8, "transform_exclusive_scan": 9, "transform_inclusive_scan": 9,
         "transform_reduce": 9}

INCLUDE = re.compile(r"\s*#\s*include\s*<(\w+)>")
STD_NAME = re.compile(r"\bstd\s*::\s*(\w+)")


def missing(code):
    """Lines and remarks for what GCC 7.5 lacks, in code without comments and strings."""
    for number, line in enumerate(code.split("\n"), start=1):
        for header in INCLUDE.findall(line):
            if header in HEADERS:
                yield number, f"<{header}> needs GCC {HEADERS[header]}"
        for name in STD_NAME.findall(line):
            if name in NAMES:
                yield number, f"std::{name} needs GCC {NAMES[name]}"


def main(source_root):
    findings = findings_below(source_root, FOLDERS, missing)
    if not findings:
        return 0
    print(*findings, sep="\n")
    print("The oldest supported compiler is GCC 7.5. Do without what is newer.")
    return 1


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
