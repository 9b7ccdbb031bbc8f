// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Who this machine is, from files: os-release(5), and those of common/system/full_name.hpp. A
// resolver is not asked: it may wait for a network. The parsers are pure.
#pragma once

#include "clusprep/interfaces/node.hpp"

#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace mpapi::node {

// VERSION_ID, "12" or "22.04", as two numbers; nullopt where there is none.
std::optional<csvp::Versions> version_of_release(std::string_view os_release);
// utsname's release, "6.1.0-18-amd64".
std::optional<csvp::Versions> version_of_kernel(std::string_view release);

class HostIdentity final : public csvp::Host {
  public:
    struct Files {
        std::string os_release = "/etc/os-release";
        std::string hosts = "/etc/hosts";
        std::string resolv = "/etc/resolv.conf";
    };

    // `configured`: the full name, where an administrator gave one; may be empty. Without a version
    // in os-release (rolling distributions have none) that of the kernel is told.
    HostIdentity(Files files, std::string configured);

    csvp::Versions versions() const override;
    // A name that was changed meanwhile is told.
    void full_name(csvp::Completion<std::string> done) override;

  private:
    Files files_;
    std::string configured_;
    csvp::Versions versions_;
};

} // namespace mpapi::node
