"""The nights of a campaign, in SQLite. A night is one campaign from its start to its report."""
import json
import sqlite3
import time
from pathlib import Path

from campaign.rig import Refused

# Each step leads from the version of its index to the next. What was released is never edited.
STEPS = ["""
CREATE TABLE nights (id INTEGER PRIMARY KEY, begun REAL, ended REAL, outcome TEXT, driver TEXT, driver_build TEXT,
    compiler TEXT, rig TEXT, format TEXT, options TEXT, corpus INTEGER, report TEXT);
CREATE TABLE engines (night INTEGER, name TEXT, executions INTEGER, cpu REAL, starts INTEGER, saved INTEGER,
    PRIMARY KEY (night, name));
CREATE TABLE samples (night INTEGER, second REAL, engine TEXT, executions INTEGER, edges INTEGER, corpus INTEGER);
CREATE INDEX samples_of_a_night ON samples (night, second);
CREATE TABLE findings (identity TEXT PRIMARY KEY, name TEXT, title TEXT, verdict TEXT, rule TEXT, flaky INTEGER,
    first_night INTEGER, first_seen REAL, last_night INTEGER, last_seen REAL, count INTEGER, state TEXT,
    closed_by TEXT, remark TEXT);
CREATE TABLE seen (night INTEGER, identity TEXT, count INTEGER, new INTEGER, PRIMARY KEY (night, identity));
CREATE TABLE rules (night INTEGER, rule TEXT, evaluated INTEGER, muted INTEGER, PRIMARY KEY (night, rule));
CREATE TABLE coverage (night INTEGER, file TEXT, lines INTEGER, reached INTEGER, PRIMARY KEY (night, file));
"""]
VERSION = len(STEPS)


class History:
    def __init__(self, path: Path, make: bool = False):
        if not make and not path.exists():
            raise Refused(f"{path}: no campaign was run here", 2)
        try:
            self.db = sqlite3.connect(path, timeout=30)
            self.db.row_factory = sqlite3.Row
            self.db.execute("PRAGMA synchronous = FULL")
            self.bring_up(path)
        except sqlite3.Error as error:
            raise Refused(f"{path}: {error}")

    def bring_up(self, path: Path) -> None:
        version = self.db.execute("PRAGMA user_version").fetchone()[0]
        if version > VERSION:
            raise Refused(f"{path}: has schema {version}, this program knows up to {VERSION}: take a newer one")
        for step in range(version, VERSION):
            self.db.executescript(f"BEGIN;{STEPS[step]}PRAGMA user_version = {step + 1};COMMIT;")

    def write(self, text: str, *values) -> None:
        with self.db:
            self.db.execute(text, values)

    def rows(self, text: str, *values) -> list:
        return [dict(row) for row in self.db.execute(text, values)]

    # ---- nights ----
    def begin(self, driver, rig, options: dict) -> int:
        """A night that never said how it ended was killed."""
        self.write("UPDATE nights SET outcome = 'killed', ended = COALESCE(ended, begun) WHERE outcome = 'running'")
        with self.db:
            return self.db.execute(
                "INSERT INTO nights (begun, outcome, driver, driver_build, compiler, rig, format, options) "
                "VALUES (?, 'running', ?, ?, ?, ?, ?, ?)",
                (time.time(), driver.name, driver.build_id, driver.compiler, rig.build_id, rig.version,
                 json.dumps(options))).lastrowid

    def end(self, night: int, outcome: str, corpus: int, report: dict) -> None:
        self.write("UPDATE nights SET ended = ?, outcome = ?, corpus = ?, report = ? WHERE id = ?", time.time(), outcome,
                   corpus, json.dumps(report), night)

    def nights(self) -> list:
        return self.rows(
            "SELECT n.*, (SELECT SUM(executions) FROM engines WHERE night = n.id) AS executions, "
            "(SELECT SUM(cpu) FROM engines WHERE night = n.id) AS cpu, "
            "(SELECT COUNT(*) FROM seen WHERE night = n.id AND new) AS new, "
            "(SELECT MAX(edges) FROM samples WHERE night = n.id) AS edges, "
            "(SELECT 100.0 * SUM(reached) / SUM(lines) FROM coverage WHERE night = n.id) AS covered "
            "FROM nights n ORDER BY n.id")

    def night(self, number: int) -> dict:
        for row in self.nights():
            if row["id"] == number:
                return row
        raise Refused(f"no night {number} in this history", 2)

    # ---- engines ----
    def engine(self, night: int, engine, saved: int) -> None:
        self.write("INSERT OR REPLACE INTO engines VALUES (?, ?, ?, ?, ?, ?)", night, engine.name, engine.executions,
                   engine.cpu_seconds, engine.starts, saved)

    def sample(self, night: int, second: float, rows: list) -> None:
        with self.db:
            self.db.executemany("INSERT INTO samples VALUES (?, ?, ?, ?, ?, ?)",
                                [(night, second, *row) for row in rows])

    # ---- findings ----
    def finding(self, identity: str) -> dict | None:
        rows = self.rows("SELECT * FROM findings WHERE identity = ?", identity)
        return rows[0] if rows else None

    def add(self, night: int, finding) -> bool:
        """A finding whose folder is on disk. True when it is new to this history, or had been closed."""
        old = self.finding(finding.identity)
        new = old is None or old["state"] == "closed"
        with self.db:
            if old is None:
                self.db.execute("INSERT INTO findings VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 0, 'open', NULL, '')", (
                    finding.identity, finding.name, finding.title, finding.verdict, finding.rule, finding.flaky, night,
                    finding.first_seen, night, finding.first_seen))
            elif new:
                self.db.execute("UPDATE findings SET state = 'open', closed_by = NULL, remark = 'was closed before' "
                                "WHERE identity = ?", (finding.identity,))
        self.see(night, finding.identity, 1, new)
        return new

    def see(self, night: int, identity: str, count: int, new: bool = False) -> None:
        with self.db:
            self.db.execute(
                "INSERT INTO seen VALUES (?, ?, ?, ?) ON CONFLICT (night, identity) DO UPDATE SET "
                "count = count + excluded.count, new = MAX(new, excluded.new)", (night, identity, count, new))
            self.db.execute("UPDATE findings SET count = count + ?, last_night = ?, last_seen = ? WHERE identity = ?",
                            (count, night, time.time(), identity))

    def settle(self, identity: str, state: str, remark: str, closed_by: str | None = None) -> None:
        self.write("UPDATE findings SET state = ?, remark = ?, closed_by = ? WHERE identity = ?", state, remark, closed_by,
                   identity)

    def findings(self) -> list:
        return self.rows("SELECT * FROM findings ORDER BY first_seen, identity")

    def seen(self, night: int) -> dict:
        return {row["identity"]: row for row in self.rows("SELECT * FROM seen WHERE night = ?", night)}

    # ---- what the corpus exercises ----
    def rules(self, night: int, evaluated: dict, muted: dict) -> None:
        with self.db:
            self.db.executemany("INSERT OR REPLACE INTO rules VALUES (?, ?, ?, ?)",
                                [(night, rule, bool(evaluated.get(rule)), muted.get(rule, 0)) for rule in
                                 {**evaluated, **muted}])

    def coverage(self, night: int, files: list) -> None:
        with self.db:
            self.db.executemany("INSERT OR REPLACE INTO coverage VALUES (?, ?, ?, ?)",
                                [(night, item["file"], item["lines"], item["reached"]) for item in files])
