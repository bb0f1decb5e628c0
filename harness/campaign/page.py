"""The page of a night: one file, without a request to anywhere."""
import time
from pathlib import Path
from urllib.parse import quote

from campaign import graph
from campaign.markup import Raw, table, tag
from campaign.plots import plot
from campaign.screen import count, span

HERE = Path(__file__).parent


def when(seconds: float) -> str:
    return time.strftime("%Y-%m-%d %H:%M", time.localtime(seconds))


def line_to_copy(label: str, text: str) -> Raw:
    return tag("div", tag("span", label, class_="label"), tag("code", text), tag("button", "copy", type="button"), class_="copy")


def finding(item: dict, explained: dict, is_open: bool) -> Raw:
    rule = explained.get(item["rule"] or "", {})
    folder = f"findings/{item['name']}"
    marks = [tag("b", word, class_=f"mark {word}") for word in ("new", "flaky") if item[word]]
    if item["state"] == "closed":
        marks.append(tag("b", "closed", class_="mark closed"))
    facts = [("rule", rule.get("statement")), ("why", rule.get("why")), ("expected", item.get("expected")),
             ("actual", item.get("actual")), ("note", item["remark"]),
             ("closed by", item["closed_by"] and f"build {item['closed_by']}"),
             ("seen", f"{count(item['count'])} times, {count(item['tonight'])} tonight; first {when(item['first_seen'])} (night "
                      f"{item['first_night']}), last {when(item['last_seen'])}"),
             ("found by", item.get("engine") and f"{item['engine']}, in build {item['driver_build']} ({item['compiler']})")]
    parts = [tag("dl", [(tag("dt", name), tag("dd", text)) for name, text in facts if text])]
    if item.get("program"):
        parts += [line_to_copy("reproduce", item["reproduce"]), line_to_copy("debug", item["gdb"]),
                  tag("details", tag("summary", f"program, {item['operations']} operations"), tag("pre", item["program"])),
                  tag("details", tag("summary", "verdict and events"), tag("pre", item["text"])),
                  tag("p", "files: ", [(tag("a", name, href=quote(f"{folder}/{name}")), " ") for name in item["files"]],
                      class_="files")]
    return tag("details", tag("summary", tag("span", item["title"], class_="title"), marks), parts, class_="finding",
               id=item["name"], open="" if is_open else None)


def findings(value: dict) -> Raw:
    rows, explained = value["findings"], value["explained"]
    new = [row for row in rows if row["new"] and row["state"] == "open"]
    known = [row for row in rows if not row["new"] and row["state"] == "open"]
    closed = [row for row in rows if row["state"] == "closed"]
    parts = [tag("h2", f"New ({len(new)})"), [finding(row, explained, len(new) < 6) for row in new] or
             tag("p", "Nothing new.", class_="calm")]
    for title, some in (("Known and open", known), ("Closed", closed)):
        if some:
            parts += [tag("h2", f"{title} ({len(some)})"), [finding(row, explained, False) for row in some]]
    return Raw("".join(map(str, [item if isinstance(item, Raw) else "".join(item) for item in parts])))


def tiles(value: dict) -> Raw:
    total = sum(engine["executions"] for engine in value["engines"])
    lines = [sum(item[key] for item in value["coverage"]["files"]) for key in ("reached", "lines")]
    items = [("new", value["new"]), ("open", value["open"]), ("closed", value["closed"]), ("executions", count(total)),
             ("per second", count(total / (value["fuzzed_seconds"] or 1))), ("corpus", count(value["corpus"]["after"])),
             ("lines reached", f"{100 * lines[0] / lines[1]:.1f} %" if lines[1] else "-"),
             ("rules evaluated", f"{value['rules']['evaluated']}/{value['rules']['checked']}")]
    return tag("div", [tag("div", tag("b", number), tag("span", name),
                           class_="tile alarm" if name == "new" and number else "tile") for name, number in items], class_="tiles")


def over_time(value: dict) -> list:
    """Of this night, by engine."""
    executions, edges, corpus, rate, last = {}, {}, [], {}, {}
    for row in value["samples"]:
        name, second = row["engine"], row["second"] / 60
        executions.setdefault(name, []).append((second, row["executions"]))
        edges.setdefault(name, []).append((second, row["edges"]))
        corpus.append((second, row["corpus"]))
        if name in last and row["second"] > last[name][0]:
            made = (row["executions"] - last[name][1]) / (row["second"] - last[name][0])
            rate.setdefault(name, []).append((second, max(0, made)))
        last[name] = (row["second"], row["executions"])
    return [plot("Executions a second", rate, "minutes"), plot("States and edges reached", edges, "minutes"),
            plot("Corpus", {"programs": corpus}, "minutes"), plot("Executions", executions, "minutes")]


def over_nights(value: dict) -> list:
    nights = value["nights"]
    if len(nights) < 2:
        return []

    def line(key):
        return {key: [(row["id"], row[key]) for row in nights]}
    return [plot("Lines of the driver reached, %", line("covered"), "night", True), plot("Corpus", line("corpus"), "night", True),
            plot("Executions", line("executions"), "night", True), plot("New findings", line("new"), "night", True),
            plot("States and edges reached", line("edges"), "night", True)]


