"""`chimneysweep history`: the nights of a campaign."""
import json
import sys
from pathlib import Path

from campaign import config as options
from campaign.history import History
from campaign.markup import printable
from campaign.page import when
from campaign.rig import Refused
from campaign.screen import count


def night_line(night: dict) -> str:
    covered = f"{night['covered']:.1f} %" if night["covered"] is not None else "-"
    return (f"{night['id']:>5}  {when(night['begun'])}  {night['outcome']:<12} {night['driver_build']:<13} "
            f"{count(night['executions']):>14}  {count(night['corpus']):>7}  {covered:>7}  {night['new']:>4}")


def finding_line(row: dict) -> str:
    return (f"{row['state']:<7} {row['name']:<36} {count(row['count']):>10} times, nights {row['first_night']} to "
            f"{row['last_night']}  {row['title']}{'  (' + row['remark'] + ')' if row['remark'] else ''}")


def listed(history: History, _words: list) -> tuple:
    nights = history.nights()
    head = f"{'night':>5}  {'begun':<16}  {'outcome':<12} {'build':<13} {'executions':>14}  {'corpus':>7}  {'lines':>7}  {'new':>4}"
    return {"nights": nights}, [head, *map(night_line, nights)]


def number(words: list, at: int) -> int:
    if len(words) <= at or not words[at].isdigit():
        raise Refused("expected the number of a night (history lists them)", 2)
    return int(words[at])


def show(history: History, words: list) -> tuple:
    night = history.night(number(words, 1))
    seen = history.seen(night["id"])
    rows = [row for row in history.findings() if row["identity"] in seen]
    engines = history.rows("SELECT * FROM engines WHERE night = ? ORDER BY name", night["id"])
    lines = [f"night {night['id']}, {when(night['begun'])}: {night['outcome']}", f"driver {night['driver']}, build "
             f"{night['driver_build']} ({night['compiler']}); rig {night['rig']}, {night['format']}"]
    lines += [f"{e['name']:<13} {count(e['executions']):>14} executions {e['cpu']:>9.0f} CPU s  {e['starts']} starts, {e['saved']} saved"
              for e in engines]
    lines += [("new   " if seen[row["identity"]]["new"] else "known ") + finding_line(row) for row in rows]
    return {"night": night, "engines": engines, "findings": rows}, lines


def compare(history: History, words: list) -> tuple:
    """What the second shows and the first did not, and the other way round."""
    a, b = history.night(number(words, 1)), history.night(number(words, 2))
    of_a, of_b = history.seen(a["id"]), history.seen(b["id"])
    by_identity = {row["identity"]: row for row in history.findings()}
    value = {"only_first": [by_identity[i] for i in of_a if i not in of_b], "only_second": [by_identity[i] for i in of_b if i not in of_a],
             "both": len(of_a.keys() & of_b.keys()), "nights": [a, b]}
    lines = [night_line(a), night_line(b), f"in both: {value['both']} findings"]
    for key, night in (("only_first", a), ("only_second", b)):
        lines += [f"only in night {night['id']}: {finding_line(row)}" for row in value[key]]
    return value, lines


def findings(history: History, _words: list) -> tuple:
    rows = history.findings()
    return {"findings": rows}, [finding_line(row) for row in rows] or ["no finding"]


COMMANDS = {"list": listed, "show": show, "compare": compare, "findings": findings}


def positional(words: list) -> list:
    out, rest = [], iter(words)
    for word in rest:
        if word.startswith("--"):
            if "=" not in word and word[2:] not in options.FLAGS:
                next(rest)
        else:
            out.append(word)
    return out


def main(_program: Path, words: list) -> int:
    values, rest = options.words_to_values(words), positional(words) or ["list"]
    try:
        if rest[0] not in COMMANDS:
            raise Refused(f"'{rest[0]}': expected one of {', '.join(COMMANDS)}", 2)
        history = History(Path(values.get("out", "campaign")) / "history.sqlite")
        value, lines = COMMANDS[rest[0]](history, rest)
    except Refused as error:
        print(f"history: {error}", file=sys.stderr)
        return error.status
    if values.get("json"):
        print(json.dumps({"schema": 1, **value}))
    else:
        print("\n".join(map(printable, lines)))
    return 0
