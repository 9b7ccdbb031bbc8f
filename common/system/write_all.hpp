// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "common/result.hpp"

#include <string>
#include <string_view>

namespace mpapi {

// Writes all of `text`, however many calls it takes. `object` names the file in the error.
Status write_all(int fd, std::string_view text, const std::string& object);

} // namespace mpapi
