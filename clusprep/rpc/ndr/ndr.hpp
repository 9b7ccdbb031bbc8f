// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Reading and writing what is declared by vocabulary.hpp. Pure functions.
//
// `T` is a list of parameters for read() and write(), a structure for the functions of
// type_serialization.hpp. The verification trailer is no part of a list: rpc takes it off before.
#pragma once

#include "clusprep/rpc/ndr/automation.hpp"
#include "clusprep/rpc/ndr/printer.hpp"
#include "clusprep/rpc/ndr/reader.hpp"
#include "clusprep/rpc/ndr/vocabulary.hpp"
#include "clusprep/rpc/ndr/writer.hpp"

namespace mpapi::ndr {

struct Limits {
    unsigned depth = 16;     // of pointers inside what pointers point at
    std::size_t padding = 0; // bytes that may be left over at the end (rpc::Call::padding)
};

// Appends to a stub that has begun already (ORPCTHAT); alignment counts from the stub's front. The
// stub is untouched on failure, which is a value that contradicts itself, with the member's name.
template <typename T>
Status append(std::vector<std::uint8_t>& stub, const T& list) {
    const std::size_t before = stub.size();
    detail::Writer writer(stub, Limits{}.depth);
    writer.check_all(list, true);
    if (!writer.failed()) writer.parameters(list);
    if (!writer.failed()) return Done{};
    stub.resize(before);
    return writer.take_error();
}

template <typename T>
Result<std::vector<std::uint8_t>> write(const T& list) {
    std::vector<std::uint8_t> stub;
    if (auto written = append(stub, list); !written) return std::move(written).error();
    return stub;
}

template <typename T>
struct Front {
    T value;
    std::size_t end; // the offset in the stub behind it
};

// The parameters that begin a stub (ORPCTHIS); what follows is not looked at.
template <typename T>
Result<Front<T>> read_front(std::span<const std::uint8_t> stub, Limits limits = {}) {
    Front<T> front{};
    detail::Reader reader(stub, 0, limits.depth);
    reader.parameters(front.value);
    reader.check_all(front.value, true);
    if (reader.failed()) return reader.take_error();
    front.end = reader.offset();
    return front;
}

// The parameters from `from` (which must not be beyond the stub) to its very end. `initial` holds
// the Asked members that the caller demands.
template <typename T>
Result<T> read(std::span<const std::uint8_t> stub, Limits limits = {}, std::size_t from = 0,
               T initial = {}) {
    detail::Reader reader(stub, from, limits.depth);
    reader.parameters(initial);
    reader.at_end(limits.padding);
    reader.check_all(initial, true);
    if (reader.failed()) return reader.take_error();
    return initial;
}

template <typename T>
std::string text(const T& value) {
    detail::Printer printer;
    printer.structure(value);
    return std::move(printer).take();
}

} // namespace mpapi::ndr
