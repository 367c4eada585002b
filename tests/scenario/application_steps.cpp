// SPDX-License-Identifier: GPL-2.0-only
// What the application does in each of its steps.
#include <algorithm>
#include <cerrno>

#include "fake/sample_layout.hpp"
#include "scenario/words.hpp"

namespace xen_front::test {

namespace {

using namespace std::chrono_literals;

// As a stop threshold: a boundary, which positions never reach.
constexpr uint64_t free_wheeling = 4611686018427387904;

constexpr unsigned int frame_bits_of(unsigned int format, unsigned int channels)
{
    return fake::sample_layouts[format].bits * channels;
}

} // namespace

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
    side().file->wants_mmap = side().wants_mmap;
    const fake::PcmParams chosen = { format, rate, channels, period, buffer };
    const int status = side().file->hw_params(chosen);
    if (status == 0) {
        side().frame_bits = frame_bits_of(format, channels);
        side().buffer_frames = buffer;
        side().is_free_wheeling = false;
    }
    return status;
}

int64_t Scenario::thresholds(Words &words)
{
    const auto start = static_cast<uint64_t>(words.number());
    const auto stop = static_cast<uint64_t>(words.number());
    const auto avail_min = static_cast<uint64_t>(words.number());
    const auto silence = static_cast<uint64_t>(words.number());
    if (!side().file)
        return nothing;
    const int status = side().file->sw_params(start, stop, avail_min, 0, silence);
    if (status == 0)
        side().is_free_wheeling = stop == free_wheeling;
    return status;
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
    if (status == 0) {
        side().moved = 0;
        side().has_jumped = false;
    }
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

// As dmix begins a sound: into the buffer, at the position that ALSA shows.
int64_t Scenario::mix(Words &words)
{
    const auto frames = static_cast<uint64_t>(words.number());
    if (!side().file || stream() == nullptr)
        return nothing;
    stream()->is_written_in_place = true;
    const int status = side().file->hwsync();
    const uint64_t at = bytes(side().file->runtime().hw_ptr);
    const auto buffer = side().file->buffer();
    if (buffer.empty())
        return nothing;
    for (uint64_t i = at; i < at + bytes(frames); i++)
        buffer[i % buffer.size()] = played_byte(i);
    mixed_.push_back({ at, at + bytes(frames) });
    return status;
}

// Looks at what was captured as well: it goes on where the last read since prepare ended.
int64_t Scenario::read(Words &words)
{
    const auto frames = static_cast<uint64_t>(words.number());
    if (!side().file || side().frame_bits == 0)
        return nothing;
    std::vector<uint8_t> audio(bytes(frames));
    const bool is_continuous = !side().has_jumped && !side().is_free_wheeling;
    const int64_t count = side().file->read(audio);
    for (uint64_t i = 0; count > 0 && i < bytes(static_cast<uint64_t>(count)); i++) {
        if (is_continuous && audio[i] != captured_byte(bytes(side().moved) + i)) {
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

// O_NONBLOCK of reads and writes: from the next prepare on, as in the kernel of tests/uml.
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

int64_t Scenario::mmap(Words &words)
{
    side().wants_mmap = words.next() == "on";
    return 0;
}

// As a client of mmap does.
int64_t Scenario::forward(Words &words)
{
    const int64_t frames = words.number();
    if (!side().file || side().file->state() == fake::PcmState::Open)
        return nothing;
    side().has_jumped = true;
    fake::PcmFile &file = *side().file;
    const int status = file.move_appl_ptr(file.runtime().appl_ptr + static_cast<uint64_t>(frames));
    // alsa-lib does not tell. Of a pointer that cannot be there, an application knows by itself.
    if (status < 0 && status != -EINVAL && !file.poll().is_error)
        fail("poll() does not tell that the pointer did not move");
    return status;
}

// As a sound server's thread in real time, for so long: sleeps in poll(), and moves all frames that
// there are, or prepares and starts a stream that poll() says has failed. Until it gives that up it
// has to sleep now and then, or the kernel kills it.
int64_t Scenario::serve(Words &words)
{
    constexpr unsigned int rounds_max = 64;
    const auto end = kernel_.timeline.now() + words.number() * 1ms;
    if (!side().file)
        return nothing;
    fake::PcmFile &file = *side().file;
    side().has_jumped = true;
    // alsa-lib's, which moves even if ALSA refuses it.
    uint64_t appl_ptr = file.runtime().appl_ptr;
    const auto move_all = [&] {
        const uint64_t buffer = side().buffer_frames;
        (void)file.hwsync();
        const uint64_t all = file.runtime().hw_ptr + (direction_ == KSHIM_PLAYBACK ? buffer : 0);
        while (appl_ptr < all) {
            appl_ptr = std::min(all, appl_ptr + buffer);
            (void)file.move_appl_ptr(appl_ptr);
        }
    };
    unsigned int rounds = 0;
    while (rounds < rounds_max && kernel_.timeline.now() < end) {
        const auto woken = kernel_.timeline.now();
        const auto [is_ready, is_error] = file.poll();
        if (is_error) {
            if (file.state() != fake::PcmState::Xrun || file.prepare() < 0)
                return 1;
            appl_ptr = file.runtime().appl_ptr;
            move_all();
            (void)file.start();
        } else if (is_ready) {
            move_all();
        } else {
            kernel_.timeline.pass(1ms);
        }
        rounds = kernel_.timeline.now() - woken < 1ms ? rounds + 1 : 0;
    }
    if (rounds == rounds_max)
        fail("it neither sleeps nor gives up");
    return 0;
}

int64_t Scenario::reset(Words &)
{
    side().has_jumped = true;
    return side().file ? side().file->reset() : nothing;
}

// To the other one.
int64_t Scenario::link(Words &)
{
    const Side &other = sides_[direction_ == KSHIM_PLAYBACK ? KSHIM_CAPTURE : KSHIM_PLAYBACK];
    return side().file && other.file ? side().file->link(*other.file) : nothing;
}

int64_t Scenario::unlink(Words &)
{
    return side().file ? side().file->unlink() : nothing;
}

int64_t Scenario::rewind(Words &words)
{
    side().has_jumped = true;
    const auto frames = static_cast<uint64_t>(words.number());
    return side().file ? side().file->rewind(frames) : nothing;
}

int64_t Scenario::skip(Words &words)
{
    side().has_jumped = true;
    const auto frames = static_cast<uint64_t>(words.number());
    return side().file ? side().file->forward(frames) : nothing;
}

int64_t Scenario::delay(Words &)
{
    if (!side().file)
        return nothing;
    int64_t frames = 0;
    const int status = side().file->delay(frames);
    return status < 0 ? status : frames;
}

// What poll() has to say.
int64_t Scenario::ready(Words &)
{
    if (!side().file)
        return nothing;
    const auto [is_ready, is_error] = side().file->poll();
    return is_error * 2 + is_ready;
}

} // namespace xen_front::test
