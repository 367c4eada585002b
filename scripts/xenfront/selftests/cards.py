# SPDX-License-Identifier: GPL-2.0-only
"""The virtual sound cards of the selftests, and what they are written with: xl.cfg(5), vsnd."""


def card(name: str, *devices: str, **settings: object) -> str:
    """A card of these PCM devices, "Name: first> second<" for one with a stream that plays and one
    that captures. What is not set has a value that many of them share."""
    settings = {"backend": "Domain-0", "short_name": name, "buffer_size": 65536,
                "sample_rates": "48000", "sample_formats": "s16_le", "channels_max": 2, **settings}
    items = ["card, " + ", ".join(f"{key.replace('_', '-')}={value}"
                                  for key, value in settings.items())]
    for device in devices:
        title, _, streams = device.partition(":")
        items.append(f"pcm, name={title}")
        items += [f"stream, unique-id={stream[:-1]}, type={'P' if stream[-1] == '>' else 'C'}"
                  for stream in streams.split()]
    return str(items)


def cards(*of_guest: str) -> str:
    """What stands behind "vsnd =" for a guest with these cards."""
    return f"[{', '.join(of_guest)}]"


def only(name: str, *devices: str, **settings: object) -> str:
    """The same for a guest with one card, as card() takes it."""
    return cards(card(name, *devices, **settings))


_STEREO = {"channels_min": 2}
_MONO_TOO = {"channels_min": 1}
_LARGE = {"buffer_size": 8388608, "channels_min": 1}

# The card of xen-front-selftest: device 0 is recorded, device 1 goes nowhere and captures the
# backend's sequence.
SELFTEST = only("Xen Selftest", "Exact device: exact>", "Free device: free> sequence<",
            long_name="Card of the selftests", sample_rates="8000;44100;48000;88200",
            sample_formats="s16_le;s32_le", **_LARGE)

# Cards for real clients: device 2 of the first captures what is played into it; the others are
# there for the kernel's pcm-test.
CLIENTS = cards(*(
    card(f"Xen {name}", *devices, sample_rates="8000;44100;48000;96000",
         sample_formats="s16_le;s24_le;s32_le", **_LARGE)
    for name, *devices in (("Clients", "Exact device: exact>", "Free device: free> sequence<",
                            "Echo device: echo> echo<"),
                           ("Play", "Playback: play>"), ("Record", "Capture: record<"))))

# What device 0 plays, device 1 captures, in every format of sndif under xl's name for it.
LOOP = only(
    "Xen Loop", "Output: loop-output>", "Input: loop-input<", buffer_size=8388608,
    sample_rates="8000;44100;48000;88200;192000", channels_min=1, channels_max=8,
    sample_formats="s8;u8;s16_le;s16_be;u16_le;u16_be;s24_le;s24_be;u24_le;u24_be;s32_le;s32_be;"
                   "u32_le;u32_be;f32_le;f32_be;f64_le;f64_be;iec958_subframe_le;"
                   "iec958_subframe_be;mu_law;a_law;ima_adpcm;mpeg;gsm")

# One device, which captures what it plays.
PIPEWIRE = only("Xen Echo", "Echo: echo> echo<", buffer_size=8388608,
                     sample_rates="44100;48000", sample_formats="s16_le;s32_le")

# Two of them, whose ids are Near and Far. What is played into the first is recorded.
TWO = cards(card("Xen Near", "Analog: exact> sequence<", **_STEREO),
                  card("Xen Far", "Analog: other> sequence<", **_STEREO))

# Two devices, of which sound servers would find one only.
DEVICES = only("Xen Rooms", "Kitchen: kitchen> oven>", "Hall, channels-max=1: hall> door<",
                    **_MONO_TOO)

# The same with buffers and formats for the least delay.
DUPLEX = only("Xen Duplex", "Duplex: loop-play> loop-record<")

# What is played into the last two is recorded, and what they capture is the backend's sequence.
OUTLIVE = only("Survivor", "First: first> first<", "Read and write: count-rw> sequence<",
                    "Mapped: count-mmap> sequence<", buffer_size=393216, **_MONO_TOO)

# One device of each to be linked with the other card's, and one to play beside it.
LINKED = cards(*(card(name, "Linked: linked>", "Playing: playing>", **_STEREO)
                       for name in ("One", "Other")))

# More than snd-dummy can do.
NARROW = only("Narrow", "Device: play> record<", sample_rates="44100;48000;96000",
                   sample_formats="s16_le;s32_le", channels_min=2, channels_max=8)

# Two devices, one for each of two outputs of Dom0, or both for the same; and one whose streams want
# the same substream of Dom0's card, and its microphone.
OUTPUTS = only("Outputs", "First: pulse>", "Second: pipewire>",
                    "Exclusive: exclusive> exclusive> microphone<", **_STEREO)

STREAMS = only("Streams", "Device: " + " ".join(f"play-{number}>" for number in range(8)),
                    **_STEREO)

PLAIN = cards(*(card("VCard", f"dev: x{number}>") for number in range(8)))

# One playback and one capture stream.
MIXER = only("Xen Mixer", "Analog: exact> sequence<", sample_rates="44100;48000", **_STEREO)

# Three streams that play and two that record.
ALSACTL = only("Xen Levels", "First: exact> exact> sequence<", "Second: exact> sequence<",
                    **_STEREO)

# A card of 8 devices with 32 streams in all, and a small one.
MANY = cards(
    card("Many", *(f"Device {number}: play-{number}-0> play-{number}-1> capture-{number}-0< "
                   f"capture-{number}-1<" for number in range(8))),
    card("Second", "dev: p> c<"))
