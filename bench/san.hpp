// SPDX-License-Identifier: LGPL-2.1-or-later
//
// mpapid-san over the example scale.toml, on a bus of the benchmark's own. What goes wrong ends the
// program with a message: there is nothing to measure then.
#pragma once

#include "bench/figure.hpp"
#include "common/system/handle.hpp"

#include <cstdint>
#include <string>
#include <sys/types.h>

namespace mpapi::bench {

inline constexpr char kName[] = "org.mpapi.Multipath1";
inline constexpr char kRoot[] = "/org/mpapi/Multipath1";
inline constexpr char kManager[] = "org.mpapi.Multipath1.Manager";
inline constexpr char kPath[] = "org.mpapi.Multipath1.Path";
inline constexpr char kGroup[] = "org.mpapi.Multipath1.TargetPortGroup";
inline constexpr char kSan[] = "org.mpapi.San1";
inline constexpr char kSanRoot[] = "/org/mpapi/San1";

// A temporary folder with a dbus-daemon that serves it.
class PrivateBus {
  public:
    PrivateBus();
    ~PrivateBus();
    PrivateBus(const PrivateBus&) = delete;
    PrivateBus& operator=(const PrivateBus&) = delete;

    const std::string& folder() const { return folder_; }
    std::string address() const { return "unix:path=" + folder_ + "/bus"; }
    pid_t process() const { return process_; }
    Bus connect() const;

  private:
    std::string folder_;
    pid_t process_ = -1;
};

struct SanOptions {
    unsigned units = 10'000; // of 8 paths each, half of them on each of two arrays
    bool refresh = true;
};

// The daemon; made when it owns its name, ended by the destructor.
class San {
  public:
    San(const PrivateBus& bus, const SanOptions& options);
    ~San();
    San(const San&) = delete;
    San& operator=(const San&) = delete;

    pid_t process() const { return process_; }
    // From fork() to the arrival of NameOwnerChanged at a client.
    Clock::duration start_time() const { return start_time_; }

  private:
    pid_t process_ = -1;
    Clock::duration start_time_{};
};

// Calls without an answer of interest; `signature` and what follows as sd_bus_call_method has them.
void call(sd_bus* bus, const char* path, const char* interface, const char* method,
          const char* signature, ...);
void cause(sd_bus* bus, const char* verb, const std::string& disk);
void ping(sd_bus* bus);

// Tells `handler` of every change of an object's properties of this interface.
BusSlot hear_changes(sd_bus* bus, const char* interface, sd_bus_message_handler_t handler,
                     void* data);
// Handles messages until `reached`; ends the program after `patience`.
template <typename Condition>
void await(sd_bus* bus, const char* what, std::chrono::seconds patience, Condition&& reached);

double resident_megabytes(pid_t process);
double cpu_seconds(pid_t process);
std::uint64_t voluntary_switches(pid_t process); // of all threads

[[noreturn]] void fail(const std::string& what, int error = 0);

void wait_message(sd_bus* bus, const char* what, Clock::time_point until);

template <typename Condition>
void await(sd_bus* bus, const char* what, std::chrono::seconds patience, Condition&& reached) {
    const auto until = Clock::now() + patience;
    while (!reached())
        wait_message(bus, what, until);
}

} // namespace mpapi::bench
