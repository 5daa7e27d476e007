# SPDX-License-Identifier: LGPL-2.1-or-later
"""What is installed has read-only relocations, bound at start, no executable stack, and functions that see when theirs is
written over; libraries show only what others call. --fortified: calls of the C library are checked as well, where they can be.

Usage: hardening_check.py [--fortified] FILE...
"""
import pathlib
import re
import subprocess
import sys

# Names that others call, by the beginning of the library's name.
SHOWN = {
    "libjetsoncaption-engine": r"jetsoncaption_engine_get_api",
    "libgstjetsoncaptionmeta": r"gst_(buffer_\w+_)?jetson_caption_\w+",
    "libgstjetsoncaption.so": r"gst_plugin_jetsoncaption_(get_desc|register)",
}


def output(*command):
    return subprocess.run(command, check=True, stdout=subprocess.PIPE, universal_newlines=True).stdout


# Has few calls of the C library, and none that can be checked.
NOT_FORTIFIED = "libgstjetsoncaptionmeta"


def faults(path, fortified):
    dynamic = output("readelf", "-dW", path)
    segments = output("readelf", "-lW", path)
    if "GNU_RELRO" not in segments:
        yield "its relocations stay writable (-z relro)"
    if "BIND_NOW" not in dynamic and not re.search(r"FLAGS_1.*\bNOW\b", dynamic):
        yield "its functions are bound when they are called (-z now)"
    stack = re.search(r"GNU_STACK.*\b(RWE?)\s", segments)
    if not stack or "E" in stack.group(1):
        yield "its stack can be executed (-z noexecstack)"
    name = pathlib.Path(path).name
    called = {line.split()[-1].split("@")[0] for line in output("nm", "-D", "--undefined-only", path).splitlines()}
    if "__stack_chk_fail" not in called:
        yield "its functions do not see when their stack is written over (-fstack-protector-strong)"
    if fortified and not name.startswith(NOT_FORTIFIED) and not any(re.fullmatch(r"__\w+_chk", symbol) for symbol in called):
        yield "its calls of the C library are not checked (-D_FORTIFY_SOURCE=2)"
    for beginning, shown in SHOWN.items():
        if not name.startswith(beginning):
            continue
        symbols = {line.split()[-1].split("@")[0]
                   for line in output("nm", "-D", "--defined-only", path).splitlines()}
        # Templates of the C++ library are joined for the whole process; the others are the linker's.
        foreign = sorted(symbol for symbol in symbols
                         if not re.fullmatch(shown + "|_Z.*|__bss_start|_edata|_end", symbol))
        if not any(re.fullmatch(shown, symbol) for symbol in symbols):
            yield "it shows nothing that others call"
        if foreign:
            yield "it shows " + ", ".join(foreign[:5])
        break


def main(arguments):
    fortified = "--fortified" in arguments
    paths = [argument for argument in arguments if argument != "--fortified"]
    found = [f"{path}: {fault}" for path in paths for fault in faults(path, fortified)]
    print("\n".join(found) or f"{len(paths)} files are as they should be.")
    return bool(found)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
