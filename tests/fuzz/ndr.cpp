// SPDX-License-Identifier: LGPL-2.1-or-later
//
// One structure with all that the vocabulary knows: what was read is written to bytes that read the
// same, and prints.
#include "tests/unit/clusprep/rpc/ndr/structures.hpp"

#include <cstdlib>

using namespace structures;

namespace {

struct Tree {
    Node root;
    template <typename Visitor, typename Self>
    static void ndr(Visitor& v, Self& self) {
        v("root", self.root);
    }
};

void require(bool condition) {
    if (!condition) std::abort();
}

template <typename T>
void round(std::span<const std::uint8_t> bytes) {
    const auto value = read<T>(bytes);
    if (!value) return;
    const auto written = write(*value);
    require(written.has_value());
    const auto again = read<T>(*written);
    require(again.has_value());
    require(text(*again) == text(*value));
    const auto rewritten = write(*again);
    require(rewritten && *rewritten == *written);
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size == 0) return 0;
    const std::span<const std::uint8_t> bytes(data + 1, size - 1);
    switch (data[0] % 6) {
    case 0:
        round<Everything>(bytes);
        break;
    case 1:
        round<RawRead::In>(bytes);
        break;
    case 2:
        round<RawRead::Out>(bytes);
        break;
    case 3:
        round<WriteFile>(bytes);
        break;
    case 4:
        round<Tree>(bytes);
        break;
    default:
        if (const auto value = deserialize<Everything>(bytes)) {
            const auto written = serialize(*value);
            require(written.has_value());
            const auto again = deserialize<Everything>(*written);
            require(again && *again == *value);
        }
    }
    return 0;
}
