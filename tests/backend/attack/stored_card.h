// SPDX-License-Identifier: GPL-2.0-only
//
// A card's nodes in the real XenStore: attacked, and put back.
#pragma once

#include <map>
#include <memory>

#include "attack/store_target.h"

struct xs_handle;

namespace sndback {

class StoredCard final : public StoreTarget {
  public:
    // Remembers all nodes of the card. Throws std::runtime_error.
    StoredCard(std::string backend_path, std::string frontend_path);
    // Puts back what is remembered. What the two sides publish about the connection they have is
    // theirs, and only put back where it is missing.
    ~StoredCard();
    StoredCard(const StoredCard &) = delete;
    StoredCard &operator=(const StoredCard &) = delete;

    [[nodiscard]] const std::vector<std::string> &configuration() const override
    {
        return configuration_;
    }
    void write(const std::string &path, const std::string &value) override;
    void remove(const std::string &path) override;
    void pause(unsigned milliseconds) override;

  private:
    struct Permissions {
        unsigned id;
        unsigned bits;
    };
    struct Node {
        std::string value;
        std::vector<Permissions> permissions;
    };
    using Nodes = std::map<std::string, Node>; // by path

    void remember(const std::string &path);
    [[nodiscard]] std::vector<std::string> children(const std::string &path) const;
    void remove_strangers(const std::string &path);
    void restore(const std::string &path, const Node &node);

    struct Closer {
        void operator()(xs_handle *handle) const;
    };
    std::unique_ptr<xs_handle, Closer> handle_;
    Nodes nodes_;
    std::vector<std::string> configuration_;
};

} // namespace sndback
