// SPDX-License-Identifier: LGPL-2.1-or-later
//
// A bus that can be connected to and never says a word, as the system's for those who look for it.
#pragma once

#include "common/system/handle.hpp"
#include "tests/unit/cmocka.hpp"

#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <string>

namespace mpapi::plugin {

class SilentBus {
  public:
    SilentBus()
      : socket_(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
        char pattern[] = "/tmp/mpapi-silent-XXXXXX";
        assert_non_null(::mkdtemp(pattern));
        folder_ = pattern;
        sockaddr_un address{};
        address.sun_family = AF_UNIX;
        std::snprintf(address.sun_path, sizeof address.sun_path, "%s", path().c_str());
        assert_int_equal(
            ::bind(socket_.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
        assert_int_equal(::listen(socket_.get(), 16), 0);
        ::setenv("DBUS_SYSTEM_BUS_ADDRESS", ("unix:path=" + path()).c_str(), 1);
    }
    ~SilentBus() {
        ::unsetenv("DBUS_SYSTEM_BUS_ADDRESS");
        ::unlink(path().c_str());
        ::rmdir(folder_.c_str());
    }
    SilentBus(const SilentBus&) = delete;
    SilentBus& operator=(const SilentBus&) = delete;

  private:
    std::string path() const { return folder_ + "/bus"; }

    std::string folder_;
    Fd socket_;
};

} // namespace mpapi::plugin
