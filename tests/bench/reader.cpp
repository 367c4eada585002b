// SPDX-License-Identifier: GPL-2.0-only
#include "reader.h"

#include "clock.h"
#include "guest/ktap.h"

#include <cerrno>
#include <csignal>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <optional>
#include <spawn.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

namespace bench {

namespace {

constexpr uint64_t header_bytes = 44;

pid_t start(const std::string &program, const std::string &file)
{
    std::string name = program;
    std::string path = file;
    char *const arguments[] = { name.data(), path.data(), nullptr };
    pid_t process;
    const int error = posix_spawnp(&process, program.c_str(), nullptr, nullptr, arguments, environ);
    selftest::expect(error == 0, program + ": " + std::strerror(error));
    return process;
}

// How far the process has read the file; nothing as long as it has not opened it.
std::optional<uint64_t> position(pid_t process, const std::string &file)
{
    const std::string directory = "/proc/" + std::to_string(process);
    std::error_code error;
    // The player may end before its directory has been read.
    std::filesystem::directory_iterator entry(directory + "/fd", error);
    for (; !error && entry != std::filesystem::directory_iterator(); entry.increment(error)) {
        if (std::filesystem::read_symlink(*entry, error) != file) {
            error.clear();
            continue;
        }
        std::ifstream about(directory + "/fdinfo/" + entry->path().filename().string());
        std::string word;
        uint64_t bytes;
        if (about >> word >> bytes && word == "pos:")
            return bytes;
    }
    return std::nullopt;
}

} // namespace

uint64_t first_read(const std::string &program, const std::string &file)
{
    constexpr timespec between_looks = { 0, 1'000'000 };
    constexpr timespec between_later_looks = { 0, 50'000'000 };
    constexpr int first_looks = 50;
    constexpr uint64_t patience_ns = 20'000'000'000;
    const pid_t process = start(program, file);
    const uint64_t begin = monotonic_ns();
    uint64_t found = 0;
    int status;
    for (int left = first_looks; waitpid(process, &status, WNOHANG) == 0;) {
        if (monotonic_ns() - begin > patience_ns)
            kill(process, SIGKILL);
        const std::optional<uint64_t> at = position(process, file);
        // Who looks for further chunks reads to the end first, and then comes back.
        if (at && *at <= header_bytes) {
            found = 0;
            left = first_looks;
        } else if (at && left > 0 && left-- == first_looks) {
            found = monotonic_ns();
        }
        nanosleep(left > 0 ? &between_looks : &between_later_looks, nullptr);
    }
    selftest::expect(WIFEXITED(status) && WEXITSTATUS(status) == 0,
                     program + " " + file + " failed, or has not ended within 20 s; see stderr");
    selftest::expect(found != 0, program + " was not seen to read " + file);
    return found;
}

} // namespace bench
