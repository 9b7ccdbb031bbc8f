// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Calls as they arrive, without a bus.
#pragma once

#include "common/system/handle.hpp"
#include "tests/unit/cmocka.hpp"

#include <sys/socket.h>

#include <functional>

namespace mpapi::bus {

inline constexpr std::uint64_t kCookie = 42;

class SealedCalls {
  public:
    SealedCalls() {
        sd_bus* made = nullptr;
        assert_true(sd_bus_new(&made) >= 0);
        bus_.reset(made);
        int ends[2];
        assert_int_equal(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
        other_ = Fd(ends[1]);
        assert_true(sd_bus_set_fd(made, ends[0], ends[0]) >= 0);
        assert_true(sd_bus_start(made) >= 0);
    }

    BusMessage make(const std::function<int(sd_bus_message*)>& append,
                    const std::function<int(sd_bus_message*)>& more = {}) const {
        sd_bus_message* made = nullptr;
        assert_true(sd_bus_message_new_method_call(bus_.get(), &made, "org.mpapi.X", "/x/y",
                                                   "org.mpapi.X1", "Do") >= 0);
        BusMessage call(made);
        assert_true(sd_bus_message_set_sender(made, ":1.7") >= 0);
        assert_true(append(made) >= 0);
        if (more) assert_true(more(made) >= 0);
        assert_true(sd_bus_message_seal(made, kCookie, 0) >= 0);
        assert_true(sd_bus_message_rewind(made, true) >= 0);
        return call;
    }

  private:
    Fd other_;
    Bus bus_;
};

} // namespace mpapi::bus
