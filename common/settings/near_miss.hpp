// SPDX-License-Identifier: LGPL-2.1-or-later
//
// "Did you mean …?": the known word a mistyped one most likely stands for.
#pragma once

#include <string_view>
#include <vector>

namespace mpapi::settings {

// The closest of `known` to `word`; empty when none is within a third of its length (at least one
// change, at most three). Changes are insertion, deletion, replacement and exchange of neighbours.
std::string_view near_miss(std::string_view word, const std::vector<std::string_view>& known);

} // namespace mpapi::settings
