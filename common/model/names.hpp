// SPDX-License-Identifier: LGPL-2.1-or-later
//
// The enumerations of the model as words, the way they stand on the bus, in JSON, in metrics and in
// the journal. The words are a promise to clients: they are never changed, only added to.
#pragma once

#include "common/model/values.hpp"

#include <optional>
#include <string_view>
#include <type_traits>

namespace mpapi::model {

// The word for a value; "unknown" for a number that is no value of the enumeration. The text is
// static and ends with a NUL. Defined for each enumeration of values.hpp.
template <typename E>
requires std::is_enum_v<E> std::string_view name_of(E value);

// The value of a word; nothing where the enumeration has no such word.
template <typename E>
requires std::is_enum_v<E> std::optional<E> from_name(std::string_view word);

} // namespace mpapi::model
