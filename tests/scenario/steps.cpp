// SPDX-License-Identifier: GPL-2.0-only
// What each step of a scenario does.
#include <algorithm>
#include <cerrno>

#include "fake/sample_layout.hpp"
#include "scenario/words.hpp"

namespace xen_front::test {

namespace {

using wire::XenbusState;
using namespace std::chrono_literals;

// What a step without its object returns: no system call does.
constexpr int64_t nothing = -1000;

constexpr unsigned int frame_bits_of(unsigned int format, unsigned int channels)
{
    return fake::sample_layouts[format].bits * channels;
}

} // namespace

const Scenario::Row *Scenario::row_of(std::string_view name)
{
    static constexpr Row rows[] = {
        { "open", &Scenario::open },
        { "close", &Scenario::close },
        { "use", &Scenario::use },
        { "params", &Scenario::params },
        { "thresholds", &Scenario::thresholds },
        { "free", &Scenario::free },
        { "prepare", &Scenario::prepare },
        { "start", &Scenario::start },
        { "pause", &Scenario::pause },
        { "release", &Scenario::release },
        { "drop", &Scenario::drop },
        { "drain", &Scenario::drain },
        { "sync", &Scenario::sync },
        { "write", &Scenario::write },
        { "read", &Scenario::read },
        { "nonblocking", &Scenario::nonblocking },
        { "wakeups", &Scenario::wakeups },
        { "move", &Scenario::move },
        { "forward", &Scenario::forward },
        { "clock", &Scenario::clock },
        { "play", &Scenario::play },
        { "report", &Scenario::report },
        { "hold", &Scenario::hold },
        { "answer", &Scenario::answer },
        { "refuse", &Scenario::refuse },
        { "accept", &Scenario::accept },
        { "latency", &Scenario::latency },
        { "poke", &Scenario::poke },
        { "poll", &Scenario::poll },
        { "leave", &Scenario::leave },
        { "vanish", &Scenario::vanish },
        { "back", &Scenario::come_back },
        { "unbind", &Scenario::unbind },
        { "bind", &Scenario::bind },
        { "restore", &Scenario::restore },
        { "pass", &Scenario::pass },
        { "state", &Scenario::expect_state },
        { "appl", &Scenario::expect_appl },
        { "hw", &Scenario::expect_hw },
        { "heard", &Scenario::expect_heard },
        { "requests", &Scenario::expect_requests },
        { "quiet", &Scenario::expect_quiet },
        { "cards", &Scenario::expect_cards },
    };
    const auto *row = std::find_if(std::begin(rows), std::end(rows),
                                   [=](const Row &entry) { return entry.name == name; });
    return row == std::end(rows) ? nullptr : row;
}

// ---- the application ----

int64_t Scenario::use(Words &words)
{
    direction_ = words.next() == "c" ? KSHIM_CAPTURE : KSHIM_PLAYBACK;
    return 0;
}

int64_t Scenario::open(Words &words)
{
    use(words);
    if (side().file)
        return nothing;
    const auto cards = kernel_.sound.visible_cards();
    int status = -ENODEV;
    if (!cards.empty())
        side().file = fake::PcmFile::open(*cards[0], 0, direction_, status);
    if (side().file)
        side().file->is_nonblocking = side().is_nonblocking;
    side().moved = 0;
    return status;
}

int64_t Scenario::close(Words &)
{
    if (!side().file)
        return nothing;
    side().file.reset();
    return 0;
}

int64_t Scenario::params(Words &words)
{
    const unsigned int format = words.format();
    const auto next = [&] {
        return static_cast<unsigned int>(words.number());
    };
    const unsigned int rate = next();
    const unsigned int channels = next();
    const unsigned int period = next();
    const unsigned int buffer = next();
    if (!side().file)
        return nothing;
    side().file->wants_no_period_wakeup = side().has_no_wakeups;
    const fake::PcmParams chosen = { format, rate, channels, period, buffer };
    const int status = side().file->hw_params(chosen);
    if (status == 0)
        side().frame_bits = frame_bits_of(format, channels);
    return status;
}

int64_t Scenario::thresholds(Words &words)
{
    const auto start = static_cast<uint64_t>(words.number());
    const auto stop = static_cast<uint64_t>(words.number());
    const auto avail_min = static_cast<uint64_t>(words.number());
    return side().file ? side().file->sw_params(start, stop, avail_min) : nothing;
}

int64_t Scenario::free(Words &)
{
    return side().file ? side().file->hw_free() : nothing;
}

int64_t Scenario::prepare(Words &)
{
    if (!side().file)
        return nothing;
    const int status = side().file->prepare();
    if (status == 0)
        side().moved = 0;
    return status;
}

int64_t Scenario::start(Words &)
{
    return side().file ? side().file->start() : nothing;
}

int64_t Scenario::pause(Words &)
{
    return side().file ? side().file->pause(true) : nothing;
}

int64_t Scenario::release(Words &)
{
    return side().file ? side().file->pause(false) : nothing;
}

int64_t Scenario::drop(Words &)
{
    return side().file ? side().file->drop() : nothing;
}

int64_t Scenario::drain(Words &)
{
    return side().file ? side().file->drain() : nothing;
}

int64_t Scenario::sync(Words &)
{
    return side().file ? side().file->hwsync() : nothing;
}

// Goes on where the last write since prepare ended.
int64_t Scenario::write(Words &words)
{
    const auto frames = static_cast<uint64_t>(words.number());
    if (!side().file || side().frame_bits == 0)
        return nothing;
    std::vector<uint8_t> audio(bytes(frames));
    for (uint64_t i = 0; i < audio.size(); i++)
        audio[i] = played_byte(bytes(side().moved) + i);
    const int64_t written = side().file->write(audio);
    side().moved += static_cast<uint64_t>(std::max<int64_t>(written, 0));
    return written;
}

// Looks at what was captured as well: it goes on where the last read since prepare ended.
int64_t Scenario::read(Words &words)
{
    const auto frames = static_cast<uint64_t>(words.number());
    if (!side().file || side().frame_bits == 0)
        return nothing;
    std::vector<uint8_t> audio(bytes(frames));
    const int64_t count = side().file->read(audio);
    for (uint64_t i = 0; count > 0 && i < bytes(static_cast<uint64_t>(count)); i++) {
        if (audio[i] != captured_byte(bytes(side().moved) + i)) {
            fail("byte " + std::to_string(i) + " is not what was captured");
            break;
        }
    }
    side().moved += static_cast<uint64_t>(std::max<int64_t>(count, 0));
    return count;
}

int64_t Scenario::move(Words &words)
{
    return direction_ == KSHIM_PLAYBACK ? write(words) : read(words);
}

// Of the stream's reads and writes from the next prepare on, as the kernel has it.
int64_t Scenario::nonblocking(Words &words)
{
    side().is_nonblocking = words.next() == "on";
    if (side().file)
        side().file->is_nonblocking = side().is_nonblocking;
    return 0;
}

int64_t Scenario::wakeups(Words &words)
{
    side().has_no_wakeups = words.next() == "off";
    return 0;
}

// As a client of mmap does.
int64_t Scenario::forward(Words &words)
{
    const int64_t frames = words.number();
    if (!side().file || side().file->state() == fake::PcmState::Open)
        return nothing;
    return side().file->move_appl_ptr(side().file->runtime().appl_ptr +
                                      static_cast<uint64_t>(frames));
}

// ---- the backend ----

int64_t Scenario::clock(Words &words)
{
    has_clock_ = words.next() == "on";
    for (const unsigned int number : { 0u, 1u }) {
        if (backend_.stream_count() != 0)
            backend_.stream(0, number).has_clock = has_clock_;
    }
    return 0;
}

int64_t Scenario::play(Words &words)
{
    const auto frames = static_cast<uint64_t>(words.number());
    if (stream() != nullptr && stream()->opened()) {
        stream()->report_position(stream()->position() + bytes(frames));
        kernel_.timeline.pass(0ns);
    }
    return 0;
}

// A position that may be anything.
int64_t Scenario::report(Words &words)
{
    const auto frames = static_cast<uint64_t>(words.number());
    if (stream() != nullptr && stream()->opened()) {
        stream()->report_position(bytes(frames));
        kernel_.timeline.pass(0ns);
    }
    return 0;
}

int64_t Scenario::hold(Words &words)
{
    const wire::Operation operation = words.operation();
    if (stream() != nullptr)
        stream()->withheld.insert(operation);
    return 0;
}

int64_t Scenario::answer(Words &)
{
    if (stream() != nullptr) {
        stream()->withheld.clear();
        stream()->answer_all();
        kernel_.timeline.pass(0ns);
    }
    return 0;
}

int64_t Scenario::refuse(Words &words)
{
    const wire::Operation operation = words.operation();
    const auto status = static_cast<int32_t>(words.number(-EIO));
    if (stream() != nullptr)
        stream()->statuses[operation] = status;
    return 0;
}

int64_t Scenario::accept(Words &)
{
    if (stream() != nullptr)
        stream()->statuses.clear();
    return 0;
}

int64_t Scenario::latency(Words &words)
{
    const int64_t milliseconds = words.number();
    if (stream() != nullptr)
        stream()->latency = fake::Duration(milliseconds * 1ms);
    return 0;
}

// Interrupts for nothing.
int64_t Scenario::poke(Words &words)
{
    const bool is_event = words.next() == "events";
    if (stream() != nullptr) {
        is_event ? stream()->interrupt_events() : stream()->interrupt_requests();
        kernel_.timeline.pass(0ns);
    }
    return 0;
}

// The backend does not want to be notified, or does again.
int64_t Scenario::poll(Words &words)
{
    if (stream() != nullptr) {
        stream()->wants_notifications = words.next() == "off";
        stream()->serve();
        kernel_.timeline.pass(0ns);
    }
    return 0;
}

// ---- the connection ----

int64_t Scenario::leave(Words &)
{
    backend_.publish(XenbusState::Closing);
    backend_.detach();
    backend_.publish(XenbusState::Closed);
    return 0;
}

// It dies, and nothing says so.
int64_t Scenario::vanish(Words &)
{
    backend_.detach();
    return 0;
}

int64_t Scenario::come_back(Words &words)
{
    leave(words);
    connect();
    // A frontend may take its time with one that comes and goes.
    for (int i = 0; i < 100 && fake::frontend_state(device_) != XenbusState::Connected; i++) {
        kernel_.timeline.pass(50ms);
        connect();
    }
    return 0;
}

int64_t Scenario::unbind(Words &)
{
    if (!device_.is_bound)
        return nothing;
    fake::remove(device_);
    backend_.detach();
    return 0;
}

int64_t Scenario::bind(Words &words)
{
    if (device_.is_bound)
        return nothing;
    const int status = fake::probe(device_);
    if (status == 0)
        come_back(words);
    return status;
}

int64_t Scenario::restore(Words &)
{
    if (!device_.is_bound)
        return nothing;
    fake::save_and_restore(device_, [this] { backend_.detach(); });
    connect();
    return 0;
}

int64_t Scenario::pass(Words &words)
{
    kernel_.timeline.pass(words.number() * 1ms);
    return 0;
}

} // namespace xen_front::test
