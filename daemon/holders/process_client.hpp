// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Asks mpapi-holders, which systemd starts for each connection. Nothing is waited for: the answer
// comes from the loop, or a deadline passes.
#pragma once

#include "common/dm/device_number.hpp"
#include "common/result.hpp"
#include "common/system/handle.hpp"
#include "daemon/holders/process_report.hpp"

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace mpapi::holders {

// One question. Gone, it is not answered any more.
class ProcessQuestion {
  public:
    using Answer = std::function<void(Result<ProcessReport>)>;

    // `answer` is called once, from the loop, never from within; it may destroy the question.
    ProcessQuestion(sd_event* loop, const std::string& socket,
                    const std::vector<dm::DeviceNumber>& devices, std::chrono::milliseconds limit,
                    Answer answer);
    ProcessQuestion(const ProcessQuestion&) = delete;
    ProcessQuestion& operator=(const ProcessQuestion&) = delete;

  private:
    Status begin(sd_event* loop, const std::string& path, std::chrono::milliseconds limit);
    void receive();
    void finish(Result<ProcessReport> result);

    Answer answer_;
    std::string request_;
    std::string reply_;
    Fd socket_;
    EventSource ready_;
    EventSource deadline_;
    EventSource refused_; // tells what failed at the beginning
    Error failure_;
};

} // namespace mpapi::holders
