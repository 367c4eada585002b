// SPDX-License-Identifier: GPL-2.0-only
#pragma once

#include "server/config.hpp"

namespace sndback {

// XenStore as the code sees it that serves one guest.
class Store : public StoreReader {
  public:
    virtual ~Store() = default;

    // A card that has been removed stays so. Throws std::runtime_error.
    virtual void write(const std::string &path, const std::string &value) = 0;
    virtual void remove(const std::string &path) = 0;
    // Whether a domain is there and not dying.
    [[nodiscard]] virtual bool domain_alive(unsigned domain) const = 0;
    // From now on a change of the node, or of one below it, leads to an update. Throws
    // std::runtime_error.
    virtual void watch(const std::string &path) = 0;
    virtual void unwatch(const std::string &path) = 0;

    [[nodiscard]] bool exists(const std::string &path) const
    {
        return read(path).has_value();
    }
};

} // namespace sndback
