#!/usr/bin/python3
"""The functions that a driver may call, from the headers themselves: name, call level, and the first sentence of the
comment in front of it, or behind. Run by the build; a function without a comment gets no row:

    functions.py OUT.h HEADER...
"""
import re
import sys
from pathlib import Path

COMMENT = r"/\*((?:(?!\*/).)*)\*/"
PROTOTYPE = re.compile(
    rf"(?:{COMMENT}\n)?(static inline )?(?:NDIS_(PASSIVE|LEVEL_TO_DISPATCH|DISPATCH) )?"
    rf"\w+\s+(?:NDIS_CALL\s+)?((?:Ndis|Nic)[A-Z]\w+)\([^;{{]*?\)(?:;(?: *{COMMENT}$)?|\s*\{{)", re.M | re.S)
ENTRY = re.compile(rf"^    {COMMENT}\n    NDIS_TCP_OFFLOAD_\w+ (Ndis\w+);", re.M | re.S)
LEVELS = {"PASSIVE": "PASSIVE", "DISPATCH": "DISPATCH"}
ANY = "any"  # of the two
# The two of the table that are indications come at one level, completions at any.
INDICATIONS = ("NdisTcpOffloadEventHandler", "NdisTcpOffloadReceiveHandler")


def purpose(name: str, comment: str) -> str:
    """The first sentence."""
    text = " ".join(re.sub(r"\n\s*\*", "\n", comment).split())
    sentence = re.match(r"(.+?)\.(?= |$)", text)
    if not sentence or len(sentence[1]) > 100:
        sys.exit(f"functions.py: {name}: no sentence in front that says what it does, or a long one: '{text[:60]}'")
    return sentence[1]


def rows(header: Path):
    text = header.read_text()
    for before, inline, level, name, behind in PROTOTYPE.findall(text):
        yield name, header.name, LEVELS.get(level, ANY), "inline" if inline else "call", behind or before
    for comment, name in ENTRY.findall(text):
        yield name, header.name, "DISPATCH" if name in INDICATIONS else ANY, "table", comment


def main() -> None:
    out, *headers = map(Path, sys.argv[1:])
    lines = [f'FUNCTION("{name}", "{header}", "{level}", "{how}", "{purpose(name, comment)}")\n'
             for path in headers for name, header, level, how, comment in rows(path) if comment.strip()]
    out.write_text("/* Made by functions.py. */\n" + "".join(lines))


if __name__ == "__main__":
    main()
