// SPDX-License-Identifier: GPL-2.0-only
// Every order of events, to some depth, from the shortest on.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <type_traits>
#include <unordered_set>
#include <vector>

namespace xen_front::test {

// Visits the states that can be reached, those of fewer events first, up to a number of them.
// A walk throws std::logic_error when a promise is broken, by step() or by check_end(); a step has
// a name_of() for messages.
template <typename Walk, typename Step> class Explorer {
  public:
    static_assert(std::is_trivially_copyable_v<Walk>);

    // @name_of: a step, for messages.
    Explorer(std::span<const Step> steps, std::string (*name_of)(const Step &))
        : steps_(steps), name_of_(name_of)
    {
    }

    // From @first on, @most states.
    void explore(const Walk &first, size_t most)
    {
        add(first, {});
        size_t next = 0;
        for (; next < walks_.size() && walks_.size() < most; next++) {
            for (uint32_t i = 0; i < steps_.size(); i++) {
                const Origin origin = { next, i, origins_[next].depth + 1 };
                try {
                    visit(origin);
                } catch (const std::logic_error &error) {
                    FAIL() << error.what() << ", after" << way_to(origin);
                }
            }
        }
        is_complete_ = next == walks_.size();
        depth_ = origins_[std::min(next, walks_.size() - 1)].depth;
        ::testing::Test::RecordProperty("states", std::to_string(walks_.size()));
        ::testing::Test::RecordProperty("depth", std::to_string(depth_));
    }
    // The most events behind a state of which all that may come next was seen.
    uint32_t depth() const
    {
        return depth_;
    }
    // Whether every state that can be reached at all was.
    bool is_complete() const
    {
        return is_complete_;
    }

  private:
    // How a state came to be.
    struct Origin {
        size_t parent = 0;
        uint32_t step = 0;
        uint32_t depth = 0;
    };

    void visit(const Origin &origin)
    {
        Walk walk(walks_[origin.parent]);
        walk.step(steps_[origin.step]);
        if (add(walk, origin))
            walk.check_end();
    }
    bool add(const Walk &walk, const Origin &origin)
    {
        const std::string_view bytes(reinterpret_cast<const char *>(&walk), sizeof(walk));
        if (!known_.insert(std::hash<std::string_view>()(bytes)).second)
            return false;
        walks_.push_back(walk);
        origins_.push_back(origin);
        return true;
    }
    std::string way_to(const Origin &origin) const
    {
        return (origin.depth > 1 ? way_to(origins_[origin.parent]) : "") + " " +
               name_of_(steps_[origin.step]);
    }

    std::span<const Step> steps_;
    std::string (*name_of_)(const Step &);
    uint32_t depth_ = 0;
    bool is_complete_ = false;
    std::vector<Walk> walks_;
    std::vector<Origin> origins_;
    std::unordered_set<size_t> known_;
};

} // namespace xen_front::test
