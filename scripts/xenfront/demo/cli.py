# SPDX-License-Identifier: GPL-2.0-only
"""The command line of scripts/demo."""

import argparse
import dataclasses
import json
import pathlib
from typing import Any

from xenfront import ROOT, audio, command
from xenfront.command import shown
from xenfront.demo import compare, machine, measurements, picture, source, verdict
from xenfront.errors import Failure, explained
from xenfront.judgement import Judgement
from xenfront.lab import runs
from xenfront.progress import Progress
from xenfront.traces import backend

DESCRIPTION = """\
Plays a WAV file with aplay in a Xen guest, through snd-xen-front and the reference backend, into
Dom0's sound card: the AC97 that QEMU emulates and records. Then compares what was played with what
came out, sample by sample, and draws both.

Needs the module and the backend; `make demo` builds them and calls this.
"""

EPILOG = f"""\
results, in the directory of --out:
  input.wav        what aplay was given         output.wav   what came out of the AC97 card
  comparison.png   both and their difference    report.json  all figures
  guest-kernel.log, backend-trace.jsonl, backend-statistics.json

what is measured:
  samples      every sample of input.wav against output.wav, from where the sound begins there; before
               and after it there may only be silence. After the stream, Dom0 plays a second of
               silence itself: QEMU keeps the tail of a card that stops until the card plays on.
  interrupts   growth of all xen-front lines of the guest's /proc/interrupts while aplay ran, divided
               by the periods played; {verdict.INTERRUPT_BUDGET} are allowed. That includes those to set up the stream;
               below {verdict.BUDGET_FROM_PERIODS} periods they weigh too much and are left out of the judgement.
  underruns    reported by aplay in the guest, and by the backend in Dom0
  latency      by the backend's trace, in time of the emulated machine. "WRITE to played": from the
               arrival of a WRITE request in Dom0 to the event that tells the guest that its last
               frame was played; the time that the sound waits in the buffer, for the most part.
               "event to next WRITE": from a position event to the arrival of the request that it
               made room for: interrupt, wake-up of aplay, its write, the way back.

examples:
  scripts/demo                          {source.DEFAULT_FILE.name} of Debian's alsa-utils
  scripts/demo --wav song.wav --kernel 6.12 --type pvh
  scripts/demo --generate 60            random samples, different in both channels

exit status: 0 PASS, 1 FAIL, 2 the demo could not be made
"""


def parse(arguments: list[str]) -> argparse.Namespace:
    parser = command.parser(DESCRIPTION, EPILOG)
    sound = parser.add_mutually_exclusive_group()
    sound.add_argument("--wav", metavar="FILE", type=pathlib.Path, default=source.DEFAULT_FILE,
                       help="what to play; converted to 16-bit stereo, and to "
                            f"{source.DEFAULT_RATE} Hz unless it has one of the rates "
                            f"{', '.join(map(str, source.RATES))} (default: %(default)s)")
    sound.add_argument("--generate", metavar="SECONDS", type=float,
                       help="play random samples instead")
    parser.add_argument("--seed", type=int, default=1,
                        help="of the random samples (default: %(default)s)")
    parser.add_argument("--out", metavar="DIR", type=pathlib.Path,
                        default=ROOT / "build" / "demo",
                        help="where the results go; emptied of earlier ones (default: build/demo)")
    parser.add_argument("--period", metavar="FRAMES", type=int, default=480,
                        help="aplay's period (default: %(default)s)")
    parser.add_argument("--buffer", metavar="FRAMES", type=int, default=1920,
                        help="aplay's buffer (default: %(default)s)")
    command.add_guest(parser, "demo")
    parser.add_argument("--quiet", action="store_true", help="no progress, only the result")
    options = parser.parse_args(arguments)
    if options.generate is not None and not 0 < options.generate <= 600:
        parser.error(f"--generate {options.generate}: give more than 0 and at most 600 seconds")
    if options.period < 1 or options.buffer < 2 * options.period:
        parser.error(f"--period {options.period} --buffer {options.buffer}: the buffer must hold "
                     "two periods at least")
    return options


RESULT_FILES = ("input.wav", "comparison.png", "report.json", *machine.RESULTS)