def plots(title: str, drawn: list) -> Raw | str:
    drawn = [item for item in drawn if item]
    return Raw(tag("h2", title) + tag("div", drawn, class_="plots")) if drawn else ""


def coverage(value: dict) -> Raw:
    files = value["coverage"]["files"]
    if not files:
        return tag("p", "Not measured: ", value["coverage"]["why_not"])

    def missed(item):
        text = ", ".join(str(a) if a == b else f"{a}-{b}" for a, b in item["missed"])
        return tag("details", tag("summary", f"{item['lines'] - item['reached']} lines"), text) if text else "none"
    return table(["file", "lines", "reached", "%", "not reached"], [
        [item["file"], item["lines"], item["reached"], f"{100 * item['reached'] / max(item['lines'], 1):.1f}", missed(item)]
        for item in files], (1, 2, 3))


def rules(value: dict) -> Raw:
    violated = {}
    for row in value["findings"]:
        if row["rule"]:
            violated.setdefault(row["rule"], []).append(row)
    rows = [[rule, value["explained"].get(rule, {}).get("statement", ""), count(sum(r["count"] for r in some)),
             count(value["rules"]["muted"].get(rule, 0)), ", ".join(sorted({r["state"] for r in some}))]
            for rule, some in sorted(violated.items())]
    shown = table(["rule", "what it says", "times", "muted tonight", "state"], rows, (2, 3)) if rows else tag("p", "None was broken.")
    never = value["rules"]["never"]
    more = tag("details", tag("summary", f"never evaluated: {len(never)} of {value['rules']['checked']}"), " ".join(never))
    return Raw(shown + (more if value["rules"]["checked"] else tag("p", "What was evaluated was not measured.")))


def unreached(value: dict) -> Raw:
    """Situations that hardly any execution came to: what lies behind them is not tested."""
    weak = [f"{name} ({100 * part:.1f} % of the executions)" for name, part in value["reached"].items() if part < 0.01]
    silent = [engine["name"] for engine in value["engines"] if not engine["executions"]]
    rows = [f"reached by fewer than one execution in a hundred: {', '.join(weak)}"] if weak else []
    rows += [f"engines that ran nothing: {', '.join(silent)}"] if silent else []
    missing = sum(item["lines"] - item["reached"] for item in value["coverage"]["files"])
    rows += [f"{missing} lines of the driver, below by file"] if missing else []
    rows += [f"{value['not_reproduced']} inputs that ended an engine pass when they are run alone"] if value["not_reproduced"] else []
    return tag("ul", [tag("li", row) for row in rows or ["nothing that is measured"]])


def make(value: dict) -> str:
    engine_rows = [[e["name"], count(e["executions"]), f"{e['cpu_seconds']:.0f}", count(e["per_cpu_second"]), count(e["edges"]),
                    e["starts"], e["saved"]] for e in value["engines"]]
    nights = [[n["id"], when(n["begun"]), n["outcome"], n["driver_build"], count(n["executions"]), count(n["corpus"]), n["new"]]
              for n in reversed(value["nights"])]
    loud = [tag("p", f"{value['not_reproduced']} saved inputs do not reproduce.", class_="loud")] if value["not_reproduced"] else []
    loud += [tag("p", text, class_="loud") for text in value["remarks"]]
    body = [tag("header", tag("h1", f"Night {value['night']}: ", f"{value['new']} new" if value["new"] else "nothing new"),
                tag("p", f"{value['driver']['name']}, build {value['driver']['build']} ({value['driver']['compiler']}). "
                    f"{when(value['begun'])}, fuzzed {span(value['fuzzed_seconds'])}, {value['outcome']}.")),
            tiles(value), loud, findings(value), plots("Tonight", over_time(value)), plots("Over the nights", over_nights(value)),
            plots("States reached", [graph.draw(value["ways"])]),
            tag("h2", "Engines"), table(["engine", "executions", "CPU s", "per CPU s", "edges", "starts", "saved"], engine_rows,
                                        (1, 2, 3, 4, 5, 6)),
            tag("h2", "Rules"), rules(value), tag("h2", "Coverage of the driver"), coverage(value),
            tag("h2", "What was not reached"), unreached(value),
            tag("h2", "Nights"), table(["night", "begun", "outcome", "build", "executions", "corpus", "new"], nights,
                                       (0, 4, 5, 6)),
            tag("footer", f"{value['rig']['version']}, build {value['rig']['build']}. ",
                [(tag("a", name, href=name), " ") for name in ("report.json", "findings.sarif", "junit.xml", "summary.txt")])]
    head = tag("head", tag("meta", charset="utf-8"), tag("meta", name="viewport", content="width=device-width, initial-scale=1"),
               tag("title", f"Night {value['night']}: {value['new']} new"), tag("style", Raw((HERE / "page.css").read_text())))
    return f"<!doctype html>\n{tag('html', head, tag('body', tag('main', body), tag('script', Raw((HERE / 'page.js').read_text()))), lang='en')}\n"
