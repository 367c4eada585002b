// SPDX-License-Identifier: GPL-2.0-only
#pragma once

#include <cstdint>

#include "audio/byte_fifo.hpp"

namespace sndback {

// What the guest has written, until the card has played it: the oldest octets are in the card, the
// others wait for room there. Since all are kept, a card that has dropped its buffer can be given
// them again. Positions are octets since OPEN. One thread only.
class PlaybackQueue {
  public:
    // `capacity`: octets, not 0.
    explicit PlaybackQueue(std::size_t capacity) : fifo_(capacity)
    {
    }

    // How many octets write() takes.
    [[nodiscard]] std::size_t room() const
    {
        return fifo_.room();
    }
    // Octets that the card has been given, and has not played.
    [[nodiscard]] std::uint64_t in_card() const
    {
        return in_card_;
    }
    // Octets that the card has not been given.
    [[nodiscard]] std::uint64_t waiting() const
    {
        return fifo_.size() - in_card_;
    }
    // All that was written has been played, or discarded.
    [[nodiscard]] bool is_played() const
    {
        return fifo_.size() == 0;
    }

    // Up to where the card has played, up to where it has been given, the end.
    [[nodiscard]] std::uint64_t played() const
    {
        return played_;
    }
    [[nodiscard]] std::uint64_t given() const
    {
        return played_ + in_card_;
    }
    [[nodiscard]] std::uint64_t written() const
    {
        return played_ + fifo_.size();
    }

    // The guest has written. There must be room for all of it.
    void write(std::span<const std::byte> data)
    {
        fifo_.push(data);
    }
    // Copies the first octets that wait; there must be as many.
    void peek_waiting(std::span<std::byte> target) const
    {
        fifo_.peek(target, in_card_);
    }
    // The card has taken the first octets that wait.
    void give(std::uint64_t bytes)
    {
        in_card_ += bytes;
    }
    // The card says that it has still so many octets to play; all, if that is more than it has been
    // given.
    void set_in_card(std::uint64_t bytes)
    {
        const std::uint64_t left = std::min(bytes, in_card_);
        fifo_.drop(in_card_ - left);
        played_ += in_card_ - left;
        in_card_ = left;
    }
    // The card has dropped what it has not played, which waits again.
    void take_back()
    {
        in_card_ = 0;
    }
    // What has not been played is not to be played any more.
    void discard()
    {
        fifo_.clear();
        in_card_ = 0;
    }

  private:
    ByteFifo fifo_; // in the card, then waiting
    std::uint64_t played_ = 0;
    std::uint64_t in_card_ = 0;
};

} // namespace sndback
