// SPDX-License-Identifier: LGPL-2.1-or-later
//
// org.mpapi.Discovery1 as its client has it. Waits for the bus; one thread.
#pragma once

#include "common/result.hpp"
#include "common/system/handle.hpp"
#include "discovery/client/found.hpp"

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace mpapi::discovery {

class BusClient {
  public:
    struct Told {
        std::function<void(const Found&)> answered;        // a search, for the first time
        std::function<void(const std::string& name)> gone; // from the collection
    };

    static Result<std::unique_ptr<BusClient>> connect(Told told);
    BusClient(const BusClient&) = delete;
    BusClient& operator=(const BusClient&) = delete;

    // A property of the daemon that is a list of texts.
    Result<std::vector<std::string>> texts(const char* property);
    // Begins a search and returns when it is over.
    Status search(std::chrono::milliseconds timeout, const std::string& interface);

  private:
    explicit BusClient(Told told)
      : told_(std::move(told)) {}
    Status watch();
    Result<std::string> begin(std::chrono::milliseconds timeout, const std::string& interface);
    Status wait_for(const std::string& job, std::chrono::steady_clock::time_point until);
    Result<std::string> text_of(const std::string& job, const char* property);
    static int on_answer(sd_bus_message* signal, void* userdata, sd_bus_error*);
    static int on_gone(sd_bus_message* signal, void* userdata, sd_bus_error*);
    static int on_change(sd_bus_message* signal, void* userdata, sd_bus_error*);
    static int on_owner(sd_bus_message* signal, void* userdata, sd_bus_error*);

    Told told_;
    std::string job_; // whose answers are told
    bool changed_ = false;
    bool ended_ = false; // the daemon that searches
    Bus bus_;
    BusSlot answers_, gone_, changes_, owner_;
};

} // namespace mpapi::discovery
