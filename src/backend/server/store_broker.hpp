// SPDX-License-Identifier: GPL-2.0-only
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "server/guest_nodes.hpp"
#include "server/message.hpp"
#include "xenlib/xenstore.hpp"

namespace sndback {

// XenStore for the worker of one guest, in the supervisor: the other end of RemoteStore. A worker
// that its guest has taken over reads here what the guest may read anyway, and writes nothing but
// `state`, `versions` and `error` of the guest's cards.
class StoreBroker {
  public:
    struct Answer {
        bool is_done;
        std::string text; // what was read, or why nothing was done
    };

    // `nodes` are those of `domain`, and outlive the broker, as `store` does.
    StoreBroker(XenStore &store, const GuestNodes &nodes, unsigned domain)
        : store_(store), nodes_(nodes), domain_(domain)
    {
    }

    // Does what the worker asks for. Nothing: that is no request to XenStore. What XenStore refuses
    // is an answer too.
    [[nodiscard]] std::optional<Answer> handle(const Message &request);

    // Removes the watches that the worker has asked for.
    void remove_watches()
    {
        watches_.clear();
    }

  private:
    [[nodiscard]] Answer read(const std::string &path) const;
    [[nodiscard]] Answer list(const std::string &path) const;
    [[nodiscard]] Answer write(const std::string &path, const std::string &value);
    [[nodiscard]] Answer remove(const std::string &path);
    [[nodiscard]] Answer watch(const std::string &path);
    [[nodiscard]] bool may_read(std::string_view path) const;
    [[nodiscard]] bool may_write(std::string_view path, std::string_view value) const;

    XenStore &store_;
    const GuestNodes &nodes_;
    unsigned domain_;
    std::map<std::string, XenStore::Watch> watches_; // by path; the token is the domain
};

} // namespace sndback
