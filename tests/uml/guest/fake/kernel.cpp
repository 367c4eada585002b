// SPDX-License-Identifier: GPL-2.0-only
#include "fake/kernel.hpp"

#include <cerrno>
#include <cstdlib>
#include <fcntl.h>
#include <fstream>
#include <unistd.h>

#include "fake/fault.hpp"

namespace xen_front::fake {

namespace {

Kernel *current_kernel = nullptr;

} // namespace

Kernel &Kernel::current()
{
    return *current_kernel;
}

Kernel::Kernel()
    : world(*this), device_(), log_(open("/dev/kmsg", O_RDONLY | O_NONBLOCK | O_CLOEXEC))
{
    lseek(log_, 0, SEEK_END);
    current_kernel = this;
}

Kernel::~Kernel()
{
    store.remove(device_.path);
    store.remove(device_.backend_path);
    world.stop();
    close(log_);
    current_kernel = nullptr;
}

XenbusDevice &Kernel::add_device(unsigned int number, uint16_t backend_domain)
{
    const std::string index = std::to_string(number);
    const std::string domain = std::to_string(backend_domain);
    device_ = { "device/vsnd/" + index,
                "/local/domain/" + domain + "/backend/vsnd/1/" + index,
                backend_domain,
                "vsnd-" + index,
                false,
                {} };
    store.set(device_.backend_path + "/frontend", FAKE_XEN_GUEST_PATH "/" + device_.path);
    store.set(device_.backend_path + "/online", "1");
    store.set(device_.backend_path + "/state", "1");
    store.set(device_.path + "/backend", device_.backend_path);
    store.set(device_.path + "/backend-id", domain);
    return device_;
}

std::string Kernel::leaks()
{
    fake_xen_counts counts = {};
    xen.call(FAKE_XEN_COUNTS, counts);
    std::string text;
    const std::pair<const char *, unsigned int> rows[] = {
        { "grants", counts.grants },
        { "grants that ended and are mapped", counts.ended_grants },
        { "event channels", counts.channels },
        { "transactions", counts.transactions },
        { "cards", static_cast<unsigned int>(sound.visible_cards().size()) },
    };
    for (const auto &[name, count] : rows) {
        if (count != 0)
            text += std::to_string(count) + " " + name + "\n";
    }
    return text;
}

void Kernel::expect_no_leaks()
{
    // What the other side had mapped is given back when the driver looks again.
    for (int i = 0; i < 40 && !leaks().empty(); i++)
        timeline.pass(std::chrono::milliseconds(500));
    if (const std::string text = leaks(); !text.empty())
        report_fault("left behind: " + text);
}

std::vector<std::string> Kernel::read_log()
{
    std::vector<std::string> records;
    char record[8192];
    // Records that were overwritten before they were read are skipped.
    for (;;) {
        const ssize_t length = read(log_, record, sizeof(record));
        if (length < 0 && errno != EPIPE)
            return records;
        if (length > 0)
            records.emplace_back(record, static_cast<size_t>(length));
    }
}

void Kernel::set_parameter(const std::string &name, unsigned int value)
{
    std::ofstream("/sys/module/snd_xen_front/parameters/" + name) << value;
}

} // namespace xen_front::fake
