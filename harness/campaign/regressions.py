"""Every finding that is on disk, run again: still there, gone, or no more to be told."""


def settle(campaign, finding, verdict: dict) -> str:
    """What became of a finding that its program does not show any more, in words; "" when it shows it."""
    history, driver = campaign.history, campaign.driver
    wanted = finding.identity.removeprefix("flaky ")
    if verdict.get("identity") == wanted:
        return ""
    known = history.finding(finding.identity)
    if known and known["state"] == "closed":
        return "closed"
    if finding.flaky:
        return "flaky: not shown this time"
    if verdict.get("identity"):
        return f"its program shows {verdict['identity']} now"
    if (finding.rig, finding.format) != (campaign.rig.build_id, campaign.rig.version):
        return "not shown any more, but the rig is another one since: not closed"
    if finding.driver_build == driver.build_id:
        return "not shown any more by the same build: flaky"
    history.settle(finding.identity, "closed", f"not shown by build {driver.build_id}", driver.build_id)
    return "closed"


def run(campaign) -> None:
    """A finding that nobody was told of, or that had been closed, is a new one of this night."""
    still, gone = 0, 0
    for finding in list(campaign.known.values()):
        if campaign.stop.asked:
            break
        verdict = campaign.rig.run(finding.folder / "program.chim")
        if campaign.history.finding(finding.identity) is None:
            campaign.tell(finding)
        before = campaign.history.finding(finding.identity)["state"]
        said = settle(campaign, finding, verdict)
        if not said:
            still += 1
            campaign.tell(finding) if before == "closed" else campaign.meet(finding.identity)
        elif said == "closed":
            if before != "closed":
                gone += 1
                campaign.screen.say(f"closed: {finding.title} is not shown by build {campaign.driver.build_id}")
        else:
            campaign.history.settle(finding.identity, "open", said)
            if verdict.get("identity") and verdict["identity"] not in campaign.known:
                campaign.judging.offer_copy(finding.folder / "program.chim", "regress")
    if campaign.known:
        campaign.screen.say(f"{len(campaign.known)} findings run again: {still} still there, {gone} closed now")
