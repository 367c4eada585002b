// SPDX-License-Identifier: GPL-2.0-only
//
// The process that serves one guest. It has no XenStore, and after start-up no privileges.
#pragma once

#include <functional>
#include <map>
#include <set>

#include "server/configuration.hpp"
#include "server/frontend.hpp"
#include "server/remote_store.hpp"
#include "server/settings.hpp"
#include "xenlib/grants.hpp"

namespace sndback {

class Worker {
  public:
    // Waits for the supervisor's settings, opens what needs privileges, and gives those up. Throws
    // std::runtime_error, SupervisorGone.
    Worker(const Settings &settings, unsigned domain, const MessageSocket &supervisor);

    // Serves until the supervisor says stop. Throws SupervisorGone.
    void run();

  private:
    [[nodiscard]] GuestRules first_rules();
    void apply(const Message &order);
    void wait();
    void handle_orders();
    void handle_order(const Message &order);
    void refresh();
    void update(Frontend &frontend);
    bool protect(const std::function<void()> &action) const;
    void update_due();
    void stop();
    void report();
    [[nodiscard]] std::optional<Time> next_retry() const;

    const Settings &settings_;
    unsigned domain_;
    const MessageSocket &supervisor_;
    RemoteStore store_;
    File broken_event_; // a stream needs its card to be updated
    Configuration configuration_;
    GuestIdentity guest_;
    DeviceFactory devices_;
    TraceFile trace_;
    StatisticsTable statistics_;
    GrantMapper grants_;
    std::unique_ptr<GuestMemory> sabotaged_memory_; // nullptr: honest
    EventChannelPool channels_;
    RequestBudget budget_;
    RequestBudget connections_;
    RealTimeShare real_time_;
    CardEnvironment environment_;
    std::map<unsigned, Frontend> frontends_; // by card
    std::set<unsigned> refused_; // cards above the quota
    bool changed_ = true; // something in XenStore
    bool stopping_ = false;
};

} // namespace sndback
