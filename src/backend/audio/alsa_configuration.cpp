// SPDX-License-Identifier: GPL-2.0-only
#include "audio/alsa_configuration.hpp"

#include <alsa/asoundlib.h>
#include <dlfcn.h>
#include <fcntl.h>
#include <link.h>

#include <cerrno>

#include <string>
#include <vector>

#include "audio/file.hpp"

namespace sndback {

namespace {

int add_plugin(dl_phdr_info *info, std::size_t, void *paths)
{
    const std::string path = info->dlpi_name;
    if (path.find("/libasound_module_") != std::string::npos)
        static_cast<std::vector<std::string> *>(paths)->push_back(path);
    return 0;
}

// Together with its configuration alsa-lib unloads the plugins that no open PCM needs. The
// libraries of sound servers below them are not made for that: libpipewire loses some 16 KiB each
// time.
void keep_plugins()
{
    std::vector<std::string> paths;
    dl_iterate_phdr(add_plugin, &paths);
    for (const std::string &path : paths)
        if (void *plugin = dlopen(path.c_str(), RTLD_LAZY | RTLD_NOLOAD | RTLD_NODELETE))
            dlclose(plugin);
}

// Landlock closes a file that has been replaced to workers of root, and alsa-lib would go on
// without it.
bool is_readable_or_absent(const char *path)
{
    const File file(open(path, O_RDONLY | O_CLOEXEC));
    return file.get() >= 0 || errno == ENOENT;
}

} // namespace

void forget_alsa_configuration()
{
    if (!is_readable_or_absent("/etc/asound.conf"))
        return;
    keep_plugins();
    (void)snd_config_update_free_global();
}

} // namespace sndback
