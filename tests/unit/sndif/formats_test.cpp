// SPDX-License-Identifier: GPL-2.0-only
// The format table against the real headers of Xen and of the kernel.
#include "sndif/formats.hpp"

#include <gtest/gtest.h>
#include <sound/asound.h>
#include <xen/io/sndif.h>

#include "sndif/protocol.hpp"

namespace xen_front::test {
namespace {

struct FormatFact {
    const char *name;
    unsigned sndif;
    snd_pcm_format_t alsa;
};

#define FACT(sndif_name, alsa_name)                                                                \
    XENSND_PCM_FORMAT_##sndif_name##_STR, XENSND_PCM_FORMAT_##sndif_name,                          \
        SNDRV_PCM_FORMAT_##alsa_name

const FormatFact format_facts[] = {
    { FACT(S8, S8) },
    { FACT(U8, U8) },
    { FACT(S16_LE, S16_LE) },
    { FACT(S16_BE, S16_BE) },
    { FACT(U16_LE, U16_LE) },
    { FACT(U16_BE, U16_BE) },
    { FACT(S24_LE, S24_LE) },
    { FACT(S24_BE, S24_BE) },
    { FACT(U24_LE, U24_LE) },
    { FACT(U24_BE, U24_BE) },
    { FACT(S32_LE, S32_LE) },
    { FACT(S32_BE, S32_BE) },
    { FACT(U32_LE, U32_LE) },
    { FACT(U32_BE, U32_BE) },
    { FACT(F32_LE, FLOAT_LE) },
    { FACT(F32_BE, FLOAT_BE) },
    { FACT(F64_LE, FLOAT64_LE) },
    { FACT(F64_BE, FLOAT64_BE) },
    { FACT(IEC958_SUBFRAME_LE, IEC958_SUBFRAME_LE) },
    { FACT(IEC958_SUBFRAME_BE, IEC958_SUBFRAME_BE) },
    { FACT(MU_LAW, MU_LAW) },
    { FACT(A_LAW, A_LAW) },
    { FACT(IMA_ADPCM, IMA_ADPCM) },
    { FACT(MPEG, MPEG) },
    { FACT(GSM, GSM) },
};
#undef FACT

unsigned alsa_number(const FormatFact &fact)
{
    return static_cast<unsigned>(fact.alsa);
}

TEST(Formats, AreThoseOfTheHeaders)
{
    ASSERT_EQ(std::size(format_facts), sample_format_count);
    for (const FormatFact &fact : format_facts) {
        const SampleFormat *by_name = find_format_by_name(fact.name);
        ASSERT_NE(by_name, nullptr) << fact.name;
        EXPECT_STREQ(by_name->name, fact.name);
        EXPECT_EQ(by_name->sndif, fact.sndif) << fact.name;
        EXPECT_EQ(by_name->alsa, alsa_number(fact)) << fact.name;
        EXPECT_EQ(find_format_by_alsa(alsa_number(fact)), by_name) << fact.name;
        EXPECT_LE(StringView(fact.name).size(), size_t { XENSND_SAMPLE_FORMAT_MAX_LEN });
    }
}

TEST(Formats, AreFoundInAnyCase)
{
    EXPECT_EQ(find_format_by_name("S16_LE")->sndif, XENSND_PCM_FORMAT_S16_LE);
    EXPECT_EQ(find_format_by_name("Float_Be")->sndif, XENSND_PCM_FORMAT_F32_BE);
}

TEST(Formats, AreFoundByTheNamesThatXlWrites)
{
    EXPECT_EQ(find_format_by_name("f32_le")->sndif, XENSND_PCM_FORMAT_F32_LE);
    EXPECT_EQ(find_format_by_name("f32_be")->sndif, XENSND_PCM_FORMAT_F32_BE);
    EXPECT_EQ(find_format_by_name("f64_le")->sndif, XENSND_PCM_FORMAT_F64_LE);
    EXPECT_EQ(find_format_by_name("F64_BE")->sndif, XENSND_PCM_FORMAT_F64_BE);
}

TEST(Formats, OfOtherNamesAreNone)
{
    for (const char *name : { "", "s", "s16", "s16_le ", "s16_lee", "s17_le", "f16_le" })
        EXPECT_EQ(find_format_by_name(name), nullptr) << '"' << name << '"';
    EXPECT_EQ(find_format_by_name(StringView("s8\0", 3)), nullptr);
}

TEST(Formats, OfAlsaThatSndifLacksAreNone)
{
    EXPECT_EQ(find_format_by_alsa(static_cast<unsigned>(SNDRV_PCM_FORMAT_S24_3LE)), nullptr);
    EXPECT_EQ(find_format_by_alsa(static_cast<unsigned>(SNDRV_PCM_FORMAT_SPECIAL)), nullptr);
    EXPECT_EQ(find_format_by_alsa(1000), nullptr);
}

TEST(Formats, AreTranslatedAsMasks)
{
    uint64_t all_sndif = 0;
    uint64_t all_alsa = 0;
    for (const FormatFact &fact : format_facts) {
        const uint64_t sndif = uint64_t { 1 } << fact.sndif;
        const uint64_t alsa = uint64_t { 1 } << alsa_number(fact);
        EXPECT_EQ(to_alsa_formats(sndif), alsa) << fact.name;
        EXPECT_EQ(to_sndif_formats(alsa), sndif) << fact.name;
        all_sndif |= sndif;
        all_alsa |= alsa;
    }
    EXPECT_EQ(to_alsa_formats(all_sndif), all_alsa);
    EXPECT_EQ(to_sndif_formats(all_alsa), all_sndif);
    EXPECT_EQ(to_alsa_formats(~uint64_t { 0 }), all_alsa) << "unknown bits are dropped";
    EXPECT_EQ(to_sndif_formats(~uint64_t { 0 }), all_sndif) << "unknown bits are dropped";
    EXPECT_EQ(to_alsa_formats(0), 0u);
}

} // namespace
} // namespace xen_front::test
