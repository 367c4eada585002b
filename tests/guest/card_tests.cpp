// SPDX-License-Identifier: GPL-2.0-only
// What XenStore says about the card is what ALSA shows.
#include "pcm.h"
#include "tests.h"

namespace selftest {

namespace {

void expect_equal(const std::string &what, const std::string &seen, const std::string &wanted)
{
    expect(seen == wanted, what + " is \"" + seen + "\", not \"" + wanted + "\"");
}

void card_names()
{
    snd_ctl_t *control;
    check(snd_ctl_open(&control, "hw:0", 0), "open the control of card 0");
    snd_ctl_card_info_t *info;
    snd_ctl_card_info_alloca(&info);
    const int result = snd_ctl_card_info(control, info);
    snd_ctl_close(control);
    check(result, "card_info");
    expect_equal("id", snd_ctl_card_info_get_id(info), "Selftest");
    expect_equal("driver", snd_ctl_card_info_get_driver(info), "xen-front");
    expect_equal("short name", snd_ctl_card_info_get_name(info), "Xen Selftest");
    expect_equal("long name", snd_ctl_card_info_get_longname(info), "Card of the selftests");
    expect_equal("mixer name", snd_ctl_card_info_get_mixername(info), "Xen Mixer");
}

void pcm_names()
{
    snd_ctl_t *control;
    check(snd_ctl_open(&control, "hw:0", 0), "open the control of card 0");
    snd_pcm_info_t *info;
    snd_pcm_info_alloca(&info);
    snd_pcm_info_set_device(info, 1);
    snd_pcm_info_set_stream(info, SND_PCM_STREAM_CAPTURE);
    const int result = snd_ctl_pcm_info(control, info);
    snd_ctl_close(control);
    check(result, "pcm_info");
    expect_equal("device name", snd_pcm_info_get_name(info), "Free device");
    expect_equal("subdevice name", snd_pcm_info_get_subdevice_name(info), "sequence");
}

void open_twice_is_busy()
{
    Pcm first(exact_pcm, SND_PCM_STREAM_PLAYBACK, {});
    snd_pcm_t *second = nullptr;
    const int result = snd_pcm_open(&second, exact_pcm, SND_PCM_STREAM_PLAYBACK, SND_PCM_NONBLOCK);
    if (result >= 0)
        snd_pcm_close(second);
    expect(result == -EBUSY || result == -EAGAIN,
           std::string("a second open of the only substream: ") + snd_strerror(result));
}

// What XenStore does not offer cannot be chosen.
void limits()
{
    snd_pcm_t *pcm;
    check(snd_pcm_open(&pcm, exact_pcm, SND_PCM_STREAM_PLAYBACK, 0), "open");
    snd_pcm_hw_params_t *hw;
    snd_pcm_hw_params_alloca(&hw);
    check(snd_pcm_hw_params_any(pcm, hw), "hw_params_any");
    unsigned int channels_min = 0;
    unsigned int channels_max = 0;
    snd_pcm_hw_params_get_channels_min(hw, &channels_min);
    snd_pcm_hw_params_get_channels_max(hw, &channels_max);
    const bool has_88200 = snd_pcm_hw_params_test_rate(pcm, hw, 88200, 0) == 0;
    const bool has_96000 = snd_pcm_hw_params_test_rate(pcm, hw, 96000, 0) == 0;
    const bool has_s32 = snd_pcm_hw_params_test_format(pcm, hw, SND_PCM_FORMAT_S32_LE) == 0;
    const bool has_s24 = snd_pcm_hw_params_test_format(pcm, hw, SND_PCM_FORMAT_S24_LE) == 0;
    snd_pcm_close(pcm);
    expect(channels_min == 1 && channels_max == 2,
           "channels " + std::to_string(channels_min) + " to " + std::to_string(channels_max));
    expect(has_88200, "88200 Hz is configured but not offered");
    expect(!has_96000, "96000 Hz is offered but not configured");
    expect(has_s32, "S32_LE is configured but not offered");
    expect(!has_s24, "S24_LE is offered but not configured");
}

} // namespace

std::vector<Test> card_tests()
{
    return {
        { "card: id, driver and names are those of XenStore", card_names },
        { "card: device and substream names are those of XenStore", pcm_names },
        { "card: a substream opens once", open_twice_is_busy },
        { "card: only configured rates, formats and channels", limits },
    };
}

} // namespace selftest
