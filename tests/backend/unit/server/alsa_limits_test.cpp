// SPDX-License-Identifier: GPL-2.0-only
//
// What is remembered of ALSA PCMs: snd_pcm_open() of alsa-lib stands here, counts, and fails when
// it is told to.
#include <alsa/asoundlib.h>
#include <dlfcn.h>

#include <fstream>

#include "unit/audio/alsa_failures.h"
#include "unit/audio/simulated_card.h"
#include "unit/support.h"

namespace {

unsigned opened = 0;
int opening_failure = 0;
// alsa-lib's null PCM, the only one that every machine has, then has few rates, and with 16 bit
// none above 48 kHz.
bool shows_usb_card = false;

} // namespace

extern "C" {

int snd_pcm_open(snd_pcm_t **pcm, const char *name, snd_pcm_stream_t stream, int mode)
{
    static const auto real =
        reinterpret_cast<decltype(&snd_pcm_open)>(dlsym(RTLD_NEXT, "snd_pcm_open"));
    ++opened;
    const int simulated = sndback::SimulatedCard::open(pcm, name, stream, mode);
    if (simulated != -ENOENT)
        return simulated;
    return opening_failure != 0 ? opening_failure : real(pcm, name, stream, mode);
}

int snd_pcm_hw_params_test_rate(snd_pcm_t *pcm, snd_pcm_hw_params_t *params, unsigned rate,
                                int direction)
{
    static const auto real = reinterpret_cast<decltype(&snd_pcm_hw_params_test_rate)>(
        dlsym(RTLD_NEXT, "snd_pcm_hw_params_test_rate"));
    if (shows_usb_card && rate != 12000 && rate != 24000 && rate != 48000 && rate != 128000)
        return -EINVAL;
    return real(pcm, params, rate, direction);
}

int snd_pcm_hw_params_get_rate_max(const snd_pcm_hw_params_t *params, unsigned *rate,
                                   int *direction)
{
    static const auto real = reinterpret_cast<decltype(&snd_pcm_hw_params_get_rate_max)>(
        dlsym(RTLD_NEXT, "snd_pcm_hw_params_get_rate_max"));
    const int result = real(params, rate, direction);
    snd_pcm_format_t format = SND_PCM_FORMAT_UNKNOWN;
    if (shows_usb_card && snd_pcm_hw_params_get_format(params, &format) == 0 &&
        format == SND_PCM_FORMAT_S16_LE)
        *rate = 48000;
    return result;
}

} // extern "C"

namespace sndback {
namespace {

class AlsaLimits : public ::testing::Test {
  protected:
    AlsaLimits()
    {
        opened = 0;
        shown_plugins = "";
    }
    ~AlsaLimits() override
    {
        opening_failure = 0;
        shown_plugins = nullptr;
        shows_usb_card = false;
    }
    // How often the PCM is opened to answer.
    unsigned ask()
    {
        const unsigned before = opened;
        EXPECT_GE(devices_.limits(name_).channels.max, 2U);
        return opened - before;
    }

    DeviceFactory devices_ { all_on("alsa:null") };
    const StreamName name_ { 3, 0, 0, 0, true, "music" };
};

TEST_F(AlsaLimits, AreAskedForOnce)
{
    EXPECT_EQ(ask(), 1U);
    EXPECT_EQ(ask(), 0U);
}

TEST_F(AlsaLimits, AreAskedForAgainAfterAReload)
{
    EXPECT_EQ(ask(), 1U);
    devices_.set_rules(all_on("alsa:null"), {});
    // A stream of the guest has it open, maybe.
    opening_failure = -EBUSY;
    EXPECT_EQ(ask(), 1U);
    opening_failure = -ENODEV;
    EXPECT_THROW((void)ask(), Refusal);
    opening_failure = 0;
    EXPECT_EQ(ask(), 1U);
    EXPECT_EQ(ask(), 0U);
}

TEST_F(AlsaLimits, AreAskedForAgainWhenThePcmFails)
{
    EXPECT_EQ(ask(), 1U);
    opening_failure = -ENODEV;
    const OpenParameters parameters { { find_format("s16_le"), 48000, 2 }, 16'384, 4096, {} };
    const Gain gain;
    RecordingListener listener;
    EXPECT_THROW((void)devices_.open(name_, parameters, gain, listener), Refusal);
    opening_failure = 0;
    EXPECT_EQ(ask(), 1U);
}

TEST_F(AlsaLimits, AreThoseOfEachFormat)
{
    shows_usb_card = true;
    const Limits limits = devices_.limits(name_);
    EXPECT_EQ(limits.rates, (std::vector<std::uint32_t> { 12000, 24000, 48000, 128000 }));
    EXPECT_GT(limits.rate_range.max, 128000U);
    for (const FormatLimits &row : limits.of_formats)
        EXPECT_EQ(row.rates.max == 48000, row.format == XENSND_PCM_FORMAT_S16_LE) << row.format;
    xensnd_query_hw_param question { .formats = 1 << XENSND_PCM_FORMAT_S16_LE,
                                     .rates = { 48000, 128000 },
                                     .channels = { 2, 2 },
                                     .buffer = { 1, 8192 },
                                     .period = { 1, 1024 } };
    EXPECT_EQ(narrow(question, limits).value().rates.max, 48000U);
    question.formats = 1 << XENSND_PCM_FORMAT_S32_LE;
    EXPECT_EQ(narrow(question, limits).value().rates.max, 128000U);
}

// alsa-lib looks at the file that it begins with, and not at those which that one includes.
class AlsaConfiguration : public ::testing::Test {
  protected:
    AlsaConfiguration()
    {
        std::ofstream(directory_ / "alsa.conf")
            << "</usr/share/alsa/alsa.conf>\n<" << (directory_ / "asound.conf").string() << ">\n";
        setenv("ALSA_CONFIG_PATH", (directory_ / "alsa.conf").c_str(), 1);
        shown_plugins = "";
    }
    ~AlsaConfiguration() override
    {
        unsetenv("ALSA_CONFIG_PATH");
        shown_plugins = nullptr;
    }
    void define(const std::string &pcm)
    {
        std::ofstream(directory_ / "asound.conf") << "pcm.changing " << pcm << "\n";
    }

    static constexpr const char *one_channel =
        "{ type multi slaves.a { pcm { type null } channels 2 } bindings.0 { slave a channel 0 } }";
    const TemporaryDirectory directory_;
    const StreamName name_ { 3, 0, 0, 0, true, "music" };
};

TEST_F(AlsaConfiguration, IsReadAgainAfterAReload)
{
    define("{ type null }");
    DeviceFactory devices(all_on("alsa:changing"));
    EXPECT_GE(devices.limits(name_).channels.max, 2U);
    define(one_channel);
    EXPECT_GE(devices.limits(name_).channels.max, 2U);
    devices.set_rules(all_on("alsa:changing"), {});
    EXPECT_EQ(devices.limits(name_).channels.max, 1U);
}

// As that of a card which has been plugged in since.
TEST_F(AlsaConfiguration, IsReadAgainAfterAPcmHasFailed)
{
    define("{ type hw card 31 }");
    DeviceFactory devices(all_on("alsa:changing"));
    EXPECT_THROW((void)devices.limits(name_), Refusal);
    define(one_channel);
    EXPECT_EQ(devices.limits(name_).channels.max, 1U);
}

} // namespace
} // namespace sndback
