"""What a night came to: one value, from which every form of the report is made."""
import json
import time

from campaign import files, formats, graph, page
from campaign.seeds import REACHED

SCHEMA = 1


def story(campaign, row: dict, seen: dict) -> dict:
    """A finding with all that a reader of the page needs; what is long stays in its files."""
    finding = campaign.known.get(row["identity"])
    item = {key: row[key] for key in ("name", "identity", "title", "verdict", "rule", "state", "remark", "count",
                                      "first_night", "first_seen", "last_night", "last_seen", "closed_by")}
    item["flaky"] = bool(row["flaky"])
    item["tonight"] = seen.get(row["identity"], {}).get("count", 0)
    item["new"] = bool(seen.get(row["identity"], {}).get("new"))
    if finding and finding.folder.is_dir():
        item.update(expected=finding.expected, actual=finding.actual, engine=finding.engine, operations=finding.operations,
                    driver_build=finding.driver_build, compiler=finding.compiler, reproduce=finding.reproduce,
                    gdb=finding.gdb, program=(finding.folder / "program.chim").read_text(errors="replace"),
                    text=(finding.folder / "verdict.txt").read_text(errors="replace")[:20000],
                    files=sorted(path.name for path in finding.folder.iterdir()))
    return item


def explained(campaign, rules: set) -> dict:
    """Statement and reason of each rule that a finding names."""
    if not rules:
        return {}
    got = campaign.rig.ask("explain", "--json", *sorted(rules), driven=False)
    try:
        return {row["id"]: row for row in json.loads(got.stdout)["rules"]}
    except (ValueError, KeyError):
        return {}


def engine_rows(campaign) -> list:
    fuzzing = campaign.fuzzing
    return [{"name": e.name, "executions": e.executions, "cpu_seconds": round(e.cpu_seconds, 1), "starts": e.starts,
             "per_cpu_second": round(e.executions / e.cpu_seconds) if e.cpu_seconds else None, "edges": e.edges(),
             "saved": fuzzing.saved[e.name]} for e in fuzzing.running]


def shares(campaign) -> dict:
    """Of all executions, the part that reached each situation."""
    counted = [e.reached() for e in campaign.fuzzing.running if e.cpu_seconds]
    total = [sum(column) for column in zip(*counted)] or [0] * 8
    return {name: total[i + 1] / total[0] for i, name in enumerate(REACHED)} if total[0] else {}


def status_of(campaign) -> int:
    if campaign.new:
        return 1
    running = campaign.fuzzing.running
    return 3 if (campaign.broken and len(campaign.broken) == len(running)) or campaign.judging.broken else 0


def collect(campaign) -> dict:
    history, night = campaign.history, campaign.night
    seen = history.seen(night)
    rows = [story(campaign, row, seen) for row in history.findings()]
    outcome = "interrupted" if campaign.stop.asked else "ended early" if campaign.fuzzing.ended_by not in ("", "time") \
        else "complete"
    checked = len(campaign.evaluated)
    return {
        "schema": SCHEMA, "night": night, "begun": campaign.began, "ended": time.time(), "outcome": outcome,
        "status": status_of(campaign), "fuzzed_seconds": round(min(campaign.fuzzing.passed, campaign.config.seconds), 1),
        "driver": {"name": campaign.driver.name, "build": campaign.driver.build_id, "compiler": campaign.driver.compiler},
        "rig": {"build": campaign.rig.build_id, "version": campaign.rig.version},
        "new": campaign.new, "findings": rows, "open": sum(row["state"] == "open" for row in rows),
        "closed": sum(row["state"] == "closed" for row in rows),
        "not_reproduced": campaign.counts["pass"], "not_judged": campaign.counts["unjudged"],
        "engines": engine_rows(campaign), "reached": shares(campaign),
        "ways": graph.ways([e.ways() for e in campaign.fuzzing.running]), "seeds": campaign.seeds,
        "corpus": {"before": campaign.sizes[0], "after": campaign.sizes[1]},
        "rules": {"checked": checked, "evaluated": sum(campaign.evaluated.values()),
                  "never": [rule for rule, ran in campaign.evaluated.items() if not ran], "muted": campaign.muting.times()},
        "explained": explained(campaign, {row["rule"] for row in rows if row["rule"]}),
        "coverage": {"files": campaign.lines, "why_not": campaign.no_lines}, "remarks": campaign.remarks, "took": campaign.took,
        "samples": history.rows("SELECT * FROM samples WHERE night = ? ORDER BY second", night),
        "nights": history.nights(),
    }


def finish(campaign) -> int:
    """Writes every form; the night has ended when they are on disk."""
    value = collect(campaign)
    night = next(row for row in value["nights"] if row["id"] == campaign.night)
    night.update(outcome=value["outcome"], corpus=value["corpus"]["after"], ended=value["ended"])
    campaign.report = {key: value[key] for key in value if key not in ("samples", "nights", "explained")}
    out = campaign.out
    files.write_json(out / "report.json", campaign.report)
    files.write(out / "report.html", page.make(value))
    files.write_json(out / "findings.sarif", formats.sarif(value))
    files.write(out / "junit.xml", formats.junit(value))
    files.write(out / "summary.txt", formats.mail(value))
    kept = {key: campaign.report[key] for key in campaign.report if key not in ("findings", "coverage")}
    campaign.history.end(campaign.night, value["outcome"], value["corpus"]["after"], kept)
    campaign.screen.say(f"written: {out}/report.html")
    print(formats.mail(value), end="", flush=True)
    return value["status"]
