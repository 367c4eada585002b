// SPDX-License-Identifier: GPL-2.0-only
#include "driver/mixer.hpp"

namespace xen_front {

static_assert(level_max == KSHIM_CONTROL_LEVEL_MAX);

Mixer::Mixer(Stream &stream, const StreamConfig &config)
    : config_(config),
      channels_(min(config.settings.channels_max, KSHIM_CONTROL_CHANNELS_MAX)),
      controls_ { { &stream, KSHIM_CONTROL_VOLUME }, { &stream, KSHIM_CONTROL_SWITCH } },
      state_(KSHIM_LOCK_MIXER)
{
    state_.with([](State &state) {
        for (uint32_t &level : state.values[KSHIM_CONTROL_VOLUME])
            level = level_max;
        for (uint32_t &is_on : state.values[KSHIM_CONTROL_SWITCH])
            is_on = 1;
    });
}

Result<void> Mixer::add_controls(SoundCard &card, uint32_t index)
{
    index_ = index;
    for (const MixerControl &control : controls_)
        TRY(show_control(card, control.kind, true));
    return {};
}

Result<void> Mixer::show_control(SoundCard &card, kshim_control_kind kind, bool is_shown)
{
    ControlHandle &handle = handles_[kind];
    if (static_cast<bool>(handle) == is_shown)
        return {};
    if (!is_shown) {
        TRY(handle.remove());
        handle = ControlHandle();
        return {};
    }
    // Mixers take "PCM" and "Capture" for what they are by these names, and keep streams of the
    // same name apart by the index.
    constexpr const char *names[][KSHIM_CONTROL_KINDS] = {
        { "PCM Playback Volume", "PCM Playback Switch" },
        { "Capture Volume", "Capture Switch" },
    };
    const kshim_control_id id = {
        .name = names[static_cast<uint8_t>(config_.type)][kind],
        .index = index_,
        .device = config_.device,
        // From 1 on: to an element of device 0 and subdevice 0, and to no other, the rules that
        // alsactl has for cards of any kind give a volume of their own.
        .substream = config_.substream + 1,
    };
    Pause &pause = pauses_[kind];
    if (!pause.end.has_passed())
        return Error::Busy;
    auto added = card.add_control(kind, id, channels_, &controls_[kind]);
    if (added.is_error() && added.error() == Error::Busy) {
        constexpr unsigned int longest_ms = 640000;
        pause.end = Deadline(pause.next_ms);
        pause.next_ms = min(2 * pause.next_ms, longest_ms);
    }
    handle = TRY(move(added));
    pause = Pause();
    return {};
}

void Mixer::get(kshim_control_kind kind, uint32_t *values)
{
    state_.with([&](State &state) {
        for (uint32_t i = 0; i < channels_; i++)
            values[i] = state.values[kind][i];
    });
}

bool Mixer::put(kshim_control_kind kind, const uint32_t *values)
{
    return state_.with([&](State &state) {
        bool has_changed = false;
        for (uint32_t i = 0; i < channels_; i++)
            has_changed |= exchange(state.values[kind][i], values[i]) != values[i];
        // alsactl stores what is shown when the guest shuts down, and writes it when it boots: that
        // is no choice.
        if (kind == KSHIM_CONTROL_VOLUME && has_changed) {
            state.is_chosen = true;
            state.generation++;
        }
        return has_changed;
    });
}

bool Mixer::is_volume_chosen()
{
    return state_.with([](const State &state) { return state.is_chosen; });
}

MixerChoice Mixer::choice()
{
    MixerChoice choice = { config_.type, config_.device, config_.number, false, {}, {} };
    state_.with([&](State &state) {
        choice.is_volume_chosen = state.is_chosen;
        for (uint32_t i = 0; i < KSHIM_CONTROL_CHANNELS_MAX; i++) {
            choice.levels[i] = static_cast<uint16_t>(state.values[KSHIM_CONTROL_VOLUME][i]);
            choice.is_on[i] = state.values[KSHIM_CONTROL_SWITCH][i] != 0;
        }
    });
    return choice;
}

void Mixer::adopt(const MixerChoice &choice)
{
    if (choice.type != config_.type || choice.device != config_.device ||
        choice.number != config_.number)
        return;
    state_.with([&](State &state) {
        for (uint32_t i = 0; i < channels_; i++) {
            if (choice.is_volume_chosen)
                state.values[KSHIM_CONTROL_VOLUME][i] = choice.levels[i];
            state.values[KSHIM_CONTROL_SWITCH][i] = choice.is_on[i];
        }
        state.is_chosen = choice.is_volume_chosen;
    });
}

Mixer::Written Mixer::write_volumes(Span<uint32_t> row)
{
    return state_.with([&](State &state) {
        for (size_t i = 0; i < row.size(); i++) {
            const int32_t volume = to_volume(state.values[KSHIM_CONTROL_VOLUME][i]);
            SharedValue(&row[i]).store(static_cast<uint32_t>(volume));
        }
        return Written { state.generation, state.is_chosen };
    });
}

bool Mixer::read_volumes(Span<uint32_t> row, const Written &written)
{
    return state_.with([&](State &state) {
        if (state.generation != written.generation)
            return false;
        bool has_changed = false;
        uint32_t level = level_max;
        for (size_t i = 0; i < channels_; i++) {
            if (i < row.size())
                level = SharedValue(&row[i]).load_level();
            else if (state.is_chosen || row.size() != 1)
                break;
            // GET_VOLUME of a mono stream says nothing about the control's other channels. They
            // are shown at the same level, so that alsactl stores no balance that no user chose.
            has_changed |= exchange(state.values[KSHIM_CONTROL_VOLUME][i], level) != level;
        }
        return has_changed;
    });
}

bool Mixer::write_switches(Span<uint32_t> row, bool is_on)
{
    return state_.with([&](State &state) {
        bool is_any = false;
        for (size_t i = 0; i < row.size(); i++) {
            const bool matches = (state.values[KSHIM_CONTROL_SWITCH][i] != 0) == is_on;
            SharedValue(&row[i]).store(matches);
            is_any |= matches;
        }
        return is_any;
    });
}

void Mixer::tell_volumes_changed()
{
    if (ControlHandle &handle = handles_[KSHIM_CONTROL_VOLUME]; handle)
        handle.values_changed();
}

} // namespace xen_front
