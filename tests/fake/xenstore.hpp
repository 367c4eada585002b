// SPDX-License-Identifier: GPL-2.0-only
// XenStore: a tree of nodes, and transactions on it.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "fake/timeline.hpp"

namespace xen_front::fake {

// Paths are absolute, or relative to the guest's own directory.
class XenStore {
  public:
    using Nodes = std::map<std::string, std::string>;

    // ---- the toolstack and other domains ----

    void set(const std::string &path, const std::string &value);
    // Removes @path and everything below it.
    void remove(const std::string &path);
    std::optional<std::string> get(const std::string &path) const;
    // Everything below @path, by the path from there on.
    Nodes below(const std::string &path) const;
    // The next @count transactions that are committed collide with another domain's.
    void collide_commits(unsigned int count)
    {
        collisions_ = count;
    }
    // What xenstored takes to commit a transaction, with a busy Dom0.
    Duration commit_time { 0 };

    // ---- the kernel; negative errno on failure ----

    int read(uint32_t transaction, const std::string &path, std::string &value) const;
    int list(uint32_t transaction, const std::string &path, std::vector<std::string> &names) const;
    int write(uint32_t transaction, const std::string &path, const std::string &value);
    uint32_t start_transaction();
    int end_transaction(uint32_t transaction, bool is_abort);
    // One line for each transaction that was not ended.
    std::string leaks() const;

  private:
    // nullptr, after a fault, when @transaction is not running.
    const Nodes *nodes_of(uint32_t transaction) const;

    Nodes nodes_;
    struct Transaction {
        Nodes nodes; // as it sees them
        Nodes written;
    };
    std::map<uint32_t, Transaction> transactions_;
    uint32_t last_transaction_ = 0;
    unsigned int collisions_ = 0;
};

} // namespace xen_front::fake
