// SPDX-License-Identifier: LGPL-2.1-or-later
#include "bench/san.hpp"

#include <cerrno>
#include <csignal>
#include <cstdarg>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fcntl.h>
#include <filesystem>
#include <fstream>
#include <spawn.h>
#include <sstream>
#include <sys/wait.h>
#include <vector>

namespace mpapi::bench {

namespace {

constexpr std::chrono::seconds kPatience{120};

pid_t spawn(std::vector<std::string> words, int output, const std::string& log) {
    std::vector<char*> arguments;
    arguments.reserve(words.size() + 1);
    for (auto& word : words)
        arguments.push_back(word.data());
    arguments.push_back(nullptr);
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    if (output >= 0) posix_spawn_file_actions_adddup2(&actions, output, STDOUT_FILENO);
    if (!log.empty())
        posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, log.c_str(),
                                         O_WRONLY | O_CREAT | O_TRUNC, 0600);
    pid_t process = -1;
    const int error =
        ::posix_spawnp(&process, arguments[0], &actions, nullptr, arguments.data(), environ);
    posix_spawn_file_actions_destroy(&actions);
    if (error) fail("start " + words[0], error);
    return process;
}

void end(pid_t process) {
    if (process <= 0) return;
    ::kill(process, SIGTERM);
    ::waitpid(process, nullptr, 0);
}

// The example with another number of units.
std::string describe_san(unsigned units) {
    std::ifstream example(MPAPI_SCALE_TOML);
    std::ostringstream out;
    unsigned replaced = 0;
    for (std::string line; std::getline(example, line);) {
        if (line.starts_with("count = ")) {
            line = "count = " + std::to_string(units / 2);
            ++replaced;
        }
        out << line << '\n';
    }
    if (replaced != 2) fail("read " MPAPI_SCALE_TOML ": it has not two counts");
    return out.str();
}

void write_file(const std::string& name, const std::string& contents) {
    std::ofstream file(name);
    if (!(file << contents).flush()) fail("write " + name, errno);
}

} // namespace

void fail(const std::string& what, int error) {
    std::fprintf(stderr, "bench: %s%s%s\n", what.c_str(), error ? ": " : "",
                 error ? std::strerror(error) : "");
    std::exit(EXIT_FAILURE);
}

PrivateBus::PrivateBus() {
    std::string name = (std::filesystem::temp_directory_path() / "mpapi-bench.XXXXXX").string();
    if (!::mkdtemp(name.data())) fail("make " + name, errno);
    folder_ = name;
    write_file(folder_ + "/bus.conf", R"(<!DOCTYPE busconfig PUBLIC
 "-//freedesktop//DTD D-BUS Bus Configuration 1.0//EN"
 "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig><type>session</type><listen>)" +
                                          address() + R"(</listen>
<policy context="default"><allow send_destination="*" eavesdrop="true"/>
<allow eavesdrop="true"/><allow own="*"/></policy></busconfig>
)");
    int ends[2];
    if (::pipe2(ends, O_CLOEXEC) < 0) fail("make a pipe", errno);
    Fd reading(ends[0]), writing(ends[1]);
    process_ = spawn(
        {"dbus-daemon", "--config-file=" + folder_ + "/bus.conf", "--nofork", "--print-address"},
        writing.get(), folder_ + "/bus.log");
    writing.reset();
    char byte;
    if (::read(reading.get(), &byte, 1) != 1) fail("dbus-daemon did not start");
}

PrivateBus::~PrivateBus() {
    end(process_);
    std::error_code ignored;
    std::filesystem::remove_all(folder_, ignored);
}

Bus PrivateBus::connect() const {
    sd_bus* raw = nullptr;
    int r = sd_bus_new(&raw);
    if (r < 0) fail("make a connection", -r);
    Bus bus(raw);
    r = sd_bus_set_address(raw, address().c_str());
    if (r >= 0) r = sd_bus_set_bus_client(raw, true);
    if (r >= 0) r = sd_bus_negotiate_fds(raw, true);
    if (r >= 0) r = sd_bus_start(raw);
    const char* name = nullptr;
    if (r >= 0) r = sd_bus_get_unique_name(raw, &name);
    if (r < 0) fail("connect to " + address(), -r);
    return bus;
}

