"""pcaps/MANIFEST.md: written from the catalogue and from what the files are found to hold."""

import pathlib

from .analysis import count, examine

NAME = "MANIFEST.md"

HEAD = """# The captures

Written by `scripts/make-pcaps`, which measures conversations, frames and completeness in the files; the words stand
beside the recipes in `scripts/pcaps/`. *Complete* counts the conversations that are in the file from handshake to
close without a missing byte. *Verdict* is what a replay should say. tshark's number of TCP streams is given where it
differs from the number of conversations.

| file | made by | IP | what it shows | conversations | frames | complete | expected verdict |
|---|---|---|---|---|---|---|---|
"""


def check(capture, path: pathlib.Path):
    """Returns what the file holds and a list of what is not as the catalogue says."""
    contents = examine(path)
    wrong = []
    if len(contents.problems) != capture.conversations:
        wrong.append(f"{len(contents.problems)} conversations instead of {capture.conversations}")
    problems = sorted({problem for problem in contents.problems if problem})
    if bool(problems) != bool(capture.partial):
        wrong.append(f"complete: found '{', '.join(problems)}', expected '{capture.partial}'")
    if capture.wants and (found := count(path, capture.wants[0])) < capture.wants[1]:
        wrong.append(f"{found} frames of {capture.wants[1]} wanted match: {capture.wants[0]}")
    if not 0 < path.stat().st_size <= 400 * 1024:
        wrong.append(f"{path.stat().st_size} bytes")
    return contents, wrong


def row(capture, contents) -> str:
    """One line of the table."""
    number = len(contents.problems)
    whole = sum(not problem for problem in contents.problems)
    talks = f"{number}" if contents.streams == number else f"{number} (tshark: {contents.streams})"
    complete = f"{whole}/{number}" + (f": {capture.partial}" if capture.partial else "")
    cells = (f"`{capture.file}`", capture.maker, capture.ip, capture.shows, talks, contents.frames, complete,
             capture.verdict)
    return "| " + " | ".join(str(cell) for cell in cells) + " |\n"


def refresh(catalogue, directory: pathlib.Path, whole: bool) -> list[str]:
    """Checks every capture in the directory and writes its manifest; returns what is wrong, a line each.

    `whole` asks for every capture of the catalogue to be there.
    """
    rows, wrong = [], []
    for capture in catalogue.values():
        path = directory / capture.file
        if not path.exists():
            if whole:
                wrong.append(f"{capture.file}: not there; make it with scripts/make-pcaps {capture.name}")
            continue
        contents, faults = check(capture, path)
        wrong += [f"{capture.file}: {fault}" for fault in faults]
        rows.append(row(capture, contents))
    known = {capture.file for capture in catalogue.values()}
    wrong += [f"{path.name}: in no recipe" for path in sorted(directory.glob("*.pcap*")) if path.name not in known]
    (directory / NAME).write_text(HEAD + "".join(rows), encoding="utf-8")
    return wrong
