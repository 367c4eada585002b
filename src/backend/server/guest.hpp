// SPDX-License-Identifier: GPL-2.0-only
//
// A guest with cards, as the supervisor sees it: whether it is served, by which rules, and when its
// worker is started. Whatever the worker does, it reaches no more of XenStore than this guest's
// cards, and takes no more than its share.
#pragma once

#include "server/backoff.hpp"
#include "server/guest_log.hpp"
#include "server/guest_nodes.hpp"
#include "server/guest_worker.hpp"
#include "server/leftovers.hpp"
#include "server/settings.hpp"
#include "server/store_broker.hpp"

namespace sndback {

// What all guests share.
struct SupervisorContext {
    XenStore &store;
    const Settings &settings;
    std::string own_path; // /local/domain/N
    std::string root; // .../backend/vsnd
    std::vector<std::string> arguments; // of the program, for workers
    Configuration configuration;
    bool stopping = false;
};

class Guest {
  public:
    Guest(SupervisorContext &context, unsigned domain);
    // Kills the worker, if there is one, and closes its cards.
    ~Guest();
    Guest(const Guest &) = delete;
    Guest &operator=(const Guest &) = delete;

    // Something in XenStore that this guest's cards depend on has changed.
    void note_change()
    {
        changed_ = true;
    }
    // The configuration has changed, or what the guest is called. A worker that would have to get
    // at other directories is stopped, for another one.
    void reconfigure();

    // Does what is due: answers the worker, starts one, tells it of changes. Does not wait. Throws
    // std::runtime_error where XenStore or a process has failed; another call goes on.
    void serve(Time now);
    // When serve() has something to do without any event.
    [[nodiscard]] std::optional<Time> deadline(Time now);
    // Becomes readable when the worker wants something; -1: not now.
    [[nodiscard]] int descriptor() const;

    // Whether it was this guest's worker that has exited. `status`: as waitpid() says.
    [[nodiscard]] bool take_exit(int process, int status);

    // Asks the worker to end. One that does not is killed.
    void stop();
    // Kills it without waiting for its end.
    void kill() const
    {
        if (worker_)
            worker_->kill();
    }
    [[nodiscard]] bool is_running() const
    {
        return worker_.has_value();
    }
    // There are no cards any more, nothing that is left of them, and no worker.
    [[nodiscard]] bool is_over() const
    {
        return over_ && !worker_ && !changed_;
    }

    // Asks for counters, which are complete when has_reported().
    void request_report()
    {
        if (worker_)
            worker_->request_report();
    }
    [[nodiscard]] bool has_reported() const
    {
        return !worker_ || !worker_->owes_report();
    }
    // Of all workers that it has had, a row of JSON for each stream.
    [[nodiscard]] std::vector<std::string> statistics() const;

  private:
    void identify();
    [[nodiscard]] bool is_allowed();
    [[nodiscard]] std::vector<std::string> directories() const;
    [[nodiscard]] bool wants_look() const;
    void look(Time now);
    void start(Time now);
    void take_message(Message &message, Time now);
    // As GuestWorker::handle(). Statistics are dropped if there is no file to write them to.
    [[nodiscard]] bool take_report(Message &message);

    SupervisorContext &context_;
    unsigned domain_;
    GuestNodes nodes_;
    Leftovers leftovers_;
    GuestIdentity identity_;
    StoreBroker broker_; // of the worker
    GuestLog log_;
    std::optional<GuestWorker> worker_;
    bool changed_ = true; // and nothing has been done about it
    bool is_untold_ = false; // the worker: of a change that was looked at
    bool over_ = false;
    std::optional<Time> stop_at_; // the worker, which has no cards
    // The cards that xl finds refused; nothing: the guest is not refused.
    std::optional<std::vector<std::string>> refused_;
    // When a worker that has died is started again.
    Backoff backoff_ { std::chrono::seconds(1), std::chrono::seconds(60) };
    Time start_at_ {}; // not before
    TokenBucket updates_ { 1, 1 };
    TokenBucket questions_;
    std::optional<Time> questions_at_; // not before
    std::vector<std::string> earlier_statistics_; // of workers that have exited
};

} // namespace sndback
