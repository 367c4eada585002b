// SPDX-License-Identifier: GPL-2.0-only
// Each attack of the hostile backend against the whole driver: no rule of the kernel is broken,
// nothing hangs, little is logged, nothing leaks, and a good backend is served afterwards.
#include "attack_harness.hpp"

#include <ostream>

namespace sndback {

std::ostream &operator<<(std::ostream &out, const Attack *attack)
{
    return out << attack->name;
}

} // namespace sndback

namespace xen_front::test {

namespace {

class AttackTableTest : public AttackHarness,
                        public ::testing::WithParamInterface<const Attack *> {};

TEST_P(AttackTableTest, IsSurvivedAndAGoodBackendServed)
{
    const Attack &attack = *GetParam();
    connect_to(attack);
    live_through(attack);
    EXPECT_EQ(idle_hooks(attack), "")
        << "wait for what use_playback() and use_capture() do not do: attack_harness.cpp";
    EXPECT_LE(complaints().size(), 20u) << complaints().front();
    connect_to_good_backend();
    if (!HasFatalFailure())
        expect_working_card();
}

std::string name_of_test(const ::testing::TestParamInfo<const Attack *> &info)
{
    std::string name(info.param->name);
    for (char &letter : name) {
        if (letter == '-')
            letter = '_';
    }
    return name;
}

INSTANTIATE_TEST_SUITE_P(Attacks, AttackTableTest, ::testing::ValuesIn(sndback::all_attacks()),
                         name_of_test);

// ---- attacks that never strike ----

using sndback::StreamTarget;

class IdleAttackTest : public AttackHarness {};

TEST_F(IdleAttackTest, HooksThatChangeNothingAreNoticed)
{
    constexpr Attack waits = {
        .name = "waits",
        .description = "waits for an operation that sndif does not have",
        .on_answer = [](StreamTarget &, const xensnd_req &request,
                        xensnd_resp &) { return request.operation != 0xff; },
        .late_operation = 0xff,
        .after_answer = [](StreamTarget &, const xensnd_resp &) {},
        .on_position = [](StreamTarget &, std::uint64_t &) { return true; },
        .background = [](StreamTarget &) {},
    };
    connect_to(waits);
    live_through(waits);
    EXPECT_EQ(idle_hooks(waits), "on_answer late_operation after_answer on_position background ");
    connect_to_good_backend();
}

// ---- storms ----

class StormTest : public AttackTableTest {};

// Late EOI and spurious flags hold a storm off: the interrupts that it causes are bounded, whether
// or not an application plays.
TEST_P(StormTest, TakesFewInterrupts)
{
    const Attack &attack = *GetParam();
    connect_to(attack);
    const PcmParams lazy = { format_s16_le, 8000, 2, 4000, 16000 };
    auto file = prepared(lazy);
    ASSERT_TRUE(file);
    file->write(make_audio(16000 * frame_bytes));
    kernel.timeline.pass(std::chrono::milliseconds(500));
    const uint64_t before = interrupts();
    kernel.timeline.pass(std::chrono::seconds(1));
    // The storm has 20000 a second, for each of two streams. Spurious ones come through twice a
    // tick, on each of four channels. On the stream that plays, the backend may also report
    // progress, however small, each millisecond.
    const bool is_progress = attack.name == "storm-single-frames";
    constexpr uint64_t spurious_limit = 4 * 2 * 250 + 4;
    EXPECT_LT(interrupts() - before, is_progress ? 1000 + 2 * 250 : spurious_limit);
    file.reset();
    connect_to_good_backend();
}

std::vector<const Attack *> storms()
{
    std::vector<const Attack *> chosen;
    for (const Attack *attack : sndback::all_attacks()) {
        if (attack->name.starts_with("storm"))
            chosen.push_back(attack);
    }
    return chosen;
}

INSTANTIATE_TEST_SUITE_P(Attacks, StormTest, ::testing::ValuesIn(storms()), name_of_test);

// ---- the table ----

TEST(AttackListTest, NamesAreUniqueAndDescribed)
{
    const auto all = sndback::all_attacks();
    EXPECT_GE(all.size(), 40u);
    for (const Attack *attack : all) {
        EXPECT_FALSE(attack->description.empty()) << attack->name;
        EXPECT_EQ(sndback::parse_attacks(attack->name), std::vector { attack }) << attack->name;
    }
}

TEST(AttackListTest, ListsAreParsed)
{
    EXPECT_EQ(sndback::parse_attacks("vanish,storm-both").size(), 2u);
    EXPECT_THROW(sndback::parse_attacks("vanish,no-such-attack"), std::invalid_argument);
    EXPECT_THROW(sndback::parse_attacks(""), std::invalid_argument);
}

} // namespace

} // namespace xen_front::test
