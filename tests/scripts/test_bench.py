# SPDX-License-Identifier: GPL-2.0-only
"""scripts/bench judges and shows figures, and plans what to measure."""

import dataclasses
import json
import unittest
from unittest import mock

import support
from xenfront.bench import cli, facts, limit, page, plan, table, targets, workload
from xenfront.bench.figures import Figures, Findings, Measured
from xenfront.bench.outcome import Outcome
from xenfront.bench.workload import Workload
from xenfront.traces.ftrace import Traced
from xenfront.traces.spread import Spread

PLAY = Workload(workload.PLAY, 480, "rw", 4.0)


def step(work: Workload, place: str = plan.TOGETHER, backend: str = "", driver: str = plan.OURS,
         number: int = 1, **fields: object) -> Measured:
    found = Figures(guest_switches=10, guest_ms=1, dom0_ms=1, module_calls=0)
    return Measured(plan.Step(work, driver, place, number, backend),
                    dataclasses.replace(found, **fields))


def measured(driver: str, place: str, period: int, interrupts: float = 1.0,
             guest_ms: float = 10.0, **fields: object) -> Measured:
    return step(Workload(workload.PLAY, period), place, driver=driver, interrupts=interrupts,
                switches=interrupts, guest_ms=guest_ms, notifications=1, **fields)


def both_places(driver: str, period: int, **values: float) -> list[Measured]:
    return [measured(driver, place, period, **values) for place in plan.PLACES]


def spread(p99: float, p50: float = 50.0) -> Spread:
    return Spread(9, 0, 0, p50, p99, 2 * p99)


def idle(**fields: object) -> Measured:
    return step(Workload(workload.IDLE), plan.APART, **fields)


