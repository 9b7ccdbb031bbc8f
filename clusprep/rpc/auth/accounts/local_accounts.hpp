// SPDX-License-Identifier: LGPL-2.1-or-later
//
// NTLM logons against the node's own accounts. The file is read again when it was replaced. A user
// that is not there takes the same way as one who is, with a hash that fits nothing.
#pragma once

#include "clusprep/rpc/auth/accounts/account_file.hpp"
#include "clusprep/rpc/auth/ntlm/accounts.hpp"

#include <ctime>

namespace mpapi::rpc {

class LocalAccounts final : public NtlmAccounts {
  public:
    // `computer` (UTF-8) qualifies the names of principals: "NODE1\alice". `decoy` is random.
    LocalAccounts(std::string path, std::string computer, const ntlm::Key& decoy);

    // From within the call. A file that cannot be read is the error of every logon.
    void verify(const NtlmLogon& logon, Verified done) override;

  private:
    Status refresh();
    Result<NtlmSession> check(const NtlmLogon& logon);

    struct Version {
        std::uint64_t device = 0, inode = 0;
        std::int64_t seconds = 0, nanoseconds = 0, size = -1;
        bool operator==(const Version&) const = default;
    };

    const std::string path_;
    const std::string computer_;
    const ntlm::Key decoy_;
    Version version_;
    AccountList accounts_;
};

} // namespace mpapi::rpc
