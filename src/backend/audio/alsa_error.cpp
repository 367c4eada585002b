// SPDX-License-Identifier: GPL-2.0-only
#include "audio/alsa_error.hpp"

#include <alsa/asoundlib.h>

#include <algorithm>
#include <array>
#include <string_view>

#include <fmt/core.h>

namespace sndback {

namespace {

struct Remedy {
    std::string_view step; // or a part of it
    int error;
    std::string_view text;
};

constexpr std::array<Remedy, 7> remedies { {
    { "open", EBUSY, "another program or guest has it; a dmix, or dsnoop, shares a card" },
    { "open", ENOENT, "aplay -L lists the PCMs that there are" },
    { "open", ENODEV, "aplay -l lists the cards that there are" },
    { "open", EACCES, "the user of the workers has to be in the group audio" },
    { "format ", EINVAL, "plughw: converts what the card does not have" },
    { " channels", EINVAL, "plughw: converts what the card does not have" },
    { " Hz", EINVAL, "plughw: converts what the card does not have" },
} };

std::string message(const std::string &pcm, const std::string &step, int error)
{
    std::string text = fmt::format("ALSA PCM {}: {}: {}", pcm, step, snd_strerror(-error));
    const auto row = std::find_if(remedies.begin(), remedies.end(), [&](const Remedy &remedy) {
        return remedy.error == error && step.find(remedy.step) != std::string::npos;
    });
    return row == remedies.end() ? text : fmt::format("{} ({})", text, row->text);
}

} // namespace

AlsaError::AlsaError(const std::string &pcm, const std::string &step, int error)
    : std::runtime_error(message(pcm, step, error)), error_(error)
{
}

} // namespace sndback