class Judgement(unittest.TestCase):
    def verdicts(self, *all_measured: Measured) -> list[str]:
        words = {None: "unknown", True: "met", False: "not met"}
        return [f"{words[verdict.holds]}: {verdict.what}"
                for verdict in targets.judge(Findings(list(all_measured))).verdicts]

    def judge(self, target: str, *all_measured: Measured) -> list[str]:
        """The words for the targets that contain a text."""
        return [line.split(": ")[0] for line in self.verdicts(*all_measured) if target in line]

    def test_playback(self) -> None:
        theirs = both_places(plan.IN_TREE, 480, interrupts=2.7, guest_ms=30.0)
        good = both_places(plan.OURS, 480)
        bad = both_places(plan.OURS, 480, interrupts=1.3, guest_ms=14.0)
        self.assertEqual(self.judge("playback, periods of 480", *theirs, *good),
                         ["met"] + ["unknown"] * 6)
        self.assertEqual(self.judge("playback, periods of 480", *theirs, *bad),
                         ["not met"] + ["unknown"] * 6)

    def test_processor_is_compared_with_the_limit(self) -> None:
        bare = [step(Workload(direction), plan.TOGETHER, driver=plan.NONE, guest_ms=5.0)
                for direction in (workload.PING, workload.COPY)]
        for guest_ms, words in ((10.4, ["met", "met"]), (11.0, ["not met", "met"]),
                                (11.1, ["not met", "not met"])):
            ours = [step(Workload(workload.PLAY, access=access), plan.TOGETHER,
                         guest_ms=guest_ms) for access in ("rw", "mmap")]
            with self.subTest(guest_ms):
                self.assertEqual(self.judge("times the limit", *bare, *ours)[:2], words)

    def test_playback_with_other_backends(self) -> None:
        work = Workload(workload.PLAY, 480)
        for backend, what in ((plan.FIELD, "positions by a timer"),
                              (plan.CARD, "into a sound card: playback")):
            for factor, word in ((0.44, "met"), (0.46, "not met")):
                both = [step(work, place, backend, driver, interrupts=2.7 * part,
                             switches=2.4 * part, guest_ms=30.0 * part)
                        for place in plan.PLACES
                        for driver, part in ((plan.IN_TREE, 1.0), (plan.OURS, factor))]
                with self.subTest(what, factor=factor):
                    self.assertEqual(self.judge(what, *both)[1:], [word] * 2)

    def test_smallest_period(self) -> None:
        ours = [one for period in (480, 128) for one in both_places(plan.OURS, period)]
        clean = both_places(plan.OURS, 32)
        stutters = both_places(plan.OURS, 32, xruns=5)
        self.assertEqual(self.judge("4 to the buffer:", *ours, *clean), ["met"])
        self.assertEqual(self.judge("4 to the buffer:", *ours, *stutters), ["not met"])

    def test_smallest_period_is_a_quarter_of_the_others(self) -> None:
        for theirs, word in ((128, "met"), (64, "not met")):
            both = [step(Workload(workload.PLAY, period, periods=2), plan.APART, driver=driver)
                    for driver, smallest in ((plan.OURS, 32), (plan.IN_TREE, theirs))
                    for period in (128, 64, 32) if period >= smallest]
            with self.subTest(theirs):
                self.assertEqual(self.judge("2 to the buffer: at most 1/4", *both), [word])

    def serve(self, driver: str, direction: str = workload.SERVE, place: str = plan.TOGETHER,
              backend: str = "", **fields: object) -> Measured:
        return step(plan.served(plan.PIPEWIRE, direction), place, backend, driver, **fields)

    def test_pipewire(self) -> None:
        others = [self.serve(plan.NONE, guest_ms=20.0), self.serve(plan.IN_TREE, guest_ms=46.0)]
        for fields, words in (
                ({"guest_ms": 23.0}, ["met"] * 4),
                ({"guest_ms": 23.1}, ["met", "met", "not met", "not met"]),
                ({"guest_ms": 9.0, "interrupts": 0.1}, ["not met", "met", "met", "met"]),
                ({"guest_ms": 9.0, "xruns": 1}, ["met", "not met", "met", "met"])):
            with self.subTest(fields):
                self.assertEqual(self.judge("PipeWire plays:", *others,
                                            self.serve(plan.OURS, **fields)), words)

    def test_pipewire_while_its_backend_restarts(self) -> None:
        for xruns, word in ((0, "met"), (1, "not met")):
            found = self.serve(plan.OURS, workload.OUTLIVE, xruns=xruns)
            self.assertEqual(self.judge("starts anew", self.serve(plan.OURS), found), [word])

    def test_idle_pipewire(self) -> None:
        for fields, word in (({}, "met"), ({"interrupts": 1}, "not met"), ({"events": 1}, "not met")):
            with self.subTest(fields):
                self.assertEqual(self.judge("idle but open", self.serve(plan.OURS),
                                            self.serve(plan.OURS, workload.REST, **fields)), [word])

    def test_a_new_player_is_heard_a_period_sooner_than_with_batch(self) -> None:
        def hear(server: str, p50: float) -> Measured:
            return step(plan.served(server, workload.HEAR), plan.APART, plan.RECORDING,
                        heard=spread(99.0, p50=p50), period=480)

        for p50, word in ((60.0, "met"), (59.0, "not met")):
            self.assertEqual(self.judge("with BATCH", hear(plan.PIPEWIRE, 50.0),
                                        hear(plan.PIPEWIRE_BATCH, p50)), [word])

    def test_idle(self) -> None:
        self.assertEqual(self.judge("idle card", idle()), ["met"])
        self.assertEqual(self.judge("idle card", idle(interrupts=1)), ["not met"])
        self.assertEqual(self.judge("idle card", idle(module_calls=1)), ["not met"])

    def test_wake_up_is_compared_with_the_bare_one(self) -> None:
        for p99, word in ((125.0, "met"), (126.0, "not met")):
            ours = step(Workload(workload.PLAY, is_timed=True), plan.APART,
                        wake=spread(p99))
            bare = step(Workload(workload.PING), plan.APART, driver=plan.NONE,
                        wake=spread(100.0))
            self.assertEqual(self.judge("wake-up, p99", ours, bare), [word])

    def test_streams_are_compared_without_the_idle_domain(self) -> None:
        for field, target in (("guest_ms", "32 streams: each costs at"),
                              ("dom0_ms", "32 streams: each costs Dom0 at")):
            nothing = step(Workload(workload.IDLE), plan.TOGETHER, driver=plan.NONE,
                           **{field: 1.0})
            one = step(plan.many(1), plan.TOGETHER, **{field: 3.0})
            for spent, word in ((71.0, "met"), (72.0, "not met")):
                many = step(plan.many(32), plan.TOGETHER, **{field: spent})
                self.assertEqual(self.judge(target, nothing, one, many), [word])
            rows = table.streams(Findings([nothing, one, many])).rows
            at = 2 if field == "guest_ms" else 5
            self.assertEqual([row[0] for row in rows], ["1", "32"])
            self.assertEqual([row[at] for row in rows], ["2.00", "2.22"])

    def test_writes_of_16_frames(self) -> None:
        for notifications, requests, word in ((7.5, 30.0, "met"), (7.6, 29.0, "not met")):
            slow = step(plan.BY_16, plan.APART, plan.LATE, calls=30.0,
                        notifications=notifications)
            paced = step(plan.BY_16_PACED, plan.APART, calls=30.0, requests=requests)
            self.assertEqual(self.judge("writes of 16", slow, paced), [word] * 2)

    def test_what_the_kernel_has_traced(self) -> None:
        work = Workload(workload.PLAY, is_traced=True)
        for sleeps, word in ((0, "met"), (1, "not met")):
            found = step(work, plan.APART, traced=Traced(0, sleeps, 0, 9))
            self.assertEqual(self.judge("a period of playback:", found), [word])

    def test_what_was_not_measured_is_not_met(self) -> None:
        words = {line.split(": ")[0] for line in self.verdicts()}
        self.assertEqual(words, {"unknown", "not met"})

    def test_a_larger_period_with_xruns_ends_the_search(self) -> None:
        found = Findings([measured(plan.OURS, plan.APART, 480),
                          measured(plan.OURS, plan.APART, 128, xruns=1),
                          measured(plan.OURS, plan.APART, 32)])
        self.assertEqual(found.smallest_clean(plan.OURS, workload.PLAY), 480)

    def test_an_xrun_in_one_round_is_enough(self) -> None:
        found = Findings([measured(plan.OURS, plan.APART, 480),
                          measured(plan.OURS, plan.APART, 480, xruns=1, number=2)])
        self.assertIsNone(found.smallest_clean(plan.OURS, workload.PLAY))


