// SPDX-License-Identifier: LGPL-2.1-or-later
#include "clusprep/rpc/auth/accounts/winbind_accounts.hpp"

#include "clusprep/rpc/auth/ntlm/text.hpp"
#include "common/text/utf16.hpp"

#include <algorithm>
#include <stdbool.h>
#include <stdint.h>

extern "C" {
#include <wbclient.h>
}

namespace mpapi::rpc {

namespace {

constexpr std::uint32_t kUseForDenyOnly = 0x10; // SE_GROUP_USE_FOR_DENY_ONLY, MS-PAC 2.2.1

template <typename T>
using Freed = std::unique_ptr<T, DropWith<::wbcFreeMemory>>;
using Context = std::unique_ptr<wbcContext, DropWith<::wbcCtxFree>>;

Error denied(std::string reason) {
    return {"log on", "", "winbind: " + std::move(reason)};
}

Result<NtlmSession> session_of(const wbcAuthUserInfo& info) {
    if ((info.user_flags & WBC_AUTH_USER_INFO_GUEST) != 0)
        return denied("guest logons are refused");
    if (info.account_name == nullptr || *info.account_name == '\0' || info.domain_name == nullptr)
        return denied("it names nobody");
    NtlmSession session;
    static_assert(sizeof info.user_session_key == sizeof session.base_key);
    std::copy(std::begin(info.user_session_key), std::end(info.user_session_key),
              session.base_key.begin());
    if (session.base_key == ntlm::Key{}) return denied("it gives no session key");
    session.principal = {
        std::string(info.domain_name) + "\\" + info.account_name, {}, AuthType::Ntlm};
    for (std::uint32_t i = 0; i < info.num_sids; ++i) {
        if ((info.sids[i].attributes & kUseForDenyOnly) != 0) continue;
        char text[WBC_SID_STRING_BUFLEN];
        const int length = ::wbcSidToStringBuf(&info.sids[i].sid, text, sizeof text);
        if (length > 0 && length < static_cast<int>(sizeof text))
            session.principal.groups.emplace_back(text);
    }
    return session;
}

// On the worker's thread; waits as long as winbind does.
Result<NtlmSession> ask_winbind(const NtlmLogon& logon) {
    const auto user = to_utf8(logon.user);
    const auto domain = to_utf8(logon.domain);
    const auto workstation = to_utf8(logon.workstation);
    if (!user || !domain || !workstation) return denied("a name is no text");
    auto response = logon.response; // the library has no const
    wbcAuthUserParams asked{};
    asked.account_name = user->c_str();
    asked.domain_name = domain->c_str();
    asked.workstation_name = workstation->c_str();
    // Computers log on to set up a cluster with each other.
    asked.parameter_control =
        WBC_MSV1_0_ALLOW_WORKSTATION_TRUST_ACCOUNT | WBC_MSV1_0_ALLOW_SERVER_TRUST_ACCOUNT;
    asked.level = wbcAuthUserParams::WBC_AUTH_USER_LEVEL_RESPONSE;
    std::copy(logon.server_challenge.begin(), logon.server_challenge.end(),
              asked.password.response.challenge);
    asked.password.response.nt_length = static_cast<std::uint32_t>(response.size());
    asked.password.response.nt_data = response.data();

    const Context context(::wbcCtxCreate());
    if (!context) return denied("no memory");
    wbcAuthUserInfo* raw_info = nullptr;
    wbcAuthErrorInfo* raw_error = nullptr;
    const wbcErr status = ::wbcCtxAuthenticateUserEx(context.get(), &asked, &raw_info, &raw_error);
    const Freed<wbcAuthUserInfo> info(raw_info);
    const Freed<wbcAuthErrorInfo> error(raw_error);
    if (status != WBC_ERR_SUCCESS || !info)
        return denied(error && error->nt_string != nullptr ? error->nt_string
                                                           : ::wbcErrorString(status));
    return session_of(*info);
}

} // namespace

Result<std::unique_ptr<WinbindAccounts>> WinbindAccounts::start(sd_event* loop) {
    std::unique_ptr<WinbindAccounts> accounts(new WinbindAccounts);
    auto worker = Worker::start(loop);
    if (!worker) return std::move(worker).error();
    accounts->worker_ = std::move(*worker);
    return accounts;
}

void WinbindAccounts::verify(const NtlmLogon& logon, Verified done) {
    const std::uint64_t number = next_++;
    // `done` stays on the loop's thread, whatever becomes of the work.
    const bool taken = worker_->submit([this, number, logon]() -> std::function<void()> {
        return [this, number, session = ask_winbind(logon)] { answered(number, session); };
    });
    if (!taken) return done(denied("too many logons wait for it"));
    pending_.emplace(number, std::move(done));
}

void WinbindAccounts::answered(std::uint64_t number, const Result<NtlmSession>& session) {
    auto asked = pending_.extract(number);
    if (!asked.empty()) asked.mapped()(session);
}

void RoutedAccounts::verify(const NtlmLogon& logon, Verified done) {
    const auto domain = ntlm::upper_case(logon.domain);
    const bool is_principal_name = domain.empty() && logon.user.find(u'@') != logon.user.npos;
    const bool own = (domain.empty() && !is_principal_name) || domain == u"." ||
                     std::ranges::find(own_names_, domain) != own_names_.end();
    (own || domain_ == nullptr ? own_ : *domain_).verify(logon, std::move(done));
}

} // namespace mpapi::rpc
