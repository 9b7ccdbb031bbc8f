// SPDX-License-Identifier: LGPL-2.1-or-later
//
// The node's own accounts for NTLM, for nodes that are in no domain.
//
// A text file, one account a line, in the order of the names; blank lines and lines that begin with
// '#' mean nothing:
//
//     alice:a4f49c406510bdcab6824ee7c30fd852
//
// The name is UTF-8 and unique whatever its case; behind the colon is the NT hash (MD4 of the
// password in UTF-16LE) in hexadecimal. NTLM proves knowledge of that hash, not of the password: it
// is as good as the password to whoever reads it. So the file belongs to root and is open to nobody
// else; the service gets its copy from the service manager (LoadCredential=).
#pragma once

#include "clusprep/rpc/auth/ntlm/messages.hpp"

#include <map>
#include <string>
#include <string_view>

namespace mpapi::rpc {

constexpr std::size_t kMostAccounts = 4096;
constexpr std::size_t kMostAccountFile = std::size_t{1} << 20;

class AccountList {
  public:
    // The whole file is refused for one bad line, which is named by its number and not shown.
    static Result<AccountList> parse(std::string_view text);
    std::string text() const;

    // A name that an account may have: 1 to 64 characters of UTF-8 without control characters,
    // blanks at either end, and the characters that mean something in names elsewhere (: \ / @ #).
    static Status check_name(std::string_view name);

    // Whether the name was new. Fails for a bad name or one too many.
    Result<bool> set(const std::string& name, const ntlm::Key& nt_hash);
    // Whether it was there.
    bool remove(std::string_view name);

    struct Account {
        std::string name;
        ntlm::Key nt_hash{};
        bool operator==(const Account&) const = default;
    };
    const Account* find(std::u16string_view name) const;
    const std::map<std::u16string, Account>& all() const { return accounts_; }
    bool operator==(const AccountList&) const = default;

  private:
    std::map<std::u16string, Account> accounts_; // by the name in upper case
};

// Fails for a file that others may read or change.
Result<AccountList> read_accounts(const std::string& path);

// What `clusprepd account` does. A missing file is an empty one; it is replaced whole, and two at a
// time take turns (a lock on its directory). The password has 1 to 256 characters of UTF-8.
Result<bool> add_account(const std::string& path, const std::string& name,
                         std::string_view password); // whether it was new
Status remove_account(const std::string& path, const std::string& name);
Result<std::vector<std::string>> list_accounts(const std::string& path);

} // namespace mpapi::rpc
