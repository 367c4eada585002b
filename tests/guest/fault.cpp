// SPDX-License-Identifier: GPL-2.0-only
#include "fault.h"

#include "ktap.h"

#include <array>
#include <cstdio>
#include <cstdlib>
#include <fcntl.h>
#include <unistd.h>

namespace selftest {

FaultyTask::FaultyTask(const std::string &directory)
    : descriptor_(open((directory + "/fail-nth").c_str(), O_RDWR | O_CLOEXEC))
{
    expect(descriptor_ >= 0, "this kernel injects no faults into " + directory);
}

FaultyTask::~FaultyTask()
{
    close(descriptor_);
}

void FaultyTask::arm(unsigned int number)
{
    std::array<char, 16> text = {};
    const int length = std::snprintf(text.data(), text.size(), "%u", number);
    expect(pwrite(descriptor_, text.data(), static_cast<size_t>(length), 0) == length,
           "cannot arm fail-nth");
}

bool FaultyTask::disarm()
{
    // Neither call allocates anything.
    std::array<char, 16> left = {};
    expect(pread(descriptor_, left.data(), left.size() - 1, 0) > 0, "cannot read fail-nth");
    arm(0);
    return std::strtoul(left.data(), nullptr, 10) == 0;
}

} // namespace selftest
