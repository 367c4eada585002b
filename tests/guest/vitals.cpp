// SPDX-License-Identifier: GPL-2.0-only
#include "vitals.h"

#include "ktap.h"

#include <array>
#include <chrono>
#include <fcntl.h>
#include <fstream>
#include <regex>
#include <sstream>
#include <sys/mman.h>
#include <unistd.h>

namespace selftest {

namespace {

constexpr size_t churn_bytes = 4 << 20;
constexpr auto churn_pause = std::chrono::milliseconds(40);

uint64_t canary_word(size_t index)
{
    return (index + 1) * 0x9e3779b97f4a7c15u;
}

} // namespace

Canary::Canary(size_t bytes) : count_(bytes / sizeof(uint64_t))
{
    void *memory = mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    expect(memory != MAP_FAILED, "no memory for a canary");
    words_ = static_cast<uint64_t *>(memory);
    for (size_t i = 0; i < count_; i++)
        words_[i] = canary_word(i);
}

Canary::~Canary()
{
    munmap(words_, count_ * sizeof(uint64_t));
}

size_t Canary::damage() const
{
    size_t changed = 0;
    for (size_t i = 0; i < count_; i++)
        changed += words_[i] != canary_word(i);
    return changed;
}

MemoryChurn::MemoryChurn() : thread_([this](const std::stop_token &stopping) { run(stopping); })
{
}

MemoryChurn::~MemoryChurn() = default;

void MemoryChurn::run(const std::stop_token &stopping)
{
    do {
        const Canary canary(churn_bytes);
        std::this_thread::sleep_for(churn_pause);
        damage_ += canary.damage();
    } while (!stopping.stop_requested());
}

size_t MemoryChurn::stop()
{
    thread_.request_stop();
    thread_.join();
    return damage_;
}

uint64_t driver_interrupts()
{
    std::ifstream interrupts("/proc/interrupts");
    uint64_t sum = 0;
    for (std::string line; std::getline(interrupts, line);) {
        if (line.find("xen-front-") == std::string::npos)
            continue;
        std::istringstream words(line.substr(line.find(':') + 1));
        for (uint64_t count = 0; words >> count;)
            sum += count;
    }
    return sum;
}

KernelLog::KernelLog() : descriptor_(open("/dev/kmsg", O_RDONLY | O_NONBLOCK))
{
    expect(descriptor_ >= 0, "cannot open /dev/kmsg");
    lseek(descriptor_, 0, SEEK_END);
}

KernelLog::~KernelLog()
{
    close(descriptor_);
}

std::vector<std::string> KernelLog::take()
{
    std::vector<std::string> lines;
    std::array<char, 8192> record;
    for (;;) {
        const ssize_t length = read(descriptor_, record.data(), record.size());
        if (length < 0 && errno == EPIPE) {
            // It has overrun us: so many lines are a finding of their own.
            lines.emplace_back("(lines were lost: the kernel log was flooded)");
            continue;
        }
        if (length <= 0)
            return lines;
        const std::string text(record.data(), static_cast<size_t>(length));
        const size_t start = text.find(';') + 1;
        lines.push_back(text.substr(start, text.find('\n') - start));
    }
}

bool KernelLog::is_report(const std::string &line)
{
    static const std::regex report("BUG|WARNING:|Oops|Call Trace|general protection|INFO: task|"
                                   "unable to handle|use-after-free|possible .* (deadlock|locking)|"
                                   "suspicious RCU|unreferenced object|Bad page|soft lockup");
    return std::regex_search(line, report);
}

} // namespace selftest
