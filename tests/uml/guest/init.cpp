// SPDX-License-Identifier: GPL-2.0-only
// The first process: loads the modules, runs the command, looks for leaks, and powers off. What it
// is to do is in its environment, where the kernel puts what it does not know: uml_run is the
// host's directory with the command, and for its results; uml_modules are to be loaded.
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fcntl.h>
#include <fstream>
#include <sstream>
#include <string>
#include <sys/mount.h>
#include <sys/reboot.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

namespace {

void complain(const std::string &what)
{
    std::fprintf(stderr, "uml-init: %s: %s\n", what.c_str(), std::strerror(errno));
}

void mount_at(const char *type, const char *where, const char *options = nullptr)
{
    if (mount(type, where, type, 0, options) != 0)
        complain(std::string("cannot mount ") + where);
}

bool load(const std::string &path)
{
    const int file = open(path.c_str(), O_RDONLY | O_CLOEXEC);
    const bool is_loaded = file >= 0 && syscall(SYS_finit_module, file, "", 0) == 0;
    if (!is_loaded)
        complain("cannot load " + path);
    close(file);
    return is_loaded;
}

int run(const std::string &directory)
{
    const bool is_interactive = access((directory + "/interactive").c_str(), F_OK) == 0;
    const pid_t child = fork();
    if (child == 0) {
        if (is_interactive) {
            setsid();
            execl("/bin/sh", "sh", "-i", nullptr);
            _exit(127);
        }
        const int output =
            open((directory + "/output").c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0644);
        dup2(output, STDOUT_FILENO);
        dup2(output, STDERR_FILENO);
        execl("/bin/sh", "sh", (directory + "/command").c_str(), nullptr);
        _exit(127);
    }
    int status = 0;
    while (waitpid(child, &status, 0) != child)
        continue;
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

// Objects count as lost once they are five seconds old; what a device leaves is freed late.
void find_leaks(const std::string &directory)
{
    const char *const scanner = "/sys/kernel/debug/kmemleak";
    sleep(6);
    for (int i = 0; i < 2; i++)
        std::ofstream(scanner) << "scan";
    std::ostringstream leaks;
    leaks << std::ifstream(scanner).rdbuf();
    std::ofstream(directory + "/leaks") << leaks.str();
}

} // namespace

int main()
{
    const char *directory = std::getenv("uml_run");
    const char *modules = std::getenv("uml_modules");
    mount_at("proc", "/proc");
    mount_at("sysfs", "/sys");
    mount_at("debugfs", "/sys/kernel/debug");
    mount_at("devtmpfs", "/dev");
    mkdir("/dev/shm", 0777);
    mount_at("tmpfs", "/dev/shm");
    setenv("TMPDIR", "/dev/shm", 1);
    if (directory != nullptr) {
        const std::string base = directory;
        // Under a directory that was just covered there is no such place yet.
        for (size_t at = base.find('/', 1); at != std::string::npos; at = base.find('/', at + 1))
            mkdir(base.substr(0, at).c_str(), 0755);
        mkdir(directory, 0755);
        mount_at("hostfs", directory, directory);
        setenv("PATH", "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", 1);
        bool is_loaded = true;
        std::istringstream paths(modules == nullptr ? "" : modules);
        for (std::string path; std::getline(paths, path, ',');)
            is_loaded = load(path) && is_loaded;
        const int status = is_loaded ? run(directory) : 127;
        find_leaks(directory);
        std::ofstream(std::string(directory) + "/status") << status << "\n";
    }
    sync();
    reboot(RB_POWER_OFF);
    return 1;
}
