// SPDX-License-Identifier: GPL-2.0-only
#pragma once

#include <poll.h>

#include <map>

#include "server/guest.hpp"

namespace sndback {

// The guests that have, or had, cards: found by watches of XenStore, kept while there is something
// left of them.
class GuestTable {
  public:
    explicit GuestTable(SupervisorContext &context) : context_(context)
    {
    }

    // Begins to watch; XenStore reports the cards that are there already as well. Throws
    // std::runtime_error.
    void watch();
    // Takes watches that have fired, and notes which guests have to look at what has changed. Takes
    // 256 at most: a guest can fire its own as fast as it can write.
    void take_events();
    // take_events() has left some.
    [[nodiscard]] bool has_events() const
    {
        return has_events_;
    }

    // Does what is due for each guest, and forgets those that are over. What fails for one guest is
    // logged. Does not wait.
    void serve(Time now);
    // When serve() has something to do without any event.
    [[nodiscard]] std::optional<Time> deadline(Time now);
    // Adds what becomes readable when a worker wants something.
    void add_descriptors(std::vector<pollfd> &descriptors) const;
    // A process has exited. `status`: as waitpid() says.
    void take_exit(int process, int status);
    // The configuration has changed.
    void reconfigure();

    // Asks all workers to end. Those that do not are killed.
    void stop();
    [[nodiscard]] bool has_workers() const;
    // Kills all workers, and waits for each, 50 ms at most. Closes their cards.
    void clear();
    [[nodiscard]] std::size_t size() const
    {
        return guests_.size();
    }

    // Asks all workers for counters, which are complete when has_reported().
    void request_report();
    [[nodiscard]] bool has_reported() const;
    // A row of JSON for each stream, also of guests that are gone.
    [[nodiscard]] std::vector<std::string> statistics() const;

  private:
    void take_event(const XenStore::Event &event);
    void note_change_of_all();
    void scan();
    [[nodiscard]] Guest &guest(unsigned domain);

    SupervisorContext &context_;
    std::optional<XenStore::Watch> root_watch_;
    std::optional<XenStore::Watch> release_watch_;
    std::map<unsigned, Guest> guests_; // by domain
    std::vector<std::string> past_statistics_; // of guests that are gone
    bool has_events_ = false;
};

} // namespace sndback
