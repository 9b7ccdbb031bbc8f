// SPDX-License-Identifier: LGPL-2.1-or-later
#include "clusprep/rpc/ndr/automation.hpp"

#include "clusprep/rpc/ndr/printer.hpp"

namespace mpapi::ndr {

Bstr::Bstr(std::u16string_view text)
  : blob_(FlaggedWordBlob{static_cast<std::uint32_t>(text.size() * 2),
                          static_cast<std::uint32_t>(text.size()),
                          {text.begin(), text.end()}}) {}

Bstr Bstr::from_bytes(std::span<const std::uint8_t> bytes) {
    FlaggedWordBlob blob;
    blob.byte_size = static_cast<std::uint32_t>(bytes.size());
    blob.words.resize((bytes.size() + 1) / 2);
    blob.word_count = static_cast<std::uint32_t>(blob.words.size());
    for (std::size_t i = 0; i < bytes.size(); ++i)
        blob.words[i / 2] = static_cast<std::uint16_t>(blob.words[i / 2] | bytes[i] << (i % 2 * 8));
    Bstr bstr;
    bstr.blob_ = std::move(blob);
    return bstr;
}

bool Bstr::is_null() const {
    return !blob_ || blob_->byte_size == FlaggedWordBlob::null_size;
}

std::vector<std::uint8_t> Bstr::bytes() const {
    if (is_null()) return {};
    std::vector<std::uint8_t> bytes(blob_->byte_size);
    for (std::size_t i = 0; i < bytes.size(); ++i)
        bytes[i] = static_cast<std::uint8_t>(blob_->words[i / 2] >> (i % 2 * 8));
    return bytes;
}

std::u16string Bstr::text() const {
    if (is_null()) return {};
    return {blob_->words.begin(), blob_->words.begin() + blob_->byte_size / 2};
}

std::string Bstr::text_for_print() const {
    if (is_null()) return "null";
    return detail::quoted(std::u16string_view(text()));
}

bool Bstr::operator==(const Bstr& other) const {
    return is_null() == other.is_null() && bytes() == other.bytes();
}

SafeArrayOfBytes::SafeArrayOfBytes(std::vector<std::uint8_t> bytes)
  : body_(SafeArrayBody{}) {
    body_->size = static_cast<std::uint32_t>(bytes.size());
    body_->bounds.push_back({body_->size, 0});
    body_->data = std::move(bytes);
}

std::span<const std::uint8_t> SafeArrayOfBytes::bytes() const {
    if (!body_ || !body_->data) return {};
    return *body_->data;
}

} // namespace mpapi::ndr
