"""Lines of the driver that programs reach, by its form that counts them, and those that they do not."""
import json
import os
import shutil
from pathlib import Path

from campaign import files, processes
from campaign.drivers import Driver
from campaign.rig import Rig


def tools() -> tuple | None:
    found = tuple(shutil.which(f"llvm-{name}-14") or shutil.which(f"llvm-{name}") for name in ("profdata", "cov"))
    return found if all(found) else None


def spans(lines: list) -> list:
    """Numbers in a row as pairs of the first and the last."""
    out = []
    for line in lines:
        if out and line == out[-1][1] + 1:
            out[-1][1] = line
        else:
            out.append([line, line])
    return out


def parse(lcov: str) -> list:
    """A row for each file of the driver: how many lines, how many were reached, and the others."""
    rows, row = [], None
    for line in lcov.splitlines():
        key, _, value = line.partition(":")
        if key == "SF":
            row = {"file": value, "lines": 0, "reached": 0, "missed": []}
        elif key == "DA":
            number, times = map(int, value.split(",")[:2])
            row["lines"] += 1
            row["reached"] += times > 0
            if not times:
                row["missed"].append(number)
        elif line == "end_of_record":
            row["missed"] = spans(row["missed"])
            rows.append(row)
    return sorted(rows, key=lambda r: r["file"])


def named(rows: list, sources: Path | None) -> list:
    """Files by their paths from the driver's own folder; those of others by their names."""
    home = sources or Path(os.path.commonpath([os.path.dirname(r["file"]) for r in rows]))
    return [{**r, "file": os.path.relpath(r["file"], home) if Path(r["file"]).is_relative_to(home) else
             os.path.basename(r["file"])} for r in rows]


def measure(rig: Rig, driver: Driver, options: list, programs: list, home: Path) -> tuple:
    """Rows by file, and why there are none."""
    if driver.coverage is None:
        return [], "no form of the driver counts lines (--coverage, or --driver with a folder of sources)"
    if tools() is None:
        return [], "no llvm-profdata and llvm-cov: ask for the Debian package llvm-14"
    merge, cov = tools()
    files.fresh(home)
    # The counting form has its own profile; the plain rig runs it, whatever the sanitized one judges.
    program = next(p for p in (rig.path("coverage", "bin/chimneysweep"), rig.path("release", "bin/chimneysweep"),
                               rig.program) if p.exists())
    processes.run([program, "sweep", "--quiet", "--driver", driver.coverage, *options, *programs], timeout=1800,
                  env={**os.environ, "LLVM_PROFILE_FILE": f"{home}/%p.profraw"})
    raw = sorted(home.glob("*.profraw"))
    if not raw:
        return [], f"{driver.coverage} wrote no profile"
    processes.run([merge, "merge", "-o", home / "profile", *raw])
    for path in raw:
        path.unlink()
    got = processes.run([cov, "export", "-format=lcov", f"-instr-profile={home / 'profile'}", driver.coverage])
    rows = parse(got.stdout)
    rows = named(rows, driver.sources) if rows else rows
    files.write(home / "coverage.json", json.dumps(rows, indent=1))
    return rows, "" if rows else got.stderr.strip()[-200:]