def prepare_directory(directory: pathlib.Path) -> None:
    with explained(directory, "choose another directory with --out DIR", "cannot hold the results"):
        directory.mkdir(parents=True, exist_ok=True)
        for name in RESULT_FILES:
            (directory / name).unlink(missing_ok=True)


def run(options: argparse.Namespace, progress: Progress) -> bool:
    prepare_directory(options.out)
    played_path = options.out / "input.wav"
    if options.generate is not None:
        description = source.generate(played_path, options.generate, options.seed)
    else:
        description = source.convert(options.wav, played_path, progress)
    played = audio.read(played_path)
    if not played.samples.any():
        raise Failure(f"{options.wav}: has no sample other than 0, so that nothing can be "
                      "compared; give a file with sound")
    progress(f"plays {description}: {played.seconds:.2f} s at {played.rate} Hz")
    summary = machine.play(options, played)
    progress("compares what came out with what was played")
    findings = collect(summary, played, options)
    judgement = verdict.judge(findings)
    result = "FAIL" if judgement.failed else "PASS"
    picture.draw(options.out / "comparison.png", played, findings.came_out, findings.comparison,
                 caption(findings, description, options, result))
    write_report(options, findings, judgement, description, result)
    print_result(options, judgement, description, result, progress)
    return not judgement.failed


def collect(summary: dict[str, Any], played: audio.Recording,
            options: argparse.Namespace) -> verdict.Findings:
    """Reads what the run has left."""
    came_out = audio.read(options.out / "output.wav")
    before, after, said = (machine.guest_file(options.name, name) for name in (
        "interrupts.before", "interrupts.after", "aplay.stderr"))
    return verdict.Findings(
        played, came_out, options.period, compare.compare(played.samples, came_out.samples),
        measurements.interrupts(before, after), str(summary["scripts"].get("domu0", "none")),
        measurements.aplay_underruns(said),
        measurements.playback(backend.read(options.out / "backend-trace.jsonl")),
        len(summary["reports"]), tuple(summary["problems"]))


def caption(findings: verdict.Findings, description: str, options: argparse.Namespace,
            result: str) -> str:
    comparison, stream = findings.comparison, findings.stream
    return (f"{result}: {comparison.differing} of {comparison.compared} "
            f"samples differ, {findings.aplay_underruns + stream.underruns} underruns, "
            f"{findings.interrupts_per_period:.3f} interrupts per period in the guest\n"
            f"{description}; guest {options.kernel} {options.type}, periods of {options.period}, "
            f"buffer of {options.buffer} frames\n"
            f"offset {comparison.offset} frames; latency WRITE to played "
            f"{verdict.milliseconds(stream.write_to_played)} (min/mean/max)")


def write_report(options: argparse.Namespace, findings: verdict.Findings,
                 judgement: Judgement, description: str, result: str) -> None:
    report = {
        "result": result, "input": description,
        **{name: getattr(options, name) for name in ("kernel", "type", "period", "buffer")},
        **{name: getattr(findings, name) for name in (
            "periods", "interrupts", "interrupts_per_period", "aplay_underruns", "kernel_reports",
            "lab_problems")},
        "rate": findings.played.rate, "frames": findings.played.frames,
        "comparison": dataclasses.asdict(findings.comparison),
        "stream": dataclasses.asdict(findings.stream),
        "table": [dataclasses.asdict(one) for one in judgement.verdicts],
    }
    (options.out / "report.json").write_text(json.dumps(report, indent=2) + "\n",
                                             encoding="utf-8")


def print_result(options: argparse.Namespace, judgement: Judgement, description: str, result: str,
                 progress: Progress) -> None:
    out = shown(options.out.resolve())
    print(f"\n  {description}\n")
    print(judgement)
    print(f"\n  {result} after {progress.seconds():.0f} s; picture: "
          f"{out}/comparison.png; all results: {out}/")
    if judgement.failed:
        print(f"  logs of all domains: {shown(runs.directory(options.name))}")


def main(arguments: list[str]) -> int:
    options = parse(arguments)
    return 0 if run(options, Progress(quiet=options.quiet)) else 1
