"""What `chimneysweep campaign`, `history` and `bisect` are: NAME PROGRAM [OPTIONS], where PROGRAM is the rig's."""
import sys
from pathlib import Path

sys.path[0] = str(Path(__file__).resolve().parents[1])  # this folder is the package


def main() -> int:
    name, program, *words = sys.argv[1:]
    if name == "campaign":
        from campaign.command import main as run
    elif name == "history":
        from campaign.history_command import main as run
    else:
        from campaign.bisect import main as run
    return run(Path(program), words)


if __name__ == "__main__":
    sys.exit(main())
