// SPDX-License-Identifier: GPL-2.0-only
// Requests that a caller waits for: OPEN, CLOSE, STOP and HW_PARAM_QUERY; and, before STOP, the end
// of what ALSA was shown. No wait is longer than request_timeout_ms, and none begins while the
// backend is away or overdue.
#include "driver/stream.hpp"

#include "kernel/module.hpp"
#include "sndif/formats.hpp"
#include "sndif/operation.hpp"
#include "sndif/position_step.hpp"

namespace xen_front {

namespace {

// What an application is told about a status: the backend's errno if it is an ordinary one, for
// the kernel gives meaning to numbers that only it may use.
Error to_error(int32_t status)
{
    constexpr int32_t errno_max = 133; // EHWPOISON
    return status < 0 && status >= -errno_max ? from_errno(status) : Error::Io;
}

// How long prepare() waits after an OPEN until it is known which controls the backend can do.
constexpr unsigned int controls_ms = 100;

// Whether a backend that is alive responds to @operation in time. CLOSE may take as long as the
// device takes to play what it has, and there are backends that do not know HW_PARAM_QUERY.
bool is_essential(wire::Operation operation)
{
    return operation != wire::Operation::Close && operation != wire::Operation::HwParamQuery;
}

// Whether the backend is asked for the same.
bool is_same_setup(const kshim_pcm_params &one, const kshim_pcm_params &other)
{
    return one.format == other.format && one.rate == other.rate && one.channels == other.channels &&
           one.buffer_frames == other.buffer_frames && one.period_frames == other.period_frames &&
           one.has_no_period_wakeup == other.has_no_period_wakeup;
}

} // namespace

bool Stream::wait_for(unsigned int limit_ms, bool (*is_over)(const Session &))
{
    const uint64_t asked_ms = now_ms();
    for (;;) {
        changed_.rearm();
        const bool is_done = session_.with([&](Session &session) {
            session.requests.set_awaited(true);
            session.sync_for_later();
            const bool is_done = is_over(session) || session.link() != Link::Attached;
            session.requests.set_awaited(!is_done);
            return is_done;
        });
        if (is_done)
            return true;
        const uint64_t waited_ms = now_ms() - asked_ms;
        if (waited_ms >= limit_ms)
            break;
        (void)changed_.wait(static_cast<unsigned int>(limit_ms - waited_ms));
    }
    session_.with([](Session &session) { session.requests.set_awaited(false); });
    return false;
}

void Stream::wait_until(wire::Operation operation, bool (*is_over)(const Session &))
{
    const unsigned int timeout_ms = request_timeout_ms();
    const uint64_t asked_ms = now_ms();
    const uint32_t activity =
        session_.with([](Session &session) { return session.liveness.activity(); });
    if (wait_for(timeout_ms, is_over))
        return;

    session_.with([&](Session &session) {
        session.journal.counts.on_time_out(operation);
        // A backend that reports progress is busy, not dead.
        if (is_essential(operation) && session.liveness.activity() == activity)
            session.stall(asked_ms);
    });
    Text<160> text;
    describe(text);
    text << name_of(operation) << " was not answered within " << uint32_t { timeout_ms }
         << " ms; is the backend in domain " << uint32_t { device_.backend_domain().value() }
         << " alive?";
    device_.log(KSHIM_LOG_ERROR, text);
}

Result<void> Stream::await_open()
{
    // The backend carries out in order what it is sent: it knows the volumes before it is started.
    wait_until(wire::Operation::Open,
               [](const Session &session) { return !session.backend().is_opening(); });
    struct Outcome {
        Link link;
        int32_t status;
        kshim_pcm_params params;
    };
    // A response that comes later finds no caller.
    const Outcome outcome = session_.with([](Session &session) -> Outcome {
        session.set_open_awaited(false);
        return { session.link(), session.open_status(), session.params() };
    });
    if (is_dead(outcome.link))
        return Error::NoDevice;
    // Sound servers look for controls when they have had a stream prepared.
    const bool are_controls_known =
        wait_for(min(request_timeout_ms(), controls_ms),
                 [](const Session &session) { return !session.values.are_controls_due(); });
    if (!are_controls_known)
        session_.with([](Session &session) { session.values.end_wait(); });
    // An application that tries again and again is told each time; the log is not.
    const RefusedOpen last =
        exchange(refused_open_, RefusedOpen { outcome.status, outcome.params });
    if (outcome.status == 0)
        return {};
    if (last.status != outcome.status || !is_same_setup(last.params, outcome.params))
        report_refused_open(outcome.status, outcome.params);
    return to_error(outcome.status);
}

void Stream::report_refused_open(int32_t status, const kshim_pcm_params &params)
{
    Text<200> text;
    describe(text);
    text << "the backend refused OPEN with status " << int { status } << " ("
         << find_format_by_alsa(params.format)->name << ", " << uint32_t { params.rate } << " Hz, "
         << uint32_t { params.channels } << " channels, buffer "
         << uint32_t { params.buffer_frames } << " frames, period "
         << uint32_t { params.period_frames } << ")";
    device_.log(KSHIM_LOG_ERROR, text);
}

void Stream::await_close()
{
    wait_until(wire::Operation::Close,
               [](const Session &session) { return !session.backend().is_closing(); });
}

void Stream::await_stop()
{
    // What is not played by then is cut off: prepare() and hw_free() have the backend stopped.
    (void)wait_for(request_timeout_ms(),
                   [](const Session &session) { return !session.has_tail(); });
    wait_until(wire::Operation::Trigger,
               [](const Session &session) { return !session.backend().is_stopping(); });
}

Result<wire::HwParamQuery> Stream::query(const wire::HwParamQuery &question)
{
    if (query_cache_.excludes(question))
        return Error::Invalid;
    if (const wire::HwParamQuery *known = query_cache_.find(question))
        return narrow(question, *known);
    // Backends open their device a second time for a query, which fails once it is open. A question
    // that is not answered takes a slot of the ring, and as long as a caller waits at most.
    wire::Request query = {};
    query.operation = wire::Operation::HwParamQuery;
    query.hw_param = question;
    const bool is_asked = session_.with([&](Session &session) {
        session.sync_for_later(); // for a response, also to CLOSE, that came late
        return session.link() == Link::Attached && !session.backend().may_be_open() &&
               !session.requests.is_kept_due() && session.post(query);
    });
    if (!is_asked)
        return wire::HwParamQuery(question);
    wait_until(query.operation,
               [](const Session &session) { return session.requests.kept_response() != nullptr; });

    // A backend that does not answer the question, or answers nonsense, leaves XenStore's limits in
    // force.
    wire::HwParamQuery response = {};
    const bool is_answered = session_.with([&](Session &session) {
        const Response *kept = session.requests.kept_response();
        response = session.requests.kept_hw_param();
        return kept != nullptr && kept->status == 0 && is_meaningful(response);
    });
    const wire::HwParamQuery result = is_answered ? TRY(narrow(question, response)) : question;
    query_cache_.remember(question, result);
    return wire::HwParamQuery(result);
}

Frames Stream::choose_step(const kshim_pcm_params &params)
{
    const FrameSize frame(params.frame_bits);
    const Frames period(params.period_frames);
    const auto step_of = [&](uint64_t least) {
        return position_step(frame, period, Frames(least));
    };
    const uint64_t wanted = position_step_us() * uint64_t { params.rate } / 1000000;
    if (!params.has_no_period_wakeup || wanted == 0 || step_of(wanted) == period)
        return period;
    struct State {
        bool can_be_asked;
        Frames step; // of what may be open
    };
    const State state = session_.with([&](const Session &session) -> State {
        const bool is_open = session.backend().may_be_open();
        const bool is_same = is_open && is_same_setup(session.params(), params);
        return { !is_open && session.link() == Link::Attached, is_same ? session.step() : period };
    });
    // Prepared again: what is open stays as it is. What closes for long may be another setup.
    if (!state.can_be_asked)
        return state.step;
    wire::HwParamQuery question = {};
    question.formats = to_sndif_formats(uint64_t { 1 } << params.format);
    question.rates = { params.rate, params.rate };
    question.channels = { params.channels, params.channels };
    // Not of one size: the backend's device may lack it, and OPEN takes the nearest then.
    question.buffer = { 2 * params.period_frames, params.buffer_frames };
    question.period = { static_cast<uint32_t>(step_of(wanted).value()), params.period_frames };
    auto answer = query(question);
    if (answer.is_error())
        return period;
    return step_of(max(wanted, uint64_t { answer.value().period.min }));
}

Result<void> Stream::refine(kshim_pcm_ranges &ranges)
{
    Mutex::Guard guard(request_mutex_);
    wire::HwParamQuery question = {};
    question.formats = to_sndif_formats(ranges.formats);
    question.rates = { ranges.rate_min, ranges.rate_max };
    question.channels = { ranges.channels_min, ranges.channels_max };
    question.buffer = { ranges.buffer_frames_min, ranges.buffer_frames_max };
    question.period = { ranges.period_frames_min, ranges.period_frames_max };
    const wire::HwParamQuery result = TRY(query(question));

    ranges.formats = to_alsa_formats(result.formats);
    ranges.rate_min = result.rates.min;
    ranges.rate_max = result.rates.max;
    ranges.channels_min = result.channels.min;
    ranges.channels_max = result.channels.max;
    ranges.buffer_frames_min = result.buffer.min;
    ranges.buffer_frames_max = result.buffer.max;
    ranges.period_frames_min = result.period.min;
    ranges.period_frames_max = result.period.max;
    return {};
}

} // namespace xen_front
