# SPDX-License-Identifier: GPL-2.0-only
"""The virtual sound cards of the selftests, as xl.cfg(5) has them."""

# The card of xen-front-selftest: device 0 is recorded, device 1 goes nowhere and captures the
# backend's sequence.
CARD = """[[
    'card, backend=Domain-0, buffer-size=8388608, short-name=Xen Selftest, \
     long-name=Card of the selftests, sample-rates=8000;44100;48000;88200, \
     sample-formats=s16_le;s32_le, channels-min=1, channels-max=2',
    'pcm, name=Exact device', 'stream, unique-id=exact, type=P',
    'pcm, name=Free device', 'stream, unique-id=free, type=P',
    'stream, unique-id=sequence, type=C' ]]"""

# Cards for real clients: device 2 of the first captures what is played into it; the others are
# there for the kernel's pcm-test.
CLIENT_LIMITS = """buffer-size=8388608, sample-rates=8000;44100;48000;96000, \
     sample-formats=s16_le;s24_le;s32_le, channels-min=1, channels-max=2"""
CLIENT_CARDS = f"""[
  [ 'card, backend=Domain-0, short-name=Xen Clients, {CLIENT_LIMITS}',
    'pcm, name=Exact device', 'stream, unique-id=exact, type=P',
    'pcm, name=Free device', 'stream, unique-id=free, type=P',
    'stream, unique-id=sequence, type=C',
    'pcm, name=Echo device', 'stream, unique-id=echo, type=P', 'stream, unique-id=echo, type=C' ],
  [ 'card, backend=Domain-0, short-name=Xen Play, {CLIENT_LIMITS}',
    'pcm, name=Playback', 'stream, unique-id=play, type=P' ],
  [ 'card, backend=Domain-0, short-name=Xen Record, {CLIENT_LIMITS}',
    'pcm, name=Capture', 'stream, unique-id=record, type=C' ]]"""

# What device 0 plays, device 1 captures, in every format of sndif under xl's name for it.
LOOP_CARD = """[[
    'card, backend=Domain-0, buffer-size=8388608, short-name=Xen Loop, \
     sample-rates=8000;44100;48000;88200;192000, channels-min=1, channels-max=8, sample-formats=s8;\
     u8;s16_le;s16_be;u16_le;u16_be;s24_le;s24_be;u24_le;u24_be;s32_le;s32_be;u32_le;u32_be;f32_le;\
     f32_be;f64_le;f64_be;iec958_subframe_le;iec958_subframe_be;mu_law;a_law;ima_adpcm;mpeg;gsm',
    'pcm, name=Output', 'stream, unique-id=loop-output, type=P',
    'pcm, name=Input', 'stream, unique-id=loop-input, type=C' ]]""".replace(";     ", ";")

# One device, which captures what it plays.
PIPEWIRE_CARD = """[[
    'card, backend=Domain-0, buffer-size=8388608, short-name=Xen Echo, \
     sample-rates=44100;48000, sample-formats=s16_le;s32_le, channels-max=2',
    'pcm, name=Echo', 'stream, unique-id=echo, type=P', 'stream, unique-id=echo, type=C' ]]"""

# Two of them, whose ids are Near and Far. What is played into the first is recorded.
TWO_CARDS = "[" + ",".join(f"""[
    'card, backend=Domain-0, buffer-size=65536, short-name=Xen {name}, sample-rates=48000, \
     sample-formats=s16_le, channels-min=2, channels-max=2',
    'pcm, name=Analog', 'stream, unique-id={played}, type=P',
    'stream, unique-id=sequence, type=C' ]"""
    for name, played in (("Near", "exact"), ("Far", "other"))) + "]"

# Two devices, of which sound servers would find one only.
DEVICES_CARD = """[[
    'card, backend=Domain-0, buffer-size=65536, short-name=Xen Rooms, sample-rates=48000, \
     sample-formats=s16_le, channels-min=1, channels-max=2',
    'pcm, name=Kitchen', 'stream, unique-id=kitchen, type=P', 'stream, unique-id=oven, type=P',
    'pcm, name=Hall, channels-max=1', 'stream, unique-id=hall, type=P',
    'stream, unique-id=door, type=C' ]]"""

# The same with buffers and formats for the least delay.
DUPLEX_CARD = """[[
    'card, backend=Domain-0, buffer-size=65536, short-name=Xen Duplex, \
     sample-rates=48000, sample-formats=s16_le, channels-max=2',
    'pcm, name=Duplex', 'stream, unique-id=loop-play, type=P',
    'stream, unique-id=loop-record, type=C' ]]"""

