// SPDX-License-Identifier: LGPL-2.1-or-later
#include "clusprep/rpc/auth/accounts/local_accounts.hpp"

#include "clusprep/rpc/auth/ntlm/keys.hpp"

#include <sys/stat.h>

#include <cerrno>

namespace mpapi::rpc {

LocalAccounts::LocalAccounts(std::string path, std::string computer, const ntlm::Key& decoy)
  : path_(std::move(path))
  , computer_(std::move(computer))
  , decoy_(decoy) {}

void LocalAccounts::verify(const NtlmLogon& logon, Verified done) {
    done(check(logon));
}

Status LocalAccounts::refresh() {
    struct stat status {};
    if (::stat(path_.c_str(), &status) < 0) {
        // No file, no accounts: a node in a domain need not have any.
        if (errno != ENOENT) return Error{"read", path_, "", errno};
        accounts_ = {};
        version_ = {};
        return Done{};
    }
    const Version now{status.st_dev, status.st_ino, status.st_mtim.tv_sec, status.st_mtim.tv_nsec,
                      status.st_size};
    if (now == version_) return Done{};
    auto accounts = read_accounts(path_);
    if (!accounts) return std::move(accounts).error();
    accounts_ = std::move(*accounts);
    version_ = now;
    return Done{};
}

Result<NtlmSession> LocalAccounts::check(const NtlmLogon& logon) {
    if (auto fresh = refresh(); !fresh) return std::move(fresh).error();
    const auto response = ntlm::parse_response(logon.response);
    if (!response) return response.error();
    const auto* const account = accounts_.find(logon.user);
    const auto key = ntlm::response_key(account != nullptr ? account->nt_hash : decoy_, logon.user,
                                        logon.domain);
    const auto proof = ntlm::proof_of(key, logon.server_challenge, response->blob);
    const bool right = ntlm::equal_secrets(proof, response->proof);
    if (!right || account == nullptr) return Error{"log on", "", "unknown user or wrong password"};
    return NtlmSession{ntlm::session_base_key(key, proof),
                       {computer_ + "\\" + account->name, {}, AuthType::Ntlm}};
}

} // namespace mpapi::rpc
