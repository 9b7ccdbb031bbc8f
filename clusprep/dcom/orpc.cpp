// SPDX-License-Identifier: LGPL-2.1-or-later
#include "clusprep/dcom/orpc.hpp"

#include <array>
#include <utility>

namespace mpapi::dcom {

namespace {

// As lists of one parameter.
struct ThisList {
    OrpcThis front;
    template <typename Visitor, typename Self>
    static void ndr(Visitor& v, Self& self) {
        v("ORPCthis", self.front);
    }
};

struct ThatList {
    OrpcThat front;
    template <typename Visitor, typename Self>
    static void ndr(Visitor& v, Self& self) {
        v("ORPCthat", self.front);
    }
};

template <typename List>
Result<ndr::Front<List>> split(std::span<const std::uint8_t> stub) {
    auto front = ndr::read_front<List>(stub);
    if (!front) return std::move(front).error();
    if (front->end % 8 != 0)
        return Error{"read object call", "", "its front does not end on an 8-byte boundary"};
    return front;
}

} // namespace

InterfacePointer interface_pointer(std::vector<std::uint8_t> object_reference) {
    InterfacePointer pointer;
    pointer.size = static_cast<std::uint32_t>(object_reference.size());
    pointer.data = std::move(object_reference);
    return pointer;
}

Result<OrpcRequest> split_request(std::span<const std::uint8_t> stub) {
    auto front = split<ThisList>(stub);
    if (!front) return std::move(front).error();
    return OrpcRequest{std::move(front->value.front), stub.subspan(front->end)};
}

Result<std::span<const std::uint8_t>> split_answer(std::span<const std::uint8_t> stub) {
    const auto front = split<ThatList>(stub);
    if (!front) return front.error();
    return stub.subspan(front->end);
}

std::vector<std::uint8_t> begin_request(const ndr::Guid& causality) {
    ThisList list;
    list.front.causality = causality;
    return std::move(ndr::write(list)).value();
}

std::vector<std::uint8_t> begin_answer() {
    return std::vector<std::uint8_t>(8); // no flags, no extensions
}

} // namespace mpapi::dcom
