// SPDX-License-Identifier: LGPL-2.1-or-later
#include "clusprep/rpc/auth/kerberos/pac.hpp"

#include "clusprep/rpc/ndr/type_serialization.hpp"

#include <unordered_set>

namespace mpapi::rpc {

namespace {

constexpr std::uint32_t kUseForDenyOnly = 0x10; // SE_GROUP_USE_FOR_DENY_ONLY, MS-PAC 2.2.1
constexpr std::size_t kMostSubAuthorities = 15; // MS-DTYP 2.4.2

struct FileTime {
    std::uint32_t low = 0, high = 0;
    template <typename Visitor, typename Self>
    static void ndr(Visitor& v, Self& self) {
        v("dwLowDateTime", self.low);
        v("dwHighDateTime", self.high);
    }
};

struct UnicodeString {
    std::uint16_t length = 0, maximum = 0; // bytes
    std::optional<std::vector<char16_t>> text;
    template <typename Visitor, typename Self>
    static void ndr(Visitor& v, Self& self) {
        v("Length", self.length);
        v("MaximumLength", self.maximum);
        v.unique_varying("Buffer", self.text, std::uint32_t{self.maximum} / 2,
                         std::uint32_t{self.length} / 2);
    }
};

struct Sid {
    std::uint8_t revision = 1, count = 0;
    std::array<std::uint8_t, 6> authority{};
    std::vector<std::uint32_t> sub_authorities;
    template <typename Visitor, typename Self>
    static void ndr(Visitor& v, Self& self) {
        v("Revision", self.revision);
        v("SubAuthorityCount", self.count);
        v("IdentifierAuthority", self.authority);
        v.conformant("SubAuthority", self.sub_authorities, self.count);
        v.check(self.revision == 1, "Revision", "expected 1");
        v.check(self.count <= kMostSubAuthorities, "SubAuthorityCount", "expected 15 at most");
    }
};

struct GroupMembership {
    std::uint32_t relative_id = 0, attributes = 0;
    template <typename Visitor, typename Self>
    static void ndr(Visitor& v, Self& self) {
        v("RelativeId", self.relative_id);
        v("Attributes", self.attributes);
    }
};

struct SidAndAttributes {
    std::optional<Sid> sid;
    std::uint32_t attributes = 0;
    template <typename Visitor, typename Self>
    static void ndr(Visitor& v, Self& self) {
        v("Sid", self.sid);
        v("Attributes", self.attributes);
    }
};

struct ValidationInfo {
    std::array<FileTime, 6> times;      // LogonTime to PasswordMustChange
    std::array<UnicodeString, 6> texts; // EffectiveName to HomeDirectoryDrive
    std::uint16_t logon_count = 0, bad_password_count = 0;
    std::uint32_t user_id = 0, primary_group_id = 0, group_count = 0;
    std::optional<std::vector<GroupMembership>> groups;
    std::uint32_t user_flags = 0;
    std::array<std::uint8_t, 16> user_session_key{};
    UnicodeString logon_server, logon_domain;
    std::optional<Sid> domain;
    std::array<std::uint32_t, 2> reserved1{};
    std::uint32_t account_control = 0, sub_auth_status = 0;
    std::array<FileTime, 2> interactive_logons; // LastSuccessfulILogon, LastFailedILogon
    std::uint32_t failed_interactive_logons = 0, reserved3 = 0;
    std::uint32_t sid_count = 0;
    std::optional<std::vector<SidAndAttributes>> extra_sids;
    std::optional<Sid> resource_domain;
    std::uint32_t resource_group_count = 0;
    std::optional<std::vector<GroupMembership>> resource_groups;

    template <typename Visitor, typename Self>
    static void ndr(Visitor& v, Self& self) {
        v("Times", self.times);
        v("Names", self.texts);
        v("LogonCount", self.logon_count);
        v("BadPasswordCount", self.bad_password_count);
        v("UserId", self.user_id);
        v("PrimaryGroupId", self.primary_group_id);
        v("GroupCount", self.group_count);
        v.unique_conformant("GroupIds", self.groups, self.group_count);
        v("UserFlags", self.user_flags);
        v("UserSessionKey", self.user_session_key);
        v("LogonServer", self.logon_server);
        v("LogonDomainName", self.logon_domain);
        v("LogonDomainId", self.domain);
        v("Reserved1", self.reserved1);
        v("UserAccountControl", self.account_control);
        v("SubAuthStatus", self.sub_auth_status);
        v("InteractiveLogons", self.interactive_logons);
        v("FailedILogonCount", self.failed_interactive_logons);
        v("Reserved3", self.reserved3);
        v("SidCount", self.sid_count);
        v.unique_conformant("ExtraSids", self.extra_sids, self.sid_count);
        v("ResourceGroupDomainSid", self.resource_domain);
        v("ResourceGroupCount", self.resource_group_count);
        v.unique_conformant("ResourceGroupIds", self.resource_groups, self.resource_group_count);
    }
};

struct LogonInfo {
    std::optional<ValidationInfo> info;
    template <typename Visitor, typename Self>
    static void ndr(Visitor& v, Self& self) {
        v("LogonInfo", self.info);
    }
};

// S-1-authority-sub-…, MS-DTYP 2.4.2.1; nobody has assigned an authority of
// 2^32 and more, which would be in hexadecimal.
std::string text_of(const Sid& sid) {
    std::uint64_t authority = 0;
    for (const std::uint8_t byte : sid.authority)
        authority = authority << 8 | byte;
    std::string text = "S-1-" + std::to_string(authority);
    for (const std::uint32_t sub : sid.sub_authorities)
        text += "-" + std::to_string(sub);
    return text;
}

class Sids {
  public:
    void add(std::string sid) {
        if (seen_.insert(sid).second) sids_.push_back(std::move(sid));
    }
    void add(const std::optional<Sid>& domain,
             const std::optional<std::vector<GroupMembership>>& groups) {
        if (!domain || !groups) return;
        for (const auto& group : *groups)
            if ((group.attributes & kUseForDenyOnly) == 0)
                add(text_of(*domain) + "-" + std::to_string(group.relative_id));
    }
    std::vector<std::string> take() && { return std::move(sids_); }

  private:
    std::unordered_set<std::string> seen_;
    std::vector<std::string> sids_;
};

} // namespace

Result<std::vector<std::string>> sids_of_pac(std::span<const std::uint8_t> logon_info) {
    const auto read = ndr::deserialize<LogonInfo>(logon_info);
    if (!read) return read.error();
    if (!read->info) return Error{"read PAC", "", "its logon information is empty"};
    const ValidationInfo& info = *read->info;
    Sids sids;
    // A relative id of 0 means that the user's SID is the first of the extra ones (2.5).
    if (info.domain && info.user_id != 0) {
        sids.add(text_of(*info.domain) + "-" + std::to_string(info.user_id));
        sids.add(text_of(*info.domain) + "-" + std::to_string(info.primary_group_id));
    } else if (info.extra_sids && !info.extra_sids->empty() && info.extra_sids->front().sid) {
        sids.add(text_of(*info.extra_sids->front().sid));
    }
    sids.add(info.domain, info.groups);
    if (info.extra_sids)
        for (const auto& extra : *info.extra_sids)
            if (extra.sid && (extra.attributes & kUseForDenyOnly) == 0)
                sids.add(text_of(*extra.sid));
    sids.add(info.resource_domain, info.resource_groups);
    return std::move(sids).take();
}

} // namespace mpapi::rpc
