// SPDX-License-Identifier: GPL-2.0-only
//
// XenStore for a worker, which has no connection of its own: one would let it do everything.
#pragma once

#include <deque>

#include "server/message.hpp"
#include "server/store.hpp"

namespace sndback {

// The supervisor is gone, or does not want this worker any more.
class SupervisorGone : public std::exception {};

class RemoteStore final : public Store {
  public:
    explicit RemoteStore(const MessageSocket &supervisor) : supervisor_(supervisor)
    {
    }

    [[nodiscard]] std::optional<std::string> read(const std::string &path) const override;
    [[nodiscard]] std::vector<std::string> list(const std::string &path) const override;
    void write(const std::string &path, const std::string &value) override;
    void remove(const std::string &path) override;
    [[nodiscard]] bool domain_alive(unsigned domain) const override;
    void watch(const std::string &path) override;
    void unwatch(const std::string &path) override;

    // The next order of the supervisor, in their order. Throws SupervisorGone.
    [[nodiscard]] std::optional<Message> next_order(bool wait);
    // Whether one came in while an answer was waited for: the socket does not show it.
    [[nodiscard]] bool has_order() const
    {
        return !orders_.empty();
    }

  private:
    [[nodiscard]] Message ask(MessageKind kind, std::string_view first,
                              std::string_view second = {}) const;

    const MessageSocket &supervisor_;
    mutable std::deque<Message> orders_;
};

} // namespace sndback
