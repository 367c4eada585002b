// SPDX-License-Identifier: GPL-2.0-only
//
// What supervisor and workers say to each other: messages over a socket that keeps their borders.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "audio/file.hpp"

namespace sndback {

enum class MessageKind : std::uint32_t {
    // From a worker, each answered by a message of the same kind.
    read, // path -> value
    list, // path -> names, separated by '\0'
    write, // path, value
    remove, // path
    alive, // -> whether the guest is
    watch, // path
    unwatch, // path
    // From a worker, not answered.
    log, // number: level; text
    updated, // the last `update` is dealt with
    statistics, // the counters of one stream, as JSON
    statistics_end, // there are no more
    // From the supervisor.
    settings, // number: whether there is a configuration; what it says of the guest; the guest's
              // name and UUID
    update, // something changed in XenStore
    report, // send statistics
    stop,
};

struct Message {
    MessageKind kind;
    std::uint32_t number; // of an answer: 1 if it succeeded
    std::string first;
    std::string second;
};

// One end. Sending is thread-safe, and never waits unless said so.
class MessageSocket {
  public:
    // The largest message, headers included.
    static constexpr std::size_t most_octets = 96 * 1024;

    explicit MessageSocket(File socket) : socket_(std::move(socket))
    {
    }

    // Two ends that are connected. Throws std::system_error.
    [[nodiscard]] static std::pair<MessageSocket, MessageSocket> pair();

    // False if the other end does not take it.
    [[nodiscard]] bool send(MessageKind kind, std::uint32_t number = 0, std::string_view first = {},
                            std::string_view second = {}, bool wait = false) const;

    enum class Received {
        message,
        nothing,
        closed // also for what is no message: the other end is not to be trusted any more
    };
    [[nodiscard]] Received receive(Message &message, bool wait) const;

    [[nodiscard]] int descriptor() const
    {
        return socket_.get();
    }

  private:
    File socket_;
};

} // namespace sndback
