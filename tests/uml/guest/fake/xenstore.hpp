// SPDX-License-Identifier: GPL-2.0-only
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "fake/world.hpp"

namespace xen_front::fake {

// Paths are absolute, or relative to the guest's own directory.
class XenStore {
  public:
    using Nodes = std::map<std::string, std::string>;

    XenStore(FakeXen &xen, World &world) : xen_(xen), world_(world)
    {
    }
    // Both return when those who watch have been told.
    void set(const std::string &path, const std::string &value);
    void remove(const std::string &path);
    // The guest is restored, and this is not there any more, nor what is below it.
    void restore_without(const std::string &path);
    std::optional<std::string> get(const std::string &path) const;
    Nodes below(const std::string &path) const;
    std::vector<std::string> children(const std::string &path) const;
    void collide_commits(unsigned int count);

  private:
    void add_below(const std::string &path, const std::string &prefix, Nodes &nodes) const;

    FakeXen &xen_;
    World &world_;
};

} // namespace xen_front::fake
