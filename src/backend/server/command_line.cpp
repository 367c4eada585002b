// SPDX-License-Identifier: GPL-2.0-only
//
#include "server/command_line.hpp"

#include <CLI/CLI.hpp>
#include <alsa/asoundlib.h>
#include <sys/prctl.h>
#include <sysexits.h>

#include <array>
#include <charconv>
#include <cmath>
#include <cstdarg>
#include <cstdio>

#include "server/log.hpp"
#include "server/service.hpp"
#include "server/spawn.hpp"
#include "server/supervisor.hpp"
#include "server/worker.hpp"

namespace sndback {

namespace {

constexpr const char *description =
    "Backend for Xen virtual sound cards (sndif protocol version 2).\n"
    "Serves every vsnd device that the toolstack assigns to this domain, until SIGTERM or SIGINT, "
    "as\n"
    "its configuration file allows; see xen-sndback(8).";

constexpr const char *devices_and_examples =
    "DEVICE is one of\n"
    "  null       plays into nothing, captures silence, on an exact clock\n"
    "  pattern    like null, but captures a pseudo-random sequence that can be checked bit for "
    "bit\n"
    "  wav:PATH   records playback to a WAV file, captures from one (then silence), on an exact\n"
    "             clock. In PATH: %d domain, %n its name, %i its UUID, %c card, %p device, %s "
    "stream,\n"
    "             %u unique-id, %% percent sign. An existing recording is kept: NAME.wav,\n"
    "             NAME-2.wav, NAME-3.wav, one per OPEN with frames. Formats that WAV cannot hold\n"
    "             become NAME.raw.\n"
    "  loop:NAME  what one stream of a guest plays into the loop of that name, any number of its\n"
    "             streams capture, bit for bit and without delay, on one exact clock: at each "
    "moment\n"
    "             what is being played, and silence before, after and while playback is paused or\n"
    "             has run dry. The streams must agree on format, rate and channels. In NAME: as "
    "in\n"
    "             PATH.\n"
    "  alsa:PCM   an ALSA PCM of this domain, as in aplay -L; positions come from its hardware\n"
    "\n"
    "--map and --default are for trying things out, in place of a configuration file: they hold "
    "for\n"
    "every guest, and KEY is what a guest claims. KEY is a shell pattern for a stream's unique-id "
    "or\n"
    "its DOMAIN/CARD/DEVICE/STREAM; ':p' or ':c' at its end restricts it to playback or capture; "
    "a\n"
    "backslash takes the meaning of the next character. The first rule that matches decides. Only "
    "a\n"
    "rule with ':c' lets a guest capture from alsa: or wav:.\n"
    "\n"
    "SIGHUP reads the configuration file again, SIGUSR1 writes the statistics. Examples:\n"
    "  xen-sndback\n"
    "  xen-sndback --default alsa:plughw:0,0\n"
    "  xen-sndback --map 'music=alsa:hw:0,0' --map '*:c=pattern' --default null\n"
    "  xen-sndback --default wav:/var/lib/xen/sound/%d-%u.wav --stats /run/sound.json";

// Where --map and --default serve every guest, no quota can be set.
constexpr unsigned streams_of_trials = 64;

struct Arguments {
    Settings settings;
    std::vector<DeviceRule> rules; // --map
    std::optional<DeviceSpec> fallback; // --default
    bool is_check = false; // of the configuration file, and nothing else
    std::optional<unsigned> worker; // of that domain
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
    Settings &settings = arguments.settings;
    app.add_option_function<std::string>(
           "--config",
           [&](const std::string &path) {
               settings.configuration_path = path;
               settings.is_path_given = true;
           },
           "configuration file, in place of " XEN_SNDBACK_CONFIGURATION)
        ->type_name("FILE");
    app.add_flag("--check", arguments.is_check,
                 "say whether the configuration file is right, and exit");
    app.add_option_function<std::string>(
           "--default",
           [&](const std::string &text) {
               arguments.fallback = checked("--default", parse_device_spec, text);
           },
           "device of streams that no --map matches (null)")
        ->type_name("DEVICE");
    app.add_option_function<std::vector<std::string>>(
           "--map",
           [&](const std::vector<std::string> &rules) {
               for (const std::string &rule : rules)
                   arguments.rules.push_back(checked("--map", parse_device_rule, rule));
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
    app.add_option_function<double>(
           "--volume",
           [&](double decibels) {
               settings.session.own_volume =
                   static_cast<std::int32_t>(std::lround(decibels * 1000));
           },
           "volume of streams for which the guest has set none (0)")
        ->type_name("DECIBELS")
        ->check(CLI::Range(Gain::lowest / 1000.0, Gain::highest / 1000.0));
    app.add_flag_callback(
        "--no-volume", [&] { settings.session.volume = false; }, "refuse volume and mute requests");
    app.add_flag_callback(
        "--no-query", [&] { settings.session.queries = false; }, "refuse HW_PARAM_QUERY");
    app.add_option_function<unsigned>(
           "--respond-delay",
           [&](unsigned delay) { settings.respond_delay = std::chrono::microseconds(delay); },
           "answer every request that much later, for tests")
        ->type_name("MICROSECONDS");
    app.add_option("--trace", settings.trace_path,
                   "write every request, response and event to FILE as JSON lines")
        ->type_name("FILE");
    app.add_option("--stats", settings.statistics_path,
                   "write counters per stream to FILE at the end and on SIGUSR1")
        ->type_name("FILE");
    app.add_option_function<std::string>(
           "--log-level",
           [&](const std::string &name) {
               settings.log_level = checked("--log-level", parse_log_level, name);
           },
           "what to log on stderr: debug, info (default), warn, error or off")
        ->type_name("LEVEL");
    app.add_option("--lock", settings.lock_path, "lock file; only one instance can hold it")
        ->type_name("FILE")
        ->capture_default_str();
    app.add_flag_callback(
        "--no-sandbox", [&] { settings.sandbox = false; },
        "workers keep the privileges of this process, for tests and debuggers");
    app.add_option("--worker", arguments.worker)->group("");
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
    log(LogLevel::debug, "alsa-lib: {}:{} ({}) {}", file, line, function, text.data());
}

// What --map and --default say, as a configuration.
void try_out(Arguments &arguments)
{
    Settings &settings = arguments.settings;
    settings.is_tried_out = !arguments.rules.empty() || arguments.fallback;
    if (!settings.is_tried_out)
        return;
    if (settings.is_path_given)
        throw CLI::ValidationError(
            "--config", "not together with --map or --default, which take the file's place");
    GuestSection everyone { "*", {} };
    everyone.rules.quota.streams = streams_of_trials;
    everyone.rules.rules = std::move(arguments.rules);
    everyone.rules.playback = arguments.fallback.value_or(DeviceSpec {});
    if (is_harmless_source(*everyone.rules.playback))
        everyone.rules.capture = everyone.rules.playback;
    settings.tried_out.guests.push_back(std::move(everyone));
}

int check(const Settings &settings)
{
    try {
        (void)load_configuration(settings, true);
    } catch (const BadConfiguration &error) {
        log(LogLevel::critical, "{}", error.what());
        return EX_CONFIG;
    }
    return 0;
}

int run_worker(const Arguments &arguments)
{
    // For ps, which would show the name of what was executed, "exe".
    (void)prctl(PR_SET_NAME, fmt::format("sndback-dom{}", *arguments.worker).c_str());
    const MessageSocket supervisor { File(worker_socket) };
    set_log(arguments.settings.log_level, [&supervisor](LogLevel level, std::string_view text) {
        (void)supervisor.send(MessageKind::log, static_cast<std::uint32_t>(level), text);
    });
    try {
        Worker(arguments.settings, *arguments.worker, supervisor).run();
    } catch (const SupervisorGone &) {
        return 0;
    } catch (const std::exception &error) {
        log(LogLevel::error, "dom{}: {}", *arguments.worker, error.what());
        return 1;
    }
    return 0;
}

} // namespace

int run_backend(int argc, char **argv, const SabotageOptions &sabotage)
{
    Arguments arguments;
    Settings &settings = arguments.settings;
    settings.versions = std::to_string(XENSND_PROTOCOL_VERSION);
    settings.configuration_path = XEN_SNDBACK_CONFIGURATION;
    settings.lock_path = "/run/xen-sndback.lock";
    CLI::App app(description, "xen-sndback");
    app.footer(devices_and_examples);
    add_options(app, arguments);
    if (sabotage)
        sabotage(app, settings.sabotage);
    try {
        app.parse(argc, argv);
        try_out(arguments);
    } catch (const CLI::ParseError &error) {
        return app.exit(error);
    }
    // Attacks do what a sandbox is there to prevent.
    settings.sandbox = settings.sandbox && !settings.sabotage;

    prepare_process();
    snd_lib_error_set_handler(&log_alsa_error);
    if (arguments.worker)
        return run_worker(arguments);
    set_log(settings.log_level, stderr_log());
    if (arguments.is_check)
        return check(settings);
    try {
        Supervisor(settings, { argv, argv + argc }).run();
    } catch (const BadConfiguration &error) {
        log(LogLevel::critical, "{}", error.what());
        return EX_CONFIG;
    } catch (const std::exception &error) {
        log(LogLevel::critical, "{}", error.what());
        return 1;
    }
    return 0;
}

} // namespace sndback
