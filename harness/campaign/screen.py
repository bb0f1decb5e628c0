"""What is seen while a campaign runs: a status that stands still on a terminal, a line every ten seconds elsewhere."""
import os
import sys
import time

from campaign.markup import printable

EVERY = {True: 1.0, False: 10.0}


def span(seconds: float) -> str:
    seconds = int(max(0, seconds))
    hours, minutes = seconds // 3600, seconds // 60 % 60
    return f"{hours} h {minutes:02} min" if hours else f"{minutes} min {seconds % 60:02} s" if minutes else f"{seconds} s"


def count(number: float | None) -> str:
    return "-" if number is None else f"{number:,.0f}".replace(",", " ")


class Screen:
    def __init__(self):
        self.out = sys.stdout
        self.live = self.out.isatty() and os.environ.get("TERM", "dumb") != "dumb"
        self.shown, self.last, self.before = 0, 0.0, (0.0, 0)
        self.rate = 0.0

    def wipe(self) -> None:
        if self.shown:
            self.out.write(f"\033[{self.shown}A\033[J")
            self.shown = 0

    def say(self, text: str) -> None:
        self.wipe()
        print(f"campaign: {printable(text)}", file=self.out, flush=True)

    def rows(self, fuzzing) -> list:
        campaign = fuzzing.campaign
        total = sum(engine.executions for engine in fuzzing.running)
        rules = " ".join(sorted({f.rule or f.verdict for f in campaign.known.values()})) or "none"
        rows = [f"  {span(fuzzing.passed)} of {span(campaign.config.seconds)}, {span(campaign.config.seconds - fuzzing.passed)} "
                f"left   night {campaign.night}   {campaign.driver.name}"]
        rows += [f"  {engine.name:<12} {count(engine.executions):>14} executions  edges {count(engine.edges()):>7}  starts "
                 f"{engine.starts}" for engine in fuzzing.running]
        rows.append(f"  together     {count(total):>14} executions  {count(self.rate):>7}/s  corpus {count(len(campaign.corpus))}")
        rows.append(f"  findings     {len(campaign.known)} known, {campaign.new} new   {rules}")
        return rows

    def line(self, fuzzing) -> str:
        total = sum(engine.executions for engine in fuzzing.running)
        each = "  ".join(f"{engine.name} {engine.executions}" for engine in fuzzing.running)
        return (f"{fuzzing.passed:4.0f} s of {fuzzing.campaign.config.seconds:.0f}: executions {total} ({self.rate:.0f}/s)  "
                f"{each}  corpus {len(fuzzing.campaign.corpus)}  findings {len(fuzzing.campaign.known)}, new {fuzzing.campaign.new}")

    def show(self, fuzzing) -> None:
        now = time.monotonic()
        if now - self.last < EVERY[self.live]:
            return
        total = sum(engine.executions for engine in fuzzing.running)
        if self.last:
            self.rate = (total - self.before[1]) / max(now - self.before[0], 0.001)
        self.last, self.before = now, (now, total)
        if not self.live:
            self.say(self.line(fuzzing))
            return
        self.wipe()
        width = os.get_terminal_size(self.out.fileno()).columns
        rows = [printable(row)[:width - 1] for row in self.rows(fuzzing)]
        self.out.write("\n".join(rows) + "\n")
        self.out.flush()
        self.shown = len(rows)
