// SPDX-License-Identifier: GPL-2.0-only
// The kernel's cards, as applications find them.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "kshim/pcm.h"

struct kshim_card {
    unsigned int number;

    // What is in a file of the card's directory in /proc.
    std::optional<std::string> read_proc(const std::string &name) const;
};

namespace xen_front::fake {

class SoundCore {
  public:
    // The driver's, in the order of their numbers; valid until the next call.
    std::vector<kshim_card *> visible_cards();
    // As tests/fake: this is what it imitates.
    static void imitate_newest()
    {
    }

  private:
    std::vector<kshim_card> cards_;
};

} // namespace xen_front::fake
