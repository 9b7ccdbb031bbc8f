// SPDX-License-Identifier: LGPL-2.1-or-later
#include "common/dm/words.hpp"

#include <algorithm>

namespace mpapi::dm {

Words::Words(std::string_view text) {
    append(text);
}

void Words::append(std::string_view text) {
    auto at = text.begin();
    while (true) {
        at = std::find_if_not(at, text.end(), is_blank);
        if (at == text.end()) return;
        const auto end = std::find_if(at, text.end(), is_blank);
        if (!text_.empty()) text_ += ' ';
        text_.append(at, end);
        at = end;
    }
}

std::size_t Words::size() const noexcept {
    if (text_.empty()) return 0;
    return static_cast<std::size_t>(std::count(text_.begin(), text_.end(), ' ')) + 1;
}

std::string_view Words::operator[](std::size_t index) const noexcept {
    for (const std::string_view word : *this)
        if (index-- == 0) return word;
    return {};
}

} // namespace mpapi::dm
