// SPDX-License-Identifier: GPL-2.0-only
//
// Xen as a frontend in a guest needs it: XenStore, pages that it grants to the backend, event
// channels. On the host Machine fakes it; in a guest of the lab it is the real one.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>

namespace sndback::fake {

class Xen {
  public:
    virtual ~Xen() = default;

    // What XenStore does not let this guest write or remove stays as it is.
    virtual void write(const std::string &path, const std::string &value) = 0;
    virtual void remove(const std::string &path) = 0;
    [[nodiscard]] virtual std::optional<std::string> read(const std::string &path) = 0;
    // The domain exists from now on, under that name, as a toolstack has made it.
    virtual void introduce(unsigned domain, const std::string &name) = 0;
    // The domain dies, and XenStore tells processes that watch for that.
    virtual void release(unsigned domain) = 0;

    struct Page {
        std::uint32_t grant;
        std::byte *bytes;
    };
    [[nodiscard]] virtual Page grant_page(unsigned domain) = 0;
    // The grant is valid no longer; what is mapped stays so.
    virtual void revoke(unsigned domain, std::uint32_t grant) = 0;

    // A port of the guest, that a backend can bind.
    [[nodiscard]] virtual std::uint32_t allocate_port(unsigned domain) = 0;
    virtual void notify(std::uint32_t port) = 0;

    // Waits until the condition, looked at whenever something may have happened, holds. False: not
    // within that time.
    virtual bool wait(const std::function<bool()> &condition,
                      std::chrono::milliseconds patience = std::chrono::seconds(60)) = 0;
};

} // namespace sndback::fake
