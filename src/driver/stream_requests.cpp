// SPDX-License-Identifier: GPL-2.0-only
// Requests that are waited for: OPEN, CLOSE, HW_PARAM_QUERY, and the answer to STOP.
#include "driver/stream.hpp"

#include "kernel/module.hpp"
#include "sndif/formats.hpp"
#include "sndif/operation.hpp"

namespace xen_front {

namespace {

// What an application is told about a status: the backend's errno if it is an ordinary one, for
// the kernel gives meaning to numbers that only it may use.
Error to_error(int32_t status)
{
    constexpr int32_t errno_max = 133; // EHWPOISON
    return status < 0 && status >= -errno_max ? from_errno(status) : Error::Io;
}

// How long a running stream may go without a sign of life: a period, and what a request may take.
// A little less, so that who waits for the stream has been told when that time is over.
unsigned int patience_ms(const kshim_pcm_params &params)
{
    const unsigned int period_ms =
        (params.period_frames * uint64_t { 1000 } + params.rate - 1) / params.rate;
    const unsigned int timeout_ms = request_timeout_ms();
    return period_ms + timeout_ms - min(timeout_ms / 50, 20u);
}

// Whether a backend that is alive answers @operation in time. CLOSE may take as long as the device
// takes to play what it has, and not every backend knows volumes.
bool is_essential(wire::Operation operation)
{
    return operation == wire::Operation::Open || operation == wire::Operation::HwParamQuery ||
           operation == wire::Operation::Trigger;
}

// Whether the backend is asked for the same.
bool is_same_setup(const kshim_pcm_params &one, const kshim_pcm_params &other)
{
    return one.format == other.format && one.rate == other.rate && one.channels == other.channels &&
           one.buffer_frames == other.buffer_frames && one.period_frames == other.period_frames;
}

// Whether an answer to HW_PARAM_QUERY describes any configuration at all.
bool is_meaningful(const wire::HwParamQuery &answer)
{
    const wire::Interval intervals[] = { answer.rates, answer.channels, answer.buffer,
                                         answer.period };
    for (const wire::Interval &interval : intervals) {
        if (interval.min > interval.max || interval.max == 0)
            return false;
    }
    return answer.formats != 0;
}

} // namespace

Result<Answer> Stream::request(const wire::Request &request)
{
    Findings findings;
    auto sent = state_.with([&](State &state) -> Result<void> {
        if (!is_usable(state))
            return Error::NoDevice;
        answered_.rearm();
        state.waiter = Waiter();
        state.waiter.id = TRY(push(state, request));
        state.waiter.is_waiting = true;
        publish_requests(state);
        pump(state, findings);
        return {};
    });
    log_findings(findings);
    TRY(move(sent));
    return wait_for_answer(request.operation);
}

Result<Answer> Stream::wait_for_answer(wire::Operation operation)
{
    const unsigned int timeout_ms = request_timeout_ms();
    (void)answered_.wait(timeout_ms);

    Findings findings;
    auto answer = state_.with([&](State &state) -> Result<Answer> {
        // The answer may be there without the interrupt that should have announced it.
        if (state.waiter.is_waiting)
            pump(state, findings);
        if (findings.has_work)
            on_sign_of_life(state);
        // A late answer finds nobody waiting and is dropped.
        const bool is_waiting = exchange(state.waiter.is_waiting, false);
        if (state.waiter.is_answered)
            return state.waiter.answer;
        if (!is_waiting)
            return Error::NoDevice;
        state.journal.counts.on_time_out(operation);
        // A backend that reports progress is busy, not dead.
        const uint64_t asked_ms = now_ms() - timeout_ms;
        if (is_essential(operation) && state.last_sign_ms <= asked_ms)
            declare_stalled(state, asked_ms);
        return Error::TimedOut;
    });
    tell_alsa(findings);
    if (answer.is_error() && answer.error() == Error::TimedOut) {
        Text<160> text;
        describe(text);
        text << name_of(operation) << " was not answered within " << uint32_t { timeout_ms }
             << " ms; is the backend in domain " << uint32_t { device_.backend_domain().value() }
             << " alive?";
        device_.log(KSHIM_LOG_ERROR, text);
    }
    return answer;
}

Result<Answer> Stream::request_open(wire::Request &open, uint32_t channels)
{
    open.open.gref_directory = buffer_->directory().value();
    if (buffer_->has_values()) {
        open.open.buffer_sz = bytes_with_values(buffer_->bytes(), channels);
        Answer answer = TRY(request(open));
        if (answer.status == 0)
            return answer;
        // Perhaps it has no use for more than audio.
        TRY(buffer_->hide_values());
    }
    open.open.buffer_sz = buffer_->bytes();
    return request(open);
}

Result<void> Stream::open_backend()
{
    const kshim_pcm_params params =
        state_.with([](State &state) { return state.substream.params(); });
    // One of those that open() has allowed.
    const SampleFormat &format = *find_format_by_alsa(params.format);
    if (has_void_grants_) {
        TRY(buffer_->renew(device_.backend_domain()));
        has_void_grants_ = false;
    }
    const FrameSize frame(params.frame_bits);
    // A backend that is late fails by our time-outs, not by ALSA's, which may be 100 ms.
    const uint64_t buffer_ms = uint64_t { params.buffer_frames } * 1100 / params.rate;
    const auto wait_limit_ms = static_cast<unsigned int>(buffer_ms + 2ull * request_timeout_ms());
    state_.with([&](State &state) { state.substream.set_wait_limit(wait_limit_ms); });

    wire::Request open = {};
    open.operation = wire::Operation::Open;
    open.open.pcm_rate = params.rate;
    open.open.pcm_format = format.sndif;
    open.open.pcm_channels = static_cast<uint8_t>(params.channels);
    open.open.period_sz = static_cast<uint32_t>(frame.bytes(Frames(params.period_frames)).value());

    auto result = request_open(open, params.channels);
    // Late, the backend may still open it.
    may_be_open_ = result.is_error() && result.error() == Error::TimedOut;
    const Answer answer = TRY(move(result));
    // An application that tries again and again is told each time; the log is not.
    const RefusedOpen last = exchange(refused_open_, RefusedOpen { answer.status, params });
    if (answer.status != 0 && last.status == answer.status && is_same_setup(last.params, params))
        return to_error(answer.status);
    if (answer.status != 0) {
        Text<200> text;
        describe(text);
        text << "the backend refused OPEN with status " << int { answer.status } << " ("
             << format.name << ", " << uint32_t { params.rate } << " Hz, "
             << uint32_t { params.channels } << " channels, buffer "
             << uint32_t { params.buffer_frames } << " frames, period "
             << uint32_t { params.period_frames } << ")";
        device_.log(KSHIM_LOG_ERROR, text);
        return to_error(answer.status);
    }

    state_.with([&](State &state) {
        state.is_open = true;
        state.is_fresh = true;
        state.params = params;
        state.frame = frame;
        state.period = Frames(params.period_frames);
        state.buffer = Frames(params.buffer_frames);
        state.boundary = Frames(params.boundary);
        state.patience_ms = patience_ms(params);
        // Nothing of an earlier run may follow OPEN.
        start_over(state);
    });
    open_mixer(params.channels);
    return {};
}

Result<void> Stream::reopen_backend()
{
    const bool is_fresh = state_.with([](State &state) { return state.is_open && state.is_fresh; });
    if (is_fresh)
        return {};
    close_backend();
    return open_backend();
}

void Stream::close_backend()
{
    const bool was_open = state_.with([this](State &state) {
        set_running(state, false);
        state.is_draining = false;
        forget_stale_values(state);
        const bool was_open = exchange(state.is_open, false);
        note_state(state);
        return was_open;
    });
    if (!exchange(may_be_open_, false) && !was_open)
        return;
    wire::Request close = {};
    close.operation = wire::Operation::Close;
    // A backend that is overdue finds it when it is back. Nobody waits for that.
    auto sent = state_.with([&](State &state) -> Result<bool> {
        if (!is_attached(state) || !state.is_stalled)
            return false;
        (void)TRY(push(state, close));
        publish_requests(state);
        return true;
    });
    may_be_open_ = sent.is_error();
    if (sent.is_error() || sent.value())
        return;
    auto answer = request(close);
    if (answer.is_error() || answer.value().status == 0)
        return;
    Text<96> text;
    describe(text);
    text << "the backend answered CLOSE with status " << int { answer.value().status };
    device_.log(KSHIM_LOG_WARNING, text);
}

void Stream::sync_stop()
{
    Mutex::Guard guard(request_mutex_);
    Findings findings;
    const bool has_to_wait = state_.with([&](State &state) {
        if (!is_usable(state) || !state.is_stop_in_flight)
            return false;
        answered_.rearm();
        state.waiter = Waiter();
        state.waiter.id = state.stop_id;
        state.waiter.is_waiting = true;
        pump(state, findings);
        return true;
    });
    log_findings(findings);
    if (has_to_wait)
        (void)wait_for_answer(wire::Operation::Trigger);
}

Result<wire::HwParamQuery> Stream::query(const wire::HwParamQuery &question)
{
    if (const wire::HwParamQuery *known = query_cache_.find(question))
        return narrow(question, *known);

    wire::Request query = {};
    query.operation = wire::Operation::HwParamQuery;
    query.hw_param = question;
    const Answer answer = TRY(request(query));

    // A backend that refuses the question, or answers nonsense, leaves XenStore's limits in force.
    const bool is_usable_answer = answer.status == 0 && is_meaningful(answer.hw_param);
    const wire::HwParamQuery result =
        is_usable_answer ? TRY(narrow(question, answer.hw_param)) : question;
    query_cache_.remember(question, result);
    return wire::HwParamQuery(result);
}

Result<void> Stream::refine(kshim_pcm_ranges &ranges)
{
    Mutex::Guard guard(request_mutex_);
    // Backends open their device a second time for a query, which fails once it is open.
    const bool is_open = state_.with([](State &state) { return state.is_open; });
    if (is_open || may_be_open_)
        return {};

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
