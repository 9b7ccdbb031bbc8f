// SPDX-License-Identifier: LGPL-2.1-or-later
//
// A Kerberos realm of the test's own: MIT's KDC on a loopback port, its database, keytab and
// tickets in a temporary directory. KRB5_CONFIG points to the one that was started or used last.
#pragma once

#include "common/result.hpp"

#include <memory>
#include <string>

#include <sys/types.h>

namespace mpapi::rpc::test {

class Realm {
  public:
    // The error names what is not installed or did not start.
    static Result<std::unique_ptr<Realm>> start(const std::string& encryption = "aes256-cts");
    ~Realm();

    void use() const;
    const std::string& directory() const { return directory_; }
    std::string keytab() const { return directory_ + "/keytab"; }

    // Principals "alice" and "host/localhost" are there from the start. With a key in keytab().
    Status add_service(const std::string& principal);
    // A cache with a ticket-granting ticket, by the name to give to the library.
    Result<std::string> tickets_of_alice();

  private:
    Realm() = default;

    std::string directory_;
    pid_t kdc_ = -1;
};

} // namespace mpapi::rpc::test