San::San(const PrivateBus& bus, const SanOptions& options) {
    const std::string description = bus.folder() + "/san.toml",
                      config = bus.folder() + "/mpapid.toml";
    write_file(description, describe_san(options.units));
    write_file(config,
               std::string("[refresh]\nenabled = ") + (options.refresh ? "true" : "false") + "\n");

    const Bus client = bus.connect();
    bool owned = false;
    sd_bus_slot* raw = nullptr;
    const int r = sd_bus_add_match(
        client.get(), &raw,
        "type='signal',sender='org.freedesktop.DBus',member='NameOwnerChanged',"
        "arg0='org.mpapi.Multipath1'",
        [](sd_bus_message*, void* data, sd_bus_error*) {
            *static_cast<bool*>(data) = true;
            return 0;
        },
        &owned);
    if (r < 0) fail("listen to the bus", -r);
    const BusSlot slot(raw);
    const auto before = Clock::now();
    process_ = spawn({MPAPI_SAN, "--bus", bus.address(), "--config", config, description}, -1, {});
    await(client.get(), "mpapid-san to own its name", kPatience, [&] {
        int status = 0;
        if (::waitpid(process_, &status, WNOHANG) == process_) fail("mpapid-san ended");
        return owned;
    });
    start_time_ = Clock::now() - before;
}

San::~San() {
    end(process_);
}

void call(sd_bus* bus, const char* path, const char* interface, const char* method,
          const char* signature, ...) {
    sd_bus_error error{};
    va_list arguments;
    va_start(arguments, signature);
    const int r = sd_bus_call_methodv(bus, kName, path, interface, method, &error, nullptr,
                                      signature, arguments);
    va_end(arguments);
    if (r < 0) fail(std::string(method) + ": " + (error.message ? error.message : ""), -r);
}

void cause(sd_bus* bus, const char* verb, const std::string& disk) {
    call(bus, kSanRoot, kSan, verb, "s", disk.c_str());
}

void ping(sd_bus* bus) {
    call(bus, kRoot, "org.freedesktop.DBus.Peer", "Ping", "");
}

BusSlot hear_changes(sd_bus* bus, const char* interface, sd_bus_message_handler_t handler,
                     void* data) {
    const std::string match = std::string("type='signal',sender='") + kName +
                              "',member='PropertiesChanged',arg0='" + interface + "'";
    sd_bus_slot* slot = nullptr;
    const int r = sd_bus_add_match(bus, &slot, match.c_str(), handler, data);
    if (r < 0) fail("listen to changes", -r);
    return BusSlot(slot);
}

void wait_message(sd_bus* bus, const char* what, Clock::time_point until) {
    int r = sd_bus_process(bus, nullptr);
    if (r < 0) fail(std::string("waiting for ") + what, -r);
    if (r > 0) return;
    if (Clock::now() >= until) fail(std::string("waited too long for ") + what);
    // Wakes now and then, for a peer that ended sends nothing.
    r = sd_bus_wait(bus, 1'000'000);
    if (r < 0 && r != -EINTR) fail(std::string("waiting for ") + what, -r);
}

double resident_megabytes(pid_t process) {
    std::ifstream file("/proc/" + std::to_string(process) + "/statm");
    double pages = 0, resident = 0;
    if (!(file >> pages >> resident)) fail("read statm");
    return resident * static_cast<double>(::sysconf(_SC_PAGESIZE)) / 1e6;
}

double cpu_seconds(pid_t process) {
    std::ifstream file("/proc/" + std::to_string(process) + "/stat");
    std::string line;
    std::getline(file, line);
    std::istringstream fields(line.substr(line.rfind(')') + 1));
    std::string skipped;
    for (int field = 3; field < 14; ++field)
        fields >> skipped;
    double user = 0, kernel = 0;
    if (!(fields >> user >> kernel)) fail("read stat");
    return (user + kernel) / static_cast<double>(::sysconf(_SC_CLK_TCK));
}

std::uint64_t voluntary_switches(pid_t process) {
    std::uint64_t sum = 0;
    const auto tasks = "/proc/" + std::to_string(process) + "/task";
    for (const auto& task : std::filesystem::directory_iterator(tasks)) {
        std::ifstream file(task.path() / "status");
        constexpr std::string_view key = "voluntary_ctxt_switches:";
        for (std::string line; std::getline(file, line);)
            if (line.starts_with(key)) sum += std::stoull(line.substr(key.size()));
    }
    return sum;
}

} // namespace mpapi::bench
