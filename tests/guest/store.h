// SPDX-License-Identifier: GPL-2.0-only
// XenStore, as a guest's program sees it.
#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <string>

struct xs_handle;

namespace selftest {

class Store {
  public:
    // Throws Failure.
    Store();

    // Nothing when there is no such node.
    std::optional<std::string> read(const std::string &path) const;
    void write(const std::string &path, const std::string &value);
    // From now on wait_for_watch() tells of changes of @path.
    void watch(const std::string &path);
    // The path of a node that has changed; nothing when none did within @limit.
    std::optional<std::string> wait_for_watch(std::chrono::milliseconds limit);
    // Waits until @path has another value than @old, and returns that.
    std::optional<std::string> wait_for_change(const std::string &path, const std::string &old,
                                               std::chrono::milliseconds limit);

  private:
    struct Closer {
        void operator()(xs_handle *handle) const;
    };
    std::unique_ptr<xs_handle, Closer> handle_;
};

} // namespace selftest
