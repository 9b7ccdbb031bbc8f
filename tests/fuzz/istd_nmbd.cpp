// SPDX-License-Identifier: LGPL-2.1-or-later
//
// The stream of nmbd in two pieces, cut where the first byte says; then its version. What is handed
// on lies within the stream, whatever its pieces.
#include "discovery/network/nmbd_frame.hpp"

#include <algorithm>
#include <cstdlib>

using namespace mpapi::discovery;

namespace {

std::size_t heard(OctetView first, OctetView second) {
    NmbdFrames frames;
    std::size_t bytes = 0;
    const auto received = [&](const Arrival& arrival) { bytes += arrival.packet.size(); };
    if (frames.feed(first, received)) (void)frames.feed(second, received);
    return bytes;
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size < 1) return 0;
    const OctetView stream(data + 1, size - 1);
    const std::size_t cut = std::min<std::size_t>(data[0], stream.size());
    const std::size_t bytes = heard(stream.first(cut), stream.subspan(cut));
    if (bytes > stream.size() || bytes != heard(stream, {})) std::abort();
    (void)nmbd_version_fits({reinterpret_cast<const char*>(data), size});
    return 0;
}
