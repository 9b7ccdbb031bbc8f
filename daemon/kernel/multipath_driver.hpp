// SPDX-License-Identifier: LGPL-2.1-or-later
//
// What the kernel's multipath driver is and can do, for model::Plugin.
//
// Selectors are modules of their own (drivers/md/dm-ps-*.c). One is offered when its module is
// loaded, built in, or can be loaded: then it stands in modules.dep, by which modprobe would find
// it (device-mapper asks for "dm-<selector>"). Where the service may not look into /lib/modules,
// only the loaded ones are seen.
#pragma once

#include "common/model/values.hpp"
#include "daemon/kernel/sysfs.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace mpapi::kernel {

// `modules` is the folder of the running kernel, "/lib/modules/6.1.0-17-amd64".
std::vector<std::string> find_selectors(const Sysfs& sysfs, const std::string& modules);

// "/lib/modules/" and the release of the running kernel.
std::string module_folder();

// `content` is that of modules.dep or modules.builtin: one module a line, path first.
bool names_module(std::string_view content, std::string_view module);

model::Plugin describe_multipath_driver(std::vector<std::string> selectors,
                                        std::string target_version);

} // namespace mpapi::kernel
