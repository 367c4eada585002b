// SPDX-License-Identifier: GPL-2.0-only
//
// A cable from one playback stream to any number of capture streams.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "audio/endpoint.hpp"
#include "audio/gain.hpp"
#include "audio/pcm_device.hpp"

namespace sndback {

// One timeline for all streams on the cable: octets since the epoch of CLOCK_MONOTONIC. A clock is
// put on it where it starts to run and then goes on octet by octet, so that all streams keep step
// however long they run. What is on the timeline is what was committed to be played there; all else
// is silence. Since frames are there from the moment they are written, one that is written in time
// is captured in its place, whatever the threads of the two streams do. Thread-safe.
class Loop {
  public:
    // Connects a stream. Frames stay for as long as a buffer of that size may leave them unread.
    // Throws Refusal if streams of another format are connected, or a playback stream is already.
    void connect(const OpenParameters &parameters, bool playback);
    void disconnect(const OpenParameters &parameters, bool playback);

    // Where on the timeline a stream is that reaches `position`, in octets since its OPEN, at
    // `when`.
    [[nodiscard]] std::uint64_t place(Time when, std::uint64_t position) const;

    // Puts frames on the timeline, over what may be there.
    void put(std::uint64_t place, std::span<const std::byte> frames);
    // Removes everything from `place` on.
    void cut(std::uint64_t place);
    // Copies what is on the timeline into `target`, and leaves the rest of that alone.
    void get(std::uint64_t place, std::span<std::byte> target) const;

    // In how many pieces the timeline lies in memory: get() looks at all of them.
    [[nodiscard]] std::size_t pieces() const
    {
        const std::lock_guard lock(mutex_);
        return pieces_.size();
    }

    // What the timeline takes of memory.
    [[nodiscard]] std::uint64_t octets() const
    {
        const std::lock_guard lock(mutex_);
        return octets_;
    }

  private:
    struct Piece {
        std::uint64_t begin;
        std::vector<std::byte> frames;

        [[nodiscard]] std::uint64_t end() const
        {
            return begin + frames.size();
        }
    };

    mutable std::mutex mutex_;
    std::optional<StreamFormat> format_; // while streams are connected
    unsigned streams_ = 0;
    bool played_ = false; // a playback stream is connected
    std::uint64_t history_ = 0; // octets that may still be asked for
    std::uint64_t most_history_ =
        0; // since the loop was empty, on which depends how long pieces are
    std::deque<Piece> pieces_; // in the order they came
    std::uint64_t octets_ = 0; // of all pieces
};

// The loops by name. Each lives as long as a stream is connected to it. Thread-safe.
class Loops {
  public:
    [[nodiscard]] std::shared_ptr<Loop> find(const std::string &name);

  private:
    std::mutex mutex_;
    std::map<std::string, std::weak_ptr<Loop>> loops_;
};

// A stream's place on a loop, for as long as it is open. The constructor throws Refusal.
class LoopConnection {
  public:
    LoopConnection(std::shared_ptr<Loop> loop, const OpenParameters &parameters, bool playback)
        : loop_(std::move(loop)), parameters_(parameters), playback_(playback)
    {
        loop_->connect(parameters_, playback_);
    }
    ~LoopConnection()
    {
        loop_->disconnect(parameters_, playback_);
    }
    LoopConnection(const LoopConnection &) = delete;
    LoopConnection &operator=(const LoopConnection &) = delete;

    [[nodiscard]] Loop *operator->() const
    {
        return loop_.get();
    }
    [[nodiscard]] const StreamFormat &format() const
    {
        return parameters_.format;
    }

  private:
    std::shared_ptr<Loop> loop_;
    OpenParameters parameters_;
    bool playback_;
};

// Plays into a loop. The gain takes effect on frames when they are written.
class LoopSink final : public Sink {
  public:
    LoopSink(std::shared_ptr<Loop> loop, const OpenParameters &parameters, const Gain &gain)
        : loop_(std::move(loop), parameters, true), gain_(gain)
    {
    }
    void start(Time now, std::uint64_t position) override;
    void commit(std::span<const std::byte> frames) override;
    void withdraw(std::uint64_t octets) override;
    [[nodiscard]] bool renders() const override
    {
        return false;
    }

  private:
    void put(std::span<const std::byte> frames);

    LoopConnection loop_;
    const Gain &gain_;
    bool running_ = false;
    std::vector<std::byte> waiting_; // frames committed before the clock runs
    std::uint64_t next_ = 0; // where on the timeline the next frames go
};

// Captures from a loop.
class LoopSource final : public Source {
  public:
    LoopSource(std::shared_ptr<Loop> loop, const OpenParameters &parameters)
        : loop_(std::move(loop), parameters, false)
    {
    }
    void start(Time now, std::uint64_t position) override;
    void fill(std::uint64_t position, std::span<std::byte> target) override;

  private:
    LoopConnection loop_;
    std::map<std::uint64_t, std::uint64_t> runs_; // position at its start -> place on the timeline
};

} // namespace sndback
