#!/usr/bin/python3
"""Derives of every rule what need not be written by hand: its id as people read it, and where it is judged.

A rule is judged where the oracle's code names it (ORC_ and its name). Run by the build:

    catalogue.py ORACLE-FOLDER OUT.h
"""
import re
import sys
from pathlib import Path

ROW = re.compile(r'^RULE\((\w+), "\w+", LEVEL_\w+, (JUDGED|ASSERTED|(PERMITS|UNOBSERVABLE)\("([^"]*)"\)|SAME_AS\((\w+)\))', re.M)


def readable(name: str) -> str:
    return name.replace("_", "-")


def named_in(folder: Path) -> dict[str, list[str]]:
    """The files that name each rule."""
    found: dict[str, list[str]] = {}
    for path in sorted(folder.rglob("*.[ch]")):
        if path.parent.name != "catalogue":
            for name in set(re.findall(r"\bORC_(\w+)\b", path.read_text())):
                found.setdefault(name, []).append(path.relative_to(folder.parent).as_posix())
    return found


def main() -> int:
    folder, out = Path(sys.argv[1]), Path(sys.argv[2])
    files = named_in(folder)
    lines = ["/* Made by catalogue.py. */"]
    unjudged = []
    for rows in sorted((folder / "catalogue").glob("rules_*.def")):
        text = re.sub(r'"\s*\n\s*"', "", rows.read_text())
        text = re.sub(r"([,(])\s*\n\s*", r"\1 ", text).replace("( ", "(")
        count = len(re.findall(r"^RULE\(", text, re.M))
        found = ROW.findall(text)
        if len(found) != count:
            sys.exit(f"catalogue.py: {rows}: {count} rows, {len(found)} of them understood")
        for name, judged, _, reason, other in found:
            where = reason or readable(other) or ", ".join(files.get(name, []))
            if not where:
                unjudged.append(readable(name))
            lines += [f'#define ID_{name} "{readable(name)}"', f'#define WHERE_{name} "{where}"']
    if unjudged:
        sys.exit(f"catalogue.py: no file of {folder} names {', '.join(unjudged)}")
    out.parent.mkdir(parents=True, exist_ok=True)
    text = "\n".join(lines) + "\n"
    if not out.exists() or out.read_text() != text:
        out.write_text(text)
    return 0


if __name__ == "__main__":
    sys.exit(main())
