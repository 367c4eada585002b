// SPDX-License-Identifier: GPL-2.0-only
// What a stream of the fake backend does for each operation, and what its clock does.
#include <algorithm>

#include "fake/backend_stream.hpp"
#include "fake/sample_layout.hpp"

namespace xen_front::fake {

namespace {

constexpr int32_t status_io = -5; // XEN_EIO
constexpr int32_t status_invalid = -22; // XEN_EINVAL

// What the rows of volume and mute values may add to a buffer, with what aligns them.
constexpr uint32_t values_bytes_max = 4 * 4 * 255 + 3;

} // namespace

int32_t BackendStream::carry_out(const wire::Request &request)
{
    switch (request.operation) {
    case wire::Operation::Open:
        return open(request.open);
    case wire::Operation::Close:
        close();
        return 0;
    case wire::Operation::Write:
        return write(request.transfer);
    case wire::Operation::Read:
        return read(request.transfer);
    case wire::Operation::SetVolume:
    case wire::Operation::GetVolume:
    case wire::Operation::Mute:
    case wire::Operation::Unmute:
        return set_values(request.operation, request.transfer);
    case wire::Operation::Trigger:
        if (!opened_)
            return status_io;
        trigger(request.trigger.type);
        return 0;
    case wire::Operation::HwParamQuery:
        if (opened_)
            complain("HW_PARAM_QUERY after OPEN");
        return 0;
    default:
        return status_invalid;
    }
}

bool BackendStream::map_buffer(const wire::OpenRequest &request)
{
    size_t missing = (size_t { request.buffer_sz } + wire::page_size - 1) / wire::page_size;
    uint32_t reference = request.gref_directory;
    while (missing > 0) {
        auto *page =
            static_cast<wire::DirectoryPage *>(kernel_.memory.map_grant(domain_, reference));
        if (page == nullptr)
            return false;
        const wire::DirectoryPage directory = *page;
        kernel_.memory.unmap_grant(page);
        for (uint32_t i = 0; i < wire::directory_entries && missing > 0; i++, missing--) {
            void *audio = kernel_.memory.map_grant(domain_, directory.gref[i]);
            if (audio == nullptr)
                return false;
            buffer_pages_.push_back(static_cast<uint8_t *>(audio));
        }
        reference = directory.gref_dir_next_page;
        if (missing == 0 && reference != 0)
            complain("the page directory goes on after its last page");
    }
    return true;
}

int32_t BackendStream::open(const wire::OpenRequest &request)
{
    if (opened_) {
        complain("OPEN of a stream that is open");
        return status_invalid;
    }
    if (request.buffer_sz == 0 || request.period_sz == 0 || request.period_sz > request.buffer_sz) {
        complain("OPEN with an impossible buffer or period size");
        return status_invalid;
    }
    if (request.buffer_sz > buffer_limit || request.period_sz < period_min)
        return status_invalid;
    // The frontend may have ended the grants if it did not wait for the response to OPEN.
    if (!map_buffer(request)) {
        close();
        return status_io;
    }
    opened_ = request;
    first_offset_ = 0;
    wrapped_at_ = 0;
    position_ = 0;
    record.written.clear();
    record.written_bytes = 0;
    return 0;
}

void BackendStream::close()
{
    kernel_.timeline.cancel(next_tick_);
    is_running_ = false;
    for (uint8_t *page : buffer_pages_)
        unmap(page);
    buffer_pages_.clear();
    opened_.reset();
}

uint8_t &BackendStream::buffer_byte(uint64_t offset)
{
    return buffer_pages_[offset / wire::page_size][offset % wire::page_size];
}

bool BackendStream::is_inside(const wire::TransferRequest &transfer) const
{
    if (opened_ && transfer.length != 0 &&
        uint64_t { transfer.offset } + transfer.length <= opened_->buffer_sz)
        return true;
    complain("READ or WRITE outside of the buffer");
    return false;
}

int32_t BackendStream::write(const wire::TransferRequest &transfer)
{
    if (!is_inside(transfer))
        return status_invalid;
    // A stream that goes on with what another backend has begun does so anywhere in the buffer.
    if (record.written_bytes == 0)
        first_offset_ = transfer.offset;
    if (wrapped_at_ == 0 && transfer.offset == 0 && record.written_bytes != 0) {
        wrapped_at_ = first_offset_ + record.written_bytes;
        if (wrapped_at_ + values_bytes_max < opened_->buffer_sz)
            complain("WRITE starts over before the end of the buffer");
    }
    if (transfer.offset != (first_offset_ + record.written_bytes) % audio_bytes())
        complain("WRITE does not go on where the last one ended");
    if (uint64_t { transfer.offset } + transfer.length > audio_bytes())
        complain("WRITE of what is no audio");
    record.written_bytes += transfer.length;
    if (record.written_bytes > position_ + audio_bytes())
        complain("WRITE over frames that were not played");
    for (uint32_t i = 0; i < transfer.length && !is_counting_only; i++)
        record.written.push_back(buffer_byte(uint64_t { transfer.offset } + i));
    return 0;
}

int32_t BackendStream::read(const wire::TransferRequest &transfer)
{
    if (!is_inside(transfer))
        return status_invalid;
    for (uint32_t i = 0; i < transfer.length && source; i++)
        buffer_byte(uint64_t { transfer.offset } + i) = source(record.written_bytes + i);
    record.written_bytes += transfer.length;
    return 0;
}

uint64_t BackendStream::audio_bytes() const
{
    return wrapped_at_ != 0 ? wrapped_at_ : opened_->buffer_sz;
}

int32_t BackendStream::set_values(wire::Operation operation, const wire::TransferRequest &transfer)
{
    if (!is_inside(transfer))
        return status_invalid;
    if (transfer.length != opened_->pcm_channels * sizeof(int32_t) || transfer.offset % 4 != 0 ||
        transfer.offset + values_bytes_max < opened_->buffer_sz ||
        transfer.offset < (first_offset_ + record.written_bytes) % audio_bytes())
        complain("volume or mute values of an impossible size or place");
    for (uint32_t channel = 0; channel < opened_->pcm_channels; channel++) {
        auto *word = reinterpret_cast<uint32_t *>(
            &buffer_byte(uint64_t { transfer.offset } + channel * sizeof(int32_t)));
        const uint32_t value = __atomic_load_n(word, __ATOMIC_ACQUIRE);
        const auto volume = static_cast<int32_t>(value);
        if (operation == wire::Operation::SetVolume)
            volumes[channel] = on_volume ? on_volume(volume) : volume;
        else if (operation == wire::Operation::GetVolume)
            __atomic_store_n(word, static_cast<uint32_t>(volumes[channel]), __ATOMIC_RELEASE);
        else if ((value & 0xff) != 0)
            muted[channel] = operation == wire::Operation::Mute;
    }
    return 0;
}

Duration BackendStream::period_time() const
{
    const uint64_t frame_bits =
        uint64_t { sample_layouts[opened_->pcm_format].bits } * opened_->pcm_channels;
    const uint64_t frames = uint64_t { opened_->period_sz } * 8 / frame_bits;
    return std::chrono::nanoseconds(frames * 1'000'000'000 / opened_->pcm_rate);
}

void BackendStream::trigger(wire::TriggerType type)
{
    is_running_ = type == wire::TriggerType::Start || type == wire::TriggerType::Resume;
    kernel_.timeline.cancel(next_tick_);
    if (has_clock)
        start_clock();
}

void BackendStream::start_clock()
{
    has_clock = true;
    kernel_.timeline.cancel(next_tick_);
    if (is_running_)
        next_tick_ = kernel_.timeline.after(period_time(), [this] { tick(); });
}

void BackendStream::tick()
{
    if (!has_clock)
        return;
    next_tick_ = kernel_.timeline.after(period_time(), [this] { tick(); });
    if (!wants_notifications)
        serve();
    // A device that has nothing to play stands still.
    const uint64_t end = source ? position_ + opened_->period_sz : record.written_bytes;
    if (end > position_)
        play(std::min<uint64_t>(end - position_, opened_->period_sz));
}

void BackendStream::play(uint64_t bytes)
{
    for (uint64_t at = position_; at < position_ + bytes; at++) {
        if (source || is_counting_only || is_written_in_place || at >= record.written.size())
            break;
        if (buffer_byte((first_offset_ + at) % audio_bytes()) != record.written[at]) {
            complain("byte " + std::to_string(at) + " was changed between WRITE and its playing");
            break;
        }
    }
    report_position(position_ + bytes);
}

void BackendStream::report_position(uint64_t bytes)
{
    position_ = std::max(position_, bytes);
    if (before_position && !before_position(bytes))
        return;
    wire::Event event = {};
    event.type = wire::event_current_position;
    event.position = bytes;
    send_event(event);
    serve_waiting(false);
}

void BackendStream::send_event(const wire::Event &event)
{
    const uint32_t consumed = __atomic_load_n(&events_->in_cons, __ATOMIC_ACQUIRE);
    // Without room it drops the event, as backends do.
    if (event_produced_ - consumed < wire::event_ring_size) {
        events_->events[event_produced_ % wire::event_ring_size] = event;
        event_produced_++;
        __atomic_store_n(&events_->in_prod, event_produced_, __ATOMIC_RELEASE);
    }
    interrupt_events();
}

} // namespace xen_front::fake
