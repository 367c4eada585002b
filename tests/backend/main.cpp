// SPDX-License-Identifier: GPL-2.0-only
//
// xen-sndback: the backend of Xen's virtual sound cards.
#include <CLI/CLI.hpp>
#include <alsa/asoundlib.h>
#include <spdlog/sinks/stdout_color_sinks.h>
#include <spdlog/spdlog.h>

#include <sched.h>

#include <array>
#include <cerrno>
#include <charconv>
#include <cstdarg>
#include <cstdio>
#include <cstring>

#include "server/daemon.h"

namespace {

using namespace sndback;

constexpr const char *description =
    "Backend for Xen virtual sound cards (sndif protocol version 2).\n"
    "Serves every vsnd device that the toolstack assigns to this domain, until SIGTERM or SIGINT.";

constexpr const char *devices_and_examples =
    "DEVICE is one of\n"
    "  null       plays into nothing, captures silence, on an exact clock\n"
    "  pattern    like null, but captures a pseudo-random sequence that can be checked bit for "
    "bit\n"
    "  wav:PATH   records playback to a WAV file, captures from one (then silence), on an exact "
    "clock.\n"
    "             In PATH: %d domain, %c card, %p device, %s stream, %u unique-id, %% percent "
    "sign.\n"
    "             An existing recording is kept: NAME.wav, NAME-2.wav, NAME-3.wav, one per OPEN\n"
    "             with frames. Formats that WAV cannot hold become NAME.raw.\n"
    "  loop:NAME  what one stream plays into the loop of that name, any number of streams capture, "
    "bit\n"
    "             for bit and without delay, on one exact clock: a capture stream gets at each "
    "moment\n"
    "             what is being played, and silence before, after and while playback is paused or "
    "has\n"
    "             run dry. No frame is lost while playback is written in time and capture is read\n"
    "             before its buffer overruns; frames that STOP finds unplayed are not captured.\n"
    "             The streams must agree on format, rate and channels: an OPEN with others is "
    "refused,\n"
    "             as is a second playback stream. In NAME: as in PATH.\n"
    "  alsa:PCM   an ALSA PCM of this domain, as in aplay -L; positions come from its hardware\n"
    "\n"
    "KEY is a shell pattern for a stream's unique-id or its DOMAIN/CARD/DEVICE/STREAM; ':p' or "
    "':c' at its\n"
    "end restricts it to playback or capture. The first rule that matches decides.\n"
    "\n"
    "SIGUSR1 writes the statistics. Examples:\n"
    "  xen-sndback --default alsa:plughw:0,0\n"
    "  xen-sndback --map 'music=alsa:hw:0,0' --map '*:c=pattern' --default null\n"
    "  xen-sndback --default wav:/var/lib/xen/sound/%d-%u.wav --trace /run/sound.jsonl --stats "
    "/run/sound.json";

struct Arguments {
    DaemonSettings settings;
    std::string log_level = "info";
};

PositionPolicy parse_positions(const std::string &text)
{
    if (text == "any")
        return { PositionPolicy::Kind::any, {} };
    if (text == "period")
        return { PositionPolicy::Kind::period, {} };
    constexpr std::string_view timer = "timer:";
    if (text.starts_with(timer)) {
        unsigned interval = 0;
        const char *end = text.data() + text.size();
        if (std::from_chars(text.data() + timer.size(), end, interval).ptr == end && interval != 0)
            return { PositionPolicy::Kind::timer, std::chrono::microseconds(interval) };
    }
    throw CLI::ValidationError("--positions",
                               "'" + text + "': must be any, period or timer:MICROSECONDS");
}

// Lets CLI11 report what a parser of ours rejects.
template <typename Parser> auto checked(const char *option, Parser parser, const std::string &text)
{
    try {
        return parser(text);
    } catch (const std::invalid_argument &error) {
        throw CLI::ValidationError(option, error.what());
    }
}

void add_options(CLI::App &app, Arguments &arguments)
{
    DaemonSettings &settings = arguments.settings;
    app.add_option_function<std::string>(
           "--default",
           [&](const std::string &text) {
               settings.fallback = checked("--default", parse_device_spec, text);
           },
           "device of streams that no rule matches (null)")
        ->type_name("DEVICE");
    app.add_option_function<std::vector<std::string>>(
           "--map",
           [&](const std::vector<std::string> &rules) {
               for (const std::string &rule : rules)
                   settings.rules.push_back(checked("--map", parse_device_rule, rule));
           },
           "device of the streams that KEY matches; may be repeated")
        ->type_name("KEY=DEVICE")
        ->expected(1)
        ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
    app.add_option_function<std::string>(
           "--positions",
           [&](const std::string &text) { settings.session.positions = parse_positions(text); },
           "when to report positions: 'any' at period boundaries and where playback runs dry "
           "(default), "
           "'period' whole periods only, 'timer:MICROSECONDS' whenever a timer ticks")
        ->type_name("WHEN");
    app.add_option_function<std::string>(
           "--versions",
           [&](const std::string &text) {
               settings.versions = text == "none" ? std::nullopt : std::optional(text);
           },
           "protocol versions to offer (2); 'none' publishes no list. Only version 2 is served")
        ->type_name("LIST");
    app.add_flag_callback(
        "--no-volume", [&] { settings.session.volume = false; }, "refuse volume and mute requests");
    app.add_flag_callback(
        "--no-query", [&] { settings.session.queries = false; }, "refuse HW_PARAM_QUERY");
    app.add_option_function<unsigned>(
           "--respond-delay",
           [&](unsigned delay) { settings.respond_delay = std::chrono::microseconds(delay); },
           "answer every request that much later, for tests")
        ->type_name("MICROSECONDS");
    app.add_option_function<std::string>(
           "--attack",
           [&](const std::string &text) {
               settings.attacks = checked("--attack", parse_attacks, text);
           },
           "be hostile to frontends, in the ways of these names, for tests")
        ->type_name("NAME[,NAME...]");
    app.add_flag_callback(
        "--list-attacks",
        [] {
            for (const Attack *attack : all_attacks())
                fmt::print("{:<28}{}\n", attack->name, attack->description);
            throw CLI::Success();
        },
        "name the attacks and stop");
    app.add_option("--trace", settings.trace_path,
                   "write every request, response and event to FILE as JSON lines")
        ->type_name("FILE");
    app.add_option("--stats", settings.statistics_path,
                   "write counters per stream to FILE at the end and on SIGUSR1")
        ->type_name("FILE");
    app.add_option("--log-level", arguments.log_level, "what to log on stderr")
        ->check(CLI::IsMember({ "debug", "info", "warn", "error", "off" }))
        ->capture_default_str();
    app.set_version_flag("--version", "xen-sndback " XEN_SNDBACK_VERSION ", sndif version 2");
}

// alsa-lib explains its errors on stderr by itself; what matters is in the exceptions already.
void log_alsa_error(const char *file, int line, const char *function, int, const char *format, ...)
{
    std::array<char, 512> text;
    va_list arguments;
    va_start(arguments, format);
    std::vsnprintf(text.data(), text.size(), format, arguments);
    va_end(arguments);
    spdlog::debug("alsa-lib: {}:{} ({}) {}", file, line, function, text.data());
}

// A stream's thread has less than a period to answer, whatever else this domain does. All threads
// inherit it; the kernel leaves a twentieth of the time to others should a guest keep them busy.
void claim_precedence()
{
    const sched_param parameters { .sched_priority = 1 };
    if (sched_setscheduler(0, SCHED_FIFO, &parameters) != 0)
        spdlog::warn("cannot be scheduled in real time: {}; small periods may run dry when this "
                     "domain is busy",
                     std::strerror(errno));
}

} // namespace

int main(int argc, char **argv)
{
    Arguments arguments;
    arguments.settings.versions = std::to_string(XENSND_PROTOCOL_VERSION);
    CLI::App app(description, "xen-sndback");
    app.footer(devices_and_examples);
    add_options(app, arguments);
    CLI11_PARSE(app, argc, argv);

    spdlog::set_default_logger(spdlog::stderr_color_mt("xen-sndback"));
    spdlog::set_pattern("%Y-%m-%d %H:%M:%S.%f %^%l%$ %v");
    spdlog::set_level(spdlog::level::from_str(arguments.log_level));
    snd_lib_error_set_handler(&log_alsa_error);
    claim_precedence();
    try {
        Daemon(std::move(arguments.settings)).run();
    } catch (const std::exception &error) {
        spdlog::critical("{}", error.what());
        return 1;
    }
    return 0;
}
