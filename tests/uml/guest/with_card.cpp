// SPDX-License-Identifier: GPL-2.0-only
// Has a card, whose backend plays and records, for as long as a command runs; and looks at what the
// command played and recorded.
#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <iterator>
#include <optional>
#include <string>
#include <sys/wait.h>
#include <unistd.h>
#include <vector>

#include "fake/backend.hpp"
#include "fake/fault.hpp"

namespace xen_front {

namespace {

using wire::XenbusState;

constexpr const char *usage =
    "usage: with-card [--played FILE] [--recorded FILE] COMMAND [ARGUMENT ...]\n"
    "\n"
    "Runs COMMAND while there is a card with a playback and a capture stream.\n"
    "\n"
    "  --played FILE    the backend has to have played what is in FILE, and nothing before it\n"
    "  --recorded FILE  COMMAND has to have recorded into FILE what the backend has captured\n"
    "\n"
    "exit status: that of COMMAND, or 1 if something was wrong\n";

constexpr std::pair<const char *, const char *> configuration[] = {
    { "short-name", "Clients" },
    { "long-name", "Clients in User Mode Linux" },
    { "sample-rates", "8000,44100,48000,96000" },
    { "sample-formats", "u8,s16_le,s24_le,s32_le" },
    { "channels-min", "1" },
    { "channels-max", "8" },
    { "buffer-size", "524288" },
    { "0/name", "Device" },
    { "0/0/type", "p" },
    { "0/0/unique-id", "player" },
    { "0/1/type", "c" },
    { "0/1/unique-id", "recorder" },
};

uint8_t captured_byte(uint64_t position)
{
    return static_cast<uint8_t>(position * 7 + (position >> 8));
}

std::vector<uint8_t> content(const std::string &path)
{
    std::ifstream file(path, std::ios::binary);
    return { std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>() };
}

class Card {
  public:
    Card() : device_(kernel_.add_device()), backend_(kernel_, device_)
    {
        fake::set_fault_handler([this](const std::string &what) { complain(what); });
        for (const auto &[node, value] : configuration)
            kernel_.store.set(device_.path + "/" + node, value);
        kernel_.store.set(device_.backend_path + "/versions", "1,2");
        backend_.on_attach = [this](fake::BackendStream &stream) {
            stream.has_clock = true;
            if (backend_.stream_count() != 0)
                stream.source = captured_byte;
        };
        if (fake::probe(device_) != 0)
            complain("the driver did not take the device");
        backend_.wait_for_frontend();
        backend_.connect();
        if (fake::frontend_state(device_) != XenbusState::Connected)
            complain("the frontend did not connect");
    }
    ~Card()
    {
        fake::set_fault_handler(nullptr);
    }

    // The command's exit status.
    int run(char **command);
    void check_played(const std::string &path);
    void check_recorded(const std::string &path);
    void remove();
    bool has_complained() const
    {
        return has_complained_;
    }

  private:
    void complain(const std::string &what)
    {
        std::printf("not ok %s\n", what.c_str());
        has_complained_ = true;
    }

    bool has_complained_ = false;
    fake::Kernel kernel_;
    fake::XenbusDevice &device_;
    fake::Backend backend_;
};

int Card::run(char **command)
{
    const int status = kernel_.world.unlocked([command] {
        const pid_t child = fork();
        if (child == 0) {
            execvp(command[0], command);
            std::perror(command[0]);
            _exit(127);
        }
        int status = 0;
        while (waitpid(child, &status, 0) != child)
            continue;
        return status;
    });
    kernel_.world.settle();
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

// A client fills its last period up.
void Card::check_played(const std::string &path)
{
    const std::vector<uint8_t> wanted = content(path);
    const auto &written = backend_.stream(0, 0).record.written;
    if (wanted.empty() || written.size() < wanted.size() ||
        !std::equal(wanted.begin(), wanted.end(), written.begin()))
        complain("the backend did not play what is in " + path);
}

void Card::check_recorded(const std::string &path)
{
    const std::vector<uint8_t> recorded = content(path);
    bool is_right = !recorded.empty();
    for (size_t i = 0; i < recorded.size() && is_right; i++)
        is_right = recorded[i] == captured_byte(i);
    if (!is_right)
        complain("what was recorded into " + path + " is not what the backend captured");
}

void Card::remove()
{
    fake::remove(device_);
    backend_.detach();
    kernel_.expect_no_leaks();
}

int with_card(char **arguments)
{
    std::optional<std::string> played;
    std::optional<std::string> recorded;
    for (; arguments[0] != nullptr && arguments[1] != nullptr; arguments += 2) {
        if (std::strcmp(arguments[0], "--played") == 0)
            played = arguments[1];
        else if (std::strcmp(arguments[0], "--recorded") == 0)
            recorded = arguments[1];
        else
            break;
    }
    if (arguments[0] == nullptr || arguments[0][0] == '-') {
        std::fputs(usage, stderr);
        return 2;
    }
    // The command prints in between.
    std::setvbuf(stdout, nullptr, _IOLBF, 0);
    Card card;
    const int status = card.run(arguments);
    if (played)
        card.check_played(*played);
    if (recorded)
        card.check_recorded(*recorded);
    card.remove();
    std::printf("%s with-card %s\n", status == 0 && !card.has_complained() ? "ok" : "not ok",
                arguments[0]);
    return status != 0 ? status : card.has_complained();
}

} // namespace

} // namespace xen_front

int main(int, char **argv)
{
    return xen_front::with_card(argv + 1);
}
