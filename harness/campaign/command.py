"""`chimneysweep campaign`."""
import json
import os
import sqlite3
import sys
from pathlib import Path

from campaign import config as options
from campaign import merging, processes
from campaign.night import Campaign
from campaign.rig import Refused, Rig


def main(program: Path, words: list) -> int:
    rig = Rig(program)
    try:
        config = options.make(words, lambda: {rule["id"] for rule in rig.catalogue})
        if config.merge:
            return merging.run(config)
        if config.json:
            sys.stdout = sys.stderr  # the JSON is all that goes there
        campaign = Campaign(config, rig)
        status = campaign.run()
    except Refused as error:
        print(f"campaign: {error}", file=sys.stderr)
        return error.status
    except (OSError, sqlite3.Error) as error:
        print(f"campaign: {getattr(error, 'filename', None) or 'a file'}: {error}; what was announced is kept",
              file=sys.stderr)
        return 3
    finally:
        processes.end_all()
    if config.json:
        os.write(1, (json.dumps(campaign.report) + "\n").encode())
    return status