# What is played into the last two is recorded, and what they capture is the backend's sequence.
OUTLIVE_CARD = """[[
    'card, backend=Domain-0, buffer-size=393216, short-name=Survivor, sample-rates=48000, \
     sample-formats=s16_le, channels-min=1, channels-max=2',
    'pcm, name=First', 'stream, unique-id=first, type=P', 'stream, unique-id=first, type=C',
    'pcm, name=Read and write', 'stream, unique-id=count-rw, type=P',
    'stream, unique-id=sequence, type=C',
    'pcm, name=Mapped', 'stream, unique-id=count-mmap, type=P',
    'stream, unique-id=sequence, type=C' ]]"""

# One device of each to be linked with the other card's, and one to play beside it.
LINKED_CARDS = "[" + ",".join(f"""[
    'card, backend=Domain-0, buffer-size=65536, short-name={name}, sample-rates=48000, \
     sample-formats=s16_le, channels-min=2, channels-max=2',
    'pcm, name=Linked', 'stream, unique-id=linked, type=P',
    'pcm, name=Playing', 'stream, unique-id=playing, type=P' ]""" for name in ("One", "Other")) + "]"

# More than snd-dummy can do.
NARROW_CARD = """[[
    'card, backend=Domain-0, buffer-size=65536, short-name=Narrow, sample-rates=44100;48000;96000, \
     sample-formats=s16_le;s32_le, channels-min=2, channels-max=8',
    'pcm, name=Device', 'stream, unique-id=play, type=P', 'stream, unique-id=record, type=C' ]]"""

# Two devices, one for each of two outputs of Dom0, or both for the same; and one whose streams want
# the same substream of Dom0's card, and its microphone.
OUTPUTS_CARD = """[[
    'card, backend=Domain-0, buffer-size=65536, short-name=Outputs, sample-rates=48000, \
     sample-formats=s16_le, channels-min=2, channels-max=2',
    'pcm, name=First', 'stream, unique-id=pulse, type=P',
    'pcm, name=Second', 'stream, unique-id=pipewire, type=P',
    'pcm, name=Exclusive', 'stream, unique-id=exclusive, type=P',
    'stream, unique-id=exclusive, type=P', 'stream, unique-id=microphone, type=C' ]]"""

# Eight streams.
STREAMS_CARD = """[[
    'card, backend=Domain-0, buffer-size=65536, short-name=Streams, sample-rates=48000, \
     sample-formats=s16_le, channels-min=2, channels-max=2', 'pcm, name=Device', %s ]]""" % ", ".join(
         f"'stream, unique-id=play-{number}, type=P'" for number in range(8))

PLAIN_CARD = """[ 'card, backend=Domain-0, buffer-size=65536, short-name=VCard, \
     sample-rates=48000, sample-formats=s16_le, channels-max=2',
    'pcm, name=dev', 'stream, unique-id=x%d, type=P' ]"""

PLAIN_CARDS = "[" + ",\n".join(PLAIN_CARD % number for number in range(8)) + "]"

# One playback and one capture stream.
MIXER_CARD = """[[
    'card, backend=Domain-0, buffer-size=65536, short-name=Xen Mixer, \
     sample-rates=44100;48000, sample-formats=s16_le, channels-min=2, channels-max=2',
    'pcm, name=Analog', 'stream, unique-id=exact, type=P', 'stream, unique-id=sequence, type=C' ]]"""


# Three streams that play and two that record.
ALSACTL_CARD = """[[
    'card, backend=Domain-0, buffer-size=65536, short-name=Xen Levels, sample-rates=48000, \
     sample-formats=s16_le, channels-min=2, channels-max=2',
    'pcm, name=First', 'stream, unique-id=exact, type=P', 'stream, unique-id=exact, type=P',
    'stream, unique-id=sequence, type=C',
    'pcm, name=Second', 'stream, unique-id=exact, type=P',
    'stream, unique-id=sequence, type=C' ]]"""


def many_cards() -> str:
    """A card of 8 devices with 32 streams in all, and a small one."""
    limits = ("backend=Domain-0, buffer-size=65536, sample-rates=48000, sample-formats=s16_le, "
              "channels-max=2")
    card = [f"'card, short-name=Many, {limits}'"]
    for device in range(8):
        card.append(f"'pcm, name=Device {device}'")
        for name, kind in (("play", "P"), ("capture", "C")):
            card += [f"'stream, unique-id={name}-{device}-{number}, type={kind}'"
                     for number in range(2)]
    second = [f"'card, short-name=Second, {limits}'", "'pcm, name=dev'",
              "'stream, unique-id=p, type=P'", "'stream, unique-id=c, type=C'"]
    return f"[[{', '.join(card)}], [{', '.join(second)}]]"
