// SPDX-License-Identifier: GPL-2.0-only
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "audio/frame_clock.hpp"
#include "server/guest_identity.hpp"
#include "server/message.hpp"

namespace sndback {

// The process that serves one guest, as the supervisor sees it. It is not trusted: only the
// destructor waits for it, and a worker that does not do what it is told, or does not take what it
// is sent, is killed. It stays until the supervisor has taken its exit. One thread only.
class GuestWorker {
  public:
    // Starts this program anew for the guest `domain`, with these arguments and --worker.
    // `directories`: the existing ones for recordings, sorted, each once; the process gets at no
    // others. Throws std::system_error.
    GuestWorker(unsigned domain, const std::vector<std::string> &arguments,
                std::vector<std::string> directories, Time now);
    // Kills it if it has not exited, and waits for that, 50 ms at most.
    ~GuestWorker();
    GuestWorker(const GuestWorker &) = delete;
    GuestWorker &operator=(const GuestWorker &) = delete;

    // Sends what the configuration says of the guest, nothing if there is no file, and who that is.
    void send_settings(const std::optional<std::string> &configuration,
                       const GuestIdentity &identity);
    // Whether it gets at all of these directories, which are sorted.
    [[nodiscard]] bool has_directories(const std::vector<std::string> &directories) const;

    // Tells it that something in XenStore has changed. Only if takes_updates(). It has 30 s to say
    // that it has looked.
    void update(Time now);
    // It has not been killed, and has looked at the change before.
    [[nodiscard]] bool takes_updates() const
    {
        return !is_lost_ && !is_updating_;
    }

    // Asks it to end. It has 2 s.
    void stop();
    [[nodiscard]] bool is_stopping() const
    {
        return is_stopping_;
    }
    // It has been killed, or has exited: nothing is sent to it any more.
    [[nodiscard]] bool is_lost() const
    {
        return is_lost_;
    }
    // Kills it without waiting for its end.
    void kill() const;
    // Kills it, and logs why, unless it was about to end.
    void give_up(std::string_view reason);
    // Gives it up if it has not done in time what it was told.
    void check_deadline(Time now);
    // When check_deadline() would.
    [[nodiscard]] std::optional<Time> deadline() const
    {
        return deadline_;
    }

    // Becomes readable when receive() has a message.
    [[nodiscard]] int descriptor() const
    {
        return socket_.descriptor();
    }
    // Takes its next message. False: there is none. A worker that has closed its end is given up.
    [[nodiscard]] bool receive(Message &message);
    // Takes what it says of itself: that it has looked at a change, and statistics. False: the
    // message is something else.
    [[nodiscard]] bool handle(Message &message);
    // Answers a request of that kind.
    void answer(MessageKind kind, bool is_done, std::string_view text);

    // Asks for statistics.
    void request_report();
    // It has been asked, and has not sent all of them.
    [[nodiscard]] bool owes_report() const
    {
        return !is_lost_ && owes_report_;
    }
    // A row of JSON for each stream, from its last report. When it has exited, that is the one that
    // it had begun.
    [[nodiscard]] const std::vector<std::string> &statistics() const
    {
        return has_exited_ && !next_statistics_.empty() ? next_statistics_ : statistics_;
    }

    // Whether that is the process; then it has exited, and waitpid() has said so. What it has sent
    // before can still be received.
    [[nodiscard]] bool take_exit(int process);
    // How long it has lived.
    [[nodiscard]] Time age(Time now) const
    {
        return now - started_;
    }

    // How many rows of statistics are kept, at most: a guest is not to take the supervisor's
    // memory.
    static constexpr std::size_t most_rows = 512;

  private:
    GuestWorker(unsigned domain, const std::vector<std::string> &arguments,
                std::vector<std::string> directories, Time now,
                std::pair<MessageSocket, MessageSocket> sockets);
    void send(MessageKind kind, std::uint32_t number = 0, std::string_view first = {},
              std::string_view second = {});
    void abandon();

    unsigned domain_;
    MessageSocket socket_;
    int process_;
    Time started_;
    std::vector<std::string> directories_;
    bool is_updating_ = false; // told of a change, and not done with it
    bool is_stopping_ = false;
    bool is_lost_ = false;
    bool has_exited_ = false; // another process may have its number by now
    std::optional<Time> deadline_; // of what it was told
    bool owes_report_ = false;
    std::vector<std::string> statistics_;
    std::vector<std::string> next_statistics_; // of a report that is not complete
};

// How a worker has exited. `status`: as waitpid() says.
[[nodiscard]] std::string describe_exit(int status);

} // namespace sndback
