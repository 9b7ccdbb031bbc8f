// SPDX-License-Identifier: LGPL-2.1-or-later
#include "clusprep/rpc/auth/accounts/account_file.hpp"

#include "clusprep/rpc/auth/ntlm/keys.hpp"
#include "clusprep/rpc/auth/ntlm/text.hpp"
#include "common/system/handle.hpp"
#include "common/system/read_file.hpp"
#include "common/system/replace_file.hpp"

#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>

#include <cerrno>

namespace mpapi::rpc {

namespace {

constexpr std::size_t kMostAccountName = 64;

constexpr std::string_view kHeader =
    "# Accounts of the cluster service, NAME:NT-HASH. Secret: a hash is as good as its password.\n"
    "# Change it with: clusprepd account add|remove|list\n";

Error bad_line(std::size_t number, const std::string& reason) {
    return {"parse accounts", "line " + std::to_string(number), reason};
}

Result<ntlm::Key> parse_hash(std::string_view hex) {
    const auto digit = [](char c) {
        return c >= '0' && c <= '9'   ? c - '0'
               : c >= 'a' && c <= 'f' ? c - 'a' + 10
               : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                      : -1;
    };
    ntlm::Key hash{};
    if (hex.size() != 2 * hash.size()) return Error{"", "", "the hash has not 32 digits"};
    for (std::size_t i = 0; i < hash.size(); ++i) {
        const int high = digit(hex[2 * i]), low = digit(hex[2 * i + 1]);
        if (high < 0 || low < 0) return Error{"", "", "the hash is not hexadecimal"};
        hash[i] = static_cast<std::uint8_t>(high << 4 | low);
    }
    return hash;
}

// Of the directory, so that it outlives the file that is replaced.
Result<Fd> lock_directory_of(const std::string& path) {
    const auto slash = path.rfind('/');
    const std::string directory = slash == std::string::npos ? "." : path.substr(0, slash + 1);
    Fd opened(::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (!opened) return Error{"open", directory, "", errno};
    if (::flock(opened.get(), LOCK_EX) < 0) return Error{"lock", directory, "", errno};
    return opened;
}

Result<AccountList> read_or_empty(const std::string& path) {
    auto list = read_accounts(path);
    if (!list && list.error().errnum == ENOENT) return AccountList{};
    return list;
}

Status write(const std::string& path, const AccountList& list) {
    auto text = list.text();
    auto written = replace_file(path, text, 0600);
    ::explicit_bzero(text.data(), text.size());
    return written;
}

} // namespace

Status AccountList::check_name(std::string_view name) {
    const auto bad = [&](const char* why) { return Error{"use name", std::string(name), why}; };
    const auto text = ntlm::utf16_of(name);
    if (!text) return bad("it is no well-formed UTF-8");
    if (text->empty()) return bad("it is empty");
    if (text->size() > kMostAccountName) return bad("it has over 64 characters");
    if (text->front() == u' ' || text->back() == u' ') return bad("a blank begins or ends it");
    for (const char16_t unit : *text) {
        if (unit < 0x20 || (unit >= 0x7f && unit < 0xa0)) return bad("it has a control character");
        if (std::u16string_view(u":\\/@#").find(unit) != std::u16string_view::npos)
            return bad("it has one of the characters : \\ / @ #");
    }
    return Done{};
}

Result<AccountList> AccountList::parse(std::string_view text) {
    if (text.size() > kMostAccountFile) return Error{"parse accounts", "", "they are too many"};
    AccountList list;
    for (std::size_t number = 1; !text.empty(); ++number) {
        const auto end = text.find('\n');
        const auto line = text.substr(0, end);
        text.remove_prefix(end == text.npos ? text.size() : end + 1);
        if (line.empty() || line[0] == '#') continue;
        const auto colon = line.find(':');
        if (colon == line.npos) return bad_line(number, "a colon is missing");
        const auto hash = parse_hash(line.substr(colon + 1));
        if (!hash) return bad_line(number, hash.error().reason);
        const auto fresh = list.set(std::string(line.substr(0, colon)), *hash);
        if (!fresh) return bad_line(number, fresh.error().reason);
        if (!*fresh) return bad_line(number, "the name was there before");
    }
    return list;
}

std::string AccountList::text() const {
    std::string text(kHeader);
    for (const auto& [key, account] : accounts_) {
        text += account.name + ":";
        for (const std::uint8_t byte : account.nt_hash) {
            text.push_back("0123456789abcdef"[byte >> 4]);
            text.push_back("0123456789abcdef"[byte & 15]);
        }
        text.push_back('\n');
    }
    return text;
}

Result<bool> AccountList::set(const std::string& name, const ntlm::Key& nt_hash) {
    if (auto fine = check_name(name); !fine) return std::move(fine).error();
    const auto key = ntlm::upper_case(*ntlm::utf16_of(name));
    const auto found = accounts_.find(key);
    if (found == accounts_.end() && accounts_.size() >= kMostAccounts)
        return Error{"add account", name,
                     "there are " + std::to_string(kMostAccounts) + " already"};
    accounts_[key] = {name, nt_hash};
    return found == accounts_.end();
}

bool AccountList::remove(std::string_view name) {
    const auto text = ntlm::utf16_of(name);
    return text && accounts_.erase(ntlm::upper_case(*text)) != 0;
}

const AccountList::Account* AccountList::find(std::u16string_view name) const {
    const auto found = accounts_.find(ntlm::upper_case(name));
    return found == accounts_.end() ? nullptr : &found->second;
}

Result<AccountList> read_accounts(const std::string& path) {
    const Fd file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY));
    if (!file) return Error{"open", path, "", errno};
    struct stat status {};
    if (::fstat(file.get(), &status) < 0) return Error{"read", path, "", errno};
    // Where the service manager gives a credential by an access control list, the group's bits are
    // that list's mask and may say "read".
    if ((status.st_mode & (S_IWGRP | S_IRWXO)) != 0)
        return Error{"read", path, "others may read or change it; expected mode 0600"};
    if (status.st_uid != 0 && status.st_uid != ::geteuid())
        return Error{"read", path, "it belongs to user " + std::to_string(status.st_uid)};
    auto text = read_file(file.get(), path, kMostAccountFile);
    if (!text) return std::move(text).error();
    auto list = AccountList::parse(*text);
    ::explicit_bzero(text->data(), text->size());
    if (!list) return Error{"read", path, list.error().message()};
    return list;
}

