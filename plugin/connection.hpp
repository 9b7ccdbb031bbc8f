// SPDX-License-Identifier: LGPL-2.1-or-later
//
// A connection to the bus of the daemon, used by one thread at a time. Every wait can be broken
// off: the end of the process must not wait for a daemon that does not answer.
//
// The bus is the system's, or the one that DBUS_SYSTEM_BUS_ADDRESS names, which is ignored in a
// process that has more privileges than its caller.
#pragma once

#include "common/bus/object_label.hpp"
#include "common/result.hpp"
#include "common/system/handle.hpp"
#include "plugin/inherited.hpp"

#include <cerrno>
#include <chrono>
#include <memory>
#include <optional>

namespace mpapi::plugin {

// The answer to a call that did not succeed, or that never came: `name` is the D-Bus error.
struct CallError {
    std::string name;
    std::string text;
};

class Answer {
  public:
    Answer(BusMessage message)
      : message_(std::move(message)) {}
    Answer(CallError error)
      : error_(std::move(error)) {}

    explicit operator bool() const { return message_ != nullptr; }
    sd_bus_message* message() const { return message_.get(); }
    const CallError& error() const { return *error_; }

  private:
    BusMessage message_;
    std::optional<CallError> error_;
};

// Descriptors of ours stay above: a client that has closed its standard ones would write to them.
inline constexpr int kAboveStandard = 3;

class Connection {
  public:
    enum class Wait { No, ForBus };

    // With Wait::ForBus a bus that is not there (yet, or again) is no error where it listens on a
    // socket with a name: the connection comes about when it is.
    static Result<std::unique_ptr<Connection>> open(Wait wait);

    sd_bus* bus() const { return bus_.get(); }

    // A call to an object of the daemon, which is not started for it: asking must not start what
    // an administrator has stopped.
    Result<BusMessage> new_call(const char* path, const char* interface, const char* method) const;
    // `stop` is a descriptor that becomes readable when waits are to end, or -1.
    Answer call(const BusMessage& message, std::chrono::microseconds patience, int stop = -1);

    // Handles what has come; false when the connection is lost.
    bool process();
    // Until there is something to handle, `stop` is readable or the time is over. What else can go
    // wrong shows in the next process().
    void wait(int stop, std::optional<std::chrono::microseconds> time = {});

  private:
    explicit Connection(Bus bus)
      : bus_(std::move(bus)) {}

    bool note_descriptor();

    Bus bus_;
    int fd_ = -1;
    int broken_ = ENOTCONN;              // why, once it is
    std::optional<Inherited> inherited_; // gone before bus_
};

} // namespace mpapi::plugin
