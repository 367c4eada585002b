// SPDX-License-Identifier: GPL-2.0-only
// The directory of a card as a map: what XenStore is in the guest.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>

#include "sndif/config.hpp"

namespace xen_front::test {

using NodeMap = std::map<std::string, std::string, std::less<>>;

class ConfigTree {
  public:
    static constexpr const char *card_path = "device/vsnd/0";

    ConfigTree() = default;
    explicit ConfigTree(NodeMap nodes) : nodes_(std::move(nodes))
    {
    }

    // Node "0/1/type": below the card's directory.
    std::string &operator[](const std::string &node)
    {
        return nodes_[node];
    }
    void remove(const std::string &node)
    {
        nodes_.erase(node);
    }
    bool has(const std::string &node) const
    {
        return nodes_.contains(node);
    }
    const NodeMap &nodes() const
    {
        return nodes_;
    }

    // Call number @call, counted from 0 over reads and lists, fails with @error.
    void fail_call(unsigned call, Error error)
    {
        failing_call_ = call;
        failure_ = error;
    }
    unsigned calls() const
    {
        return calls_;
    }
    // What the failed call was about.
    const std::string &failed_node() const
    {
        return failed_node_;
    }

    // For as long as the tree exists.
    ConfigSource source();

  private:
    Result<size_t> read(StringView node, char *value, size_t capacity);
    Result<void> list(StringView directory, const NameVisitor &visitor);
    bool fails(StringView node);

    NodeMap nodes_;
    unsigned calls_ = 0;
    std::optional<unsigned> failing_call_;
    Error failure_ = Error::Io;
    std::string failed_node_;
};

} // namespace xen_front::test
