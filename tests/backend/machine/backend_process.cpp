// SPDX-License-Identifier: GPL-2.0-only
#include "machine/backend_process.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <fstream>
#include <iterator>
#include <sstream>

namespace sndback::fake {

namespace {

std::string contents(const std::filesystem::path &path)
{
    std::ifstream file(path);
    return { std::istreambuf_iterator<char>(file), {} };
}

double processor_seconds(pid_t process)
{
    const std::string text = contents("/proc/" + std::to_string(process) + "/stat");
    const std::size_t name_end = text.rfind(')');
    if (name_end == std::string::npos)
        return 0;
    std::istringstream fields(text.substr(name_end + 1));
    std::vector<std::string> words { std::istream_iterator<std::string>(fields), {} };
    // Fields 14 and 15 of proc(5), the first of these being field 3.
    if (words.size() < 13)
        return 0;
    return static_cast<double>(std::stoull(words[11]) + std::stoull(words[12])) /
           static_cast<double>(sysconf(_SC_CLK_TCK));
}

} // namespace

BackendProcess::BackendProcess(Machine &machine, std::filesystem::path directory,
                               std::vector<std::string> arguments,
                               const std::function<void()> &inherit)
    : log_path_(directory / "log")
{
    arguments.insert(arguments.begin(), XEN_SNDBACK_PROGRAM);
    arguments.push_back("--lock=" + (directory / "lock").string());
    std::vector<char *> pointers;
    for (std::string &argument : arguments)
        pointers.push_back(argument.data());
    pointers.push_back(nullptr);
    std::vector<std::string> environment {
        std::string("LD_PRELOAD=") + FAKE_XEN_LIBRARIES,
        std::string(socket_variable) + "=" + machine.socket_path(),
        std::string(memory_variable) + "=" + machine.memory_path(),
    };
    for (const char *name :
         { "PATH", "HOME", "XDG_RUNTIME_DIR", "PULSE_SERVER", "NOTIFY_SOCKET", "ALSA_CONFIG_PATH" })
        if (const char *value = getenv(name))
            environment.push_back(std::string(name) + "=" + value);
    std::vector<char *> variables;
    for (std::string &variable : environment)
        variables.push_back(variable.data());
    variables.push_back(nullptr);

    const int log = open(log_path_.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    process_ = fork();
    if (process_ == 0) {
        dup2(log, STDERR_FILENO);
        dup2(log, STDOUT_FILENO);
        if (inherit)
            inherit();
        close_range(3, ~0U, 0);
        execve(pointers[0], pointers.data(), variables.data());
        _exit(126);
    }
    close(log);
}

BackendProcess::~BackendProcess()
{
    if (is_running()) {
        kill(process_, SIGKILL);
        waitpid(process_, nullptr, 0);
    }
}

std::vector<pid_t> BackendProcess::workers() const
{
    std::vector<pid_t> found;
    const std::string task = std::to_string(process_);
    std::istringstream text(contents("/proc/" + task + "/task/" + task + "/children"));
    for (pid_t child = 0; text >> child;)
        found.push_back(child);
    return found;
}

void BackendProcess::send(int signal) const
{
    kill(process_, signal);
}

bool BackendProcess::is_running()
{
    return !wait_exit(std::chrono::milliseconds(0));
}

std::optional<int> BackendProcess::wait_exit(std::chrono::milliseconds patience)
{
    const auto until = std::chrono::steady_clock::now() + patience;
    while (!status_) {
        int status = 0;
        if (waitpid(process_, &status, WNOHANG) == process_)
            status_ = status;
        else if (std::chrono::steady_clock::now() >= until)
            break;
        else
            usleep(2000);
    }
    return status_;
}

std::optional<std::chrono::milliseconds> BackendProcess::terminate()
{
    constexpr std::chrono::milliseconds step { 2 };
    constexpr std::chrono::milliseconds most { 20'000 };
    send(SIGTERM);
    for (std::chrono::milliseconds took {}; took < most; took += step) {
        if (!is_running())
            return took;
        std::this_thread::sleep_for(step);
    }
    return std::nullopt;
}

std::string BackendProcess::log() const
{
    return contents(log_path_);
}

bool BackendProcess::wait_log(const std::string &text, std::chrono::milliseconds patience) const
{
    const auto until = std::chrono::steady_clock::now() + patience;
    while (log().find(text) == std::string::npos) {
        if (std::chrono::steady_clock::now() >= until)
            return false;
        usleep(5000);
    }
    return true;
}

std::uint64_t BackendProcess::resident_kib(pid_t process)
{
    std::istringstream status(contents("/proc/" + std::to_string(process) + "/status"));
    std::uint64_t kib = 0;
    for (std::string word; status >> word;)
        if (word == "VmRSS:")
            status >> kib;
    return kib;
}

Usage BackendProcess::usage() const
{
    std::vector<pid_t> all = workers();
    all.push_back(process_);
    Usage usage;
    for (const pid_t process : all) {
        const std::string directory = "/proc/" + std::to_string(process);
        ++usage.processes;
        usage.processor_s += processor_seconds(process);
        usage.resident_kib += resident_kib(process);
        std::error_code error;
        const auto count =
            std::distance(std::filesystem::directory_iterator(directory + "/fd", error), {});
        usage.descriptors = std::max(usage.descriptors, static_cast<std::size_t>(count));
    }
    return usage;
}

} // namespace sndback::fake
