// SPDX-License-Identifier: GPL-2.0-only
#include "scenario/scenario.hpp"

#include <algorithm>
#include <charconv>

#include "fake/fault.hpp"
#include "scenario/words.hpp"

namespace xen_front::test {

namespace {

using wire::XenbusState;

const char *name_of_state(fake::PcmState state)
{
    switch (state) {
    case fake::PcmState::Open:
        return "open";
    case fake::PcmState::Setup:
        return "setup";
    case fake::PcmState::Prepared:
        return "prepared";
    case fake::PcmState::Running:
        return "running";
    case fake::PcmState::Xrun:
        return "xrun";
    case fake::PcmState::Draining:
        return "draining";
    case fake::PcmState::Paused:
        return "paused";
    case fake::PcmState::Disconnected:
        return "disconnected";
    default:
        return "suspended"; // which the fake core does not know
    }
}

constexpr std::pair<const char *, const char *> configuration[] = {
    { "short-name", "Scenario" },
    { "sample-rates", "5512,8000,11025,16000,22050,32000,44100,48000,88200,96000,192000" },
    { "sample-formats", "s8,u8,s16_le,s16_be,u16_le,u16_be,s24_le,s24_be,u24_le,u24_be,s32_le,"
                        "s32_be,u32_le,u32_be,float_le,float_be,float64_le,float64_be,"
                        "iec958_subframe_le,iec958_subframe_be,mu_law,a_law,ima_adpcm" },
    { "channels-min", "1" },
    { "channels-max", "8" },
    { "buffer-size", "262144" },
    { "0/name", "Device" },
    { "0/0/type", "p" },
    { "0/0/unique-id", "player" },
    { "0/1/type", "c" },
    { "0/1/unique-id", "recorder" },
};

} // namespace

Scenario::Scenario() : device_(kernel_.add_device()), backend_(kernel_, device_)
{
    for (const auto &[node, value] : configuration)
        kernel_.store.set(device_.path + "/" + node, value);
    kernel_.store.set(device_.backend_path + "/versions", "1,2");
    fake::set_fault_handler([this](const std::string &what) { fail(what); });
    backend_.on_attach = [this](fake::BackendStream &stream) {
        stream.has_clock = has_clock_;
        stream.latency = latency_;
        if (backend_.stream_count() != 0)
            stream.source = captured_byte;
    };
    if (fake::probe(device_) != 0)
        fail("the driver did not take the device");
    else
        connect();
}

Scenario::~Scenario()
{
    fake::set_fault_handler(nullptr);
}

void Scenario::fail(const std::string &what)
{
    failures_.push_back((transcript_.empty() ? "" : transcript_.back() + ": ") + what);
}

void Scenario::settle()
{
    kernel_.timeline.pass(std::chrono::microseconds(20));
}

void Scenario::publish(XenbusState state)
{
    backend_.publish(state);
    settle();
}

void Scenario::connect()
{
    publish(XenbusState::InitWait);
    if (fake::frontend_state(device_) == XenbusState::Initialised)
        backend_.connect();
    settle();
}

fake::BackendStream *Scenario::stream()
{
    if (backend_.stream_count() == 0)
        return nullptr;
    return &backend_.stream(0, direction_ == KSHIM_PLAYBACK ? 0 : 1);
}

void Scenario::imitate_real_kernel()
{
    kernel_.sound.imitate_newest();
    latency_ = std::chrono::microseconds(1);
    for (const unsigned int number : { 0u, 1u })
        backend_.stream(0, number).latency = latency_;
}

void Scenario::run(std::string_view script)
{
    while (!script.empty()) {
        const size_t end = std::min(script.find(';'), script.size());
        step(script.substr(0, end));
        script.remove_prefix(std::min(end + 1, script.size()));
    }
}

std::string Scenario::pointers() const
{
    std::string text;
    for (const Side &side : sides_) {
        if (!side.file)
            continue;
        const auto &runtime = side.file->runtime();
        text += std::string(" | ") + (&side == sides_ ? "p " : "c ") + name_of_state(runtime.state);
        // The application sees no pointers of a stream whose card is gone.
        if (runtime.state != fake::PcmState::Disconnected)
            text += " " + std::to_string(runtime.hw_ptr) + " " + std::to_string(runtime.appl_ptr);
    }
    return text;
}

void Scenario::step(std::string_view text)
{
    Words words(text);
    const std::string_view name = words.next();
    const Row *row = row_of(name);
    transcript_.emplace_back(words.text());
    if (row == nullptr) {
        fail("there is no such step");
        return;
    }
    const int64_t result = (this->*row->step)(words);
    settle();
    transcript_.back() += " -> " + std::to_string(result) + pointers();
    if (const auto expected = words.expected(); expected && *expected != result)
        fail("expected " + std::to_string(*expected));
    if (words.is_bad())
        fail("the step's words are not understood");
}

void Scenario::end()
{
    transcript_.emplace_back("end");
    for (Side &side : sides_)
        side.file.reset();
    if (device_.is_bound)
        fake::remove(device_);
    backend_.detach();
    kernel_.expect_no_leaks();
    if (kernel_.memory.lingering_count() != 0)
        fail("a grant was ended only in part");
}

// ---- what must be ----

int64_t Scenario::expect_state(Words &words)
{
    const std::string_view wanted = words.next();
    const std::string_view state = side().file ? name_of_state(side().file->state()) : "closed";
    if (state != wanted)
        fail("the stream is " + std::string(state));
    return 0;
}

int64_t Scenario::expect_appl(Words &words)
{
    const auto wanted = static_cast<uint64_t>(words.number());
    if (side().file && side().file->runtime().appl_ptr != wanted)
        fail("the application pointer is elsewhere");
    return 0;
}

int64_t Scenario::expect_hw(Words &words)
{
    const auto wanted = static_cast<uint64_t>(words.number());
    if (side().file && side().file->runtime().hw_ptr != wanted)
        fail("the hardware pointer is elsewhere");
    return 0;
}

// Checks that the backend was given what the application wrote since prepare, and after it nothing
// but silence.
int64_t Scenario::expect_heard(Words &)
{
    const fake::BackendStream *backend = stream();
    if (backend == nullptr) {
        fail("there is no backend");
        return 0;
    }
    const auto &written = backend->record.written;
    const uint64_t sent = bytes(side().moved);
    if (written.size() < sent) {
        fail("only " + std::to_string(written.size()) + " of " + std::to_string(sent) +
             " bytes arrived");
        return 0;
    }
    for (uint64_t i = 0; i < sent; i++) {
        if (written[i] != played_byte(i)) {
            fail("byte " + std::to_string(i) + " is not what was written");
            break;
        }
    }
    return 0;
}

// Checks that the backend was given each sound that was mixed, from its beginning to its end.
int64_t Scenario::expect_mixed(Words &)
{
    if (mixed_.empty())
        fail("nothing was mixed");
    for (const auto &[begin, end] : mixed_) {
        uint64_t at = begin;
        while (stream() != nullptr && at < std::min(end, stream()->record.written.size()) &&
               stream()->record.written[at] == played_byte(at))
            at++;
        if (at < end)
            fail("of the sound at " + std::to_string(begin) + ", byte " +
                 std::to_string(at - begin) + " was not heard");
    }
    return 0;
}

// Checks that the backend has played each sound that was mixed, to its end.
int64_t Scenario::expect_played(Words &words)
{
    for (const auto &[begin, end] : mixed_) {
        if (stream() == nullptr || stream()->position() < end)
            fail("the sound at " + std::to_string(begin) + " was not played to its end");
    }
    return expect_mixed(words);
}

int64_t Scenario::expect_requests(Words &words)
{
    const auto operation = words.operation();
    const auto wanted = static_cast<uint64_t>(words.number());
    if (stream() == nullptr || stream()->count(operation) != wanted)
        fail("there were " + std::to_string(stream() == nullptr ? 0 : stream()->count(operation)));
    return 0;
}

uint64_t Scenario::interrupts()
{
    if (stream() == nullptr)
        return 0;
    const fake::TransportNodes &nodes = stream()->nodes();
    return kernel_.event_channels.interrupts(device_.backend_domain, nodes.event_channel) +
           kernel_.event_channels.interrupts(device_.backend_domain, nodes.event_ring_channel);
}

// That none has come since the last quiet with this word: "quiet from", "quiet".
int64_t Scenario::expect_quiet(Words &words)
{
    const uint64_t before = exchange(interrupts_, interrupts());
    if (words.next() != "from" && interrupts_ != before)
        fail(std::to_string(interrupts_ - before) + " interrupts came");
    return 0;
}

int64_t Scenario::expect_cards(Words &words)
{
    const auto wanted = static_cast<size_t>(words.number());
    if (kernel_.sound.visible_cards().size() != wanted)
        fail("there are " + std::to_string(kernel_.sound.visible_cards().size()));
    return 0;
}

} // namespace xen_front::test