class TheLimit(unittest.TestCase):
    def of(self, driver: str, work: Workload, guest_ms: float) -> Measured:
        return step(work, driver=driver, guest_ms=guest_ms)

    def test_drivers_are_compared_by_what_they_add(self) -> None:
        found = Findings([self.of(plan.NONE, Workload(workload.IDLE), 0.5),
                          self.of(plan.NONE, Workload(workload.PING), 7.5),
                          self.of(plan.NONE, Workload(workload.COPY), 0.1),
                          self.of(plan.OURS, PLAY, 8.6), self.of(plan.IN_TREE, PLAY, 11.6)])
        least, above = limit.remarks(found)
        self.assertIn("480: 7.60 ms of", least)
        self.assertIn("7.00 to wake a process 100 times", least)
        self.assertIn("1.00 ms with this driver, 4.00 ms with the in-tree one: ratio 0.25", above)

    def test_switches(self) -> None:
        found = Findings([
            step(PLAY, plan.APART, switches=1.0),
            *(step(work, plan.APART, driver=plan.IN_TREE, **fields) for work, fields in (
                (PLAY, {"switches": 1.5}),
                (Workload(workload.PLAY, is_traced=True), {"traced": Traced(0, 100, 0, 500)}),
                (Workload(workload.PLAY, is_timed=True),
                 {"wake": spread(10080.0, p50=10070.0)})))])
        self.assertRegex(limit.remarks(found)[0],
                         "once, with this driver 1.00 .* 1.50 .* 1.00 are in its writes.* 0.50 are "
                         "for room .* learns 10.1 ms after")

    def test_every_length_of_a_period_has_its_own(self) -> None:
        heavy = plan.HEAVY
        found = Findings([self.of(plan.NONE, Workload(workload.PING, period), guest_ms)
                          for period, guest_ms in ((480, 8.0), (64, 50.0))]
                         + [self.of(plan.NONE, copy, guest_ms) for copy, guest_ms in (
                             (Workload(workload.COPY, 480), 0.1), (Workload(workload.COPY, 64), 0.2),
                             (dataclasses.replace(heavy, direction=workload.COPY), 3.0))]
                         + [self.of(plan.OURS, Workload(workload.PLAY, 64), 100.4)])
        for work, least in ((PLAY, 8.1), (Workload(workload.RECORD, 64, "mmap"), 50.2),
                            (Workload(workload.PLAY, 64, periods=2), 50.2), (heavy, 11.0)):
            with self.subTest(work.name):
                self.assertAlmostEqual(limit.of(found, work) or 0.0, least)
        self.assertEqual(table.figures(found).rows[0][-4:-2], ("50.20", "2.00"))

    def test_what_is_not_woken_once_a_period_has_none(self) -> None:
        found = Findings([self.of(plan.NONE, Workload(direction, period), 1.0)
                          for direction in (workload.PING, workload.COPY) for period in (480, 1024)])
        self.assertIsNone(limit.of(found, Workload(workload.PLAY, 256)))
        for work in (plan.IN_BOTH_DIRECTIONS, plan.BY_16, plan.many(8),
                     Workload(workload.PLAY, is_timed=True), Workload(workload.OPEN)):
            with self.subTest(work.name):
                self.assertIsNone(limit.of(found, work))

    def test_without_the_limit_nothing_is_said(self) -> None:
        self.assertEqual(limit.remarks(Findings([self.of(plan.OURS, PLAY, 8.6)])), [])


