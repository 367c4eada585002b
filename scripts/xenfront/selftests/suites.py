# SPDX-License-Identifier: GPL-2.0-only
"""What scripts/selftests runs: a machine each."""

import dataclasses

from xenfront import provoked
from xenfront.judgement import Check
from xenfront.selftests import cards, counters, exact, matrix, mixer, outlive, outputs, traces

BACKEND = ("xen-sndback --map exact=wav:/lab/out/files/exact.wav --map sequence=pattern "
           "--map 'count-*=wav:/lab/out/files/%u.wav' --map 'loop-*=loop:%d' "
           "--map echo=loop:echo --default null --stats /lab/out/files/stats.json")

# A guest kernel that looks for bugs (see scripts/lab), and what it needs, in MiB.
DEBUG_KERNEL = "debug-6.1"
DEBUG_MEMORY = 800
# One that looks for data races. What races that is not the driver's is not its business.
KCSAN_KERNEL = "kcsan-6.12"
OTHERS_RACES = r"BUG: KCSAN: data-race in (?!.*snd_xen_front)"

# Which part of the allocations that make or remove a card fail there: there are hundreds.
FAULT_STEP = 11

# Which part of the attacks each guest gets by default: five seconds each, of its own slow clock.
ATTACK_STEP = 16

PULSEAUDIO = "pulseaudio,pulseaudio-utils"
PIPEWIRE = "pipewire,pipewire-bin,wireplumber,udev,dbus-daemon"
BROWSER = (f"{PIPEWIRE},pipewire-pulse,gstreamer1.0-tools,gstreamer1.0-plugins-base,"
           "gstreamer1.0-pulseaudio")

# alsactl, and what it needs to run in a directory of its own.
ALSACTL = ("alsa-utils", "alsa-ucm-conf", "libasound2t64", "libasound2-data", "libc6")

# How long a hostile guest attacks the backend, in these ways one after the other: a sample of each
# table of tests/backend/system.
HOSTILE_SECONDS = 60
HOSTILE_ATTACKS = ("requests-random request-interrupts event-interrupts volume-flood "
                   "ring-bytes-flipped rate-largest period-one-frame open-close-flood "
                   "directory-loops directory-one-page buffers-at-limit grants-revoked states-flap "
                   "microphone-forged name-escapes")

# Restarts of the backend, and saves of the guest, evenly mixed over ten minutes of their time, which
# are thirteen here.
ENDURANCE = (200, 25, 600)

# To the driver domain, back to Dom0, and both once more.
DEVICE_MOVES = 4

# Of Run: when the guests are done, what they still hold.
LEAKS = {"dom0_command": "/selftest/dom0-leaks.sh", "dom0_script_when": "guests-done"}

# Nothing that depends on the machine's speed is judged.
UNTIMED = "export SELFTEST_UNTIMED=1;"


@dataclasses.dataclass(frozen=True)
class Run:
    """One machine. The fields from `kernel` to `sound` are options of scripts/lab run."""
    name: str
    kernel: str
    type: str
    # What the guests run.
    domu_command: str
    vsnd: str = cards.SELFTEST
    dom0_command: str = ""
    dom0_script_when: str = "guests-up"
    before_unpause: str = ""
    domu_packages: str = ""
    dom0_packages: str = ""
    root: str = "memory"
    memory: int = 512
    spare_memory: int = 0
    guests: int = 1
    vcpus: int = 1
    # off: real time, in which the machine's processors run at once.
    icount: str = "1"
    # None: as many as the lab's machine usually has.
    cpus: int | None = None
    arch: str = "amd64"
    xen_cmdline: str = ""
    driver: str = "ours"
    driver_options: str = ""
    cmdline: str = ""
    # A report of the guest's kernel that says nothing about the driver.
    allow_report: str = ""
    backend: str = BACKEND
    sound: str = "none"

    backend_options: str = ""
    # What is found out from the files that the run leaves.
    checks: tuple[Check, ...] = ()
    # These packages of Debian 13 are in /selftest/trixie.
    trixie_packages: tuple[str, ...] = ()
    # Guests and devices of theirs for which there is noise of their own: see outputs.py.
    noise: tuple[tuple[int, int], ...] = ()
    # The guests have the backend's program too: one of them is a driver domain.
    is_driver_domain: bool = False
    # Dom0 has what "make install-backend" installs.
    installs_backend: bool = False
    # Its guests load provoker.ko, and these reports, no others, are what passes.
    expected_reports: tuple[provoked.Expected, ...] = ()
    # Only when it is named, or with --all: "make check" has no time for it.
    is_extra: bool = False
    # Seconds of its own time that it takes by intention, on top of which --time-limit comes.
    seconds: int = 0


