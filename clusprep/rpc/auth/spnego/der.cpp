// SPDX-License-Identifier: LGPL-2.1-or-later
#include "clusprep/rpc/auth/spnego/der.hpp"

namespace mpapi::rpc::der {

namespace {

constexpr std::size_t kMostContent = 65535;

Error bad(std::string reason) {
    return {"parse DER", "", std::move(reason)};
}

} // namespace

Result<Element> Reader::next() {
    if (rest_.size() < 2) return bad("an element is cut in its header");
    const std::uint8_t tag = rest_[0];
    if ((tag & 0x1f) == 0x1f) return bad("a tag has more than one byte");
    std::size_t header = 2;
    std::size_t length = rest_[1];
    if (length >= 0x80) {
        const std::size_t more = length & 0x7f;
        if (more == 0 || more > 4) return bad("a length is indefinite or has too many bytes");
        if (rest_.size() - header < more) return bad("an element is cut in its length");
        length = 0;
        for (std::size_t i = 0; i < more; ++i)
            length = length << 8 | rest_[header + i];
        header += more;
    }
    if (length > kMostContent || length > rest_.size() - header)
        return bad("an element of " + std::to_string(length) + " bytes ends beyond the others");
    const Element element{tag, rest_.subspan(header, length), rest_.first(header + length)};
    rest_ = rest_.subspan(header + length);
    return element;
}

Result<Bytes> only(Bytes bytes, std::uint8_t tag) {
    Reader reader(bytes);
    const auto element = reader.next();
    if (!element) return element.error();
    if (element->tag != tag)
        return bad("tag " + std::to_string(element->tag) + " where " + std::to_string(tag) +
                   " was expected");
    if (!reader.at_end()) return bad("bytes behind the last element");
    return element->content;
}

std::vector<std::uint8_t> element(std::uint8_t tag, std::initializer_list<Bytes> content) {
    std::size_t length = 0;
    for (const Bytes part : content)
        length += part.size();
    if (length > kMostContent) return {};
    std::vector<std::uint8_t> bytes = {tag};
    if (length >= 0x100) {
        bytes.push_back(0x82);
        bytes.push_back(static_cast<std::uint8_t>(length >> 8));
    } else if (length >= 0x80) {
        bytes.push_back(0x81);
    }
    bytes.push_back(static_cast<std::uint8_t>(length & 0xff));
    for (const Bytes part : content)
        bytes.insert(bytes.end(), part.begin(), part.end());
    return bytes;
}

} // namespace mpapi::rpc::der
