// SPDX-License-Identifier: GPL-2.0-only
//
// xen-sndback-hostile: xen-sndback that attacks frontends, for tests of them.
#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <signal.h>
#include <unistd.h>

#include "attack/saboteur.h"
#include "attack/vandal.h"
#include "server/command_line.hpp"

namespace {

using namespace sndback;

// Pages stay mapped when they should not be any more.
class KeepingMemory final : public GuestMemory {
  public:
    explicit KeepingMemory(GuestMemory &honest) : honest_(honest)
    {
    }

    [[nodiscard]] std::unique_ptr<GuestPages> map(std::span<const grant_ref_t> grants) override
    {
        const std::span<std::byte> bytes = honest_.map(grants).release()->bytes();
        KeptPages::add(bytes);
        return std::make_unique<Kept>(bytes);
    }

  private:
    class Kept final : public GuestPages {
      public:
        explicit Kept(std::span<std::byte> bytes) : bytes_(bytes)
        {
        }
        [[nodiscard]] std::span<std::byte> bytes() const override
        {
            return bytes_;
        }

      private:
        std::span<std::byte> bytes_;
    };

    GuestMemory &honest_;
};

// The supervisor says no word either.
[[noreturn]] void vanish()
{
    kill(getppid(), SIGKILL);
    _exit(0);
}

class Attacks final : public Sabotage {
  public:
    explicit Attacks(std::vector<const Attack *> attacks) : attacks_(std::move(attacks))
    {
    }

    [[nodiscard]] std::unique_ptr<StreamSabotage>
    on_stream(std::byte *ring_page, std::byte *event_page, StreamActions actions) override
    {
        return std::make_unique<Saboteur>(
            attacks_, ring_page, event_page,
            StreamTarget::Actions { std::move(actions.notify_requests),
                                    std::move(actions.notify_events),
                                    std::move(actions.close_channels), [] {
                                        vanish();
                                    } });
    }
    [[nodiscard]] std::shared_ptr<void> on_card(const std::string &backend_path,
                                                const std::string &frontend_path) override
    {
        if (!Vandal::is_needed(attacks_))
            return nullptr;
        return std::make_shared<Vandal>(attacks_, backend_path, frontend_path);
    }
    [[nodiscard]] std::unique_ptr<GuestMemory> memory(GuestMemory &honest) override
    {
        const bool keeps = std::any_of(attacks_.begin(), attacks_.end(),
                                       [](const Attack *attack) { return attack->keeps_mappings; });
        return keeps ? std::make_unique<KeepingMemory>(honest) : nullptr;
    }

  private:
    std::vector<const Attack *> attacks_;
};

void add_options(CLI::App &app, std::shared_ptr<Sabotage> &sabotage)
{
    app.add_option_function<std::string>(
           "--attack",
           [&sabotage](const std::string &names) {
               try {
                   sabotage = std::make_shared<Attacks>(parse_attacks(names));
               } catch (const std::invalid_argument &error) {
                   throw CLI::ValidationError("--attack", error.what());
               }
           },
           "be hostile to frontends, in the ways of these names")
        ->type_name("NAME[,NAME...]");
    app.add_flag_callback(
        "--list-attacks",
        [] {
            for (const Attack *attack : all_attacks())
                fmt::print("{:<28}{}\n", attack->name, attack->description);
            throw CLI::Success();
        },
        "name the attacks and stop");
}

} // namespace

int main(int argc, char **argv)
{
    return sndback::run_backend(argc, argv, &add_options);
}
