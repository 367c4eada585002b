// SPDX-License-Identifier: GPL-2.0-only
#include "server/session.hpp"

#include <utility>

#include "server/negotiation.hpp"

namespace sndback {

namespace {

// What takes as long as to move so many octets and to set their volume: to map and clear a part of
// that, to open, start or stop a device or to find that it cannot be opened (where that takes
// longer, ProcessorCharge adds the rest), to send a line to the log.
constexpr std::uint64_t mapping_part = 4;
constexpr std::uint64_t device_work = 128 * 1024;
// What a device can do may have to be read from a file.
constexpr std::uint64_t query_work = 32 * 1024;
constexpr std::uint64_t note_work = page_size;
// To count a recording that is there already.
constexpr std::uint64_t file_work = 256;

// Volume and mute values have 4 octets per channel.
constexpr std::size_t channel_value_size = sizeof(std::int32_t);

} // namespace

std::optional<Answer> Session::handle(const xensnd_req &request, Time now, bool may_wait)
{
    try {
        return dispatch(request, now, may_wait);
    } catch (const Refusal &refusal) {
        if (dynamic_cast<const Violation *>(&refusal) != nullptr)
            journal_.violation(
                fmt::format("{}: {}", operation_name(request.operation), refusal.what()));
        journal_.refusal(request, refusal.what());
        Answer answer {};
        answer.response.id = request.id;
        answer.response.operation = request.operation;
        answer.response.status = refusal.status();
        return answer;
    }
}

std::optional<Answer> Session::dispatch(const xensnd_req &request, Time now, bool may_wait)
{
    Answer answer {};
    answer.response.id = request.id;
    answer.response.operation = request.operation;

    switch (request.operation) {
    case XENSND_OP_OPEN:
        if (!open(request.op.open, now, may_wait))
            return std::nullopt;
        break;
    case XENSND_OP_CLOSE:
        if (!close(now, may_wait))
            return std::nullopt;
        break;
    case XENSND_OP_READ:
    case XENSND_OP_WRITE:
        answer.offset = transfer(request, now, may_wait);
        if (!answer.offset)
            return std::nullopt;
        break;
    case XENSND_OP_SET_VOLUME:
    case XENSND_OP_GET_VOLUME:
    case XENSND_OP_MUTE:
    case XENSND_OP_UNMUTE:
        volume(request);
        break;
    case XENSND_OP_TRIGGER:
        trigger(request.op.trigger.type, now);
        break;
    case XENSND_OP_HW_PARAM_QUERY:
        if (!settings_.queries)
            throw Refusal(-XEN_EINVAL, "queries are switched off (--no-query)");
        answer.response.resp.hw_param =
            answer_query(request.op.hw_param, config_.limits, device_limits(), devices_.quota());
        break;
    default:
        throw Violation(fmt::format("operation {} is not in sndif version 2", request.operation));
    }
    return answer;
}

Session::OpenStream &Session::opened()
{
    if (!stream_)
        throw Violation("the stream is not open");
    return *stream_;
}

std::unique_ptr<GuestPages> Session::map_buffer(const xensnd_open_req &request)
{
    const auto read_page = [this](grant_ref_t grant,
                                  const std::function<void(DirectoryPage)> &use) {
        const auto page = memory_.map(std::span(&grant, 1));
        use(DirectoryPage(reinterpret_cast<const std::uint32_t *>(page->bytes().data()),
                          page_size / sizeof(std::uint32_t)));
    };
    try {
        return memory_.map(
            walk_page_directory(request.gref_directory, request.buffer_sz, read_page));
    } catch (const BadDirectory &error) {
        throw Violation(error.what());
    } catch (const MappingRefused &error) {
        throw Refusal(-XEN_ENOMEM, error.what());
    } catch (const std::runtime_error &error) {
        throw Violation(error.what(), -XEN_EFAULT);
    }
}

// False: what was open is not through with what it has played. Linux's in-tree driver, under OSS
// emulation, opens a stream that it has stopped, or not started, with other parameters and closes
// it only in the end.
bool Session::open(const xensnd_open_req &request, Time now, bool may_wait)
{
    if (stream_ && stream_->state != State::stopped)
        throw Violation("the stream is open already, and not stopped", -XEN_EBUSY);
    if (stream_ && !close(now, may_wait))
        return false;
    const ProcessorCharge charge(work_, settings_.processor_time);
    const OpenParameters parameters =
        check_open(request, config_.limits, devices_.quota(), settings_.positions);
    auto share = std::make_unique<DeviceFactory::Share>(devices_, load_of(parameters));
    work_ += request.buffer_sz / mapping_part + device_work +
             devices_.recorded_files(journal_.name()) * file_work;
    auto buffer = map_buffer(request);
    auto device = devices_.open(journal_.name(), parameters, gain_, journal_);
    stream_.emplace(OpenStream { parameters.format, std::move(share), std::move(buffer),
                                 request.buffer_sz, std::move(device) });
    return true;
}

// Whether the device is through with what it has played. Frontends also close what they were
// refused to open, and Linux's in-tree driver what it has not opened yet (hw_free without prepare).
bool Session::close(Time now, bool may_wait)
{
    if (!stream_)
        return true;
    if (may_wait && !stream_->device->is_silent(now))
        return false;
    const ProcessorCharge charge(work_, settings_.processor_time);
    work_ += stream_->device->left_to_render();
    stream_.reset();
    return true;
}

std::span<std::byte> Session::buffer_range(const xensnd_rw_req &request)
{
    const OpenStream &stream = opened();
    if (request.length == 0 ||
        std::uint64_t { request.offset } + request.length > stream.buffer_bytes)
        throw Violation(
            fmt::format("offset {} and length {} do not lie within the buffer of {} octets",
                        request.offset, request.length, stream.buffer_bytes));
    return stream.buffer->bytes().subspan(request.offset, request.length);
}

std::optional<std::uint64_t> Session::transfer(const xensnd_req &request, Time now, bool may_wait)
{
    OpenStream &stream = opened();
    if ((request.operation == XENSND_OP_WRITE) != config_.playback)
        throw Violation(config_.playback ? "this is a playback stream"
                                         : "this is a capture stream");
    const std::span<std::byte> range = buffer_range(request.op.rw);
    if (range.size() % stream.format.unit() != 0)
        throw Violation(fmt::format("length {} is no number of whole frames of {} octets",
                                    range.size(), stream.format.unit()));

    const auto offset = stream.device->transfer(range, now);
    if (offset) {
        work_ += range.size();
        journal_.transferred(range.size());
    }
    // Waiting while the device stands still would keep the START from being seen that ends the
    // wait.
    else if (!may_wait || stream.state != State::running)
        throw Refusal(-XEN_EAGAIN, config_.playback ? "no room for that many octets"
                                                    : "that many octets have not been captured");
    return offset;
}

void Session::volume(const xensnd_req &request)
{
    if (!settings_.volume)
        throw Refusal(-XEN_EOPNOTSUPP, "volume control is switched off (--no-volume)");
    OpenStream &stream = opened();
    if (!Gain::supports(*stream.format.format))
        throw Refusal(-XEN_EOPNOTSUPP, fmt::format("{} has no volume", stream.format.format->name));
    const std::span<std::byte> values = buffer_range(request.op.rw);
    if (values.size() != stream.format.channels * channel_value_size)
        throw Violation(fmt::format("length {}, must be {}: 4 octets for each of {} channels",
                                    values.size(), stream.format.channels * channel_value_size,
                                    stream.format.channels));

    for (unsigned channel = 0; channel < stream.format.channels; ++channel) {
        std::byte *value = &values[channel * channel_value_size];
        const std::int32_t old_volume = gain_.volume(channel);
        const bool was_muted = gain_.muted(channel);
        std::int32_t volume = 0;
        switch (request.operation) {
        case XENSND_OP_SET_VOLUME:
            std::memcpy(&volume, value, sizeof(volume));
            gain_.set_volume(channel, volume);
            break;
        case XENSND_OP_GET_VOLUME:
            volume = gain_.volume(channel);
            std::memcpy(value, &volume, sizeof(volume));
            break;
        default:
            // A channel whose value is zero keeps its state.
            if (*value != std::byte { 0 })
                gain_.set_muted(channel, request.operation == XENSND_OP_MUTE);
        }
        if (gain_.volume(channel) == old_volume && gain_.muted(channel) == was_muted)
            continue;
        work_ += note_work;
        journal_.on_note(fmt::format("channel {}: {:.3f} dB{}", channel,
                                     gain_.volume(channel) / 1000.0,
                                     gain_.muted(channel) ? ", muted" : ""));
    }
}

void Session::trigger(unsigned type, Time now)
{
    OpenStream &stream = opened();
    const ProcessorCharge charge(work_, settings_.processor_time);
    const auto require = [&](State state, const char *name) {
        if (stream.state != state)
            throw Violation(fmt::format("{} while the stream is {}", name,
                                        stream.state == State::stopped   ? "stopped"
                                        : stream.state == State::running ? "running"
                                                                         : "paused"));
    };
    switch (type) {
    case XENSND_OP_TRIGGER_START:
        // The in-tree driver begins anew, by START, what was paused when its guest was suspended.
        if (stream.state == State::paused)
            trigger(XENSND_OP_TRIGGER_STOP, now);
        require(State::stopped, "START");
        work_ += device_work;
        stream.device->start(now);
        stream.state = State::running;
        break;
    case XENSND_OP_TRIGGER_PAUSE:
        require(State::running, "PAUSE");
        // A device may have to go through all that it holds.
        work_ += stream.buffer_bytes;
        stream.device->pause(now);
        stream.state = State::paused;
        break;
    case XENSND_OP_TRIGGER_RESUME:
        require(State::paused, "RESUME");
        work_ += device_work;
        stream.device->resume(now);
        stream.state = State::running;
        break;
    case XENSND_OP_TRIGGER_STOP:
        // Stopping twice is what frontends do to be sure.
        if (stream.state != State::stopped) {
            work_ += device_work + stream.device->left_to_render();
            stream.device->stop(now);
        }
        stream.state = State::stopped;
        break;
    default:
        throw Violation(fmt::format("trigger type {} is none of START, PAUSE, STOP, RESUME", type));
    }
}

Limits Session::device_limits()
{
    const ProcessorCharge charge(work_, settings_.processor_time);
    work_ += query_work;
    try {
        return devices_.limits(journal_.name());
    } catch (const Refusal &) {
        // What is found out is kept, a failure is not.
        work_ += device_work;
        throw;
    }
}

} // namespace sndback