OLDEST, CURRENT, NEWEST = matrix.KERNELS


def each(*commands: str) -> str:
    """Runs them all, and fails if one has failed."""
    return "s=0; " + " ".join(f"{one} || s=1;" for one in commands) + " exit $s"


def smp_runs(lifecycle: str, restarts: int) -> list[Run]:
    """Guests with several processors: in turn, and really at once, where nothing is timed."""
    stress = f"{UNTIMED} /selftest/xen-front-stress"
    return [
        Run("selftest-smp-2", CURRENT, "pvh",
            f"{UNTIMED} {each('/selftest/xen-front-selftest', lifecycle)}",
            checks=(exact.compare,), vcpus=2, is_extra=True, **LEAKS),
        Run("selftest-smp-stress", CURRENT, "pv", stress, vsnd=cards.CLIENTS, vcpus=4, cpus=4,
            icount="off", is_extra=True),
        Run("selftest-smp-stress-newest", NEWEST, "pvh", stress, vsnd=cards.CLIENTS, vcpus=2,
            icount="off", is_extra=True),
        Run("selftest-smp-restart", OLDEST, "pv", f"{UNTIMED} /selftest/outlive.sh mmap",
            vsnd=cards.OUTLIVE, checks=(outlive.after(restarts // 2),),
            # The time of these processors is real, in which an emulated Dom0 is slow.
            driver_options="reconnect_timeout_ms=0",
            dom0_command=f"/selftest/dom0-losses.sh {restarts} 0", vcpus=2, cpus=2, icount="off",
            is_extra=True),
        Run("selftest-smp-links", OLDEST, "pv", "/selftest/xen-front-links", vsnd=cards.LINKED,
            driver_options="reconnect_timeout_ms=0",
            dom0_command=f"/selftest/dom0-losses.sh {restarts} 0", vcpus=4, cpus=4, icount="off",
            is_extra=True),
        Run("selftest-smp-lifecycle", NEWEST, "pv", f"{UNTIMED} {lifecycle}", vcpus=4, cpus=2,
            is_extra=True)]


def built_runs(rounds: int) -> list[Run]:
    """Kernels that Debian does not have: built by Clang, with the driver in it."""
    return [
        Run("selftest-clang", "clang-6.12", "pvh",
            each("/selftest/xen-front-selftest", f"/selftest/lifecycle.sh {rounds}"),
            checks=(exact.compare,), is_extra=True, **LEAKS),
        Run("selftest-built-in", "built-in-6.12", "pvh", "/selftest/xen-front-selftest",
            driver="in-tree", checks=(exact.compare,), is_extra=True)]


def brief_run(name: str, kernel: str, guest_type: str, arch: str = "amd64") -> Run:
    """What has to work everywhere."""
    return Run(name, kernel, guest_type, "/selftest/brief.sh", arch=arch,
               dom0_command="/selftest/dom0-losses.sh 2 0", checks=(exact.compare,))


def matrix_runs() -> list[Run]:
    """The cells of --matrix."""
    return [brief_run(cell.name, cell.kernel, cell.guest_type) for cell in matrix.cells()]


def survivor_runs(restarts: int, saves: int) -> list[Run]:
    """Players that outlive restarts of their backend, and saves of their guest."""
    # How soon the backend is away is timed by absence.sh.
    absence = "dom0-obey.sh 0.01 30 stop start kill start stop start stop start hang continue"
    runs = [Run(f"selftest-restart-{kernel}", kernel, guest_type,
                each(f"/selftest/{before}", f"/selftest/outlive.sh {access}"),
                vsnd=cards.OUTLIVE, checks=(outlive.after(restarts // 2),),
                dom0_command=each(f"/selftest/{beside}",
                                  f"/selftest/dom0-losses.sh {restarts} 0"))
            for kernel, guest_type, access, before, beside in (
                (OLDEST, "pvh", "rw", "plug.sh", "dom0-plug.sh"),
                (NEWEST, "pv", "mmap", "absence.sh", absence))]
    # While the toolstack copies, the guest's sound waits for a processor, at each request to the
    # backend: of two that are busy QEMU runs one until the next timer is due, up to 100 ms, and Xen's
    # default scheduler lets Dom0 finish its 10 ms. With one processor, and the scheduler that
    # prefers who wakes up, it waits no longer than the driver needs.
    runs += [Run(f"selftest-{name}-{kernel}", kernel, guest_type, f"/selftest/outlive.sh {access}",
                 vsnd=cards.OUTLIVE, checks=(outlive.after(backend_losses // 2 + guest_saves),
                                            mixer.keeps_volume), cpus=1,
                 xen_cmdline="sched=credit",
                 dom0_command=f"/selftest/dom0-losses.sh {backend_losses} {guest_saves} {seconds}",
                 memory=256, spare_memory=320, is_extra=is_extra, seconds=seconds)
             for name, kernel, guest_type, access, backend_losses, guest_saves, seconds, is_extra in (
                 ("saves", "6.1", "pvh", "mmap", 0, saves, 0, False),
                 ("saves", "6.12", "pv", "rw", 0, saves, 0, True),
                 ("endurance", "6.1", "pv", "rw", *ENDURANCE, True),
                 ("endurance", "6.12", "pvh", "mmap", *ENDURANCE, True))]
    # The device goes to a driver domain and back.
    runs.append(Run(
        "selftest-driver-domain", "6.12", "pv", "/selftest/driver-domain.sh rw", vsnd=cards.OUTLIVE,
        checks=(outlive.after(DEVICE_MOVES, backends=("dom0", "domu1")),),
        guests=2, cpus=1, xen_cmdline="sched=credit",
        dom0_command=f"/selftest/dom0-losses.sh 0 {DEVICE_MOVES} 0 domu1", memory=256,
        spare_memory=320, is_driver_domain=True, is_extra=True))
    # And the guest comes back without it.
    runs.append(Run("selftest-lost-device", "6.12", "pv", "/selftest/lost-device.sh",
                    vsnd=cards.PIPEWIRE, dom0_command="/selftest/dom0-obey.sh 0.1 60 lost",
                    memory=256, spare_memory=320, is_extra=True))
    # What comes with ffmpeg does not fit into the memory of a guest.
    return runs + [
        Run(f"selftest-survivors-{client}", "6.12", "pv", f"/selftest/survivors.sh {client}",
            vsnd=cards.PIPEWIRE, domu_packages=packages, root=root,
            dom0_command=f"/selftest/dom0-obey.sh 0.1 60 restart absent save{orders}", memory=800,
            spare_memory=864, is_extra=True)
        for client, packages, orders, root in (("alsa", "", "", "memory"),
                                               ("pulseaudio", f"{PULSEAUDIO},udev", " stop start",
                                                "memory"),
                                               ("pipewire", PIPEWIRE, " stop start", "memory"),
                                               ("browser", BROWSER, " stop start", "disk"),
                                               ("ffmpeg", "ffmpeg", "", "disk"))]


def hostile_run() -> Run:
    """Two guests play while a third attacks the backend, and never waits.

    Beside a guest that does nothing but compute they had an xrun as well: Xen let them wait for
    their turn, by slices of 30 ms. With short ones, and a small weight of that guest, which
    dom0-hostile.sh sets, their turn comes in time, and the backend is what can make them late. An
    instruction takes twice the usual time, since of a machine that is never idle all of them have
    to be emulated.
    """
    return Run("selftest-hostile", OLDEST, "pv",
               f"/selftest/hostile.sh {HOSTILE_SECONDS} {HOSTILE_ATTACKS}", vsnd=cards.DUPLEX,
               guests=3, memory=256, icount="2", cpus=1,
               xen_cmdline="sched=credit sched_credit_tslice_ms=5",
               backend="xen-sndback --config /selftest/hostile.conf "
                       "--stats /lab/out/files/stats.json",
               dom0_command="/selftest/dom0-hostile.sh", is_extra=True)


def output_runs() -> list[Run]:
    """Guests that play at once into outputs of Dom0, as it serves them by its systemd."""
    common = {"vsnd": cards.OUTPUTS, "guests": 2, "memory": 256, "installs_backend": True,
              "sound": "aloop", "noise": ((0, 0), (0, 1), (1, 0), (1, 1)), "is_extra": True}
    return [
        Run("selftest-shared-card", "6.12", "pvh",
            each("/selftest/outputs.sh shared:0,1", "/selftest/grants.sh"),
            backend="/selftest/shared-card.sh", dom0_packages="systemd",
            dom0_command="/selftest/dom0-shared-card.sh",
            checks=(outputs.arrive("shared", (0, 1)),), **common),
        Run("selftest-to-pulseaudio", "6.1", "pv", "/selftest/outputs.sh pulseaudio:0+2",
            backend="/selftest/sound-servers.sh",
            dom0_packages=f"systemd,{PULSEAUDIO},libasound2-plugins",
            dom0_command="/selftest/dom0-sound-servers.sh pulseaudio",
            checks=(outputs.arrive("pulseaudio", (0,), is_monitored=True),), **common),
        Run("selftest-to-pipewire", "6.1", "pv",
            "/selftest/outputs.sh pipewire:1 pipewire-pulse:0", icount="0",
            backend="/selftest/sound-servers.sh",
            dom0_packages=f"systemd,{PIPEWIRE},pipewire-alsa,pipewire-pulse,libasound2-plugins,"
                          "pulseaudio-utils",
            dom0_command="/selftest/dom0-sound-servers.sh pipewire",
            checks=(outputs.arrive("pipewire", (1,)), outputs.arrive("pipewire-pulse", (0,))),
            **common)]


def all_runs(rounds: int, attacks: str | None, restarts: int, saves: int) -> list[Run]:
    """What there is besides the other tables; of what "make check" runs, the longest first."""
    lifecycle = f"/selftest/lifecycle.sh {rounds}"
    step = 1 if attacks else ATTACK_STEP
    runs = [Run(f"selftest-{kernel}-{guest_type}", kernel, guest_type,
                each("/selftest/xen-front-selftest", lifecycle),
                checks=(exact.compare,), **LEAKS,
                # One of them with a backend that reports whole periods only.
                backend_options="--positions period" * ((kernel, guest_type) == (OLDEST, "pvh")),
                is_extra=(kernel, guest_type) == (OLDEST, "pvh"))
            for kernel, guest_type in ((OLDEST, "pv"), (OLDEST, "pvh"), (CURRENT, "pvh"),
                                       (NEWEST, "pv"))]
    return runs + [
        *survivor_runs(restarts, saves),
        Run("selftest-clients", "6.12", "pv",
            "/selftest/counted.sh sh -c 's=0; for one in kselftest.sh clients.sh xen-front-stress "
            "pulseaudio.sh traced.sh; do /selftest/$one || s=1; done; exit $s'",
            vsnd=cards.CLIENTS, checks=(counters.compare, traces.compare, exact.compare,
                                        exact.mixed, exact.snooped),
            backend_options="--trace /lab/out/files/backend.jsonl", domu_packages=PULSEAUDIO,
            memory=800),
        # Attacks on the host take no time, in a guest seconds each: by default a few.
        *(Run(f"selftest-attacks-{kernel}-pv", kernel, "pv", "/selftest/xen-front-attacked",
              dom0_command=f"/selftest/attack-dom0.sh '{attacks or '.'}' {step} "
                           f"{first * (step // 2)}",
              driver_options="request_timeout_ms=250", is_extra=kernel == "6.12")
          for first, kernel in enumerate(("6.1", "6.12"))),
        # Four times 32 frames are 2.7 ms, for two threads of the guest and two of the backend.
        Run("selftest-duplex", "6.1", "pv",
            "/selftest/counted.sh /selftest/xen-front-duplex 10 128/512 64/256 32/128",
            vsnd=cards.DUPLEX, icount="0", checks=(counters.few_queries, counters.compare)),
        # Also on a backend that is like others in the field.
        Run("selftest-guests", "6.12", "pv",
            "/selftest/counted.sh /selftest/together.sh /selftest/xen-front-duplex 10 480/1920",
            vsnd=cards.DUPLEX, guests=2, dom0_command="/selftest/dom0-go.sh",
            backend_options="--no-query --positions period",
            checks=(counters.play_together, counters.run_in_real_time, counters.few_queries,
                    counters.compare)),
        Run("selftest-bad-config", "6.12", "pv", "/selftest/bad-config.sh", vsnd=cards.PLAIN,
            before_unpause="/selftest/bad-config-nodes.sh"),
        Run("selftest-many", "6.12", "pv", "/selftest/many.sh", vsnd=cards.MANY,
            checks=(counters.few_queries,)),
        Run("selftest-roundtrip", "6.12", "pv", "/selftest/xen-front-selftest --loop",
            vsnd=cards.LOOP, is_extra=True),
        Run("selftest-mixer", "6.12", "pv",
            each(*(f"/selftest/{one}.sh" for one in ("mixer", "mixer-restart", "mixer-pulse"))),
            vsnd=cards.MIXER, dom0_command="/selftest/dom0-obey.sh 0.1 600 stop start restart",
            checks=(mixer.compare_volumes,), domu_packages=PULSEAUDIO, memory=800, is_extra=True),
        Run("selftest-mixer-refused", "6.1", "pv", "/selftest/mixer-refused.sh", vsnd=cards.MIXER,
            backend_options="--no-volume",
            checks=(exact.compare, mixer.only_the_first_is_heard), domu_packages=PULSEAUDIO,
            memory=800, is_extra=True),
        # -20 dB are a tenth.
        *(Run(f"selftest-alsactl{name}", "6.12", "pv", f"/selftest/alsactl.sh {level}",
              vsnd=cards.ALSACTL, backend_options=f"--volume={decibels}",
              checks=(mixer.plays_at(*[factor] * 4, 0.1, *[factor] * 4, 0.1),),
              domu_packages="alsa-ucm-conf", trixie_packages=ALSACTL, is_extra=True)
          for name, decibels, level, factor in (("", "0", 9600, 1), ("-own", "-6.02", 8998, 0.5))),
        Run("selftest-hops", OLDEST, "pv", "/selftest/hops.sh", is_extra=True),
        Run("selftest-narrow", "6.1", "pvh", "/selftest/narrow.sh", vsnd=cards.NARROW,
            backend_options="--map '*:p=alsa:hw:0,0' --map '*:c=alsa:hw:0,0'", sound="dummy",
            is_extra=True),
        Run("selftest-pipewire", "6.12", "pv", "/selftest/pipewire.sh", vsnd=cards.PIPEWIRE,
            domu_packages=PIPEWIRE, root="disk", is_extra=True),
        Run("selftest-two-cards", "6.12", "pv", "/selftest/two-cards.sh", vsnd=cards.TWO,
            dom0_command="/selftest/dom0-obey.sh 0.1 60 away back away back",
            checks=(exact.without_gap,), domu_packages=PIPEWIRE, root="disk", memory=800,
            is_extra=True),
        Run("selftest-devices", "6.12", "pv", "/selftest/devices.sh", vsnd=cards.DEVICES,
            domu_packages=f"{PIPEWIRE},alsa-ucm-conf,{PULSEAUDIO}", memory=900, is_extra=True),
        hostile_run(),
        # 32 streams of four guests, and one alone.
        Run("selftest-cost", OLDEST, "pv", "/selftest/cost.sh", vsnd=cards.STREAMS, guests=4,
            memory=256, icount="0", cpus=1, xen_cmdline="sched=credit sched_credit_tslice_ms=5",
            backend="xen-sndback --stats /lab/out/files/stats.json",
            dom0_command="/selftest/dom0-cost.sh", is_extra=True),
        # The service, as it is installed.
        Run("selftest-service", OLDEST, "pvh",
            each(*(f'/selftest/xen-front-selftest "{one}: "' for one in ("playback", "capture"))),
            backend="/selftest/service.sh service.conf", installs_backend=True,
            dom0_packages="systemd", dom0_command="/selftest/dom0-service.sh",
            dom0_script_when="guests-done", is_extra=True),
        *output_runs(),
        *smp_runs(lifecycle, restarts), *built_runs(rounds)]


# The runs of all_runs() that --debug repeats, under names of their own.
DEBUG_RUNS = {
    "debug-selftest": "selftest-6.1-pv",
    "debug-many": "selftest-many",
    "debug-restart": "selftest-restart-6.1",
    "debug-saves": "selftest-saves-6.1",
    "debug-attacks": "selftest-attacks-6.1-pv",
    "debug-smp-restart": "selftest-smp-restart",
    "debug-smp-links": "selftest-smp-links",
}


# In PVH, an interrupt that comes while an idle processor enters another one has lockdep see a
# deadlock of the kernel's clock with itself.
IDLE_INTERRUPTED = r"swapper/0/0 is trying to acquire lock:\n.*timekeeper_lock"


def debug_runs(runs: list[Run], restarts: int) -> list[Run]:
    """The runs of --debug: some of `runs`, and what only such a kernel can do."""
    by_name = {run.name: run for run in runs}
    # With CONFIG_SND_DEBUG ALSA warns of every write to a stream that has no buffer, before it looks
    # whether the stream is set up at all.
    stress = Run("debug-stress", DEBUG_KERNEL, "pv", "/selftest/xen-front-stress",
                 vsnd=cards.CLIENTS, allow_report=r"pcm_lib\.c:\d+ __snd_pcm_lib_xfer")
    chosen = [
        *(dataclasses.replace(by_name[name], name=own) for own, name in DEBUG_RUNS.items()),
        stress, dataclasses.replace(stress, name="debug-smp-stress", vcpus=2, icount="off"),
        # In PVH: a PV guest's kernel does not survive that it gets no page for a page table. The
        # kernel tells of memory that it does not get to read the module's file into.
        Run("debug-faults", DEBUG_KERNEL, "pvh", f"/selftest/faults.sh {FAULT_STEP}",
            dom0_command=f"/selftest/dom0-faults.sh {restarts // 2}",
            cmdline="slub_debug=FZPU;FZPUA,kmalloc-*",
            allow_report=r"vmalloc error: size \d+, vm_struct allocation failed"),
        # Shows that all these reports mean something when they do not come.
        Run("debug-provoked", DEBUG_KERNEL, "pv", provoked.for_guests(),
            guests=len(provoked.GUESTS), expected_reports=provoked.IN_GUESTS)]
    # An instruction of theirs takes half of the usual time, since they execute several times as
    # many: what is played is not to run dry.
    chosen = [dataclasses.replace(
        run, kernel=DEBUG_KERNEL, memory=DEBUG_MEMORY,
        icount="off" if run.icount == "off" else "0",
        spare_memory=run.spare_memory and DEBUG_MEMORY + 64,
        allow_report="|".join(filter(None, (
            run.allow_report, IDLE_INTERRUPTED if run.type == "pvh" else ""))),
        domu_command=f"{UNTIMED} {run.domu_command}") for run in chosen]
    return chosen + [dataclasses.replace(
        by_name[f"selftest-smp-{name}"], name=f"kcsan-{name}", kernel=KCSAN_KERNEL,
        memory=DEBUG_MEMORY, allow_report=OTHERS_RACES) for name in ("stress", "restart")]


# The runs of all_runs() that --arch arm64 repeats on each of these kernels.
ARM64_RUNS = {
    "selftest": "selftest-6.1-pvh",
    "restart": "selftest-restart-6.1",
    "attacks": "selftest-attacks-6.1-pv",
}
ARM64_KERNELS = matrix.KERNELS


def arm64_runs(runs: list[Run]) -> list[Run]:
    """The runs of --arch arm64, where all guests are PVH."""
    by_name = {run.name: run for run in runs}
    return [dataclasses.replace(by_name[name], name=f"arm64-{what}-{kernel}", kernel=kernel,
                                type="pvh", arch="arm64")
            for kernel in ARM64_KERNELS for what, name in ARM64_RUNS.items()] + [
        # That of "make check".
        brief_run(f"arm64-brief-{CURRENT}", CURRENT, "pvh", "arm64")]
