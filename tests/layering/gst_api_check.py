#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Finds what the sources use of GStreamer, GLib and Pango that is newer than in Ubuntu 18.04.

JetPack 4 is an Ubuntu 18.04; elsewhere a newer symbol compiles without a word. The GIR files of
the libraries that are installed here say for each symbol since when there is one. They are silent
about most fields of structs, and properties and signals are only names in strings.

Usage: gst_api_check.py SOURCE_ROOT [GIR_FOLDER]
"""
import pathlib
import re
import sys
import xml.etree.ElementTree

from source_text import findings_below

FOLDERS = ["gst", "src", "examples", "tests"]

# May use what is newer, under conditions.
GUARDED = ("gst/plugin/compat.h", "gst/meta/compat.h")

# Library and newest version allowed. Without the first three there would be nothing to check; the
# others are read if they are there.
REQUIRED = {"Gst-1.0": "1.14", "GstBase-1.0": "1.14", "GstVideo-1.0": "1.14"}
OPTIONAL = {"GstApp-1.0": "1.14", "GstCheck-1.0": "1.14", "GstPbutils-1.0": "1.14",
            "GLib-2.0": "2.56", "GModule-2.0": "2.56", "GObject-2.0": "2.56", "Gio-2.0": "2.56",
            "Pango-1.0": "1.40", "PangoCairo-1.0": "1.40"}

# Inline functions are not in the GIR files.
NOT_IN_GIR = {"gst_clear_" + name: "1.16" for name in [
    "buffer", "buffer_list", "caps", "event", "message", "query", "tag_list", "uri"]}

# Described as since 1.16, but declared in gstcaps.h of 1.12 and before.
WRONG_IN_GIR = {"gst_caps_copy_nth"}

CORE = "{http://www.gtk.org/introspection/core/1.0}"
C = "{http://www.gtk.org/introspection/c/1.0}"
GLIB = "{http://www.gtk.org/introspection/glib/1.0}"

# The elements of which c:type is their own name, not the type of a value.
NAMED_BY_TYPE = {CORE + tag for tag in ["alias", "bitfield", "callback", "class", "constant",
                                        "enumeration", "interface", "record", "union"]}


def version(text):
    """Major and minor number; a micro release adds no symbols."""
    return tuple(int(number) for number in re.findall(r"\d+", text)[:2])


def since_of(element):
    """The version as text, or None. Values of an enumeration may have it in their description."""
    if element.get("version") or element.tag != CORE + "member":
        return element.get("version")
    found = re.search(r"\bSince:? (\d+\.\d+)", element.findtext(CORE + "doc", ""))
    return found and found.group(1)


def names_of(element):
    """What a source may call the thing."""
    if element.get(C + "identifier"):
        yield element.get(C + "identifier")
    if element.tag in NAMED_BY_TYPE and element.get(C + "type"):
        yield element.get(C + "type")
    get_type = element.get(GLIB + "get-type", "")
    if get_type.endswith("_get_type"):
        prefix, name = get_type[:-len("_get_type")].split("_", 1)
        yield get_type
        yield f"{prefix}_TYPE_{name}".upper()


def newer_symbols(element, limit, since=None):
    """Names and versions of what is newer than the limit, in an element and below it."""
    since = since_of(element) or since  # what has none came with what it belongs to
    symbols = {}
    if since and version(since) > version(limit):
        symbols = {name: since for name in names_of(element)}
    for child in element:
        symbols.update(newer_symbols(child, limit, since))
    return symbols


def newer_than_supported(gir_folder):
    """Names and versions. FileNotFoundError if a required GIR file is missing."""
    symbols = dict(NOT_IN_GIR)
    for name, limit in {**REQUIRED, **OPTIONAL}.items():
        gir = pathlib.Path(gir_folder) / f"{name}.gir"
        if name in REQUIRED or gir.exists():
            symbols.update(newer_symbols(xml.etree.ElementTree.parse(str(gir)).getroot(), limit))
    return {name: since for name, since in symbols.items() if name not in WRONG_IN_GIR}


def uses(code, symbols):
    """Lines and remarks for the symbols in code without comments and strings."""
    for number, line in enumerate(code.split("\n"), start=1):
        for word in re.findall(r"\w+", line):
            if word in symbols:
                yield number, f"{word} is since {symbols[word]}"


def main(source_root, gir_folder="/usr/share/gir-1.0"):
    try:
        symbols = newer_than_supported(gir_folder)
    except FileNotFoundError as problem:
        print(f"Skipped: {problem.filename} is missing. Install libgstreamer1.0-dev and "
              "libgstreamer-plugins-base1.0-dev.")
        return 77
    findings = [finding for finding in
                findings_below(source_root, FOLDERS, lambda code: uses(code, symbols))
                if not finding.startswith(tuple(file + ":" for file in GUARDED))]
    if not findings:
        return 0
    print(*findings, sep="\n")
    print("Ubuntu 18.04 has GStreamer 1.14, GLib 2.56 and Pango 1.40. Do without what is newer, or "
          f"put it under a condition in {' or '.join(GUARDED)}.")
    return 1


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
