# SPDX-License-Identifier: LGPL-2.1-or-later
# Writes a C++ file that holds a text file as a string: embed_text.py INPUT OUTPUT NAME
import sys

source, target, name = sys.argv[1:]
with open(source, encoding="utf-8") as stream:
    text = stream.read()
lines = []
for line in text.splitlines(keepends=True):
    bytes_ = line.encode()
    # Octal has at most three digits, so that what follows is never taken for one more.
    literal = "".join(chr(b) if 32 <= b < 127 and chr(b) not in '"\\?' else f"\\{b:03o}" for b in bytes_)
    lines.append(f'    "{literal}"\n')
with open(target, "w", encoding="utf-8") as stream:
    stream.write(f"namespace jetsoncaption {{\nextern const char* const {name};\n")
    stream.write(f"const char* const {name} =\n{''.join(lines)};\n}}\n")
