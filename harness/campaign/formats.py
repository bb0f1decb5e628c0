"""The report for machines and for mail: SARIF 2.1.0, JUnit, ten lines."""
from urllib.parse import quote

from campaign.markup import Raw, printable, tag
from campaign.screen import count, span


# ---- SARIF ----
def sarif_rule(item: dict, explained: dict) -> dict:
    rule = explained.get(item["rule"] or "", {})
    text = rule.get("statement") or f"the driver works without a verdict of {item['verdict']}"
    return {"id": item["rule"] or item["verdict"].upper(), "shortDescription": {"text": text},
            "fullDescription": {"text": rule.get("why") or text}, "defaultConfiguration": {"level": "error"}}


def sarif_result(item: dict, ids: list) -> dict:
    text = "; ".join(part for part in (item["title"], f"expected {item['expected']}" if item.get("expected") else "",
                                       f"actual {item['actual']}" if item.get("actual") else "") if part)
    lines = max(1, item.get("program", "").count("\n"))
    rule = item["rule"] or item["verdict"].upper()
    return {"ruleId": rule, "ruleIndex": ids.index(rule), "kind": "fail", "level": "error", "message": {"text": printable(text)},
            "baselineState": "absent" if item["state"] == "closed" else "new" if item["new"] else "unchanged",
            "partialFingerprints": {"finding/v1": item["identity"]},
            "locations": [{"physicalLocation": {"artifactLocation": {"uri": quote(f"findings/{item['name']}/program.chim")},
                                                "region": {"startLine": 1, "endLine": lines}}}],
            "properties": {"firstSeen": item["first_seen"], "count": item["count"], "flaky": item["flaky"],
                           "reproduce": item.get("reproduce", "")}}


def sarif(value: dict) -> dict:
    rules = {}
    for item in value["findings"]:
        rule = sarif_rule(item, value["explained"])
        rules.setdefault(rule["id"], rule)
    return {"$schema": "https://json.schemastore.org/sarif-2.1.0.json", "version": "2.1.0", "runs": [{
        "tool": {"driver": {"name": "chimneysweep", "version": "0.1", "semanticVersion": "0.1.0", "rules": list(rules.values())}},
        "results": [sarif_result(item, list(rules)) for item in value["findings"] if item.get("program")],
        "invocations": [{"executionSuccessful": value["status"] != 3, "exitCode": value["status"]}]}]}


# ---- JUnit ----
def junit(value: dict) -> str:
    """A case for each finding that is open, and one for the night itself."""
    cases = [tag("testcase", tag("error", "\n".join(value["remarks"]), message="the campaign could not do its work")
                 if value["status"] == 3 else None, classname="campaign", name="night")]
    for item in value["findings"]:
        if item["state"] == "open":
            said = [tag("failure", item.get("text", ""), message=item["title"], type=item["identity"])] if item["new"] else [
                tag("skipped", message=f"known since night {item['first_night']}")]
            cases.append(tag("testcase", said, classname="campaign.findings", name=item["name"]))
    failing = sum(item["new"] for item in value["findings"] if item["state"] == "open")
    suite = tag("testsuite", cases, name="chimneysweep campaign", tests=len(cases), failures=failing,
                errors=int(value["status"] == 3), time=round(value["ended"] - value["begun"], 3))
    return Raw(f'<?xml version="1.0" encoding="utf-8"?>\n{suite}\n')


# ---- mail ----
def mail(value: dict) -> str:
    """Ten lines at most."""
    total = sum(engine["executions"] for engine in value["engines"])
    seconds = value["fuzzed_seconds"] or 1
    rows = [f"night {value['night']}: {value['new']} new, {value['open']} open, {value['closed']} closed; {value['outcome']}, "
            f"status {value['status']}",
            f"driver    {value['driver']['name']}, build {value['driver']['build']}",
            f"fuzzed    {span(seconds)}: {count(total)} executions, {count(total / seconds)}/s, corpus {value['corpus']['after']}",
            "reached   " + ("  ".join(f"{name} {100 * part:.0f} %" for name, part in value["reached"].items()) or "nothing"),
            f"rules     {value['rules']['evaluated']} of {value['rules']['checked']} evaluated"
            + (f", {len(value['rules']['muted'])} muted" if value["rules"]["muted"] else "")]
    if value["coverage"]["files"]:
        lines = [sum(item[key] for item in value["coverage"]["files"]) for key in ("reached", "lines")]
        rows.append(f"coverage  {100 * lines[0] / max(lines[1], 1):.1f} % of {lines[1]} lines of the driver")
    if value["not_reproduced"] or value["not_judged"]:
        rows.append(f"CAREFUL   {value['not_reproduced']} saved inputs do not reproduce, {value['not_judged']} could not be judged")
    rows += [f"remark    {text}" for text in value["remarks"][:2]]
    new = [item["title"] for item in value["findings"] if item["new"]]
    room = 10 - len(rows)
    rows += [f"NEW       {title}" for title in new[:room - 1 if len(new) > room else room]]
    if len(new) > room:
        rows.append(f"NEW       and {len(new) - room + 1} more: report.html")
    return "".join(f"{printable(row)[:200]}\n" for row in rows)
