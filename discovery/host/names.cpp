// SPDX-License-Identifier: LGPL-2.1-or-later
#include "discovery/host/names.hpp"

#include "common/system/full_name.hpp"
#include "common/system/read_file.hpp"
#include "discovery/host/workgroup.hpp"
#include "discovery/wire/messages.hpp"

#include <unistd.h>

#include <algorithm>
#include <array>

namespace mpapi::discovery {

namespace {

constexpr std::size_t kMostBytes = 1u << 20; // of each file

// Linux lets a host be called what no name on a network can be.
std::string presentable(const std::string& name) {
    if (is_computer_name(name)) return name;
    const std::string label(first_label(name));
    return is_computer_name(label) ? label : "localhost";
}

} // namespace

Names names_of(const std::string& configured, const std::vector<std::string>& workgroups,
               std::string_view host_name, std::string_view hosts, std::string_view resolv,
               std::string_view smb_conf) {
    Names names;
    names.full = presentable(configured.empty() ? full_name(host_name, hosts, resolv) : configured);
    names.mail.own = workstation_name(first_label(names.full));
    for (const auto& group : workgroups)
        names.mail.groups.push_back(workstation_name(group));
    if (names.mail.groups.empty()) {
        std::string samba = workgroup_in(smb_conf);
        if (samba.empty() || samba.size() > NetbiosName::kLongest) samba = kUsualWorkgroup;
        names.mail.groups.push_back(workstation_name(samba));
    }
    return names;
}

HostNames::HostNames(Files files, std::string configured, std::vector<std::string> workgroups,
                     std::function<Time()> now)
  : files_(std::move(files))
  , configured_(std::move(configured))
  , workgroups_(std::move(workgroups))
  , now_(std::move(now)) {}

const Names& HostNames::names() {
    const Time now = now_();
    if (read_ && now - *read_ < kHolds) return names_;
    read_ = now;
    std::array<char, 256> host{};
    if (::gethostname(host.data(), host.size() - 1) != 0) host[0] = 0;
    const auto text = [](const std::string& path) {
        return read_file(path, kMostBytes).value_or("");
    };
    names_ = names_of(configured_, workgroups_, host.data(), text(files_.hosts),
                      text(files_.resolv), text(files_.smb_conf));
    return names_;
}

} // namespace mpapi::discovery