class Report(support.DirectoryTest):
    def setUp(self) -> None:
        super().setUp()
        self.findings = Findings([one for driver in (plan.OURS, plan.IN_TREE)
                                  for one in both_places(driver, 480)]
                                 + [measured(plan.IN_TREE, plan.APART, 32, xruns=3), idle()])
        slower = Findings([measured(driver, plan.APART, 480, xruns=xruns)
                           for driver, xruns in ((plan.OURS, 0), (plan.IN_TREE, 7))])
        self.outcome = Outcome(self.findings, {8: slower}, {"guest": "a <b> c"})

    def test_text_has_both_drivers_and_each_verdict(self) -> None:
        text = table.text(self.outcome)
        self.assertRegex(text, r"play-480-rw( +1\.00 +1\.00 +1\.00){4} +10\.00 +10\.00 +1\.00 +- +- +0 +0")
        for verdict in self.outcome.verdicts:
            self.assertIn(verdict.what, text)

    def test_sound_servers(self) -> None:
        served, heard = (plan.served(plan.PIPEWIRE, direction)
                         for direction in (workload.SERVE, workload.HEAR))
        found = Findings([step(served, driver=plan.NONE, guest_ms=20.0),
                          step(served, guest_ms=21.0, period=1024),
                          step(heard, plan.APART, plan.RECORDING, heard=spread(9.0))])
        rows = table.servers(found).rows
        self.assertEqual([(row[:3], row[-3]) for row in rows],
                         [(("PipeWire plays", "null sink", "-"), "20.00"),
                          (("PipeWire plays", "ours", "1024"), "21.00")])
        self.assertEqual(table.hearings(found).rows, [("PipeWire", "ours", "-", "50 / 9 / 18 ms")])
        self.assertEqual(table.figures(found).rows, [])

    def test_dom0_spends_for_each_guest_what_idle_ones_do_not_cost(self) -> None:
        one, two = (Workload(workload.PLAY, guests=count) for count in (1, 2))
        found = Findings([step(plan.IDLE_GUESTS, driver=plan.NONE, dom0_ms=1.0),
                          step(one, dom0_ms=4.0), step(two, dom0_ms=7.0, backend_xruns=1),
                          step(two, driver=plan.IN_TREE, dom0_ms=13.0)])
        self.assertEqual(table.guests(found).rows,
                         [("1", "-", "3.00", "-", "0", "0"), ("2", "6.00", "3.00", "0.50", "0", "1")])
        self.assertEqual(table.figures(found).rows, [])

    def test_slower_machines(self) -> None:
        self.assertEqual(table.speeds(self.outcome).rows,
                         [("2 ns", "480", "480"), ("8 ns", "none", "480")])

    def test_everything_is_in_the_json(self) -> None:
        content = json.loads(json.dumps(self.outcome.as_dict()))
        self.assertEqual(len(content["steps"]), len(self.findings.all))
        self.assertEqual(len(content["slower_machines"]["8 ns"]), 2)

    def test_what_a_driver_takes_is_a_difference(self) -> None:
        noted = {name: {"module_bytes": 2048, "kernel_kib": size}
                 for name, size in (("none", 1000), ("ours", 1300), ("ours:open", 1308))}
        found = facts.Facts(noted, {"none": 3, "ours": 139, "ours:open": 143})
        rows = {title: ours for title, _theirs, ours in
                table.costs(Findings(self.findings.all, found)).rows}
        self.assertEqual(rows["module in memory"], "2 KiB")
        self.assertEqual(rows["kernel memory, idle"], "300 KiB")
        self.assertEqual(rows["pages mapped by the backend, idle"], "136")

    def test_page_is_complete(self) -> None:
        path = self.directory / "report.html"
        page.write(path, self.outcome)
        text = path.read_text()
        self.assertEqual(text.count("<svg"), 2)
        self.assertIn("a &lt;b&gt; c", text)
        self.assertNotIn("http-equiv", text)


