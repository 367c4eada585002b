// SPDX-License-Identifier: GPL-2.0-only
#include "machine/intruder.h"

#include <fcntl.h>
#include <unistd.h>

#include <cstdlib>
#include <string>

#include "server/message.hpp"
#include "server/spawn.hpp"

namespace sndback::fake {

namespace {

class Intruder {
  public:
    explicit Intruder(std::uint32_t domain) : domain_(std::to_string(domain))
    {
    }

    [[noreturn]] void act(Intrusion intrusion)
    {
        if (intrusion == Intrusion::asks)
            ask_without_end();
        if (intrusion == Intrusion::watches)
            watch_all();
        if (intrusion == Intrusion::reports)
            report();
        // The test sees that it is through.
        call(sndback::MessageKind::write,
             "/local/domain/0/error/backend/vsnd/" + domain_ + "/0/error",
             intrusion == Intrusion::looks ? surroundings() : "taken over");
        for (;;)
            pause();
    }

  private:
    // As fast as it can, and takes the answers. The supervisor gives up a worker whose socket has
    // no room for one: with so many open there always is, whenever this process comes to run.
    [[noreturn]] void ask_without_end()
    {
        const std::string path = "/local/domain/0/backend/vsnd/" + domain_ + "/0/state";
        constexpr unsigned most_open = 64;
        sndback::Message answer {};
        for (unsigned open = 0;;) {
            (void)supervisor_.send(sndback::MessageKind::read, 0, path, {}, true);
            ++open;
            while (supervisor_.receive(answer, open == most_open) ==
                   sndback::MessageSocket::Received::message)
                open -= answer.kind == sndback::MessageKind::read ? 1 : 0;
        }
    }
    // One write fires them all.
    void watch_all()
    {
        constexpr unsigned count = 200;
        std::string path = "/local/domain/" + domain_;
        for (unsigned depth = 0; depth < count; ++depth) {
            call(sndback::MessageKind::watch, path);
            call(sndback::MessageKind::watch, path + "/state");
            path += "/a";
        }
    }
    void report() const
    {
        constexpr unsigned reports = 2;
        constexpr unsigned rows = 512;
        const std::string row(32'000, ' ');
        for (unsigned sent = 0; sent < reports * rows; ++sent) {
            (void)supervisor_.send(sndback::MessageKind::statistics, 0, row, {}, true);
            if (sent % rows == rows - 1)
                (void)supervisor_.send(sndback::MessageKind::statistics_end, 0, {}, {}, true);
        }
    }
    static std::string surroundings()
    {
        std::string found;
        for (const char *name : { "HOME", "XDG_RUNTIME_DIR", "PULSE_SERVER" }) {
            const char *value = getenv(name);
            found += std::string(name) + "=" + (value != nullptr ? value : "") + " ";
        }
        return found + "/ is " + (open("/", O_RDONLY | O_CLOEXEC) < 0 ? "closed" : "open");
    }
    // Sends, and waits for the answer.
    void call(sndback::MessageKind kind, const std::string &first, const std::string &second = {})
    {
        sndback::Message answer {};
        (void)supervisor_.send(kind, 0, first, second, true);
        do
            (void)supervisor_.receive(answer, true);
        while (answer.kind != kind);
    }

    std::string domain_;
    sndback::MessageSocket supervisor_ { sndback::File(sndback::worker_socket) };
};

} // namespace

void intrude(Intrusion intrusion, std::uint32_t domain)
{
    Intruder(domain).act(intrusion);
}

} // namespace sndback::fake
