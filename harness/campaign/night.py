"""One night of a campaign, phase by phase."""
import dataclasses
import os
import shutil
import time
from pathlib import Path

from campaign import coverage, drivers, files, findings, folder, processes, regressions, report, seeds
from campaign.corpus import Corpus
from campaign.engine import Place
from campaign.exchange import Exchange
from campaign.fuzzing import Fuzzing, engines
from campaign.history import History
from campaign.judging import Judging
from campaign.libfuzzer import LibFuzzer
from campaign.muting import Muting
from campaign.rig import Refused, Rig
from campaign.screen import Screen

JUDGE_S = 120  # seconds after the engines that judging may take; what is left waits for the next night


class Campaign:
    def __init__(self, config, rig: Rig):
        self.config, self.rig, self.out = config, rig, config.out
        self.screen, self.stop = Screen(), processes.Stop()
        self.new, self.counts, self.remarks, self.broken, self.took = 0, {"pass": 0, "unjudged": 0}, [], [], {}
        self.lock = folder.take(self.out, config.resume)
        for name in ("findings", "logs", "engines"):
            (self.out / name).mkdir(exist_ok=True)
        processes.adopt()
        self.set_driver()
        self.place = Place(self.out)
        self.history = History(self.out / "history.sqlite", make=True)
        self.known = findings.read_all(self.out / "findings")
        self.corpus = Corpus(self.place.corpus)
        self.exchange = Exchange(config.sync, self.out / "from-others") if config.sync else None
        self.muting = Muting(self.place.muted, rig, config.loud)
        maker = findings.Maker(self.rig, self.driver, self.out / "findings", self.run_words())
        self.judging = Judging(self.rig, maker, self.out / "saved", self.known)

    def run_words(self) -> list:
        """A driver without AddressSanitizer is watched by the protection of pages."""
        guard = [] if self.driver.sanitized or self.config.guard else ["--guard=pages"]
        return [*self.config.run, *guard]

    def set_driver(self) -> None:
        self.driver = drivers.load(self.rig, self.config.driver, self.out / "builds")
        if self.config.coverage:
            self.driver.coverage = None if self.config.coverage == "no" else Path(self.config.coverage)
        built = self.rig.path(self.driver.preset, "bin/chimneysweep")
        self.rig.preset = self.driver.preset if built.exists() else ""
        self.rig.words = ["--driver", str(self.driver.judged), *self.run_words()]
        empty = self.out / "empty.chim"
        empty.write_text("chimneysweep program 1\n")
        verdict = self.rig.run(empty)
        if verdict["verdict"] in ("unreadable", "not-judged"):
            raise Refused(f"--driver {self.driver.name}: {verdict['actual']}", 2 if verdict.get("status") == 2 else 3)

    # ---- what is told as it happens ----
    def announce(self) -> None:
        while not self.judging.events.empty():
            event = self.judging.events.get()
            if event.kind in self.counts:
                self.counts[event.kind] += 1
            elif event.kind == "known":
                self.meet(event.identity)
            else:
                self.tell(event.finding)

    def meet(self, identity: str) -> None:
        """One that the history does not know yet was made by a night that did not come to telling it."""
        row = self.history.finding(identity)
        if row is None or row["state"] == "closed":
            self.tell(self.known[identity])
        else:
            self.history.see(self.night, identity, 1)

    def tell(self, finding) -> None:
        self.muting.add(finding)
        if self.in_base(finding):
            self.history.add(self.night, finding)
            self.history.write("UPDATE seen SET new = 0 WHERE night = ? AND identity = ?", self.night, finding.identity)
            self.history.settle(finding.identity, "open", "the base shows it too")
        elif self.history.add(self.night, finding):
            self.new += 1
            self.screen.say(f"new finding: {finding.title} ({finding.folder}/program.chim)")

    def in_base(self, finding) -> bool:
        if self.config.base is None:
            return False
        base = dataclasses.replace(self.rig, words=["--driver", str(self.config.base), *self.run_words()])
        return base.run(finding.folder / "program.chim").get("identity") == finding.identity

    # ---- phases ----
    def gather(self) -> None:
        """What a night left that was ended: inputs to judge, programs for the corpus."""
        for home in sorted((self.out / "engines").iterdir()):
            for name in ("artifacts", "failing", "crashes", "hangs"):
                for path in [*home.glob(f"{name}/*"), *home.glob(f"*/{name}/id*")]:
                    if path.is_file():
                        self.judging.offer(path, home.name.partition("-")[0])
            self.corpus.take([p for pattern in ("own/*", "*/queue/id*") for p in home.glob(pattern) if p.is_file()])

    def begin_with(self) -> None:
        """The programs of the corpora, and the corpus of the nights before: only what passes stays."""
        source = self.config.corpora or self.rig.data / "corpora"
        count = seeds.convert(self.rig, source, self.out / "seeds")
        judged = seeds.judge(self.rig, self.out / "seeds")
        self.seeds = {"programs": count, "failing": len(judged.failing), "not_run": len(judged.not_run),
                      "reached": {name: judged.totals.get(name, 0) for name in seeds.REACHED}}
        self.set_aside(judged, self.out / "seeds")
        seeds.add(self.corpus.folder, judged.passed)
        if len(self.corpus) > len(judged.passed):
            self.set_aside(seeds.judge(self.rig, self.corpus.folder), self.corpus.folder)
        self.screen.say(f"{count} programs to begin with: {len(judged.failing)} fail and are findings, {len(judged.not_run)} "
                        f"were not run, since others ended alike; corpus {len(self.corpus)}")

    def swap(self) -> None:
        """With the other machines, when there are any."""
        if self.exchange:
            self.exchange.give(self.corpus.folder)
            for path, verdict in self.exchange.take(self.rig, self.corpus).items():
                self.judging.offer(path, "others", verdict)

    def set_aside(self, judged, source: Path) -> None:
        verdicts = {path.name: verdict for path, verdict in judged.failing.items()}
        for path in seeds.take_out(judged, source, files.fresh(self.out / "no-seeds")):
            self.judging.offer(path, "seeds", verdicts[path.name])

    def fuzz(self) -> None:
        running = engines(self.rig, self.driver, self.place, self.config)
        self.rig.dictionary(self.place.dictionary)
        if not len(self.corpus):
            self.remarks.append("no program passes: there is nothing to begin fuzzing with")
            running = []
        for engine in running:
            if engine.kind in ("libfuzzer", "afl") and not engine.program().exists():
                raise Refused(f"{engine.program()}: is not there (scripts/build {engine.program().parents[1].name}), or leave "
                              f"it out: --engines")
            engine.prepare()
        self.fuzzing = Fuzzing(self, running)
        if running:
            self.fuzzing.run()
        self.broken = [engine for engine in self.fuzzing.silent() if self.fuzzing.passed > 5]
        self.remarks += [f"{engine.name} ran nothing: {engine.last_words().strip().splitlines()[-1:] or 'it said nothing'} "
                         f"(see {engine.log})" for engine in self.broken]
        if self.fuzzing.ended_by not in ("", "time", "interrupted"):
            self.remarks.append(f"ended early: {self.fuzzing.ended_by}")

    def judge_the_rest(self) -> None:
        self.judging.ending = True
        until = time.monotonic() + JUDGE_S
        while self.judging.is_alive() and time.monotonic() < until:
            self.judging.join(0.2)
            self.announce()
            if self.stop.asked:
                until = min(until, time.monotonic() + 30)
        self.announce()
        left = len(self.judging.pending())
        if left:
            self.remarks.append(f"{left} saved inputs are not judged yet: the next night does")

    def tidy(self) -> None:
        """The corpus shrinks to what it needs, unless there was no time for anything else either."""
        fuzzers = [engine for engine in self.fuzzing.running if isinstance(engine, LibFuzzer)]
        self.sizes = (len(self.corpus), len(self.corpus))
        if fuzzers and not self.stop.asked and not self.config.quick and not self.broken:
            one = fuzzers[0]
            self.sizes = self.corpus.minimise(one, {**os.environ, **one.driven(), **one.environment(),
                                                    "CHIMNEYSWEEP_REACHED": str(one.home / "merged")})
        for name in ("seeds", "no-seeds", "from-others"):
            shutil.rmtree(self.out / name, ignore_errors=True)

    def measure(self) -> None:
        """Nothing is measured of a driver that no program passes: each run would only end like the others."""
        self.evaluated, self.lines = {}, []
        self.no_lines = "the night was interrupted" if self.stop.asked else "no program passes"
        programs = [p for p in (self.config.corpora or self.rig.data / "corpora", self.corpus.folder)
                    if p.is_file() or any(p.iterdir())]
        if not self.stop.asked and len(self.corpus):
            self.evaluated = self.rig.rules_coverage(programs)
            self.lines, self.no_lines = coverage.measure(self.rig, self.driver, self.config.run, programs,
                                                         self.out / "coverage")
        self.history.rules(self.night, self.evaluated, self.muting.times())
        self.history.coverage(self.night, self.lines)

    def run(self) -> int:
        self.began = time.time()
        self.night = self.history.begin(self.driver, self.rig, {"seconds": self.config.seconds, "run": self.run_words(),
                                                                "engines": self.config.engines})
        self.screen.say(f"night {self.night} of {self.out}: {self.driver.name}, build {self.driver.build_id}")
        if self.driver.preset != self.rig.preset:
            self.remarks.append(f"judged by {self.rig.program}: there is no {self.driver.preset} build of the rig")
        self.phase("findings of before", lambda: regressions.run(self))
        self.gather()
        self.phase("seeds", self.begin_with)
        self.phase("other machines", self.swap)
        self.muting.begin(self.known.values())
        self.judging.start()
        self.phase("fuzzing", self.fuzz)
        self.phase("judging", self.judge_the_rest)
        self.muting.tell(self.history, self.night, self.known)
        self.phase("corpus", self.tidy)
        self.phase("coverage", self.measure)
        return report.finish(self)

    def phase(self, name: str, work) -> None:
        begun = time.monotonic()
        work()
        self.took[name] = round(time.monotonic() - begun, 2)
