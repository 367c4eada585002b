// SPDX-License-Identifier: GPL-2.0-only
#include "stress/other_end.hpp"

#include <algorithm>
#include <cerrno>
#include <chrono>

#include "fake/fault.hpp"
#include "fake/pcm_file.hpp"

namespace xen_front::stress {

namespace {

using wire::XenbusState;
using namespace std::chrono_literals;

constexpr std::pair<const char *, const char *> configuration[] = {
    { "short-name", "Stress" },      { "sample-rates", "8000,48000" },
    { "sample-formats", "s16_le" },  { "channels-min", "1" },
    { "channels-max", "2" },         { "buffer-size", "65536" },
    { "0/name", "Device" },          { "0/0/type", "p" },
    { "0/0/unique-id", "player" },   { "0/1/type", "c" },
    { "0/1/unique-id", "recorder" },
};

// Two seconds of it fit the buffer: more than any machine keeps a thread waiting.
constexpr fake::PcmParams slow_params = { 2, 8000, 2, 1000, 16000 }; // S16_LE
constexpr uint64_t checked_frames = 4000;
constexpr unsigned int request_timeout_ms = 200;

uint8_t played_byte(uint64_t position)
{
    return static_cast<uint8_t>((position * 2654435761u >> 13) ^ position);
}

uint8_t captured_byte(uint64_t position)
{
    return static_cast<uint8_t>(position * 7 + (position >> 8));
}

} // namespace

OtherEnd::OtherEnd(unsigned int seed)
    : random_(seed), device_(kernel_.add_device()), backend_(kernel_, device_)
{
    fake::set_fault_handler([this](const std::string &what) { fail(what); });
    for (const auto &[node, value] : configuration)
        kernel_.store.set(device_.path + "/" + node, value);
    kernel_.store.set(device_.backend_path + "/versions", "1,2");
    fake::Kernel::set_parameter("request_timeout_ms", request_timeout_ms);
    // On a loaded machine this backend may need longer than that to connect, and the driver ends
    // the transports of a card that it gives up.
    fake::Kernel::set_parameter("reconnect_timeout_ms", 0);
    backend_.on_attach = [this](fake::BackendStream &stream) {
        stream.has_clock = true;
        stream.is_counting_only = true;
        stream.latency = fake::Duration(pick(random_, 3) * 1ms);
        if (backend_.stream_count() != 0)
            stream.source = captured_byte;
    };
    if (fake::probe(device_) != 0)
        fail("the driver did not take the device");
    connect();
}

OtherEnd::~OtherEnd()
{
    fake::set_fault_handler(nullptr);
}

void OtherEnd::connect()
{
    // Once: each time has the frontend begin anew. It may take its time with one that comes and
    // goes.
    backend_.wait_for_frontend();
    for (int i = 0; i < 1000 && fake::frontend_state(device_) != XenbusState::Initialised; i++)
        kernel_.timeline.pass(20ms);
    if (fake::frontend_state(device_) != XenbusState::Initialised) {
        fail("the frontend did not publish its transports");
        return;
    }
    backend_.connect();
    connections_++;
    for (int i = 0; i < 1000 && fake::frontend_state(device_) != XenbusState::Connected; i++)
        kernel_.timeline.pass(20ms);
    if (fake::frontend_state(device_) != XenbusState::Connected)
        fail("the frontend did not connect");
}

void OtherEnd::leave()
{
    backend_.publish(XenbusState::Closing);
    backend_.detach();
    backend_.publish(XenbusState::Closed);
}

void OtherEnd::come_back()
{
    // Without a word, or as one that ends.
    if (pick(random_, 2) == 0) {
        backend_.detach();
        kernel_.timeline.pass(fake::Duration(pick(random_, 300) * 1ms));
    }
    leave();
    kernel_.timeline.pass(fake::Duration(pick(random_, 30) * 1ms));
    connect();
}

void OtherEnd::rebind()
{
    fake::remove(device_);
    backend_.detach();
    kernel_.timeline.pass(fake::Duration(pick(random_, 30) * 1ms));
    if (fake::probe(device_) != 0)
        fail("the driver did not take the device again");
    leave();
    connect();
}

// For nothing, as often as not.
void OtherEnd::interrupt()
{
    if (backend_.stream_count() == 0)
        return;
    fake::BackendStream &stream = backend_.stream(0, pick(random_, 2));
    for (unsigned int left = pick(random_, 20); left > 0; left--)
        pick(random_, 2) == 0 ? stream.interrupt_events() : stream.interrupt_requests();
}

void OtherEnd::step()
{
    switch (pick(random_, 8)) {
    case 0:
    case 1:
        come_back();
        break;
    case 2:
        rebind();
        break;
    default:
        interrupt();
        break;
    }
    kernel_.timeline.pass(fake::Duration(pick(random_, 40) * 1ms));
}

void OtherEnd::check_playback()
{
    int status = -ENODEV;
    const auto cards = kernel_.sound.visible_cards();
    std::unique_ptr<fake::PcmFile> file;
    if (!cards.empty())
        file = fake::PcmFile::open(*cards[0], 0, KSHIM_PLAYBACK, status);
    if (!file || file->hw_params(slow_params) != 0 || file->prepare() != 0) {
        fail("playback: the card cannot be set up");
        return;
    }
    std::vector<uint8_t> audio(file->bytes(checked_frames));
    for (uint64_t i = 0; i < audio.size(); i++)
        audio[i] = played_byte(i);
    if (file->write(audio) != checked_frames || file->drain() != 0)
        fail("playback: the card does not play");
    const auto &written = backend_.stream(0, 0).record.written;
    if (written.size() < audio.size() || !std::equal(audio.begin(), audio.end(), written.begin()))
        fail("playback: the backend was given something else");
}

void OtherEnd::check_capture()
{
    int status = -ENODEV;
    const auto cards = kernel_.sound.visible_cards();
    std::unique_ptr<fake::PcmFile> file;
    if (!cards.empty())
        file = fake::PcmFile::open(*cards[0], 0, KSHIM_CAPTURE, status);
    if (!file || file->hw_params(slow_params) != 0 || file->prepare() != 0) {
        fail("capture: the card cannot be set up");
        return;
    }
    std::vector<uint8_t> audio(file->bytes(checked_frames));
    if (file->read(audio) != checked_frames)
        fail("capture: the card does not record");
    for (uint64_t i = 0; i < audio.size(); i++) {
        if (audio[i] != captured_byte(i)) {
            fail("capture: byte " + std::to_string(i) + " is not what the backend recorded");
            break;
        }
    }
}

void OtherEnd::check()
{
    leave();
    connect();
    backend_.stream(0, 0).is_counting_only = false;
    check_playback();
    check_capture();
    fake::remove(device_);
    backend_.detach();
    kernel_.expect_no_leaks();
    if (kernel_.memory.lingering_count() != 0)
        fail("a grant was ended only in part");
}

} // namespace xen_front::stress
