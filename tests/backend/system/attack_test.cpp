// SPDX-License-Identifier: GPL-2.0-only
//
// Each attack of a hostile guest beside two guests that play: they do not notice, nothing is used
// up, and the backend ends when it is told to.
#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>

#include "machine/backend_process.h"
#include "system/hostile_guest.h"
#include "unit/support.h"

namespace sndback::fake {
namespace {

using namespace std::chrono_literals;

constexpr auto attack_time = 700ms;

// Quotas of the hostile guest, in the file below.
constexpr unsigned most_pages = 1024;

constexpr const char *configuration = R"([guest good-*]
playback = null

[guest hostile]
playback = wav:DIRECTORY/%d-%u.wav
capture = null
streams = 8
pages = 1024
requests = 3000
updates = 20
recording-files = 20
recording-mib = 8

[backend]
user = root
)";

// Plays from a thread of its own, two seconds ahead: the machine that tests may be slow.
class Player {
  public:
    Player(Machine &machine, unsigned domain)
        : guest_(machine, domain, "good-" + std::to_string(domain))
    {
        guest_.add_card("p");
    }
    ~Player()
    {
        stop();
    }
    Player(const Player &) = delete;
    Player &operator=(const Player &) = delete;

    void start()
    {
        ASSERT_TRUE(guest_.connect());
        ASSERT_EQ(guest_.stream(0).open({ .buffer_bytes = buffer, .period_bytes = period }), 0);
        for (written_ = 0; written_ < buffer; written_ += period)
            ASSERT_EQ(guest_.stream(0).simple(XENSND_OP_WRITE, written_, period), 0);
        ASSERT_EQ(guest_.stream(0).trigger(XENSND_OP_TRIGGER_START), 0);
        thread_ = std::thread([this] { play(); });
    }
    // Sends no further requests. What has been written goes on playing.
    void stop()
    {
        stopping_ = true;
        if (thread_.joinable())
            thread_.join();
    }
    [[nodiscard]] std::uint64_t played() const
    {
        return played_;
    }
    [[nodiscard]] unsigned refused() const
    {
        return refused_;
    }

  private:
    static constexpr std::uint32_t period = 7680; // 40 ms
    static constexpr std::uint32_t buffer = 50 * period;

    void play()
    {
        while (!stopping_) {
            played_ = guest_.stream(0).position();
            if (written_ + period <= played_ + buffer) {
                const auto offset = static_cast<std::uint32_t>(written_ % buffer);
                if (guest_.stream(0).simple(XENSND_OP_WRITE, offset, period) != 0)
                    ++refused_;
                written_ += period;
            } else {
                std::this_thread::sleep_for(2ms);
            }
        }
    }

    Guest guest_;
    std::uint64_t written_ = 0;
    std::atomic<std::uint64_t> played_ { 0 };
    std::atomic<unsigned> refused_ { 0 };
    std::atomic<bool> stopping_ { false };
    std::thread thread_;
};

class HostileGuestTest : public ::testing::TestWithParam<GuestAttack> {};

TEST_P(HostileGuestTest, HarmsNoOtherGuest)
{
    const TemporaryDirectory directory;
    std::string text = configuration;
    text.replace(text.find("DIRECTORY"), 9, directory / "recordings");
    std::filesystem::create_directory(directory / "recordings");
    std::ofstream(directory / "conf") << text;
    Machine machine(directory.path());
    const std::string statistics = directory / "stats";
    BackendProcess backend(
        machine, directory.path(),
        { "--config=" + (directory / "conf").string(), "--stats=" + statistics });
    ASSERT_TRUE(backend.wait_log("ready: watching")) << backend.log();
    Player first(machine, 3);
    Player second(machine, 4);
    first.start();
    second.start();
    HostileGuest hostile(machine, 9);
    ASSERT_TRUE(hostile.guest().connect()) << backend.log();

    const Usage before = backend.usage();
    const std::uint64_t played[] = { first.played(), second.played() };
    const auto begin = std::chrono::steady_clock::now();
    hostile.begin(attack_time);
    GetParam().run(hostile);
    const Usage after = backend.usage();
    const std::chrono::duration<double> wall = std::chrono::steady_clock::now() - begin;

    // Budgets: memory, descriptors, processes, mappings, processor, disc, log.
    EXPECT_LT(after.resident_kib, before.resident_kib + 48 * 1024);
    EXPECT_LT(after.descriptors, 400U);
    EXPECT_EQ(machine.lost_notifications(), 0U);
    EXPECT_LE(after.processes, 4U);
    constexpr unsigned pages_of_players = 2 * (2 + 94);
    EXPECT_LE(machine.mapped_pages(), most_pages + pages_of_players);
    EXPECT_LT(after.processor_s - before.processor_s, GetParam().processor * wall.count() + 0.1);
    std::uintmax_t recorded = 0;
    std::size_t files = 0;
    for (const auto &entry : std::filesystem::directory_iterator(directory / "recordings")) {
        recorded += entry.file_size();
        ++files;
    }
    EXPECT_LE(files, 20U);
    EXPECT_LE(recorded, 8U << 20);
    EXPECT_FALSE(std::filesystem::exists("/tmp/owned"));
    const std::string log = backend.log();
    EXPECT_LT(std::count(log.begin(), log.end(), '\n'), 300);
    EXPECT_TRUE(std::all_of(log.begin(), log.end(), [](char character) {
        return character == '\n' || (character >= 0x20 && character < 0x7f);
    })) << log;
    EXPECT_EQ(log.find("\n2026-01-01 critical"), std::string::npos);

    // The others have played on.
    const auto has_played_on = [&] {
        return first.played() > played[0] + 76'800 && second.played() > played[1] + 76'800;
    };
    for (unsigned tries = 0; tries < 2000 && !has_played_on(); ++tries)
        std::this_thread::sleep_for(5ms);
    EXPECT_TRUE(has_played_on()) << log;
    EXPECT_EQ(first.refused() + second.refused(), 0U);

    // A request that the backend does not answer any more would be waited for.
    first.stop();
    second.stop();
    const auto took = backend.terminate();
    ASSERT_TRUE(took) << "SIGTERM is not obeyed";
    EXPECT_LE(*took, 1000ms);
    std::ifstream file(statistics);
    for (std::string line; std::getline(file, line);) {
        const bool is_of_players = line.find("\"dom\":3") != std::string::npos ||
                                   line.find("\"dom\":4") != std::string::npos;
        EXPECT_TRUE(!is_of_players || line.find("\"underruns\":0,") != std::string::npos) << line;
    }
    EXPECT_EQ(machine.read("/local/domain/0/backend/vsnd/3/0/state"), "6");
}

INSTANTIATE_TEST_SUITE_P(Attacks, HostileGuestTest, ::testing::ValuesIn(all_attacks_of_guest()),
                         [](const auto &info) {
                             std::string name(info.param.name);
                             std::replace(name.begin(), name.end(), '-', '_');
                             return name;
                         });

// The table is worth its name, and no two rows have one.
TEST(HostileGuestTable, HasFortyAttacksAndMore)
{
    const std::vector<GuestAttack> attacks = all_attacks_of_guest();
    EXPECT_GE(attacks.size(), 40U);
    std::set<std::string_view> names;
    for (const GuestAttack &attack : attacks)
        EXPECT_TRUE(names.insert(attack.name).second) << attack.name;
}

} // namespace
} // namespace sndback::fake
