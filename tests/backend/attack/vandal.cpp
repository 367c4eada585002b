// SPDX-License-Identifier: GPL-2.0-only
#include "attack/vandal.h"

#include <algorithm>

namespace sndback {

Vandal::Vandal(std::span<const Attack *const> attacks, const std::string &backend_path,
               const std::string &frontend_path)
    : attacks_(attacks), target_(backend_path, frontend_path)
{
    thread_ = std::thread([this] {
        while (!stopping_)
            for (const Attack *attack : attacks_)
                if (attack->store != nullptr)
                    attack->store(target_);
    });
}

Vandal::~Vandal()
{
    stopping_ = true;
    thread_.join();
}

bool Vandal::is_needed(std::span<const Attack *const> attacks)
{
    return std::any_of(attacks.begin(), attacks.end(),
                       [](const Attack *attack) { return attack->store != nullptr; });
}

} // namespace sndback
