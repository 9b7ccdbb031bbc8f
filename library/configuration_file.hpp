// SPDX-License-Identifier: LGPL-2.1-or-later
//
// mpapi.conf(5) as a file. It is only ever replaced as a whole, so a reader needs no lock; writers
// take turns by a lock file beside it, which only its owner may open: nobody else can hold them up.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace mpapi::library {

// /etc/mpapi.conf, or what MPAPI_CONF says, which is ignored in a program that runs with more
// privileges than its caller (secure_getenv).
std::string configuration_path();

// The text; empty if there is no file. Nothing if it cannot be read, is no regular file or is
// larger than 1 MiB. Throws bad_alloc if no descriptor is left to find that out.
std::optional<std::string> read_configuration(const std::string& path);

enum class Edited { Done, Unchanged, Failed };

// Replaces the text by what `edit` makes of it, unless that is nothing; `edit` may be asked twice.
// On failure, also when the new text is larger than 1 MiB, the file is as it was. The new one has
// mode 0644; it is on disk when this returns.
Edited edit_configuration(const std::string& path,
                          const std::function<std::optional<std::string>(std::string_view)>& edit);

} // namespace mpapi::library