Result<bool> add_account(const std::string& path, const std::string& name,
                         std::string_view password) {
    auto secret = ntlm::utf16_of(password);
    if (!secret) return Error{"add account", name, "the password is no well-formed UTF-8"};
    if (secret->empty() || secret->size() > ntlm::kMostName)
        return Error{"add account", name, "the password has not 1 to 256 characters"};
    const auto hash = ntlm::nt_hash(*secret);
    ::explicit_bzero(secret->data(), secret->size() * sizeof(char16_t));
    const auto lock = lock_directory_of(path);
    if (!lock) return lock.error();
    auto list = read_or_empty(path);
    if (!list) return std::move(list).error();
    const auto fresh = list->set(name, hash);
    if (!fresh) return fresh.error();
    if (auto written = write(path, *list); !written) return std::move(written).error();
    return *fresh;
}

Status remove_account(const std::string& path, const std::string& name) {
    const auto lock = lock_directory_of(path);
    if (!lock) return lock.error();
    auto list = read_or_empty(path);
    if (!list) return std::move(list).error();
    if (!list->remove(name)) return Error{"remove account", name, "there is none"};
    return write(path, *list);
}

Result<std::vector<std::string>> list_accounts(const std::string& path) {
    const auto list = read_or_empty(path);
    if (!list) return list.error();
    std::vector<std::string> names;
    for (const auto& [key, account] : list->all())
        names.push_back(account.name);
    return names;
}

} // namespace mpapi::rpc
