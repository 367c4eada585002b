// SPDX-License-Identifier: GPL-2.0-only
#include "fake/sound.hpp"

#include <fstream>
#include <sstream>

namespace xen_front::fake {

namespace {

constexpr unsigned int cards_max = 32;

} // namespace

std::vector<kshim_card *> SoundCore::visible_cards()
{
    cards_.clear();
    for (unsigned int number = 0; number < cards_max; number++) {
        const kshim_card card = { number };
        if (card.read_proc("xen-front"))
            cards_.push_back(card);
    }
    std::vector<kshim_card *> cards;
    for (kshim_card &card : cards_)
        cards.push_back(&card);
    return cards;
}

} // namespace xen_front::fake

std::optional<std::string> kshim_card::read_proc(const std::string &name) const
{
    std::ifstream file("/proc/asound/card" + std::to_string(number) + "/" + name);
    if (!file)
        return std::nullopt;
    std::ostringstream text;
    text << file.rdbuf();
    return text.str();
}