class Plan(unittest.TestCase):
    def test_names_are_unique(self) -> None:
        names = [step.name for step in plan.steps(False, 2)]
        self.assertEqual(len(names), len(set(names)))

    def test_drivers_alternate(self) -> None:
        loaded = [line.split()[1] for line in plan.script(plan.steps(False, 2)).splitlines()
                  if line.startswith("driver")]
        self.assertEqual(loaded, ["none", "in-tree", "ours"] * 5)

    def test_the_backend_is_restarted_when_no_driver_is_loaded(self) -> None:
        lines = plan.script(plan.steps(False, 1)).splitlines()
        for options in (plan.LATE, plan.FIELD, plan.CARD):
            at = lines.index(f"backend {options}")
            self.assertEqual(lines[at - 1], "driver none")

    def test_each_ping_has_its_pinger(self) -> None:
        lines = [line.split() for line in plan.script(plan.steps(True, 1)).splitlines()]
        pingers = {line[1]: line[2:] for line in lines if line[0] == "pinger"}
        self.assertEqual(pingers["1024"], ["21333", "187"])
        pings = [line[2:4] for line in lines if line[0] == "ping"]
        self.assertEqual(pings, [["--period", period] for _ in plan.PLACES for period in pingers])
        self.assertNotIn("pinger", plan.script(plan.slow_steps()))

    def test_each_driver_gets_servers_of_its_own(self) -> None:
        lines = [line.split() for line in plan.script(plan.server_steps(False)).splitlines()]
        started = [line[1] for line in lines if line[0] in ("driver", "server")]
        each = [plan.PIPEWIRE, plan.PULSEAUDIO]
        self.assertEqual(started, ["none", *each, "in-tree", *each, "ours", *each,
                                   plan.PIPEWIRE, "none", "ours", *each, plan.PIPEWIRE_BATCH])

    def test_of_several_guests_the_first_is_measured(self) -> None:
        lines = [line.split() for line in plan.script(plan.guest_steps()).splitlines()]
        beside = [line[1:3] for line in lines if line[0] == "beside"]
        self.assertEqual(beside, [[str(count - 1), f"1:{driver}:together:play-480-{count}guests-rw"]
                                  for driver in (plan.IN_TREE, plan.OURS) for count in (2, 4)])

    def test_in_tree_driver_is_never_asked_for_mmap(self) -> None:
        self.assertFalse([step.name for step in plan.steps(False, 1)
                          if step.driver == plan.IN_TREE and step.workload.access == "mmap"])


class CommandLine(unittest.TestCase):
    def test_wrong_rounds(self) -> None:
        answer = support.run_script("bench", "--rounds", 0)
        self.assertEqual(answer.returncode, 2)
        self.assertIn("--rounds 0", answer.stderr)

    def test_what_is_evaluated_again_took_as_long_as_its_runs(self) -> None:
        options = cli.parse(["--quick", "--evaluate"])
        with mock.patch.object(cli.lab_runs, "summary", return_value={"host_seconds": 60.0}), \
                mock.patch.object(cli.figures, "collect", return_value=Findings([])):
            outcome = cli.evaluate(options, cli.runs(options))
        self.assertEqual(outcome.description["measured in"], "120 s by scripts/bench")
