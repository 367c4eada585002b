// SPDX-License-Identifier: GPL-2.0-only
#include "audio/loop.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>

namespace sndback {

namespace {

// A capture stream takes frames at most a buffer after they were played; twice that leaves its
// thread time to do so.
std::uint64_t history_of(const OpenParameters &parameters)
{
    return 2 * std::uint64_t { parameters.buffer_bytes };
}

std::string describe(const StreamFormat &format)
{
    return fmt::format("{}, {} Hz, {} channels", format.format->name, format.rate, format.channels);
}

bool same(const StreamFormat &left, const StreamFormat &right)
{
    return left.format == right.format && left.rate == right.rate &&
           left.channels == right.channels;
}

} // namespace

void Loop::connect(const OpenParameters &parameters, bool playback)
{
    const std::lock_guard lock(mutex_);
    if (format_ && !same(*format_, parameters.format))
        throw Refusal(-XEN_EINVAL, fmt::format("the loop is in use with {}, but {} are asked for",
                                               describe(*format_), describe(parameters.format)));
    if (playback && played_)
        throw Refusal(-XEN_EBUSY, "another stream plays into the loop");
    format_ = parameters.format;
    ++streams_;
    played_ = played_ || playback;
    history_ += history_of(parameters);
    most_history_ = std::max(most_history_, history_);
}

void Loop::disconnect(const OpenParameters &parameters, bool playback)
{
    const std::lock_guard lock(mutex_);
    history_ -= history_of(parameters);
    if (playback)
        played_ = false;
    if (--streams_ != 0)
        return;
    format_.reset();
    pieces_.clear();
    octets_ = 0;
    most_history_ = 0;
}

std::uint64_t Loop::place(Time when, std::uint64_t position) const
{
    const std::lock_guard lock(mutex_);
    // Frames of less than an octet go together, so that the timeline consists of whole octets.
    const std::uint64_t unit = format_->unit();
    const auto rate = static_cast<unsigned __int128>(format_->rate);
    const auto frames = static_cast<unsigned __int128>(when.count()) * rate / std::nano::den;
    return static_cast<std::uint64_t>(frames / format_->frames(unit) * unit) + position % unit;
}

void Loop::put(std::uint64_t place, std::span<const std::byte> frames)
{
    // What follows goes into the same piece, however little comes at a time. A piece goes as a
    // whole.
    constexpr unsigned pieces_of_history = 8;
    // Of a player that starts and stops without end, the oldest are lost.
    constexpr unsigned most_pieces = 256;
    const std::lock_guard lock(mutex_);
    if (pieces_.empty() || pieces_.back().end() != place ||
        pieces_.back().frames.size() >= history_ / pieces_of_history)
        pieces_.push_back({ place, {} });
    std::vector<std::byte> &last = pieces_.back().frames;
    last.insert(last.end(), frames.begin(), frames.end());
    octets_ += frames.size();
    // A player that pauses or closes without end puts pieces over each other: the oldest are lost.
    while (pieces_.size() > most_pieces || octets_ > 2 * most_history_ ||
           pieces_.front().end() + history_ < pieces_.back().begin) {
        octets_ -= pieces_.front().frames.size();
        pieces_.pop_front();
    }
}

void Loop::cut(std::uint64_t place)
{
    const std::lock_guard lock(mutex_);
    std::erase_if(pieces_, [place](const Piece &piece) { return piece.begin >= place; });
    octets_ = 0;
    for (Piece &piece : pieces_) {
        if (piece.end() > place) {
            piece.frames.resize(place - piece.begin);
            piece.frames.shrink_to_fit();
        }
        octets_ += piece.frames.size();
    }
}

void Loop::get(std::uint64_t place, std::span<std::byte> target) const
{
    const std::lock_guard lock(mutex_);
    for (const Piece &piece : pieces_) {
        const std::uint64_t begin = std::max(place, piece.begin);
        const std::uint64_t end = std::min(place + target.size(), piece.end());
        if (begin < end)
            std::copy_n(piece.frames.begin() + static_cast<std::ptrdiff_t>(begin - piece.begin),
                        end - begin, target.begin() + static_cast<std::ptrdiff_t>(begin - place));
    }
}

std::shared_ptr<Loop> Loops::find(const std::string &name)
{
    const std::lock_guard lock(mutex_);
    std::erase_if(loops_, [](const auto &entry) { return entry.second.expired(); });
    std::weak_ptr<Loop> &known = loops_[name];
    std::shared_ptr<Loop> loop = known.lock();
    if (!loop) {
        loop = std::make_shared<Loop>();
        known = loop;
    }
    return loop;
}

void LoopSink::start(Time now, std::uint64_t position)
{
    next_ = loop_->place(now, position);
    running_ = true;
    put(waiting_);
    waiting_.clear();
}

void LoopSink::commit(std::span<const std::byte> frames)
{
    waiting_.insert(waiting_.end(), frames.begin(), frames.end());
    gain_.apply(loop_.format(), std::span(waiting_).last(frames.size()));
    if (!running_)
        return;
    put(waiting_);
    waiting_.clear();
}

void LoopSink::put(std::span<const std::byte> frames)
{
    loop_->put(next_, frames);
    next_ += frames.size();
}

void LoopSink::withdraw(std::uint64_t octets)
{
    waiting_.clear();
    if (!running_)
        return;
    next_ -= octets;
    loop_->cut(next_);
    running_ = false;
}

void LoopSource::start(Time now, std::uint64_t position)
{
    // Of a stream that pauses without end and reads nothing, the oldest are lost.
    constexpr unsigned most_runs = 256;
    if (runs_.size() >= most_runs)
        runs_.erase(runs_.begin());
    runs_[position] = loop_->place(now, position);
}

void LoopSource::fill(std::uint64_t position, std::span<std::byte> target)
{
    fill_silence(*loop_.format().format, position, target);
    // Positions only grow: runs before this one's are over.
    if (const auto next = runs_.upper_bound(position); next != runs_.begin())
        runs_.erase(runs_.begin(), std::prev(next));
    for (auto run = runs_.begin(); run != runs_.end(); ++run) {
        const auto next = std::next(run);
        const std::uint64_t begin = std::max(position, run->first);
        const std::uint64_t end = next == runs_.end()
                                      ? position + target.size()
                                      : std::min(position + target.size(), next->first);
        if (begin < end)
            loop_->get(run->second + (begin - run->first),
                       target.subspan(begin - position, end - begin));
    }
}

} // namespace sndback
