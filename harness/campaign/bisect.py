"""`chimneysweep bisect`: which build of a driver is the first to show a finding."""
import json
import sys
from pathlib import Path

from campaign import config as options
from campaign.history_command import positional
from campaign.rig import Refused, Rig


class Bisect:
    def __init__(self, rig: Rig, program: Path, run: list):
        self.rig, self.program, self.run = rig, program, run
        self.verdicts = {}

    def verdict(self, build: Path) -> dict:
        if build not in self.verdicts:
            self.rig.words = ["--driver", str(build), *self.run]
            got = self.rig.run(self.program)
            if got["verdict"] == "unreadable":
                raise Refused(f"{build}: {got['actual']}", 2)
            self.verdicts[build] = got
        return self.verdicts[build]

    def first(self, builds: list) -> Path | None:
        """None: the last passes. Builds between one that shows it and one that does not are halved."""
        wanted = self.verdict(builds[-1]).get("identity")
        if not wanted:
            return None
        low, high = -1, len(builds) - 1  # low does not show it, high does
        if self.verdict(builds[0]).get("identity") == wanted:
            high = 0
        else:
            low = 0
        while high - low > 1:
            middle = (low + high) // 2
            shows = self.verdict(builds[middle]).get("identity") == wanted
            low, high = (low, middle) if shows else (middle, high)
        return builds[high]


def main(program: Path, words: list) -> int:
    values = options.words_to_values(words)
    case, *builds = map(Path, positional(words))
    try:
        builds = [options.existing("driver", build, "driver") for build in builds]
        bisect = Bisect(Rig(program), case, options.run_words(values))
        first = bisect.first(builds)
    except Refused as error:
        print(f"bisect: {error}", file=sys.stderr)
        return error.status
    last = bisect.verdict(builds[-1])
    if values.get("json"):
        print(json.dumps({"schema": 1, "first": first and str(first), "identity": last.get("identity"),
                          "runs": len(bisect.verdicts)}))
    elif first is None:
        print(f"bisect: {builds[-1]} passes: nothing to look for")
    else:
        print(f"bisect: the first to show '{last['identity']}' is {first} ({len(bisect.verdicts)} of {len(builds)} were run)")
    return 1 if first else 0
