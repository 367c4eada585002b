// SPDX-License-Identifier: GPL-2.0-only
#include "options.h"

#include <cstdio>
#include <cstdlib>
#include <functional>
#include <getopt.h>
#include <map>

namespace bench {

namespace {

constexpr const char *usage = R"(Usage: %s [OPTION...] [play:PCM | record:PCM | WORD]...

Plays and records at once, and prints what that cost the guest as a line of JSON. With no PCM, what
it costs to do nothing. Measured is the time in which all streams run: neither setting them up, nor
the first buffer of each. Words:

  paced     move a chunk when it is due, not as soon as there is room
  started   with --cycles: until the stream runs
  copy      for comparison: only copy the samples in memory

  --period FRAMES --buffer FRAMES   (480, 1920)
  --rate HZ --channels N            (48000, 2)
  --format NAME                     as alsa-lib calls it (S16_LE)
  --access rw|mmap                  (rw)
  --chunk FRAMES                    moved with one call (a period)
  --seconds N                       of sound (1)
  --echo PCM                        click into its playback, wait for it in its capture
  --cycles N                        open, set up and close the PCM so often instead
  --player PROGRAM --file FILE      in each of these cycles PROGRAM plays this WAV file: note when it
                                    first reads frames of it
  --others FILE                     numbers of interrupts that are not the driver's
  --accountant PORT                 has xen-front-accountant note processor times
  --pinger PORT                     for comparison: only be woken by xen-front-pinger
  --times FILE                      wait with poll, and write when each wait (or cycle) began and
                                    ended: two numbers of nanoseconds a line
  --tracing FILE                    write 1 to this file at the begin and 0 at the end
  --save-interrupts FILE            write the numbers of all interrupts there are; no more
  --help

Exit status: 0, 1 when a stream failed (the line says how), 2 wrong usage.
)";

// Sets a field from text; false when it does not fit.
using Setter = std::function<bool(Options &, const char *)>;

bool parse_positive(const char *text, double &value)
{
    char *end;
    value = std::strtod(text, &end);
    return end != text && *end == '\0' && value > 0;
}

template <typename Number> Setter number(Number &(*field)(Options &))
{
    return [field](Options &options, const char *text) {
        double value;
        if (!parse_positive(text, value))
            return false;
        field(options) = static_cast<Number>(value);
        return true;
    };
}

bool set_format(Options &options, const char *text)
{
    options.setup.format = snd_pcm_format_value(text);
    return options.setup.format != SND_PCM_FORMAT_UNKNOWN;
}

bool set_access(Options &options, const char *text)
{
    static const std::map<std::string, snd_pcm_access_t> kinds = {
        { "rw", SND_PCM_ACCESS_RW_INTERLEAVED }, { "mmap", SND_PCM_ACCESS_MMAP_INTERLEAVED }
    };
    const auto kind = kinds.find(text);
    if (kind == kinds.end())
        return false;
    options.setup.access = kind->second;
    return true;
}

Setter text(std::string &(*field)(Options &))
{
    return [field](Options &options, const char *value) {
        field(options) = value;
        return true;
    };
}

const std::map<std::string, Setter> setters = {
    { "period", number<snd_pcm_uframes_t>([](Options &o) -> auto & { return o.setup.period; }) },
    { "buffer", number<snd_pcm_uframes_t>([](Options &o) -> auto & { return o.setup.buffer; }) },
    { "rate", number<unsigned int>([](Options &o) -> auto & { return o.setup.rate; }) },
    { "channels", number<unsigned int>([](Options &o) -> auto & { return o.setup.channels; }) },
    { "chunk", number<snd_pcm_uframes_t>([](Options &o) -> auto & { return o.chunk; }) },
    { "seconds", number<double>([](Options &o) -> auto & { return o.seconds; }) },
    { "accountant", number<uint32_t>([](Options &o) -> auto & { return o.accountant; }) },
    { "cycles", number<unsigned int>([](Options &o) -> auto & { return o.cycles; }) },
    { "pinger", number<uint32_t>([](Options &o) -> auto & { return o.pinger; }) },
    { "echo", text([](Options &o) -> auto & { return o.echo; }) },
    { "player", text([](Options &o) -> auto & { return o.player; }) },
    { "file", text([](Options &o) -> auto & { return o.file; }) },
    { "tracing", text([](Options &o) -> auto & { return o.tracing; }) },
    { "times", text([](Options &o) -> auto & { return o.times; }) },
    { "format", set_format },
    { "access", set_access },
    { "others", text([](Options &o) -> auto & { return o.others; }) },
    { "save-interrupts", text([](Options &o) -> auto & { return o.save_interrupts; }) },
};

bool add_operand(Options &options, const std::string &operand)
{
    static const std::map<std::string, bool Options::*> words = { { "copy", &Options::copies },
                                                                  { "paced", &Options::is_paced },
                                                                  { "started", &Options::starts } };
    if (const auto word = words.find(operand); word != words.end()) {
        options.*word->second = true;
        return true;
    }
    const size_t colon = operand.find(':');
    const std::string what = operand.substr(0, colon);
    if (colon == std::string::npos || (what != "play" && what != "record"))
        return false;
    options.streams.push_back({ what == "play" ? SND_PCM_STREAM_PLAYBACK : SND_PCM_STREAM_CAPTURE,
                                operand.substr(colon + 1) });
    return true;
}

} // namespace

void print_usage(const char *program)
{
    std::printf(usage, program);
}

std::optional<Options> parse_options(int argc, char **argv)
{
    std::vector<option> table;
    for (const auto &[name, setter] : setters)
        table.push_back({ name.c_str(), required_argument, nullptr, 1 });
    table.push_back({});
    Options options;
    int index = 0;
    int found;
    while ((found = getopt_long(argc, argv, "", table.data(), &index)) != -1) {
        if (found != 1)
            return std::nullopt;
        const std::string name = table[static_cast<size_t>(index)].name;
        if (!setters.at(name)(options, optarg)) {
            std::fprintf(stderr, "%s: --%s %s: not possible; see --help\n", argv[0], name.c_str(),
                         optarg);
            return std::nullopt;
        }
    }
    for (int at = optind; at < argc; at++) {
        if (!add_operand(options, argv[at])) {
            std::fprintf(stderr, "%s: %s: not understood; see --help\n", argv[0], argv[at]);
            return std::nullopt;
        }
    }
    if (options.chunk == 0)
        options.chunk = options.setup.period;
    return options;
}

} // namespace bench
