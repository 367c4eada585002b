// SPDX-License-Identifier: GPL-2.0-only
#include "driver/report.hpp"

#include "sndif/formats.hpp"
#include "sndif/operation.hpp"

namespace xen_front {

namespace {

constexpr const char *state_names[] = {
    "Unknown", "Initialising", "InitWait",      "Initialised",  "Connected",
    "Closing", "Closed",       "Reconfiguring", "Reconfigured",
};
static_assert(sizeof(state_names) / sizeof(state_names[0]) == wire::xenbus_states);

const char *state_name(wire::XenbusState state)
{
    const auto number = static_cast<uint32_t>(state);
    return number < wire::xenbus_states ? state_names[number] : "invalid";
}

// One word for each kind, so that a line of counters can be split at spaces.
constexpr const char *violation_names[] = {
    "none", "response-index", "response-id", "response-operation", "event-index",
};
static_assert(sizeof(violation_names) / sizeof(violation_names[0]) == Statistics::violation_count);

void print_count(ProcText &out, const char *what, uint64_t count)
{
    out << "  " << what << ": " << count << "\n";
}

// Text from XenStore.
void print_untrusted(ProcText &out, StringView text)
{
    Text<192> printable;
    printable.append_untrusted(text, text.size());
    out << printable;
}

void print_configuration(ProcText &out, const StreamReport &stream)
{
    if (stream.params.rate == 0) {
        out << "  configuration: none\n";
        return;
    }
    const SampleFormat *format = find_format_by_alsa(stream.params.format);
    out << "  configuration: rate " << uint32_t { stream.params.rate } << " format " << format->name
        << " channels " << uint32_t { stream.params.channels } << " period "
        << uint32_t { stream.params.period_frames } << " buffer "
        << uint32_t { stream.params.buffer_frames };
    if (stream.params.has_no_period_wakeup)
        out << ", no period wake-ups, positions every " << stream.step.value() << " frames";
    out << "\n";
}

void print_position(ProcText &out, const StreamReport &stream)
{
    out << "  position: application " << stream.committed.value() << " requested "
        << stream.requested.value() << " hardware " << stream.hardware.value() << " shown "
        << stream.shown.value() << "\n";
}

void print_traffic(ProcText &out, const StreamReport &stream)
{
    const Statistics &statistics = stream.statistics;
    out << "  requests:";
    for (uint8_t i = 0; i < wire::operation_count; i++)
        out << " " << name_of(static_cast<wire::Operation>(i)) << " " << statistics.requests[i];
    out << "\n  responses: all " << statistics.responses << " refused " << statistics.refusals;
    out << "\n  events: all " << statistics.events << " backward " << statistics.backward_positions;
    out << "\n  interrupts: all " << statistics.interrupts << " spurious "
        << statistics.spurious_interrupts;
    out << "\n  notifications: sent " << statistics.notifications_sent << " held-off "
        << statistics.notifications_held_off << "\n";
    print_count(out, "coalesced-writes", statistics.coalesced_writes);
}

void print_last_error(ProcText &out, const LastError &last)
{
    out << "  last-error: ";
    switch (last.kind) {
    case LastError::Kind::None:
        out << "none";
        break;
    case LastError::Kind::Xrun:
        out << "xrun";
        break;
    case LastError::Kind::Refused:
        out << name_of(last.operation) << " was answered with status " << int { last.status };
        break;
    case LastError::Kind::Unanswered:
        out << name_of(last.operation) << " was not answered in time";
        break;
    case LastError::Kind::Stalled:
        out << "no activity of the backend";
        break;
    case LastError::Kind::Violation:
        out << describe(last.violation);
        break;
    }
    out << "\n";
}

void print_troubles(ProcText &out, const Statistics &statistics)
{
    print_count(out, "xruns", statistics.xruns);
    print_count(out, "stalls", statistics.stalls);
    out << "  violations:";
    for (uint32_t i = 1; i < Statistics::violation_count; i++)
        out << " " << violation_names[i] << " " << statistics.violations[i];
    out << "\n";
    print_last_error(out, statistics.last_error);
}

} // namespace

void print(ProcText &out, const char *path, const LinkReport &link)
{
    out << "device: " << path;
    out << "\nfrontend: " << state_name(link.frontend);
    out << "\nbackend: " << state_name(link.backend);
    out << "\nbackend-domain: " << uint32_t { link.backend_domain.value() };
    out << "\nbackend-path: ";
    print_untrusted(out, link.backend_path.view());
    out << "\nprotocol: " << wire::protocol_version << "\n";
}

void print(ProcText &out, const StreamConfig &config, const StreamReport &stream)
{
    out << "stream " << config.device << "/" << config.number << ": "
        << (config.type == StreamType::Playback ? "playback " : "capture ");
    print_untrusted(out, config.unique_id.view());
    out << "\n  run: " << name_of(stream.run) << "\n  link: " << name_of(stream.link)
        << "\n  session: " << name_of(stream.session) << "\n";
    print_configuration(out, stream);
    print_position(out, stream);
    print_traffic(out, stream);
    print_troubles(out, stream.statistics);
}

} // namespace xen_front
