# SPDX-License-Identifier: LGPL-2.1-or-later
"""Sources as a compiler sees them: without comments and strings."""
import pathlib
import re

SUFFIXES = {".c", ".cpp", ".h"}

# Raw strings come first, because a comment or a quote may lie in one. A quote after a digit or a
# letter, as in 1'000 or L'x', does not start a character here.
IGNORED = re.compile(r'''R"([^(\s]*)\(.*?\)\1"|//[^\n]*|/\*.*?\*/'''
                     r'''|"(?:\\.|[^"\\\n])*"|(?<!\w)'(?:\\.|[^'\\\n])*\'''', re.DOTALL)


def without_comments_and_strings(text):
    """The code alone, with its line breaks where they were."""
    return IGNORED.sub(lambda ignored: " " + "\n" * ignored.group().count("\n"), text)


def source_files(root, folders):
    """The sources below the folders, sorted, as paths from the root."""
    files = sorted(path.relative_to(root).as_posix() for folder in folders
                   for path in (pathlib.Path(root) / folder).rglob("*") if path.suffix in SUFFIXES)
    if not files:
        raise FileNotFoundError(f"{root} has no source in {', '.join(folders)}; name the top "
                                "folder of the source tree")
    return files


def findings_below(root, folders, find):
    """What find(code) yields, a line and a remark each, as "FILE:LINE: REMARK" for each source."""
    return [f"{file}:{line}: {remark}" for file in source_files(root, folders)
            for line, remark in find(without_comments_and_strings(
                (pathlib.Path(root) / file).read_text(encoding="utf-8")))]
