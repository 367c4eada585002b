// SPDX-License-Identifier: GPL-2.0-only
//
// A guest and the worker that serves it, as the supervisor sees them: whatever the worker does, it
// reaches no more of XenStore than this guest's cards, and takes no more than its share.
#pragma once

#include <cstdint>
#include <map>

#include "server/backoff.hpp"
#include "server/guest_nodes.hpp"
#include "server/message.hpp"
#include "server/settings.hpp"
#include "server/token_bucket.hpp"
#include "xenlib/xenstore.hpp"

namespace sndback {

// What all guests share.
struct SupervisorContext {
    XenStore &store;
    const Settings &settings;
    std::string own_path; // /local/domain/N
    std::string root; // .../backend/vsnd
    std::vector<std::string> arguments; // of the program, for workers
    std::optional<std::string> configuration_text;
    Configuration configuration;
    bool stopping = false;
};

class GuestProcess {
  public:
    GuestProcess(SupervisorContext &context, unsigned domain);
    // Kills the worker, if there is one, and closes its cards.
    ~GuestProcess();
    GuestProcess(const GuestProcess &) = delete;
    GuestProcess &operator=(const GuestProcess &) = delete;

    // Something in XenStore that this guest's cards depend on has changed.
    void note_change()
    {
        changed_ = true;
    }
    // The configuration has, or what the guest is called.
    void reconfigure();

    // Does what is due: answers the worker, starts one, tells it of changes. Does not wait.
    void serve(Time now);
    // When serve() has something to do without any event.
    [[nodiscard]] std::optional<Time> deadline(Time now);
    // Becomes readable when the worker wants something; -1: not now.
    [[nodiscard]] int descriptor() const;

    // Whether it was this guest's worker that has exited.
    [[nodiscard]] bool take_exit(int process, int status);

    // Asks the worker to end. One that does not is killed.
    void stop();
    // Kills it without waiting for its end.
    void kill() const;
    [[nodiscard]] bool is_running() const
    {
        return worker_.has_value();
    }
    // There are no cards any more, and no worker.
    [[nodiscard]] bool is_over() const
    {
        return over_ && !worker_ && !changed_;
    }

    // Asks for counters, which are complete when has_reported().
    void request_report();
    [[nodiscard]] bool has_reported() const
    {
        return !worker_ || worker_->is_lost || reported_;
    }
    // Of all workers that it has had, a row for each stream.
    [[nodiscard]] std::vector<std::string> statistics() const;

  private:
    // Rows and octets of one, at most: a guest is not to take the supervisor's memory.
    static constexpr std::size_t most_statistics = 512;
    static constexpr std::size_t most_row_octets = 32 * 1024;

    struct Worker {
        int process;
        MessageSocket socket;
        Time started;
        std::vector<std::string> directories; // of recordings: it gets at no others
        bool is_lost = false; // killed; its exit will be noticed
    };

    [[nodiscard]] bool wants_look() const;
    void look(Time now);
    [[nodiscard]] bool is_allowed();
    void identify();
    void start(Time now);
    void send_settings();
    [[nodiscard]] std::vector<std::string> directories() const;
    void lose(std::string_view reason);
    void take_message(const Message &message, Time now);
    void answer(MessageKind kind, bool good, std::string_view text = {});
    void answer_write(const Message &message);
    void answer_watch(const Message &message);
    [[nodiscard]] bool may_read(std::string_view path) const;
    [[nodiscard]] bool may_write(std::string_view path, std::string_view value) const;
    void take_log(const Message &message, Time now);

    SupervisorContext &context_;
    unsigned domain_;
    GuestNodes nodes_;
    GuestIdentity identity_;
    std::optional<Worker> worker_;
    std::map<std::string, XenStore::Watch> watches_; // that the worker asked for
    std::optional<XenStore::Watch> name_watch_;
    bool changed_ = true;
    bool told_ = false; // of a change, and not done with it
    bool stopping_ = false;
    std::optional<Time> patience_until_; // the worker has been told something; then it is killed
    bool over_ = false;
    bool refused_ = false;
    // When a worker that has died is started again.
    Backoff backoff_ { std::chrono::seconds(1), std::chrono::seconds(60) };
    Time start_at_ {}; // not before
    TokenBucket updates_;
    TokenBucket questions_;
    std::optional<Time> questions_at_; // not before
    TokenBucket log_lines_;
    std::uint64_t lines_lost_ = 0;
    TokenBucket losses_told_ { 1, 1, std::chrono::minutes(1) };
    bool reported_ = false;
    std::vector<std::string> statistics_; // of this worker, as of its last report
    std::vector<std::string> new_statistics_; // as far as the next one has come
    std::vector<std::string> earlier_statistics_; // of those before it
};

} // namespace sndback
