// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Standard INQUIRY data and the VPD pages 00h and 80h. Text that comes out is printable whatever
// went in, and what was read without complaint is built to bytes that read the same.
#include "common/scsi/inquiry.hpp"
#include "common/scsi/vpd.hpp"

#include <cstdlib>

using namespace mpapi::scsi;

namespace {

void check_printable(const Text& text) {
    for (const char c : text.text)
        if (c < 0x20 || c > 0x7e) std::abort();
}

void check_inquiry(Bytes bytes) {
    (void)inquiry_length(bytes);
    const auto inquiry = parse_inquiry(bytes);
    if (!inquiry) return;
    for (const Text* text : {&inquiry->vendor, &inquiry->product, &inquiry->revision})
        check_printable(*text);
    if (!inquiry->vendor.valid() || !inquiry->product.valid() || !inquiry->revision.valid()) return;
    const auto again = parse_inquiry(build_inquiry(*inquiry));
    if (!again || !(*again == *inquiry)) std::abort();
}

void check_serial(Bytes bytes) {
    const auto serial = parse_unit_serial_number(bytes);
    if (!serial) return;
    check_printable(serial->serial);
    if (!serial->serial.valid()) return;
    const auto built = build_unit_serial_number(*serial);
    if (!built) std::abort();
    const auto again = parse_unit_serial_number(*built);
    if (!again || !(*again == *serial)) std::abort();
}

void check_pages(Bytes bytes) {
    const auto pages = parse_supported_pages(bytes);
    if (!pages) return;
    const auto built = build_supported_pages(*pages);
    if (!built) std::abort();
    const auto again = parse_supported_pages(*built);
    if (!again || !(*again == *pages)) std::abort();
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const Bytes bytes(data, size);
    check_inquiry(bytes);
    check_serial(bytes);
    check_pages(bytes);
    return 0;
}
