// SPDX-License-Identifier: LGPL-2.1-or-later
#include "common/settings/configuration.hpp"

#include "common/system/read_file.hpp"

#include <cerrno>

namespace mpapi::settings {

namespace {

constexpr std::size_t kLargestFile = 1u << 20; // far beyond any sensible one

} // namespace

Status read_text(std::string_view text, const std::string& name, const Keys& keys) {
    auto document = Document::parse(text, name);
    if (!document) return document.error();
    keys(document->root());
    return document->finish();
}

Status read_file(const File& file, const Keys& keys) {
    const auto text = mpapi::read_file(file.path, kLargestFile);
    if (text) return read_text(*text, file.path, keys);
    const bool missing = text.error().action == "open" && text.error().errnum == ENOENT;
    if (missing && !file.named) return Done{};
    return text.error();
}

} // namespace mpapi::settings
