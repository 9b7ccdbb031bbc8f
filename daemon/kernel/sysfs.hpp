// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Reading of sysfs under a root that may be another directory, so that a test can build a tree of
// its own. Whatever is read may vanish at any moment (ENOENT, ENODEV, ENXIO, EINVAL from a driver
// that is being unbound): nothing here is an error, a thing that cannot be read is not there.
//
// Paths are relative to the root, without a leading slash. Immutable: any thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace mpapi::kernel {

class Sysfs {
  public:
    explicit Sysfs(std::string root = "/sys");

    // The content of an attribute without white space around it.
    std::optional<std::string> text(std::string_view path) const;
    // At most `limit` bytes of a binary attribute.
    std::optional<std::vector<std::uint8_t>> bytes(std::string_view path, std::size_t limit) const;
    // Unsigned decimal attribute.
    std::optional<std::uint64_t> number(std::string_view path) const;
    // Names in a directory, in order; empty when it is not there.
    std::vector<std::string> entries(std::string_view path) const;
    bool exists(std::string_view path) const;
    // Where a symbolic link of a class or bus folder leads, relative to the root:
    // "class/block/sdc" -> "devices/…/host2/target2:0:0/2:0:0:1/block/sdc". The links of sysfs are
    // relative and go up first, so this costs one system call.
    std::optional<std::string> link(std::string_view path) const;

  private:
    std::string absolute(std::string_view path) const;

    std::string root_;
};

} // namespace mpapi::kernel
