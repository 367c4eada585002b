// SPDX-License-Identifier: GPL-2.0-only
// An application of OSS's that maps the buffer: ALSA lets it change the parameters all the same.
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fcntl.h>
#include <linux/soundcard.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

namespace {

constexpr const char *usage =
    "usage: oss-mmap\n"
    "\n"
    "Plays into a buffer mapped from OSS, tries to change the rate while it is mapped, and writes\n"
    "to the whole buffer.\n"
    "\n"
    "exit status: 0 if it plays on, 1 with what was wrong, 2 wrong usage\n";

constexpr int rate = 48000;
constexpr int other_rate = 44100;

[[noreturn]] void fail(const char *what)
{
    std::printf("not ok %s: %s\n", what, std::strerror(errno));
    std::exit(1);
}

class Device {
  public:
    Device() : file_(open("/dev/dsp", O_RDWR))
    {
        if (file_ < 0)
            fail("/dev/dsp cannot be opened");
    }
    ~Device()
    {
        close(file_);
    }
    Device(const Device &) = delete;
    Device &operator=(const Device &) = delete;

    int control(unsigned long request, int value)
    {
        return ioctl(file_, request, &value);
    }
    void set_up()
    {
        const int sixteen_kilobytes_twice = 2 << 16 | 14;
        if (control(SNDCTL_DSP_SETFRAGMENT, sixteen_kilobytes_twice) != 0 ||
            control(SNDCTL_DSP_SETFMT, AFMT_S16_LE) != 0 || control(SNDCTL_DSP_CHANNELS, 2) != 0 ||
            control(SNDCTL_DSP_SPEED, rate) != 0)
            fail("the parameters are refused");
    }
    size_t buffer_size()
    {
        audio_buf_info info = {};
        if (ioctl(file_, SNDCTL_DSP_GETOSPACE, &info) != 0)
            fail("SNDCTL_DSP_GETOSPACE");
        return static_cast<size_t>(info.fragstotal) * static_cast<size_t>(info.fragsize);
    }
    unsigned int position()
    {
        count_info info = {};
        if (ioctl(file_, SNDCTL_DSP_GETOPTR, &info) != 0)
            fail("SNDCTL_DSP_GETOPTR");
        return static_cast<unsigned int>(info.bytes);
    }
    char *map(size_t size)
    {
        void *buffer = mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_SHARED, file_, 0);
        if (buffer == MAP_FAILED)
            fail("the buffer cannot be mapped");
        return static_cast<char *>(buffer);
    }

  private:
    int file_;
};

void play()
{
    Device device;
    device.set_up();
    const size_t size = device.buffer_size();
    char *buffer = device.map(size);
    buffer[0] = 1;
    if (device.control(SNDCTL_DSP_SETTRIGGER, 0) != 0 ||
        device.control(SNDCTL_DSP_SETTRIGGER, PCM_ENABLE_OUTPUT) != 0)
        fail("it does not start");
    while (device.position() == 0)
        usleep(10000);

    // The buffer would be another one, which the application does not have.
    if (device.control(SNDCTL_DSP_SETTRIGGER, 0) != 0)
        fail("it does not stop");
    const bool is_changed = device.control(SNDCTL_DSP_SPEED, other_rate) == 0 &&
                            device.control(SNDCTL_DSP_SETTRIGGER, PCM_ENABLE_OUTPUT) == 0;
    if (is_changed || errno != EBUSY)
        fail("the parameters of a mapped buffer were changed, or refused with another error");
    std::memset(buffer, 2, size);
    munmap(buffer, size);
}

} // namespace

int main(int argc, char **)
{
    if (argc != 1) {
        std::fputs(usage, stderr);
        return 2;
    }
    play();
    // The next application finds a card as it was.
    play();
    return 0;
}
